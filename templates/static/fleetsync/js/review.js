// Rating and tip at the end, by the order's link. What is typed stays while the page is painted anew.
import { call } from "./api.js";
import { h, icon, money } from "./ui.js";

const GOOD = [
  ["on-time", "On time"],
  ["friendly", "Friendly"],
  ["careful", "Careful"],
  ["hot", "Still hot"],
];
const BAD = [
  ["late", "Late"],
  ["unfriendly", "Unfriendly"],
  ["damaged", "Damaged"],
  ["cold", "Cold"],
];
const TIPS = [100, 200, 300, 500];

export class Review {
  constructor(token, onChange) {
    Object.assign(this, { token, onChange, stars: 0, tags: new Set(), busy: false, trouble: "", said: false });
    this.el = h("form", { class: "rate", "aria-label": "Rating and tip" });
    this.el.addEventListener("submit", (e) => {
      e.preventDefault();
      this.rate();
    });
  }
  /** Return the card for a delivered order, `review` as the server has it. */
  card(review, now) {
    const sign = JSON.stringify(review);
    if (sign !== this.sign) {
      this.sign = sign;
      this.review = review;
      if (!this.stars) {
        this.stars = review.stars ?? 0;
        this.tags = new Set(review.tags);
        this.said = Boolean(review.stars);
        this.comment = review.comment;
      }
      this.closed = now > new Date(review.open_until).getTime();
      this.paint();
    }
    return this.el;
  }
  paint(focus) {
    const { review } = this;
    if (this.closed) {
      this.el.replaceChildren(
        h(
          "p",
          { class: "mute sm" },
          review.stars ? `You gave ${review.stars} of 5 stars.` : "This order can no longer be rated.",
        ),
      );
      return;
    }
    const stars = h(
      "fieldset",
      {},
      h("legend", {}, "How was it?"),
      h(
        "div",
        { class: "stars", role: "group", "aria-label": "Stars" },
        [1, 2, 3, 4, 5].map((n) =>
          h(
            "button",
            {
              type: "button",
              class: n <= this.stars ? "on" : "",
              "aria-label": `${n} of 5 stars`,
              "aria-pressed": String(n === this.stars),
              onclick: () => {
                this.stars = n;
                this.said = false;
                this.tags.clear();
                this.paint(`.stars button:nth-child(${n})`);
              },
            },
            icon("star"),
          ),
        ),
      ),
    );
    const more =
      this.stars && !this.said
        ? [
            h(
              "div",
              { class: "picks", role: "group", "aria-label": "What stood out" },
              (this.stars > 3 ? GOOD : BAD).map(([code, words]) =>
                h(
                  "button",
                  {
                    type: "button",
                    class: "btn small",
                    "aria-pressed": String(this.tags.has(code)),
                    onclick: (e) => {
                      this.tags.has(code) ? this.tags.delete(code) : this.tags.add(code);
                      e.currentTarget.setAttribute("aria-pressed", String(this.tags.has(code)));
                    },
                  },
                  words,
                ),
              ),
            ),
            h(
              "label",
              { class: "stack sm" },
              "Anything else? Dispatch reads it, the driver does not.",
              h(
                "textarea",
                {
                  class: "field",
                  rows: 2,
                  maxlength: 500,
                  oninput: (e) => {
                    this.comment = e.currentTarget.value;
                  },
                },
                this.comment ?? "",
              ),
            ),
            h("button", { class: "btn main", type: "submit", disabled: this.busy }, "Send rating"),
          ]
        : [this.said && h("p", { class: "sm soft", role: "status" }, "Thank you. A tap on a star changes it.")];
    const tip = h(
      "fieldset",
      {},
      h(
        "legend",
        {},
        review.tip_minor
          ? `You tipped ${money(review.tip_minor, review.currency)}. All of it is the driver’s.`
          : "A tip? All of it is the driver’s.",
      ),
      !review.tip_minor &&
        h(
          "div",
          { class: "picks" },
          TIPS.map((minor) =>
            h(
              "button",
              { type: "button", class: "btn small num", disabled: this.busy, onclick: () => this.tip(minor) },
              money(minor, review.currency),
            ),
          ),
        ),
    );
    this.el.replaceChildren(
      stars,
      ...more.filter(Boolean),
      tip,
      ...(this.trouble ? [h("p", { class: "sm bad", role: "alert" }, this.trouble)] : []),
    );
    if (focus) this.el.querySelector(focus)?.focus();
  }
  rate() {
    return this.send("rating", { stars: this.stars, tags: [...this.tags], comment: this.comment ?? "" }, () => {
      this.said = true;
    });
  }
  tip(minor) {
    return this.send("tip", { tip_minor: minor }, () => {});
  }
  async send(what, body, then) {
    if (this.busy) return;
    this.busy = true;
    this.trouble = "";
    this.paint();
    try {
      this.review = await call("PUT", `tracking/${this.token}/${what}`, body);
      then();
      this.onChange();
    } catch (problem) {
      this.trouble = problem.status ? problem.message : "No connection. Nothing was sent; try again.";
    }
    this.busy = false;
    this.paint();
  }
}
