// One bar a driver against "food ready" and "promised".
import { clock, h, km, s } from "../ui.js";

const KEY = [
  ["g-busy", "another order"],
  ["g-ride", "ride to kitchen"],
  ["g-wait", "at the counter"],
  ["g-carry", "ride to door"],
  ["g-cold", "food waits"],
];
const MINUTE = 60_000;
const COLD_MS = 30_000;
const SIDE = [168, 176];
const SLIM = 860;
const ms = (moment) => Date.parse(moment);

export function drawGantt(host, key, found) {
  key.append(...KEY.map(([cls, word]) => h("li", {}, h("i", { class: cls }), word)));
  const paint = () => host.replaceChildren(chart(found, host.clientWidth));
  paint();
  let width = host.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(host.clientWidth - width) > 8) {
      width = host.clientWidth;
      paint();
    }
  }).observe(host);
}

function chart({ at, ready_at, promised_at, rows }, room) {
  const slim = matchMedia(`(max-width: ${SLIM}px)`).matches;
  const start = Math.floor(Math.min(ms(at), ms(ready_at)) / MINUTE) * MINUTE;
  const end = Math.max(ms(promised_at ?? ready_at), ms(ready_at), ...rows.map((row) => ms(row.door_at))) + 2 * MINUTE;
  const width = slim ? Math.max(300, room) : 1100;
  const [left, right] = slim ? [8, 12] : SIDE;
  const rowHeight = slim ? 80 : 54;
  const top = slim ? 46 : 42;
  const height = top + rows.length * rowHeight + 30;
  const x = (moment) => left + ((moment - start) / (end - start)) * (width - left - right);
  const parts = [
    s(
      "defs",
      {},
      s(
        "pattern",
        { id: "cold", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
        s("line", { class: "cold", x1: 0, y1: 0, x2: 0, y2: 6 }),
      ),
    ),
    ...axis(start, end, x, top, height, slim),
    ...rows.flatMap((row, i) =>
      bars(row, {
        x,
        slim,
        width,
        right,
        top: top + i * rowHeight,
        rowHeight,
        at: ms(at),
        ready: ms(ready_at),
        promised: promised_at ? ms(promised_at) : Infinity,
      }),
    ),
    ...marks({ ready_at, promised_at }, x, { slim, top, rowHeight, height, rows: rows.length, width }),
  ];
  return s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said(rows) }, parts);
}

/** Lines every 5 minutes or more, so that the words under them never touch. */
function axis(start, end, x, top, height, slim) {
  const most = slim ? 4 : 10;
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120];
  const every = steps.find((m) => (end - start) / MINUTE / m <= most) ?? 240;
  const lines = [];
  for (let m = Math.ceil(start / MINUTE / every) * every; m * MINUTE <= end; m += every) {
    const at = x(m * MINUTE);
    lines.push(
      s("line", { class: "gl", x1: at, x2: at, y1: top, y2: height - 22 }),
      s("text", { class: "ax", x: at, y: height - 6, "text-anchor": at < 24 ? "start" : "middle" }, clock(m * MINUTE)),
    );
  }
  return lines;
}

function bars(row, { x, slim, width, right, top, rowHeight, at, ready, promised }) {
  const y = top + (slim ? 44 : 15);
  const parts = [];
  const [free, arrive, pickup, leave, door] = ["free_at", "arrive_at", "pickup_at", "leave_at", "door_at"].map((name) =>
    ms(row[name]),
  );
  const bar = (from, to, cls, yy = y, tall = 20) =>
    to > from &&
    parts.push(
      s("rect", {
        class: cls,
        x: x(from) + 0.75,
        y: yy,
        width: Math.max(0, x(to) - x(from) - 1.5),
        height: tall,
        rx: 3,
      }),
    );
  const late = door > promised;
  const minutes = Math.round(row.later_s / 60);
  const more =
    minutes === 0
      ? `${clock(row.door_at)} at the door`
      : `${minutes > 0 ? "+" : "−"}${Math.abs(minutes)} min at the door`;
  if (row.asked) parts.push(s("rect", { class: "chosen", x: 0, y: top - 2, width, height: rowHeight, rx: 8 }));
  parts.push(
    s("text", { class: "name", x: slim ? 6 : 12, y: slim ? y - 24 : y + 8 }, row.name || "Somebody"),
    s(
      "text",
      { x: slim ? 6 : 12, y: slim ? y - 8 : y + 24 },
      [row.vehicle, km(row.distance_m)].filter(Boolean).join(", "),
    ),
  );
  bar(at, free, "g-busy");
  bar(free, arrive, "g-ride");
  bar(arrive, leave, "g-wait");
  bar(leave, door, "g-carry");
  if (pickup > ready + COLD_MS) bar(ready, pickup, "g-cold", y + 23, 6);
  const edge = slim ? width - 8 : width - right + 14;
  const side = slim ? " right" : "";
  parts.push(
    s("circle", { class: `end${late ? " bad" : ""}`, cx: x(door), cy: y + 10, r: 5 }),
    s(
      "text",
      { class: `${late ? "over" : row.asked ? "name" : ""}${side}`, x: edge, y: slim ? y - 24 : y + 8 },
      row.asked ? `${clock(row.door_at)} at the door` : more,
    ),
    s("text", { class: side.trim() || null, x: edge, y: slim ? y - 8 : y + 24 }, short(row.words, slim ? 26 : 27)),
  );
  return parts;
}
const short = (words, most) => (words.length > most ? `${words.slice(0, most - 1).trimEnd()}…` : words);

function marks({ ready_at, promised_at }, x, { slim, top, rowHeight, height, rows, width }) {
  const list = [
    [ready_at, "food ready", null],
    [promised_at, "promised", "4 4"],
  ].filter(([moment]) => moment);
  const close = list.length === 2 && Math.abs(x(ms(list[0][0])) - x(ms(list[1][0]))) < 130;
  return list.flatMap(([moment, word, dash], i) => {
    const at = x(ms(moment));
    const y = slim ? 14 + i * 16 : 18;
    const anchor = at < 60 ? "start" : at > width - 60 ? "end" : close && !slim ? (i ? "start" : "end") : "middle";
    const lines = slim
      ? Array.from({ length: rows }, (_, n) => [top + n * rowHeight + 42, top + n * rowHeight + 70])
      : [[26, height - 22]];
    return [
      ...lines.map(([y1, y2]) => s("line", { class: "ev", x1: at, x2: at, y1, y2, "stroke-dasharray": dash })),
      s("text", { class: "evt", x: at, y, "text-anchor": anchor }, `${word} ${clock(moment)}`),
    ];
  });
}

function said(rows) {
  return rows.map((row) => `${row.name || "Somebody"}: at the door ${clock(row.door_at)}, ${row.words}`).join(". ");
}
