// The one socket client of every page: ticket, subscribe, resume after a sequence number, back-off with jitter.
// When the socket cannot be had it says so, and the page may poll; it keeps trying.
import { post } from "./api.js";
import { meta } from "./page.js";
import { setClock } from "./time.js";

const PING_MS = 15_000;
const UNANSWERED = 2;
const PATIENCE_MS = 10_000;
const STEADY_MS = 5_000;
const POLL_AFTER = 3;

export class Live {
  /** `track`: a signed tracking token instead of a login. */
  constructor({ track = null } = {}) {
    this.track = track;
    this.topics = new Map(); // topic -> { handler, seq }
    this.refused = new Map(); // topic -> the timer after which it is asked for again
    this.tries = 0;
    this.state = "amber";
    this.listeners = new Set();
    this.closed = false;
    addEventListener("online", () => this.reconnect());
    addEventListener("pagehide", () => this.sleep());
    addEventListener("pageshow", (e) => {
      if (e.persisted) this.wake();
    });
  }
  /** Hear of the connection: handler("live" | "amber" | "poll" | "off"); "off" is for good. */
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
    else this.open();
  }
  unsubscribe(topic) {
    this.topics.delete(topic);
    this.granted(topic);
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
    if (this.closed || this.waiting || this.socket) return;
    clearTimeout(this.timer);
    if (navigator.onLine === false) {
      this.later();
      return;
    } // asking would only fill the log
    this.waiting = true;
    let secret = "";
    let refusal = null;
    try {
      secret = this.track
        ? `track.${this.track}`
        : `ticket.${(await post("auth/socket-ticket", {}, { signal: AbortSignal.timeout(PATIENCE_MS) })).ticket}`;
    } catch (error) {
      refusal = error;
    }
    this.waiting = false;
    if (this.closed) return;
    if (refusal) {
      if (refusal.status === 401 || refusal.status === 403) this.end();
      else this.later();
      return;
    }
    const base = meta("live-url").replace(/\/$/, "");
    const socket = new WebSocket(`${base}/ws/v1/`, ["fleetsync.v1", secret]);
    this.socket = socket;
    this.patience = setTimeout(() => this.later(), PATIENCE_MS);
    socket.onmessage = (message) => {
      if (socket === this.socket) this.hear(JSON.parse(message.data));
    };
    socket.onclose = () => {
      if (socket === this.socket) this.later();
    };
  }
  hear(frame) {
    this.unanswered = 0;
    if (frame.type === "ready") {
      this.greeted(frame);
      return;
    }
    const entry = this.topics.get(frame.topic);
    if (!entry) return;
    if (frame.type === "error") {
      if (frame.data?.of === "subscribe") this.askAgain(frame.topic);
      return;
    }
    if (frame.type === "snapshot" || frame.type === "reset") {
      this.granted(frame.topic);
      entry.seq = frame.seq ?? entry.seq;
    } else if (frame.seq != null) {
      if (entry.seq != null && frame.seq <= entry.seq) return; // seen before the cut
      entry.seq = frame.seq;
    }
    entry.handler(frame);
  }
  greeted(frame) {
    setClock(frame);
    clearTimeout(this.patience);
    // A socket that is closed as soon as it asks for its topics has not come through: the back-off goes on.
    this.steady = setTimeout(() => {
      this.tries = 0;
    }, STEADY_MS);
    this.say("live");
    for (const topic of this.topics.keys()) this.ask(topic);
    this.pulse = setInterval(() => {
      if (this.unanswered++ >= UNANSWERED) this.later();
      else this.send({ type: "ping" });
    }, PING_MS);
  }
  /** The server could not read the topic just now: the socket is there, the topic is not. */
  askAgain(topic) {
    clearTimeout(this.refused.get(topic));
    const wait = 1000 + Math.random() * 4000;
    this.refused.set(
      topic,
      setTimeout(() => this.topics.has(topic) && this.ask(topic), wait),
    );
    this.say("amber");
  }
  granted(topic) {
    clearTimeout(this.refused.get(topic));
    if (this.refused.delete(topic) && !this.refused.size) this.say("live");
  }
  /** Let go of the socket, whatever it is doing. */
  drop() {
    for (const timer of [this.timer, this.patience, this.steady, ...this.refused.values()]) clearTimeout(timer);
    clearInterval(this.pulse);
    this.refused.clear();
    const old = this.socket;
    this.socket = null;
    old?.close();
  }
  later() {
    this.drop();
    if (this.closed) return;
    this.tries += 1;
    const wait = Math.random() * Math.min(20_000, 500 * 2 ** Math.min(6, this.tries));
    this.timer = setTimeout(() => this.open(), 250 + wait);
    this.say(this.tries >= POLL_AFTER ? "poll" : "amber");
  }
  reconnect() {
    if (this.closed || this.waiting) return;
    this.drop();
    if (this.state === "live") this.say("amber");
    this.open();
  }
  /** The page is left; the browser may bring it back as it was. */
  sleep() {
    if (this.closed) return;
    this.asleep = this.closed = true;
    this.drop();
  }
  wake() {
    if (!this.asleep) return;
    this.asleep = this.closed = false;
    this.tries = 0;
    this.say("amber");
    this.open();
  }
  /** Nothing more is to be had with this login or link. */
  end() {
    this.closed = true;
    this.drop();
    this.say("off");
  }
}
