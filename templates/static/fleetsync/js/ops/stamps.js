// Symbols as stamps: each look is drawn once by the map's own pen and then copied. A thousand of them cost no paths.
import { drawDoor, drawDriver, drawKitchen } from "../map.js";
import { lookOf, TURNS } from "./world.js";

// A copy that falls on whole pixels costs a third of one that does not, so drivers have a stamp for each half pixel instead.
const FONT = "600 11.5px Inter, system-ui, sans-serif";
const TALL = 18;
let inks = null;
let size = 0;
let ratio = 0;
let steps = 2;
let drivers = [];
let others = new Map();
let words = new Map();
let ruler = null;

/** Say what the next stamps are for; another theme, zoom or screen begins a new set. */
export function setStamps(c, of, screen) {
  if (inks === c && size === of && ratio === screen) return;
  if (inks !== c || ratio !== screen) words = new Map();
  inks = c;
  size = of;
  ratio = screen;
  steps = screen >= 2 ? 1 : 2;
  drivers = [];
  others = new Map();
}
/** A picture of width x height with `draw(pen, middle)` on it; `sx`, `sy` shift it by a part of a pixel. */
function make(width, height, draw, sx = 0, sy = 0) {
  const image = typeof OffscreenCanvas === "undefined" ? document.createElement("canvas") : new OffscreenCanvas(1, 1);
  image.width = Math.ceil(width * ratio);
  image.height = Math.ceil(height * ratio);
  const pen = image.getContext("2d");
  const dx = Math.floor(width / 2);
  const dy = Math.floor(height / 2);
  pen.scale(ratio, ratio);
  draw(pen, { x: dx + sx, y: dy + sy });
  return {
    image: image.transferToImageBitmap?.() ?? image,
    width: image.width / ratio,
    height: image.height / ratio,
    dx,
    dy,
  };
}
const square = (half, draw, sx, sy) => make(Math.ceil(half) * 2 + 1, Math.ceil(half) * 2 + 1, draw, sx, sy);
/** Put a stamp on the nearest whole pixel. */
export const stamp = (ctx, it, x, y) =>
  ctx.drawImage(
    it.image,
    Math.round(x * ratio) / ratio - it.dx,
    Math.round(y * ratio) / ratio - it.dy,
    it.width,
    it.height,
  );

/** Put a driver at x, y: `look` is the number that the world keeps of him, `turn` 0..47, or -1 for one who stands. */
export function stampDriver(ctx, look, turn, x, y) {
  const qx = Math.round(x * ratio * steps);
  const qy = Math.round(y * ratio * steps);
  const ix = Math.floor(qx / steps);
  const iy = Math.floor(qy / steps);
  const px = qx - ix * steps;
  const py = qy - iy * steps;
  const key = ((look * (TURNS + 1) + turn + 1) * 2 + px) * 2 + py;
  const it = (drivers[key] ??= driver(look, turn, px / steps, py / steps));
  ctx.drawImage(it.image, ix / ratio - it.dx, iy / ratio - it.dy, it.width, it.height);
}
function driver(look, turn, sx, sy) {
  const { state, age, alarm } = lookOf(look);
  const k = { state, age, moving: turn >= 0, heading: (Math.max(0, turn) / TURNS) * 2 * Math.PI };
  const half = Math.max(alarm ? 12 * size + 1.2 : 0, turn >= 0 && age < 60 ? 11 * size + 0.6 : 5.6 * size + 1.9) + sx;
  return square(half, (pen, p) => drawDriver(pen, p, k, inks, { size, alarm }), sx, sy);
}
const kept = (key, build) => others.get(key) ?? others.set(key, build()).get(key);
export const doorStamp = (alarm) =>
  kept(`door ${alarm}`, () =>
    square((alarm ? 4.2 : 3) * size + 1.3, (pen, p) => drawDoor(pen, p, inks, { alarm, size })),
  );
/** A kitchen, or several that stand too near to be told apart; `n` orders wait there. */
export const kitchenStamp = (n, alarm, many) =>
  kept(`kitchen ${n} ${alarm} ${many}`, () =>
    square((many ? 15 : 10) * Math.max(1, size), (pen, p) =>
      drawKitchen(pen, p, inks, { n, alarm, many, size: n > 1 ? size * 1.25 : size }),
    ),
  );
/** A name beside a symbol, with a halo so that it is read over streets. */
export function wordStamp(text) {
  const found = words.get(text);
  if (found) return found;
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = FONT;
  const made = make(ruler.measureText(text).width + 8, TALL, (x, p) => {
    x.font = FONT;
    x.textAlign = "center";
    x.textBaseline = "middle";
    x.lineJoin = "round";
    x.strokeStyle = inks["m-halo"];
    x.lineWidth = 3.4;
    x.strokeText(text, p.x, p.y);
    x.fillStyle = inks["ink-2"];
    x.fillText(text, p.x, p.y);
  });
  words.set(text, made);
  return made;
}
