// Where the phone is: its receiver, or the rider of the demo who goes straight to the next stop at a believable speed.
import { now, speed } from "../time.js";
import { heading, metres } from "./route.js";

// Metres a second as the crow flies, red lights and corners included.
const PACE = { BICYCLE: 4, SCOOTER: 5.5, CAR: 6.5 };
const TICK_MS = 120;
const STRIDE_S = 15;
const PING_MS = [1_000, 4_000];

export class Place {
  /** `onPing(point)`: a point to report; `onMove()`: something to draw. */
  constructor(slot, { onPing, onMove, onTrouble }) {
    Object.assign(this, {
      slot: `fleetsync.place.${slot}`,
      onPing,
      onMove,
      onTrouble,
      here: null,
      target: null,
      vehicle: "SCOOTER",
      simulated: false,
    });
    try {
      this.last = JSON.parse(localStorage.getItem(this.slot));
    } catch {
      this.last = null;
    }
  }
  /** Begin to watch; with `simulated` the rider starts at `start`, or where he was last. */
  begin({ simulated, start }) {
    this.end();
    this.simulated = simulated;
    if (simulated) {
      this.here = this.here ?? this.last ?? start ?? null;
      this.moved = now();
      this.ticker = setInterval(() => this.ride(), TICK_MS);
    } else if (navigator.geolocation) {
      this.watch = navigator.geolocation.watchPosition(
        (fix) => this.fixed(fix.coords),
        (error) => this.onTrouble(error.code === 1 ? "denied" : "lost"),
        { enableHighAccuracy: true, maximumAge: 2_000, timeout: 15_000 },
      );
    } else this.onTrouble("absent");
    const beat = Math.min(PING_MS[1], Math.max(PING_MS[0], PING_MS[1] / speed()));
    this.pulse = setInterval(() => this.ping(), beat);
  }
  end() {
    clearInterval(this.ticker);
    clearInterval(this.pulse);
    if (this.watch != null) navigator.geolocation.clearWatch(this.watch);
    this.watch = null;
  }
  fixed({ latitude, longitude, heading: turn, speed: pace, accuracy }) {
    this.here = {
      lat: latitude,
      lng: longitude,
      heading_deg: turn ?? this.here?.heading_deg ?? null,
      speed_mps: pace,
      accuracy_m: accuracy,
    };
    this.onMove();
  }
  ride() {
    if (!this.here) return;
    const t = now();
    const seconds = Math.min(STRIDE_S * speed(), (t - this.moved) / 1000);
    const goal = this.target;
    this.moved = t;
    const left = goal && metres(this.here, goal);
    if (!goal || left < 4) {
      if (this.here.speed_mps) {
        this.here = { ...this.here, speed_mps: 0 };
        this.onMove();
      }
      return;
    }
    const pace = PACE[this.vehicle] ?? PACE.SCOOTER;
    const f = Math.min(1, (pace * seconds) / left);
    this.here = {
      lat: this.here.lat + (goal.lat - this.here.lat) * f,
      lng: this.here.lng + (goal.lng - this.here.lng) * f,
      heading_deg: heading(this.here, goal),
      speed_mps: pace,
      accuracy_m: 8,
    };
    this.onMove();
  }
  /** Report where we are, also when we stand: silence ends the session. */
  ping() {
    if (!this.here) return;
    const { lat, lng, heading_deg = null, speed_mps = null, accuracy_m = null } = this.here;
    try {
      localStorage.setItem(this.slot, JSON.stringify({ lat, lng }));
    } catch {
      /* private window */
    }
    this.onPing({
      lat,
      lng,
      heading_deg,
      speed_mps: speed_mps ?? null,
      accuracy_m,
      recorded_at: new Date(now()).toISOString(),
    });
  }
  /** Wait for the first fix. */
  async known(ms = 12_000) {
    const end = Date.now() + ms;
    while (!this.here && Date.now() < end) await new Promise((done) => setTimeout(done, 150));
    return this.here;
  }
}
