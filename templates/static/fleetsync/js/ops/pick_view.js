// Assigning by hand: the nearest drivers as a list; the same drivers can be clicked on the map.
import { get } from "../api.js";
import { $, h, icon, km, pill, span } from "../ui.js";
import { finishAssigning, stopAssigning } from "./actions.js";
import { app, learn, nameOf, on, say } from "./app.js";
import { redraw } from "./layer.js";
import { DRIVER, VEHICLE } from "./words.js";

const REACH_M = 15_000;
const MOST = 20;
let near = null;
let failed = false;

export async function loadNearest(d) {
  near = null;
  failed = false;
  try {
    const found = await get(`drivers/nearby?restaurant=${d.restaurant.id}&radius_m=${REACH_M}&limit=${MOST}`);
    if (app.assigning === d) near = found;
  } catch {
    failed = true;
  }
  say("loaded");
}
export function buildPicking() {
  $("#pickingstop").addEventListener("click", stopAssigning);
  on("assign", (driverId) => finishAssigning(driverId));
  on("assigning", () => {
    const d = app.assigning;
    $("#picking").hidden = !d;
    if (d) $("#pickingtext").textContent = `Pick a driver for #${d.code} here or in the list.`;
    document.querySelector(".stage").classList.toggle("aiming", Boolean(d));
    redraw();
  });
}
export function pickView(d) {
  const rows = near?.filter((n) => n.driver_id !== d.driver_id);
  const key = JSON.stringify([failed, rows?.map((n) => [n.driver_id, nameOf(n.driver_id)])]);
  return {
    key,
    build: () => [
      h(
        "header",
        {},
        h(
          "div",
          { class: "row between" },
          h("span", { class: "crumb" }, `#${d.code} ${d.restaurant.name}`),
          h(
            "button",
            {
              type: "button",
              class: "btn bare icon small",
              "data-f": "close",
              "aria-label": "Stop assigning",
              onclick: stopAssigning,
            },
            icon("close"),
          ),
        ),
        h("h2", {}, "Who takes it?"),
      ),
      h(
        "div",
        { class: "scroll flush" },
        failed
          ? h(
              "div",
              { class: "empty" },
              icon("alert"),
              h("b", {}, "The nearest drivers could not be asked for"),
              "Drivers on the map can still be clicked.",
              h("button", { type: "button", class: "btn", onclick: () => loadNearest(d) }, "Ask again"),
            )
          : !rows
            ? Array.from({ length: 6 }, () => h("span", { class: "skel line wide" }))
            : rows.length
              ? h(
                  "ul",
                  { class: "nearest" },
                  rows.map((n) => row(n)),
                )
              : h(
                  "div",
                  { class: "empty" },
                  icon("bike"),
                  h("b", {}, "Nobody has room within 15 km"),
                  "Somebody may be free in a minute; the order keeps its place.",
                ),
      ),
      h(
        "footer",
        { class: "acts one" },
        h(
          "p",
          { class: "xs mute" },
          icon("info"),
          "The driver is not asked: it is theirs at once, and you can take it back.",
        ),
      ),
    ],
  };
}
function row(n) {
  const k = app.world.drivers.get(n.driver_id);
  const p = app.world.people.get(n.driver_id);
  learn(n.driver_id, p?.name);
  const point = (id) => () => {
    app.hovered = id;
    redraw();
  };
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        "data-f": n.driver_id,
        onclick: () => finishAssigning(n.driver_id),
        onmouseenter: point(n.driver_id),
        onmouseleave: point(null),
        onfocus: point(n.driver_id),
        onblur: point(null),
      },
      h("b", { class: "cut" }, nameOf(n.driver_id)),
      h("span", { class: "num strong" }, km(n.distance_m)),
      h(
        "span",
        { class: "row" },
        k && pill(...DRIVER[k.state]),
        h(
          "span",
          { class: "xs mute cut" },
          [VEHICLE[p?.vehicle], p && `holds ${k?.held?.length ?? p.load} of ${p.capacity}`].filter(Boolean).join(", "),
        ),
      ),
      h("span", { class: "xs mute num" }, `seen ${span(n.age_s)} ago`),
    ),
  );
}
