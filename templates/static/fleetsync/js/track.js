// One order for whoever holds its link: one number, one sentence, one line that says why the number moved.
import { get } from "./api.js";
import { makeMap, movingLayer, drawDriver, drawPath, drawTag } from "./map.js";
import { meta } from "./page.js";
import { Review } from "./review.js";
import { Live } from "./socket.js";
import { setClock, since, now, speed } from "./time.js";
import { $, h, icon, boot, clock, span, km, setLink, calm } from "./ui.js";

boot();
const token = meta("track-token");
const order = meta("order-id");
const POLL_MS = 10_000;
const AGAIN_MS = 2_000;
const PATIENCE_MS = 8_000;
const STEPS = ["Placed", "Kitchen", "On the way", "Your door"];
const CAUSES = {
  kitchen: "the kitchen needs a little longer",
  road: "the way takes longer",
  driver: "another driver took over",
  "other-doors": "another door comes first",
  search: "we are still looking for a driver",
};
let view = null;
let seen = null;
let moved = null;
let polled = 0;
let link = "amber";
let timer = 0;
let layer = null;
let noMap = false;
let mapped = false;

const review = new Review(token, () => look());

// --- what is said -----------------------------------------------------------------------
function step() {
  const { order: sale, delivery } = view;
  if (["DELIVERED"].includes(sale.status)) return 4;
  if (delivery?.status === "ARRIVED_AT_DROPOFF") return 3;
  if (["PICKED_UP", "RETURNING"].includes(sale.status)) return 2;
  return sale.status === "PLACED" ? 0 : 1;
}
function sentence() {
  const { order: sale, delivery, driver } = view;
  const kitchen = sale.restaurant.name;
  const who = driver?.first_name || "Your driver";
  switch (sale.status) {
    case "PLACED":
      return `${kitchen} has your order and will answer in a moment.`;
    case "ACCEPTED":
    case "PREPARING":
      return `${kitchen} is cooking. A driver is timed to arrive when the food is ready, so nothing waits.`;
    case "READY":
      return delivery?.status === "ARRIVED_AT_PICKUP"
        ? `${who} is at ${kitchen}, picking up your food.`
        : `Your food is ready${driver ? `; ${who} is on the way to fetch it.` : ", and a driver is on the way."}`;
    case "PICKED_UP":
      return delivery?.status === "ARRIVED_AT_DROPOFF"
        ? `${who} is at your door.`
        : driver?.doors_before
          ? `${who} has your food and stops at ${driver.doors_before === 1 ? "one other door" : `${driver.doors_before} other doors`} first.`
          : `${who} has your food and is on the way.`;
    case "DELIVERED":
      return "Handed over. Enjoy your meal.";
    case "REJECTED":
      return `${kitchen} could not take the order. You are not charged.`;
    case "CANCELLED":
      return "This order was cancelled. You are not charged.";
    case "RETURNING":
    case "RETURNED":
      return "Nobody was there to take it, so it went back to the kitchen.";
    default:
      return "";
  }
}
const over = () => ["DELIVERED", "REJECTED", "CANCELLED", "RETURNED"].includes(view?.order.status);

function paint() {
  if (!view) return;
  const { order: sale, eta, driver, dropoff } = view;
  const late = !over() && since(sale.promised_at) > 0;
  const at = step();
  const big = $("#eta");
  if (sale.status === "DELIVERED") big.replaceChildren("Delivered ", h("small", {}, clock(sale.delivered_at)));
  else if (over())
    big.replaceChildren({ REJECTED: "Not accepted", CANCELLED: "Cancelled", RETURNED: "Returned" }[sale.status]);
  else if (eta)
    big.textContent =
      clock(eta.low_at) === clock(eta.high_at) ? clock(eta.low_at) : `${clock(eta.low_at)}–${clock(eta.high_at)}`;
  else big.replaceChildren(h("small", {}, "by "), clock(sale.promised_at));
  $("#say").textContent = (late ? "Running late, and we are sorry. " : "") + sentence();
  const why = $("#moved");
  why.hidden = !moved || over();
  if (moved) why.replaceChildren(icon("clock"), h("span", {}, moved));
  why.classList.toggle("bad", late);
  const legs = STEPS.map((word, i) =>
    h("li", { class: i < at ? "done" : i === at ? "now" : "", "aria-current": i === at ? "step" : null }, word),
  );
  $("#legs").className = `legs${sale.status === "DELIVERED" ? " is-free" : late ? " is-risk" : ""}`;
  $("#legs").replaceChildren(...legs);
  if (["REJECTED", "CANCELLED", "RETURNED"].includes(sale.status)) $("#legs").replaceChildren();
  const cards = [];
  if (view.delivery?.pin && !over()) cards.push(pinCard(view.delivery.pin));
  if (driver && !over()) {
    const words = { BICYCLE: "Bicycle", SCOOTER: "Scooter", CAR: "Car" }[driver.vehicle] ?? "";
    cards.push(
      h(
        "div",
        { class: "courier" },
        h("span", { class: "swatch" }, icon("bike")),
        h("div", { class: "grow" }, h("b", {}, driver.first_name || "Your driver"), h("p", {}, words)),
      ),
    );
  }
  if (view.review) cards.push(review.card(view.review, now()));
  cards.push(
    h(
      "div",
      { class: "courier" },
      h("span", { class: "swatch" }, icon("store")),
      h(
        "div",
        { class: "grow" },
        h("b", {}, sale.restaurant.name),
        h(
          "p",
          {},
          `ordered ${clock(sale.placed_at)}${sale.ready_at && at < 2 ? ` · ready about ${clock(sale.ready_at)}` : ""}`,
        ),
      ),
    ),
  );
  if (dropoff?.address)
    cards.push(
      h(
        "div",
        { class: "courier" },
        h("span", { class: "swatch" }, icon("door")),
        h("div", { class: "grow" }, h("b", {}, dropoff.address), h("p", {}, dropoff.note ?? "")),
      ),
    );
  const host = $("#cards");
  if (view.review && review.el.parentNode === host) {
    for (const kid of [...host.children]) if (kid !== review.el) kid.remove();
    const place = cards.indexOf(review.el);
    review.el.before(...cards.slice(0, place));
    review.el.after(...cards.slice(place + 1));
  } // keeps what is being typed
  else host.replaceChildren(...cards);
  banner();
  layer?.redraw();
  if (noMap) drawNoMap();
}
/** Four digits, told at the door and nowhere else. */
function pinCard(pin) {
  return h(
    "div",
    { class: "pin" },
    h("div", {}, h("b", {}, "Your PIN"), h("p", { class: "mute sm" }, "Tell it at the door, if you are asked.")),
    h(
      "p",
      { class: "digits", role: "img", "aria-label": [...pin].join(" ") },
      [...pin].map((digit) => h("b", {}, digit)),
    ),
  );
}
function banner() {
  const el = $("#banner");
  el.hidden = link !== "poll" || over();
  if (!el.hidden)
    el.replaceChildren(
      icon("alert"),
      h("span", {}, `Connection lost. Showing ${clock(polled || now())}, asking again every 10 s.`),
    );
}

// --- data -------------------------------------------------------------------------------
function take(next) {
  const before = view?.eta;
  const after = next.eta;
  if (before && after) {
    const minutes = Math.round((new Date(after.high_at) - new Date(before.high_at)) / 60_000);
    if (Math.abs(minutes) >= 2)
      moved = `${Math.abs(minutes)} min ${minutes > 0 ? "later" : "earlier"} than last said${after.cause ? `: ${CAUSES[after.cause] ?? after.cause}` : ""}.`;
  }
  view = next;
  polled = now();
  const place = next.driver?.position;
  if (place) note(place.lat, place.lng, place.heading_deg, place.age_s);
  else seen = null;
  openMap();
  paint();
}
let asked = 0;
async function look() {
  const turn = ++asked;
  try {
    const next = await get(`tracking/${token}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (turn === asked) take(next);
  } catch (error) {
    if (error.status === 404) {
      $("#say").textContent = "This link is not valid any more.";
      live.end();
    } else if (turn === asked) {
      if (!view) $("#say").textContent = "Your order did not load. It is tried again by itself.";
      soon(AGAIN_MS); // what an event told of is not seen yet
    }
  }
}
const soon = (wait = 150) => {
  clearTimeout(timer);
  timer = setTimeout(look, wait);
};
const live = new Live({ track: token });
let poll = 0;
live.onState((state) => {
  link = state;
  setLink(state);
  clearInterval(poll);
  if (state === "off") clearTimeout(timer);
  else if (state !== "live") poll = setInterval(look, POLL_MS);
  banner();
});
live.subscribe(`order:${order}`, (frame) => {
  if (frame.type === "snapshot" && frame.data?.order) {
    asked += 1; // an answer on its way is older
    take(frame.data);
  } else if (frame.type === "position") {
    note(frame.data.lat, frame.data.lng, frame.data.heading_deg, 0);
    layer?.redraw();
    if (noMap) drawNoMap();
  } else soon();
});
try {
  setClock(await get("clock"));
} catch {
  /* the socket's first frame brings it too */
}
await look();

// --- the map ----------------------------------------------------------------------------
/** Keep the last two points: the driver glides along the last segment, never beyond it. */
function note(lat, lng, heading, age) {
  const t = performance.now();
  if (seen && seen.to.lat === lat && seen.to.lng === lng) {
    seen.at = now() - age * 1000;
    return;
  }
  seen = {
    from: seen ? here() : { lat, lng },
    to: { lat, lng },
    start: t,
    heading: heading ?? 0,
    at: now() - age * 1000,
  };
}
function here() {
  const f = calm() ? 1 : Math.min(1, (performance.now() - seen.start) / 1000);
  return {
    lat: seen.from.lat + (seen.to.lat - seen.from.lat) * f,
    lng: seen.from.lng + (seen.to.lng - seen.from.lng) * f,
  };
}
/** Open the map once it is known where; without it the page says the same in words. */
async function openMap() {
  const pickup = view.order.restaurant.position;
  const door = view.dropoff;
  if (mapped || !pickup || !door) return;
  mapped = true;
  let basemap = null;
  try {
    basemap = await get(`zones/${meta("zone-id")}/basemap`, { signal: AbortSignal.timeout(2000) });
  } catch {
    /* the words below */
  }
  if (!basemap || !window.L) {
    noMap = true;
    drawNoMap();
    return;
  }
  const wide = matchMedia("(min-width: 861px)").matches;
  const map = makeMap($("#map"), {
    basemap,
    attribution: basemap.attribution,
    controls: wide ? "bottomright" : false,
    bounds: L.latLngBounds([
      [pickup.lat, pickup.lng],
      [door.lat, door.lng],
    ]).pad(0.35),
  });
  layer = movingLayer(map, (ctx, project, zoom, c) => {
    const K = project(pickup.lat, pickup.lng);
    const D = project(door.lat, door.lng);
    const place = seen && !over() ? here() : null;
    const p = place && project(place.lat, place.lng);
    drawPath(ctx, p ? [K, p] : [K, D], c["ink-3"], { width: 3, dash: [1, 8], alpha: 0.7 });
    if (p) drawPath(ctx, [p, D], c.carry, { width: 5, halo: c["m-halo"] });
    mark(ctx, K, c, "store");
    mark(ctx, D, c, "home");
    if (!p) return;
    const age = (now() - seen.at) / 1000 / speed();
    const from = project(seen.from.lat, seen.from.lng);
    const to = project(seen.to.lat, seen.to.lng);
    const turn =
      Math.hypot(to.x - from.x, to.y - from.y) > 1
        ? Math.atan2(to.x - from.x, from.y - to.y)
        : (seen.heading * Math.PI) / 180;
    drawDriver(ctx, p, { state: "carry", age, moving: true, heading: turn }, c, { size: 1.7 });
    if (age > 20) drawTag(ctx, p, `seen ${span(age)} ago`, c, { dy: -30 });
  });
  (function loop() {
    if (seen && !calm() && !document.hidden) layer.redraw();
    requestAnimationFrame(loop);
  })();
  setInterval(() => layer.redraw(), 1000);
}
function mark(ctx, p, c, what) {
  ctx.save();
  ctx.translate(p.x, p.y);
  ctx.beginPath();
  if (what === "store") ctx.roundRect(-13, -13, 26, 26, 8);
  else ctx.arc(0, 0, 14, 0, 7);
  ctx.fillStyle = what === "store" ? c.surface : c.ink;
  ctx.strokeStyle = c["m-halo"];
  ctx.lineWidth = 4;
  ctx.stroke();
  ctx.fill();
  if (what === "store") {
    ctx.strokeStyle = c.ink;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }
  ctx.strokeStyle = what === "store" ? c.ink : c["on-ink"];
  ctx.lineWidth = 1.7;
  ctx.lineJoin = ctx.lineCap = "round";
  ctx.stroke(new Path2D(what === "store" ? "M-6-1-4.5-6h9L6-1zM-4.5 1v5h9V1" : "M-6 0 0-6 6 0M-4-.5v6h8v-6"));
  ctx.restore();
}
/** Without a map: kitchen, driver and door as three discs, and the distance. */
function drawNoMap() {
  $("#map .nomap")?.remove();
  const place = seen && here();
  const far = place ? distance(place, view.dropoff) : null;
  const words =
    far == null
      ? "The map cannot be shown; everything else works."
      : `${view.driver?.first_name || "Your driver"} is ${km(far)} from you`;
  $("#map").append(
    h(
      "div",
      { class: "nomap" },
      h(
        "div",
        { role: "img", "aria-label": words },
        h("span", { class: "swatch" }, icon("store")),
        h("hr"),
        h("span", { class: "swatch go" }, icon("bike")),
        h("hr"),
        h("span", { class: "swatch" }, icon("door")),
      ),
      h("p", { class: "sm soft" }, words),
    ),
  );
}
function distance(a, b) {
  const rad = Math.PI / 180;
  const x = (b.lng - a.lng) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (b.lat - a.lat) * rad;
  return 6_371_009 * Math.hypot(x, y);
}
