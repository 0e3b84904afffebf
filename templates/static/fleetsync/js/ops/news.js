// What happened last in the zone, and what had happened at the moment looked at. Asked for while it is open.
import { get } from "../api.js";
import { $, clock, h } from "../ui.js";
import { app, choose, firstName, on, zone } from "./app.js";
import { newsOf } from "./words.js";

const GAP_MS = 1500;
const KEY = "fleetsync.news";
let rows = null;
let asked = 0;
let timer = 0;
let shown = "";

export function buildNews() {
  const news = $("#news");
  try {
    news.open = localStorage.getItem(KEY) === "1";
  } catch {
    /* private window */
  }
  news.addEventListener("toggle", () => {
    try {
      localStorage.setItem(KEY, news.open ? "1" : "0");
    } catch {
      /* private window */
    }
    load();
  });
  on("past", () => {
    $("#newstitle").textContent = app.past == null ? "What happened" : `What had happened by ${clock(app.past)}`;
    load();
  });
  on("event", () => {
    if (app.past == null) timer ||= setTimeout(load, GAP_MS);
  });
  on("names", paint);
  load();
}
async function load() {
  clearTimeout(timer);
  timer = 0;
  if (!$("#news").open) return;
  if (!rows) $("#newslist").replaceChildren(h("li", {}, h("span", { class: "skel line" })));
  const mine = ++asked;
  const at = app.past == null ? "" : `?at=${encodeURIComponent(new Date(app.past).toISOString())}`;
  let found = null;
  try {
    found = (await get(`zones/${zone}/events${at}`)).results;
  } catch {
    /* the old lines stay until the next answer */
  }
  if (mine !== asked) return;
  rows = found ?? rows;
  paint();
}
function paint() {
  const list = $("#newslist");
  const lines = (rows ?? []).map((row) => [row, newsOf(row, firstName)]).filter(([, line]) => line);
  const key = JSON.stringify(lines.map(([row, line]) => [row.id, line.text]));
  if (!rows || key === shown) return;
  shown = key;
  const focus = document.activeElement?.dataset?.news;
  list.replaceChildren(
    ...(lines.length ? lines.map(item) : [h("li", { class: "mute sm" }, "Nothing within an hour.")]),
  );
  if (focus) $(`[data-news="${focus}"]`, list)?.focus({ preventScroll: true });
}
function item([row, line]) {
  const pick = row.code ? { kind: "order", id: row.data.order_id } : { kind: "driver", id: row.data.driver_id };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", "data-news": row.id, onclick: (e) => choose(pick, e.currentTarget) },
      h("time", { class: "num" }, clock(row.at)),
      h(
        "span",
        {},
        row.code && [h("b", { class: "num" }, `#${row.code}`), " "],
        line.text,
        line.small && h("small", {}, ` ${line.small}`),
      ),
    ),
  );
}
