/* Names for what the libraries below the back office leave without one (boxes that scroll, choices that search, the
   column of what removes a row, hints, pictures made of letters), and keys for what they leave to the pointer. */
(() => {
  "use strict";
  const words = (el) => (el?.textContent ?? "").replace("*", "").trim();
  const heading = (el) =>
    words(el.closest("fieldset, section")?.querySelector("h2")) || words(document.querySelector("#main h1"));

  function scrolling() {
    const used = new Map();
    document.querySelectorAll(".simplebar-content-wrapper").forEach((box) => {
      if (box.closest("nav")) {
        box.removeAttribute("role");
        box.removeAttribute("aria-label");
        return;
      } // part of a landmark already
      const name = heading(box) || "Table";
      const number = (used.get(name) ?? 0) + 1;
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
      if (value) {
        value.setAttribute("aria-label", name);
        shown.setAttribute("aria-labelledby", value.id);
      }
    });
  }
  function searching(event) {
    const shown = event.target.nextElementSibling.querySelector(".select2-selection");
    shown.setAttribute("aria-controls", shown.getAttribute("aria-owns"));
    document
      .querySelectorAll(".select2-container--open .select2-search__field")
      .forEach((field) => field.setAttribute("aria-label", `Search ${shown.getAttribute("aria-label")}`));
  }
  function removing() {
    document.querySelectorAll("table.formset > thead > tr > th:last-child").forEach((cell) => {
      if (words(cell) === "" && !cell.firstElementChild) cell.innerHTML = '<span class="fs-sr">Remove</span>';
    });
  }
  function hinting() {
    document
      .querySelectorAll(".help-tooltip[aria-label]:not([role])")
      .forEach((hint) => hint.setAttribute("role", "img"));
  }
  const ICONS = {
    dock_to_right: "Side bar",
    close: "Close",
    expand_more: "More",
    unfold_more: "More",
    more_horiz: "More",
    more_vert: "More",
    check: "Yes",
    check_small: "Yes",
    close_small: "No",
    question_mark: "Unknown",
    search: "Search",
    local_shipping: "Dashboard",
  };
  const named = (icon) => ICONS[words(icon)] ?? words(icon).replaceAll("_", " ");
  const CLICKED = "[x-on\\:click]";
  const pressable = (el) =>
    !el.matches("a[href], button, input, select, textarea, label, summary, h2, [role]") && el.textContent.trim() !== "";
  function pressing() {
    document.querySelectorAll(CLICKED).forEach((el) => {
      if (!pressable(el)) return;
      el.setAttribute("role", "button");
      el.tabIndex = 0;
      if (el.matches(".material-symbols-outlined")) el.setAttribute("aria-label", el.title || named(el));
      el.addEventListener("keydown", (event) => {
        if (event.target !== el || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        el.click();
      });
    });
  }
  /* An icon is a word set in a font of pictures: read aloud it would be "local_shipping Deliveries". */
  function hiding() {
    document.querySelectorAll(".material-symbols-outlined:not([role], [aria-hidden])").forEach((icon) => {
      const cell = icon.closest("td, th");
      const alone = cell && words(cell) === words(icon) && !icon.closest("a, button, [role=button]");
      if (icon.title || alone) {
        icon.setAttribute("role", "img");
        icon.setAttribute("aria-label", icon.title || named(icon));
        return;
      }
      const holder = icon.closest("a, button, [role=button]");
      if (holder && words(holder) === words(icon) && !holder.title && !holder.hasAttribute("aria-label"))
        holder.setAttribute("aria-label", named(icon));
      icon.setAttribute("aria-hidden", "true");
    });
  }
  const all = () => [scrolling, choosing, removing, hinting, pressing, hiding].forEach((name) => name());
  const soon = () => setTimeout(all); // after the handlers that make them
  window.addEventListener("load", () => {
    soon();
    window.django?.jQuery?.(document).on("select2:open", searching);
  }); // its events are jQuery's own
  document.addEventListener("formset:added", soon);
  document.addEventListener("htmx:afterSwap", soon);
})();
