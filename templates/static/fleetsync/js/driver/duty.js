// On and off duty: going online, a pause, who rides, and keeping the session through a tunnel.
import { call, get, post } from "../api.js";
import { toast } from "../ui.js";
import { app, chart, memory, on, place, queue, say, tasks } from "./app.js";
import { refresh } from "./feed.js";

const RESUME_MS = 5_000;
let running = false; // the place is watched and reported
let resumed = 0;
let start = null; // where the rider of the demo begins

export async function goOnline() {
  if (app.busy) return;
  app.busy = true;
  app.wanted = true;
  say("change");
  try {
    if (!place.here) {
      if (app.simulated) start ??= await somewhere();
      place.begin({ simulated: app.simulated, start });
      running = true;
    }
    const here = await place.known();
    if (!here) {
      app.trouble ||= "lost";
      stopWanting();
      return;
    }
    await post("driver-sessions", { position: { lat: here.lat, lng: here.lng } });
    app.trouble = "";
    memory.set("online", "1");
    await refresh();
  } catch (problem) {
    if (problem.status === undefined) queue.lose();
    else {
      stopWanting();
      toast(problem.message);
    }
  } finally {
    app.busy = false;
    say("change");
  }
}
function stopWanting() {
  app.wanted = false;
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
export async function goOffline() {
  if (tasks().length) {
    toast("Finish what you carry first, or give it back.");
    say("change"); // the switch goes back
    return;
  }
  app.busy = true;
  stopWanting();
  try {
    await call("DELETE", "driver-sessions/current");
  } catch (problem) {
    if (problem.status !== 404) toast(problem.status ? problem.message : "No signal: you are still online. Try again.");
  }
  app.busy = false;
  await refresh();
}
export async function pause(asked) {
  try {
    await post(`driver-sessions/current/${asked ? "pause" : "resume"}`);
    toast(asked ? "No offers until you take them again." : "You get offers again.", asked ? () => pause(false) : null);
  } catch (problem) {
    toast(problem.message);
  }
  refresh();
}
/** Let the rider of the demo ride, or the phone tell where it is. */
export function ride(asked) {
  app.simulated = asked;
  memory.set("ride", asked ? "1" : "0");
  app.trouble = "";
  if (running) {
    if (!asked) place.here = null;
    place.begin({ simulated: asked, start });
  }
  say("change");
}
/** Keep reporting while there is a session; after a tunnel take the session up again. */
function follow() {
  const { live } = app;
  if (live.session && !running) {
    running = true;
    app.wanted = true;
    memory.set("online", "1");
    place.begin({ simulated: app.simulated, start });
  }
  if (live.session && app.simulated && !place.here)
    place.here = place.last ?? live.deliveries[0]?.pickup ?? chart.centre ?? null;
  if (!live.session && running && !app.wanted) {
    running = false;
    place.end();
  }
  if (!live.session && app.wanted && !app.busy && Date.now() - resumed > RESUME_MS) {
    resumed = Date.now();
    goOnline();
  }
}
on("news", follow);
on("put-offline", stopWanting);
on("signed-out", () => place.end());
