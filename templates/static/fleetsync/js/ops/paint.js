// One frame of the map, in one pass over one canvas. Draw order: heat, doors, paths, offers, kitchens, drivers, selection.
import { drawDriver, drawKitchen, drawPath, drawStop, drawTag } from "../map.js";
import { calm } from "../ui.js";
import { app, nameOf } from "./app.js";
import { groupsOf, nameGroups } from "./crowd.js";
import { layGround } from "./ground.js";
import { heatTurn, paintHeat } from "./heat.js";
import { doorStamp, kitchenStamp, setStamps, stamp, stampDriver } from "./stamps.js";
import { ms, ON_BOARD } from "./world.js";

export const show = { drivers: true, orders: true, offers: true, heat: false };
const EDGE = 30;
const QUIET_FROM = 12.5;
/** How the map stands: pixel x = ox + x * S of the world's 0..1, size of symbols; kept for whoever asks what is where. */
export const view = { S: 1, ox: 0, oy: 0, w: 0, h: 0, zoom: 0, size: 1, groups: [] };
let grouped = { world: null, t: 0, zoom: 0, inks: null };

export const rides = (k) =>
  k.state === "counter" || k.state === "paused" ? false : k.fresh ? k.state !== "free" : k.moving;
export const X = (x) => view.ox + x * view.S;
export const Y = (y) => view.oy + y * view.S;
/** Where a driver is drawn; one who waits at a counter stands beside the kitchen, not on it. */
export function spotOf(k, into) {
  into.x = X(k.px);
  into.y = Y(k.py);
  if (k.state === "counter") {
    const a = (k.fan / Math.max(3, k.fans)) * Math.PI * 2 - Math.PI / 3;
    into.x += Math.cos(a) * 11 * view.size;
    into.y += Math.sin(a) * 11 * view.size;
  }
  return into;
}
export const doorIsShown = (d) => show.orders && ON_BOARD.has(d.status) && (d.risk !== "ok" || view.zoom >= QUIET_FROM);
export const inSight = (x, y) => x > -EDGE && y > -EDGE && x < view.w + EDGE && y < view.h + EDGE;

/** Draw it. `origin` is the pixel of the world's corner; `hover` what is pointed at: { kind, id, word }. */
export function paint(ctx, c, origin, zoom, w, h, hover) {
  const world = app.world;
  const P = { x: 0, y: 0 };
  view.S = 256 * 2 ** zoom;
  view.ox = origin.x;
  view.oy = origin.y;
  view.w = w;
  view.h = h;
  view.zoom = zoom;
  view.size = Math.min(1.5, Math.max(0.68, 0.9 + (zoom - 14) * 0.22));
  if (!world.ready) return;
  setStamps(c, view.size, devicePixelRatio || 1);
  group(world, c);
  const picking = app.assigning;
  const pick = app.chosen;
  const chosen = pick?.kind === "order" ? world.byOrder.get(pick.id) : null;
  const rider =
    pick?.kind === "driver" ? world.drivers.get(pick.id) : chosen ? world.drivers.get(chosen.driver_id) : null;
  world.tracks.place(performance.now());
  const marks = [
    view.ox,
    view.oy,
    zoom,
    w,
    h,
    world,
    world.t,
    c,
    devicePixelRatio,
    show.orders,
    show.heat ? heatTurn() : -1,
    Boolean(picking),
  ];
  layGround(ctx, w, h, marks, (pen) => {
    if (show.heat) paintHeat(pen, X, Y, c);
    pen.globalAlpha = picking ? 0.3 : 1;
    if (show.orders) doors(pen, world, P);
    pen.globalAlpha = 1;
  });
  ctx.globalAlpha = picking ? 0.3 : 1;
  if (rider && !picking) paths(ctx, rider, c);
  if (!picking && (show.offers || chosen)) offers(ctx, world, c, chosen);
  if (show.orders) kitchens(ctx);
  ctx.globalAlpha = 1;
  if (show.drivers || picking) drivers(ctx, world, P, picking);
  if (picking) aim(ctx, world, picking, c, hover);
  else if (pick) selection(ctx, world, c, pick, chosen, rider);
  if (hover && pick?.id !== hover.id) tag(ctx, hover.at(P), hover.word, c, -24, c.surface, c.ink);
}
function group(world, c) {
  if (grouped.world === world && grouped.t === world.t && grouped.zoom === view.zoom && grouped.inks === c) return;
  view.groups = groupsOf(world, view.S);
  nameGroups(view.groups, view.S, view.zoom, view.size);
  grouped = { world, t: world.t, zoom: view.zoom, inks: c };
}
function doors(ctx, world, P) {
  for (const d of world.deliveries.values()) {
    if (!doorIsShown(d)) continue;
    P.x = X(d.dx);
    P.y = Y(d.dy);
    if (inSight(P.x, P.y)) stamp(ctx, doorStamp(d.risk === "ok" ? null : d.risk), P.x, P.y);
  }
}
function kitchens(ctx) {
  for (const g of view.groups) {
    const x = X(g.x);
    const y = Y(g.y);
    if (!inSight(x, y)) continue;
    stamp(ctx, kitchenStamp(g.n, g.alarm, g.members.length > 1), x, y);
    if (g.label) stamp(ctx, g.label.word, x + g.label.dx, y + g.label.dy);
  }
}
function drivers(ctx, world, P, picking) {
  for (const k of world.crowd) {
    spotOf(k, P);
    if (!inSight(P.x, P.y)) continue;
    if (picking) ctx.globalAlpha = k.state === "paused" || k.silent ? 0.35 : 1;
    stampDriver(ctx, k.look, rides(k) ? k.turn : -1, P.x, P.y);
  }
  ctx.globalAlpha = 1;
}
/** The way of a driver: solid to the next stop, dots after it. Straight lines: the street is the driver's choice. */
function paths(ctx, k, c) {
  let from = { x: X(k.px), y: Y(k.py) };
  k.stops?.forEach((stop, i) => {
    const to = { x: X(stop.x), y: Y(stop.y) };
    const hue = stop.kind === "pickup" ? c.inbound : c.carry;
    if (i === 0) drawPath(ctx, [from, to], hue, { width: 4, halo: c["m-halo"] });
    else drawPath(ctx, [from, to], hue, { width: 3.2, dash: [0.5, 8], alpha: 0.9 });
    from = to;
  });
}
/** All open offers in one stroke: a bow from the kitchen to who is asked, an arc of the time left around him. */
function offers(ctx, world, c, chosen) {
  const lines = new Path2D();
  const arcs = new Path2D();
  const t = app.t;
  let any = false;
  for (const offer of world.offers.values()) {
    const d = world.deliveries.get(offer.delivery_id);
    const k = world.drivers.get(offer.driver_id);
    if (!d || !k || (!show.offers && d !== chosen)) continue;
    offer.until ??= ms(offer.expires_at);
    offer.since ??= ms(offer.offered_at);
    const left = (offer.until - t) / (offer.until - offer.since);
    if (left <= 0) continue;
    const ax = X(d.kx);
    const ay = Y(d.ky);
    const bx = X(k.px);
    const by = Y(k.py);
    const r = 11 * view.size;
    any = true;
    lines.moveTo(ax, ay);
    lines.quadraticCurveTo((ax + bx) / 2 + (ay - by) * 0.16, (ay + by) / 2 + (bx - ax) * 0.16, bx, by);
    arcs.moveTo(bx, by - r);
    arcs.arc(bx, by, r, -Math.PI / 2, -Math.PI / 2 + Math.PI * 2 * Math.min(1, left));
  }
  if (!any) return;
  ctx.lineCap = "round";
  ctx.strokeStyle = c["m-halo"];
  ctx.lineWidth = 5;
  ctx.stroke(lines);
  ctx.setLineDash([7, 5]);
  ctx.lineDashOffset = app.past != null || calm() ? 0 : -performance.now() / 40;
  ctx.strokeStyle = c.offer;
  ctx.lineWidth = 2.2;
  ctx.stroke(lines);
  ctx.setLineDash([]);
  ctx.lineWidth = 2.4;
  ctx.stroke(arcs);
  ctx.lineCap = "butt";
}

// --- what is selected, pointed at, picked for -------------------------------------------------------
const at = (x, y) => ({ x: X(x), y: Y(y) });
/** A name tag that stays on the map. */
function tag(ctx, p, text, c, dy, fill, ink) {
  if (!text || !inSight(p.x, p.y)) return;
  const half = text.length * 3.9 + 12;
  drawTag(ctx, { x: Math.min(Math.max(p.x, half), view.w - half), y: p.y }, text, c, {
    dy: p.y + dy < 16 ? -dy : dy,
    fill,
    ink,
  });
}
function me(ctx, k, c) {
  const p = spotOf(k, { x: 0, y: 0 });
  drawDriver(ctx, p, { state: k.state, age: app.world.shownAge(k), moving: rides(k), heading: k.heading }, c, {
    size: view.size * 1.25,
    selected: true,
  });
  return p;
}
function selection(ctx, world, c, pick, chosen, rider) {
  if (rider) {
    rider.stops?.forEach((stop, i) =>
      drawStop(ctx, at(stop.x, stop.y), i + 1, c, stop.kind === "pickup" ? c.ink : c.carry),
    );
    tag(ctx, me(ctx, rider, c), nameOf(rider.id), c, -28);
  } else if (chosen) {
    const from = at(chosen.kx, chosen.ky);
    const to = at(chosen.dx, chosen.dy);
    drawPath(ctx, [from, to], c["ink-3"], { width: 2.6, dash: [0.5, 7], alpha: 0.9 });
    drawStop(ctx, to, "2", c, c.carry);
    drawKitchen(ctx, from, c, {
      size: view.size * 1.8,
      alarm:
        chosen.risk === "late" || chosen.status === "NO_DRIVER_FOUND" ? "late" : chosen.risk === "risk" ? "risk" : null,
    });
    tag(ctx, from, `#${chosen.code} ${chosen.restaurant.name}`, c, -26);
  } else if (pick.kind === "kitchen" && world.kitchens.has(pick.id)) {
    const k = world.kitchens.get(pick.id);
    const p = at(k.x, k.y);
    drawKitchen(ctx, p, c, { size: view.size * 1.7 });
    tag(ctx, p, k.name, c, -26);
  }
}
/** While a driver is picked: the order stands out, and a line to whoever is pointed at. */
function aim(ctx, world, d, c, hover) {
  const target = world.drivers.get(app.hovered ?? (hover?.kind === "driver" ? hover.id : ""));
  const a = at(d.kx, d.ky);
  if (target) {
    drawPath(ctx, [at(target.px, target.py), a], c.ink, { width: 2.6, dash: [6, 5], halo: c["m-halo"] });
    tag(ctx, me(ctx, target, c), nameOf(target.id), c, -28);
  }
  drawKitchen(ctx, a, c, { size: view.size * 1.8 });
  tag(ctx, a, `#${d.code} ${d.restaurant.name}`, c, 26);
}
