// Supply and demand by H3 cell, asked for while it is shown.
import { get } from "../api.js";
import { $ } from "../ui.js";
import { app, on, say, zone } from "./app.js";
import { mercX, mercY } from "./world.js";

const EVERY_MS = 5000;
let cells = [];
let timer = 0;
let asked = 0;
let turn = 0;
export const heatTurn = () => turn; // changes with the cells

export async function loadHeat() {
  clearTimeout(timer);
  if ($("#heatkey")?.hidden !== false) {
    cells = [];
    return;
  }
  const mine = ++asked;
  const at = app.past == null ? "" : `?at=${encodeURIComponent(new Date(app.past).toISOString())}`;
  try {
    const found = await get(`zones/${zone}/heat${at}`);
    if (mine === asked) {
      cells = found.cells.map((cell) => ({
        weight: cell.demand - cell.supply,
        ring: cell.outline.map((p) => [mercX(p.lng), mercY(p.lat)]),
      }));
      turn += 1;
      say("heat");
    }
  } catch {
    /* the old cells stay until the next answer */
  }
  if (app.past == null) timer = setTimeout(loadHeat, EVERY_MS);
}
on("past", loadHeat);

export function paintHeat(ctx, X, Y, c) {
  for (const { weight, ring } of cells) {
    if (!weight) continue;
    ctx.beginPath();
    ring.forEach(([x, y], i) => (i ? ctx.lineTo(X(x), Y(y)) : ctx.moveTo(X(x), Y(y))));
    ctx.closePath();
    ctx.globalAlpha = Math.min(0.42, 0.14 + Math.abs(weight) * 0.07);
    ctx.fillStyle = weight > 0 ? c.risk : c.free;
    ctx.fill();
    ctx.globalAlpha = 0.5;
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = c["m-land"];
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}
