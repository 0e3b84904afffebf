// An order in the drawer: the promise, facts, why this driver, its life so far and ahead, what can be done.
import { clock, h, icon, money, pill, span } from "../ui.js";
import * as actions from "./actions.js";
import { app, firstName, learn, nameOf, say } from "./app.js";
import { act, facts, head, linkish, loadJson, tick } from "./drawer.js";
import { messageButton } from "./messages.js";
import { age, ahead, lineOf, plural, STATUS, whyMoved } from "./words.js";
import { BEFORE_PICKUP, ms, ON_BOARD, SEARCHING } from "./world.js";

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
function notes(d, offer, search) {
  const note = (kind, ico, text) => h("div", { class: `note ${kind}` }, icon(ico), text);
  const list = [];
  if (offer)
    list.push(
      note(
        "",
        "clock",
        tick("span", {}, () => {
          const left = (ms(offer.expires_at) - app.t) / 1000;
          return left > 0
            ? `${firstName(offer.driver_id)} has ${span(left)} left to answer.`
            : `${firstName(offer.driver_id)} did not answer in time.`;
        }),
      ),
    );
  if (d.status === "NO_DRIVER_FOUND")
    list.push(
      note("late", "alert", h("span", {}, "The search gave up. Give it to somebody, search again, or cancel.")),
    );
  else if (search?.refusals)
    list.push(
      note(
        "risk",
        "alert",
        h(
          "span",
          {},
          `${plural(search.refusals, "driver")} said no${search.radius_m ? `; the search goes on within ${(search.radius_m / 1000).toFixed(1)} km` : ""}.`,
        ),
      ),
    );
  else if (d.status === "SEARCHING" && search?.due_at && ms(search.due_at) > app.t)
    list.push(
      note(
        "",
        "clock",
        tick(
          "span",
          {},
          () => `Not due yet: a driver is asked at ${clock(search.due_at)}, so that nobody waits at the counter.`,
        ),
      ),
    );
  if (app.world.isLocked(d))
    list.push(
      note("late", "lock", h("span", {}, "Five wrong PINs. Make sure who stands at the door, then waive the PIN.")),
    );
  if (d.held)
    list.push(
      note("risk", "pause", h("span", {}, "Held back: no driver is asked until it is let into the rounds again.")),
    );
  const cause = app.world.causes.get(d.order_id);
  if (d.risk !== "ok" && cause && d.driver_id) list.push(note(d.risk, "alert", h("span", {}, `${whyMoved(cause)}.`)));
  if (["REJECTED", "CANCELLED"].includes(d.status) && d.reason)
    list.push(note("", "info", h("span", {}, `Reason: ${d.reason}.`)));
  return list;
}
function why(d, decisions, sentence) {
  const page =
    d.id &&
    h("a", { class: "xs", "data-f": "whypage", href: `/admin/dispatch/delivery/${d.id}/why/` }, "All drivers compared");
  if (!decisions?.length)
    return sentence
      ? h(
          "section",
          {},
          h("div", { class: "row between" }, h("h3", {}, "Why"), page),
          h("div", { class: "note" }, icon("why"), h("span", {}, sentence)),
        )
      : null;
  const one = decisions.find((each) => each.driver_id && each.driver_id === d.driver_id) ?? decisions[0];
  const SCORE = {
    food_waits_s: "Food waits",
    late_s: "Past the promise",
    engaged_s: "Driver's time",
    travel_s: "Way to the kitchen",
    distance_m: "Distance",
    click_to_door_s: "From order to door",
    driver_s: "Driver's other work",
  };
  const parts = Object.entries(one.score)
    .filter(([name]) => SCORE[name])
    .map(([name, v]) => [
      SCORE[name],
      name.endsWith("_m") ? `${(v / 1000).toFixed(1)} km` : v < 0 ? `${span(-v)} early` : span(v),
    ]);
  return h(
    "section",
    {},
    h(
      "div",
      { class: "row between" },
      h(
        "h3",
        {},
        !one.driver_id
          ? "What the last round saw"
          : d.driver_id === one.driver_id
            ? "Why this driver"
            : "Who was asked last",
      ),
      page,
    ),
    h(
      "div",
      { class: "note" },
      icon("why"),
      h("span", {}, sentence || one.words, one.fallback && ` A simpler strategy decided: ${one.fallback}.`),
    ),
    parts.length + one.left_out.length > 0 &&
      h(
        "details",
        { class: "whole", "data-f": "whole" },
        h("summary", { "data-f": "wholesum" }, "The whole decision", icon("down")),
        h("p", { class: "xs mute" }, `Decided by ${one.strategy} at ${clock(one.at)}`),
        parts.length ? facts(...parts.map(([name, v]) => [name, h("span", { class: "num" }, v)])) : null,
        one.left_out.length
          ? [
              h("h4", {}, "Near, and left out"),
              h(
                "ul",
                { class: "leftout" },
                one.left_out.map((out) =>
                  h(
                    "li",
                    {},
                    linkish(`out-${out.driver_id}`, out.name || nameOf(out.driver_id), {
                      kind: "driver",
                      id: out.driver_id,
                    }),
                    ` ${out.words}`,
                  ),
                ),
              ),
            ]
          : null,
      ),
  );
}
function life(d, timeline, decisions) {
  if (!timeline)
    return h(
      "section",
      {},
      h("h3", {}, "Timeline"),
      Array.from({ length: 4 }, () => h("span", { class: "skel line" })),
    );
  const entries = timeline.map((entry) => lineOf(entry, nameOf)).filter(Boolean);
  for (const one of decisions ?? [])
    if (one.driver_id) entries.push({ text: `Asked ${one.name || nameOf(one.driver_id)}`, small: "", at: one.at });
  entries.sort((a, b) => ms(a.at) - ms(b.at));
  const lines = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    if (last && ((entry.again && last.again) || (entry.quiet && last.quiet))) {
      lines[lines.length - 1] = { ...entry, times: (last.times ?? 1) + 1 };
      continue;
    }
    lines.push({ ...entry });
  }
  const next = d.gone ? [] : ahead(d);
  return h(
    "section",
    {},
    h("h3", {}, "Timeline"),
    h(
      "ol",
      { class: `steps is-${d.risk === "ok" ? "carry" : d.risk}` },
      lines.map((line) =>
        h(
          "li",
          { class: `done${line.quiet || line.again ? " quiet" : ""}` },
          h("span", {}, line.text, line.times > 1 && ` (${line.times} times)`),
          h("time", {}, clock(line.at)),
          line.small && h("small", {}, line.small),
        ),
      ),
      next.map((line, i) =>
        h(
          "li",
          { class: i ? "" : "now", "aria-current": i ? null : "step" },
          h("span", {}, line.text),
          h("time", {}, line.at ? `about ${clock(line.at)}` : ""),
          line.small && h("small", {}, line.small),
        ),
      ),
    ),
  );
}
function footer(d, sale) {
  if (d.gone) {
    const open = ["PLACED", "ACCEPTED", "PREPARING", "READY"].includes(sale?.status);
    return open
      ? h(
          "footer",
          { class: "acts" },
          act("close", "Cancel…", () => actions.cancel(d), { cls: "danger" }),
        )
      : null;
  }
  const cancel = (why) => act("close", "Cancel…", () => actions.cancel(d), { cls: "danger", why });
  const first =
    d.priority > 0
      ? act("flag", "As usual", () => actions.prioritize(d, 0))
      : act("flag", "Put first", () => actions.putFirst(d));
  if (SEARCHING.has(d.status)) {
    const hold = d.held
      ? act("play", "Let it go", () => actions.release(d))
      : act("pause", "Hold back", () => actions.hold(d));
    return h(
      "footer",
      { class: "acts" },
      act("hand", "Assign by hand", () => actions.beginAssigning(d), { cls: "main" }),
      d.status === "NO_DRIVER_FOUND" ? act("redo", "Search again", () => actions.reopen(d)) : hold,
      first,
      cancel(),
    );
  }
  if (BEFORE_PICKUP.has(d.status)) {
    return h(
      "footer",
      { class: "acts" },
      act("undo", "Take back…", () => actions.takeBack(d)),
      act("redo", "Re-dispatch", () => actions.redispatch(d)),
      act("hand", "Give to another", () => actions.beginAssigning(d)),
      messageButton(d.driver_id),
      first,
      cancel(),
    );
  }
  if (ON_BOARD.has(d.status))
    return h(
      "footer",
      { class: "acts one" },
      app.world.isLocked(d) ? act("lock", "Waive the PIN…", () => actions.waivePin(d), { cls: "main" }) : null,
      messageButton(d.driver_id),
      h(
        "p",
        { class: "xs mute" },
        icon("lock"),
        `${firstName(d.driver_id)} has the food: from here on the driver finishes it, or brings it back.`,
      ),
    );
  return null;
}
