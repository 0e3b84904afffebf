// What the sheets of the driver's page are made of.
import { h, icon } from "../ui.js";

export const btn = (cls, words, onclick, more = {}) =>
  h("button", { class: `btn ${cls}`, type: "button", onclick, "data-keep": words, ...more }, words);
export const note = (glyph, ...words) => h("div", { class: "note" }, icon(glyph), h("span", {}, ...words));
export const trio = (...parts) =>
  h(
    "dl",
    { class: "trio num" },
    parts.map(([big, small]) => h("div", {}, h("dt", {}, small), h("dd", {}, big))),
  );
export const head = (hue, glyph, title, text, more) =>
  h(
    "div",
    { class: `task-h is-${hue}` },
    h("span", { class: "swatch" }, icon(glyph)),
    h("div", { class: "grow" }, h("h2", {}, title), h("p", {}, text)),
    more,
  );
export const stop = (n, door, name, small, time) =>
  h(
    "li",
    { class: door ? "door" : "" },
    h("span", { "aria-hidden": "true" }, n),
    h("div", {}, h("b", {}, name), h("p", {}, small)),
    h("time", { class: "num" }, time),
  );
export const progress = (done) =>
  h(
    "div",
    { class: "progress", role: "img", "aria-label": `Step ${done} of 4` },
    [1, 2, 3, 4].map((i) => h("i", { class: i <= done ? "on" : "" })),
  );
export const hours = (seconds) =>
  `${Math.floor(seconds / 3600)}:${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} h`;
export const minutes = (seconds) => `${Math.max(0, Math.round(seconds / 60))} min`;
