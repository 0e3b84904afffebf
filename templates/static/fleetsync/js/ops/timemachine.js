// The time machine: scrub back, look, come back. The present goes on underneath.
import { get } from "../api.js";
import { now, speed } from "../time.js";
import { $, calm, clock, icon, s, setLink } from "../ui.js";
import { app, say, then, zone } from "./app.js";
import { stopAssigning } from "./actions.js";

const PLAY = 20;
const STEP_MS = 1000;
const NEAR_S = 5;
const PATIENCE_MS = 10_000;
const DAY_MIN = 24 * 60;
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
let span = 30;
let anchor = null;
let playing = 0;
let target = null;
let wanted = null;
let busy = false;
let link = ["amber", "Connecting"];

export function buildTimeMachine() {
  const scrub = $("#scrub");
  scrub.addEventListener("input", () => {
    anchor ??= now();
    stop();
    go(Number(scrub.value));
  });
  $("#golive").addEventListener("click", toLive);
  $("#tmlive").addEventListener("click", toLive);
  $("#tmplay").addEventListener("click", () => (playing ? stop() : play()));
  $("#tmspan").addEventListener("change", (e) => {
    reach(Number(e.target.value));
    if (target != null) scrub.value = String((target - anchor) / 1000);
    spark();
  });
  spark();
  setInterval(
    () => {
      if (!document.hidden && target == null) spark();
    },
    Math.max(4000, 60_000 / speed()),
  );
}
/** Let the line reach so many minutes back; a step is a 240th of it, at least ten seconds. */
function reach(minutes) {
  span = minutes;
  $("#scrub").min = String(-span * 60);
  $("#scrub").step = String(Math.max(10, span / 4));
}
/** A moment in words, with its day where that is another than today. */
const told = (moment) => {
  const time = clock(moment, span <= 30);
  const then = day.format(moment);
  return then === day.format(now()) ? time : `${then}, ${time}`;
};
/** Say how the connection is; back in time it says "Past", and knows the other again afterwards. */
export function showLink(state, words) {
  link = [state, words];
  if (target == null) setLink(state, words);
}
function go(secondsBack) {
  if (secondsBack >= -NEAR_S) {
    toLive();
    return;
  }
  show(anchor + secondsBack * 1000);
}
export function show(moment) {
  anchor ??= now();
  const began = target == null;
  if (began) stopAssigning();
  target = moment;
  const far = [...$("#tmspan").options].find((option) => Number(option.value) * 60_000 >= anchor - moment);
  if (far && Number(far.value) > span) {
    far.selected = true;
    reach(Number(far.value));
  }
  $("#scrub").value = String((moment - anchor) / 1000);
  $("#scrub").setAttribute("aria-valuetext", told(moment));
  if (app.past == null) $("#pasttext").textContent = `Looking up ${told(moment)}.`; // until it is here, the present is shown
  if (began) {
    $("#past").hidden = false;
    $("#tmlive").setAttribute("aria-pressed", "false");
    setLink("past", "Past");
    spark();
  }
  load(moment);
}
/** Ask for a moment; while one answer is awaited only the newest wish is kept. */
async function load(moment) {
  wanted = moment;
  if (busy) return;
  busy = true;
  while (wanted != null) {
    const at = wanted;
    wanted = null;
    try {
      const snapshot = await get(`zones/${zone}/past?at=${encodeURIComponent(new Date(at).toISOString())}`, {
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (target == null) break;
      app.past = at;
      document.querySelector(".stage").classList.add("then");
      $("#pasttext").textContent = playing
        ? `As it was at ${told(at)}, ${PLAY} times as fast.`
        : `As it was at ${told(at)}. Looking only.`;
      then.load(snapshot, { glide: playing ? STEP_MS : 0, scale: speed() });
      say("past");
    } catch {
      $("#pasttext").textContent = `What was at ${told(at)} cannot be had right now.`;
    }
  }
  busy = false;
}
export function toLive() {
  if (target == null) return;
  stop();
  app.past = target = anchor = wanted = null;
  document.querySelector(".stage").classList.remove("then");
  $("#past").hidden = true;
  $("#tmlive").setAttribute("aria-pressed", "true");
  $("#scrub").value = "0";
  $("#scrub").setAttribute("aria-valuetext", "now");
  setLink(...link);
  say("past");
  spark();
}
function play() {
  anchor ??= now();
  if (target == null) show(anchor - span * 60_000);
  app.gliding = !calm();
  playing = setInterval(() => {
    if (busy) return; // the answer is slower than the clock: wait for it
    const next = target + PLAY * STEP_MS;
    if (next >= anchor - NEAR_S * 1000) toLive();
    else show(next);
  }, STEP_MS);
  paintPlay();
}
function stop() {
  clearInterval(playing);
  playing = 0;
  app.gliding = false;
  paintPlay();
}
function paintPlay() {
  $("#tmplay").replaceChildren(icon(playing ? "pause" : "play"));
  $("#tmplay").setAttribute("aria-label", playing ? "Pause" : "Play from here");
}

// --- the line of what was: open orders as a shape, late ones as bars ---------------------------------
async function spark() {
  let minutes;
  try {
    ({ minutes } = await get(`zones/${zone}/history?minutes=${span}`));
  } catch {
    return;
  }
  const svg = $("#spark");
  const n = minutes.length - 1;
  const top = Math.max(4, ...minutes.map((m) => m.open));
  const y = (v) => (27 - (v / top) * 23).toFixed(1);
  svg.setAttribute("viewBox", `0 0 ${n} 28`);
  svg.replaceChildren(
    s("path", { class: "open", d: `M0 28${minutes.map((m, i) => `L${i} ${y(m.open)}`).join("")}L${n} 28z` }),
    ...minutes
      .map((m, i) =>
        m.late ? s("rect", { class: "latebar", x: i - 0.35, width: 0.7, y: y(m.late), height: 28 - y(m.late) }) : null,
      )
      .filter(Boolean),
  );
  const base = anchor ?? now();
  const marks = 6;
  $("#ticks").replaceChildren(
    ...Array.from({ length: marks + 1 }, (_, i) => {
      const el = document.createElement("span");
      const at = base - (span * 60_000 * (marks - i)) / marks;
      el.textContent = i === marks && anchor == null ? "now" : span > DAY_MIN ? day.format(at) : clock(at);
      return el;
    }),
  );
}
