// What is shown: one sheet at a time, the bar around it, the way on the map. It is built anew only where it is another.
import { get } from "../api.js";
import { $, h, icon, money, span } from "../ui.js";
import { app, chart, demo, on, place, question, queue, tasks } from "./app.js";
import { goOnline, pause, ride } from "./duty.js";
import { showDay, turnEarnings } from "./earnings.js";
import { refresh } from "./feed.js";
import * as panel from "./panel.js";
import { countersOf, stopsOf } from "./route.js";
import * as taps from "./taps.js";

const SHOW_LOST_MS = 2_500;
let shown = ""; // the kind of sheet
let signature = "";
let framed = ""; // what the map was fitted to
let said = "";
let tickers = [];
let keyed = () => {};

/** The kind of sheet that is due, and all that makes it another one. */
function choose() {
  const { live } = app;
  if (app.ended) return ["signedout", queue.taps.length];
  if (app.error && !live) return ["error", app.error];
  if (!live) return ["loading"];
  if (app.view === "earn") return ["earn", app.earned, app.earnFailed, app.day];
  const ask = live.session && question();
  if (ask) return ["offer", ask.map((o) => o.id), Boolean(place.here)];
  const stops = stopsOf(tasks());
  if (stops.length) return ["task", stops.map((s) => [s.kind, s.deliveries.map(facts)]), app.pad.open, app.pad.wrong];
  if (!live.session) return ["off", app.trouble, app.busy, app.simulated];
  if (live.session.status === "PAUSED") return ["paused"];
  return ["idle", app.earned?.deliveries, app.earned && Math.floor(app.earned.online_s / 60), queue.taps.length];
}
const facts = (d) => [d.id, d.status, d.waiting, d.ready_at, d.pickup_eta_at, d.pin_required, d.pin_tries_left];

const SHEETS = {
  signedout: () => panel.signedOut(queue.taps.length),
  error: () => panel.failed(app.error, { retry: refresh }),
  earn: () =>
    panel.earnings(
      { earned: app.day ? app.day.earned : app.earned, failed: app.earnFailed },
      {
        close: () => {
          turnEarnings();
          $("#earnbtn").focus();
        },
        day: showDay,
        isToday: (d) => d === app.earned?.day,
      },
    ),
  offer: (onTick) =>
    panel.offer(
      { offers: question(), here: place.here, area: (p) => chart.area(p) },
      { accept: taps.accept, decline: taps.decline, expired: paint, why: (o) => get(`offers/${o.id}/explain`) },
      onTick,
    ),
  task: (onTick) =>
    panel.task(
      { stops: stopsOf(tasks()), here: () => place.here, pad: app.pad },
      {
        step: taps.step,
        giveBack: taps.giveBack,
        nobody: taps.nobody,
        handOver: taps.handOver,
        openPad: taps.openPad,
        onKey: (f) => {
          keyed = f;
        },
      },
      onTick,
    ),
  off: () =>
    panel.offline(
      { trouble: app.simulated ? "" : app.trouble, demo, busy: app.busy },
      {
        online: goOnline,
        rideForMe: () => {
          ride(true);
          goOnline();
        },
      },
    ),
  paused: () => panel.paused({ resume: () => pause(false) }),
  idle: () => panel.idle({ earned: app.earned, waiting: queue.taps.length ? "Your answer waits to be sent." : "" }),
};

export function paint() {
  const chosen = choose();
  const [kind] = chosen;
  const sign = JSON.stringify(chosen);
  if (sign !== signature && kind !== "loading") {
    const was = document.activeElement?.dataset?.keep;
    const changed = shown !== kind;
    const open = Boolean($("#panel details[open]"));
    const next = [];
    keyed = () => {};
    const parts = SHEETS[kind]((f) => next.push(f)).filter(Boolean);
    signature = sign;
    shown = kind;
    tickers = next;
    $("#panel").replaceChildren(...parts);
    if (open && !changed) {
      const more = $("#panel details");
      if (more) more.open = true;
    }
    tick();
    if (was) $(`#panel [data-keep="${CSS.escape(was)}"]`)?.focus();
    if (changed || kind === "task") announce($("#panel h2")?.textContent ?? "");
  }
  paintBar();
  drawWay();
  const frame = JSON.stringify([
    kind,
    kind === "offer" ? chosen[1] : kind === "task" ? chosen[1].map(([k, rows]) => [k, rows.map((r) => r[0])]) : 0,
  ]);
  if (frame !== framed) {
    framed = frame;
    chart.fit();
  }
}
function announce(words) {
  if (words && words !== said) {
    said = words;
    $("#say").textContent = words;
  }
}
function tick() {
  for (const each of tickers) each();
}
/** What goes on between two changes: countdowns, the bar, an offer that comes or passes. */
export function beat() {
  tick();
  paintBar();
  if (app.live && Boolean(question()) !== (shown === "offer")) paint();
}
export const press = (key) => keyed(key);

/** What stands around the sheet: the switch, today's money, the pause, the tunnel, who rides. */
function paintBar() {
  const session = app.live?.session;
  const paused = session?.status === "PAUSED";
  const box = $("#online");
  box.disabled = !app.live || app.busy;
  box.checked = Boolean(session) || app.busy;
  $("#onlineword").textContent = app.busy ? "One moment" : !session ? "Offline" : paused ? "Paused" : "Online";
  $("#today").textContent = app.earned ? money(app.earned.total_minor, app.earned.currency) : "–";
  $("#earnbtn").setAttribute("aria-expanded", String(app.view === "earn"));
  const pauseButton = $("#pausebtn");
  pauseButton.hidden = !session;
  pauseButton.replaceChildren(icon(paused ? "play" : "pause"), paused ? "Take offers again" : "Take no offers for now");
  paintTunnel(Boolean(session));
  const offered = demo || app.simulated || (app.trouble && app.trouble !== "lost");
  $("#practice").hidden = !offered || !session || Boolean(question());
  $("#rideforme").checked = app.simulated;
  $("#practiceword").textContent = tasks().length ? "straight to the next stop" : "as soon as you have a task";
}
function paintTunnel(online) {
  const lost = queue.lostAt == null ? 0 : Date.now() - queue.lostAt;
  const tunnel = $("#tunnel");
  const n = queue.points;
  const m = queue.taps.length;
  const visible = lost > SHOW_LOST_MS || (lost > 0 && m > 0);
  if (tunnel.hidden === visible) {
    tunnel.hidden = !visible;
    tunnel.replaceChildren(icon("cut"), h("span", { class: "grow" }, h("b"), h("span")));
  }
  if (!visible) return;
  $("b", tunnel).textContent = `No signal for ${span(lost / 1000)}. `;
  $("span span", tunnel).textContent =
    online || n || m
      ? `Keep riding: ${n} ${n === 1 ? "position" : "positions"} and ${m} ${m === 1 ? "tap" : "taps"} are kept.`
      : "What you see may be old.";
}

function drawWay() {
  const session = app.live?.session;
  const ask = session && app.view !== "earn" && question();
  const stops = stopsOf(tasks());
  place.target = session && stops.length ? stops[0].place : null;
  chart.show({
    me: place.here,
    state: stateOf(session, stops[0]),
    stops: ask ? asked(ask) : stops,
    offer: Boolean(ask),
    age: queue.lostAt ? (Date.now() - queue.lostAt) / 1000 : 0,
  });
}
const asked = (offers) => [
  ...countersOf(offers).map(([o]) => ({ kind: "pickup", place: o.restaurant.position })),
  ...offers.map((o) => ({ kind: "dropoff", place: o.dropoff })),
];
/** Which symbol he is on the map. */
function stateOf(session, next) {
  if (!session) return "paused";
  if (!next) return session.status === "PAUSED" ? "paused" : "free";
  if (next.kind !== "pickup") return "carry";
  return next.deliveries[0].status === "ARRIVED_AT_PICKUP" ? "counter" : "inbound";
}
on("change", paint);
on("move", drawWay);
