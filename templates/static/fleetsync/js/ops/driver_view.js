// A driver in the drawer: state, position, what is held, the next stops.
import { clock, h, icon, pill, span } from "../ui.js";
import { app, nameOf, say } from "./app.js";
import { facts, head, linkish, loadJson, tick } from "./drawer.js";
import { messageButton, wordsKey, wordsTo } from "./messages.js";
import { position } from "./order_view.js";
import { DRIVER, plural, VEHICLE } from "./words.js";
import { ms } from "./world.js";

const profiles = new Map();
const STOP = { pickup: "Pick up at", dropoff: "Hand over at", return: "Bring back to" };

export function driverView(id) {
  const k = app.world.drivers.get(id);
  const p = app.world.people.get(id);
  const profile = profiles.get(id);
  if (profile === undefined) {
    profiles.set(id, null);
    loadJson(`drivers/${id}`).then((found) => {
      profiles.set(id, found);
      say("loaded");
    });
  }
  const offers = [...app.world.offers.values()].filter((o) => o.driver_id === id);
  const key = JSON.stringify([
    k && [k.state, k.silent, k.alarm],
    k?.stops?.map((s) => [s.kind, s.deliveries.map((d) => [d.id, d.status, d.ready_at, d.expected])]),
    p?.load,
    Boolean(profile),
    nameOf(id),
    offers.map((o) => o.id),
    wordsKey(id),
  ]);
  return { key, build: () => build(id, k, p, profile, offers) };
}
function build(id, k, p, profile, offers) {
  const vehicle = VEHICLE[p?.vehicle ?? profile?.vehicle] ?? "";
  const crumb = ["Driver", vehicle, profile?.plate].filter(Boolean).join(" · ");
  const pills = k
    ? [
        pill(...(k.state === "free" && offers.length ? ["offer", "Being asked"] : DRIVER[k.state])),
        k.silent && pill("late", "silent"),
        k.alarm && pill(k.alarm, k.alarm === "late" ? "promise broken" : "promise at risk"),
      ]
    : [pill("off", "Offline")];
  return [
    head(nameOf(id), crumb, pills),
    h(
      "div",
      { class: "scroll" },
      k
        ? null
        : h(
            "div",
            { class: "note" },
            icon("info"),
            h("span", {}, app.past == null ? "Not online, so not counted in any round." : "Not online at that moment."),
          ),
      facts(
        k && ["Position", tick("span", { class: "num" }, () => position(k))],
        k && p && ["Holds", `${k.held.length} of ${p.capacity}`],
        p && ["Online since", h("span", { class: "num" }, clock(p.started_at))],
        p?.off_at && ["Off at", h("span", { class: "num" }, clock(p.off_at))],
        profile?.phone &&
          app.past == null && ["Phone", h("a", { href: `tel:${profile.phone}`, "data-f": "phone" }, profile.phone)],
      ),
      offers.map((o) => {
        const d = app.world.deliveries.get(o.delivery_id);
        return (
          d &&
          h(
            "div",
            { class: "note" },
            icon("clock"),
            h(
              "span",
              {},
              "Asked about ",
              linkish(`offer-${o.id}`, `#${d.code} ${d.restaurant.name}`, { kind: "order", id: d.order_id }),
              tick("span", {}, () => `, ${span(Math.max(0, (ms(o.expires_at) - app.t) / 1000))} left to answer`),
            ),
          )
        );
      }),
      k &&
        h(
          "section",
          {},
          h("h3", {}, "Next stops"),
          k.stops.length
            ? h(
                "ol",
                { class: "steps numbered is-carry" },
                k.stops.map((stop, i) =>
                  h(
                    "li",
                    { class: i ? "" : "now" },
                    h(
                      "span",
                      {},
                      `${STOP[stop.kind]} ${stop.kind === "dropoff" ? stop.deliveries[0].dropoff.address || "the door" : stop.deliveries[0].restaurant.name}`,
                    ),
                    h("time", {}, time(stop)),
                    h(
                      "small",
                      {},
                      stop.deliveries.map((d, n) => [
                        n ? ", " : "",
                        linkish(`stop-${i}-${d.id}`, `#${d.code}`, { kind: "order", id: d.order_id }),
                      ]),
                      small(stop),
                    ),
                  ),
                ),
              )
            : h(
                "p",
                { class: "mute sm" },
                k.state === "paused" ? "No job, and paused: not asked for now." : "No job. Counted in every round.",
              ),
        ),
      wordsTo(id),
    ),
    h(
      "footer",
      { class: "acts one" },
      messageButton(id),
      h(
        "p",
        { class: "xs mute" },
        icon("info"),
        k?.held.length
          ? `Orders are given and taken on the order itself: ${plural(k.held.length, "order")} above.`
          : "To give this driver an order, open the order and assign it by hand.",
      ),
    ),
  ];
}
const time = (stop) => {
  const d = stop.deliveries[0];
  const at = stop.kind === "pickup" ? d.pickup_eta_at : d.expected;
  return at ? `about ${clock(at)}` : "";
};
const small = (stop) => {
  const d = stop.deliveries[0];
  return stop.kind === "pickup"
    ? ` · food ready ${clock(d.ready_at)}`
    : stop.kind === "dropoff"
      ? ` · promised ${clock(d.promised_at)}`
      : " · nobody took it";
};
