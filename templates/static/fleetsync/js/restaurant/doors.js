// Whether orders come in: pause and limit of the kitchen, and the one line that says what stops them.
import { call, get } from "../api.js";
import { ask } from "../ask.js";
import { until } from "../time.js";
import { $, clock, h, icon, toast } from "../ui.js";
import { app, kitchen, on, say } from "./app.js";
import { refresh } from "./feed.js";
import { LOAD, PAUSE } from "./reasons.js";
import { columnOf } from "./tickets.js";

const SEGMENTS = 8;
const paused = () => app.about?.paused_until && until(app.about.paused_until) > 0;
let shownPaused = false;

/** Read the restaurant's settings; what is shown stays when they cannot be had. */
export async function settings() {
  if (navigator.onLine === false) return;
  try {
    app.about = await get(`restaurants/${kitchen}`);
  } catch {
    return;
  }
  say("about");
}
async function change(path, method, body, words, undo) {
  try {
    app.about = await call(method, path, body);
    toast(words(app.about), undo);
  } catch (problem) {
    toast(problem.status === undefined ? "No connection: nothing was changed. Try again." : problem.message);
  }
  say("about");
}
const own = (action = "") => `restaurants/${kitchen}${action}`;
const resume = () => change(own("/resume"), "POST", {}, () => "Open again. New orders come in.");
const pause = () =>
  ask(PAUSE, (minutes) =>
    change(
      own("/pause"),
      "POST",
      { minutes: Number(minutes) },
      (about) => `Paused until ${clock(about.paused_until)}`,
      resume,
    ),
  );
const limitTo = (most, undo) =>
  change(
    own(),
    "PATCH",
    { max_open_orders: most },
    () => (most ? `At most ${most} orders at once` : "No limit any more"),
    undo,
  );

function paintLoad() {
  const rows = app.orders;
  if (!rows) return;
  const cooking = rows.filter((row) => columnOf(row) === "cook").length;
  const waiting = rows.filter((row) => columnOf(row) === "new").length;
  const limit = app.about?.max_open_orders;
  const inside = cooking + waiting;
  const part = limit ? Math.min(1, inside / limit) * SEGMENTS : cooking;
  $("#load").classList.toggle("full", Boolean(limit) && inside >= limit);
  $("#load").setAttribute(
    "aria-label",
    `Kitchen load: ${limit ? `${inside} of ${limit} orders` : `${cooking} cooking, no limit`}. Change the limit`,
  );
  $("#load").replaceChildren(
    h("span", {}, "Kitchen load"),
    h(
      "span",
      { class: "dots", "aria-hidden": "true" },
      Array.from({ length: SEGMENTS }, (_, i) => h("i", { class: i < part ? "on" : "" })),
    ),
    h("b", { class: "num" }, limit ? `${inside} of ${limit}` : `${cooking} cooking`),
  );
  document.title = `${waiting ? `(${waiting}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
}

/** What stops orders, or keeps the board from being true: glyph, words and a way out; null: nothing. */
function trouble() {
  const button = (words, onclick) => h("button", { class: "btn small", type: "button", onclick }, words);
  const { about, failed, link } = app;
  if (failed && !app.orders) return ["alert", `The orders did not load. ${failed}`, () => button("Try again", refresh)];
  if (link === "off") return ["cut", "You are signed out, or not at this restaurant any more. Load the page again."];
  if (link === "poll") return ["cut", `Connection lost. Showing ${clock(app.shownAt, true)}, asking again every 10 s.`];
  if (paused())
    return [
      "pause",
      `Paused until ${clock(about.paused_until)}. Customers see you as closed; orders already here go on.`,
      () => button("Open again now", resume),
    ];
  if (about && !about.is_open)
    return [
      "clock",
      about.next_opening_at
        ? `Closed by your opening hours. New orders come from ${clock(about.next_opening_at)}.`
        : "Closed: no new orders come.",
    ];
  return null;
}
export function paintBanner() {
  const shut = Boolean(paused());
  $("#pauseword").textContent = shut ? "Open again" : "Pause orders";
  if (shut !== shownPaused) {
    shownPaused = shut;
    $("#pause .i")?.replaceWith(icon(shut ? "play" : "pause"));
  }
  $("#pause").setAttribute("aria-pressed", String(shut));
  const el = $("#banner");
  const found = trouble();
  el.hidden = !found;
  const [glyph, words, button] = found ?? ["", ""];
  if (el.dataset.words === words) return;
  el.dataset.words = words;
  el.replaceChildren(...(found ? [icon(glyph), h("span", {}, words), button?.() ?? ""] : []));
}
export function buildDoors() {
  $("#load").addEventListener("click", () => {
    const before = app.about?.max_open_orders ?? null;
    ask(LOAD, (most) => limitTo(most === "none" ? null : Number(most), () => limitTo(before)));
  });
  $("#pause").addEventListener("click", () => (paused() ? resume() : pause()));
}
for (const news of ["orders", "about"]) on(news, paintLoad);
for (const news of ["orders", "about", "link"]) on(news, paintBanner);
