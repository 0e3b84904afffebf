// What the server says: the socket tells that something happened, restaurants/{id}/live tells what is now.
import { get } from "../api.js";
import { Live } from "../socket.js";
import { setClock, speed } from "../time.js";
import { setLink } from "../ui.js";
import { app, kitchen, say } from "./app.js";

const POLL_MS = 10_000;
const AFTER_MS = 2_000;
const PATIENCE_MS = 10_000;
const live = new Live();
let asked = 0;
let pending = 0;
let poll = 0;
let timed = false;

function take(data) {
  setClock({ now: data.now, scale: speed() });
  app.orders = data.orders;
  app.failed = "";
  app.shownAt = new Date(data.now).getTime();
  say("orders");
}
export async function refresh() {
  if (navigator.onLine === false && app.orders) return;
  const turn = ++asked;
  try {
    if (!timed) {
      setClock(await get("clock"));
      timed = true;
    }
    const data = await get(`restaurants/${kitchen}/live`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (turn === asked) take(data);
  } catch (problem) {
    if ([401, 403, 404].includes(problem.status)) live.end();
    else if (turn === asked) soon(AFTER_MS); // what an event told of is not seen yet
    app.failed = problem.status === undefined ? "There is no connection." : problem.message;
    say("link");
  }
}
function soon(wait = 150) {
  clearTimeout(pending);
  pending = setTimeout(refresh, wait);
}

/** Begin to listen. */
export function listen() {
  live.onState((state) => {
    app.link = state;
    setLink(state);
    clearInterval(poll);
    if (state === "off") clearTimeout(pending);
    else if (state !== "live") poll = setInterval(refresh, POLL_MS);
    else if (app.orders) soon();
    say("link");
  });
  live.subscribe(`restaurant:${kitchen}`, (frame) => {
    if (frame.type === "snapshot" || frame.type === "reset") {
      if (frame.data?.orders) take(frame.data);
      else soon();
    } else if (frame.type === "position") say("position", frame.data);
    else if (frame.type.startsWith("menu.")) say("menu");
    else if (frame.type.startsWith("restaurant.")) say("settings");
    else soon();
  });
}
