// What the server says: the socket tells that something happened, drivers/me/live tells what is now.
import { get, post } from "../api.js";
import { Live } from "../socket.js";
import { OFFER, play } from "../sound.js";
import { setClock } from "../time.js";
import { money, setLink, toast } from "../ui.js";
import { app, on, queue, say } from "./app.js";

const POLL_MS = 5_000;
const AGAIN_MS = 2_000;
const PATIENCE_MS = 8_000;
const socket = new Live();
const acked = new Set();
const orders = new Set();
let pending = 0;
let asked = 0;
let poll = 0;

export function soon(wait = 120) {
  clearTimeout(pending);
  pending = setTimeout(refresh, wait);
}
export async function refresh() {
  if (navigator.onLine === false && app.live) return;
  const turn = ++asked;
  try {
    const data = await get("drivers/me/live", { signal: AbortSignal.timeout(PATIENCE_MS) });
    queue.found();
    if (turn === asked) take(data);
  } catch (problem) {
    if (problem.status === 401 || problem.status === 403) {
      socket.end();
      return;
    }
    if (problem.status === undefined) queue.lose();
    if (turn === asked) soon(AGAIN_MS); // what an event told of is not seen yet
    app.error = problem.status === undefined ? "There is no connection. It is tried again by itself." : problem.message;
    say("change");
  }
}
function take(data) {
  setClock(data.clock);
  const before = app.live;
  app.live = data;
  app.error = "";
  for (const offer of data.offers) acknowledge(offer);
  const known = new Set((before?.offers ?? []).map((o) => o.id));
  if (data.session && data.offers.some((o) => !known.has(o.id) && !app.answered.has(o.id))) {
    if (app.view === "earn") app.view = "";
    play(OFFER);
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([180, 90, 180]);
  }
  watchOrders();
  say("news", before);
  say("change");
}
/** Tell once that the offer is on the screen. */
function acknowledge(offer) {
  if (acked.has(offer.id)) return;
  acked.add(offer.id);
  if (!socket.send({ type: "ack", offer_id: offer.id }))
    post(`offers/${offer.id}/ack`).catch(() => acked.delete(offer.id));
}
/** Hear of what kitchen and dispatch do with the orders in hand. */
function watchOrders() {
  const held = new Set(app.live.deliveries.map((d) => `order:${d.order_id}`));
  for (const topic of [...orders])
    if (!held.has(topic)) {
      socket.unsubscribe(topic);
      orders.delete(topic);
    }
  for (const topic of held)
    if (!orders.has(topic)) {
      orders.add(topic);
      socket.subscribe(topic, (frame) => {
        if (frame.type !== "snapshot" && frame.type !== "position") soon();
      });
    }
}

/** Begin to listen. */
export function listen() {
  socket.onState((state) => {
    setLink(state, state === "poll" ? "Asking every 5 s" : undefined);
    clearInterval(poll);
    if (state === "off") {
      app.ended = true;
      clearTimeout(pending);
      say("signed-out");
      say("change");
    } else if (state === "live") {
      queue.flush();
      soon();
    } else poll = setInterval(refresh, POLL_MS);
  });
  socket.subscribe("driver:me", (frame) => {
    if (frame.type === "snapshot" || frame.type === "reset") {
      if (frame.data?.clock) take(frame.data);
      else soon();
      return;
    }
    if (frame.type === "session.ended" && frame.data.reason !== "silent") {
      say("put-offline");
      if (frame.data.reason !== "driver") toast("Dispatch put you offline.");
    }
    if (frame.type === "driver.tipped") {
      toast(`A tip of ${money(frame.data.tip_minor, frame.data.currency)} came in.`);
      say("paid");
    }
    soon();
  });
}
on("ended", () => socket.end());
