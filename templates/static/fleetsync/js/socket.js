// The one socket client of every page: ticket, subscribe, resume after a sequence number, back-off with jitter.
// When the socket cannot be had it says so, and the page may poll; it keeps trying.
import { post } from "./api.js";
import { setClock } from "./time.js";

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const PING_MS = 15_000;
const SILENCE_MS = 40_000;
const POLL_AFTER = 3;

export class Live {
  /** `track`: a signed tracking token instead of a login. */
  constructor({ track = null } = {}) {
    this.track = track;
    this.topics = new Map(); // topic -> { handler, seq }
    this.tries = 0;
    this.state = "amber";
    this.listeners = new Set();
    this.closed = false;
    addEventListener("online", () => this.reconnect());
    addEventListener("pagehide", () => this.close());
  }
  /** Hear of the connection: handler("live" | "amber" | "poll"). */
  onState(handler) {
    this.listeners.add(handler);
    handler(this.state);
  }
  say(state) {
    if (state === this.state) return;
    this.state = state;
    for (const handler of this.listeners) handler(state);
  }
  /** Call `handler(frame)` for the topic's snapshot, then each of its events once, in order. */
  subscribe(topic, handler) {
    this.topics.set(topic, { handler, seq: null });
    if (this.socket?.readyState === WebSocket.OPEN) this.ask(topic);
    else if (!this.socket && !this.waiting) this.open();
  }
  unsubscribe(topic) {
    this.topics.delete(topic);
    this.send({ type: "unsubscribe", topic });
  }
  ask(topic) {
    const { seq } = this.topics.get(topic);
    this.send(seq == null ? { type: "subscribe", topic } : { type: "subscribe", topic, after_seq: seq });
  }
  /** Send a frame now; false when there is no connection (the caller keeps what it may not lose). */
  send(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }
  async open() {
    if (this.closed) return;
    if (navigator.onLine === false) {
      this.later();
      return;
    } // asking would only fill the log
    this.waiting = true;
    let secret;
    try {
      secret = this.track ? `track.${this.track}` : `ticket.${(await post("auth/socket-ticket")).ticket}`;
    } catch (error) {
      this.waiting = false;
      if (error.status === 401 || error.status === 403) {
        this.say("off");
        return;
      }
      this.later();
      return;
    }
    this.waiting = false;
    const base = meta("live-url").replace(/\/$/, "");
    const socket = new WebSocket(`${base}/ws/v1/`, ["fleetsync.v1", secret]);
    this.socket = socket;
    socket.onmessage = (message) => {
      if (socket === this.socket) this.hear(JSON.parse(message.data));
    };
    socket.onclose = () => {
      if (socket === this.socket) this.later();
    };
  }
  hear(frame) {
    this.heard = Date.now();
    if (frame.type === "ready") {
      setClock(frame);
      this.tries = 0;
      this.say("live");
      for (const topic of this.topics.keys()) this.ask(topic);
      clearInterval(this.pulse);
      this.pulse = setInterval(() => {
        if (Date.now() - this.heard > SILENCE_MS) this.reconnect();
        else this.send({ type: "ping" });
      }, PING_MS);
      return;
    }
    const entry = this.topics.get(frame.topic);
    if (!entry) return;
    if (frame.type === "snapshot" || frame.type === "reset") entry.seq = frame.seq ?? entry.seq;
    else if (frame.seq != null) {
      if (entry.seq != null && frame.seq <= entry.seq) return; // seen before the cut
      entry.seq = frame.seq;
    }
    entry.handler(frame);
  }
  later() {
    clearInterval(this.pulse);
    this.socket = null;
    if (this.closed) return;
    this.tries += 1;
    this.say(this.tries >= POLL_AFTER ? "poll" : "amber");
    const wait = Math.random() * Math.min(20_000, 500 * 2 ** Math.min(6, this.tries));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), 250 + wait);
  }
  reconnect() {
    if (this.closed || this.waiting) return;
    clearTimeout(this.timer);
    const old = this.socket;
    this.socket = null;
    old?.close();
    this.open();
  }
  close() {
    this.closed = true;
    clearInterval(this.pulse);
    clearTimeout(this.timer);
    this.socket?.close();
  }
}
