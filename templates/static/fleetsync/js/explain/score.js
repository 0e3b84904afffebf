// The parts of the cost as bars, in minutes.
import { h } from "../ui.js";

const PARTS = [
  ["p-door", "to_door", "minutes to the door"],
  ["p-late", "late", "past the promise, counted again"],
  ["p-answer", "answer", "expected time until a yes"],
  ["p-pay", "pay", "pay above the guarantee"],
  ["p-place", "position", "needed where the driver stands"],
  ["p-fair", "fairness", "had more work than others"],
];

export function drawScore(host, rows) {
  const sums = rows.map((row) => PARTS.reduce((sum, [, name]) => sum + Math.max(0, row.parts[name] ?? 0), 0));
  const most = Math.max(1, ...sums);
  const used = PARTS.filter(([, name]) => rows.some((row) => (row.parts[name] ?? 0) > 0.5));
  host.append(
    h(
      "ul",
      { class: "score num" },
      rows.map((row) =>
        h(
          "li",
          { class: row.asked ? "asked" : null },
          h("span", {}, row.name || "Somebody"),
          bar(row, used, most),
          h("b", {}, (row.cost_s / 60).toFixed(1)),
        ),
      ),
    ),
    h(
      "ul",
      { class: "parts" },
      used.map(([cls, , word]) => h("li", {}, h("i", { class: cls }), word)),
    ),
  );
}
function bar(row, used, most) {
  const kids = used
    .map(([cls, name]) => [cls, row.parts[name] ?? 0])
    .filter(([, value]) => value > 0)
    .map(([cls, value]) => {
      const part = h("i", { class: cls });
      part.style.width = `${(value / most) * 100}%`;
      return part;
    });
  return h("div", { class: "bar", "aria-hidden": "true" }, kids);
}
