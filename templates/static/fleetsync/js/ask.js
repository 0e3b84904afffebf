// The dialog that asks for one of a few answers (templates/pages/ask.html).
import { $, h } from "./ui.js";

let answer = null;

/** Ask; `then(code)` is called with the reason that was tapped, never when the dialog is left without one. */
export function ask({ title, text, keep, reasons }, then) {
  $("#askh").textContent = title;
  $("#asksay").textContent = text;
  $("#askno").textContent = keep;
  $("#reasons").replaceChildren(...reasons.map(([code, words]) => h("button", { class: "btn", value: code }, words)));
  answer = then;
  $("#ask").returnValue = "";
  $("#ask").showModal();
}

$("#ask").addEventListener("close", (e) => {
  const { returnValue } = e.target;
  if (returnValue) answer?.(returnValue);
  answer = null;
});
