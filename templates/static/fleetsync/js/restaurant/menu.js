// The menu's drawer: what is sold out is one tap away, and one tap back.
import { get, patch } from "../api.js";
import { $, h, icon, money, toast } from "../ui.js";

export function menuDrawer({ restaurant, currency }) {
  const drawer = $("#drawer");
  const button = $("#menubtn");
  let items = null;
  let sections = [];
  let filter = "";
  let failed = "";
  const isOpen = () => drawer.classList.contains("open");
  const shut = () => {
    drawer.classList.remove("open");
    button.setAttribute("aria-expanded", "false");
    button.focus();
  };
  async function load() {
    try {
      [items, sections] = await Promise.all([
        get(`restaurants/${restaurant}/items`),
        get(`restaurants/${restaurant}/categories`),
      ]);
      failed = "";
    } catch (problem) {
      failed = problem.message;
    }
    list();
  }
  async function turn(item, on, quiet = false) {
    item.available = on;
    list();
    try {
      await patch(`restaurants/${restaurant}/items/${item.id}`, { available: on });
      if (!quiet)
        toast(on ? `${item.name} is sold again.` : `${item.name} is sold out. Nobody can order it.`, () =>
          turn(item, !on, true),
        );
    } catch (problem) {
      item.available = !on;
      toast(problem.status ? problem.message : "No connection: nothing was changed.");
    }
    list();
  }
  function list() {
    const host = $(".scroll", drawer);
    if (!host) return;
    const was = document.activeElement?.id;
    if (failed)
      host.replaceChildren(
        h(
          "div",
          { class: "empty" },
          icon("alert"),
          h("b", {}, "The menu did not load"),
          failed,
          h("button", { class: "btn", type: "button", onclick: load }, "Try again"),
        ),
      );
    else if (!items) host.replaceChildren(...Array.from({ length: 6 }, () => h("span", { class: "skel line" })));
    else {
      const wanted = items.filter((item) => item.name.toLowerCase().includes(filter));
      const blocks = sections
        .map((section) => [section, wanted.filter((item) => item.category_id === section.id)])
        .filter(([, rows]) => rows.length);
      const off = items.filter((item) => !item.available).length;
      host.replaceChildren(
        h("p", { class: "mute sm" }, off ? `${off} sold out of ${items.length}` : `All ${items.length} are sold`),
        ...blocks.map(([section, rows]) =>
          h("section", {}, h("h3", { class: "label" }, section.name), h("ul", { class: "menu" }, rows.map(line))),
        ),
        ...(blocks.length ? [] : [h("div", { class: "empty" }, icon("search"), h("b", {}, "Nothing of that name"))]),
      );
    }
    if (was?.startsWith("on-")) document.getElementById(was)?.focus();
  }
  const line = (item) =>
    h(
      "li",
      {},
      h("label", { class: `grow${item.available ? "" : " off"}`, for: `on-${item.id}` }, item.name),
      !item.available && h("span", { class: "mute xs" }, "sold out"),
      h("span", { class: "mute num sm" }, money(item.price_minor, currency())),
      h("input", {
        class: "switch",
        type: "checkbox",
        role: "switch",
        id: `on-${item.id}`,
        checked: item.available,
        onchange: (e) => turn(item, e.target.checked),
      }),
    );
  function open() {
    drawer.replaceChildren(
      h(
        "header",
        { class: "row between" },
        h("h2", {}, "Menu tonight"),
        h(
          "button",
          { class: "btn bare icon", type: "button", "aria-label": "Close menu", onclick: shut },
          icon("close"),
        ),
      ),
      h(
        "div",
        { class: "find" },
        h("label", { class: "sr", for: "find" }, "Find a dish"),
        h("input", {
          class: "input",
          id: "find",
          type: "search",
          placeholder: "Find a dish",
          value: filter,
          oninput: (e) => {
            filter = e.target.value.trim().toLowerCase();
            list();
          },
        }),
      ),
      h("div", { class: "scroll" }),
    );
    drawer.classList.add("open");
    button.setAttribute("aria-expanded", "true");
    drawer.focus();
    list();
    load();
  }
  button.addEventListener("click", () => (isOpen() ? shut() : open()));
  addEventListener("keydown", (e) => {
    if (e.key === "Escape" && isOpen() && !$("dialog[open]")) shut();
  });
  return {
    heard: () => {
      if (isOpen()) load();
    },
  };
}
