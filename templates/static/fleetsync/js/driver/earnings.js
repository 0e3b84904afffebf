// What he earned: today, and any day he looks back at.
import { get } from "../api.js";
import { app, on, say } from "./app.js";

export async function addUp() {
  try {
    app.earned = await get("drivers/me/earnings");
    app.earnFailed = false;
  } catch {
    app.earnFailed = !app.earned;
  }
  say("change");
}
/** Open the earnings of today, or close them. */
export function turnEarnings() {
  app.view = app.view === "earn" ? "" : "earn";
  app.day = null;
  if (app.view) addUp();
  say("change");
}
/** Look so many days on from the day shown; 0: today again. */
export async function showDay(offset) {
  app.earnFailed = false;
  const from = app.day?.earned?.day ?? app.earned?.day;
  if (!offset || !from) {
    app.day = null;
    await addUp();
    return;
  }
  const next = new Date(`${from}T12:00Z`);
  next.setUTCDate(next.getUTCDate() + offset);
  const iso = next.toISOString().slice(0, 10);
  app.day = iso === app.earned?.day ? null : { iso, earned: null };
  say("change");
  if (!app.day) return;
  try {
    const answer = await get(`drivers/me/earnings?day=${iso}`);
    if (app.day?.iso === iso) app.day = { iso, earned: answer };
  } catch {
    app.earnFailed = true;
  }
  say("change");
}
on("paid", addUp);
on("news", (before) => {
  if (before && before.deliveries.length !== app.live.deliveries.length) addUp();
});
