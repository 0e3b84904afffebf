// What is known of the zone: a snapshot, then events and positions on top of it. Knows nothing of the screen.
import { get } from "../api.js";
import { Tracks } from "./tracks.js";

const RAD = Math.PI / 180;
/** Web Mercator, the whole world in 0..1: cheap to project, so that a frame costs two multiplications a driver. */
export const mercX = (lng) => (lng + 180) / 360;
export const mercY = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * RAD) / 2)) / (2 * Math.PI);
const metres = (ax, ay, bx, by, lat) => Math.hypot(bx - ax, by - ay) * 40_075_017 * Math.cos(lat * RAD);
export const ms = (iso) => (iso == null ? null : Date.parse(iso));

export const BEFORE_PICKUP = new Set(["ASSIGNED", "EN_ROUTE_TO_PICKUP", "ARRIVED_AT_PICKUP"]);
export const ON_BOARD = new Set([
  "PICKED_UP",
  "EN_ROUTE_TO_DROPOFF",
  "ARRIVED_AT_DROPOFF",
  "UNDELIVERABLE",
  "RETURNING",
]);
export const SEARCHING = new Set(["SEARCHING", "NO_DRIVER_FOUND", "CREATED"]);
const OVER = new Set(["DELIVERED", "RETURNED", "CANCELLED"]);
const GOING_BACK = new Set(["UNDELIVERABLE", "RETURNING"]);
const STATUS_AFTER = {
  "delivery.assigned": "ASSIGNED",
  "delivery.en_route_to_pickup": "EN_ROUTE_TO_PICKUP",
  "delivery.arrived_at_pickup": "ARRIVED_AT_PICKUP",
  "delivery.picked_up": "PICKED_UP",
  "delivery.en_route_to_dropoff": "EN_ROUTE_TO_DROPOFF",
  "delivery.arrived_at_dropoff": "ARRIVED_AT_DROPOFF",
  "delivery.delivered": "DELIVERED",
  "delivery.unassigned": "SEARCHING",
  "delivery.no_driver_found": "NO_DRIVER_FOUND",
  "delivery.reopened": "SEARCHING",
  "delivery.undeliverable": "UNDELIVERABLE",
  "delivery.returning": "RETURNING",
  "delivery.returned": "RETURNED",
  "delivery.cancelled": "CANCELLED",
};
const MOMENT = {
  ASSIGNED: "assigned_at",
  ARRIVED_AT_PICKUP: "arrived_at_pickup_at",
  PICKED_UP: "picked_up_at",
  ARRIVED_AT_DROPOFF: "arrived_at_dropoff_at",
};

const STATES = ["free", "inbound", "counter", "carry", "paused"];
const ALARMS = [null, "risk", "late"];
export const TURNS = 48;
/** What a driver looks like, as one number: state, age of the position, alarm. `lookOf` reads it again. */
const look = (k, age) => (STATES.indexOf(k.state) * 3 + age) * 3 + ALARMS.indexOf(k.alarm);
export const LOOKS = STATES.length * 9;
export const lookOf = (n) => ({
  state: STATES[Math.floor(n / 9)],
  age: [2, 30, 90][Math.floor(n / 3) % 3],
  alarm: ALARMS[n % 3],
});
/** Who is drawn above whom in a crowd: what needs a person is never hidden. */
const rank = (k) =>
  (k.alarm === "late" ? 20 : k.alarm === "risk" ? 10 : 0) +
  { paused: 0, free: 1, inbound: 3, counter: 2, carry: 4 }[k.state];

/** A driver on the map; x, y is the last point known, px, py where he is drawn. */
class Mover {
  constructor(id, tracks, x, y) {
    this.id = id;
    this.tracks = tracks;
    this.slot = tracks.take(x, y);
  }
  get x() {
    return this.tracks.tx[this.slot];
  }
  get y() {
    return this.tracks.ty[this.slot];
  }
  get px() {
    return this.tracks.x[this.slot];
  }
  get py() {
    return this.tracks.y[this.slot];
  }
}

export class World {
  /** `incomplete()` is called when something is told of that only a snapshot describes. `names` outlives snapshots. */
  constructor({ names, incomplete = () => {} }) {
    this.names = names;
    this.incomplete = incomplete;
    this.ready = false;
    this.seq = 0;
    this.drivers = new Map();
    this.tracks = new Tracks();
    this.crowd = []; // the drivers in the order in which they are drawn
    this.deliveries = new Map();
    this.byOrder = new Map();
    this.people = new Map();
    this.offers = new Map();
    this.searches = new Map();
    this.kitchens = new Map();
    this.placed = new Map();
    this.causes = new Map();
    this.fetching = new Map(); // delivery id -> whether something was told of it since it was asked for
    this.frameAt = 0;
  }
  /** Take a snapshot. Drivers that were there glide on from where they are drawn. */
  load(snapshot, { glide = 0, scale = 1 } = {}) {
    const at = ms(snapshot.now);
    if (at < this.at) for (const k of this.drivers.values()) k.seenAt = 0; // back in time: where he was counts
    this.seq = snapshot.seq;
    this.at = at;
    this.fetching.clear();
    this.people = new Map(snapshot.people.map((p) => [p.id, p]));
    for (const p of snapshot.people) this.names.set(p.id, p.name);
    this.kitchens = new Map(
      snapshot.restaurants.map((k) => [k.id, { ...k, x: mercX(k.position.lng), y: mercY(k.position.lat) }]),
    );
    this.offers = new Map(snapshot.offers.map((o) => [o.id, o]));
    this.searches = new Map(snapshot.searches.map((s) => [s.delivery_id, s]));
    this.placed = new Map(snapshot.placed.map((o) => [o.order_id, o]));
    this.causes = new Map(Object.entries(snapshot.causes));
    this.deliveries = new Map();
    this.byOrder = new Map();
    for (const d of snapshot.deliveries) this.put(d);
    const here = new Set(snapshot.drivers.map((row) => row[0]));
    for (const id of [...this.drivers.keys()]) if (!here.has(id)) this.leave(id);
    for (const row of snapshot.drivers) this.move(row, at, glide);
    this.ready = true;
    this.tick(at, scale);
  }
  put(d) {
    if (OVER.has(d.status)) {
      this.drop(d.id);
      return;
    }
    d.kx = mercX(d.pickup.lng);
    d.ky = mercY(d.pickup.lat);
    d.dx = mercX(d.dropoff.lng);
    d.dy = mercY(d.dropoff.lat);
    d.promised = ms(d.promised_at);
    this.deliveries.set(d.id, d);
    this.byOrder.set(d.order_id, d);
  }
  drop(id) {
    this.fetching.delete(id);
    const d = this.deliveries.get(id);
    if (!d) return;
    this.deliveries.delete(id);
    this.byOrder.delete(d.order_id);
    this.searches.delete(id);
  }
  /** Take a row [driver_id, lng, lat, heading_deg, age_s, status]; the symbol glides there within `glide` milliseconds. */
  move([id, lng, lat, heading, age, status], at, glide) {
    const x = mercX(lng);
    const y = mercY(lat);
    const now = performance.now();
    let k = this.drivers.get(id);
    if (!k) {
      k = Object.assign(new Mover(id, this.tracks, x, y), {
        still: 2,
        stillSince: at,
        state: "free",
        heading: 0,
        turn: 0,
        look: 0,
        moving: false,
        alarm: null,
      });
      this.drivers.set(id, k);
      this.crowd.push(k);
      if (!this.people.has(id)) this.incomplete();
    } else if (at - age * 1000 < k.seenAt - 1000) {
      k.status = status; // we know a newer place
      return;
    } else {
      const far = metres(k.x, k.y, x, y, lat);
      if (far > 4) {
        k.heading = Math.atan2(x - k.x, k.y - y);
        k.still = 0;
        k.moving = true;
        k.stillSince = at;
      } else if (++k.still > 1) k.moving = false;
      this.tracks.aim(k.slot, x, y, now, glide, far > 1500);
    }
    k.fresh = !glide; // not yet seen twice: whoever should be riding is drawn riding
    if (heading != null) k.heading = heading * RAD;
    k.turn = ((Math.round((k.heading / (2 * Math.PI)) * TURNS) % TURNS) + TURNS) % TURNS;
    k.lat = lat;
    k.lng = lng;
    k.seenAt = at - age * 1000;
    k.status = status;
  }
  leave(id) {
    const k = this.drivers.get(id);
    if (!k) return;
    this.drivers.delete(id);
    this.tracks.give(k.slot);
    this.crowd = this.crowd.filter((each) => each !== k);
  }
  positions(frame) {
    const now = performance.now();
    const gap = this.frameAt ? now - this.frameAt : 1000;
    this.frameAt = now;
    const glide = Math.min(2000, Math.max(250, gap));
    const at = ms(frame.data.at);
    for (const row of frame.data.drivers) this.move(row, at, glide);
  }
  /** Take an event of the zone. */
  hear(frame) {
    const { type, data, at } = frame;
    const d = this.deliveries.get(data.delivery_id) ?? this.byOrder.get(data.order_id);
    if (frame.seq) this.seq = frame.seq;
    if (type.startsWith("delivery.")) this.ofDelivery(type, data, at, d);
    else if (type.startsWith("offer.")) this.ofOffer(type, data, at);
    else if (type.startsWith("order.")) this.ofOrder(type, data, d);
    else if (type === "session.ended") {
      this.leave(data.driver_id);
      this.people.delete(data.driver_id);
    } else if (type === "session.started") this.incomplete();
    else if (type === "session.paused" || type === "session.resumed") {
      const k = this.drivers.get(data.driver_id);
      if (k) k.status = type === "session.paused" ? "PAUSED" : "AVAILABLE";
    }
  }
  ofOrder(type, data, d) {
    if (type === "order.placed") {
      this.placed.set(data.order_id, { ...data, code: "", promised_at: null });
      this.incomplete();
      return;
    }
    this.placed.delete(data.order_id);
    if (d && data.ready_at) d.ready_at = data.ready_at;
  }
  ofOffer(type, data, at) {
    if (type === "offer.made") {
      this.offers.set(data.offer_id, { id: data.offer_id, ...data, offered_at: at });
      return;
    }
    this.offers.delete(data.offer_id);
    const search = this.searches.get(data.delivery_id);
    if (search && (type === "offer.declined" || type === "offer.expired")) search.refusals += 1;
  }
  ofDelivery(type, data, at, d) {
    if (type === "delivery.eta_changed") {
      this.causes.set(data.order_id, data.cause);
      if (d) Object.assign(d, { eta_low_at: data.eta_low_at, eta_high_at: data.eta_high_at });
      return;
    }
    if (type === "delivery.search_retried") {
      const search = this.searches.get(data.delivery_id);
      if (search) Object.assign(search, { attempt: data.attempt, radius_m: data.radius_m });
      return;
    }
    if (type === "delivery.held" || type === "delivery.released") {
      if (d) d.held = type === "delivery.held";
      return;
    }
    if (type === "delivery.prioritized") {
      if (d) d.priority = data.priority;
      return;
    }
    if (type === "delivery.pin_refused") {
      if (d) d.pin_tries_left = data.tries_left;
      return;
    }
    if (type === "delivery.pin_waived") {
      if (d) d.pin_required = false;
      return;
    }
    const status = STATUS_AFTER[type];
    if (OVER.has(status)) {
      this.drop(data.delivery_id);
      return;
    }
    if (this.fetching.has(data.delivery_id)) this.fetching.set(data.delivery_id, true);
    if (!d || type === "delivery.searching" || type === "delivery.moved_zone") {
      this.fetch(data.delivery_id);
      return;
    }
    if (!status) return;
    d.status = status;
    if (MOMENT[status]) d[MOMENT[status]] = at;
    if (status === "ASSIGNED") {
      Object.assign(d, {
        driver_id: data.driver_id,
        pickup_eta_at: data.pickup_eta_at,
        dropoff_eta_at: data.dropoff_eta_at,
        held: false,
      });
      this.searches.delete(d.id);
      this.fetch(d.id); // which deliveries go together stands in the row alone
    } else if (SEARCHING.has(status)) {
      Object.assign(d, {
        driver_id: null,
        assigned_at: null,
        arrived_at_pickup_at: null,
        pickup_eta_at: null,
        dropoff_eta_at: null,
        batch_id: null,
      });
      if (status === "SEARCHING" && !this.searches.has(d.id))
        this.searches.set(d.id, {
          delivery_id: d.id,
          attempt: 0,
          radius_m: 1500,
          refusals: 0,
          due_at: null,
          search_until: null,
        });
    }
  }
  async fetch(id) {
    if (!id || this.fetching.has(id)) return;
    this.fetching.set(id, false);
    try {
      const fresh = await get(`deliveries/${id}`);
      const told = this.fetching.get(id);
      this.fetching.delete(id);
      if (told === undefined) return; // it ended, or a snapshot has it
      if (told) {
        this.fetch(id);
        return;
      }
      this.put(fresh);
      if (fresh.status === "SEARCHING" && !this.searches.has(id))
        this.searches.set(id, {
          delivery_id: id,
          attempt: 0,
          radius_m: 1500,
          refusals: 0,
          due_at: null,
          search_until: null,
        });
    } catch {
      this.fetching.delete(id); // the next snapshot has it
    }
  }
  /** Judge everything once a second: who holds what, what is late, whose position is old. `t` is business milliseconds. */
  tick(t, scale) {
    this.t = t;
    this.fadeS = Math.max(20, 2.5 * scale);
    this.silentS = Math.max(60, 5 * scale); // the rule of matching: business time, but never under 5 real seconds
    const held = new Map();
    for (const d of this.deliveries.values()) {
      this.judge(d, t);
      if (d.driver_id) (held.get(d.driver_id) ?? held.set(d.driver_id, []).get(d.driver_id)).push(d);
    }
    const counters = new Map();
    for (const k of this.drivers.values()) {
      const mine = held.get(k.id) ?? [];
      const stops = stopsOf(mine);
      const next = stops[0];
      k.held = mine;
      k.stops = stops;
      k.age = Math.max(0, (t - k.seenAt) / 1000);
      k.silent = k.age > this.silentS;
      k.state = next
        ? next.kind === "pickup"
          ? mine.some((d) => d.status === "ARRIVED_AT_PICKUP")
            ? "counter"
            : "inbound"
          : "carry"
        : k.status === "PAUSED"
          ? "paused"
          : "free";
      k.alarm = mine.some((d) => d.risk === "late") ? "late" : mine.some((d) => d.risk === "risk") ? "risk" : null;
      k.fan = 0;
      k.fans = 1;
      k.look = look(k, k.age > this.silentS ? 2 : k.age > this.fadeS ? 1 : 0);
      k.rank = k.silent && !k.alarm ? 0 : rank(k);
      if (k.state === "counter" && next) {
        const at = mine.find((d) => d.status === "ARRIVED_AT_PICKUP").restaurant.id;
        (counters.get(at) ?? counters.set(at, []).get(at)).push(k);
      }
    }
    this.crowd.sort((a, b) => a.rank - b.rank || a.slot - b.slot);
    for (const group of counters.values())
      group.forEach((k, i) => {
        k.fan = i;
        k.fans = group.length;
      });
  }
  judge(d, t) {
    const low = ms(d.eta_low_at);
    const high = ms(d.eta_high_at);
    d.expected = low && high ? (low + high) / 2 : ms(d.dropoff_eta_at);
    if (SEARCHING.has(d.status)) d.expected = Math.max(d.expected ?? 0, t + 12 * 60_000);
    d.over = t > d.promised ? t - d.promised : d.expected && d.expected > d.promised ? d.expected - d.promised : 0;
    d.risk = t > d.promised ? "late" : d.over > 30_000 ? "risk" : "ok";
  }
  /** Colours and shapes of the map ask for an age on the scale of 20 s and 60 s. */
  shownAge(k) {
    return k.age > this.silentS ? 90 : k.age > this.fadeS ? 30 : 2;
  }
  /** Nobody can hand it over: the driver has no try left and the city hands over for a PIN only. */
  isLocked(d) {
    return d.status === "ARRIVED_AT_DROPOFF" && d.pin_required && d.pin_tries_left === 0;
  }
  offerOf(deliveryId) {
    for (const o of this.offers.values()) if (o.delivery_id === deliveryId) return o;
    return null;
  }
}

/** The stops of one driver, next one first, as `dispatch/route.py` orders them: what is on board goes first,
 * unless the next pickup belongs to the same trip; what nobody took goes back last. */
export function stopsOf(held) {
  const turn = (a, b) =>
    (ms(a.assigned_at) ?? 0) - (ms(b.assigned_at) ?? 0) || a.drop_sequence - b.drop_sequence || (a.id < b.id ? -1 : 1);
  let pending = held.filter((d) => BEFORE_PICKUP.has(d.status)).sort(turn);
  let aboard = held.filter((d) => ON_BOARD.has(d.status) && !GOING_BACK.has(d.status)).sort(turn);
  const stops = [];
  while (aboard.length || pending.length) {
    const same = pending.filter((d) => d.batch_id && aboard.some((b) => b.batch_id === d.batch_id));
    if (aboard.length && !same.length) {
      const d = aboard.shift();
      stops.push({ kind: "dropoff", x: d.dx, y: d.dy, deliveries: [d] });
      continue;
    }
    const head = (same.length ? same : pending)[0];
    const trip = pending.filter((d) => d.restaurant.id === head.restaurant.id && d.batch_id === head.batch_id);
    pending = pending.filter((d) => !trip.includes(d));
    stops.push({ kind: "pickup", x: head.kx, y: head.ky, deliveries: trip });
    aboard = [...aboard, ...trip].sort(turn);
  }
  for (const d of held.filter((each) => GOING_BACK.has(each.status)).sort(turn))
    stops.push({ kind: "return", x: d.kx, y: d.ky, deliveries: [d] });
  return stops;
}
