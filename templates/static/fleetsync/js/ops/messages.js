// Words to a driver: what was said and whether it was read, and a sheet to say more.
import { get, post } from "../api.js";
import { $, clock, h, icon, toast } from "../ui.js";
import { app, firstName, on, say } from "./app.js";
import { act } from "./drawer.js";

const MOST = 500;
const SHOWN = 3;
const said = new Map(); // driver -> messages, newest first; null while they are asked for
let texts = null;

export function buildMessages() {
  on("event", ({ type, data }) => {
    if (type.startsWith("driver.message_") && said.has(data.driver_id)) load(data.driver_id);
  });
}
async function load(driver) {
  if (!said.has(driver)) said.set(driver, null);
  try {
    said.set(driver, (await get(`drivers/${driver}/messages`)).results);
  } catch {
    said.delete(driver);
  }
  say("loaded");
}
/** What the drawer's key has to know of it. */
export const wordsKey = (driver) =>
  said
    .get(driver)
    ?.slice(0, SHOWN)
    .map((m) => [m.id, m.read_at]);
/** The last words to this driver, or nothing. */
export function wordsTo(driver) {
  if (!said.has(driver)) load(driver);
  const until = (said.get(driver) ?? []).filter((m) => Date.parse(m.sent_at) <= app.t + 1000).slice(0, SHOWN);
  return until.length
    ? h(
        "section",
        {},
        h("h3", {}, "Messages"),
        h(
          "ul",
          { class: "said" },
          until.map((m) =>
            h(
              "li",
              {},
              h("p", {}, m.text),
              h(
                "small",
                { class: "mute num" },
                `${clock(m.sent_at)}, ${m.read_at && Date.parse(m.read_at) <= app.t + 1000 ? `read ${clock(m.read_at)}` : "not read yet"}`,
              ),
            ),
          ),
        ),
      )
    : null;
}
export const messageButton = (driver) => act("chat", "Message…", () => compose(driver));

async function compose(driver) {
  const name = firstName(driver);
  const sheet = $("#sheet");
  texts ??= await get("message-texts").catch(() => null);
  const left = h("small", { class: "help num", id: "wordsleft" }, `${MOST} left`);
  const go = h("button", { class: "btn main", type: "submit", disabled: true }, "Send");
  const wrong = h("p", { class: "help bad", role: "alert", hidden: true });
  const area = h("textarea", {
    class: "input",
    id: "words",
    rows: 3,
    maxlength: MOST,
    "aria-describedby": "wordsleft",
    oninput: () => told(),
  });
  const told = () => {
    left.textContent = `${MOST - area.value.length} left`;
    go.disabled = !area.value.trim();
  };
  const chips = (texts ?? []).map(({ text }) =>
    h(
      "button",
      {
        type: "button",
        class: "chip words",
        onclick: () => {
          area.value = text;
          told();
          area.focus();
        },
      },
      text,
    ),
  );
  const form = h(
    "form",
    {
      onsubmit: async (e) => {
        e.preventDefault();
        go.disabled = true;
        try {
          await post(`drivers/${driver}/messages`, { text: area.value.trim() });
          sheet.close();
          toast(`Sent to ${name}; it shows here when it is read`);
          load(driver);
        } catch (error) {
          wrong.hidden = false;
          wrong.textContent = error.status
            ? `Not sent: ${error.message}`
            : "Not sent: the platform cannot be reached. Your words are still here.";
          go.disabled = false;
        }
      },
    },
    h(
      "header",
      { class: "row between" },
      h("h2", { id: "sheettitle" }, `Message to ${name}`),
      h(
        "button",
        { type: "button", class: "btn bare icon small", "aria-label": "Close", onclick: () => sheet.close() },
        icon("close"),
      ),
    ),
    chips.length ? h("div", { class: "chips", role: "group", "aria-label": "Ready texts" }, chips) : null,
    h("div", { class: "field" }, h("label", { for: "words" }, "What to say"), area, left),
    wrong,
    h(
      "footer",
      { class: "row" },
      h("button", { type: "button", class: "btn", onclick: () => sheet.close() }, "Leave it"),
      go,
    ),
  );
  sheet.replaceChildren(form);
  sheet.showModal();
  area.focus();
}
