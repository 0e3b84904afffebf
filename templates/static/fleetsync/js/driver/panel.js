// The sheet of the driver's page: one thing to do, in words and big buttons.
import { realUntil, since, speed, until } from "../time.js";
import { clock, h, icon, km, money, ring, span } from "../ui.js";
import { countersOf, length, metres } from "./route.js";

const COUNTER = "ARRIVED_AT_PICKUP", DOOR = "ARRIVED_AT_DROPOFF", DETOUR = 1.3, RIDE_MPS = 6;
export const DECLINE = { title: "Why not this one?", text: "One tap. It never lowers your standing; it teaches the next round.", keep: "Keep the offer", reasons: [["too-far", "Too far"], ["too-little-pay", "Too little pay"], ["stopping-soon", "I am about to stop"], ["cannot-go-there", "Cannot go there"], ["other", "Another reason"]] };
export const GIVE_BACK = { title: "Give it back?", text: "Somebody else is asked at once. The kitchen and the customer see no gap.", keep: "Keep the task", reasons: [["vehicle", "Trouble with my vehicle"], ["wait-too-long", "The wait is too long"], ["kitchen-closed", "The kitchen is closed"], ["stopping", "I have to stop"], ["other", "Another reason"]] };
export const NOBODY = { title: "Nobody takes it?", text: "You bring it back to the kitchen and are paid for it. Dispatch is told.", keep: "Try again", reasons: [["nobody-home", "Nobody opens"], ["no-answer", "No answer on the phone"], ["wrong-address", "The address is wrong"], ["refused", "They do not want it"], ["other", "Another reason"]] };

const btn = (cls, words, onclick, more = {}) => h("button", { class: `btn ${cls}`, type: "button", onclick, "data-keep": words, ...more }, words);
const note = (glyph, ...words) => h("div", { class: "note" }, icon(glyph), h("span", {}, ...words));
const trio = (...parts) => h("dl", { class: "trio num" }, parts.map(([big, small]) => h("div", {}, h("dt", {}, small), h("dd", {}, big))));
const head = (hue, glyph, title, text, more) => h("div", { class: `task-h is-${hue}` }, h("span", { class: "swatch" }, icon(glyph)), h("div", { class: "grow" }, h("h2", {}, title), h("p", {}, text)), more);
const stop = (n, door, name, small, time) => h("li", { class: door ? "door" : "" }, h("span", { "aria-hidden": "true" }, n), h("div", {}, h("b", {}, name), h("p", {}, small)), h("time", { class: "num" }, time));
const progress = (done) => h("div", { class: "progress", role: "img", "aria-label": `Step ${done} of 4` }, [1, 2, 3, 4].map((i) => h("i", { class: i <= done ? "on" : "" })));
const hours = (seconds) => `${Math.floor(seconds / 3600)}:${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} h`;
const minutes = (seconds) => `${Math.max(0, Math.round(seconds / 60))} min`;

/** `model`: what is known; `act`: what buttons do; `live(f)`: call f now and four times a second. */
export function offline({ trouble, demo, busy }, act) {
  const words = { denied: "This browser may not tell your position. Allow it in the site settings, or let us ride for you.", absent: "This device knows no position. Let us ride for you to try it out.", lost: "No position yet. Go outside or to a window, then try again." }[trouble];
  return [
    head("off", "pause", "You are offline", "No offers, and your position is not sent."), words && note("alert", words),
    btn(`big main full${busy ? " busy" : ""}`, "Go online", act.online),
    words && !demo && btn("full", "Ride for me", act.rideForMe),
  ];
}
export function paused(act) {
  return [head("off", "pause", "No offers for now", "You stay online and keep what you carry."), btn("big main full", "Take offers again", act.resume)];
}
export function idle({ earned, waiting }) {
  const hourly = earned && earned.online_s > 600 ? money((earned.total_minor * 3600) / earned.online_s, earned.currency) : "–";
  return [
    head("free", "bike", "You are free", "Every round looks at you. Keep this page open; you will hear an offer."),
    trio([earned ? String(earned.deliveries) : "–", "deliveries"], [earned ? hours(earned.online_s) : "–", "online"], [hourly, "per hour"]),
    waiting && h("p", { class: "queued" }, icon("clock"), waiting),
  ];
}
export function offer({ offers, here, area }, act, live) {
  const [first] = offers, counters = countersOf(offers), currency = first.currency, r = ring(68, 6);
  const pay = offers.reduce((sum, o) => sum + o.pay_minor, 0), tip = offers.reduce((sum, o) => sum + o.tip_minor, 0);
  const toKitchen = here ? metres(here, first.restaurant.position) : first.distance_m, legs = [...counters.map(([o]) => o.restaurant.position), ...offers.map((o) => o.dropoff)];
  const whole = toKitchen + length(legs), readyAt = (rows) => Math.max(...rows.map((o) => new Date(o.ready_at).getTime())), free = offers.at(-1).dropoff_eta_at;
  const there = new Date(first.offered_at).getTime() + (toKitchen * DETOUR * 1000) / RIDE_MPS, wait = Math.max(0, (readyAt(counters[0]) - there) / 1000);
  const total = (new Date(first.expires_at) - new Date(first.offered_at)) / 1000 / speed(), freeIn = h("b", {});
  live(() => { const left = realUntil(first.expires_at) / 1000; r.set(left, total); if (left <= 0) act.expired(first); });
  live(() => { freeIn.textContent = minutes(until(free)); });
  return [
    h("div", { class: "offer-top" }, h("div", {}, h("h2", { class: "pay num" }, money(pay + tip, currency)), h("p", {}, tip ? `${money(pay, currency)} trip + ${money(tip, currency)} tip, all shown` : "for the trip; no tip so far")), r.el),
    trio([km(whole), "whole trip"], [freeIn, "until free again"], [minutes(wait), "wait at counter"]),
    h("ol", { class: "stops" },
      counters.map((rows, i) => stop(i + 1, false, rows[0].restaurant.name, `${i ? `${km(metres(legs[i - 1], legs[i]))} further` : `${km(toKitchen)} from you`} · food ready ${clock(readyAt(rows))}${rows.length > 1 ? ` · ${rows.length} orders` : ""}`, clock(rows[0].pickup_eta_at))),
      offers.map((o, i) => stop(counters.length + i + 1, true, area(o.dropoff), `${km(metres(legs[counters.length + i - 1], legs[counters.length + i]))} further`, clock(o.dropoff_eta_at)))),
    whyMe(first, act),
    h("div", { class: "two" }, btn("big", "Decline", () => act.decline(first)), btn("big main", "Accept", () => act.accept(offers))),
  ];
}

/** Asked for when it is opened: the round's reason and the driver's own minutes, nothing about anybody else. */
function whyMe(offer, act) {
  const words = h("div", { class: "whyme", role: "status" });
  let asked = null;
  const say = (found) => words.replaceChildren(h("p", {}, found.sentence, found.looked_at > 1 && ` The round looked at ${found.looked_at} drivers.`),
    found.yours ? h("dl", { class: "facts num" }, h("dt", {}, "You at the counter"), h("dd", {}, clock(found.yours.arrive_at)), h("dt", {}, "Food in hand"), h("dd", {}, clock(found.yours.pickup_at)), h("dt", {}, "Handed over"), h("dd", {}, clock(found.yours.door_at))) : "");
  const ask = (e) => {
    if (!e.currentTarget.open || asked) return;
    words.replaceChildren(h("span", { class: "skel" }));
    asked = act.why(offer).then(say, () => { asked = null; words.replaceChildren("The reason cannot be read just now. The offer stands."); });
  };
  return h("details", { class: "later", ontoggle: ask }, h("summary", { "data-keep": "whyme" }, "Why me?"), words);
}

/** The next stop, what to do there, and what comes after it. `here()`: where the driver is now. */
export function task({ stops, here, pad }, act, live) {
  const [next, ...later] = stops, [row] = next.deliveries, far = h("span");
  // Written in place while he rides: a sheet built anew under a finger would swallow the tap.
  live(() => { const at = here(); far.textContent = at ? `${km(metres(at, next.place))} · ` : ""; });
  const body = next.kind === "pickup" ? pickup(next, far, act, live) : next.kind === "return" ? bringBack(row, far, act) : row.status === DOOR ? door(row, pad, act) : ride(row, far, act);
  const waiting = next.deliveries.find((d) => d.waiting);
  return [
    ...body, waiting && h("p", { class: "queued" }, icon("clock"), `Tapped ${clock(waiting.waiting)} · waiting to be sent`),
    later.length > 0 && h("details", { class: "later" }, h("summary", {}, `Then ${later.length} more ${later.length > 1 ? "stops" : "stop"}`),
      h("ol", { class: "stops" }, later.slice(0, 6).map((each, i) => stop(i + 2, each.kind === "dropoff", each.kind === "dropoff" ? each.deliveries[0].dropoff.address : each.deliveries[0].restaurant.name, { pickup: "fetch", dropoff: "hand over", return: "bring back" }[each.kind], each.kind === "dropoff" ? clock(each.deliveries[0].dropoff_eta_at) : "")))),
  ];
}
const way = (place, name) => h("a", { class: "btn icon", href: `geo:${place.lat},${place.lng}?q=${place.lat},${place.lng}(${encodeURIComponent(name)})`, "aria-label": `Open the way to ${name} in your map app` }, icon("navigate"));
const codes = (rows) => rows.map((d) => `#${d.code}`).join(", ");
const bags = (rows) => (rows.length > 1 ? `${rows.length} orders` : "1 order");
function pickup({ deliveries }, far, act, live) {
  const [row] = deliveries, ready = Math.max(...deliveries.map((d) => new Date(d.ready_at).getTime())), { restaurant } = row;
  if (deliveries.some((d) => d.status === COUNTER)) {
    const arrived = deliveries.find((d) => d.arrived_at_pickup_at)?.arrived_at_pickup_at, text = h("span", {});
    live(() => { text.textContent = until(ready) > 0 ? `The food is promised for ${clock(ready)}, in ${span(until(ready))}.` : arrived ? `Ready since ${clock(ready)}. You have been here for ${span(since(arrived))}.` : `Ready since ${clock(ready)}.`; });
    return [progress(2), head("inbound", "bag", `Say ${codes(deliveries)}`, `At ${restaurant.name} · ${bags(deliveries)}`), note("clock", text),
      h("div", { class: "two" }, btn("big", "Help", () => act.giveBack(deliveries)), btn("big main", "I have the bag", () => act.step("pick-up", deliveries)))];
  }
  const eta = row.pickup_eta_at ? `be there ${clock(row.pickup_eta_at)}, ` : "";
  return [progress(1), head("inbound", "store", `Go to ${restaurant.name}`, [far, `${eta}food ready ${clock(ready)}`], way(row.pickup, restaurant.name)),
    note("bag", h("b", {}, codes(deliveries)), ` · ${bags(deliveries)}. ${restaurant.address || "At the counter, say the number."}`),
    h("div", { class: "two" }, btn("big", "Help", () => act.giveBack(deliveries)), btn("big main", "I am at the counter", () => act.step("arrive", deliveries)))];
}
function ride(row, far, act) {
  const early = until(row.promised_at) > 0, { address, note: said } = row.dropoff;
  return [progress(3), head("carry", "door", `Ride to ${address}`, [far, `promised by ${clock(row.promised_at)}${early ? "" : ", running late"}`], way(row.dropoff, address)),
    said && note("chat", `“${said}”`), btn("big main full", "I am at the door", () => act.step("arrive", [row]))];
}
function door(row, pad, act) {
  const { address, note: said } = row.dropoff, nobody = btn("big", "Nobody there", () => act.nobody(row));
  if (row.pin_required && row.pin_tries_left === 0) return [progress(4), head("risk", "lock", "Dispatch helps you now", "Five wrong PINs. Stay at the door; they find out who takes it."), nobody];
  if (!row.pin_required && !pad.open) {
    return [progress(4), head("carry", "hand", "Hand it over", `#${row.code} · ${address}`), said && note("chat", `“${said}”`),
      h("div", { class: "two" }, nobody, btn("big main", "Handed over", () => act.handOver(row, null))), btn("bare full", "Ask for the PIN first", act.openPad)];
  }
  const row4 = h("div", { class: "pinrow num", role: "img" }), words = h("p", { class: "sm", role: "status" });
  const draw = () => {
    row4.setAttribute("aria-label", `${pad.digits.length} of 4 digits`);
    row4.replaceChildren(...[0, 1, 2, 3].map((i) => h("b", { class: i === pad.digits.length ? "next" : "" }, pad.digits[i] ?? "")));
    words.textContent = pad.wrong || "The customer sees four digits on the tracking page.";
    words.className = `sm ${pad.wrong ? "bad" : "mute"}`;
  };
  const press = (key) => {
    if (key === "Clear") pad.digits = "";
    else if (pad.digits.length < 4) pad.digits += key;
    pad.wrong = "";
    draw();
    if (pad.digits.length === 4) act.handOver(row, pad.digits);
  };
  act.onKey((key) => { if (/^[0-9]$/.test(key)) press(key); else if (key === "Backspace") { pad.digits = pad.digits.slice(0, -1); draw(); } });
  draw();
  return [progress(4), h("div", {}, h("h2", { class: "ask" }, "Ask for the PIN"), words), row4,
    h("div", { class: "pads num" }, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "Clear"].map((k) => (k ? h("button", { type: "button", class: k.length > 1 ? "word" : "", "data-keep": `pad${k}`, onclick: () => press(k) }, k) : h("span")))), nobody];
}
const bringBack = (row, far, act) => [progress(4), head("risk", "undo", `Back to ${row.restaurant.name}`, [far, `#${row.code} could not be handed over`], way(row.pickup, row.restaurant.name)),
  btn("big main full", "It is back at the counter", () => act.step("return", [row]))];

/** A day's money: what, from what, and how many offers. */
export function earnings({ earned, failed }, act) {
  const close = h("button", { class: "btn bare icon", type: "button", "aria-label": "Close earnings", "data-keep": "close", onclick: act.close }, icon("close"));
  if (failed) return [h("div", { class: "offer-top" }, h("h2", {}, "Earnings"), close), note("alert", "They cannot be read just now; nothing is lost."), btn("full", "Ask again", () => act.day(0))];
  if (!earned) return [h("div", { class: "offer-top" }, h("div", {}, h("h2", { class: "pay num" }, "–"), h("p", {}, "Adding it up")), close), h("span", { class: "skel tall" })];
  const { currency: c, trips } = earned, today = act.isToday(earned.day), name = today ? "today" : new Date(`${earned.day}T12:00`).toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "short" });
  const hourOf = (t) => new Date(t.delivered_at).getHours(), width = trips.length ? Math.max(6, ((hourOf(trips[0]) - hourOf(trips.at(-1)) + 24) % 24) + 1) : 0, first = trips.length ? (hourOf(trips[0]) - width + 25) % 24 : 0;
  const sums = Array.from({ length: width }, (_, i) => trips.filter((t) => hourOf(t) === (first + i) % 24).reduce((sum, t) => sum + t.pay_minor + t.tip_minor, 0)), most = Math.max(1, ...sums);
  const bars = sums.map((sum, i) => { const bar = h("i", { class: sum ? "on" : "" }); bar.style.height = `${Math.max(4, Math.round((sum / most) * 84))}px`; return h("div", {}, bar, h("span", {}, String((first + i) % 24))); });
  return [
    h("div", { class: "offer-top" }, h("div", {}, h("h2", { class: "pay num" }, money(earned.total_minor, c)), h("p", {}, `${name}, ${earned.deliveries} ${earned.deliveries === 1 ? "delivery" : "deliveries"}, ${hours(earned.online_s)} online`)), close),
    bars.length ? h("div", { class: "bars num", role: "img", "aria-label": "Money by hour of the day" }, bars) : h("div", { class: "empty" }, icon("bag"), h("b", {}, "No trips on this day"), "Each one appears here as soon as it is handed over."),
    h("dl", { class: "facts num" }, h("dt", {}, "Trips"), h("dd", {}, money(earned.pay_minor, c)), h("dt", {}, "Tips, all of them"), h("dd", {}, money(earned.tips_minor, c)),
      h("dt", {}, "Offers seen, taken, declined"), h("dd", {}, `${earned.offers_seen}, ${earned.offers_taken}, ${earned.offers_declined}`)),
    trips.length > 0 && h("details", { class: "later" }, h("summary", {}, `All trips of the day`), h("ul", { class: "trips" }, trips.map((t) => h("li", {}, h("time", { class: "num mute" }, clock(t.delivered_at)), h("span", { class: "cut" }, t.restaurant), h("b", { class: "num" }, money(t.pay_minor + t.tip_minor, c)))))),
    h("div", { class: "two even" }, btn("", "Day before", () => act.day(-1)), btn("", "Day after", () => act.day(1), { disabled: today })),
  ];
}
export const failed = (words, act) => [head("late", "alert", "This did not load", words), btn("big main full", "Try again", act.retry)];
