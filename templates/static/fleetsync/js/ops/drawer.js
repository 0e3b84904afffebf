// Details of what is selected. Rebuilt only when something in it changed; ages tick in place, focus and scrolling stay.
import { get } from "../api.js";
import { $, $$, h, icon } from "../ui.js";
import { app, choose, close, on, say } from "./app.js";
import { driverView } from "./driver_view.js";
import { kitchenView } from "./kitchen_view.js";
import { loadNearest, pickView } from "./pick_view.js";
import { loadOrder, orderView } from "./order_view.js";
import { firstOf, rowOf } from "./worklist.js";

let opener = null;
let shown = "";
const ticking = []; // [element, function]: texts that change with time alone
/** An element whose text is asked for once a second. */
export function tick(tag, attrs, words) {
  const el = h(tag, attrs, words());
  ticking.push([el, words]);
  return el;
}

export function buildDrawer() {
  on("choose", ({ pick, from }) => {
    if (from) opener = from;
    if (app.assigning) return;
    shown = "";
    if (pick.kind === "order") loadOrder(pick.id);
    paintDrawer();
    $("#drawer").classList.add("open");
    $("#drawer").scrollTop = 0;
    $("#drawer").focus({ preventScroll: true });
    remember();
  });
  on("close", () => {
    $("#drawer").classList.remove("open");
    const order = opener?.dataset?.order;
    (rowOf(order) ?? (opener?.isConnected ? opener : null) ?? firstOf() ?? $("#work")).focus();
    opener = null;
    remember();
  });
  on("assigning", () => {
    shown = "";
    if (app.assigning) loadNearest(app.assigning);
    paintDrawer();
    $("#drawer").focus({ preventScroll: true });
  });
  for (const name of ["past", "names", "loaded", "acted"]) on(name, () => paintDrawer());
  on("acted", () => {
    if (app.chosen?.kind === "order") loadOrder(app.chosen.id);
  });
  on("event", (frame) => {
    if (app.chosen?.kind === "order" && frame.data.order_id === app.chosen.id) loadOrder(app.chosen.id, 300);
  });
  $("#drawer").addEventListener("keydown", trap);
}
/** On a phone the drawer covers the page: Tab stays in it. */
function trap(e) {
  if (e.key !== "Tab" || !matchMedia("(max-width: 720px)").matches) return;
  const inside = $$("button:not([disabled]), a[href], summary", $("#drawer"));
  if (!inside.length) return;
  const last = inside.at(-1);
  const first = inside[0];
  if (e.shiftKey && (document.activeElement === first || document.activeElement === $("#drawer"))) {
    e.preventDefault();
    last.focus();
  } else if (!e.shiftKey && document.activeElement === last) {
    e.preventDefault();
    first.focus();
  }
}
/** Keep the selection in the address, so that it can be sent to a colleague. */
function remember() {
  const url = new URL(location.href);
  for (const kind of ["order", "driver", "kitchen"]) url.searchParams.delete(kind);
  if (app.chosen) url.searchParams.set(app.chosen.kind, app.chosen.id);
  history.replaceState(null, "", url);
}
export function openFromAddress() {
  const ask = new URLSearchParams(location.search);
  for (const kind of ["order", "driver", "kitchen"])
    if (ask.get(kind)) {
      choose({ kind, id: ask.get(kind) });
      return;
    }
}

export function paintDrawer() {
  const pick = app.chosen;
  const drawer = $("#drawer");
  if (!pick && !app.assigning) return;
  const make = app.assigning
    ? pickView(app.assigning)
    : pick.kind === "order"
      ? orderView(pick.id)
      : pick.kind === "driver"
        ? driverView(pick.id)
        : kitchenView(pick.id);
  const key = `${app.past == null}${app.assigning?.id ?? ""}${pick?.id ?? ""}${make.key}`;
  if (key === shown) {
    for (const [el, words] of ticking) {
      const text = words();
      if (el.textContent !== text) el.textContent = text;
    }
    make.repaint?.();
    return;
  }
  shown = key;
  const scroll = $(".scroll", drawer)?.scrollTop ?? 0;
  const focus = document.activeElement?.dataset?.f;
  const inside = drawer.contains(document.activeElement);
  const same = drawer.dataset.of === (pick?.id ?? "");
  const opened = $$("details[open]", drawer).map((el) => el.dataset.f);
  ticking.length = 0;
  drawer.replaceChildren(...make.build());
  drawer.dataset.of = pick?.id ?? "";
  make.repaint?.();
  if (same) {
    $(".scroll", drawer).scrollTop = scroll;
    for (const el of $$("details", drawer)) el.open = opened.includes(el.dataset.f);
  }
  if (inside) ((focus && $(`[data-f="${focus}"]`, drawer)) || drawer).focus({ preventScroll: true });
}

// --- parts that the views share -----------------------------------------------------------------
export function head(title, crumb, pills) {
  return h(
    "header",
    {},
    h(
      "div",
      { class: "row between" },
      h("span", { class: "crumb" }, crumb),
      h(
        "button",
        {
          type: "button",
          class: "btn bare icon small",
          "data-f": "close",
          "aria-label": "Close details",
          onclick: () => close(),
        },
        icon("close"),
      ),
    ),
    h("h2", {}, title),
    pills && h("div", { class: "row wrap pills" }, pills),
  );
}
export const facts = (...rows) =>
  h(
    "dl",
    { class: "facts" },
    rows.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value ?? "–")]),
  );
export const linkish = (key, words, pick) =>
  h("button", { type: "button", class: "linkish", "data-f": key, onclick: () => choose(pick) }, words);
/** A button that acts; back in time it says why it does not. */
export function act(ico, words, run, { cls = "", why = "" } = {}) {
  const past = app.past != null;
  const off = past || Boolean(why);
  const title = past ? "Go back to live to act" : why || null;
  return h(
    "button",
    {
      type: "button",
      class: `btn ${cls}`,
      "data-f": words,
      title,
      "aria-disabled": off ? "true" : null,
      onclick: async (e) => {
        if (off) {
          say("refused", title);
          return;
        }
        const button = e.currentTarget;
        if (button.classList.contains("busy")) return;
        if (!words.endsWith("…")) button.classList.add("busy"); // a sheet is its own answer
        try {
          await run();
        } finally {
          button.classList.remove("busy");
        }
      },
    },
    icon(ico),
    words,
  );
}
export const loadJson = (path) => get(path).catch(() => null);
