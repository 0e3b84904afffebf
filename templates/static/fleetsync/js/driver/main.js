// The driver's page. What the server says, plus the taps that are still on their way, make what is shown.
import { call, get, post } from "../api.js";
import { Live } from "../socket.js";
import { MESSAGE, OFFER, play, unlockSound } from "../sound.js";
import { now, setClock, until } from "../time.js";
import { $, boot, calm, fillIcons, h, icon, money, setLink, span, toast } from "../ui.js";
import { Chart } from "./chart.js";
import { Memory } from "./memory.js";
import { Messages } from "./messages.js";
import * as panel from "./panel.js";
import { Place } from "./place.js";
import { Queue } from "./queue.js";
import { DECLINE, GIVE_BACK, NOBODY, ask } from "./reasons.js";
import { ahead, countersOf, questionsOf, stopsOf } from "./route.js";

boot();
unlockSound();
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const me = meta("user-id");
const demo = Boolean(meta("demo"));
const memory = new Memory(me);
const POLL_MS = 5_000;
const AGAIN_MS = 2_000;
const SHOW_LOST_MS = 2_500;
let live = null;
let error = "";
let ended = false;
let view = "";
let trouble = "";
let busy = false;
let earned = null;
let day = null;
let earnFailed = false;
let wanted = memory.get("online") === "1";
let profile = null;
let start = null;
let simulated = memory.get("ride") ? memory.get("ride") === "1" : demo;
let pad = { digits: "", wrong: "", open: false };
const answered = new Set();
const acked = new Set();
const chart = new Chart();
const queue = new Queue(me, { onChange: () => paint(), onSent: sent, onRefused: refused, onEnd: () => socket.end() });
const messages = new Messages($("#words"), $("#wordsdialog"), {
  onRead: (message) =>
    queue.tap({ path: `drivers/me/messages/${message.id}/read`, about: message.id, step: "read", at: now() }),
  onNew: () => {
    play(MESSAGE);
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(180);
  },
});
const place = new Place(me, {
  onPing: (point) => {
    if (live?.session) queue.point(point);
  },
  onMove: () => scene(),
  onTrouble: (what) => {
    trouble = what;
    if (!live?.session) paint();
  },
});

// --- what is shown ----------------------------------------------------------------------
let tickers = [];
let drawn = "";
let keyed = () => {};
const tick = () => {
  for (const each of tickers) each();
};
const tasks = () => ahead(live?.deliveries ?? [], queue.taps);
const question = () =>
  questionsOf((live?.offers ?? []).filter((o) => until(o.expires_at) > 0 && !answered.has(o.id)))[0];

function choose() {
  if (ended) return ["signedout", queue.taps.length];
  if (error && !live) return ["error", error];
  if (!live) return ["loading"];
  if (view === "earn") return ["earn", earned, earnFailed, day];
  const stops = stopsOf(tasks());
  const ask = live.session && question();
  if (ask) return ["offer", ask.map((o) => o.id), Boolean(place.here)];
  if (stops.length)
    return [
      "task",
      stops.map((s) => [
        s.kind,
        s.deliveries.map((d) => [
          d.id,
          d.status,
          d.waiting,
          d.ready_at,
          d.pickup_eta_at,
          d.pin_required,
          d.pin_tries_left,
        ]),
      ]),
      pad.open,
      pad.wrong,
    ];
  if (!live.session) return ["off", trouble, busy, simulated];
  if (live.session.status === "PAUSED") return ["paused"];
  return ["idle", earned?.deliveries, earned && Math.floor(earned.online_s / 60), queue.taps.length];
}
function build(kind, onTick) {
  const here = place.here;
  const stops = stopsOf(tasks());
  switch (kind) {
    case "signedout":
      return panel.signedOut(queue.taps.length);
    case "error":
      return panel.failed(error, { retry: refresh });
    case "earn":
      return panel.earnings(
        { earned: day ? day.earned : earned, failed: earnFailed },
        {
          close: () => {
            view = "";
            day = null;
            paint();
            $("#earnbtn").focus();
          },
          day: showDay,
          isToday: (d) => d === earned?.day,
        },
      );
    case "offer":
      return panel.offer(
        { offers: question(), here, area: (p) => chart.area(p) },
        { accept, decline, expired: () => paint(), why: (o) => get(`offers/${o.id}/explain`) },
        onTick,
      );
    case "task":
      return panel.task(
        { stops, here: () => place.here, pad },
        {
          step,
          giveBack,
          nobody,
          handOver,
          openPad: () => {
            pad.open = true;
            paint();
          },
          onKey: (f) => {
            keyed = f;
          },
        },
        onTick,
      );
    case "off":
      return panel.offline(
        { trouble: simulated ? "" : trouble, demo, busy },
        {
          online: goOnline,
          rideForMe: () => {
            ride(true);
            goOnline();
          },
        },
      );
    case "paused":
      return panel.paused({ resume: () => pause(false) });
    default:
      return panel.idle({ earned, waiting: queue.taps.length ? "Your answer waits to be sent." : "" });
  }
}
function paint() {
  const chosen = choose();
  const sign = JSON.stringify(chosen);
  const [kind] = chosen;
  const fresh = sign !== drawn;
  if (fresh && kind !== "loading") {
    const was = document.activeElement?.dataset?.keep;
    const changed = JSON.parse(drawn || "[]")[0] !== kind;
    const open = Boolean($("#panel details[open]"));
    const next = [];
    keyed = () => {};
    const parts = build(kind, (f) => next.push(f)).filter(Boolean);
    drawn = sign;
    tickers = next;
    $("#panel").replaceChildren(...parts);
    if (open && !changed) {
      const more = $("#panel details");
      if (more) more.open = true;
    }
    tick();
    if (was) $(`#panel [data-keep="${CSS.escape(was)}"]`)?.focus();
    if (changed || kind === "task") say($("#panel h2")?.textContent ?? "");
  }
  furniture();
  scene();
  const target = JSON.stringify([
    kind,
    kind === "offer" ? chosen[1] : kind === "task" ? chosen[1].map(([k, rows]) => [k, rows.map((r) => r[0])]) : 0,
  ]);
  if (target !== paint.target) {
    paint.target = target;
    chart.fit();
  }
}
let said = "";
function say(words) {
  if (words && words !== said) {
    said = words;
    $("#say").textContent = words;
  }
}

function furniture() {
  const session = live?.session;
  const box = $("#online");
  const carrying = tasks().length > 0;
  box.disabled = !live || busy;
  box.checked = Boolean(session) || busy;
  $("#onlineword").textContent = busy
    ? "One moment"
    : !session
      ? "Offline"
      : session.status === "PAUSED"
        ? "Paused"
        : "Online";
  $("#today").textContent = earned ? money(earned.total_minor, earned.currency) : "–";
  $("#earnbtn").setAttribute("aria-expanded", String(view === "earn"));
  const pauseButton = $("#pausebtn");
  pauseButton.hidden = !session;
  pauseButton.replaceChildren(
    icon(session?.status === "PAUSED" ? "play" : "pause"),
    session?.status === "PAUSED" ? "Take offers again" : "Take no offers for now",
  );
  const lost = queue.lostAt == null ? 0 : Date.now() - queue.lostAt;
  const tunnel = $("#tunnel");
  const n = queue.points;
  const m = queue.taps.length;
  const shown = lost > SHOW_LOST_MS || (lost > 0 && m > 0);
  if (tunnel.hidden === shown) {
    tunnel.hidden = !shown;
    tunnel.replaceChildren(icon("cut"), h("span", { class: "grow" }, h("b"), h("span")));
  }
  if (shown) {
    $("b", tunnel).textContent = `No signal for ${span(lost / 1000)}. `;
    $("span span", tunnel).textContent =
      session || n || m
        ? `Keep riding: ${n} ${n === 1 ? "position" : "positions"} and ${m} ${m === 1 ? "tap" : "taps"} are kept.`
        : "What you see may be old.";
  }
  const offered = demo || simulated || (trouble && trouble !== "lost");
  $("#practice").hidden = !offered || !session || Boolean(question());
  $("#rideforme").checked = simulated;
  $("#practiceword").textContent = carrying ? "straight to the next stop" : "as soon as you have a task";
}
function scene() {
  const ask = live?.session && view !== "earn" && question();
  const list = ask
    ? [
        ...countersOf(ask).map(([o]) => ({ kind: "pickup", place: o.restaurant.position })),
        ...ask.map((o) => ({ kind: "dropoff", place: o.dropoff })),
      ]
    : stopsOf(tasks());
  const held = stopsOf(tasks())[0];
  const row = held?.deliveries[0];
  const state = !live?.session
    ? "paused"
    : !held
      ? live.session.status === "PAUSED"
        ? "paused"
        : "free"
      : held.kind !== "pickup"
        ? "carry"
        : row.status === "ARRIVED_AT_PICKUP"
          ? "counter"
          : "inbound";
  place.target = live?.session && held ? held.place : null;
  chart.show({
    me: place.here,
    state,
    stops: list,
    offer: Boolean(ask),
    age: queue.lostAt ? (Date.now() - queue.lostAt) / 1000 : 0,
  });
}

// --- what the server says -----------------------------------------------------------------
let pending = 0;
let asked = 0;
const soon = (wait = 120) => {
  clearTimeout(pending);
  pending = setTimeout(refresh, wait);
};
async function refresh() {
  if (navigator.onLine === false && live) return;
  const turn = ++asked;
  try {
    const data = await get("drivers/me/live", { signal: AbortSignal.timeout(8_000) });
    queue.found();
    if (turn === asked) take(data);
  } catch (problem) {
    if (problem.status === 401 || problem.status === 403) {
      socket.end();
      return;
    }
    if (problem.status === undefined) queue.lose();
    if (turn === asked) soon(AGAIN_MS); // what an event told of is not seen yet
    error = problem.status === undefined ? "There is no connection. It is tried again by itself." : problem.message;
    paint();
  }
}
function take(data) {
  setClock(data.clock);
  const before = new Set((live?.offers ?? []).map((o) => o.id));
  const had = live;
  live = data;
  error = "";
  for (const offer of data.offers) {
    if (acked.has(offer.id)) continue;
    acked.add(offer.id);
    if (!socket.send({ type: "ack", offer_id: offer.id }))
      post(`offers/${offer.id}/ack`).catch(() => acked.delete(offer.id));
  }
  const fresh = data.offers.filter((o) => !before.has(o.id) && !answered.has(o.id));
  if (fresh.length && data.session) {
    if (view === "earn") view = "";
    play(OFFER);
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([180, 90, 180]);
  }
  if (had && had.deliveries.length !== data.deliveries.length) money_();
  messages.take(data.messages);
  follow();
  watchOrders();
  paint();
}
/** Keep reporting while there is a session; after a tunnel take the session up again. */
let running = false;
let resumed = 0;
function follow() {
  if (live.session && !running) {
    running = true;
    wanted = true;
    memory.set("online", "1");
    place.begin({ simulated, start });
  }
  if (live.session && simulated && !place.here)
    place.here = place.last ?? live.deliveries[0]?.pickup ?? chart.centre ?? null;
  if (!live.session && running && !wanted) {
    running = false;
    place.end();
  }
  if (!live.session && wanted && !busy && Date.now() - resumed > 5_000) {
    resumed = Date.now();
    goOnline();
  }
}
const orders = new Set();
function watchOrders() {
  const held = new Set(live.deliveries.map((d) => `order:${d.order_id}`));
  for (const topic of [...orders])
    if (!held.has(topic)) {
      socket.unsubscribe(topic);
      orders.delete(topic);
    }
  for (const topic of held)
    if (!orders.has(topic)) {
      orders.add(topic);
      socket.subscribe(topic, (frame) => {
        if (frame.type !== "snapshot" && frame.type !== "position") soon();
      });
    }
}
async function money_() {
  try {
    earned = await get("drivers/me/earnings");
    earnFailed = false;
  } catch {
    earnFailed = !earned;
  }
  paint();
}

// --- what the driver does -----------------------------------------------------------------
async function goOnline() {
  if (busy) return;
  busy = true;
  wanted = true;
  paint();
  try {
    if (!place.here) {
      if (simulated) start ??= await somewhere();
      place.begin({ simulated, start });
      running = true;
    }
    const here = await place.known();
    if (!here) {
      trouble ||= "lost";
      throw new Error("");
    }
    await post("driver-sessions", { position: { lat: here.lat, lng: here.lng } });
    trouble = "";
    memory.set("online", "1");
    await refresh();
  } catch (problem) {
    if (problem.status === undefined && !problem.message) {
      stopWanting();
    } else if (problem.status === undefined) queue.lose();
    else {
      stopWanting();
      toast(problem.message);
    }
  } finally {
    busy = false;
    paint();
  }
}
function stopWanting() {
  wanted = false;
  running = false;
  memory.set("online", "0");
  place.end();
}
/** Where the rider of the demo starts: near an open kitchen. */
async function somewhere() {
  const centre = chart.centre ?? { lat: 0, lng: 0 };
  try {
    const { results } = await get(`restaurants?near=${centre.lat},${centre.lng}&open=true`);
    const { position } = results[0];
    return { lat: position.lat + 0.003, lng: position.lng - 0.002 };
  } catch {
    return centre;
  }
}
async function goOffline() {
  if (tasks().length) {
    toast("Finish what you carry first, or give it back.");
    furniture();
    return;
  }
  busy = true;
  stopWanting();
  try {
    await call("DELETE", "driver-sessions/current");
  } catch (problem) {
    if (problem.status !== 404) toast(problem.status ? problem.message : "No signal: you are still online. Try again.");
  }
  busy = false;
  await refresh();
}
async function pause(on) {
  $("#menu").close();
  try {
    await post(`driver-sessions/current/${on ? "pause" : "resume"}`);
    toast(on ? "No offers until you take them again." : "You get offers again.", on ? () => pause(false) : null);
  } catch (problem) {
    toast(problem.message);
  }
  refresh();
}
function ride(on) {
  simulated = on;
  memory.set("ride", on ? "1" : "0");
  trouble = "";
  if (running) {
    if (!on) place.here = null;
    place.begin({ simulated, start });
  }
  paint();
}
function accept(offers) {
  for (const offer of offers) answered.add(offer.id);
  queue.tap({ path: `offers/${offers[0].id}/accept`, about: offers[0].id, step: "accept", at: now() });
  paint();
}
function decline(offer) {
  ask(DECLINE, (reason) => {
    for (const each of question() ?? []) if (each.batch_id === offer.batch_id) answered.add(each.id);
    queue.tap({ path: `offers/${offer.id}/decline`, body: { reason }, about: offer.id, step: "decline", at: now() });
    paint();
  });
}
function step(name, deliveries, body = {}) {
  for (const row of deliveries)
    queue.tap({ path: `deliveries/${row.id}/${name}`, body, about: row.id, step: name, at: now() });
  paint();
}
const giveBack = (deliveries) => ask(GIVE_BACK, (reason) => step("give-back", deliveries, { reason }));
const nobody = (row) => ask(NOBODY, (reason) => step("fail", [row], { reason }));
function handOver(row, pin) {
  const body = pin ? { pin } : {};
  pad = { digits: "", wrong: "", open: false };
  step("drop-off", [row], body);
}
function sent(tap, answer) {
  if (tap.step === "drop-off") {
    toast(`#${answer?.code ?? ""} handed over. Well done.`);
    money_();
  }
  if (tap.step === "accept") toast(`It is yours. ${answer?.restaurant?.name ?? "The kitchen"} knows you are coming.`);
  if (tap.step === "decline") toast("Declined. You stay in the next round.");
  if (tap.step === "give-back") toast("Given back. Somebody else is asked.");
  soon();
}
function refused(tap, problem) {
  if (tap?.step === "read") return;
  if (!tap) {
    get("clock").then(setClock, () => {});
    return;
  }
  if (problem.code === "pin-wrong" || problem.code === "pin-missing")
    pad = {
      digits: "",
      open: true,
      wrong:
        problem.code === "pin-wrong"
          ? "These are not the customer’s digits. Ask again."
          : "This city hands over for a PIN only.",
    };
  else if (problem.code === "pin-locked") {
    pad = { digits: "", open: false, wrong: "" };
    toast("Too many wrong PINs. Dispatch sees it and will help you.");
  } else
    toast(
      {
        "offer-expired": "That offer ended. It does not count against you.",
        "delivery-taken": "Somebody was faster, or the order was called off.",
        "delivery-not-found": "This task is not yours any more.",
      }[problem.code] ?? problem.message,
    );
  soon();
}
async function showDay(offset) {
  earnFailed = false;
  const from = day?.earned?.day ?? earned?.day;
  if (!offset || !from) {
    day = null;
    await money_();
    return;
  }
  const next = new Date(`${from}T12:00Z`);
  next.setUTCDate(next.getUTCDate() + offset);
  const iso = next.toISOString().slice(0, 10);
  day = iso === earned?.day ? null : { iso, earned: null };
  paint();
  if (!day) return;
  try {
    const answer = await get(`drivers/me/earnings?day=${iso}`);
    if (day?.iso === iso) day = { iso, earned: answer };
  } catch {
    earnFailed = true;
  }
  paint();
}

$("#online").addEventListener("change", (e) => (e.target.checked ? goOnline() : goOffline()));
$("#rideforme").addEventListener("change", (e) => ride(e.target.checked));
$("#earnbtn").addEventListener("click", () => {
  view = view === "earn" ? "" : "earn";
  day = null;
  if (view) money_();
  paint();
});
$("#menubtn").addEventListener("click", () => $("#menu").showModal());
$("#wordsbtn").addEventListener("click", () => {
  $("#menu").close();
  messages.list();
});
$("#pausebtn").addEventListener("click", () => pause(live.session?.status !== "PAUSED"));
addEventListener("keydown", (e) => {
  if (!$("dialog[open]") && !e.ctrlKey && !e.metaKey && !e.altKey) keyed(e.key);
});
fillIcons($("#menu"));

// --- begin --------------------------------------------------------------------------------
const socket = new Live();
let poll = 0;
socket.onState((state) => {
  setLink(state, state === "poll" ? "Asking every 5 s" : undefined);
  clearInterval(poll);
  if (state === "off") {
    ended = true;
    clearTimeout(pending);
    place.end();
    paint();
  } else if (state === "live") {
    queue.flush();
    soon();
  } else poll = setInterval(refresh, POLL_MS);
});
socket.subscribe("driver:me", (frame) => {
  if (frame.type === "snapshot" || frame.type === "reset") {
    if (frame.data?.clock) take(frame.data);
    else soon();
    return;
  }
  if (frame.type === "session.ended" && frame.data.reason !== "silent") {
    stopWanting();
    if (frame.data.reason !== "driver") toast("Dispatch put you offline.");
  }
  if (frame.type === "driver.tipped") {
    toast(`A tip of ${money(frame.data.tip_minor, frame.data.currency)} came in.`);
    money_();
  }
  soon();
});
setInterval(() => {
  tick();
  furniture();
  if (live && (question() ? "offer" : "") !== (JSON.parse(drawn || "[]")[0] === "offer" ? "offer" : "")) paint();
}, 250);
setInterval(() => {
  if (live) {
    paint();
    chart.follow();
  }
}, 1_000);
(function loop() {
  if (!calm() && !document.hidden && chart.layer && live?.session) chart.layer.redraw();
  requestAnimationFrame(loop);
})();
try {
  profile = await get("drivers/me");
  place.vehicle = profile.vehicle;
} catch {
  /* the pace of a scooter will do */
}
await chart.open(meta("zone-id"));
await refresh();
queue.flush();
money_();
