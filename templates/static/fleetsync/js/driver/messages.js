// Words of dispatch: one card at a time until it is read, and a list of the last ones.
import { get } from "../api.js";
import { clock, h, icon } from "../ui.js";

export class Messages {
  /** `card`: where the unread one stands; `onRead(message)` once; `onNew()` when one came that was not there before. */
  constructor(card, dialog, { onRead, onNew }) {
    Object.assign(this, { card, dialog, onRead, onNew });
    this.unread = [];
    this.done = new Set();
    this.heard = new Set();
  }
  /** Take what the server says is unread, oldest first. */
  take(unread) {
    this.unread = unread.filter((each) => !this.done.has(each.id));
    const fresh = this.unread.filter((each) => !this.heard.has(each.id));
    for (const each of fresh) this.heard.add(each.id);
    if (fresh.length) this.onNew();
    this.paint();
  }
  paint() {
    const [first] = this.unread;
    const more = this.unread.length - 1;
    const sign = first ? `${first.id} ${more}` : "";
    if (sign === this.sign) return;
    this.sign = sign;
    this.card.hidden = !first;
    if (!first) {
      this.card.replaceChildren();
      return;
    }
    this.card.replaceChildren(
      icon("chat"),
      h(
        "div",
        { class: "grow" },
        h("p", { class: "from" }, `Dispatch, ${clock(first.sent_at)}${more ? ` · ${more} more` : ""}`),
        h("p", { class: "text" }, first.text),
      ),
      h("button", { class: "btn", type: "button", onclick: () => this.read(first) }, "Got it"),
    );
  }
  read(message) {
    this.done.add(message.id);
    this.unread = this.unread.filter((each) => each !== message);
    this.onRead(message);
    this.paint();
  }
  /** Show the last ones, read or not. */
  async list() {
    const body = this.dialog.querySelector(".list");
    body.replaceChildren(h("span", { class: "skel tall" }));
    this.dialog.showModal();
    try {
      const { results } = await get("drivers/me/messages");
      body.replaceChildren(
        results.length
          ? h(
              "ul",
              { class: "said" },
              results.map((each) =>
                h("li", {}, h("time", { class: "num mute" }, clock(each.sent_at)), h("p", {}, each.text)),
              ),
            )
          : h(
              "div",
              { class: "empty" },
              icon("chat"),
              h("b", {}, "No messages"),
              "What dispatch writes to you is kept here for 30 days.",
            ),
      );
    } catch {
      body.replaceChildren(
        h("p", { class: "mute" }, "They cannot be read just now. Try again when there is a signal."),
      );
    }
  }
}
