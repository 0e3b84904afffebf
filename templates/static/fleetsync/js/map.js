// Leaflet over our own GeoJSON, and one canvas layer for everything that moves.
/* global L */
import { underlay } from "./tiles.js";
import { css, h, icon, calm } from "./ui.js";

const STYLE = () => ({
  water: { fill: true, stroke: false, fillColor: css("--m-water"), fillOpacity: 1 },
  park: { fill: true, stroke: false, fillColor: css("--m-park"), fillOpacity: 1 },
  rail: { color: css("--m-rail"), weight: 1.5, dashArray: "7 5" },
  zone: { color: css("--m-zone"), weight: 1.4, dashArray: "2 5", fill: false },
});
const WIDTH = { minor: [12, 0.35], second: [11, 0.55], main: [10, 0.95] };
const roadWidth = (kind, z) => {
  const [from, k] = WIDTH[kind];
  return Math.max(0.5, k * 1.62 ** (z - from) * 0.55);
};
const ORDER = { minor: 12.6, second: 11.5, main: 0 };

/** Put a map into `el`. `basemap` is a FeatureCollection whose features have a `kind`: water, park, rail,
 * minor, second, main, zone; names of places in `properties.label` of points. `attribution` is shown where it is set. */
export function makeMap(
  el,
  {
    basemap = null,
    bounds = null,
    centre = [0, 0],
    zoom = 14,
    controls = true,
    interactive = true,
    labels = true,
    attribution = "",
  } = {},
) {
  const map = L.map(el, {
    zoomControl: false,
    attributionControl: true,
    preferCanvas: true,
    zoomSnap: 0.25,
    minZoom: 9,
    maxZoom: 19,
    zoomAnimation: false,
    fadeAnimation: false,
    markerZoomAnimation: false,
    keyboard: interactive,
    dragging: interactive,
    scrollWheelZoom: interactive,
    doubleClickZoom: interactive,
    touchZoom: interactive,
    boxZoom: interactive,
  });
  map.attributionControl.setPrefix(false).setPosition("topright"); // the bottom is covered on most pages
  if (attribution) map.attributionControl.addAttribution(attribution);
  const canvas = L.canvas({ padding: 0.35 });
  const layers = [];
  const home = () =>
    bounds
      ? map.fitBounds(bounds, { padding: [20, 20], animate: false })
      : map.setView(centre, zoom, { animate: false });
  home();
  let kinds = new Map();
  let tiled = false;
  const names = L.layerGroup().addTo(map);
  const sort = (features) => {
    kinds = new Map();
    for (const f of features ?? []) {
      if (!kinds.has(f.properties.kind)) kinds.set(f.properties.kind, []);
      kinds.get(f.properties.kind).push(f);
    }
  };
  sort(basemap?.features);
  const paint = () => {
    const z = map.getZoom();
    const style = STYLE();
    for (const layer of layers) layer.remove();
    layers.length = 0;
    if (tiled) {
      const zone = kinds.get("zone");
      if (zone)
        layers.push(
          L.geoJSON(
            { type: "FeatureCollection", features: zone },
            { renderer: canvas, interactive: false, style: style.zone },
          ).addTo(map),
        );
      return;
    }
    const add = (kind, st) => {
      if (kinds.has(kind))
        layers.push(
          L.geoJSON(
            { type: "FeatureCollection", features: kinds.get(kind) },
            { renderer: canvas, interactive: false, style: st },
          ).addTo(map),
        );
    };
    add("park", style.park);
    add("water", style.water);
    for (const kind of ["second", "main"])
      if (z >= ORDER[kind]) add(kind, { color: css("--m-case"), weight: roadWidth(kind, z) + 1.6, lineCap: "butt" });
    for (const kind of ["minor", "second", "main"])
      if (z >= ORDER[kind])
        add(kind, { color: css(kind === "main" ? "--m-road-2" : "--m-road"), weight: roadWidth(kind, z) });
    add("rail", style.rail);
    add("zone", style.zone);
  };
  paint();
  let painted = map.getZoom();
  map.on("zoomend", () => {
    if (Math.abs(map.getZoom() - painted) >= 0.25) {
      painted = map.getZoom();
      paint();
    }
  });
  addEventListener("themechange", paint);
  const places = [];
  const label = () => {
    for (const f of kinds.get("label") ?? []) {
      const [lng, lat] = f.geometry.coordinates;
      const name = document.createElement("span");
      name.textContent = f.properties.label;
      places.push(
        L.marker([lat, lng], {
          interactive: false,
          keyboard: false,
          icon: L.divIcon({ className: `place ${f.properties.of ?? ""}`, html: name, iconSize: [120, 16] }),
        }).addTo(names),
      );
    }
    declutter();
  };
  /** Names that would lie over one already shown are left out at this zoom. */
  const declutter = () => {
    const shown = [];
    for (const place of places) {
      const p = map.latLngToLayerPoint(place.getLatLng());
      const half = place.getElement().firstChild.textContent.length * 3.9 + 6;
      const free = shown.every((s) => Math.abs(s.x - p.x) > s.half + half || Math.abs(s.y - p.y) > 20);
      if (free) shown.push({ x: p.x, y: p.y, half });
      place.getElement().classList.toggle("crowded", !free);
    }
  };
  map.on("zoomend", declutter);
  if (labels) label();
  /** Put streets under a map that began without them. */
  map.setBasemap = (late) => {
    sort(late.features);
    paint();
    if (labels && !tiled) label();
    if (late.attribution) map.attributionControl.addAttribution(late.attribution);
  };
  underlay(map, (by) => {
    tiled = true;
    names.clearLayers();
    places.length = 0;
    paint();
    if (by) map.attributionControl.addAttribution(by);
  });
  if (controls) {
    const box = h(
      "div",
      { class: "mapbtn" },
      h("button", { type: "button", "aria-label": "Zoom in", onclick: () => map.zoomIn(0.75) }, icon("plus")),
      h("button", { type: "button", "aria-label": "Zoom out", onclick: () => map.zoomOut(0.75) }, icon("minus")),
      h("button", { type: "button", "aria-label": "Show everything", onclick: home }, icon("fit")),
    );
    const control = L.control({ position: controls === true ? "bottomright" : controls });
    control.onAdd = () => {
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    control.addTo(map);
  }
  return map;
}

/** A canvas above the map. draw(ctx, project, zoom, colours, w, h) is called once a frame while anything moves; project(lat, lng) gives pixels. */
export function movingLayer(map, draw) {
  const host = map.getContainer();
  const cv = document.createElement("canvas");
  const ctx = cv.getContext("2d");
  cv.className = "moving";
  cv.setAttribute("aria-hidden", "true");
  host.append(cv);
  let w = 0;
  let hgt = 0;
  let colours = {};
  const size = () => {
    const r = devicePixelRatio || 1;
    w = host.clientWidth;
    hgt = host.clientHeight;
    cv.width = w * r;
    cv.height = hgt * r;
    cv.style.width = `${w}px`;
    cv.style.height = `${hgt}px`;
    ctx.setTransform(r, 0, 0, r, 0, 0);
  };
  const tint = () => {
    colours = Object.fromEntries(
      [
        "free",
        "inbound",
        "carry",
        "offer",
        "risk",
        "late",
        "off",
        "surface",
        "ink",
        "ink-2",
        "ink-3",
        "line-2",
        "m-halo",
        "on-ink",
        "m-land",
      ].map((k) => [k, css(`--${k}`)]),
    );
  };
  const project = (lat, lng) => map.latLngToContainerPoint([lat, lng]);
  let queued = false;
  const frame = () => {
    queued = false;
    ctx.clearRect(0, 0, w, hgt);
    draw(ctx, project, map.getZoom(), colours, w, hgt);
  };
  const redraw = () => {
    if (!queued) {
      queued = true;
      requestAnimationFrame(frame);
    }
  };
  new ResizeObserver(() => {
    size();
    map.invalidateSize({ pan: false });
    frame();
  }).observe(host);
  size();
  tint();
  map.on("move zoom viewreset", redraw);
  const renew = () => {
    tint();
    redraw();
  };
  addEventListener("themechange", renew);
  document.fonts.ready.then(renew); // words drawn before the typeface came
  return { redraw, frame, colours: () => colours };
}

/** Symbol grammar. hue = phase of the work; arrow = moving, disc = standing; hollow = free; opacity and dash = age of the position; outer ring = needs a person. */
export function drawDriver(ctx, p, k, c, { size = 1, selected = false, alarm = null } = {}) {
  const silent = k.age > 60;
  const colour = silent || k.state === "paused" ? c.off : c[k.state === "counter" ? "inbound" : k.state];
  ctx.save();
  ctx.translate(p.x, p.y);
  ctx.globalAlpha = silent ? 0.75 : k.age > 20 ? 0.7 : 1;
  if (alarm) {
    ctx.beginPath();
    ctx.arc(0, 0, 12 * size, 0, 7);
    ctx.strokeStyle = c[alarm];
    ctx.lineWidth = 2.2;
    if (alarm === "risk") ctx.setLineDash([5, 3]);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  if (selected) {
    ctx.beginPath();
    ctx.arc(0, 0, 15 * size, 0, 7);
    ctx.fillStyle = c.ink;
    ctx.globalAlpha = 0.12;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = c.ink;
    ctx.lineWidth = 2;
    ctx.stroke();
  }
  ctx.beginPath();
  if (k.moving && !silent) {
    ctx.rotate(k.heading);
    ctx.moveTo(0, -8.4 * size);
    ctx.lineTo(6.3 * size, 7 * size);
    ctx.lineTo(0, 3.9 * size);
    ctx.lineTo(-6.3 * size, 7 * size);
    ctx.closePath();
  } else ctx.arc(0, 0, (k.state === "free" ? 4.6 : 5.4) * size, 0, 7);
  ctx.lineJoin = "round";
  ctx.strokeStyle = c["m-halo"];
  ctx.lineWidth = 3.6;
  ctx.stroke();
  const hollow = k.state === "free" || silent || k.state === "paused";
  ctx.fillStyle = hollow ? c.surface : colour;
  ctx.fill();
  if (hollow) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2.1 * size;
    if (silent) ctx.setLineDash([2.5, 2]);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  if (k.state === "counter" && !silent) {
    ctx.beginPath();
    ctx.arc(0, 0, 2 * size, 0, 7);
    ctx.fillStyle = c.surface;
    ctx.fill();
  }
  if (k.state === "paused") {
    ctx.beginPath();
    ctx.moveTo(-1.6, -2);
    ctx.lineTo(-1.6, 2);
    ctx.moveTo(1.6, -2);
    ctx.lineTo(1.6, 2);
    ctx.lineWidth = 1.3;
    ctx.stroke();
  }
  ctx.restore();
}
/** A kitchen; `many`: several too near one another to be told apart, with the number of orders that wait there. */
export function drawKitchen(ctx, p, c, { n = 0, alarm = null, size = 1, many = false } = {}) {
  const r = many ? Math.max(8.5, 6.6 * size) : 5.2 * size;
  const fill = alarm ? c[alarm] : c.ink;
  ctx.save();
  ctx.translate(p.x, p.y);
  ctx.strokeStyle = c["m-halo"];
  ctx.lineWidth = 3;
  if (many) {
    ctx.beginPath();
    ctx.roundRect(-r + 4, -r - 3.5, r * 2, r * 2, 3);
    ctx.stroke();
    ctx.fillStyle = fill;
    ctx.globalAlpha = 0.55;
    ctx.fill();
    ctx.globalAlpha = 1;
  }
  ctx.beginPath();
  ctx.roundRect(-r, -r, r * 2, r * 2, 2.4);
  ctx.stroke();
  ctx.fillStyle = fill;
  ctx.fill();
  if (many || (n > 1 && size > 1.2)) {
    ctx.fillStyle = alarm ? c.surface : c["on-ink"];
    ctx.font = "650 10px Inter, system-ui, sans-serif";
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(n, 0, 0.5);
  }
  ctx.restore();
}
export function drawDoor(ctx, p, c, { alarm = null, size = 1 } = {}) {
  ctx.beginPath();
  ctx.arc(p.x, p.y, (alarm ? 4.2 : 3) * size, 0, 7);
  ctx.fillStyle = c.surface;
  ctx.fill();
  ctx.strokeStyle = alarm ? c[alarm] : c["ink-3"];
  ctx.lineWidth = alarm ? 2.4 : 1.5;
  ctx.stroke();
}
export function drawPath(ctx, points, colour, { width = 4, dash = null, halo = null, alpha = 1, offset = 0 } = {}) {
  if (points.length < 2) return;
  ctx.save();
  ctx.globalAlpha = alpha;
  ctx.lineJoin = ctx.lineCap = "round";
  ctx.beginPath();
  points.forEach((q, i) => (i ? ctx.lineTo(q.x, q.y) : ctx.moveTo(q.x, q.y)));
  if (halo) {
    ctx.strokeStyle = halo;
    ctx.lineWidth = width + 3.5;
    ctx.stroke();
  }
  if (dash) {
    ctx.setLineDash(dash);
    ctx.lineDashOffset = calm() ? 0 : offset;
  }
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
  ctx.restore();
}
export function drawTag(ctx, p, text, c, { dy = -20, fill = null, ink = null } = {}) {
  ctx.save();
  ctx.font = "600 12px Inter, system-ui, sans-serif";
  const w = ctx.measureText(text).width + 14;
  ctx.beginPath();
  ctx.roundRect(p.x - w / 2, p.y + dy - 10, w, 20, 6);
  ctx.shadowColor = "rgb(0 0 0 / .25)";
  ctx.shadowBlur = 6;
  ctx.fillStyle = fill || c.ink;
  ctx.fill();
  ctx.shadowBlur = 0;
  ctx.fillStyle = ink || c["on-ink"];
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, p.x, p.y + dy + 0.5);
  ctx.restore();
}
export function drawStop(ctx, p, n, c, colour = c.ink) {
  ctx.save();
  ctx.beginPath();
  ctx.arc(p.x, p.y, 10, 0, 7);
  ctx.fillStyle = colour;
  ctx.strokeStyle = c["m-halo"];
  ctx.lineWidth = 3;
  ctx.stroke();
  ctx.fill();
  ctx.fillStyle = c["on-ink"];
  ctx.font = "650 11px Inter, system-ui, sans-serif";
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(n, p.x, p.y + 0.5);
  ctx.restore();
}
