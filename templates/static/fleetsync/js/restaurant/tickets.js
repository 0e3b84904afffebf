// One ticket: what is written on it and what can be done with it.
import { now, realUntil, since, speed, until } from "../time.js";
import { clock, h, icon, km, pill, ring, span } from "../ui.js";

const COOKING = [10, 15, 20, 30];
const OUT = new Set(["PICKED_UP", "DELIVERED", "CANCELLED", "REJECTED", "RETURNED"]);
const SEARCH = new Set(["CREATED", "SEARCHING"]);

/** The column of an order: new, cook, ready, or gone. */
export function columnOf({ order }) {
  if (order.status === "PLACED") return "new";
  if (order.status === "READY" || order.status === "RETURNING") return "ready";
  return OUT.has(order.status) ? "gone" : "cook";
}
const at = (moment) => (moment ? new Date(moment).getTime() : Infinity);
export const ORDER = {
  new: (a, b) => at(a.order.placed_at) - at(b.order.placed_at),
  cook: (a, b) => at(a.order.ready_at) - at(b.order.ready_at),
  ready: (a, b) => arrival(a) - arrival(b),
  gone: (a, b) => left(b) - left(a),
};
const arrival = ({ delivery }) =>
  delivery?.arrived_at_pickup_at
    ? 0
    : delivery?.driver || delivery?.assigned_at
      ? at(delivery.pickup_eta_at)
      : Infinity;
const left = ({ order }) => at(order.picked_up_at ?? order.closed_at ?? order.delivered_at ?? order.placed_at);

/** What of a row its ticket shows; the same signature needs no new ticket. */
export const signature = ({ order, delivery, driver, lines, accept_by_at: by }, choice) =>
  JSON.stringify([
    order.status,
    order.ready_at,
    by,
    order.reason,
    delivery?.status,
    delivery?.pickup_eta_at,
    delivery?.arrived_at_pickup_at,
    driver?.first_name,
    driver?.position && [driver.position.lat, driver.position.lng],
    lines.length,
    choice,
  ]);

const btn = (cls, words, onclick, keep, more = {}) =>
  h("button", { class: `btn ${cls}`, type: "button", onclick, "data-keep": keep, ...more }, words);
const items = ({ lines, kitchen_note: said }) =>
  h(
    "ul",
    { class: "items" },
    lines.map((line) =>
      h(
        "li",
        {},
        h("b", { class: "num" }, line.quantity),
        h("span", {}, line.name),
        line.options.length > 0 && h("small", {}, line.options.map((o) => o.name).join(", ")),
      ),
    ),
    said && h("li", { class: "warn" }, icon("alert"), h("span", {}, said)),
  );

/** Who fetches it, and how far he is. */
function driverLine(row, live) {
  const { delivery, driver } = row;
  const name = driver?.first_name || "Driver";
  const line = (...parts) => h("div", { class: "who" }, ...parts);
  if (!delivery) return row.order.ready_at && line(icon("clock"), "A driver is timed to arrive when it is ready");
  if (SEARCH.has(delivery.status) && row.order.status === "READY")
    return line(icon("bike"), "No driver yet", pill("offer", "asking"));
  if (SEARCH.has(delivery.status)) return line(icon("clock"), "A driver is asked in time, so nobody waits");
  if (delivery.status === "NO_DRIVER_FOUND") return line(icon("bike"), "No driver yet", pill("risk", "dispatch looks"));
  if (delivery.status === "ARRIVED_AT_PICKUP") {
    const waits = h("span", { class: "num" });
    live(() => {
      waits.textContent = delivery.arrived_at_pickup_at
        ? `waiting ${span(since(delivery.arrived_at_pickup_at))}`
        : "at the counter";
    });
    const mark = pill("risk", "");
    mark.append(waits);
    return line(icon("bike"), h("b", {}, name), mark);
  }
  if (["ASSIGNED", "EN_ROUTE_TO_PICKUP"].includes(delivery.status)) {
    const away = h("span", { class: "num" });
    const mark = pill("inbound", "");
    live(() => {
      const s = delivery.pickup_eta_at ? until(delivery.pickup_eta_at) : null;
      away.textContent =
        s == null ? "on the way" : s < 30 ? "here any moment" : `${Math.max(1, Math.round(s / 60))} min away`;
    });
    mark.append(away);
    const place = driver?.position;
    const kitchen = row.order.restaurant.position;
    return line(
      icon("bike"),
      h("b", {}, name),
      place && h("span", { class: "mute num" }, km(metres(place, kitchen))),
      mark,
    );
  }
  if (["RETURNING", "UNDELIVERABLE"].includes(delivery.status))
    return line(icon("undo"), h("b", {}, name), pill("risk", "brings it back"));
  return null;
}
function metres(a, b) {
  const rad = Math.PI / 180;
  const x = (b.lng - a.lng) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (b.lat - a.lat) * rad;
  return 6_371_009 * Math.hypot(x, y);
}

/** Build the ticket of a row. `live(f)`: call f now and once a second; `choice`: minutes chosen for cooking. */
export function ticket(row, { choice, usual }, act, live) {
  const { order } = row;
  const column = columnOf(row);
  const id = order.id;
  const box = h("article", { class: "ticket", "aria-label": `Order ${order.code}`, "data-id": id });
  const put = (...parts) => box.append(...parts.filter(Boolean));
  const top = (meta, right) =>
    h(
      "header",
      {},
      h("div", {}, h("h3", { class: "no num" }, order.code), h("p", { class: "meta" }, meta)),
      h("div", { class: "t" }, right),
    );
  if (column === "new") {
    const r = ring(58, 5);
    const total = (at(row.accept_by_at) - at(order.placed_at)) / 1000 / speed();
    const minutes = choice ?? usual;
    const accept = btn("main", "", () => act.accept(row, minutes), `${id}accept`);
    live(() => {
      r.set(realUntil(row.accept_by_at) / 1000, total);
      accept.textContent = `Accept, ready ${clock(now() + minutes * 60_000)}`;
    });
    const choices = [...new Set([...COOKING, usual, minutes])].sort((a, b) => a - b);
    box.classList.add("new");
    put(
      top(`Placed ${clock(order.placed_at)} · turned away at zero`, r.el),
      items(row),
      h(
        "div",
        { class: "prep" },
        h(
          "div",
          { class: "seg", role: "group", "aria-label": `Cooking time of ${order.code}` },
          choices.map((m) =>
            h(
              "button",
              {
                type: "button",
                "data-keep": `${id}m${m}`,
                "aria-pressed": String(m === minutes),
                onclick: () => act.choose(row, m),
              },
              `${m} min`,
            ),
          ),
        ),
      ),
      h(
        "div",
        { class: "act" },
        btn("danger", "Reject…", () => act.reject(row), `${id}reject`),
        accept,
      ),
    );
  } else if (column === "cook") {
    const big = h("b", { class: "num" });
    const small = h("span");
    const started = order.status === "PREPARING";
    live(() => {
      const s = until(order.ready_at);
      big.textContent = s < 0 ? `+${span(-s)}` : span(s);
      small.textContent = s < 0 ? "over time" : "to go";
      box.classList.toggle("late", s < 0);
    });
    put(
      top(`Ready ${clock(order.ready_at)} · ${started ? "on the stove" : "not started"}`, [big, small]),
      items(row),
      h(
        "div",
        { class: "act" },
        btn("danger icon", icon("close"), () => act.cancel(row), `${id}cancel`, {
          "aria-label": `Cannot make ${order.code}…`,
          title: "Cannot make it…",
        }),
        btn("", "+5 min", () => act.delay(row), `${id}delay`, { "aria-label": `${order.code}: five more minutes` }),
        !started &&
          btn("", "Start", () => act.start(row), `${id}start`, { "aria-label": `Start cooking ${order.code}` }),
        btn("main", "Ready", () => act.ready(row), `${id}ready`),
      ),
      driverLine(row, live),
    );
  } else if (column === "ready") {
    const big = h("b", { class: "num" });
    const small = h("span", {}, "on the shelf");
    const back = order.status === "RETURNING";
    live(() => {
      big.textContent = span(since(order.food_ready_at ?? order.ready_at));
    });
    const pieces = row.lines.reduce((sum, line) => sum + line.quantity, 0);
    put(
      top(
        back
          ? "Nobody took it at the door"
          : `${pieces} ${pieces === 1 ? "piece" : "pieces"}, ${clock(order.food_ready_at ?? order.ready_at)}`,
        back ? null : [big, small],
      ),
      driverLine(row, live),
    );
  }
  return box;
}
const WORDS = {
  PICKED_UP: "on the way",
  DELIVERED: "delivered",
  CANCELLED: "cancelled",
  REJECTED: "turned away",
  RETURNED: "came back",
};
export function goneLine(row) {
  const { order, driver } = row;
  const bad = ["CANCELLED", "REJECTED", "RETURNED"].includes(order.status);
  return h(
    "li",
    { class: "quiet" },
    h("b", { class: "num" }, order.code),
    h(
      "span",
      { class: `cut grow ${bad ? "bad" : "mute"}` },
      [driver?.first_name, WORDS[order.status], bad && order.reason].filter(Boolean).join(" · "),
    ),
    h("time", { class: "mute num" }, clock(order.picked_up_at ?? order.closed_at ?? order.delivered_at)),
  );
}
