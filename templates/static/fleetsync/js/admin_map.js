/* Maps in the back office: a pin or an area tied to inputs. The inputs hold the truth; without this
   script they are still enough. The backdrop is our own GeoJSON, fetched once for all maps of a page. */
(() => {
  "use strict";
  const START = [39.2904, -76.6122];
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const LOOKS = {
    water: () => ({ stroke: false, fillColor: ink("m-water"), fillOpacity: 1 }),
    park: () => ({ stroke: false, fillColor: ink("m-park"), fillOpacity: 1 }),
    rail: () => ({ color: ink("m-rail"), weight: 1, dashArray: "4 3" }),
    minor: () => ({ color: ink("m-road"), weight: 1 }),
    second: () => ({ color: ink("m-road-2"), weight: 2 }),
    main: () => ({ color: ink("m-road-2"), weight: 4 }),
    zone: () => ({ color: ink("m-zone"), weight: 1.5, fillColor: ink("m-zone"), fillOpacity: 0.06 }),
    restaurant: () => ({ radius: 3, color: ink("off"), fillColor: ink("off"), weight: 1, fillOpacity: 0.7 }),
    area: () => ({ color: ink("inbound-ink"), weight: 2, fillColor: ink("inbound-ink"), fillOpacity: 0.12 }),
    dot: () => ({ color: ink("surface"), weight: 3, fillColor: ink("ink"), fillOpacity: 1 }),
  };
  const look = (feature) => LOOKS[feature.properties.kind]?.() ?? { stroke: false, fill: false };
  const fetched = new Map();
  const repaints = [];
  /* Colours are read when drawn; drawn again when the page's switch is turned. */
  const painted = (layer, style) => {
    const paint = () => layer.setStyle(style.length ? style : style());
    repaints.push(paint);
    paint();
    return layer;
  };
  new MutationObserver(() => repaints.forEach((paint) => paint())).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme"],
  });

  const once = (url) => {
    if (!fetched.has(url))
      fetched.set(
        url,
        fetch(url, { credentials: "same-origin" })
          .then((r) => (r.ok ? r.json() : null))
          .catch(() => null),
      );
    return fetched.get(url);
  };
  const streets = (zone) => once(`/api/v1/zones/${zone}/basemap`);
  const icon = (name) => L.divIcon({ className: name, iconSize: null });
  const rounded = (number) => Math.round(number * 1e6) / 1e6;

  function base(el) {
    const map = L.map(el, { preferCanvas: true, maxZoom: 19, minZoom: 2 }).setView(START, 12);
    once(el.dataset.backdrop).then((data) => {
      if (!data) return;
      const layer = painted(
        L.geoJSON(data, { interactive: false, pointToLayer: (f, at) => L.circleMarker(at, { radius: 3 }) }),
        look,
      ).addTo(map);
      data.features
        .filter((f) => f.properties.kind === "zone")
        .forEach((zone) =>
          streets(zone.properties.id).then((drawn) => {
            if (!drawn) return;
            painted(
              L.geoJSON(drawn, {
                interactive: false,
                pointToLayer: () => null,
                filter: (f) => f.properties.kind !== "zone" && f.properties.kind !== "label",
              }),
              look,
            )
              .addTo(map)
              .bringToBack();
            if (drawn.attribution) map.attributionControl.addAttribution(drawn.attribution);
          }),
        );
      if (!el.dataset.placed && layer.getBounds().isValid()) map.fitBounds(layer.getBounds(), { maxZoom: 14 });
    });
    map.attributionControl.setPrefix(false);
    new ResizeObserver(() => map.invalidateSize()).observe(el);
    return map;
  }

  function shown(el) {
    const at = JSON.parse(el.dataset.at);
    el.dataset.placed = "1";
    const map = base(el);
    map.setView(at, 15);
    L.marker(at, { icon: icon("fs-pin"), keyboard: false, interactive: false }).addTo(map);
  }

  function point(el) {
    const [lat, lng] = el.parentElement.querySelectorAll("input");
    const read = () => (lat.value !== "" && lng.value !== "" ? [Number(lat.value), Number(lng.value)] : null);
    if (read()) el.dataset.placed = "1";
    const map = base(el);
    let pin = null;
    const write = (at) => {
      lat.value = rounded(at.lat);
      lng.value = rounded(at.wrap().lng);
      lat.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const show = (move) => {
      const at = read();
      if (!at || at.some((n) => !Number.isFinite(n))) return;
      if (!pin) {
        pin = L.marker(at, { icon: icon("fs-pin"), draggable: true, keyboard: false }).addTo(map); // the keyboard has the inputs
        pin.on("dragend", () => write(pin.getLatLng()));
      }
      pin.setLatLng(at);
      if (move) map.setView(at, Math.max(map.getZoom(), 15));
    };
    map.on("click", (event) => {
      write(event.latlng);
      show(false);
    });
    lat.addEventListener("input", () => show(true));
    lng.addEventListener("input", () => show(true));
    show(true);
  }

  function area(el) {
    const text = el.parentElement.querySelector("textarea");
    const map = base(el);
    const shape = painted(L.polygon([], { interactive: false }), LOOKS.area).addTo(map);
    let corners = [];
    const read = () =>
      text.value
        .split("\n")
        .map((line) => line.split(",").map(Number))
        .filter((c) => c.length === 2 && c.every(Number.isFinite))
        .map((c) => L.latLng(c));
    const write = () => {
      text.value = corners
        .map((corner) => {
          const at = corner.getLatLng();
          return `${rounded(at.lat)}, ${rounded(at.wrap().lng)}`;
        })
        .join("\n");
      shape.setLatLngs(corners.map((corner) => corner.getLatLng()));
    };
    const add = (at) => {
      const corner = L.marker(at, { icon: icon("fs-corner"), draggable: true, keyboard: false }).addTo(map);
      corner.on("drag", write);
      corners.push(corner);
    };
    const load = (move) => {
      corners.forEach((corner) => corner.remove());
      corners = [];
      const places = read();
      places.forEach(add);
      shape.setLatLngs(places);
      if (move && places.length) {
        el.dataset.placed = "1";
        map.fitBounds(L.latLngBounds(places), { padding: [20, 20] });
      }
    };
    const tools = L.control({ position: "topright" });
    tools.onAdd = () => {
      const box = L.DomUtil.create("div", "leaflet-bar leaflet-control-fs");
      [
        ["Undo corner", () => corners.pop()?.remove()],
        [
          "Clear",
          () => {
            corners.forEach((corner) => corner.remove());
            corners = [];
          },
        ],
      ].forEach(([label, act]) => {
        const button = L.DomUtil.create("button", "", box);
        button.type = "button";
        button.textContent = label;
        button.addEventListener("click", () => {
          act();
          write();
        });
      });
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    tools.addTo(map);
    map.on("click", (event) => {
      add(event.latlng);
      write();
    });
    text.addEventListener("change", () => load(true));
    load(true);
  }

  function trail(el) {
    const way = JSON.parse(el.dataset.way);
    el.dataset.placed = "1";
    const map = base(el);
    const hue = (share) => `hsl(${Math.round(215 - 175 * share)} 70% 48%)`;
    const places = way.map(([lat, lng]) => [lat, lng]);
    const legs = L.layerGroup().addTo(map);
    const dot = painted(L.circleMarker(places[0], { radius: 8, interactive: false }), LOOKS.dot).addTo(map);
    map.fitBounds(L.latLngBounds(places), { padding: [20, 20], maxZoom: 16 });
    const row = L.DomUtil.create("div", "fs-scrub");
    const label = L.DomUtil.create("label", "", row);
    const range = L.DomUtil.create("input", "", row);
    const out = L.DomUtil.create("output", "", row);
    label.textContent = "Time";
    range.type = "range";
    range.min = 0;
    range.max = way.length - 1;
    range.value = way.length - 1;
    range.id = `fs-scrub-${document.querySelectorAll(".fs-scrub").length}`;
    label.htmlFor = range.id;
    el.after(row);
    const show = () => {
      const at = Number(range.value);
      legs.clearLayers();
      const step = Math.max(1, Math.ceil(at / 200));
      for (let i = 0; i < at; i += step)
        L.polyline(places.slice(i, Math.min(at, i + step) + 1), {
          color: hue(i / Math.max(1, way.length - 1)),
          weight: 4,
          interactive: false,
        }).addTo(legs);
      dot.setLatLng(places[at]).bringToFront();
      out.textContent = way[at][2];
      range.setAttribute("aria-valuetext", way[at][2]);
    };
    range.addEventListener("input", show);
    show();
  }

  const kinds = { point, area, shown, trail };
  document.addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll("[data-fs-map]").forEach((el) => kinds[el.dataset.fsMap](el)),
  );
})();
