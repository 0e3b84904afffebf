// The driver's map: me, the road to the next stop, dots for what comes after it.
/* global L */
import { get } from "../api.js";
import { drawDriver, drawPath, drawStop, makeMap, movingLayer } from "../map.js";
import { $, calm, h } from "../ui.js";
import { metres } from "./route.js";

const NEAR_LABEL_M = 2_500;

export class Chart {
  constructor() {
    this.scene = { me: null, state: "paused", legs: [], age: 0 };
    this.labels = [];
    this.touched = 0;
  }
  /** Draw the city; without it the words stand alone. */
  async open(zoneId) {
    if (!zoneId || !window.L) return;
    let basemap;
    try {
      basemap = await get(`zones/${zoneId}/basemap`, { signal: AbortSignal.timeout(6_000) });
    } catch {
      $("#map").append(h("p", { class: "nomap sm soft" }, "The map cannot be shown; everything else works."));
      return;
    }
    const ring = basemap.features.find((f) => f.properties.kind === "zone")?.geometry.coordinates[0] ?? [];
    const lats = ring.map((p) => p[1]);
    const lngs = ring.map((p) => p[0]);
    this.centre = {
      lat: (Math.min(...lats) + Math.max(...lats)) / 2,
      lng: (Math.min(...lngs) + Math.max(...lngs)) / 2,
    };
    this.labels = basemap.features
      .filter((f) => f.properties.kind === "label")
      .map((f) => ({
        name: f.properties.label,
        lng: f.geometry.coordinates[0],
        lat: f.geometry.coordinates[1],
        of: f.properties.of,
      }));
    const wide = matchMedia("(min-width: 861px)").matches;
    this.map = makeMap($("#map"), {
      basemap,
      attribution: basemap.attribution,
      centre: [this.centre.lat, this.centre.lng],
      zoom: 14,
      controls: wide ? "bottomright" : false,
    });
    this.map.on("dragstart zoomstart", (e) => {
      if (!this.moving && e) this.touched = Date.now();
    });
    this.layer = movingLayer(this.map, (ctx, project, zoom, c) => this.draw(ctx, project, c));
    if (this.fitted) this.fit();
    new ResizeObserver(() => {
      if (Date.now() - this.touched > 12_000) this.fit();
    }).observe($("#panel"));
  }
  /** The name of the area round a place, as people say it. */
  area(place) {
    const near = this.labels
      .filter((l) => l.of !== "water")
      .map((l) => [metres(place, l), l.name])
      .sort((a, b) => a[0] - b[0])[0];
    return near && near[0] < NEAR_LABEL_M ? near[1] : "Customer’s door";
  }
  /** Show this: `me`, `state` of the symbol, `stops` as places with their number, whether it is an `offer`. */
  show(scene) {
    this.scene = scene;
    this.layer?.redraw();
  }
  draw(ctx, project, c) {
    const { me, state, stops = [], offer, age } = this.scene;
    const at = (p) => project(p.lat, p.lng);
    const points = stops.map((s) => at(s.place));
    const here = me && at(me);
    for (let i = points.length - 1; i > 0; i--)
      drawPath(ctx, [points[i - 1], points[i]], c.carry, { width: 4, dash: [1, 8], halo: c["m-halo"] });
    if (here && points.length) {
      const hue = offer
        ? c.offer
        : stops[0].kind === "pickup"
          ? c.inbound
          : stops[0].kind === "return"
            ? c.risk
            : c.carry;
      drawPath(ctx, [here, points[0]], hue, {
        width: 5,
        halo: c["m-halo"],
        dash: offer ? [9, 7] : null,
        offset: -performance.now() / 40,
      });
    }
    stops.forEach((s, i) => drawStop(ctx, points[i], i + 1, c, s.kind === "dropoff" ? c.carry : c.ink));
    if (!here) return;
    if (state === "free") {
      ctx.save();
      ctx.beginPath();
      ctx.arc(here.x, here.y, 36 + (calm() ? 0 : 10 * Math.sin(performance.now() / 900)), 0, 7);
      ctx.fillStyle = c.free;
      ctx.globalAlpha = 0.13;
      ctx.fill();
      ctx.restore();
    }
    drawDriver(
      ctx,
      here,
      { state, age, moving: (me.speed_mps ?? 0) > 0.5, heading: ((me.heading_deg ?? 0) * Math.PI) / 180 },
      c,
      { size: 1.9 },
    );
  }
  /** Bring everything that counts into what the sheet leaves free. */
  fit() {
    this.fitted = true;
    if (!this.map) return;
    const { me, stops = [], offer } = this.scene;
    const places = [me, ...stops.slice(0, offer ? 4 : 2).map((s) => s.place)].filter(Boolean);
    if (!places.length) return;
    this.moving = true;
    this.map.fitBounds(L.latLngBounds(places.map((p) => [p.lat, p.lng])), {
      ...this.free(),
      maxZoom: 15.5,
      animate: false,
    });
    this.moving = false;
  }
  free() {
    const panel = $("#panel");
    const wide = matchMedia("(min-width: 861px)").matches;
    return wide
      ? { paddingTopLeft: [panel.offsetLeft + panel.offsetWidth + 40, 60], paddingBottomRight: [60, 60] }
      : {
          paddingTopLeft: [36, $(".notices").getBoundingClientRect().bottom + 36],
          paddingBottomRight: [36, Math.min(panel.offsetHeight, innerHeight * 0.62) + 36],
        };
  }
  /** Follow the rider when he leaves the free part, unless somebody just moved the map. */
  follow() {
    const { me } = this.scene;
    if (!this.map || !me || Date.now() - this.touched < 12_000) return;
    const {
      paddingTopLeft: [left, top],
      paddingBottomRight: [right, bottom],
    } = this.free();
    const size = this.map.getSize();
    const p = this.map.latLngToContainerPoint([me.lat, me.lng]);
    if (p.x < left || p.y < top || p.x > size.x - right || p.y > size.y - bottom) this.fit();
  }
}
