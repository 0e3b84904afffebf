// What can be done with an order, by how far it has come.
import { h, icon } from "../ui.js";
import * as actions from "./actions.js";
import { app, firstName } from "./app.js";
import { act } from "./drawer.js";
import { messageButton } from "./messages.js";
import { BEFORE_PICKUP, ON_BOARD, SEARCHING } from "./world.js";

export function footer(d, sale) {
  if (d.gone) {
    const open = ["PLACED", "ACCEPTED", "PREPARING", "READY"].includes(sale?.status);
    return open
      ? h(
          "footer",
          { class: "acts" },
          act("close", "Cancel…", () => actions.cancel(d), { cls: "danger" }),
        )
      : null;
  }
  const cancel = (why) => act("close", "Cancel…", () => actions.cancel(d), { cls: "danger", why });
  const first =
    d.priority > 0
      ? act("flag", "As usual", () => actions.prioritize(d, 0))
      : act("flag", "Put first", () => actions.putFirst(d));
  if (SEARCHING.has(d.status)) {
    const hold = d.held
      ? act("play", "Let it go", () => actions.release(d))
      : act("pause", "Hold back", () => actions.hold(d));
    return h(
      "footer",
      { class: "acts" },
      act("hand", "Assign by hand", () => actions.beginAssigning(d), { cls: "main" }),
      d.status === "NO_DRIVER_FOUND" ? act("redo", "Search again", () => actions.reopen(d)) : hold,
      first,
      cancel(),
    );
  }
  if (BEFORE_PICKUP.has(d.status)) {
    return h(
      "footer",
      { class: "acts" },
      act("undo", "Take back…", () => actions.takeBack(d)),
      act("redo", "Re-dispatch", () => actions.redispatch(d)),
      act("hand", "Give to another", () => actions.beginAssigning(d)),
      messageButton(d.driver_id),
      first,
      cancel(),
    );
  }
  if (ON_BOARD.has(d.status))
    return h(
      "footer",
      { class: "acts one" },
      app.world.isLocked(d) ? act("lock", "Waive the PIN…", () => actions.waivePin(d), { cls: "main" }) : null,
      messageButton(d.driver_id),
      h(
        "p",
        { class: "xs mute" },
        icon("lock"),
        `${firstName(d.driver_id)} has the food: from here on the driver finishes it, or brings it back.`,
      ),
    );
  return null;
}
