// Five counters on one line; driver states as one bar. Numbers not yet known are a dash, never 0.
import { get } from "../api.js";
import { $, clock, glyph, h, span } from "../ui.js";
import { app, on, zone } from "./app.js";

const STATES = [
  ["free", "Free", "free", "free"],
  ["inbound", "To kitchen", "inbound", "inbound"],
  ["counter", "At counter", "inbound", "disc"],
  ["carry", "With food", "carry", "carry"],
  ["paused", "Paused", "off", "off"],
  ["silent", "Silent", "off", "off"],
];
const FIGURES_MS = 6000;
const spot = {};
let figures = null;
let asked = 0;

export function buildStrip() {
  const value = (key) => (spot[key] = h("span", {}, "–"));
  const stat = (label, ...kids) =>
    h("div", { class: "stat" }, h("span", { class: "label" }, label), h("b", { class: "vals" }, ...kids));
  const part = (key, word) => h("span", {}, value(key), h("small", {}, ` ${word}`));
  const bar = h("div", { class: "bar", "aria-hidden": "true" });
  const key = h("div", { class: "key" });
  for (const [id, word, hue, shape] of STATES) {
    bar.append((spot[`bar-${id}`] = h("i", { class: `is-${hue}` })));
    key.append(h("span", { class: `is-${hue}` }, glyph(shape, hue), h("b", {}, value(id)), word));
  }
  $("#strip").append(
    stat("Open orders", h("span", {}, value("open"))),
    stat("Promise", part("risk", "at risk"), part("late", "late")),
    stat("Time to assign", part("typical", "typical"), part("slowest", "slowest 5 %")),
    h("div", { class: "stat fleetbar" }, bar, key),
    (spot.roundbox = stat("Last round", part("round", "ms"), part("ago", "ago"))),
  );
  on("past", ask);
  ask();
  setInterval(ask, FIGURES_MS);
}
async function ask() {
  if (document.hidden) return;
  const mine = ++asked;
  const at = app.past == null ? "" : `?at=${encodeURIComponent(new Date(app.past).toISOString())}`;
  try {
    const found = await get(`zones/${zone}/figures${at}`);
    if (mine === asked) figures = found;
  } catch {
    /* the old ones stay */
  }
  paintStrip();
}
const text = (key, words) => {
  const v = String(words);
  if (spot[key].textContent !== v) spot[key].textContent = v;
};
export function paintStrip() {
  const world = app.world;
  $("#clock").textContent = clock(app.t, true);
  if (world.ready) {
    const deliveries = [...world.deliveries.values()];
    const count = Object.fromEntries(STATES.map(([id]) => [id, 0]));
    for (const k of world.drivers.values()) count[k.silent ? "silent" : k.state] += 1;
    text("open", deliveries.length + world.placed.size);
    text("risk", deliveries.filter((d) => d.risk === "risk").length);
    text("late", deliveries.filter((d) => d.risk === "late").length);
    const nobody = !world.drivers.size;
    for (const [id] of STATES) {
      text(id, count[id]);
      spot[`bar-${id}`].style.flexGrow = nobody && id === "silent" ? 1 : count[id];
      spot[`bar-${id}`].hidden = !nobody && !count[id];
    }
  }
  const last = figures?.round?.ran_at ? figures.round : null;
  const seconds = (value) => (value == null ? "–" : span(value));
  text("typical", seconds(figures?.assign_typical_s));
  text("slowest", seconds(figures?.assign_slowest_s));
  text("round", last ? (last.solve_ms < 10 ? last.solve_ms.toFixed(1) : Math.round(last.solve_ms)) : "–");
  text("ago", last ? span(Math.max(0, (app.t - Date.parse(last.ran_at)) / 1000)) : "–");
  spot.roundbox.title = last
    ? `${last.strategy}, ran at ${clock(last.ran_at, true)}${last.fallback ? `; ${last.fallback}` : ""}`
    : "";
}
