// What is told of an order: what needs a word now, why this driver, its life so far and ahead.
import { clock, h, icon, span } from "../ui.js";
import { app, firstName, nameOf } from "./app.js";
import { facts, linkish, tick } from "./drawer.js";
import { ahead, lineOf, plural, whyMoved } from "./words.js";
import { ms } from "./world.js";

const SCORE = {
  food_waits_s: "Food waits",
  late_s: "Past the promise",
  engaged_s: "Driver's time",
  travel_s: "Way to the kitchen",
  distance_m: "Distance",
  click_to_door_s: "From order to door",
  driver_s: "Driver's other work",
};

/** What somebody should know before he acts. */
export function notes(d, offer, search) {
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
/** Why the driver of the plan, in a sentence, and the whole decision for who wants it. */
export function why(d, decisions, sentence) {
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
/** The timeline: what was, then what is expected. */
export function life(d, timeline, decisions) {
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
