// What the parts of the page share: the world shown, the moment shown, what is selected. Parts hear of changes by name.
import { get } from "../api.js";
import { bus, meta } from "../page.js";
import { now } from "../time.js";
import { World } from "./world.js";

export const { on, say } = bus();

export const zone = meta("zone-id");
export const phone = () => matchMedia("(max-width: 720px)").matches;

const names = new Map();
const asking = new Set();
export const live = new World({ names, incomplete: () => say("incomplete") });
export const then = new World({ names });
export const app = {
  past: null, // the moment shown, business milliseconds; null is now
  chosen: null, // { kind: "order" | "driver" | "kitchen", id }
  assigning: null, // the delivery that a driver is being picked for
  hovered: null, // a driver pointed at in a list
  get world() {
    return this.past == null ? live : then;
  },
  get t() {
    return this.past ?? now();
  },
};

/** The name of a driver; one never seen here is asked for, and `names` is said when it came. */
export function nameOf(id) {
  if (!id) return "";
  const known = names.get(id);
  if (known) return known;
  if (!asking.has(id)) {
    asking.add(id);
    get(`drivers/${id}`)
      .then((d) => {
        names.set(id, d.name);
        say("names");
      })
      .catch(() => {});
  }
  return "a driver";
}
export const learn = (id, name) => {
  if (id && name) names.set(id, name);
};
export const firstName = (id) => nameOf(id).split(" ")[0];

export function choose(pick, from = null) {
  app.chosen = pick;
  say("choose", { pick, from });
}
export const close = () => {
  app.chosen = null;
  say("close");
};
