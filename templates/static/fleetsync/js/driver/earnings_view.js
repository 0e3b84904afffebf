// A day's money: what, from what, and how many offers.
import { clock, h, icon, money } from "../ui.js";
import { btn, hours, note } from "./parts.js";

/** A day's money: what, from what, and how many offers. */
export function earnings({ earned, failed }, act) {
  const close = h(
    "button",
    {
      class: "btn bare icon",
      type: "button",
      "aria-label": "Close earnings",
      "data-keep": "close",
      onclick: act.close,
    },
    icon("close"),
  );
  if (failed)
    return [
      h("div", { class: "offer-top" }, h("h2", {}, "Earnings"), close),
      note("alert", "They cannot be read just now; nothing is lost."),
      btn("full", "Ask again", () => act.day(0)),
    ];
  if (!earned)
    return [
      h(
        "div",
        { class: "offer-top" },
        h("div", {}, h("h2", { class: "pay num" }, "–"), h("p", {}, "Adding it up")),
        close,
      ),
      h("span", { class: "skel tall" }),
    ];
  const { currency: c, trips } = earned;
  const today = act.isToday(earned.day);
  const name = today
    ? "today"
    : new Date(`${earned.day}T12:00`).toLocaleDateString(undefined, {
        weekday: "long",
        day: "numeric",
        month: "short",
      });
  const hourOf = (t) => new Date(t.delivered_at).getHours();
  const width = trips.length ? Math.max(6, ((hourOf(trips[0]) - hourOf(trips.at(-1)) + 24) % 24) + 1) : 0;
  const first = trips.length ? (hourOf(trips[0]) - width + 25) % 24 : 0;
  const sums = Array.from({ length: width }, (_, i) =>
    trips.filter((t) => hourOf(t) === (first + i) % 24).reduce((sum, t) => sum + t.pay_minor + t.tip_minor, 0),
  );
  const most = Math.max(1, ...sums);
  const bars = sums.map((sum, i) => {
    const bar = h("i", { class: sum ? "on" : "" });
    bar.style.height = `${Math.max(4, Math.round((sum / most) * 84))}px`;
    return h("div", {}, bar, h("span", {}, String((first + i) % 24)));
  });
  return [
    h(
      "div",
      { class: "offer-top" },
      h(
        "div",
        {},
        h("h2", { class: "pay num" }, money(earned.total_minor, c)),
        h(
          "p",
          {},
          `${name}, ${earned.deliveries} ${earned.deliveries === 1 ? "delivery" : "deliveries"}, ${hours(earned.online_s)} online`,
        ),
      ),
      close,
    ),
    bars.length
      ? h("div", { class: "bars num", role: "img", "aria-label": "Money by hour of the day" }, bars)
      : h(
          "div",
          { class: "empty" },
          icon("bag"),
          h("b", {}, "No trips on this day"),
          "Each one appears here as soon as it is handed over.",
        ),
    h(
      "dl",
      { class: "facts num" },
      h("dt", {}, "Trips"),
      h("dd", {}, money(earned.pay_minor, c)),
      h("dt", {}, "Tips, all of them"),
      h("dd", {}, money(earned.tips_minor, c)),
      h("dt", {}, "Offers seen, taken, declined"),
      h("dd", {}, `${earned.offers_seen}, ${earned.offers_taken}, ${earned.offers_declined}`),
    ),
    trips.length > 0 &&
      h(
        "details",
        { class: "later" },
        h("summary", {}, `All trips of the day`),
        h(
          "ul",
          { class: "trips" },
          trips.map((t) =>
            h(
              "li",
              {},
              h("time", { class: "num mute" }, clock(t.delivered_at)),
              h("span", { class: "cut" }, t.restaurant),
              h("b", { class: "num" }, money(t.pay_minor + t.tip_minor, c)),
            ),
          ),
        ),
      ),
    h(
      "div",
      { class: "two even" },
      btn("", "Day before", () => act.day(-1)),
      btn("", "Day after", () => act.day(1), { disabled: today }),
    ),
  ];
}
