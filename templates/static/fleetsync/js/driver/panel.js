// The sheet of the driver's page: one thing to do, in words and big buttons.
import { h, icon, money } from "../ui.js";
import { btn, head, hours, note, trio } from "./parts.js";

export { earnings } from "./earnings_view.js";
export { offer } from "./offer_view.js";
export { task } from "./task_view.js";

/** `model`: what is known; `act`: what buttons do. */
export function offline({ trouble, demo, busy }, act) {
  const words = {
    denied: "This browser may not tell your position. Allow it in the site settings, or let us ride for you.",
    absent: "This device knows no position. Let us ride for you to try it out.",
    lost: "No position yet. Go outside or to a window, then try again.",
  }[trouble];
  return [
    head("off", "pause", "You are offline", "No offers, and your position is not sent."),
    words && note("alert", words),
    btn(`big main full${busy ? " busy" : ""}`, "Go online", act.online),
    words && !demo && btn("full", "Ride for me", act.rideForMe),
  ];
}
export function paused(act) {
  return [
    head("off", "pause", "No offers for now", "You stay online and keep what you carry."),
    btn("big main full", "Take offers again", act.resume),
  ];
}
export function idle({ earned, waiting }) {
  const hourly =
    earned && earned.online_s > 600 ? money((earned.total_minor * 3600) / earned.online_s, earned.currency) : "–";
  return [
    head("free", "bike", "You are free", "Every round looks at you. Keep this page open; you will hear an offer."),
    trio(
      [earned ? String(earned.deliveries) : "–", "deliveries"],
      [earned ? hours(earned.online_s) : "–", "online"],
      [hourly, "per hour"],
    ),
    waiting && h("p", { class: "queued" }, icon("clock"), waiting),
  ];
}
export const signedOut = (taps) => [
  head("late", "lock", "You are signed out", "No offers reach you, and your position is not sent."),
  taps > 0 && note("clock", "What you tapped is kept, and goes out when you sign in again."),
  h("a", { class: "btn big main full", href: `/login?next=${encodeURIComponent(location.pathname)}` }, "Sign in"),
];
export const failed = (words, act) => [
  head("late", "alert", "This did not load", words),
  btn("big main full", "Try again", act.retry),
];
