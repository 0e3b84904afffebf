// Sheets that ask for a reason: what cannot be undone asks why, never "are you sure?".
import { $, h, icon } from "../ui.js";

/** Ask; resolves to the reason's word (or the sentence typed), or null when closed. `reasons`: [word, label]. */
export function askReason({ title, text, reasons, button, danger = false }) {
  const sheet = $("#sheet");
  return new Promise((resolve) => {
    let answer = null;
    let picked = null;
    const go = h("button", { class: `btn main${danger ? " bad" : ""}`, type: "submit", disabled: true }, button);
    const own = h("input", {
      class: "input",
      id: "ownwords",
      maxlength: 64,
      autocomplete: "off",
      oninput: () => {
        go.disabled = !(own.value.trim() || picked);
      },
    });
    const chips = reasons.map(([word, label]) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "aria-pressed": "false",
          onclick: (e) => {
            picked = word;
            for (const chip of chips) chip.setAttribute("aria-pressed", String(chip === e.currentTarget));
            go.disabled = false;
          },
        },
        label,
      ),
    );
    const form = h(
      "form",
      {
        onsubmit: (e) => {
          e.preventDefault();
          answer = own.value.trim() || picked;
          sheet.close();
        },
      },
      h(
        "header",
        { class: "row between" },
        h("h2", { id: "sheettitle" }, title),
        h(
          "button",
          { type: "button", class: "btn bare icon small", "aria-label": "Close", onclick: () => sheet.close() },
          icon("close"),
        ),
      ),
      h("p", { class: "sm soft" }, text),
      h("div", { class: "chips", role: "group", "aria-label": "Reason" }, chips),
      h("div", { class: "field" }, h("label", { for: "ownwords" }, "Or in your own words"), own),
      h(
        "footer",
        { class: "row" },
        h("button", { type: "button", class: "btn", onclick: () => sheet.close() }, "Leave it"),
        go,
      ),
    );
    sheet.replaceChildren(form);
    sheet.addEventListener("close", () => resolve(answer), { once: true });
    sheet.showModal();
    chips[0].focus();
  });
}
