// What is too near to be told apart: kitchens taken together, names placed so that none covers another. Made anew
// once a second and at each zoom, in pixels of the whole world at that zoom; panning changes nothing.
import { ON_BOARD, SEARCHING } from "./world.js";
import { wordStamp } from "./stamps.js";

const NEAR = 19;
const NAMES_FROM = 14.75;
const ALARM = { late: 2, risk: 1 };
const GAP = 2;

/** The kitchens at which something waits: { id, x, y, lat, lng, n, alarm, name }, worst first. */
function kitchensOf(world) {
  const found = new Map();
  for (const d of world.deliveries.values()) {
    if (ON_BOARD.has(d.status)) continue;
    const id = d.restaurant.id;
    const k =
      found.get(id) ??
      found
        .set(id, {
          id,
          x: d.kx,
          y: d.ky,
          lat: d.pickup.lat,
          lng: d.pickup.lng,
          n: 0,
          alarm: null,
          name: d.restaurant.name,
        })
        .get(id);
    k.n += 1;
    if (!SEARCHING.has(d.status) || (d.risk === "ok" && d.status !== "NO_DRIVER_FOUND")) continue;
    const alarm = d.risk === "late" || d.status === "NO_DRIVER_FOUND" ? "late" : "risk";
    if ((ALARM[alarm] ?? 0) > (ALARM[k.alarm] ?? 0)) k.alarm = alarm;
  }
  return [...found.values()].sort(
    (a, b) => (ALARM[b.alarm] ?? 0) - (ALARM[a.alarm] ?? 0) || b.n - a.n || (a.id < b.id ? -1 : 1),
  );
}
/** Groups { x, y, n, alarm, members } at the scale S (pixels of the whole world); each stands where its worst member does. */
export function groupsOf(world, S) {
  const groups = [];
  for (const k of kitchensOf(world)) {
    const near = groups.find((g) => Math.abs(g.x - k.x) * S < NEAR && Math.abs(g.y - k.y) * S < NEAR);
    if (!near) {
      groups.push({ x: k.x, y: k.y, n: k.n, alarm: k.alarm, members: [k], label: null });
      continue;
    }
    near.n += k.n;
    near.members.push(k);
  }
  return groups;
}
/** Give groups their names where there is room: under the symbol, else above, right or left of it, else none. */
export function nameGroups(groups, S, zoom, size) {
  if (zoom < NAMES_FROM) return;
  const taken = groups.map((g) => ({ x: g.x * S, y: g.y * S, w: 9 * size, h: 9 * size }));
  for (const g of groups) {
    const word = wordStamp(g.members.length > 1 ? `${g.members[0].name} +${g.members.length - 1}` : g.members[0].name);
    const x = g.x * S;
    const y = g.y * S;
    const off = 9 * size + 9;
    const side = word.dx + 8 * size;
    for (const [dx, dy] of [
      [0, off],
      [0, -off],
      [side, 0],
      [-side, 0],
    ]) {
      const box = { x: x + dx, y: y + dy, w: word.dx, h: word.dy - 3 };
      if (
        taken.some(
          (t) =>
            Math.abs(t.x - box.x) < t.w + box.w + GAP &&
            Math.abs(t.y - box.y) < t.h + box.h + GAP &&
            (t.x !== x || t.y !== y),
        )
      )
        continue;
      taken.push(box);
      g.label = { word, dx, dy };
      break;
    }
  }
}
