// The ops live map: what needs a person on the left, the evidence in the middle, details and actions over it.
import { get } from "../api.js";
import { Live } from "../socket.js";
import { setClock, speed } from "../time.js";
import { $, boot, span, toast, undoLast } from "../ui.js";
import { stopAssigning } from "./actions.js";
import { app, close, live, on, say, zone } from "./app.js";
import { buildStrip, paintStrip } from "./counters.js";
import { buildDrawer, openFromAddress, paintDrawer } from "./drawer.js";
import { buildMap, redraw } from "./layer.js";
import { buildLegend } from "./legend.js";
import { buildMessages } from "./messages.js";
import { buildNews } from "./news.js";
import { buildPicking } from "./pick_view.js";
import { buildSearch } from "./search.js";
import { buildTimeMachine, show, showLink, toLive } from "./timemachine.js";
import { buildList, paintList, step } from "./worklist.js";

const RESYNC_MS = 30_000;
const SOON_MS = 1500;
const LEAST_GAP_MS = 5000;
const POLL_MS = 10_000;
const TELL_AFTER_MS = 5000;
const PATIENCE_MS = 10_000;
boot();
buildStrip();
buildList();
buildDrawer();
buildPicking();
buildMessages();
buildSearch();
buildNews();
try {
  setClock(await get("clock"));
} catch {
  /* the socket's first frame brings it too */
}

// --- what is known ----------------------------------------------------------------------------
let seenAt = 0;
let soon = 0;
let meanwhile = [];
let opened = false;
function take(snapshot) {
  live.load(snapshot, { glide: live.ready ? 1000 : 0, scale: speed() });
  seenAt = performance.now();
  second();
  if (!opened) {
    opened = true;
    say("ready");
    openFromAddress();
  }
}
/** Ask for the whole picture again: it mends what events alone do not tell. What is told meanwhile goes on top of it. */
async function resync() {
  clearTimeout(soon);
  soon = 0;
  const told = (meanwhile = []);
  try {
    const fresh = await get(`zones/${zone}/live`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (meanwhile !== told) return; // a newer picture came, or was asked for
    take(fresh);
    for (const frame of told) if (frame.seq > fresh.seq) live.hear(frame);
  } catch (problem) {
    if ([401, 403, 404].includes(problem.status)) socket.end(); // else the next turn asks again
  }
}
on("incomplete", () => {
  soon ||= setTimeout(resync, Math.max(SOON_MS, LEAST_GAP_MS - (performance.now() - seenAt)));
});

const socket = new Live();
let down = 0;
let poll = 0;
socket.onState((state) => {
  clearInterval(poll);
  if (state === "live") {
    down = 0;
    showLink("live", "Live");
  } else {
    down ||= performance.now();
    showLink(
      state === "poll" ? "poll" : state === "off" ? "down" : "retry",
      state === "poll" ? "Asking every 10 s" : state === "off" ? "Signed out" : "Reconnecting",
    );
    if (state === "poll") {
      resync();
      poll = setInterval(resync, POLL_MS);
    }
    if (state === "off")
      toast("Your login has ended, or this zone is not yours. Reload the page to sign in again.", null, 60_000);
  }
});
socket.subscribe(`zone:${zone}`, (frame) => {
  seenAt = performance.now();
  if (frame.type === "snapshot" || frame.type === "reset") {
    meanwhile = [];
    if (frame.data?.drivers) take(frame.data);
    else resync();
    return;
  }
  if (frame.type === "positions") {
    if (live.ready) live.positions(frame);
    return;
  }
  meanwhile.push(frame);
  if (!live.ready) return;
  if (!(frame.seq <= live.seq)) live.hear(frame); // after a cut: what the snapshot has already is only told of
  say("event", frame);
});
setInterval(() => {
  if (!document.hidden && socket.state === "live" && live.ready) resync();
}, RESYNC_MS);

// --- once a second -------------------------------------------------------------------------------
function second() {
  if (document.hidden) return;
  app.world.tick(app.t, speed());
  paintStrip();
  paintList();
  paintDrawer();
  if (down && app.past == null && performance.now() - down > TELL_AFTER_MS && live.ready) {
    const words = socket.state === "poll" ? "Asking every 10 s" : "Reconnecting";
    showLink(
      socket.state === "poll" ? "poll" : "retry",
      `${words}, last heard ${span((performance.now() - seenAt) / 1000)} ago`,
    );
  }
}
setInterval(second, 1000);
on("past", () => {
  second();
  redraw();
});
on("refused", (why) => toast(why));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    second();
    redraw();
  }
});

// --- keys ------------------------------------------------------------------------------------------
addEventListener("keydown", (e) => {
  if ($("#sheet").open || e.ctrlKey || e.metaKey || e.altKey) return;
  const typing = /INPUT|TEXTAREA|SELECT/.test(e.target.tagName) && e.target.type !== "range";
  if (e.key === "Escape") {
    if (app.assigning) stopAssigning();
    else if (app.chosen) close();
    else if (app.past != null) toLive();
    else e.target.blur?.();
    return;
  }
  if (typing) return;
  if (e.key === "/") {
    e.preventDefault();
    $("#q").focus();
  } else if (e.key === "j" || e.key === "k") step(e.key === "j" ? 1 : -1);
  else if (e.key === "l") toLive();
  else if (e.key === "u") undoLast();
});
$("#zone")?.addEventListener("change", (e) => {
  location.search = `?zone=${e.target.value}`;
});
document.addEventListener("click", (e) => {
  const menu = $(".account");
  if (menu.open && !menu.contains(e.target)) menu.open = false;
});

await buildMap();
buildLegend();
buildTimeMachine();
if (live.ready) second();
const at = new URLSearchParams(location.search).get("at");
if (at && !Number.isNaN(Date.parse(at))) show(Date.parse(at));
