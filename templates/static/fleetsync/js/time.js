// Business time, as the server keeps it: `now` and `scale` come from GET /clock and from the socket's first frame.
let origin = Date.now();
let at = performance.now();
let scale = 1;

export function setClock({ now, scale: speed }) {
  origin = new Date(now).getTime();
  at = performance.now();
  scale = speed;
}
/** Business time now, in milliseconds. */
export const now = () => origin + (performance.now() - at) * scale;
/** Business seconds from now until a moment; negative when it has passed. */
export const until = (moment) => (new Date(moment).getTime() - now()) / 1000;
export const since = (moment) => -until(moment);
/** Real milliseconds until a business moment. */
export const realUntil = (moment) => Math.max(0, (until(moment) * 1000) / scale);
export const speed = () => scale;
