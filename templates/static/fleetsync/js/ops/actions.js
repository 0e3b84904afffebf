// What a dispatcher does to an order. Each says what happened and can be taken back where the world allows it.
import { post } from "../api.js";
import { toast } from "../ui.js";
import { app, firstName, live, say } from "./app.js";
import { askReason } from "./sheet.js";

const FIRST = 5;
const TAKE_BACK = [
  ["not-moving", "Does not move"],
  ["wrong-way", "Rides the wrong way"],
  ["vehicle-trouble", "Vehicle trouble"],
  ["driver-asked", "Driver asked for it"],
  ["better-driver", "Someone else is nearer"],
];
const WAIVE = [
  ["known-by-phone", "Customer confirmed by telephone"],
  ["page-not-readable", "Customer cannot open the page"],
  ["handed-to-reception", "Reception takes it"],
  ["mistyped", "Driver mistyped it"],
];
const CANCEL = [
  ["no-driver", "No driver"],
  ["takes-too-long", "Takes too long"],
  ["sold-out", "Sold out"],
  ["closing", "Kitchen is closing"],
  ["changed-mind", "Customer changed their mind"],
  ["wrong-address", "Wrong address"],
  ["fraud", "Fraud"],
];

/** Send, put the answer into the world, say so. Returns false when it was refused, with the reason on the screen. */
async function send(path, body, done, undo) {
  try {
    const fresh = await post(path, body);
    if (fresh?.pickup) live.put(fresh);
    toast(done, undo && (() => undo().catch(() => {})), 8000);
    return true;
  } catch (error) {
    if (error.status === 409) live.fetch(path.split("/")[1]); // somebody or something was faster: show what it is now
    toast(
      error.code === "illegal-transition"
        ? "Not done: the order has moved on meanwhile."
        : error.status
          ? `Not done: ${error.message}`
          : "Not done: the platform cannot be reached.",
    );
    return false;
  } finally {
    say("acted");
  }
}
const to = (d, verb) => `deliveries/${d.id}/${verb}`;

export const hold = (d) => send(to(d, "hold"), {}, `#${d.code} is held back`, () => release(d));
export const release = (d) => send(to(d, "release"), {}, `#${d.code} is back in the rounds`, () => hold(d));
export const reopen = (d) => send(to(d, "reopen"), {}, `The search for #${d.code} began again`);
export function prioritize(d, priority) {
  const before = d.priority;
  const words = priority > 0 ? `#${d.code} goes first` : `#${d.code} is back in its usual place`;
  return send(to(d, "prioritize"), { priority }, words, () =>
    send(to(d, "prioritize"), { priority: before }, `#${d.code} as before`),
  );
}
export const putFirst = (d) => prioritize(d, FIRST);

export async function assign(d, driverId) {
  const before = d.driver_id;
  const code = d.code;
  const undo = () =>
    before
      ? send(to(d, "assign"), { driver_id: before }, `#${code} is back with ${firstName(before)}`)
      : send(to(d, "unassign"), { reason: "taken back by hand" }, `#${code} looks for a driver again`);
  return send(to(d, "assign"), { driver_id: driverId }, `${firstName(driverId)} has #${code} now`, undo);
}
/** Take it from its driver and keep it: a person decides what comes next. */
export async function takeBack(d) {
  const driver = d.driver_id;
  const name = firstName(driver);
  const reason = await askReason({
    title: `Take #${d.code} back from ${name}`,
    text: "It is held back afterwards, until you give it to someone or let it into the rounds again.",
    reasons: TAKE_BACK,
    button: "Take back",
  });
  if (!reason) return;
  const undo = () => send(to(d, "assign"), { driver_id: driver }, `#${d.code} is back with ${name}`);
  if (!(await send(to(d, "unassign"), { reason }, `#${d.code} taken back from ${name}`, undo))) return;
  try {
    live.put(await post(to(d, "hold")));
  } catch {
    /* somebody has it already: then there is nothing to hold */
  }
  say("acted");
}
/** Take it from its driver and let the rounds find another one, at once. */
export function redispatch(d) {
  const driver = d.driver_id;
  const name = firstName(driver);
  return send(to(d, "unassign"), { reason: "re-dispatched" }, `#${d.code} looks for another driver`, () =>
    send(to(d, "assign"), { driver_id: driver }, `#${d.code} is back with ${name}`),
  );
}
export async function cancel(d) {
  const reason = await askReason({
    title: `Cancel #${d.code}`,
    text: "Customer, kitchen and driver are told. This cannot be taken back.",
    reasons: CANCEL,
    button: "Cancel the order",
    danger: true,
  });
  if (reason && (await send(`orders/${d.order_id}/cancel`, { reason }, `#${d.code} is cancelled`))) live.drop(d.id);
}

/** Let it be handed over without the digits: somebody made sure who stands at the door. */
export async function waivePin(d) {
  const reason = await askReason({
    title: `Waive the PIN of #${d.code}`,
    text: "First make sure who stands at the door. The driver then hands it over without the digits; this cannot be taken back.",
    reasons: WAIVE,
    button: "Waive the PIN",
  });
  if (reason) await send(to(d, "waive-pin"), { reason }, `#${d.code} needs no PIN any more`);
}

/** Let a driver be picked for it: on the map or from the list in the drawer. */
export function beginAssigning(d) {
  app.assigning = d;
  say("assigning");
}
export function stopAssigning() {
  if (!app.assigning) return;
  app.assigning = null;
  app.hovered = null;
  say("assigning");
}
export async function finishAssigning(driverId) {
  const d = app.assigning;
  stopAssigning();
  if (d) await assign(d, driverId);
}
