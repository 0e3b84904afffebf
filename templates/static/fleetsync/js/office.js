/* The dashboard and the stuck orders keep themselves fresh while nobody is typing or about to press something;
   selects submit their form. Without this script both pages work, a reload shows what is new. */
(() => {
  "use strict";
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
  });
  const busy = (page) =>
    document.hidden ||
    page.matches(":hover .stuck") ||
    page.querySelector("form :focus, .stuck :focus, .stuck tr:hover");
  async function refresh() {
    const page = document.querySelector("[data-refresh]");
    if (!page || busy(page)) return;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", headers: { "X-Refresh": "1" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refresh]");
      if (fresh && !busy(page)) page.replaceWith(fresh);
    } catch {
      /* the next look comes soon; the page says as of when it is */
    }
  }
  const every = Number(document.querySelector("[data-refresh]")?.dataset.refresh ?? 0);
  if (every) setInterval(refresh, every * 1000);
})();
