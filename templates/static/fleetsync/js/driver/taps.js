// What the driver says with a tap: it stands in the queue until the server has it, and is shown as done meanwhile.
import { get } from "../api.js";
import { ask } from "../ask.js";
import { now, setClock } from "../time.js";
import { toast } from "../ui.js";
import { app, on, question, queue, say } from "./app.js";
import { soon } from "./feed.js";
import { DECLINE, GIVE_BACK, NOBODY } from "./reasons.js";

const OVER = {
  "offer-expired": "That offer ended. It does not count against you.",
  "delivery-taken": "Somebody was faster, or the order was called off.",
  "delivery-not-found": "This task is not yours any more.",
};
const PIN = {
  "pin-wrong": "These are not the customer’s digits. Ask again.",
  "pin-missing": "This city hands over for a PIN only.",
};

export function accept(offers) {
  for (const offer of offers) app.answered.add(offer.id);
  queue.tap({ path: `offers/${offers[0].id}/accept`, about: offers[0].id, step: "accept", at: now() });
  say("change");
}
export function decline(offer) {
  ask(DECLINE, (reason) => {
    for (const each of question() ?? []) if (each.batch_id === offer.batch_id) app.answered.add(each.id);
    queue.tap({ path: `offers/${offer.id}/decline`, body: { reason }, about: offer.id, step: "decline", at: now() });
    say("change");
  });
}
export function step(name, deliveries, body = {}) {
  for (const row of deliveries)
    queue.tap({ path: `deliveries/${row.id}/${name}`, body, about: row.id, step: name, at: now() });
  say("change");
}
export const giveBack = (deliveries) => ask(GIVE_BACK, (reason) => step("give-back", deliveries, { reason }));
export const nobody = (row) => ask(NOBODY, (reason) => step("fail", [row], { reason }));
export function handOver(row, pin) {
  app.pad = { digits: "", wrong: "", open: false };
  step("drop-off", [row], pin ? { pin } : {});
}
export const openPad = () => {
  app.pad.open = true;
  say("change");
};
export const read = (message) =>
  queue.tap({ path: `drivers/me/messages/${message.id}/read`, about: message.id, step: "read", at: now() });

on("sent", ({ tap, answer }) => {
  if (tap.step === "drop-off") {
    toast(`#${answer?.code ?? ""} handed over. Well done.`);
    say("paid");
  }
  if (tap.step === "accept") toast(`It is yours. ${answer?.restaurant?.name ?? "The kitchen"} knows you are coming.`);
  if (tap.step === "decline") toast("Declined. You stay in the next round.");
  if (tap.step === "give-back") toast("Given back. Somebody else is asked.");
  soon();
});
on("refused", ({ tap, problem }) => {
  if (tap?.step === "read") return;
  if (!tap) {
    get("clock").then(setClock, () => {}); // points of a wrong time
    return;
  }
  if (PIN[problem.code]) app.pad = { digits: "", open: true, wrong: PIN[problem.code] };
  else if (problem.code === "pin-locked") {
    app.pad = { digits: "", open: false, wrong: "" };
    toast("Too many wrong PINs. Dispatch sees it and will help you.");
  } else toast(OVER[problem.code] ?? problem.message);
  soon();
});
