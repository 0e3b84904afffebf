// The legend, drawn by the map's own pen, so that it cannot go stale.
import { drawDoor, drawDriver, drawKitchen, drawPath } from "../map.js";
import { $, h } from "../ui.js";
import { colours } from "./layer.js";

export function buildLegend() {
  if (!matchMedia("(min-height: 820px)").matches) $("#legend").open = false;
  paint();
  addEventListener("themechange", paint);
}
function paint() {
  const c = colours();
  if (!c) return;
  const at = { x: 13, y: 13 };
  const k = (state, more = {}) => ({ state, age: 2, moving: true, heading: 0.6, ...more });
  const items = [
    ["Free", (x) => drawDriver(x, at, k("free", { moving: false }), c)],
    ["Standing at counter", (x) => drawDriver(x, at, k("counter", { moving: false }), c)],
    ["To the kitchen", (x) => drawDriver(x, at, k("inbound"), c)],
    ["With food", (x) => drawDriver(x, at, k("carry"), c)],
    ["Promise at risk", (x) => drawDriver(x, at, k("carry"), c, { alarm: "risk", size: 0.85 })],
    ["Promise broken", (x) => drawDriver(x, at, k("carry"), c, { alarm: "late", size: 0.85 })],
    ["Silent", (x) => drawDriver(x, at, k("carry", { age: 90 }), c)],
    [
      "Offer, time left",
      (x) => {
        drawPath(
          x,
          [
            { x: 1, y: 21 },
            { x: 12, y: 13 },
          ],
          c.offer,
          { width: 2.2, dash: [5, 4] },
        );
        x.beginPath();
        x.arc(15, 11, 8, -1.6, 2.6);
        x.strokeStyle = c.offer;
        x.lineWidth = 2.2;
        x.stroke();
      },
    ],
    ["Kitchen with orders", (x) => drawKitchen(x, at, c)],
    ["Door", (x) => drawDoor(x, at, c, { size: 1.3 })],
  ];
  $("#legendlist").replaceChildren(
    ...items.map(([word, pen]) => {
      const cv = h("canvas", { width: 52, height: 52, "aria-hidden": "true" });
      const x = cv.getContext("2d");
      x.scale(2, 2);
      pen(x);
      return h("li", {}, cv, word);
    }),
  );
}
