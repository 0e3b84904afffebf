// What the kitchen does with an order: each is one call, answered in words, taken back where it can be.
import { post } from "../api.js";
import { ask } from "../ask.js";
import { clock, toast } from "../ui.js";
import { say } from "./app.js";
import { refresh } from "./feed.js";
import { CANCEL, REJECT } from "./reasons.js";

const PATIENCE_MS = 10_000;
const LATER_MIN = 5;

export const act = {
  accept: (row, minutes) => run(row, "accept", { preparation_min: minutes }, `#${row.order.code} accepted`),
  start: (row) => run(row, "preparing", {}, `#${row.order.code} is on the stove`),
  ready: (row) => run(row, "ready", {}, `#${row.order.code} is ready`),
  delay: (row) =>
    run(
      row,
      "delay",
      { minutes: LATER_MIN },
      `#${row.order.code}: ${LATER_MIN} more minutes. Driver and customer know.`,
      () => {
        const { ready_at } = row.order;
        run(row, "delay", { ready_at }, `#${row.order.code} is due at ${clock(ready_at)} again`);
      },
    ),
  reject: (row) => ask(REJECT, (reason) => run(row, "reject", { reason }, `#${row.order.code} turned away`)),
  cancel: (row) => ask(CANCEL, (reason) => run(row, "cancel", { reason }, `#${row.order.code} called off`)),
};
async function run(row, step, body, words, undo) {
  const { id } = row.order;
  say("tapped", id);
  try {
    await post(`orders/${id}/${step}`, body, { signal: AbortSignal.timeout(PATIENCE_MS) });
    toast(words, undo);
  } catch (problem) {
    toast(problem.status === undefined ? "No connection: nothing was changed. Try again." : problem.message);
  }
  say("answered", id);
  await refresh();
  say("orders"); // the ticket's buttons come back also where the server could not be asked
}
