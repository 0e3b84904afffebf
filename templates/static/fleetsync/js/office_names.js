/* Names for what the libraries below the back office leave without one: boxes that scroll, choices that search,
   the column of what removes a row, hints of a pair of lists. */
(() => {
  "use strict";
  const words = (el) => (el?.textContent ?? "").replace("*", "").trim();
  const heading = (el) => words(el.closest("fieldset, section")?.querySelector("h2")) || words(document.querySelector("#main h1"));

  function scrolling() {
    const used = new Map();
    document.querySelectorAll(".simplebar-content-wrapper").forEach((box) => {
      if (box.closest("nav")) { box.removeAttribute("role"); box.removeAttribute("aria-label"); return; } // part of a landmark already
      const name = heading(box) || "Table", number = (used.get(name) ?? 0) + 1;
      used.set(name, number);
      box.setAttribute("aria-label", number > 1 ? `${name}, ${number}` : name);
    });
  }
  function choosing() {
    document.querySelectorAll("select.select2-hidden-accessible").forEach((select) => {
      const shown = select.nextElementSibling?.querySelector(".select2-selection");
      const name = select.getAttribute("aria-label") || words(select.labels[0]) || select.name;
      if (!shown) return;
      const value = shown.querySelector("[role=textbox]");
      shown.setAttribute("aria-label", name);
      if (value) { value.setAttribute("aria-label", name); shown.setAttribute("aria-labelledby", value.id); }
      shown.querySelector("[role=searchbox], textarea, input")?.setAttribute("aria-label", name);
    });
  }
  function removing() {
    document.querySelectorAll("table.formset > thead > tr > th:last-child").forEach((cell) => {
      if (words(cell) === "" && !cell.firstElementChild) cell.innerHTML = '<span class="fs-sr">Remove</span>';
    });
  }
  function hinting() {
    document.querySelectorAll(".help-tooltip[aria-label]:not([role])").forEach((hint) => hint.setAttribute("role", "img"));
  }
  const all = () => [scrolling, choosing, removing, hinting].forEach((name) => name());
  const soon = () => setTimeout(all); // after the handlers that make them
  window.addEventListener("load", soon);
  document.addEventListener("formset:added", soon);
})();
