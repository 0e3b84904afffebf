// What the server wrote into the page, and how its parts hear of one another.
export const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

/** Parts call `on(name, handler)` to hear of what others `say(name, detail)`, at once and in the order they asked. */
export function bus() {
  const heard = new Map();
  return {
    on(name, handler) {
      (heard.get(name) ?? heard.set(name, []).get(name)).push(handler);
    },
    say(name, detail) {
      for (const handler of heard.get(name) ?? []) handler(detail);
    },
  };
}
