// The driver's way: which stops come in which order, and what a tap that is still on its way has already changed.
export const BEFORE = new Set(["ASSIGNED", "EN_ROUTE_TO_PICKUP", "ARRIVED_AT_PICKUP"]);
const BACK = new Set(["UNDELIVERABLE", "RETURNING"]);
const GONE = new Set(["DELIVERED", "RETURNED", "CANCELLED", "SEARCHING"]);
const GOAL = {
  arrive: (status) => (BEFORE.has(status) ? "ARRIVED_AT_PICKUP" : "ARRIVED_AT_DROPOFF"),
  "pick-up": () => "EN_ROUTE_TO_DROPOFF",
  "drop-off": () => "DELIVERED",
  fail: () => "RETURNING",
  return: () => "RETURNED",
  "give-back": () => "SEARCHING",
};

/** The deliveries as they will be once the waiting taps are through; `waiting` tells which have one. */
export function ahead(deliveries, taps) {
  const rows = deliveries.map((row) => {
    const mine = taps.filter((tap) => tap.about === row.id && GOAL[tap.step]);
    return mine.reduce((was, tap) => ({ ...was, status: GOAL[tap.step](was.status), waiting: tap.at }), row);
  });
  return rows.filter((row) => !GONE.has(row.status));
}
const by =
  (...keys) =>
  (a, b) => {
    for (const key of keys) {
      const x = key(a);
      const y = key(b);
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  };
const turn = by(
  (d) => d.assigned_at ?? "",
  (d) => d.drop_sequence,
  (d) => d.id,
);

/** The stops of these deliveries, next one first; the same rule as the server's dispatch/route.py. */
export function stopsOf(deliveries) {
  let pending = deliveries.filter((d) => BEFORE.has(d.status)).sort(turn);
  const back = deliveries.filter((d) => BACK.has(d.status)).sort(turn);
  let aboard = deliveries.filter((d) => !BEFORE.has(d.status) && !BACK.has(d.status)).sort(turn);
  const stops = [];
  const batchesOf = (rows) => new Set(rows.map((d) => d.batch_id).filter(Boolean));
  let batches = batchesOf(aboard);
  while (aboard.length || pending.length) {
    const same = pending.filter((d) => batches.has(d.batch_id));
    if (aboard.length && !same.length) {
      const first = aboard.shift();
      stops.push({ kind: "dropoff", place: first.dropoff, deliveries: [first] });
      continue;
    }
    const head = (same.length ? same : pending)[0];
    const trip = pending.filter((d) => d.restaurant.id === head.restaurant.id && d.batch_id === head.batch_id);
    pending = pending.filter((d) => !trip.includes(d));
    stops.push({ kind: "pickup", place: head.pickup, deliveries: trip });
    aboard = [...aboard, ...trip].sort(turn);
    batches = batchesOf(aboard);
  }
  return [...stops, ...back.map((d) => ({ kind: "return", place: d.pickup, deliveries: [d] }))];
}

/** The counters of an offered trip in the order they are visited, each with its offers. */
export function countersOf(offers) {
  const counters = new Map();
  for (const offer of offers) counters.set(offer.restaurant.id, [...(counters.get(offer.restaurant.id) ?? []), offer]);
  return [...counters.values()];
}

/** Offers of one batch are one question; the one that ends first is asked first. */
export function questionsOf(offers) {
  const batches = new Map();
  for (const offer of offers) batches.set(offer.batch_id, [...(batches.get(offer.batch_id) ?? []), offer]);
  return [...batches.values()]
    .map((rows) =>
      rows.sort(
        by(
          (o) => o.drop_sequence,
          (o) => o.id,
        ),
      ),
    )
    .sort(by((rows) => rows[0].expires_at));
}

/** Metres between two places. */
export function metres(a, b) {
  const rad = Math.PI / 180;
  const x = (b.lng - a.lng) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (b.lat - a.lat) * rad;
  return 6_371_009 * Math.hypot(x, y);
}
/** Degrees clockwise from north. */
export function heading(a, b) {
  const x = (b.lng - a.lng) * Math.cos((a.lat * Math.PI) / 180);
  const y = b.lat - a.lat;
  return ((Math.atan2(x, y) * 180) / Math.PI + 360) % 360;
}
/** Metres along a line of places. */
export const length = (places) => places.slice(1).reduce((sum, place, i) => sum + metres(places[i], place), 0);
