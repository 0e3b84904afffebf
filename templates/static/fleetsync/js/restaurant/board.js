// The board: three columns by what to do next, and what left a moment ago. A ticket is built anew only where it changed.
import { meta } from "../page.js";
import { $, h, icon, initTabs } from "../ui.js";
import { app, on } from "./app.js";
import { act } from "./steps.js";
import { ORDER, columnOf, goneLine, signature, ticket } from "./tickets.js";

const COLUMNS = [
  ["new", "New", "oldest first"],
  ["cook", "Cooking", "due first"],
  ["ready", "Ready", "nearest driver first"],
];
const NONE = {
  new: ["store", "No new orders", "You will hear the next one."],
  cook: ["check", "Nothing on the stove", "Accepted orders come here."],
  ready: ["check", "The shelf is empty", "What is ready waits here for its driver."],
};
const GONE_SHOWN = 12;
const MOVE_MS = 3_000;
const usual = Number(meta("preparation-min"));
const choices = new Map(); // order id -> minutes tapped, before it is accepted
const tickets = new Map(); // order id -> { sign, el, tickers }

export function buildBoard() {
  $("#board").replaceChildren(
    ...COLUMNS.map(([id, word, sorted]) =>
      h(
        "section",
        { class: "col", id: `col-${id}`, "aria-labelledby": `h-${id}` },
        h(
          "header",
          {},
          h("h2", { id: `h-${id}` }, word),
          h("span", { class: "count", id: `c-${id}` }, "–"),
          h("span", { class: "label" }, sorted),
        ),
        h("div", { class: "tickets", id: `t-${id}` }, h("span", { class: "skel ticketlike" })),
        id === "ready" &&
          h(
            "div",
            { class: "gone", tabindex: "0", role: "group", "aria-labelledby": "h-gone" },
            h("h3", { class: "label handed", id: "h-gone" }, "Left a moment ago"),
            h("ul", { id: "gone" }),
          ),
      ),
    ),
  );
  $("#cols").append(
    ...COLUMNS.map(([id, word]) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          "data-tab": id,
          "aria-controls": `col-${id}`,
          "aria-selected": String(id === COLUMNS[0][0]),
        },
        word,
        h("span", { class: "count", id: `n-${id}` }, "–"),
      ),
    ),
  );
  initTabs($("#cols"), (id) => {
    for (const [each] of COLUMNS) $(`#col-${each}`).classList.toggle("on", each === id);
  });
}

function paint() {
  const rows = app.orders;
  if (!rows) return;
  const was = document.activeElement?.dataset?.keep;
  for (const [id] of COLUMNS) {
    const list = rows.filter((row) => columnOf(row) === id).sort(ORDER[id]);
    fill($(`#t-${id}`), list.map(element), NONE[id]);
    for (const count of [$(`#c-${id}`), $(`#n-${id}`)]) {
      count.textContent = list.length;
      count.classList.toggle("is-offer", id === "new" && list.length > 0);
    }
  }
  const gone = rows.filter((row) => columnOf(row) === "gone").sort(ORDER.gone);
  $("#gone").replaceChildren(
    ...(gone.length
      ? gone.slice(0, GONE_SHOWN).map(goneLine)
      : [h("li", { class: "mute sm" }, "Nothing in the last quarter of an hour.")]),
  );
  const there = new Set(rows.map((row) => row.order.id));
  for (const id of tickets.keys()) if (!there.has(id)) tickets.delete(id);
  if (was && document.activeElement === document.body) $(`[data-keep="${CSS.escape(was)}"]`)?.focus();
  tick();
  $("#board").removeAttribute("aria-busy");
}
/** Put these tickets into a column, or the words for none; what stands there already is not touched. */
function fill(host, els, [glyph, title, text]) {
  const same = els.length && host.children.length === els.length && els.every((el, i) => host.children[i] === el);
  if (!same)
    host.replaceChildren(...(els.length ? els : [h("div", { class: "empty" }, icon(glyph), h("b", {}, title), text)]));
}
function element(row) {
  const { id } = row.order;
  const sign = signature(row, choices.get(id));
  const old = tickets.get(id);
  if (old?.sign === sign) return old.el;
  const tickers = [];
  const el = ticket(row, { choice: choices.get(id), usual }, acts, (f) => tickers.push(f));
  if (old) {
    el.classList.add("still");
    old.el.replaceWith(el);
  }
  tickets.set(id, { sign, el, tickers });
  return el;
}
const acts = {
  ...act,
  choose(row, minutes) {
    choices.set(row.order.id, minutes);
    paint();
  },
};
export function tick() {
  for (const { tickers } of tickets.values()) for (const each of tickers) each();
}
/** A driver who is near moved: only his line changes. */
export function moved({ order_id: id, lat, lng }) {
  const row = app.orders?.find((each) => each.order.id === id);
  if (!row?.driver) return;
  row.driver.position = { ...row.driver.position, lat, lng };
  if (Date.now() - (row.drawn ?? 0) > MOVE_MS) {
    row.drawn = Date.now();
    paint();
  }
}
on("orders", paint);
on("tapped", (id) => {
  for (const button of tickets.get(id)?.el.querySelectorAll("button") ?? []) button.disabled = true;
});
on("answered", (id) => {
  const old = tickets.get(id);
  if (old) old.sign = ""; // built anew, with buttons that work, also where nothing else changed
});
