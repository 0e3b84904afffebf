// The kitchen's screen: three columns by what to do next, live over the socket, readable from two metres.
import { unlockSound } from "../sound.js";
import { $, boot, fillIcons } from "../ui.js";
import { app, kitchen, on } from "./app.js";
import { buildBell, chime, paintBell } from "./bell.js";
import { buildBoard, moved, tick } from "./board.js";
import { buildDoors, paintBanner, settings } from "./doors.js";
import { listen, refresh } from "./feed.js";
import { menuDrawer } from "./menu.js";

const SECOND_MS = 1_000;
const SETTINGS_MS = 60_000;
boot();
unlockSound();
buildBoard();
buildDoors();
buildBell();
const drawer = menuDrawer({ restaurant: kitchen, currency: () => app.about?.currency ?? "USD" });
on("menu", () => drawer.heard());
on("settings", settings);
on("position", moved);
$("#restaurant")?.addEventListener("change", (e) => e.target.form.submit());
fillIcons();

listen();
setInterval(() => {
  tick();
  chime();
  paintBell();
  paintBanner();
}, SECOND_MS);
setInterval(settings, SETTINGS_MS);
await Promise.all([refresh(), settings()]);
