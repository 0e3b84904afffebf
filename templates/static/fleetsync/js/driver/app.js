// What the parts of the page share: what the server said, what this phone keeps, what the driver is at.
import { bus, meta } from "../page.js";
import { until } from "../time.js";
import { Chart } from "./chart.js";
import { Memory } from "./memory.js";
import { Place } from "./place.js";
import { Queue } from "./queue.js";
import { ahead, questionsOf } from "./route.js";

/**
 * What is said: `change` (something shown is another), `move` (the driver himself), `news` (from the server, with what was
 * known before), `sent` and `refused` (a tap), `ended` (this login is no longer one), `paid` (earnings are others).
 */
export const { on, say } = bus();

const me = meta("user-id");
export const demo = Boolean(meta("demo"));
export const memory = new Memory(me);
export const chart = new Chart();
export const app = {
  live: null, // the last answer of drivers/me/live
  error: "",
  ended: false,
  busy: false, // going online or offline
  wanted: memory.get("online") === "1", // the driver means to be online, also where a tunnel ended his session
  simulated: memory.get("ride") ? memory.get("ride") === "1" : demo,
  trouble: "", // why there is no position
  answered: new Set(), // offers that were tapped
  pad: { digits: "", wrong: "", open: false },
  view: "", // "earn": the earnings are open
  earned: null, // today's
  day: null, // { iso, earned } of another day that is looked at
  earnFailed: false,
};
export const queue = new Queue(me, {
  onChange: () => say("change"),
  onSent: (tap, answer) => say("sent", { tap, answer }),
  onRefused: (tap, problem) => say("refused", { tap, problem }),
  onEnd: () => say("ended"),
});
export const place = new Place(me, {
  onPing: (point) => {
    if (app.live?.session) queue.point(point);
  },
  onMove: () => say("move"),
  onTrouble: (what) => {
    app.trouble = what;
    if (!app.live?.session) say("change");
  },
});

/** What he carries or fetches, as it will be when the taps on their way are through. */
export const tasks = () => ahead(app.live?.deliveries ?? [], queue.taps);
/** The offers that ask for an answer now, one trip; undefined: none. */
export const question = () =>
  questionsOf((app.live?.offers ?? []).filter((o) => until(o.expires_at) > 0 && !app.answered.has(o.id)))[0];
