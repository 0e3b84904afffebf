// What is under the pointer: asked when it moves, never while drawing.
import { app, nameOf } from "./app.js";
import { doorIsShown, inSight, show, spotOf, view, X, Y } from "./paint.js";

/** Return { kind, id, word, at(into), members? } of the nearest thing within `reach` pixels of p, or null.
 * A driver is preferred to what he stands on; while a driver is picked there is nothing else. */
export function hitAt(p, reach) {
  const world = app.world;
  const P = { x: 0, y: 0 };
  if (!world.ready) return null;
  let best = null;
  let least = reach;
  const near = (x, y, bonus, make) => {
    const far = Math.hypot(x - p.x, y - p.y) - bonus;
    if (far < least && inSight(x, y)) {
      least = far;
      best = make;
    }
  };
  if (show.drivers || app.assigning) {
    for (const k of world.crowd) {
      spotOf(k, P);
      near(P.x, P.y, 3, () => ({
        kind: "driver",
        id: k.id,
        word: nameOf(k.id),
        at: (into) => (world.drivers.has(k.id) ? spotOf(k, into) : { x: -99, y: -99 }),
      }));
    }
  }
  if (!app.assigning && show.orders) {
    for (const g of view.groups) {
      const many = g.members.length > 1;
      const first = g.members[0];
      const at = (into) => Object.assign(into, { x: X(g.x), y: Y(g.y) });
      near(X(g.x), Y(g.y), many ? 4 : 2, () => ({
        kind: many ? "kitchens" : "kitchen",
        id: first.id,
        members: g.members,
        word: many ? `${g.members.length} kitchens, ${g.n} waiting` : `${first.name}, ${g.n} waiting`,
        at,
      }));
    }
    for (const d of world.deliveries.values()) {
      if (doorIsShown(d))
        near(X(d.dx), Y(d.dy), 1.5, () => ({
          kind: "order",
          id: d.order_id,
          word: `#${d.code} door`,
          at: (into) => Object.assign(into, { x: X(d.dx), y: Y(d.dy) }),
        }));
    }
  }
  return best?.() ?? null;
}
