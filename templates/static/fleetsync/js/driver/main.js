// The driver's page. What the server says, plus the taps that are still on their way, make what is shown.
import { get } from "../api.js";
import { meta } from "../page.js";
import { MESSAGE, play, unlockSound } from "../sound.js";
import { $, boot, calm, fillIcons } from "../ui.js";
import { app, chart, on, place, queue } from "./app.js";
import { goOffline, goOnline, pause, ride } from "./duty.js";
import { addUp, turnEarnings } from "./earnings.js";
import { listen, refresh } from "./feed.js";
import { Messages } from "./messages.js";
import { beat, paint, press } from "./screen.js";
import { read } from "./taps.js";

const BEAT_MS = 250;
const PAINT_MS = 1_000;
boot();
unlockSound();
const messages = new Messages($("#words"), $("#wordsdialog"), {
  onRead: read,
  onNew: () => {
    play(MESSAGE);
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(180);
  },
});
on("news", () => messages.take(app.live.messages));

$("#online").addEventListener("change", (e) => (e.target.checked ? goOnline() : goOffline()));
$("#rideforme").addEventListener("change", (e) => ride(e.target.checked));
$("#earnbtn").addEventListener("click", turnEarnings);
$("#menubtn").addEventListener("click", () => $("#menu").showModal());
$("#wordsbtn").addEventListener("click", () => {
  $("#menu").close();
  messages.list();
});
$("#pausebtn").addEventListener("click", () => {
  $("#menu").close();
  pause(app.live.session?.status !== "PAUSED");
});
addEventListener("keydown", (e) => {
  if (!$("dialog[open]") && !e.ctrlKey && !e.metaKey && !e.altKey) press(e.key);
});
fillIcons($("#menu"));

listen();
setInterval(beat, BEAT_MS);
setInterval(() => {
  if (!app.live) return;
  paint();
  chart.follow();
}, PAINT_MS);
(function loop() {
  if (!calm() && !document.hidden && chart.layer && app.live?.session) chart.layer.redraw();
  requestAnimationFrame(loop);
})();
try {
  const profile = await get("drivers/me");
  place.vehicle = profile.vehicle;
} catch {
  /* the pace of a scooter will do */
}
await chart.open(meta("zone-id"));
await refresh();
queue.flush();
addUp();
