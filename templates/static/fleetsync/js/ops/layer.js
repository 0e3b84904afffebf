// The map: Leaflet for streets and hands, one canvas above it for everything that moves.
/* global L */
import { get } from "../api.js";
import { makeMap, movingLayer } from "../map.js";
import { $, calm, h } from "../ui.js";
import { app, choose, close, live, on, phone, say, zone } from "./app.js";
import { loadHeat } from "./heat.js";
import { hitAt } from "./hit.js";
import { paint, show } from "./paint.js";
import { mercX, mercY } from "./world.js";

const DRAWER = 396;
const REACH = 12;
const PATIENCE_MS = 2000;
const FRAME_MS = 14;
const LOOSE = 17;
const PARTED = 30;
let map;
let layer;
let hover = null;
let origin = { lat: 0, lng: 0, x: 0, y: 0 };

export async function buildMap() {
  const streets = get(`zones/${zone}/basemap`).catch(() => null); // without them: plain land, everything else works
  const basemap = await Promise.race([
    streets,
    new Promise((done) => {
      setTimeout(done, PATIENCE_MS, null);
    }),
  ]);
  const ring = basemap?.features.find((f) => f.properties.kind === "zone")?.geometry.coordinates[0];
  const lats = ring?.map((p) => p[1]) ?? [39.2, 39.4];
  const lngs = ring?.map((p) => p[0]) ?? [-76.7, -76.5];
  const bounds = [
    [Math.min(...lats), Math.min(...lngs)],
    [Math.max(...lats), Math.max(...lngs)],
  ];
  map = makeMap($("#map"), {
    basemap,
    bounds,
    attribution: basemap?.attribution ?? "",
    controls: phone() ? false : "bottomright",
  });
  if (!basemap)
    streets.then((late) => {
      if (late) map.setBasemap(late);
    });
  const lat = (bounds[0][0] + bounds[1][0]) / 2;
  const lng = (bounds[0][1] + bounds[1][1]) / 2;
  origin = { lat, lng, x: mercX(lng), y: mercY(lat) };
  layer = movingLayer(map, (ctx, project, zoom, c, w, height) => {
    const o = project(origin.lat, origin.lng);
    const S = 256 * 2 ** zoom;
    paint(ctx, c, { x: o.x - origin.x * S, y: o.y - origin.y * S }, zoom, w, height, hover);
  });
  for (const [id, word] of [
    ["drivers", "Drivers"],
    ["orders", "Orders"],
    ["offers", "Offers"],
    ["heat", "Supply and demand"],
  ]) {
    $("#layers").append(
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(show[id]),
          onclick: (e) => {
            show[id] = !show[id];
            e.currentTarget.setAttribute("aria-pressed", String(show[id]));
            $("#heatkey").hidden = !show.heat;
            if (show.heat) loadHeat();
            redraw();
          },
        },
        word,
      ),
    );
  }
  $("#layers").append(
    h(
      "span",
      { class: "heatkey", id: "heatkey", hidden: true },
      h("i", { class: "sup" }),
      "drivers to spare",
      h("i", { class: "dem" }),
      "orders waiting",
    ),
  );
  map.on("click", (e) => {
    const hit = hitAt(e.containerPoint, REACH);
    if (app.assigning) {
      if (hit?.kind === "driver") say("assign", hit.id);
      return;
    }
    if (!hit) {
      if (app.chosen) close();
    } else if (hit.kind === "kitchens") open(hit);
    else choose({ kind: hit.kind, id: hit.id });
  });
  const host = map.getContainer();
  host.addEventListener("pointerdown", () => host.classList.add("byhand")); // the focus ring is for the keyboard
  host.addEventListener("keydown", () => host.classList.remove("byhand"));
  host.addEventListener("mousemove", (e) => {
    const box = host.getBoundingClientRect();
    point({ x: e.clientX - box.left, y: e.clientY - box.top });
  });
  host.addEventListener("mouseleave", () => {
    if (hover) {
      hover = null;
      redraw();
    }
  });
  on("choose", ({ pick }) => reveal(pick));
  on("heat", redraw);
  if (live.ready) begin();
  else on("ready", begin);
  loop();
}
/** The zone is wider than the work in it: begin where the kitchens are. */
function begin() {
  const places = [...live.kitchens.values()].map((k) => [k.position.lat, k.position.lng]);
  if (places.length > 1 && !app.chosen)
    map.fitBounds(L.latLngBounds(places).pad(0.12), { animate: false, maxZoom: 15 });
}
export const redraw = () => layer?.redraw();
export const colours = () => layer?.colours();

/** Draw while something moves, as often as the screen shows it, at most some sixty times a second; once a second
 * where motion is not wanted; never for a hidden page. */
function loop() {
  let last = 0;
  const turn = (at) => {
    if (!document.hidden && at - last >= (calm() ? 1000 : FRAME_MS) && (app.past == null || app.gliding)) {
      last = at;
      layer.frame();
    }
    requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
}
function point(p) {
  const before = hover?.id;
  hover = hitAt(p, REACH);
  if (hover?.id === before) return;
  map.getContainer().classList.toggle("hit", Boolean(hover));
  redraw();
}
/** Kitchens drawn as one: go nearer until they part; those at one address open as the worst of them. */
function open({ members: [first, ...others], id }) {
  const spread = Math.max(...others.map((k) => Math.max(Math.abs(k.x - first.x), Math.abs(k.y - first.y))));
  const apart = Math.log2(PARTED / (256 * spread));
  if (map.getZoom() >= LOOSE || apart > LOOSE) choose({ kind: "kitchen", id });
  else map.setView([first.lat, first.lng], Math.min(LOOSE, Math.max(map.getZoom() + 0.5, apart)), { animate: false });
}
/** Move the map so that a selection is not under the drawer or the edge; nothing moves when it is in sight. */
function reveal(pick) {
  if (!map) return;
  const at = placeOf(pick);
  if (!at) return;
  const size = map.getSize();
  const small = phone();
  const S = 256 * 2 ** map.getZoom();
  const o = map.latLngToContainerPoint([origin.lat, origin.lng]);
  const p = { x: o.x + (at.x - origin.x) * S, y: o.y + (at.y - origin.y) * S };
  const w = size.x - (small ? 0 : DRAWER);
  const bottom = small ? size.y * 0.4 : size.y - 70;
  if (p.x < 70 || p.x > w - 70 || p.y < 70 || p.y > bottom - 30)
    map.panBy([p.x - w / 2, p.y - bottom / 2], { animate: !calm(), duration: 0.25 });
}
function placeOf(pick) {
  const world = app.world;
  if (pick.kind === "driver") return world.drivers.get(pick.id);
  if (pick.kind === "kitchen") return world.kitchens.get(pick.id);
  const d = world.byOrder.get(pick.id);
  if (!d) return null;
  return world.drivers.get(d.driver_id) ?? { x: d.kx, y: d.ky };
}
