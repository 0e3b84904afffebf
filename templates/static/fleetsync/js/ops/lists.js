// Which orders need a person, why in words, worst first. Pure: reads a world, touches no screen.
import { clock, km, span } from "../ui.js";
import { app, firstName } from "./app.js";
import { age, plural, whyMoved } from "./words.js";
import { ms, ON_BOARD, SEARCHING } from "./world.js";

export const TABS = [
  ["unassigned", "No driver"],
  ["risk", "At risk"],
  ["counter", "Waiting"],
  ["stuck", "Stuck"],
];
const MINUTE = 60_000;
const PATIENCE = 90_000;
const LONG_WAIT = 8 * MINUTE;
const STANDS = 5 * MINUTE;
const AT_DOOR = 6 * MINUTE;

/** Return { unassigned, risk, counter, stuck }: rows { key, order, code, place, why, number, sub, bad, weight }. */
export function listsOf(world, t) {
  const lists = { unassigned: [], risk: [], counter: [], stuck: [] };
  for (const d of world.deliveries.values()) {
    const searching = SEARCHING.has(d.status);
    if (searching) noDriver(world, d, t, lists.unassigned);
    else if (d.status === "ARRIVED_AT_PICKUP") waiting(d, t, lists.counter);
    if (d.risk !== "ok") atRisk(world, d, t, lists.risk);
    if (!searching) stuck(world, d, t, lists.stuck);
  }
  for (const o of world.placed.values()) unanswered(world, o, t, lists.stuck);
  for (const rows of Object.values(lists))
    rows.sort((a, b) => b.bad - a.bad || b.weight - a.weight || (a.order < b.order ? -1 : 1));
  return lists;
}
const row = (d, rest) => ({
  order: d.order_id,
  code: d.code,
  place: d.restaurant.name,
  sub: `due ${clock(d.promised_at)}`,
  ...rest,
});

function noDriver(world, d, t, rows) {
  const search = world.searches.get(d.id);
  const offer = world.offerOf(d.id);
  const waited = t - ms(d.created_at);
  const refusals = search?.refusals ?? 0;
  const due = ms(search?.due_at);
  const overdue = due == null ? 0 : t - due;
  const said = refusals ? `${plural(refusals, "driver")} said no` : "";
  const late = d.risk === "late";
  if (d.status === "NO_DRIVER_FOUND")
    rows.push(
      row(d, {
        why: said ? `Nobody found: ${said}` : "Nobody found, search gave up",
        bad: true,
        number: age(waited / 1000),
        weight: waited,
      }),
    );
  else if (d.held)
    rows.push(row(d, { why: "Held back by hand", bad: late, number: age(waited / 1000), weight: waited }));
  else if (refusals || overdue > PATIENCE || d.risk !== "ok") {
    const asking = offer ? `asking ${firstName(offer.driver_id)}` : "";
    const why = said
      ? asking
        ? `${said}, ${asking}`
        : said
      : asking
        ? `Late, ${asking}`
        : overdue > 0
          ? `No free driver${search?.radius_m ? ` within ${km(search.radius_m)}` : ""}`
          : due == null || due <= t
            ? "No driver yet"
            : "Kitchen is late, driver not due yet";
    rows.push(
      row(d, {
        why: why[0].toUpperCase() + why.slice(1),
        bad: late || refusals > 3 || overdue > 5 * MINUTE,
        number: age(waited / 1000),
        weight: waited,
      }),
    );
  }
}
function atRisk(world, d, t, rows) {
  const late = d.risk === "late";
  const driver = world.drivers.get(d.driver_id);
  const cause = world.causes.get(d.order_id);
  const ready = ms(d.ready_at);
  const kitchen =
    !d.picked_up_at && ready > ms(d.created_at) && d.promised - ready < 12 * MINUTE
      ? `Food ready only at ${clock(ready)}`
      : "";
  const none = SEARCHING.has(d.status) ? (d.status === "NO_DRIVER_FOUND" ? "Nobody found" : "No driver yet") : "";
  const why = none
    ? none
    : driver?.silent
      ? `${firstName(d.driver_id)} has been silent for ${span(driver.age)}`
      : cause
        ? whyMoved(cause)
        : kitchen || "Longer ride than planned";
  const minutes = Math.max(1, Math.round(d.over / MINUTE));
  rows.push(
    row(d, {
      why,
      bad: late,
      number: late ? (minutes < 120 ? `${minutes} min late` : `${age(minutes * 60)} late`) : `+${minutes} min`,
      weight: d.over,
    }),
  );
}
function waiting(d, t, rows) {
  const since = ms(d.arrived_at_pickup_at) ?? t;
  const waited = t - since;
  const ready = ms(d.ready_at);
  if (waited < MINUTE) return;
  rows.push(
    row(d, {
      why: ready > t ? `Food expected ${clock(ready)}` : `Food was due ${clock(ready)}`,
      sub: firstName(d.driver_id),
      bad: waited > LONG_WAIT && ready <= t,
      calm: waited < 4 * MINUTE,
      number: age(waited / 1000),
      weight: waited,
    }),
  );
}
function stuck(world, d, t, rows) {
  const k = world.drivers.get(d.driver_id);
  const food = ON_BOARD.has(d.status);
  const name = firstName(d.driver_id);
  const add = (why, since, bad) =>
    rows.push(row(d, { why, bad, number: age((t - since) / 1000), sub: name, weight: t - since }));
  if (d.status === "UNDELIVERABLE" || d.status === "RETURNING")
    add("Nobody took it, goes back to the kitchen", ms(d.arrived_at_dropoff_at) ?? t, true);
  else if (!k) {
    if (world.ready && app.past == null)
      add(`${name} is offline${food ? " and has the food" : ""}`, ms(d.picked_up_at ?? d.assigned_at) ?? t, food);
  } else if (k.silent) add(`${name} is silent${food ? " and has the food" : ""}`, k.seenAt, food);
  else if (world.isLocked(d)) add("Too many wrong PINs at the door", ms(d.arrived_at_dropoff_at) ?? t, true);
  else if (d.status === "ARRIVED_AT_DROPOFF" && t - ms(d.arrived_at_dropoff_at) > AT_DOOR)
    add("Waits at the door", ms(d.arrived_at_dropoff_at), false);
  else if (
    (k.state === "inbound" || k.state === "carry") &&
    k.stops[0]?.deliveries.includes(d) &&
    d.status !== "ARRIVED_AT_DROPOFF" &&
    t - k.stillSince > STANDS
  )
    add(`${name} has not moved`, k.stillSince, food);
}
function unanswered(world, o, t, rows) {
  const placed = ms(o.placed_at);
  const by = ms(o.accept_by_at);
  const left = by - t;
  if (!o.code || left > (by - placed) * 0.5) return;
  const kitchen = world.kitchens.get(o.restaurant_id);
  rows.push({
    order: o.order_id,
    code: o.code,
    place: kitchen?.name ?? "",
    why: "Kitchen has not answered",
    sub: left > 0 ? `rejected in ${span(left / 1000)}` : "being rejected",
    bad: false,
    number: age((t - placed) / 1000),
    weight: t - placed,
  });
}
