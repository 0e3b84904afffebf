"""axe-core in the page: what it finds, told so that it can be mended."""

from pathlib import Path
from typing import Any

SOURCE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
THEMES = ("light", "dark")
FIND = """async rules => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...(rules && { runOnly: rules }) });
  const told = (node) => `${node.target.join(" ")} ${[...node.any, ...node.all, ...node.none].map((one) => one.message).join(" ")}`;
  return violations.map((each) => `${each.id}: ${each.nodes.slice(0, 4).map(told).join(" | ")}`);
}"""
TURN = """async theme => {
  await document.fonts.ready; // until its font is here, an icon is a word of low contrast
  if (document.documentElement.dataset.theme !== theme) document.querySelector("[data-theme-toggle]")?.click();
  document.documentElement.dataset.theme = theme; // pages without a switch follow the system alone
  document.documentElement.classList.toggle("dark", theme === "dark"); // the switch of the back office
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.all(document.getAnimations().filter((each) => each instanceof CSSTransition).map((each) => each.finished.catch(() => {})));
}"""
#: What a theme can break; the rest is the same in both.
OF_COLOUR = ["color-contrast", "link-in-text-block"]


def violations(page: Any, state: str) -> list[str]:
    """Return what axe finds on the page as it is, in light and in dark."""
    page.wait_for_load_state("load")
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(SOURCE)
    found = []
    for theme in THEMES:
        page.evaluate(TURN, theme)
        rules = None if theme == THEMES[0] else OF_COLOUR
        found += [f"{state}, {theme}: {each}" for each in page.evaluate(FIND, rules)]
    page.evaluate(TURN, THEMES[0])
    return found
