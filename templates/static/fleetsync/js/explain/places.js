// Where the drivers were seen when the round decided.
/* global L */
import { get } from "../api.js";
import { drawDriver, drawPath, drawStop, drawTag, makeMap, movingLayer } from "../map.js";
import { meta } from "../page.js";

const CLEAR_PX = 22;

export function drawPlaces(host, { at, pickup, dropoff, rows }) {
  const zone = meta("zone-id");
  const points = [pickup, dropoff, ...rows.map((row) => row.position)].map((p) => [p.lat, p.lng]);
  const bounds = L.latLngBounds(points).pad(0.12);
  const map = makeMap(host, { bounds, controls: false, labels: false });
  get(`zones/${zone}/basemap`)
    .then((streets) => {
      map.setBasemap(streets);
      if (streets.attribution) {
        host.append(credit(streets.attribution));
      }
    })
    .catch(() => {
      /* plain land; the places are right */
    });
  movingLayer(map, (ctx, project, zoom, c) => {
    const to = (p) => project(p.lat, p.lng);
    const kitchen = to(pickup);
    const door = to(dropoff);
    const asked = rows.find((row) => row.asked);
    drawPath(ctx, [kitchen, door], c.carry, { width: 3.5, dash: [1, 7], halo: c["m-halo"] });
    if (asked) drawPath(ctx, [to(asked.position), kitchen], c.inbound, { width: 4, halo: c["m-halo"] });
    drawStop(ctx, kitchen, 1, c);
    drawStop(ctx, door, 2, c, c.carry);
    const taken = [];
    for (const row of [...rows].sort((a, b) => a.asked - b.asked)) {
      const p = to(row.position);
      const busy = Date.parse(row.free_at) - Date.parse(at) > 30_000;
      drawDriver(ctx, p, { state: busy ? "carry" : "free", age: 1, moving: false, heading: 0 }, c, {
        size: 1.2,
        selected: row.asked,
      });
      const dy = taken.some((q) => Math.hypot(q.x - p.x, q.y - p.y) < CLEAR_PX * 2) ? CLEAR_PX : -CLEAR_PX;
      taken.push(p);
      drawTag(ctx, p, (row.name || "?").split(" ")[0], c, row.asked ? { dy } : { dy, fill: c.surface, ink: c.ink });
    }
  });
  host.setAttribute("role", "img");
  host.setAttribute(
    "aria-label",
    `Map: the kitchen, the door and ${rows.length} drivers; the list above has their distances.`,
  );
}
function credit(text) {
  const small = document.createElement("small");
  small.className = "credit xs mute";
  small.textContent = text;
  return small;
}
