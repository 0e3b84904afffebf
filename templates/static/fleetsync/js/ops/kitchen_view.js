// A kitchen in the drawer: what is cooking, who is coming for it.
import { clock, h, icon, pill } from "../ui.js";
import { app, nameOf } from "./app.js";
import { facts, head, linkish } from "./drawer.js";
import { plural, STATUS } from "./words.js";
import { ms, ON_BOARD } from "./world.js";

export function kitchenView(id) {
  const k = app.world.kitchens.get(id);
  const orders = [...app.world.deliveries.values()]
    .filter((d) => d.restaurant.id === id)
    .sort((a, b) => ms(a.ready_at) - ms(b.ready_at));
  const placed = [...app.world.placed.values()].filter((o) => o.restaurant_id === id && o.code);
  const key = JSON.stringify([
    k?.paused_until,
    orders.map((d) => [d.id, d.status, d.driver_id, d.ready_at, d.risk, nameOf(d.driver_id)]),
    placed.map((o) => o.order_id),
  ]);
  return { key, build: () => build(k, orders, placed) };
}
function build(k, orders, placed) {
  if (!k)
    return [
      head("Not found", "Restaurant"),
      h(
        "div",
        { class: "scroll" },
        h(
          "div",
          { class: "empty" },
          icon("store"),
          h("b", {}, "This kitchen is not published"),
          "Its orders are still in the lists.",
        ),
      ),
    ];
  const waiting = orders.filter((d) => !ON_BOARD.has(d.status));
  const away = orders.filter((d) => ON_BOARD.has(d.status));
  const paused = ms(k.paused_until) > app.t;
  const line = (d) =>
    h(
      "li",
      {},
      linkish(`order-${d.id}`, `#${d.code}`, { kind: "order", id: d.order_id }),
      h(
        "span",
        {},
        h("span", { class: "grow" }, d.driver_id ? nameOf(d.driver_id) : "no driver yet"),
        pill(...shaped(d)),
      ),
      h(
        "time",
        { class: "num" },
        ON_BOARD.has(d.status) ? `due ${clock(d.promised_at)}` : `ready ${clock(d.ready_at)}`,
      ),
    );
  return [
    head(k.name, "Restaurant", [
      paused ? pill("risk", `paused until ${clock(k.paused_until)}`) : null,
      pill("off", plural(waiting.length, "order"), "disc"),
    ]),
    h(
      "div",
      { class: "scroll" },
      facts(["Address", k.address || "–"], ["On the road", String(away.length)]),
      h(
        "section",
        {},
        h("h3", {}, "At the kitchen"),
        waiting.length
          ? h("ul", { class: "kitchenlist" }, waiting.map(line))
          : h("p", { class: "mute sm" }, "Nothing is waiting here."),
      ),
      placed.length
        ? h(
            "section",
            {},
            h("h3", {}, "Not answered yet"),
            h(
              "ul",
              { class: "kitchenlist" },
              placed.map((o) =>
                h(
                  "li",
                  {},
                  linkish(`placed-${o.order_id}`, `#${o.code}`, { kind: "order", id: o.order_id }),
                  h("span", {}, "answers by"),
                  h("time", { class: "num" }, clock(o.accept_by_at)),
                ),
              ),
            ),
          )
        : null,
      away.length
        ? h("section", {}, h("h3", {}, "On the road"), h("ul", { class: "kitchenlist" }, away.map(line)))
        : null,
    ),
    h(
      "footer",
      { class: "acts one" },
      h(
        "a",
        { class: "btn full", "data-f": "tickets", href: `/restaurant?restaurant=${k.id}` },
        icon("store"),
        "Open its tickets",
      ),
    ),
  ];
}
const shaped = (d) => (d.risk === "ok" ? STATUS[d.status] : [d.risk, STATUS[d.status][1], d.risk]);
