// Tiles under the streets of a map, where a setting names them. Unreachable tiles cost two seconds, then our own streets stay.
/* global L */
import { meta } from "./page.js";

const PATIENCE_MS = 2_000;
const VENDOR = new URL("../../vendor/", import.meta.url).href;

/** Load a vendored script once. */
const loaded = new Map();
function script(path) {
  if (!loaded.has(path)) {
    loaded.set(
      path,
      new Promise((done, failed) => {
        const el = document.createElement("script");
        Object.assign(el, { src: VENDOR + path, onload: done, onerror: () => failed(new Error(path)) });
        document.head.append(el);
      }),
    );
  }
  return loaded.get(path);
}
const flavor = () => ({
  flavor:
    document.documentElement.dataset.theme === "dark" ||
    (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches)
      ? "dark"
      : "light",
  lang: "en",
});
async function vector(url) {
  await script("protomaps-leaflet/protomaps-leaflet.js");
  return window.protomapsL.leafletLayer({ url, ...flavor() });
}
/** Return a Leaflet layer for the address: a PMTiles file (images or vectors), vector tiles, else images. */
async function layerOf(url) {
  if (/\.(mvt|pbf)(\?|$)/.test(url)) return vector(url);
  if (!/\.pmtiles(\?|$)/.test(url)) return L.tileLayer(url, { maxZoom: 19 });
  await script("pmtiles/pmtiles.js");
  const file = new window.pmtiles.PMTiles(new URL(url, location.href).href);
  const { tileType, maxZoom } = await file.getHeader();
  return tileType === window.pmtiles.TileType.Mvt
    ? vector(new URL(url, location.href).href)
    : window.pmtiles.leafletRasterLayer(file, { maxNativeZoom: maxZoom, maxZoom: 19 });
}

/** Try to put tiles under `map`; calls `onShown` when the first is there. Without a setting nothing happens. */
export async function underlay(map, onShown) {
  const url = meta("tiles-url");
  if (!url) return;
  let layer = null;
  let shown = false;
  let late = false;
  const giveUp = () => {
    late = true;
    layer?.remove();
    map.getContainer().dataset.tiles = "none";
  };
  const timer = setTimeout(() => {
    if (!shown) giveUp();
  }, PATIENCE_MS);
  try {
    layer = await layerOf(url);
    if (late) return;
    layer.once("tileload", () => {
      if (late) return;
      shown = true;
      clearTimeout(timer);
      map.getContainer().dataset.tiles = "shown";
      onShown(meta("tiles-attribution"));
    });
    layer.addTo(map);
    if (layer.paintRules)
      addEventListener("themechange", async () => {
        if (late) return;
        layer.remove();
        layer = await layerOf(url);
        layer.addTo(map);
      });
  } catch {
    clearTimeout(timer);
    giveUp();
  }
}
