// Small shared parts of every page: elements, icons, theme, toasts, tabs, ring, words for time and money.
const SPRITE = new URL("../icons.svg", import.meta.url).href;
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Build an element: h("button", { class: "btn", onclick }, "Text", child). */
export function h(tag, attrs = {}, ...kids) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(attrs)) {
    if (value == null || value === false) continue;
    if (key.startsWith("on")) el.addEventListener(key.slice(2), value);
    else if (key === "class") el.className = value;
    else el.setAttribute(key, value === true ? "" : value);
  }
  el.append(...kids.flat(Infinity).filter((kid) => kid != null && kid !== false));
  return el;
}

const NS = "http://www.w3.org/2000/svg";
/** Build an SVG element, as `h` does for HTML. */
export function s(tag, attrs = {}, ...kids) {
  const el = document.createElementNS(NS, tag);
  for (const [key, value] of Object.entries(attrs)) if (value != null) el.setAttribute(key, value);
  el.append(...kids.flat(2).filter((kid) => kid != null));
  return el;
}

export const icon = (name, cls = "i") =>
  s("svg", { class: cls, viewBox: "0 0 20 20", "aria-hidden": "true" }, s("use", { href: `${SPRITE}#${name}` }));

// One word, one glyph, one hue per state: arrow moves, disc stands, ring is free, diamond asks, triangle needs a person.
const GLYPH = {
  free: () => s("circle", { cx: 6, cy: 6, r: 4.2, class: "o" }),
  inbound: () => s("path", { d: "M2 1.5 10.5 6 2 10.5 4 6z" }),
  carry: () => s("path", { d: "M2 1.5 10.5 6 2 10.5 4 6z" }),
  disc: () => s("circle", { cx: 6, cy: 6, r: 4.4 }),
  offer: () => s("path", { d: "M6 .8 11.2 6 6 11.2 .8 6z" }),
  risk: () => s("path", { d: "M6 1.2 11.4 10.6H.6z" }),
  late: () => s("path", { d: "M1.4 1.4h9.2v9.2H1.4z" }),
  off: () => s("path", { d: "M2 6h8", class: "o" }),
};
export const glyph = (name, kind = name) =>
  s("svg", { class: `g is-${kind}`, viewBox: "0 0 12 12", "aria-hidden": "true" }, GLYPH[name]());
export function pill(kind, word, shape = kind) {
  return h(
    "span",
    { class: `pill is-${kind}` },
    s("svg", { class: "g", viewBox: "0 0 12 12", "aria-hidden": "true" }, GLYPH[shape]()),
    word,
  );
}
export function fillIcons(root = document) {
  for (const el of $$("[data-i]", root)) el.replaceWith(icon(el.dataset.i, el.className || "i"));
  for (const el of $$("[data-pill]", root)) {
    const [kind, shape] = el.dataset.pill.split(":");
    el.replaceWith(pill(kind, el.textContent, shape || kind));
  }
}

export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const still = matchMedia("(prefers-reduced-motion: reduce)"); // asked once: frames read it
export const calm = () => still.matches;

// --- words for time, distance and money ---------------------------------------------------
const timeZone = $('meta[name="time-zone"]')?.content; // a page whose words are a city's names the zone; else the viewer's
const hhmm = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
const hhmmss = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone });
const minutes = new Map(); // lists of hundreds of orders ask for the same minutes every second, and Intl is slow
/** A moment (Date, ms or ISO text) as 19:42 in the viewer's zone, or the one the page names. */
export function clock(moment, seconds = false) {
  if (moment == null) return "–";
  const at = new Date(moment);
  if (seconds) return hhmmss.format(at);
  const minute = Math.floor(at.getTime() / 60_000);
  if (!minutes.has(minute)) {
    if (minutes.size > 1000) minutes.clear();
    minutes.set(minute, hhmm.format(at));
  }
  return minutes.get(minute);
}
/** A span of seconds: 45 s, 9:46, 12 min. */
export function span(seconds) {
  const v = Math.max(0, Math.round(seconds));
  if (v < 60) return `${v} s`;
  if (v < 600) return `${Math.floor(v / 60)}:${String(v % 60).padStart(2, "0")}`;
  return `${Math.round(v / 60)} min`;
}
export const km = (m) => (m < 950 ? `${Math.round(m / 10) * 10} m` : `${(m / 1000).toFixed(1)} km`);
const digits = Object.fromEntries(
  ($('meta[name="currency-digits"]')?.content ?? "").split(" ").map((d) => d.split(":")),
);
/** Minor units and an ISO currency as text in the viewer's language. */
export function money(minor, currency = "USD") {
  const places = Number(digits[currency] ?? 2); // as the server counts; browsers differ from ISO 4217
  return new Intl.NumberFormat(undefined, {
    style: "currency",
    currency,
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  }).format(minor / 10 ** places);
}

// --- theme, toasts, tabs, ring ------------------------------------------------------------
export function initTheme() {
  for (const button of $$("[data-theme-toggle]")) {
    button.addEventListener("click", () => {
      const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      document.documentElement.dataset.theme = next;
      try {
        localStorage.setItem("fleetsync.theme", next);
      } catch {
        /* private window */
      }
      dispatchEvent(new Event("themechange"));
    });
  }
}
/** Say what happened; with `undo`, offer to take it back. It stays while it is pointed at or has the focus. */
export function toast(text, undo, ms = 6000) {
  let host = $(".toasts");
  if (!host) {
    host = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(host);
  }
  const el = h(
    "div",
    { class: "toast" },
    text,
    undo &&
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            undo();
            el.remove();
          },
        },
        "Undo",
      ),
  );
  host.append(el);
  while (host.children.length > 3) host.firstChild.remove();
  let timer = 0;
  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(() => el.remove(), ms);
  };
  for (const kind of ["pointerenter", "focusin"]) el.addEventListener(kind, () => clearTimeout(timer));
  for (const kind of ["pointerleave", "focusout"]) el.addEventListener(kind, leave);
  leave();
}
/** Take back what the newest toast offers to; false when none does. */
export function undoLast() {
  const button = $$(".toasts button").at(-1);
  button?.click();
  return Boolean(button);
}
export function initTabs(list, onPick) {
  const tabs = $$('[role="tab"]', list);
  const pick = (tab, focus) => {
    for (const t of tabs) {
      t.setAttribute("aria-selected", String(t === tab));
      t.tabIndex = t === tab ? 0 : -1;
    }
    if (focus) tab.focus();
    onPick(tab.dataset.tab);
  };
  list.addEventListener("click", (e) => {
    const t = e.target.closest('[role="tab"]');
    if (t) pick(t);
  });
  list.addEventListener("keydown", (e) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    pick(tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length], true);
  });
  pick(tabs.find((t) => t.getAttribute("aria-selected") === "true") || tabs[0]);
  return pick;
}
/** A countdown ring: `el` to place, `set(left_s, total_s)` to paint. */
export function ring(size = 64, stroke = 5) {
  const r = (size - stroke) / 2;
  const value = s("circle", { class: "v", cx: size / 2, cy: size / 2, r, pathLength: 1 });
  const text = h("span", {});
  const el = h(
    "div",
    { class: "ring", role: "timer" },
    s(
      "svg",
      { viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true" },
      s("circle", { cx: size / 2, cy: size / 2, r }),
      value,
    ),
    text,
  );
  el.style.width = el.style.height = `${size}px`;
  return {
    el,
    set(left, total) {
      value.style.strokeDashoffset = String(1 - Math.min(1, Math.max(0, left / total)));
      value.style.stroke = left <= Math.min(8, total * 0.3) ? css("--late") : css("--offer");
      text.textContent = Math.ceil(Math.max(0, left));
    },
  };
}
const LINK_WORDS = { live: "Live", amber: "Reconnecting", poll: "Asking every 10 s", past: "Past", off: "Offline" };
/** Show the state of the connection wherever a `.link` stands. */
export function setLink(state, words = LINK_WORDS[state]) {
  for (const el of $$(".link")) {
    el.dataset.link = state;
    el.textContent = words;
  }
}
export function boot() {
  fillIcons();
  initTheme();
}
