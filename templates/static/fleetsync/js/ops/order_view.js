// An order in the drawer: the promise, facts, why this driver, its life so far and ahead, what can be done.
import { clock, h, icon, money, pill, span } from "../ui.js";
import { app, firstName, learn, nameOf, say } from "./app.js";
import { facts, head, linkish, loadJson, tick } from "./drawer.js";
import { footer } from "./order_acts.js";
import { life, notes, why } from "./order_story.js";
import { age, plural, STATUS } from "./words.js";
import { ms } from "./world.js";

/** Where an event leaves an order that is not on the map. */
const AFTER = {
  "order.placed": "PLACED",
  "order.accepted": "ACCEPTED",
  "order.rejected": "REJECTED",
  "order.cancelled": "CANCELLED",
  "delivery.picked_up": "PICKED_UP",
  "delivery.delivered": "DELIVERED",
  "delivery.returned": "RETURNED",
};
const ENDED = new Set(["DELIVERED", "RETURNED"]);
let more = { order: null, sale: null, timeline: null, decisions: null, sentence: "" };
let timer = 0;

/** Ask for what the map does not carry: lines, timeline, decisions. */
export function loadOrder(id, wait = 0) {
  if (more.order !== id) more = { order: id, sale: null, timeline: null, decisions: null, sentence: "" };
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const [sale, timeline] = await Promise.all([loadJson(`orders/${id}`), loadJson(`orders/${id}/timeline`)]);
    if (more.order !== id) return;
    more.sale = sale ?? more.sale;
    more.timeline = timeline?.results ?? more.timeline ?? [];
    say("loaded");
    const delivery = more.timeline.find((entry) => entry.data.delivery_id)?.data.delivery_id;
    const decisions = delivery ? await loadJson(`deliveries/${delivery}/explain`) : { results: [] };
    if (more.order !== id) return;
    more.decisions = decisions?.results ?? [];
    more.sentence = decisions?.sentence ?? "";
    for (const one of more.decisions) {
      learn(one.driver_id, one.name);
      for (const out of one.left_out) learn(out.driver_id, out.name);
    }
    say("loaded");
  }, wait);
}
/** The delivery on the map; else what is known of an order that is over, or has none yet. */
function subject(id) {
  const d = app.world.byOrder.get(id);
  if (d) return d;
  const sale = more.order === id ? more.sale : null;
  if (!sale) return null;
  const told = more.timeline.filter((entry) => ms(entry.at) <= app.t);
  const status =
    app.past == null ? sale.status : told.reduce((was, entry) => AFTER[entry.type] ?? was, "Not placed yet");
  const driver = ENDED.has(status)
    ? told.findLast((entry) => entry.type === "delivery.assigned")?.data.driver_id
    : null;
  return {
    ...sale,
    order_id: id,
    id: null,
    status,
    driver_id: driver ?? null,
    gone: true,
    dropoff: sale.dropoff ?? {},
    risk: "ok",
  };
}
export function orderView(id) {
  const d = subject(id);
  const mine = more.order === id ? more : { timeline: null, decisions: null };
  const t = app.t;
  const until = (entries) => entries?.filter((entry) => ms(entry.at) <= t + 1000) ?? null;
  const timeline = until(mine.timeline);
  const decisions = until(mine.decisions);
  const offer = d?.id && app.world.offerOf(d.id);
  const search = d?.id ? app.world.searches.get(d.id) : null;
  const key = JSON.stringify([
    d && [
      d.status,
      d.driver_id,
      d.held,
      d.priority,
      d.risk,
      d.ready_at,
      d.eta_high_at,
      d.pickup_eta_at,
      d.pin_required,
      d.pin_tries_left,
      firstName(d.driver_id),
    ],
    offer?.id,
    offer && nameOf(offer.driver_id),
    search && [search.refusals, search.attempt],
    mine.sale && 1,
    timeline?.length,
    decisions?.length,
    timeline && names(timeline),
    app.past == null && mine.sentence,
  ]);
  return {
    key,
    build: () =>
      d
        ? build(d, {
            timeline,
            decisions,
            offer,
            search,
            sale: mine.sale,
            sentence: app.past == null ? mine.sentence : "",
          })
        : waiting(mine),
  };
}
const names = (timeline) =>
  timeline.map((entry) => (entry.data.driver_id ? nameOf(entry.data.driver_id) : "")).join("|");
function waiting(mine) {
  const lost = mine.timeline && !mine.sale;
  return [
    head(lost ? "Not found" : "…", "Order"),
    h(
      "div",
      { class: "scroll" },
      lost
        ? h(
            "div",
            { class: "empty" },
            icon("info"),
            h("b", {}, "There is no such order here"),
            "It may belong to another zone.",
          )
        : Array.from({ length: 7 }, () => h("span", { class: "skel line" })),
    ),
  ];
}
function build(d, { timeline, decisions, offer, search, sale, sentence }) {
  const lines = sale?.lines?.reduce((n, l) => n + l.quantity, 0);
  const k = d.gone ? null : app.world.drivers.get(d.driver_id);
  const [hue, word, shape] = offer ? ["offer", "Offer open"] : (STATUS[d.status] ?? ["off", d.status]);
  const crumb = ["Order", lines && plural(lines, "item"), sale && money(sale.total_minor, sale.currency)]
    .filter(Boolean)
    .join(" · ");
  return [
    head(`#${d.code} ${d.restaurant.name}`, crumb, [
      pill(hue, word, shape ?? hue),
      d.risk === "late" ? pill("late", "late") : d.risk === "risk" ? pill("risk", "at risk") : null,
      d.held && pill("off", "held back"),
      d.priority > 0 && pill("off", "goes first", "carry"),
    ]),
    h(
      "div",
      { class: "scroll" },
      promise(d),
      notes(d, offer, search),
      facts(
        [
          "Driver",
          d.driver_id
            ? linkish("driver", nameOf(d.driver_id), { kind: "driver", id: d.driver_id })
            : offer
              ? h(
                  "span",
                  {},
                  "asking ",
                  linkish("asked", nameOf(offer.driver_id), { kind: "driver", id: offer.driver_id }),
                )
              : "none",
        ],
        k && ["Position", tick("span", { class: "num" }, () => position(k))],
        d.ready_at && [
          "Food ready",
          h("span", { class: "num" }, `${clock(d.ready_at)}${ms(d.ready_at) > app.t ? ", expected" : ""}`),
        ],
        [
          "Kitchen",
          d.restaurant.id
            ? linkish("kitchen", d.restaurant.name, { kind: "kitchen", id: d.restaurant.id })
            : d.restaurant.name,
        ],
        d.dropoff?.address && ["Drop off", d.dropoff.address],
        d.dropoff?.note && ["Note", d.dropoff.note],
      ),
      why(d, decisions, sentence),
      life(d, timeline, decisions),
    ),
    footer(d, sale),
  ];
}
export const position = (k) =>
  k.silent ? `silent for ${age(k.age)}` : `seen ${span(Math.max(0, (app.t - k.seenAt) / 1000))} ago`;

/** How much of the promised time is used, and where the arrival is expected. */
function promise(d) {
  const start = ms(d.placed_at ?? d.created_at);
  const promised = ms(d.promised_at);
  const end = Math.max(promised, d.expected ?? 0, app.t) + (promised - start) * 0.06;
  if (d.gone && d.status !== "PLACED") return null;
  const bar = h("i", { class: "fill" });
  const mark = h("i", { class: "mark" });
  const share = (x) => `${Math.min(100, Math.max(0, ((x - start) / (end - start)) * 100))}%`;
  bar.style.width = share(app.t);
  mark.style.left = share(promised);
  const late = app.t > promised;
  return h(
    "div",
    { class: `promise is-${d.risk === "ok" ? "carry" : d.risk}` },
    h("div", { class: "track" }, bar, mark),
    h(
      "div",
      { class: "ends num" },
      h("span", {}, `taken ${clock(start)}`),
      tick("b", {}, () =>
        app.t > promised
          ? `${age((app.t - promised) / 1000)} late`
          : d.driver_id && d.expected
            ? `door about ${clock(d.expected)}`
            : `${span((promised - app.t) / 1000)} left`,
      ),
      h("span", { class: late ? "" : "strong" }, `promised ${clock(promised)}`),
    ),
  );
}
