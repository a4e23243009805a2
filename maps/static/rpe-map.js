/* The maps of rpe_geo on Leaflet: ground, marks, zones, routes, reach. No inline style or script is needed. */
((root) => {
  const L = root.L;

  function decode(text) {
    const points = [];
    let index = 0;
    let lat = 0;
    let lon = 0;
    function next() {
      let result = 0;
      let shift = 0;
      let byte;
      do {
        byte = text.charCodeAt(index++) - 63;
        result += (byte & 31) * 2 ** shift;
        shift += 5;
      } while (byte >= 32);
      return result % 2 ? -(result + 1) / 2 : result / 2;
    }
    while (index < text.length) {
      lat += next();
      lon += next();
      points.push([lat / 1e5, lon / 1e5]);
    }
    return points;
  }

  function element(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text) made.textContent = text;
    return made;
  }

  // ---- ground ------------------------------------------------------------------------------------------------
  const WIDTHS = { 10: 0.3, 11: 0.5, 12: 0.9, 13: 1.5, 14: 2.4, 15: 4, 16: 6.5, 17: 10, 18: 15, 19: 22 };
  const FACTOR = { road: 1.7, street: 1, path: 0.45 };

  function width(zoom, kind) {
    const step = Math.max(10, Math.min(19, Math.round(zoom)));
    return WIDTHS[step] * FACTOR[kind];
  }

  function drawGround(map, ground, colours) {
    const pane = map.createPane("ground");
    pane.style.zIndex = 150;
    map.createPane("groundlabels").style.zIndex = 160;
    const renderer = L.canvas({ pane: "ground", padding: 0.4 });
    const common = {
      pane: "ground",
      renderer,
      interactive: false,
      lineCap: "round",
      lineJoin: "round",
    };
    const zoomed = [];
    function polygons(list, colour, line) {
      if (!list || !list.length) return;
      const rings = list.map((area) => area.map(decode));
      L.polygon(
        rings,
        Object.assign({}, common, {
          stroke: !!line,
          color: line,
          weight: 1,
          fillColor: colour,
          fillOpacity: 1,
        }),
      ).addTo(map);
    }
    function lines(list, colour, kind, extra, options) {
      if (!list || !list.length) return;
      const drawn = L.polyline(
        list.map(decode),
        Object.assign({}, common, { color: colour, opacity: 1 }, options),
      );
      zoomed.push((zoom) => {
        drawn.setStyle({ weight: width(zoom, kind) + (zoom > 12 ? extra : 0) });
      });
      drawn.addTo(map);
    }
    polygons(ground.woods, colours.wood);
    polygons(ground.parks, colours.park);
    polygons(ground.water, colours.water);
    if (ground.waterlines?.length) {
      const river = L.polyline(
        ground.waterlines.map(decode),
        Object.assign({}, common, { color: colours.water }),
      );
      zoomed.push((zoom) => {
        river.setStyle({ weight: Math.max(1.5, width(zoom, "road") * 1.4) });
      });
      river.addTo(map);
    }
    polygons(ground.buildings, colours.building);
    const streets = ground.streets || {};
    lines(streets.path, colours.street_case, "path", 1);
    lines(streets.street, colours.street_case, "street", 1.6);
    lines(streets.road, colours.road_case, "road", 2.2);
    lines(streets.path, colours.street, "path", 0);
    lines(streets.street, colours.street, "street", 0);
    lines(streets.road, colours.road, "road", 0);
    lines(ground.rails, colours.rail, "path", 0.6, { dashArray: "6 6" });
    if (ground.communes?.length) {
      L.polyline(
        ground.communes.map(decode),
        Object.assign({}, common, {
          color: colours.border,
          weight: 1.4,
          opacity: 0.8,
          dashArray: "1 5",
        }),
      ).addTo(map);
    }
    function refresh() {
      zoomed.forEach((set) => {
        set(map.getZoom());
      });
    }
    map.on("zoomend", refresh);
    map.whenReady(refresh);
    (ground.names || []).forEach((name) => {
      const text = element("span", "", name.text);
      L.marker([name.lat, name.lon], {
        pane: "groundlabels",
        interactive: false,
        keyboard: false,
        icon: L.divIcon({ className: `rpe-place-name ${name.kind}`, html: text, iconSize: [0, 0] }),
      }).addTo(map);
    });
    if (ground.street_names?.length) new StreetNames(ground.street_names, colours).addTo(map);
  }

  // Names along the streets, where there is room.
  const StreetNames = L.Layer.extend({
    initialize(names, colours) {
      this._names = names.map((named) => ({ text: named[0], line: decode(named[1]) }));
      this._colours = colours;
    },
    onAdd(map) {
      this._canvas = element("canvas", "leaflet-zoom-hide");
      map.getPane("groundlabels").appendChild(this._canvas);
      map.on("moveend zoomend resize", this._draw, this);
      this._draw();
      const again = this._draw.bind(this);
      if (document.fonts) document.fonts.load("600 12px Figtree").then(again, again);
    },
    onRemove(map) {
      this._canvas.remove();
      map.off("moveend zoomend resize", this._draw, this);
    },
    _draw() {
      if (!this._map) return;
      const map = this._map;
      const size = map.getSize();
      const ratio = root.devicePixelRatio || 1;
      const canvas = this._canvas;
      canvas.width = size.x * ratio;
      canvas.height = size.y * ratio;
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
      L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
      const zoom = map.getZoom();
      if (zoom < 15) return;
      const context = canvas.getContext("2d");
      let taken = [];
      const seen = {};
      context.scale(ratio, ratio);
      context.font = `600 ${zoom < 16 ? 10.5 : 12}px Figtree, 'Segoe UI', 'Noto Sans', sans-serif`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      context.lineWidth = 3.5;
      context.strokeStyle = this._colours.land;
      context.fillStyle = this._colours.label;
      this._names.forEach((named) => {
        const wide = context.measureText(named.text).width + 12;
        let best = null;
        const _from = null;
        let before = null;
        for (let index = 0; index < named.line.length; index++) {
          const point = map.latLngToContainerPoint(named.line[index]);
          if (before) {
            const long = before.distanceTo(point);
            if (long >= wide && (!best || long > best.long)) best = { a: before, b: point, long };
          }
          before = point;
        }
        if (!best) return;
        const x = (best.a.x + best.b.x) / 2;
        const y = (best.a.y + best.b.y) / 2;
        if (x < 0 || y < 0 || x > size.x || y > size.y) return;
        let angle = Math.atan2(best.b.y - best.a.y, best.b.x - best.a.x);
        if (angle > Math.PI / 2) angle -= Math.PI;
        if (angle < -Math.PI / 2) angle += Math.PI;
        const half = wide / 2;
        const discs = [];
        let part;
        for (part = -half; part <= half; part += 12) {
          discs.push([x + Math.cos(angle) * part, y + Math.sin(angle) * part]);
        }
        const again = (seen[named.text] || []).some((other) => Math.hypot(other[0] - x, other[1] - y) < 320);
        const hit =
          again ||
          discs.some((disc) =>
            taken.some((other) => Math.hypot(disc[0] - other[0], disc[1] - other[1]) < 14),
          );
        if (hit) return;
        taken = taken.concat(discs);
        seen[named.text] ??= [];
        seen[named.text].push([x, y]);
        context.save();
        context.translate(x, y);
        context.rotate(angle);
        context.strokeText(named.text, 0, 0);
        context.fillText(named.text, 0, 0);
        context.restore();
      });
    },
  });

  // ---- the map -----------------------------------------------------------------------------------------------
  function hint(map, text) {
    const veil = element("div", "rpe-hint", text);
    let timer = null;
    veil.setAttribute("aria-hidden", "true");
    map.getContainer().appendChild(veil);
    return () => {
      veil.classList.add("on");
      clearTimeout(timer);
      timer = setTimeout(() => {
        veil.classList.remove("on");
      }, 1100);
    };
  }

  function gentleGestures(map) {
    const container = map.getContainer();
    const show = hint(map, "Ctrl + molette pour agrandir ou réduire la carte");
    container.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) {
          show();
          return;
        }
        event.preventDefault();
        const now = Date.now();
        if (map._lastWheel && now - map._lastWheel < 120) return;
        map._lastWheel = now;
        map.setZoomAround(map.mouseEventToContainerPoint(event), map.getZoom() + (event.deltaY < 0 ? 1 : -1));
      },
      { passive: false },
    );
    if (root.matchMedia?.("(pointer: coarse)").matches) {
      map.dragging.disable();
      const two = hint(map, "Deux doigts pour déplacer la carte");
      container.addEventListener(
        "touchmove",
        (event) => {
          if (event.touches.length === 1) two();
        },
        { passive: true },
      );
    }
  }

  function tools(map, home) {
    L.control.scale({ position: "topleft", imperial: false, maxWidth: 90 }).addTo(map);
    L.control.zoom({ position: "topright", zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(map);
    const All = L.Control.extend({
      options: { position: "topright" },
      onAdd: () => {
        const bar = element("div", "leaflet-bar");
        const button = element("button");
        button.type = "button";
        button.title = "Tout voir";
        button.setAttribute("aria-label", "Tout voir");
        button.innerHTML =
          '<svg viewBox="0 0 20 20" aria-hidden="true" focusable="false"><circle cx="10" cy="10" r="6"/><path d="M10 1v4M10 15v4M1 10h4M15 10h4"/></svg>';
        L.DomEvent.disableClickPropagation(bar);
        button.addEventListener("click", home);
        bar.appendChild(button);
        return bar;
      },
    });
    new All().addTo(map);
  }

  function tiles(map, options) {
    const layer = L.tileLayer(options.url, {
      attribution: options.attribution,
      maxNativeZoom: 19,
      maxZoom: 20,
    });
    let failed = 0;
    let note = null;
    layer.on("tileerror", () => {
      failed += 1;
      map.getContainer().classList.remove("rpe-tiles-on");
      if (note) return;
      note = element(
        "p",
        "rpe-note",
        "Le fond de carte ne répond pas. Nous affichons nos propres rues ; les temps restent justes.",
      );
      note.setAttribute("role", "status");
      map.getContainer().appendChild(note);
    });
    layer.on("loading", () => {
      failed = 0;
    });
    layer.on("load", () => {
      map.getContainer().classList.toggle("rpe-tiles-on", failed === 0);
      if (failed === 0 && note) {
        note.remove();
        note = null;
      }
    });
    layer.addTo(map);
  }

  function create(container, options) {
    const map = L.map(container, {
      zoomControl: false,
      attributionControl: false,
      scrollWheelZoom: false,
      zoomSnap: 0.5,
      zoomDelta: 1,
      minZoom: 5,
      maxZoom: options.max_zoom || 19,
      maxBoundsViscosity: 0.8,
      keyboard: true,
    });
    const home = () => {
      map.fitBounds(options.bounds, { padding: options.padding || [28, 28] });
    };
    container.classList.add("rpe-map");
    container.setAttribute("role", "region");
    container.setAttribute("aria-label", options.label || "Carte");
    container.tabIndex = 0;
    L.control
      .attribution({ position: "bottomright", prefix: false })
      .addAttribution(options.attribution || "")
      .addTo(map);
    tools(map, home);
    home();
    gentleGestures(map);
    if (options.ground) drawGround(map, options.ground, options.colours);
    if (options.tiles) tiles(map, options.tiles);
    const box = map.getBounds();
    const all = L.latLngBounds(options.bounds).extend(box);
    map.setMaxBounds(all.pad(1));
    root.addEventListener("resize", () => {
      map.invalidateSize();
    });
    map.rpe = { home, select: () => {} };
    return map;
  }

  // ---- places ------------------------------------------------------------------------------------------------
  const SIZE = 34;

  function icon(mark) {
    const drop = mark.kind === "home" || mark.kind === "work";
    const size = mark.small ? 14 : SIZE;
    const tall = drop ? size * 1.2 : size;
    const holder = element("div");
    holder.innerHTML = mark.svg;
    return L.divIcon({
      className: `rpe-mark${mark.small ? " small" : ""}`,
      html: holder.firstChild,
      iconSize: [size, tall],
      iconAnchor: [size / 2, drop ? tall * 0.98 : size / 2],
      popupAnchor: [0, drop ? -tall : -size / 2],
    });
  }

  function places(map, data) {
    const style = data.style;
    const byId = {};
    const routes = {};
    const zones = {};
    let chosen = null;
    const marksLayer = L.layerGroup().addTo(map);
    const clustersLayer = L.layerGroup().addTo(map);
    ["reach", "zones", "ways", "reachlabels"].forEach((name, index) => {
      const pane = map.createPane(name);
      pane.style.zIndex = 410 + 10 * index;
      pane.style.pointerEvents = "none";
    });

    // What is reached.
    const reach = L.layerGroup();
    data.isochrones.forEach((area) => {
      L.polygon(
        area.areas.map((rings) => rings.map(decode)),
        {
          pane: "reach",
          interactive: false,
          color: style.isochrone.color,
          weight: style.isochrone.weight,
          opacity: style.isochrone.opacity,
          dashArray: style.isochrone.dash,
          lineCap: "round",
          fillOpacity: style.isochrone.fill_opacity,
        },
      ).addTo(reach);
      L.marker([area.lat, area.lon], {
        pane: "reachlabels",
        interactive: false,
        keyboard: false,
        icon: L.divIcon({
          className: "rpe-iso-label",
          html: element("span", "", area.text),
          iconSize: [0, 0],
        }),
      }).addTo(reach);
    });
    reach.addTo(map);

    data.zones.forEach((zone) => {
      zones[zone.id] = L.circle([zone.lat, zone.lon], {
        pane: "zones",
        interactive: false,
        radius: zone.radius,
        color: zone.color,
        weight: style.zone.weight,
        dashArray: style.zone.dash,
        fillOpacity: style.zone.fill_opacity,
      }).addTo(map);
    });

    data.routes.forEach((route) => {
      const line = decode(route.line);
      const dotted = route.leg !== "home";
      const options = { pane: "ways", interactive: false, lineCap: "round", lineJoin: "round" };
      const casing = L.polyline(
        line,
        Object.assign({}, options, {
          color: style.route.casing,
          weight: style.route.casing_weight,
          opacity: 0,
        }),
      );
      const way = L.polyline(
        line,
        Object.assign({}, options, { color: style.route.color, dashArray: dotted ? "0.1 9" : null }),
      );
      casing.addTo(map);
      way.addTo(map);
      routes[route.id] ??= [];
      routes[route.id].push({ casing, way, dotted });
    });

    function showRoutes() {
      Object.keys(routes).forEach((id) => {
        const on = id === chosen;
        routes[id].forEach((route) => {
          route.casing.setStyle({ opacity: on ? 1 : 0 });
          route.way.setStyle({
            weight: on ? style.route.weight : 2,
            opacity: on ? 1 : route.dotted ? 0 : 0.28,
          });
          if (on) {
            route.casing.bringToFront();
            route.way.bringToFront();
          }
        });
      });
    }

    function entry(id) {
      return Array.prototype.find.call(
        document.querySelectorAll("[data-place]"),
        (item) => item.getAttribute("data-place") === id,
      );
    }

    function paint(id, on) {
      if (!id) return;
      const mark = byId[id];
      const card = entry(id);
      if (mark?.marker.getElement()) mark.marker.getElement().classList.toggle("is-on", on);
      if (zones[id])
        zones[id].setStyle({
          fillOpacity: on ? style.zone.selected_fill_opacity : style.zone.fill_opacity,
          weight: on ? 2.6 : style.zone.weight,
        });
      if (card) card.classList.toggle("is-on", on);
    }

    function select(id) {
      if (id === chosen) return;
      paint(chosen, false);
      chosen = id;
      paint(chosen, true);
      showRoutes();
    }

    function open(id) {
      const mark = byId[id];
      if (!mark) return;
      if (mark.spec.rank !== null) select(id);
      if (!mark.spec.popup) return;
      const before = document.activeElement;
      const small = map.getSize().x < 480;
      const popup = L.popup({
        maxWidth: small ? 225 : 300,
        minWidth: small ? 190 : 230,
        maxHeight: Math.max(140, map.getSize().y - 90),
        offset: [0, mark.spec.kind === "home" ? -30 : -8],
        autoPanPaddingTopLeft: [10, 10],
        autoPanPaddingBottomRight: [small ? 62 : 72, 24],
      })
        .setLatLng([mark.spec.lat, mark.spec.lon])
        .setContent(mark.spec.popup);
      popup.on("add", () => {
        const box = popup.getElement();
        const close = box.querySelector(".leaflet-popup-close-button");
        box.setAttribute("role", "dialog");
        box.setAttribute("aria-label", mark.spec.label);
        if (close) {
          close.setAttribute("aria-label", "Fermer");
          close.title = "Fermer";
        }
        box.tabIndex = -1;
        box.addEventListener("keydown", (event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            map.closePopup(popup);
          }
        });
        if (before?.classList?.contains("rpe-mark")) box.focus({ preventScroll: true });
      });
      popup.on("remove", () => {
        if (before?.isConnected && before.focus) before.focus({ preventScroll: true });
      });
      popup.openOn(map);
    }

    function marker(spec, order) {
      const made = L.marker([spec.lat, spec.lon], {
        icon: icon(spec),
        keyboard: true,
        riseOnHover: true,
        zIndexOffset: spec.kind === "home" ? 2000 : spec.small ? -500 : 1000 - order,
      });
      made.on("add", () => {
        const node = made.getElement();
        node.setAttribute("aria-label", spec.label);
        node.title = spec.label;
        node.classList.toggle("is-on", spec.id === chosen);
      });
      made.on("click", () => {
        open(spec.id);
      });
      made.on("keypress", (event) => {
        if (event.originalEvent.key === "Enter" || event.originalEvent.key === " ") open(spec.id);
      });
      byId[spec.id] = { spec, marker: made };
      return made;
    }

    data.marks.forEach((spec, order) => {
      marker(spec, order).addTo(marksLayer);
    });

    // Marks that would lie upon each other stand as one that says so.
    const ranked = data.marks.filter((spec) => spec.rank !== null);
    let hidden = [];
    function shown(spec) {
      return hidden.indexOf(spec.kind) < 0;
    }
    function cluster() {
      clustersLayer.clearLayers();
      let free = ranked.filter(shown);
      const near = SIZE * 0.72;
      while (free.length) {
        const first = free.shift();
        const at = map.latLngToLayerPoint([first.lat, first.lon]);
        const group = [first];
        const apart = [];
        free.forEach((other) => {
          const close = at.distanceTo(map.latLngToLayerPoint([other.lat, other.lon])) < near;
          (close ? group : apart).push(other);
        });
        free = apart;
        group.forEach((spec) => {
          const made = byId[spec.id].marker;
          if (group.length > 1) marksLayer.removeLayer(made);
          else if (!marksLayer.hasLayer(made)) marksLayer.addLayer(made);
        });
        if (group.length > 1) gather(group);
      }
    }
    function gather(group) {
      let lat = 0;
      let lon = 0;
      const mix = {};
      group.forEach((spec) => {
        lat += spec.lat / group.length;
        lon += spec.lon / group.length;
        mix[spec.what] = (mix[spec.what] || 0) + 1;
      });
      const words =
        group.length +
        " lieux proches : " +
        Object.keys(mix)
          .map((what) => `${mix[what]} ${what.toLowerCase()}`)
          .join(", ");
      const body = element(
        "div",
        "rpe-cluster-body",
        group
          .map((spec) => spec.rank)
          .slice(0, 3)
          .join(" · ") + (group.length > 3 ? ` +${group.length - 3}` : ""),
      );
      const made = L.marker([lat, lon], {
        icon: L.divIcon({
          className: "rpe-mark rpe-cluster",
          html: body,
          iconSize: null,
          iconAnchor: [0, 0],
        }),
        keyboard: true,
        riseOnHover: true,
        zIndexOffset: 900,
      });
      made.on("add", () => {
        made.getElement().setAttribute("aria-label", words);
        made.getElement().title = words;
      });
      function list() {
        const box = element("div");
        const items = element("ul", "pop-list");
        box.appendChild(element("b", "", words.charAt(0).toUpperCase() + words.slice(1)));
        group.forEach((spec) => {
          const item = element("li");
          const button = element("button", "pop-link", spec.label);
          button.type = "button";
          button.addEventListener("click", () => {
            open(spec.id);
          });
          item.appendChild(button);
          items.appendChild(item);
        });
        box.appendChild(items);
        L.popup({ maxWidth: 280 }).setLatLng([lat, lon]).setContent(box).openOn(map);
        const first = box.querySelector("button");
        if (first) first.focus({ preventScroll: true });
      }
      made.on("click", list);
      made.on("keypress", (event) => {
        if (event.originalEvent.key === "Enter") list();
      });
      made.addTo(clustersLayer);
    }
    function hide(kinds) {
      hidden = kinds;
      map.closePopup();
      data.marks.forEach((spec) => {
        const made = byId[spec.id].marker;
        const zone = zones[spec.id];
        if (!shown(spec)) marksLayer.removeLayer(made);
        else if (spec.rank === null) marksLayer.addLayer(made);
        if (zone && shown(spec)) zone.addTo(map);
        else if (zone) zone.remove();
      });
      cluster();
    }
    map.on("zoomend", cluster);
    map.whenReady(cluster);

    const extra = {};
    if (data.refused.length) {
      const refused = L.layerGroup();
      data.refused.forEach((spec, order) => {
        marker(spec, order).addTo(refused);
      });
      extra[data.refused_label] = refused;
    }
    if (data.isochrones.length) extra["Zone atteignable"] = reach;
    if (Object.keys(extra).length) {
      const control = L.control.layers(null, extra, { position: "topright", collapsed: true }).addTo(map);
      const toggle = control.getContainer().querySelector(".leaflet-control-layers-toggle");
      if (toggle) {
        toggle.title = "Couches de la carte";
        toggle.setAttribute("aria-label", "Couches de la carte");
      }
    }

    // Picture and words go together.
    document.addEventListener("click", (event) => {
      const button = event.target.closest?.("[data-show]");
      if (!button) return;
      map.getContainer().scrollIntoView({ block: "nearest" });
      open(button.getAttribute("data-show"));
    });
    ["mouseover", "focusin"].forEach((name) => {
      document.addEventListener(name, (event) => {
        const card = event.target.closest?.("[data-place]");
        if (card && byId[card.getAttribute("data-place")]) select(card.getAttribute("data-place"));
      });
    });
    if (data.selected) select(data.selected);
    else showRoutes();
    map.rpe.select = select;
    map.rpe.open = open;
    map.rpe.hide = hide;
    return map;
  }

  root.rpeMap = { create, places, decode };
})(window);
