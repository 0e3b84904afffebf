/* The back office switches by the class `dark`, our tokens by `data-theme`: keep the second equal to the first. */
(() => {
  "use strict";
  const root = document.documentElement;
  const follow = () => {
    root.dataset.theme = root.classList.contains("dark") ? "dark" : "light";
  };
  new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["class"] });
  follow();
})();
