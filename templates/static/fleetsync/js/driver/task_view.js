// The task in hand: the next stop, what to do there, and what comes after it.
import { since, until } from "../time.js";
import { clock, h, icon, km, span } from "../ui.js";
import { btn, head, note, progress, stop } from "./parts.js";
import { metres } from "./route.js";

const COUNTER = "ARRIVED_AT_PICKUP";
const DOOR = "ARRIVED_AT_DROPOFF";

/** The next stop, what to do there, and what comes after it. `here()`: where the driver is now. */
export function task({ stops, here, pad }, act, live) {
  const [next, ...later] = stops;
  const [row] = next.deliveries;
  const far = h("span");
  // Written in place while he rides: a sheet built anew under a finger would swallow the tap.
  live(() => {
    const at = here();
    far.textContent = at ? `${km(metres(at, next.place))} · ` : "";
  });
  const body =
    next.kind === "pickup"
      ? pickup(next, far, act, live)
      : next.kind === "return"
        ? bringBack(row, far, act)
        : row.status === DOOR
          ? door(row, pad, act)
          : ride(row, far, act);
  const waiting = next.deliveries.find((d) => d.waiting);
  return [
    ...body,
    waiting && h("p", { class: "queued" }, icon("clock"), `Tapped ${clock(waiting.waiting)} · waiting to be sent`),
    later.length > 0 &&
      h(
        "details",
        { class: "later" },
        h("summary", {}, `Then ${later.length} more ${later.length > 1 ? "stops" : "stop"}`),
        h(
          "ol",
          { class: "stops" },
          later
            .slice(0, 6)
            .map((each, i) =>
              stop(
                i + 2,
                each.kind === "dropoff",
                each.kind === "dropoff" ? each.deliveries[0].dropoff.address : each.deliveries[0].restaurant.name,
                { pickup: "fetch", dropoff: "hand over", return: "bring back" }[each.kind],
                each.kind === "dropoff" ? clock(each.deliveries[0].dropoff_eta_at) : "",
              ),
            ),
        ),
      ),
  ];
}
const way = (place, name) =>
  h(
    "a",
    {
      class: "btn icon",
      href: `geo:${place.lat},${place.lng}?q=${place.lat},${place.lng}(${encodeURIComponent(name)})`,
      "aria-label": `Open the way to ${name} in your map app`,
    },
    icon("navigate"),
  );
const codes = (rows) => rows.map((d) => `#${d.code}`).join(", ");
const bags = (rows) => (rows.length > 1 ? `${rows.length} orders` : "1 order");
function pickup({ deliveries }, far, act, live) {
  const [row] = deliveries;
  const ready = Math.max(...deliveries.map((d) => new Date(d.ready_at).getTime()));
  const { restaurant } = row;
  if (deliveries.some((d) => d.status === COUNTER)) {
    const arrived = deliveries.find((d) => d.arrived_at_pickup_at)?.arrived_at_pickup_at;
    const text = h("span", {});
    live(() => {
      text.textContent =
        until(ready) > 0
          ? `The food is promised for ${clock(ready)}, in ${span(until(ready))}.`
          : arrived
            ? `Ready since ${clock(ready)}. You have been here for ${span(since(arrived))}.`
            : `Ready since ${clock(ready)}.`;
    });
    return [
      progress(2),
      head("inbound", "bag", `Say ${codes(deliveries)}`, `At ${restaurant.name} · ${bags(deliveries)}`),
      note("clock", text),
      h(
        "div",
        { class: "two" },
        btn("big", "Help", () => act.giveBack(deliveries)),
        btn("big main", "I have the bag", () => act.step("pick-up", deliveries)),
      ),
    ];
  }
  const eta = row.pickup_eta_at ? `be there ${clock(row.pickup_eta_at)}, ` : "";
  return [
    progress(1),
    head(
      "inbound",
      "store",
      `Go to ${restaurant.name}`,
      [far, `${eta}food ready ${clock(ready)}`],
      way(row.pickup, restaurant.name),
    ),
    note(
      "bag",
      h("b", {}, codes(deliveries)),
      ` · ${bags(deliveries)}. ${restaurant.address || "At the counter, say the number."}`,
    ),
    h(
      "div",
      { class: "two" },
      btn("big", "Help", () => act.giveBack(deliveries)),
      btn("big main", "I am at the counter", () => act.step("arrive", deliveries)),
    ),
  ];
}
function ride(row, far, act) {
  const early = until(row.promised_at) > 0;
  const { address, note: said } = row.dropoff;
  return [
    progress(3),
    head(
      "carry",
      "door",
      `Ride to ${address}`,
      [far, `promised by ${clock(row.promised_at)}${early ? "" : ", running late"}`],
      way(row.dropoff, address),
    ),
    said && note("chat", `“${said}”`),
    btn("big main full", "I am at the door", () => act.step("arrive", [row])),
  ];
}
function door(row, pad, act) {
  const { address, note: said } = row.dropoff;
  const nobody = btn("big", "Nobody there", () => act.nobody(row));
  if (row.pin_required && row.pin_tries_left === 0)
    return [
      progress(4),
      head("risk", "lock", "Dispatch helps you now", "Five wrong PINs. Stay at the door; they find out who takes it."),
      nobody,
    ];
  if (!row.pin_required && !pad.open) {
    return [
      progress(4),
      head("carry", "hand", "Hand it over", `#${row.code} · ${address}`),
      said && note("chat", `“${said}”`),
      h(
        "div",
        { class: "two" },
        nobody,
        btn("big main", "Handed over", () => act.handOver(row, null)),
      ),
      btn("bare full", "Ask for the PIN first", act.openPad),
    ];
  }
  const row4 = h("div", { class: "pinrow num", role: "img" });
  const words = h("p", { class: "sm", role: "status" });
  const draw = () => {
    row4.setAttribute("aria-label", `${pad.digits.length} of 4 digits`);
    row4.replaceChildren(
      ...[0, 1, 2, 3].map((i) => h("b", { class: i === pad.digits.length ? "next" : "" }, pad.digits[i] ?? "")),
    );
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
  act.onKey((key) => {
    if (/^[0-9]$/.test(key)) press(key);
    else if (key === "Backspace") {
      pad.digits = pad.digits.slice(0, -1);
      draw();
    }
  });
  draw();
  return [
    progress(4),
    h("div", {}, h("h2", { class: "ask" }, "Ask for the PIN"), words),
    row4,
    h(
      "div",
      { class: "pads num" },
      ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "Clear"].map((k) =>
        k
          ? h(
              "button",
              { type: "button", class: k.length > 1 ? "word" : "", "data-keep": `pad${k}`, onclick: () => press(k) },
              k,
            )
          : h("span"),
      ),
    ),
    nobody,
  ];
}
const bringBack = (row, far, act) => [
  progress(4),
  head(
    "risk",
    "undo",
    `Back to ${row.restaurant.name}`,
    [far, `#${row.code} could not be handed over`],
    way(row.pickup, row.restaurant.name),
  ),
  btn("big main full", "It is back at the counter", () => act.step("return", [row])),
];
