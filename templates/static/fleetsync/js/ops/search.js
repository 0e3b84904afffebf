// Finding an order, a driver or a kitchen: a combobox over one endpoint.
import { get } from "../api.js";
import { $, clock, h, icon } from "../ui.js";
import { choose, learn, say, zone } from "./app.js";
import { STATUS } from "./words.js";

const WAIT_MS = 160;
const ICON = { order: "bag", driver: "bike", restaurant: "store" };
const KIND = { order: "order", driver: "driver", restaurant: "kitchen" };
let timer = 0;
let asked = 0;
let hits = [];
let active = -1;

export function buildSearch() {
  const input = $("#q");
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener("focus", () => {
    if (input.value.trim()) look();
  });
  input.addEventListener("blur", () =>
    setTimeout(() => {
      if (!$("#searchform").contains(document.activeElement)) hide();
    }, 120),
  );
  input.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      go(active + (e.key === "ArrowDown" ? 1 : -1));
    }
    if (e.key === "Escape") {
      e.stopPropagation();
      if ($("#hits").hidden) {
        input.value = "";
        input.blur();
      } else hide();
    }
  });
  $("#searchform").addEventListener("submit", async (e) => {
    e.preventDefault();
    clearTimeout(timer);
    if (!hits.length || active < 0) await look();
    if (hits.length) take(hits[Math.max(0, active)]);
  });
}
async function look() {
  const text = $("#q").value.trim();
  const mine = ++asked;
  if (!text) {
    hide();
    return;
  }
  try {
    const found = await get(`zones/${zone}/search?q=${encodeURIComponent(text)}`);
    if (mine !== asked) return;
    hits = found.results;
    paint(text);
  } catch {
    if (mine === asked) {
      hits = [];
      paint(text, true);
    }
  }
}
function paint(text, failed = false) {
  const host = $("#hits");
  active = hits.length ? 0 : -1;
  host.replaceChildren(
    ...(hits.length
      ? hits.map((hit, i) =>
          h(
            "div",
            {
              class: "hit",
              role: "option",
              id: `hit-${i}`,
              "aria-selected": String(i === active),
              onmousedown: (e) => {
                e.preventDefault();
                take(hit);
              },
            },
            icon(ICON[hit.kind]),
            h(
              "b",
              { class: "cut" },
              hit.kind === "order" ? `#${hit.title}` : hit.title,
              hit.kind === "order" && h("span", {}, ` ${hit.detail}`),
            ),
            h(
              "span",
              { class: "xs mute" },
              hit.kind === "order"
                ? `${STATUS[hit.state]?.[1] ?? said(hit.state)}, ${clock(hit.at)}`
                : hit.kind === "driver"
                  ? `${hit.detail}, ${hit.state.toLowerCase()}`
                  : hit.detail,
            ),
          ),
        )
      : [
          h(
            "p",
            { class: "sm mute none", role: "option", "aria-disabled": "true", "aria-selected": "false" },
            failed ? "The search did not answer. Try again." : `Nothing here is called “${text}”.`,
          ),
        ]),
  );
  host.hidden = false;
  $("#q").setAttribute("aria-expanded", "true");
  point();
}
const said = (status) => status[0] + status.slice(1).toLowerCase().replaceAll("_", " ");
function go(to) {
  if (!hits.length) return;
  active = (to + hits.length) % hits.length;
  point();
}
function point() {
  for (const [i, el] of [...$("#hits").children].entries()) el.setAttribute("aria-selected", String(i === active));
  if (active >= 0) {
    $("#q").setAttribute("aria-activedescendant", `hit-${active}`);
    $(`#hit-${active}`)?.scrollIntoView({ block: "nearest" });
  } else $("#q").removeAttribute("aria-activedescendant");
}
function hide() {
  $("#hits").hidden = true;
  $("#q").setAttribute("aria-expanded", "false");
  $("#q").removeAttribute("aria-activedescendant");
}
function take(hit) {
  hide();
  $("#q").value = "";
  $("#q").blur();
  if (hit.kind === "driver") learn(hit.id, hit.title);
  say("found", hit);
  choose({ kind: KIND[hit.kind], id: hit.id }, $("#q"));
}
