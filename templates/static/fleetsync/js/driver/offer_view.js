// An offer: what it pays, how far it goes, how long it stands.
import { realUntil, speed, until } from "../time.js";
import { clock, h, km, money, ring } from "../ui.js";
import { btn, minutes, stop, trio } from "./parts.js";
import { countersOf, length, metres } from "./route.js";

const DETOUR = 1.3;
const RIDE_MPS = 6;

/** `offers`: the orders of one question; `live(f)`: call f now and four times a second. */
export function offer({ offers, here, area }, act, live) {
  const [first] = offers;
  const counters = countersOf(offers);
  const currency = first.currency;
  const r = ring(68, 6);
  const pay = offers.reduce((sum, o) => sum + o.pay_minor, 0);
  const tip = offers.reduce((sum, o) => sum + o.tip_minor, 0);
  const toKitchen = here ? metres(here, first.restaurant.position) : first.distance_m;
  const legs = [...counters.map(([o]) => o.restaurant.position), ...offers.map((o) => o.dropoff)];
  const whole = toKitchen + length(legs);
  const readyAt = (rows) => Math.max(...rows.map((o) => new Date(o.ready_at).getTime()));
  const free = offers.at(-1).dropoff_eta_at;
  const there = new Date(first.offered_at).getTime() + (toKitchen * DETOUR * 1000) / RIDE_MPS;
  const wait = Math.max(0, (readyAt(counters[0]) - there) / 1000);
  const total = (new Date(first.expires_at) - new Date(first.offered_at)) / 1000 / speed();
  const freeIn = h("b", {});
  live(() => {
    const left = realUntil(first.expires_at) / 1000;
    r.set(left, total);
    if (left <= 0) act.expired(first);
  });
  live(() => {
    freeIn.textContent = minutes(until(free));
  });
  return [
    h(
      "div",
      { class: "offer-top" },
      h(
        "div",
        {},
        h("h2", { class: "pay num" }, money(pay + tip, currency)),
        h(
          "p",
          {},
          tip ? `${money(pay, currency)} trip + ${money(tip, currency)} tip, all shown` : "for the trip; no tip so far",
        ),
      ),
      r.el,
    ),
    trio([km(whole), "whole trip"], [freeIn, "until free again"], [minutes(wait), "wait at counter"]),
    h(
      "ol",
      { class: "stops" },
      counters.map((rows, i) =>
        stop(
          i + 1,
          false,
          rows[0].restaurant.name,
          `${i ? `${km(metres(legs[i - 1], legs[i]))} further` : `${km(toKitchen)} from you`} · food ready ${clock(readyAt(rows))}${rows.length > 1 ? ` · ${rows.length} orders` : ""}`,
          clock(rows[0].pickup_eta_at),
        ),
      ),
      offers.map((o, i) =>
        stop(
          counters.length + i + 1,
          true,
          area(o.dropoff),
          `${km(metres(legs[counters.length + i - 1], legs[counters.length + i]))} further`,
          clock(o.dropoff_eta_at),
        ),
      ),
    ),
    whyMe(first, act),
    h(
      "div",
      { class: "two" },
      btn("big", "Decline", () => act.decline(first)),
      btn("big main", "Accept", () => act.accept(offers)),
    ),
  ];
}

/** Asked for when it is opened: the round's reason and the driver's own minutes, nothing about anybody else. */
function whyMe(offer, act) {
  const words = h("div", { class: "whyme", role: "status" });
  let asked = null;
  const say = (found) =>
    words.replaceChildren(
      h("p", {}, found.sentence, found.looked_at > 1 && ` The round looked at ${found.looked_at} drivers.`),
      found.yours
        ? h(
            "dl",
            { class: "facts num" },
            h("dt", {}, "You at the counter"),
            h("dd", {}, clock(found.yours.arrive_at)),
            h("dt", {}, "Food in hand"),
            h("dd", {}, clock(found.yours.pickup_at)),
            h("dt", {}, "Handed over"),
            h("dd", {}, clock(found.yours.door_at)),
          )
        : "",
    );
  const ask = (e) => {
    if (!e.currentTarget.open || asked) return;
    words.replaceChildren(h("span", { class: "skel" }));
    asked = act.why(offer).then(say, () => {
      asked = null;
      words.replaceChildren("The reason cannot be read just now. The offer stands.");
    });
  };
  return h("details", { class: "later", ontoggle: ask }, h("summary", { "data-keep": "whyme" }, "Why me?"), words);
}
