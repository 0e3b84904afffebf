// The map: one canvas above the streets. Draw order: heat, doors, paths, offers, kitchens, drivers, selection.
/* global L */
import { get } from "../api.js";
import { drawDoor, drawDriver, drawKitchen, drawPath, drawStop, drawTag, makeMap, movingLayer } from "../map.js";
import { $, calm, h } from "../ui.js";
import { app, choose, close, live, nameOf, on, phone, say, zone } from "./app.js";
import { loadHeat, paintHeat } from "./heat.js";
import { stampDriver } from "./stamps.js";
import { mercX, mercY, ms, ON_BOARD, SEARCHING } from "./world.js";

export const show = { drivers: true, orders: true, offers: true, heat: false };
const DRAWER = 396, REACH = 15, PATIENCE_MS = 2000, STILL_MS = 30;
let map, layer, hover = null, origin = { lat: 0, lng: 0, x: 0, y: 0 };
const spots = []; // what can be clicked, refilled each frame: { x, y, r, pick, word }
let used = 0;
const spot = (x, y, r, pick, word) => { const s = spots[used] ?? (spots[used] = {}); used += 1; s.x = x; s.y = y; s.r = r; s.pick = pick; s.word = word; };

export async function buildMap() {
  const streets = get(`zones/${zone}/basemap`).catch(() => null); // without them: plain land, everything else works
  const basemap = await Promise.race([streets, new Promise((done) => { setTimeout(done, PATIENCE_MS, null); })]);
  const ring = basemap?.features.find((f) => f.properties.kind === "zone")?.geometry.coordinates[0];
  const lats = ring?.map((p) => p[1]) ?? [39.2, 39.4], lngs = ring?.map((p) => p[0]) ?? [-76.7, -76.5];
  const bounds = [[Math.min(...lats), Math.min(...lngs)], [Math.max(...lats), Math.max(...lngs)]];
  map = makeMap($("#map"), { basemap, bounds, attribution: basemap?.attribution ?? "", controls: phone() ? false : "bottomright" });
  if (!basemap) streets.then((late) => { if (late) map.setBasemap(late); });
  const lat = (bounds[0][0] + bounds[1][0]) / 2, lng = (bounds[0][1] + bounds[1][1]) / 2;
  origin = { lat, lng, x: mercX(lng), y: mercY(lat) };
  layer = movingLayer(map, draw);
  for (const [id, word] of [["drivers", "Drivers"], ["orders", "Orders"], ["offers", "Offers"], ["heat", "Supply and demand"]]) {
    $("#layers").append(h("button", { type: "button", "aria-pressed": String(show[id]), onclick: (e) => { show[id] = !show[id]; e.currentTarget.setAttribute("aria-pressed", String(show[id])); $("#heatkey").hidden = !show.heat; if (show.heat) loadHeat(); redraw(); } }, word));
  }
  $("#layers").append(h("span", { class: "heatkey", id: "heatkey", hidden: true }, h("i", { class: "sup" }), "drivers to spare", h("i", { class: "dem" }), "orders waiting"));
  map.on("click", (e) => {
    const hit = find(e.containerPoint);
    if (app.assigning) { if (hit?.kind === "driver") say("assign", hit.id); return; }
    if (hit) choose(hit); else if (app.chosen) close();
  });
  const host = map.getContainer();
  host.addEventListener("pointerdown", () => host.classList.add("byhand")); // the focus ring is for the keyboard
  host.addEventListener("keydown", () => host.classList.remove("byhand"));
  host.addEventListener("mousemove", (e) => { const box = host.getBoundingClientRect(); point({ x: e.clientX - box.left, y: e.clientY - box.top }); });
  host.addEventListener("mouseleave", () => { if (hover) { hover = null; redraw(); } });
  on("choose", ({ pick }) => reveal(pick));
  on("heat", redraw);
  if (live.ready) begin(); else on("ready", begin);
  loop();
}
/** The zone is wider than the work in it: begin where the kitchens are. */
function begin() {
  const places = [...live.kitchens.values()].map((k) => [k.position.lat, k.position.lng]);
  if (places.length > 1 && !app.chosen) map.fitBounds(L.latLngBounds(places).pad(0.12), { animate: false, maxZoom: 15 });
}
export const redraw = () => layer?.redraw();
export const colours = () => layer?.colours();

/** Draw while something moves: never for a hidden page, once a second where motion is not wanted. */
function loop() {
  let last = 0;
  const turn = (at) => {
    const every = calm() ? 1000 : STILL_MS; // panning draws at once, by itself
    if (!document.hidden && at - last >= every && (app.past == null || app.gliding)) { last = at; layer.frame(); }
    requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
}
function nearest(p, reach) {
  let best = null, least = reach;
  for (let i = 0; i < used; i += 1) {
    const s = spots[i], far = Math.hypot(s.x - p.x, s.y - p.y) - s.r / 4;
    if (far < least && (!app.assigning || s.pick.kind === "driver")) { least = far; best = s; }
  }
  return best;
}
const find = (p) => nearest(p, REACH)?.pick ?? null;
function point(p) {
  const best = nearest(p, 11), before = hover?.id;
  hover = best ? { ...best.pick, word: best.word } : null;
  map.getContainer().classList.toggle("hit", Boolean(best));
  if (hover?.id !== before) redraw();
}
/** Move the map so that a selection is not under the drawer or the edge; nothing moves when it is in sight. */
function reveal(pick) {
  if (!map) return;
  const at = placeOf(pick);
  if (!at) return;
  const size = map.getSize(), small = phone(), S = 256 * 2 ** map.getZoom(), o = map.latLngToContainerPoint([origin.lat, origin.lng]);
  const p = { x: o.x + (at.x - origin.x) * S, y: o.y + (at.y - origin.y) * S };
  const w = size.x - (small ? 0 : DRAWER), bottom = small ? size.y * 0.4 : size.y - 70;
  if (p.x < 70 || p.x > w - 70 || p.y < 70 || p.y > bottom - 30) map.panBy([p.x - w / 2, p.y - bottom / 2], { animate: !calm(), duration: 0.25 });
}
function placeOf(pick) {
  const world = app.world;
  if (pick.kind === "driver") return world.drivers.get(pick.id);
  if (pick.kind === "kitchen") return world.kitchens.get(pick.id);
  const d = world.byOrder.get(pick.id);
  if (!d) return null;
  return world.drivers.get(d.driver_id) ?? { x: d.kx, y: d.ky };
}

// --- one frame ------------------------------------------------------------------------------
function draw(ctx, project, z, c, w, hgt) {
  const world = app.world, t = app.t, now = performance.now(), S = 256 * 2 ** z, o = project(origin.lat, origin.lng);
  const X = (x) => o.x + (x - origin.x) * S, Y = (y) => o.y + (y - origin.y) * S;
  const seen = (x, y) => x > -30 && y > -30 && x < w + 30 && y < hgt + 30;
  const size = Math.min(1.5, Math.max(0.68, 0.9 + (z - 14) * 0.22)), P = { x: 0, y: 0 };
  const at = (x, y) => { P.x = X(x); P.y = Y(y); return P; };
  used = 0;
  if (!world.ready) return;
  const picking = app.assigning, dim = picking ? 0.3 : 1;
  if (show.heat) paintHeat(ctx, X, Y, c);
  ctx.globalAlpha = dim;
  const kitchens = new Map();
  for (const d of world.deliveries.values()) {
    const aboard = ON_BOARD.has(d.status);
    if (!aboard) { const k = kitchens.get(d.restaurant.id) ?? kitchens.set(d.restaurant.id, { n: 0, alarm: null, d }).get(d.restaurant.id); k.n += 1; if (SEARCHING.has(d.status) && (d.risk !== "ok" || d.status === "NO_DRIVER_FOUND") && k.alarm !== "late") { k.alarm = d.risk === "late" || d.status === "NO_DRIVER_FOUND" ? "late" : "risk"; k.d = d; } }
    if (!show.orders || !aboard) continue;
    at(d.dx, d.dy);
    if (seen(P.x, P.y)) { drawDoor(ctx, P, c, { alarm: d.risk === "ok" ? null : d.risk, size }); spot(P.x, P.y, 7, { kind: "order", id: d.order_id }, `#${d.code} door`); }
  }
  const pick = app.chosen, chosen = pick?.kind === "order" ? world.byOrder.get(pick.id) : null;
  const rider = pick?.kind === "driver" ? world.drivers.get(pick.id) : chosen ? world.drivers.get(chosen.driver_id) : null;
  for (const k of world.drivers.values()) world.place(k, now);
  if (rider && !picking) paths(ctx, rider, X, Y, c);
  if (!picking && (show.offers || chosen)) offers(ctx, world, X, Y, c, t, size, chosen);
  if (show.orders) {
    for (const [id, k] of kitchens) {
      at(k.d.kx, k.d.ky);
      if (seen(P.x, P.y)) { drawKitchen(ctx, P, c, { n: k.n, alarm: k.alarm, size: k.n > 1 ? size * 1.25 : size }); spot(P.x, P.y, 8, { kind: "kitchen", id }, `${k.d.restaurant.name}, ${k.n} waiting`); }
    }
  }
  ctx.globalAlpha = 1;
  if (show.drivers || picking) drivers(ctx, world, X, Y, c, size, seen, picking);
  if (rider && !picking) stops(ctx, rider, X, Y, c);
  if (chosen && !picking) order(ctx, world, chosen, at, X, Y, c, size, rider);
  else if (rider && !picking) { me(ctx, rider, at, c, size); drawTag(ctx, P, nameOf(rider.id), c, { dy: -28 }); }
  else if (pick?.kind === "kitchen" && world.kitchens.has(pick.id)) { const k = world.kitchens.get(pick.id); drawKitchen(ctx, at(k.x, k.y), c, { size: size * 1.7 }); drawTag(ctx, P, k.name, c, { dy: -26 }); }
  if (picking) aim(ctx, world, picking, X, Y, c, size);
  if (hover && !(pick?.id === hover.id)) { const s = spots.slice(0, used).find((each) => each.pick.id === hover.id && each.pick.kind === hover.kind); if (s) drawTag(ctx, s, hover.kind === "driver" ? nameOf(hover.id) : s.word, c, { dy: -24, fill: c.surface, ink: c.ink }); }
}
function drivers(ctx, world, X, Y, c, size, seen, picking) {
  const K = { state: "", age: 0, moving: false, heading: 0 }, P = { x: 0, y: 0 };
  for (const k of world.drivers.values()) {
    P.x = X(k.px); P.y = Y(k.py);
    if (!seen(P.x, P.y)) continue;
    if (k.fans > 1 || k.state === "counter") { const a = (k.fan / Math.max(3, k.fans)) * Math.PI * 2 - Math.PI / 3; P.x += Math.cos(a) * 11 * size; P.y += Math.sin(a) * 11 * size; } // beside the kitchen, not on it
    K.state = k.state; K.age = world.shownAge(k); K.moving = rides(k); K.heading = k.heading;
    if (picking) ctx.globalAlpha = k.state === "paused" || k.silent ? 0.35 : 1;
    stampDriver(ctx, P, K, c, size, k.alarm);
    ctx.globalAlpha = 1;
    spot(P.x, P.y, 12, { kind: "driver", id: k.id }, "");
  }
}
const me = (ctx, k, at, c, size) => { const p = at(k.px, k.py); drawDriver(ctx, p, { state: k.state, age: app.world.shownAge(k), moving: rides(k), heading: k.heading }, c, { size: size * 1.25, selected: true }); };
const rides = (k) => (k.state === "counter" || k.state === "paused" ? false : k.fresh ? k.state !== "free" : k.moving);

/** The way of a driver: solid to the next stop, dots after it, numbered stops. Straight lines: the street is the driver's choice. */
function paths(ctx, k, X, Y, c) {
  let from = { x: X(k.px), y: Y(k.py) };
  k.stops.forEach((stop, i) => {
    const to = { x: X(stop.x), y: Y(stop.y) }, hue = stop.kind === "pickup" ? c.inbound : c.carry;
    if (i === 0) drawPath(ctx, [from, to], hue, { width: 4, halo: c["m-halo"] });
    else drawPath(ctx, [from, to], hue, { width: 3.2, dash: [0.5, 8], alpha: 0.9 });
    from = to;
  });
}
const stops = (ctx, k, X, Y, c) => k.stops.forEach((stop, i) => drawStop(ctx, { x: X(stop.x), y: Y(stop.y) }, i + 1, c, stop.kind === "pickup" ? c.ink : c.carry));
function offers(ctx, world, X, Y, c, t, size, chosen) {
  for (const offer of world.offers.values()) {
    const d = world.deliveries.get(offer.delivery_id), k = world.drivers.get(offer.driver_id);
    if (!d || !k || (!show.offers && d !== chosen)) continue;
    const left = (ms(offer.expires_at) - t) / (ms(offer.expires_at) - ms(offer.offered_at));
    if (left <= 0) continue;
    const a = { x: X(d.kx), y: Y(d.ky) }, b = { x: X(k.px), y: Y(k.py) }, mx = (a.x + b.x) / 2 + (a.y - b.y) * 0.16, my = (a.y + b.y) / 2 + (b.x - a.x) * 0.16, points = [];
    for (let i = 0; i <= 16; i += 1) { const f = i / 16, g = 1 - f; points.push({ x: g * g * a.x + 2 * g * f * mx + f * f * b.x, y: g * g * a.y + 2 * g * f * my + f * f * b.y }); }
    drawPath(ctx, points, c.offer, { width: 2.2, dash: [7, 5], halo: c["m-halo"], offset: app.past == null ? -performance.now() / 40 : 0 });
    ctx.beginPath(); ctx.arc(b.x, b.y, 11 * size, -Math.PI / 2, -Math.PI / 2 + Math.PI * 2 * Math.min(1, left)); ctx.strokeStyle = c.offer; ctx.lineWidth = 2.4; ctx.stroke();
  }
}
function order(ctx, world, d, at, X, Y, c, size, rider) {
  if (rider) { me(ctx, rider, at, c, size); drawTag(ctx, at(rider.px, rider.py), nameOf(rider.id), c, { dy: -28 }); return; }
  drawPath(ctx, [{ x: X(d.kx), y: Y(d.ky) }, { x: X(d.dx), y: Y(d.dy) }], c["ink-3"], { width: 2.6, dash: [0.5, 7], alpha: 0.9 });
  drawStop(ctx, at(d.dx, d.dy), "2", c, c.carry);
  const p = at(d.kx, d.ky);
  drawKitchen(ctx, p, c, { size: size * 1.8, alarm: d.risk === "late" || d.status === "NO_DRIVER_FOUND" ? "late" : d.risk === "risk" ? "risk" : null });
  drawTag(ctx, p, `#${d.code} ${d.restaurant.name}`, c, { dy: -26 });
}
/** While a driver is picked: the order stands out, and a line to whoever is pointed at. */
function aim(ctx, world, d, X, Y, c, size) {
  const target = world.drivers.get(app.hovered ?? (hover?.kind === "driver" ? hover.id : "")), a = { x: X(d.kx), y: Y(d.ky) };
  if (target) {
    const b = { x: X(target.px), y: Y(target.py) };
    drawPath(ctx, [b, a], c.ink, { width: 2.6, dash: [6, 5], halo: c["m-halo"] });
    drawDriver(ctx, b, { state: target.state, age: world.shownAge(target), moving: target.moving, heading: target.heading }, c, { size: size * 1.25, selected: true });
    drawTag(ctx, b, nameOf(target.id), c, { dy: -28 });
  }
  drawKitchen(ctx, a, c, { size: size * 1.8 });
  drawTag(ctx, a, `#${d.code} ${d.restaurant.name}`, c, { dy: 26 });
}
