// Words of the ops pages: short, plain, active; the cause in words.
import { clock, km, span } from "../ui.js";
import { ms } from "./world.js";

/** [hue, word, shape] of an order's pill. */
export const STATUS = {
  PLACED: ["off", "Kitchen has not answered"],
  CREATED: ["off", "Looking for a driver", "free"],
  SEARCHING: ["off", "Looking for a driver", "free"],
  NO_DRIVER_FOUND: ["late", "Nobody found"],
  ASSIGNED: ["inbound", "Driver said yes"],
  EN_ROUTE_TO_PICKUP: ["inbound", "Driver to kitchen"],
  ARRIVED_AT_PICKUP: ["inbound", "At the counter", "disc"],
  PICKED_UP: ["carry", "Picked up"],
  EN_ROUTE_TO_DROPOFF: ["carry", "On the way to the door"],
  ARRIVED_AT_DROPOFF: ["carry", "At the door", "disc"],
  DELIVERED: ["free", "Delivered", "disc"],
  UNDELIVERABLE: ["late", "Nobody at the door"],
  RETURNING: ["risk", "On the way back"],
  RETURNED: ["off", "Back at the kitchen"],
  CANCELLED: ["off", "Cancelled"],
  REJECTED: ["off", "Kitchen said no"],
};
export const DRIVER = {
  free: ["free", "Free"],
  inbound: ["inbound", "To the kitchen"],
  counter: ["inbound", "At the counter", "disc"],
  carry: ["carry", "Food on board"],
  paused: ["off", "Paused"],
};
export const VEHICLE = { BICYCLE: "Bicycle", SCOOTER: "Scooter", CAR: "Car" };

const MOVED = {
  kitchen: "Kitchen ran late",
  road: "Longer ride than planned",
  driver: "Another driver took over",
  "other-doors": "Other doors come first",
  search: "Took long to find a driver",
};
export function whyMoved(cause) {
  return MOVED[cause] ?? (cause ? cause.replaceAll("-", " ") : "");
}
const DECIDES = {
  kitchen: "waits for the kitchen",
  road: "the ride decides",
  driver: "another driver",
  "other-doors": "other doors first",
  search: "no driver yet",
};
/** A span that may be long: as `span`, from two hours on in hours. */
export const age = (seconds) => (seconds < 7200 ? span(seconds) : `${Math.round(seconds / 3600)} h`);
export const plural = (n, word, many = `${word}s`) => `${n} ${n === 1 ? word : many}`;
export const away = (m) => (m ? ` within ${km(m)}` : "");

const REASONS = {
  "shift-over": "the shift ends",
  "lease-expired": "the phone fell silent",
  taken: "taken by someone else",
  held: "held back",
  reassigned: "given to someone else",
  "search-ended": "the search ended",
  "driver-offline": "the driver went offline",
  "no-driver": "no driver",
  "kitchen-silent": "the kitchen was silent",
  ops: "by hand",
};
export const reason = (word) => REASONS[word] ?? String(word ?? "").replaceAll("-", " ");

/** One line of an order's life, or null for what would only say it twice. `who(driverId)` gives a name. */
export function lineOf(entry, who) {
  const { type, data, at, actor } = entry;
  const byHand = actor?.startsWith("usr_") ? "by hand" : "";
  const line = (text, small = "") => ({ text, small, at });
  switch (type) {
    case "order.placed":
      return line("Placed");
    case "order.accepted":
      return line("Kitchen said yes", `food ready ${clock(data.ready_at)}`);
    case "order.rejected":
      return line("Kitchen said no", reason(data.reason));
    case "order.preparing":
      return line("Cooking");
    case "order.delayed":
      return line(
        "Kitchen needs longer",
        [`until ${clock(data.ready_at)}`, reason(data.reason)].filter(Boolean).join(", "),
      );
    case "order.ready":
      return line("Food is ready");
    case "order.cancelled":
      return line("Cancelled", [reason(data.reason), `by ${String(data.by).toLowerCase()}`].filter(Boolean).join(", "));
    case "delivery.searching":
      return line("Search for a driver began");
    case "delivery.search_retried":
      return { ...line(`Nobody could take it${away(data.radius_m)}`), again: true };
    case "delivery.assigned":
      return data.by === "ops"
        ? line(`Given to ${who(data.driver_id)}`, "by hand")
        : line(`${who(data.driver_id)} said yes`);
    case "delivery.en_route_to_pickup":
      return line("Set out for the kitchen");
    case "delivery.arrived_at_pickup":
      return line("At the counter");
    case "delivery.picked_up":
      return line("Picked up");
    case "delivery.arrived_at_dropoff":
      return line("At the door");
    case "delivery.pin_refused":
      return line("Wrong PIN", data.tries_left ? `${plural(data.tries_left, "try", "tries")} left` : "no try left");
    case "delivery.pin_waived":
      return line("PIN waived", [reason(data.reason), byHand].filter(Boolean).join(", "));
    case "delivery.delivered":
      return line("Handed over");
    case "delivery.unassigned":
      return line(`Taken from ${who(data.driver_id)}`, [reason(data.reason), byHand].filter(Boolean).join(", "));
    case "delivery.no_driver_found":
      return line("The search gave up", `after ${plural(data.attempts, "look")}`);
    case "delivery.reopened":
      return line("Search began again", byHand);
    case "delivery.held":
      return line("Held back", byHand);
    case "delivery.released":
      return line("Let into the rounds again", byHand);
    case "delivery.prioritized":
      return line(data.priority > 0 ? "Put first" : data.priority < 0 ? "Put last" : "Back to its usual place", byHand);
    case "delivery.undeliverable":
      return line("Nobody took it at the door", reason(data.reason));
    case "delivery.returning":
      return line("On the way back to the kitchen");
    case "delivery.returned":
      return line("Back at the kitchen");
    case "delivery.moved_zone":
      return line("A neighbour zone searches now");
    case "delivery.eta_changed":
      return {
        ...line(`Arrival ${clock(data.eta_low_at)}–${clock(data.eta_high_at)}`, DECIDES[data.cause] ?? ""),
        quiet: true,
      };
    default:
      return null; // order.picked_up and order.delivered follow their deliveries; cancelled deliveries their order
  }
}

/** One line of what happens in a zone, offers and sessions included; else as `lineOf`. */
export function newsOf(entry, who) {
  const { type, data } = entry;
  const line = (text, small = "") => ({ text, small });
  switch (type) {
    case "offer.made":
      return line(`${who(data.driver_id)} is asked`);
    case "offer.declined":
      return line(`${who(data.driver_id)} said no`, reason(data.reason));
    case "offer.expired":
      return line(`${who(data.driver_id)} did not answer`);
    case "session.started":
      return line(`${who(data.driver_id)} came online`);
    case "session.paused":
      return line(`${who(data.driver_id)} takes no offers for now`);
    case "session.resumed":
      return line(`${who(data.driver_id)} takes offers again`);
    case "session.ended":
      return line(`${who(data.driver_id)} went offline`, reason(data.reason));
    case "driver.message_sent":
      return line(`Message to ${who(data.driver_id)}`);
    default:
      return lineOf(entry, who);
  }
}

/** What still lies ahead of an order, the next thing first. */
export function ahead(d) {
  const next = (text, at, small = "") => ({ text, at, small });
  const door = next(
    "At the door",
    d.expected ?? d.dropoff_eta_at,
    d.promised_at ? `promised ${clock(d.promised_at)}` : "",
  );
  switch (d.status) {
    case "SEARCHING":
    case "CREATED":
      return [next("A driver says yes", null), next("At the door", null, `promised ${clock(d.promised_at)}`)];
    case "NO_DRIVER_FOUND":
      return [next("Someone has to decide", null)];
    case "ASSIGNED":
    case "EN_ROUTE_TO_PICKUP":
      return [next("At the counter", d.pickup_eta_at, `food ready ${clock(d.ready_at)}`), door];
    case "ARRIVED_AT_PICKUP":
      return [next("Picked up", Math.max(ms(d.ready_at) ?? 0, ms(d.arrived_at_pickup_at) ?? 0)), door];
    case "PICKED_UP":
    case "EN_ROUTE_TO_DROPOFF":
      return [door];
    case "ARRIVED_AT_DROPOFF":
      return [next("Handed over", null)];
    case "UNDELIVERABLE":
    case "RETURNING":
      return [next("Back at the kitchen", null)];
    default:
      return [];
  }
}
