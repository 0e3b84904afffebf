// The kitchen's screen: three columns by what to do next, live over the socket, readable from two metres.
import { call, get, post } from "../api.js";
import { Live } from "../socket.js";
import { TICKET, canSound, play, unlockSound } from "../sound.js";
import { setClock, speed, until } from "../time.js";
import { $, boot, clock, fillIcons, h, icon, initTabs, setLink, toast } from "../ui.js";
import { menuDrawer } from "./menu.js";
import { ORDER, columnOf, goneLine, signature, ticket } from "./tickets.js";

boot();
unlockSound();
const meta = (name) => document.querySelector(`meta[name="${name}"]`).content;
const kitchen = meta("restaurant-id");
const POLL_MS = 10_000;
const AFTER_MS = 2_000;
const AGAIN_MS = 12_000;
const SEGMENTS = 8;
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
const REJECT = {
  title: "Turn it away?",
  text: "The customer is told at once and pays nothing.",
  keep: "Keep the order",
  reasons: [
    ["too-busy", "Too busy"],
    ["sold-out", "Something is sold out"],
    ["closing", "We are closing"],
    ["equipment", "Equipment trouble"],
    ["other", "Another reason"],
  ],
};
const CANCEL = {
  title: "Cannot make it?",
  text: "Customer and driver are told at once. This cannot be undone.",
  keep: "Keep cooking",
  reasons: [
    ["sold-out", "Something is sold out"],
    ["equipment", "Equipment trouble"],
    ["accident", "It went wrong in the kitchen"],
    ["closing", "We are closing"],
    ["other", "Another reason"],
  ],
};
const PAUSE = {
  title: "Pause new orders?",
  text: "Customers see you as closed. Orders already here go on.",
  keep: "Stay open",
  reasons: [
    ["15", "15 minutes"],
    ["30", "30 minutes"],
    ["60", "One hour"],
    ["180", "Three hours"],
  ],
};
const LOAD = {
  title: "How many orders at once?",
  text: "New and cooking ones count. One more is refused until one is ready; customers are told to try again.",
  keep: "Leave it as it is",
  reasons: [["none", "No limit"], ...[3, 5, 8, 12, 20, 40].map((n) => [String(n), `${n} orders`])],
};
let view = null;
let about = null;
let loaded = false;
let failed = "";
let column = "new";
let muted = false;
let blocked = false;
let link = "amber";
let shownAt = 0;
let seen = null;
let rang = 0;
let tapped = 0;
try {
  muted = localStorage.getItem("fleetsync.muted") === "1";
} catch {
  /* private window */
}
const choices = new Map();
const tickets = new Map(); // order id -> minutes; order id -> { sign, el, tickers }
const usual = Number(meta("preparation-min"));

// --- the board ----------------------------------------------------------------------------
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
        "aria-selected": String(id === column),
      },
      word,
      h("span", { class: "count", id: `n-${id}` }, "–"),
    ),
  ),
);
initTabs($("#cols"), (id) => {
  column = id;
  for (const [each] of COLUMNS) $(`#col-${each}`).classList.toggle("on", each === id);
});

function paint() {
  if (!view) return;
  const rows = view.orders;
  const was = document.activeElement?.dataset?.keep;
  for (const [id] of COLUMNS) {
    const list = rows.filter((row) => columnOf(row) === id).sort(ORDER[id]);
    const els = list.map(element);
    const host = $(`#t-${id}`);
    const same = els.length && host.children.length === els.length && els.every((el, i) => host.children[i] === el);
    if (!same)
      host.replaceChildren(
        ...(els.length ? els : [h("div", { class: "empty" }, icon(NONE[id][0]), h("b", {}, NONE[id][1]), NONE[id][2])]),
      );
    for (const count of [$(`#c-${id}`), $(`#n-${id}`)]) {
      count.textContent = list.length;
      count.classList.toggle("is-offer", id === "new" && list.length > 0);
    }
  }
  const gone = rows
    .filter((row) => columnOf(row) === "gone")
    .sort(ORDER.gone)
    .slice(0, 12);
  $("#gone").replaceChildren(
    ...(gone.length ? gone.map(goneLine) : [h("li", { class: "mute sm" }, "Nothing in the last quarter of an hour.")]),
  );
  const there = new Set(rows.map((row) => row.order.id));
  for (const id of tickets.keys()) if (!there.has(id)) tickets.delete(id);
  if (was && document.activeElement === document.body) $(`[data-keep="${CSS.escape(was)}"]`)?.focus();
  load(rows);
  tick();
  $("#board").removeAttribute("aria-busy");
}
function element(row) {
  const { id } = row.order;
  const sign = signature(row, choices.get(id));
  const old = tickets.get(id);
  if (old?.sign === sign) return old.el;
  const tickers = [];
  const el = ticket(row, { choice: choices.get(id), usual }, act, (f) => tickers.push(f));
  if (old) {
    el.classList.add("still");
    old.el.replaceWith(el);
  }
  tickets.set(id, { sign, el, tickers });
  return el;
}
function load(rows) {
  const cooking = rows.filter((row) => columnOf(row) === "cook").length;
  const waiting = rows.filter((row) => columnOf(row) === "new").length;
  const limit = about?.max_open_orders;
  const inside = cooking + waiting;
  const part = limit ? Math.min(1, inside / limit) * SEGMENTS : cooking;
  $("#load").classList.toggle("full", Boolean(limit) && inside >= limit);
  $("#load").setAttribute(
    "aria-label",
    `Kitchen load: ${limit ? `${inside} of ${limit} orders` : `${cooking} cooking, no limit`}. Change the limit`,
  );
  $("#load").replaceChildren(
    h("span", {}, "Kitchen load"),
    h(
      "span",
      { class: "dots", "aria-hidden": "true" },
      Array.from({ length: SEGMENTS }, (_, i) => h("i", { class: i < part ? "on" : "" })),
    ),
    h("b", { class: "num" }, limit ? `${inside} of ${limit}` : `${cooking} cooking`),
  );
  document.title = `${waiting ? `(${waiting}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
}
function tick() {
  for (const { tickers } of tickets.values()) for (const each of tickers) each();
}

// --- what the kitchen does ----------------------------------------------------------------
const act = {
  choose(row, minutes) {
    choices.set(row.order.id, minutes);
    paint();
  },
  accept: (row, minutes) => run(row, "accept", { preparation_min: minutes }, `#${row.order.code} accepted`),
  start: (row) => run(row, "preparing", {}, `#${row.order.code} is on the stove`),
  ready: (row) => run(row, "ready", {}, `#${row.order.code} is ready`),
  delay: (row) =>
    run(row, "delay", { minutes: 5 }, `#${row.order.code}: 5 more minutes. Driver and customer know.`, () =>
      run(
        row,
        "delay",
        { ready_at: row.order.ready_at },
        `#${row.order.code} is due at ${clock(row.order.ready_at)} again`,
      ),
    ),
  reject: (row) => ask(REJECT, (reason) => run(row, "reject", { reason }, `#${row.order.code} turned away`)),
  cancel: (row) => ask(CANCEL, (reason) => run(row, "cancel", { reason }, `#${row.order.code} called off`)),
};
async function run(row, step, body, words, undo) {
  const box = tickets.get(row.order.id)?.el;
  for (const button of box?.querySelectorAll("button") ?? []) button.disabled = true;
  tapped = Date.now();
  try {
    await post(`orders/${row.order.id}/${step}`, body, { signal: AbortSignal.timeout(10_000) });
    toast(words, undo);
  } catch (problem) {
    toast(problem.status === undefined ? "No connection: nothing was changed. Try again." : problem.message);
  }
  const old = tickets.get(row.order.id);
  if (old) old.sign = ""; // built anew, with buttons that work, also where nothing else changed
  await refresh();
  paint();
}
let then = null;
function ask({ title, text, keep, reasons }, onReason) {
  $("#askh").textContent = title;
  $("#asksay").textContent = text;
  $("#askno").textContent = keep;
  $("#reasons").replaceChildren(...reasons.map(([code, words]) => h("button", { class: "btn", value: code }, words)));
  then = onReason;
  $("#ask").returnValue = "";
  $("#ask").showModal();
}
$("#ask").addEventListener("close", (e) => {
  if (e.target.returnValue) then?.(e.target.returnValue);
  then = null;
});

// --- pause, hours, connection ---------------------------------------------------------------
async function settings() {
  if (navigator.onLine === false) return;
  try {
    about = await get(`restaurants/${kitchen}`);
  } catch {
    /* what is shown stays */
  }
  if (view) load(view.orders);
  banner();
}
let shownPaused = false;
const paused = () => about?.paused_until && until(about.paused_until) > 0;
function banner() {
  const el = $("#banner");
  const open = paused();
  $("#pauseword").textContent = open ? "Open again" : "Pause orders";
  if (Boolean(open) !== shownPaused) {
    shownPaused = Boolean(open);
    $("#pause .i")?.replaceWith(icon(shownPaused ? "play" : "pause"));
  }
  $("#pause").setAttribute("aria-pressed", String(Boolean(open)));
  const show = (glyph, words, button) => {
    if (el.dataset.words === words) return;
    el.dataset.words = words;
    el.hidden = false;
    el.replaceChildren(icon(glyph), h("span", {}, words), button ?? "");
  };
  if (failed && !loaded)
    show(
      "alert",
      `The orders did not load. ${failed}`,
      h("button", { class: "btn small", type: "button", onclick: refresh }, "Try again"),
    );
  else if (link === "poll" || link === "off")
    show(
      "cut",
      link === "off"
        ? "You are signed out, or not at this restaurant any more. Load the page again."
        : `Connection lost. Showing ${clock(shownAt, true)}, asking again every 10 s.`,
    );
  else if (open)
    show(
      "pause",
      `Paused until ${clock(about.paused_until)}. Customers see you as closed; orders already here go on.`,
      h("button", { class: "btn small", type: "button", onclick: resume }, "Open again now"),
    );
  else if (about && !about.is_open)
    show(
      "clock",
      about.next_opening_at
        ? `Closed by your opening hours. New orders come from ${clock(about.next_opening_at)}.`
        : "Closed: no new orders come.",
    );
  else {
    el.hidden = true;
    el.dataset.words = "";
  }
}
async function pause() {
  ask(PAUSE, async (minutes) => {
    try {
      about = await post(`restaurants/${kitchen}/pause`, { minutes: Number(minutes) });
      toast(`Paused until ${clock(about.paused_until)}`, resume);
    } catch (problem) {
      toast(problem.message);
    }
    banner();
  });
}
async function resume() {
  try {
    about = await post(`restaurants/${kitchen}/resume`);
    toast("Open again. New orders come in.");
  } catch (problem) {
    toast(problem.message);
  }
  banner();
}
async function limitTo(most, undo) {
  try {
    about = await call("PATCH", `restaurants/${kitchen}`, { max_open_orders: most });
    toast(most ? `At most ${most} orders at once` : "No limit any more", undo);
  } catch (problem) {
    toast(problem.status === undefined ? "No connection: nothing was changed. Try again." : problem.message);
  }
  if (view) load(view.orders);
}
$("#load").addEventListener("click", () => {
  const before = about?.max_open_orders ?? null;
  ask(LOAD, (most) => limitTo(most === "none" ? null : Number(most), () => limitTo(before)));
});
$("#pause").addEventListener("click", () => (paused() ? resume() : pause()));

// --- sound --------------------------------------------------------------------------------
function soundButton() {
  const button = $("#sound");
  blocked = !muted && !canSound(); // a browser lets a page sound only after the first touch
  button.setAttribute("aria-pressed", String(muted));
  button.classList.toggle("main", blocked);
  $("#soundword").textContent = muted ? "Sound off" : blocked ? "Tap for sound" : "Sound on";
}
$("#sound").addEventListener("click", () => {
  if (!blocked) muted = !muted; // the first tap gives the sound free
  try {
    localStorage.setItem("fleetsync.muted", muted ? "1" : "0");
  } catch {
    /* private window */
  }
  soundButton();
  if (!muted) setTimeout(() => play(TICKET), 80);
  toast(muted ? "Muted. New orders still stand out." : "You will hear new orders.");
});
soundButton();
/** A new ticket sounds at once, and again while it is not answered. */
function ringFor(rows) {
  const fresh = rows.filter((row) => columnOf(row) === "new");
  const unknown = fresh.filter((row) => !seen?.has(row.order.id));
  seen = new Set(fresh.map((row) => row.order.id));
  if (unknown.length) {
    $("#say").textContent =
      unknown.length === 1 ? `New order ${unknown[0].order.code}` : `${unknown.length} new orders`;
    rang = 0;
  }
  chime();
}
function chime() {
  if (muted || !seen?.size || Date.now() - rang < AGAIN_MS || Date.now() - tapped < 4_000) return;
  if (play(TICKET)) rang = Date.now();
}

// --- data -----------------------------------------------------------------------------------
function take(data) {
  setClock({ now: data.now, scale: speed() });
  view = data;
  loaded = true;
  failed = "";
  shownAt = new Date(data.now).getTime();
  ringFor(data.orders);
  paint();
  banner();
}
let asked = 0;
let pending = 0;
let timed = false;
async function refresh() {
  if (navigator.onLine === false && loaded) return;
  const turn = ++asked;
  try {
    if (!timed) {
      setClock(await get("clock"));
      timed = true;
    }
    const data = await get(`restaurants/${kitchen}/live`, { signal: AbortSignal.timeout(10_000) });
    if (turn === asked) take(data);
  } catch (problem) {
    if ([401, 403, 404].includes(problem.status)) live.end();
    else if (turn === asked) soon(AFTER_MS); // what an event told of is not seen yet
    failed = problem.status === undefined ? "There is no connection." : problem.message;
    banner();
  }
}
const soon = (wait = 150) => {
  clearTimeout(pending);
  pending = setTimeout(refresh, wait);
};
const drawer = menuDrawer({ restaurant: kitchen, currency: () => about?.currency ?? "USD" });
const live = new Live();
let poll = 0;
live.onState((state) => {
  link = state;
  setLink(state);
  clearInterval(poll);
  if (state === "off") clearTimeout(pending);
  else if (state !== "live") poll = setInterval(refresh, POLL_MS);
  else if (loaded) soon();
  banner();
});
live.subscribe(`restaurant:${kitchen}`, (frame) => {
  if (frame.type === "snapshot" || frame.type === "reset") {
    if (frame.data?.orders) take(frame.data);
    else soon();
    return;
  }
  if (frame.type === "position") {
    moved(frame.data);
    return;
  }
  if (frame.type.startsWith("menu.")) drawer.heard();
  if (frame.type.startsWith("restaurant.")) settings();
  if (!frame.type.startsWith("menu.") && !frame.type.startsWith("restaurant.")) soon();
});
/** A driver who is near moved: only his line changes. */
function moved({ order_id: id, lat, lng }) {
  const row = view?.orders.find((each) => each.order.id === id);
  if (!row?.driver) return;
  row.driver.position = { ...row.driver.position, lat, lng };
  if (Date.now() - (row.drawn ?? 0) > 3_000) {
    row.drawn = Date.now();
    paint();
  }
}
$("#restaurant")?.addEventListener("change", (e) => e.target.form.submit());
setInterval(() => {
  tick();
  chime();
  soundButton();
  banner();
}, 1_000);
setInterval(settings, 60_000);
fillIcons();
await Promise.all([refresh(), settings()]);
