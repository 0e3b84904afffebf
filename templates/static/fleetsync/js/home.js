// The entrance: the city behind the words. Drivers are not shown to strangers; the streets are.
import { makeMap } from "./map.js";
import { meta } from "./page.js";
import { $, boot } from "./ui.js";
import { get } from "./api.js";

boot();
const zone = meta("zone-id");
if (zone) {
  try {
    const basemap = await get(`zones/${zone}/basemap`);
    const ring = basemap.features.find((f) => f.properties.kind === "zone").geometry.coordinates[0];
    const lats = ring.map((p) => p[1]);
    const lngs = ring.map((p) => p[0]);
    const small = matchMedia("(max-width: 720px)").matches;
    makeMap($("#map"), {
      basemap,
      interactive: false,
      controls: false,
      labels: !small,
      attribution: basemap.attribution,
      centre: [
        (Math.min(...lats) + Math.max(...lats)) / 2,
        (Math.min(...lngs) + Math.max(...lngs)) / 2 - (small ? 0 : 0.02),
      ],
      zoom: small ? 13 : 14,
    });
  } catch {
    /* without a map the words stand alone */
  }
}
