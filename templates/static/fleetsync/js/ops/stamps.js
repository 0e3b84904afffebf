// Drivers as stamps: each look is drawn once by the map's own pen and then copied. Five hundred of them cost no paths.
import { drawDriver } from "../map.js";

const TURNS = 48, PAD = 2, MOST = 4000;
let cache = new Map(), inks = null;

/** Draw a driver at `p` as `drawDriver` does. `k`: state, age, moving, heading. */
export function stampDriver(ctx, p, k, c, size, alarm) {
  if (inks !== c) { inks = c; cache = new Map(); } // another theme
  const turn = k.moving ? ((Math.round((k.heading / (2 * Math.PI)) * TURNS) % TURNS) + TURNS) % TURNS : -1;
  const ratio = devicePixelRatio || 1, key = `${k.state}|${k.age}|${turn}|${alarm}|${size.toFixed(2)}|${ratio}`;
  let stamp = cache.get(key);
  if (!stamp) {
    if (cache.size > MOST) cache.clear();
    stamp = make(k, c, size, alarm, turn, ratio);
    cache.set(key, stamp);
  }
  ctx.drawImage(stamp.image, p.x - stamp.half, p.y - stamp.half, stamp.half * 2, stamp.half * 2);
}
function make(k, c, size, alarm, turn, ratio) {
  const half = Math.ceil((alarm ? 14 : 10.5) * size) + PAD, image = document.createElement("canvas");
  image.width = image.height = half * 2 * ratio;
  const pen = image.getContext("2d");
  pen.scale(ratio, ratio);
  drawDriver(pen, { x: half, y: half }, { ...k, heading: (Math.max(0, turn) / TURNS) * 2 * Math.PI }, c, { size, alarm });
  return { image, half };
}
