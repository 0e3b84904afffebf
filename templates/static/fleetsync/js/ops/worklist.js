// The work list: four kinds of trouble, worst first. Rows stay where they are in the document while they stay in the list.
import { $, $$, glyph, h, icon, initTabs } from "../ui.js";
import { app, choose, on } from "./app.js";
import { listsOf, TABS } from "./lists.js";
import { SEARCHING } from "./world.js";
import { plural } from "./words.js";

const EMPTY = {
  unassigned: "Every order has a driver, or is not due yet.",
  risk: "Every promise still holds.",
  counter: "No driver stands at a counter for long.",
  stuck: "Everybody moves.",
};
const MOST = 200;
let tab = new URLSearchParams(location.search).get("tab") ?? "unassigned";
let lists = null;
let skeleton = 0;
if (!TABS.some(([id]) => id === tab)) tab = "unassigned";

export function buildList() {
  for (const [id, word] of TABS) {
    $("#tabs").append(
      h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${id}`,
          "data-tab": id,
          "aria-controls": "queuepanel",
          "aria-selected": String(id === tab),
        },
        word,
        h("span", { class: "count", id: `n-${id}` }, "–"),
      ),
    );
  }
  initTabs($("#tabs"), (id) => {
    tab = id;
    $("#queuepanel").setAttribute("aria-labelledby", `tab-${id}`);
    $("#queue").replaceChildren();
    paintList();
  });
  skeleton = setTimeout(() => {
    if (!app.world.ready)
      $("#queue").replaceChildren(
        ...Array.from({ length: 6 }, () =>
          h(
            "li",
            { class: "skelrow", "aria-hidden": "true" },
            h("span", { class: "skel" }),
            h("span", { class: "skel" }),
          ),
        ),
      );
  }, 150);
  on("choose", mark);
  on("close", mark);
}
export const firstOf = () => $("#queue button");
export const rowOf = (order) => $$("#queue button").find((b) => b.dataset.order === order);

export function paintList() {
  const world = app.world;
  if (!world.ready) return;
  clearTimeout(skeleton);
  lists = listsOf(world, app.t);
  let total = new Set();
  for (const [id] of TABS) {
    const rows = lists[id];
    const badge = $(`#n-${id}`);
    for (const r of rows) if (!r.calm) total.add(r.order);
    badge.textContent = rows.length;
    badge.className = `count${rows.some((r) => r.bad) ? " is-late" : rows.some((r) => !r.calm) ? " is-risk" : ""}`;
  }
  const open = world.deliveries.size + world.placed.size;
  $("#worknote").textContent = open ? `${total.size} of ${plural(open, "order")}` : "";
  $("#worktitle").textContent = app.past == null ? "Needs a person" : "Needed a person";
  const rows = lists[tab].slice(0, MOST);
  const host = $("#queue");
  const old = new Map($$("button", host).map((b) => [b.dataset.order, b]));
  if (!rows.length) {
    paintEmpty(host, world);
    return;
  }
  const focused = document.activeElement?.dataset?.order;
  const items = rows.map((r) => paintRow(old.get(r.order), r));
  items.forEach((item, i) => {
    if (host.children[i] !== item) host.insertBefore(item, host.children[i] ?? null);
  });
  while (host.children.length > items.length) host.lastChild.remove();
  if (focused && host.contains(document.activeElement) === false && old.has(focused))
    (rowOf(focused) ?? firstOf())?.focus();
}
function paintRow(button, r) {
  if (!button) {
    button = h(
      "button",
      { type: "button", "data-order": r.order, onclick: () => choose({ kind: "order", id: r.order }, button) },
      h("span", { class: "who" }, h("span", {}), h("b", { class: "cut" })),
      h("span", { class: "age" }),
      h("span", { class: "why" }),
      h("span", { class: "sub" }),
    );
    h("li", {}, button);
  }
  const [who, age, why, sub] = button.children;
  const set = (el, text) => {
    if (el.textContent !== text) el.textContent = text;
  };
  set(who.children[0], `#${r.code}`);
  set(who.children[1], r.place);
  set(age, r.number);
  set(sub, r.sub);
  const kind = r.bad ? "late" : r.calm ? "off" : "risk";
  if (why.dataset.said !== kind + r.why) {
    why.dataset.said = kind + r.why;
    why.className = `why is-${kind}`;
    why.replaceChildren(glyph(kind === "off" ? "disc" : kind, kind), h("span", { class: "cut" }, r.why));
  }
  button.classList.toggle("bad", r.bad);
  button.setAttribute("aria-current", String(app.chosen?.kind === "order" && app.chosen.id === r.order));
  return button.parentElement;
}
function paintEmpty(host, world) {
  const searching = [...world.deliveries.values()].filter((d) => SEARCHING.has(d.status)).length;
  const words =
    tab === "unassigned" && searching
      ? `${plural(searching, "order")} ${searching === 1 ? "looks" : "look"} for a driver; none of them is late.`
      : EMPTY[tab];
  const text = `${words} ${app.past == null ? "New trouble appears by itself, worst first." : ""}`;
  if (host.dataset.said === text && host.firstChild?.className === "empty") return;
  host.dataset.said = text;
  host.replaceChildren(
    h(
      "li",
      { class: "empty" },
      icon("check"),
      h("b", {}, app.past == null ? "Nothing here needs you" : "Nothing here needed you"),
      text,
    ),
  );
}
function mark() {
  for (const b of $$("#queue button"))
    b.setAttribute("aria-current", String(app.chosen?.kind === "order" && app.chosen.id === b.dataset.order));
}
/** J and K: one row down or up; from elsewhere to the first, or to the one that is open. */
export function step(by) {
  const rows = $$("#queue button");
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const open = rows.findIndex((b) => b.getAttribute("aria-current") === "true");
  const next = at >= 0 ? at + by : open >= 0 ? open + by : 0;
  rows[Math.max(0, Math.min(rows.length - 1, next))].focus();
}
