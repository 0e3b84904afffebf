// Why this driver: the recorded round as minutes per driver, parts of the cost and a map. Words come from the server.
import { $, boot } from "../ui.js";
import { drawGantt } from "./gantt.js";
import { drawPlaces } from "./places.js";
import { drawScore } from "./score.js";

boot();
const found = JSON.parse($("#explanation").textContent).comparison;
if (found?.rows.length) {
  drawGantt($("#gantt"), $("#key"), found);
  drawScore($("#score"), found.rows);
  drawPlaces($("#map"), found);
}
