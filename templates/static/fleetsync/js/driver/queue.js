// What must not be lost in a tunnel: positions and taps stand in this phone's storage until the server has them.
// Everything goes out in order, one request at a time; a tap keeps its key, so a repeat changes nothing.
import { call } from "../api.js";

const POINTS_KEPT = 900;
const POINTS_SENT = 100;
const PATIENCE_MS = 8_000;
const RETRY_MS = [1_000, 1_500, 2_500, 4_000];
const LATER = new Set([429, 500, 502, 503, 504]);

export class Queue {
  /** `owner`: whose phone it is, so that two people on one device do not mix. */
  constructor(owner, { onChange = () => {}, onSent = () => {}, onRefused = () => {}, onEnd = () => {} } = {}) {
    this.slot = `fleetsync.queue.${owner}`;
    Object.assign(this, { onChange, onSent, onRefused, onEnd });
    this.lostAt = null; // when the network went away, Date.now(); null: it is there
    this.tries = 0;
    this.memory = { taps: [], points: [], seq: 0 };
    try {
      this.memory = { ...this.memory, ...JSON.parse(localStorage.getItem(this.slot) ?? "{}") };
    } catch {
      /* private window: memory alone */
    }
    addEventListener("offline", () => this.lose());
    addEventListener("online", () => this.flush());
    if (navigator.onLine === false) this.lose();
  }
  get taps() {
    return this.memory.taps;
  }
  get points() {
    return this.memory.points.length;
  }
  keep() {
    try {
      localStorage.setItem(this.slot, JSON.stringify(this.memory));
    } catch {
      /* full or forbidden: memory alone */
    }
    this.onChange();
  }
  /** A number that only grows, for the order of points of one moment. */
  next() {
    return ++this.memory.seq;
  }

  /** Keep a tap and try to send it at once. `about`: id of what it is about; `step`: what it does to it. */
  tap({ path, body = {}, about, step, at }) {
    const tap = { key: crypto.randomUUID(), path, body, about, step, at };
    this.memory.taps.push(tap);
    this.keep();
    this.flush();
    return tap;
  }
  point(point) {
    const { points } = this.memory;
    points.push({ ...point, seq: this.next() });
    // A very long tunnel: every second point of the older half goes, the trail stays.
    if (points.length > POINTS_KEPT) this.memory.points = points.filter((_, i) => i % 2 || i > POINTS_KEPT / 2);
    this.keep();
    this.flush();
  }
  lose() {
    this.lostAt ??= Date.now();
    this.onChange();
  }
  found() {
    this.tries = 0;
    if (this.lostAt == null) return;
    this.lostAt = null;
    this.onChange();
  }
  async flush() {
    if (this.busy) return;
    if (navigator.onLine === false) {
      this.lose();
      return;
    } // `online` comes back here
    this.busy = true;
    clearTimeout(this.timer);
    try {
      while (this.memory.points.length || this.memory.taps.length)
        await (this.memory.points.length ? this.sendPoints() : this.sendTap());
      this.found();
    } catch (error) {
      if (error.status === undefined) this.lose();
      else this.found();
      if (error.status === 401) {
        this.onEnd(); // what is kept goes out after the next login
        return;
      }
      const wait = RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)];
      this.timer = setTimeout(() => this.flush(), wait);
    } finally {
      this.busy = false;
    }
  }
  send(path, body, key) {
    return call("POST", path, body, { key, signal: AbortSignal.timeout(PATIENCE_MS) });
  }
  async sendPoints() {
    const batch = this.memory.points.slice(0, POINTS_SENT);
    const last = batch.at(-1).seq;
    try {
      await this.send("positions", { points: batch });
    } catch (error) {
      if (error.status === undefined || LATER.has(error.status) || error.status === 401) throw error;
      this.onRefused(null, error); // these points are no use: a clock that is wrong, a place that is none
    }
    this.memory.points = this.memory.points.filter((point) => point.seq > last);
    this.keep();
  }
  async sendTap() {
    const tap = this.memory.taps[0];
    let answer = null;
    let refusal = null;
    try {
      answer = await this.send(tap.path, tap.body, tap.key);
    } catch (error) {
      if (
        error.status === undefined ||
        LATER.has(error.status) ||
        error.status === 401 ||
        error.code === "idempotency-in-flight"
      )
        throw error;
      refusal = error;
    }
    this.memory.taps = this.memory.taps.filter((each) => each.key !== tap.key);
    this.found();
    this.keep();
    if (refusal) this.onRefused(tap, refusal);
    else this.onSent(tap, answer);
  }
}
