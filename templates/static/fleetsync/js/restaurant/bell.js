// A new ticket sounds at once, and again while it is not answered.
import { TICKET, canSound, play } from "../sound.js";
import { $, toast } from "../ui.js";
import { app, on } from "./app.js";
import { columnOf } from "./tickets.js";

const AGAIN_MS = 12_000;
const QUIET_MS = 4_000; // after a tap: somebody is at it
let muted = false;
let blocked = false; // a browser lets a page sound only after the first touch
let waiting = null; // the orders that nobody answered yet
let rang = 0;
let tapped = 0;

export function buildBell() {
  try {
    muted = localStorage.getItem("fleetsync.muted") === "1";
  } catch {
    /* private window */
  }
  $("#sound").addEventListener("click", () => {
    if (!blocked) muted = !muted; // the first tap gives the sound free
    try {
      localStorage.setItem("fleetsync.muted", muted ? "1" : "0");
    } catch {
      /* private window */
    }
    paintBell();
    if (!muted) setTimeout(() => play(TICKET), 80);
    toast(muted ? "Muted. New orders still stand out." : "You will hear new orders.");
  });
  paintBell();
}
export function paintBell() {
  const button = $("#sound");
  blocked = !muted && !canSound();
  button.setAttribute("aria-pressed", String(muted));
  button.classList.toggle("main", blocked);
  $("#soundword").textContent = muted ? "Sound off" : blocked ? "Tap for sound" : "Sound on";
}
function ring() {
  const fresh = app.orders.filter((row) => columnOf(row) === "new");
  const unknown = fresh.filter((row) => !waiting?.has(row.order.id));
  waiting = new Set(fresh.map((row) => row.order.id));
  if (unknown.length) {
    $("#say").textContent =
      unknown.length === 1 ? `New order ${unknown[0].order.code}` : `${unknown.length} new orders`;
    rang = 0;
  }
  chime();
}
export function chime() {
  if (muted || !waiting?.size || Date.now() - rang < AGAIN_MS || Date.now() - tapped < QUIET_MS) return;
  if (play(TICKET)) rang = Date.now();
}
on("orders", () => app.orders && ring());
on("tapped", () => {
  tapped = Date.now();
});
