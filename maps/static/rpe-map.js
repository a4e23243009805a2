/* The maps of rpe_geo upon Leaflet: ground, marks, zones, routes, reach. No inline style or script is needed. */
(function (root) {
  "use strict";
  var L = root.L;

  // What folium's pop-ups ask of jQuery, and no more.
  if (!root.$) {
    root.$ = function (what) {
      if (typeof what === "string") {
        var holder = document.createElement("template");
        holder.innerHTML = what.trim();
        return [holder.content.firstElementChild];
      }
      return {
        ready: function (run) {
          run();
        },
      };
    };
  }

  function decode(text) {
    var points = [],
      index = 0,
      lat = 0,
      lon = 0;
    function next() {
      var result = 0,
        shift = 0,
        byte;
      do {
        byte = text.charCodeAt(index++) - 63;
        result += (byte & 31) * Math.pow(2, shift);
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
    var made = document.createElement(tag);
    if (name) made.className = name;
    if (text) made.textContent = text;
    return made;
  }

  // ---- ground ------------------------------------------------------------------------------------------------
  var WIDTHS = { 10: 0.3, 11: 0.5, 12: 0.9, 13: 1.5, 14: 2.4, 15: 4, 16: 6.5, 17: 10, 18: 15, 19: 22 };
  var FACTOR = { road: 1.7, street: 1, path: 0.45 };

  function width(zoom, kind) {
    var step = Math.max(10, Math.min(19, Math.round(zoom)));
    return WIDTHS[step] * FACTOR[kind];
  }

  function drawGround(map, ground, colours) {
    var pane = map.createPane("ground");
    pane.style.zIndex = 150;
    map.createPane("groundlabels").style.zIndex = 160;
    var renderer = L.canvas({ pane: "ground", padding: 0.4 });
    var common = {
      pane: "ground",
      renderer: renderer,
      interactive: false,
      lineCap: "round",
      lineJoin: "round",
    };
    var zoomed = [];
    function polygons(list, colour, line) {
      if (!list || !list.length) return;
      var rings = list.map(function (area) {
        return area.map(decode);
      });
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
      var drawn = L.polyline(
        list.map(decode),
        Object.assign({}, common, { color: colour, opacity: 1 }, options),
      );
      zoomed.push(function (zoom) {
        drawn.setStyle({ weight: width(zoom, kind) + (zoom > 12 ? extra : 0) });
      });
      drawn.addTo(map);
    }
    polygons(ground.woods, colours.wood);
    polygons(ground.parks, colours.park);
    polygons(ground.water, colours.water);
    if (ground.waterlines && ground.waterlines.length) {
      var river = L.polyline(
        ground.waterlines.map(decode),
        Object.assign({}, common, { color: colours.water }),
      );
      zoomed.push(function (zoom) {
        river.setStyle({ weight: Math.max(1.5, width(zoom, "road") * 1.4) });
      });
      river.addTo(map);
    }
    polygons(ground.buildings, colours.building);
    var streets = ground.streets || {};
    lines(streets.path, colours.street_case, "path", 1);
    lines(streets.street, colours.street_case, "street", 1.6);
    lines(streets.road, colours.road_case, "road", 2.2);
    lines(streets.path, colours.street, "path", 0);
    lines(streets.street, colours.street, "street", 0);
    lines(streets.road, colours.road, "road", 0);
    lines(ground.rails, colours.rail, "path", 0.6, { dashArray: "6 6" });
    if (ground.communes && ground.communes.length) {
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
      zoomed.forEach(function (set) {
        set(map.getZoom());
      });
    }
    map.on("zoomend", refresh);
    map.whenReady(refresh);
    (ground.names || []).forEach(function (name) {
      var text = element("span", "", name.text);
      L.marker([name.lat, name.lon], {
        pane: "groundlabels",
        interactive: false,
        keyboard: false,
        icon: L.divIcon({ className: "rpe-place-name " + name.kind, html: text, iconSize: [0, 0] }),
      }).addTo(map);
    });
    if (ground.street_names && ground.street_names.length)
      new StreetNames(ground.street_names, colours).addTo(map);
  }

  // Names along the streets, where there is room.
  var StreetNames = L.Layer.extend({
    initialize: function (names, colours) {
      this._names = names.map(function (named) {
        return { text: named[0], line: decode(named[1]) };
      });
      this._colours = colours;
    },
    onAdd: function (map) {
      this._canvas = element("canvas", "leaflet-zoom-hide");
      map.getPane("groundlabels").appendChild(this._canvas);
      map.on("moveend zoomend resize", this._draw, this);
      this._draw();
      var again = this._draw.bind(this);
      if (document.fonts) document.fonts.load("600 12px Figtree").then(again, again);
    },
    onRemove: function (map) {
      this._canvas.remove();
      map.off("moveend zoomend resize", this._draw, this);
    },
    _draw: function () {
      if (!this._map) return;
      var map = this._map,
        size = map.getSize(),
        ratio = root.devicePixelRatio || 1,
        canvas = this._canvas;
      canvas.width = size.x * ratio;
      canvas.height = size.y * ratio;
      canvas.style.width = size.x + "px";
      canvas.style.height = size.y + "px";
      L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
      var zoom = map.getZoom();
      if (zoom < 15) return;
      var context = canvas.getContext("2d"),
        taken = [],
        seen = {};
      context.scale(ratio, ratio);
      context.font = "600 " + (zoom < 16 ? 10.5 : 12) + "px Figtree, 'Segoe UI', 'Noto Sans', sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      context.lineWidth = 3.5;
      context.strokeStyle = this._colours.land;
      context.fillStyle = this._colours.label;
      this._names.forEach(function (named) {
        var wide = context.measureText(named.text).width + 12,
          best = null,
          from = null,
          before = null;
        for (var index = 0; index < named.line.length; index++) {
          var point = map.latLngToContainerPoint(named.line[index]);
          if (before) {
            var long = before.distanceTo(point);
            if (long >= wide && (!best || long > best.long)) best = { a: before, b: point, long: long };
          }
          before = point;
        }
        if (!best) return;
        var x = (best.a.x + best.b.x) / 2,
          y = (best.a.y + best.b.y) / 2;
        if (x < 0 || y < 0 || x > size.x || y > size.y) return;
        var angle = Math.atan2(best.b.y - best.a.y, best.b.x - best.a.x);
        if (angle > Math.PI / 2) angle -= Math.PI;
        if (angle < -Math.PI / 2) angle += Math.PI;
        var half = wide / 2,
          discs = [],
          part;
        for (part = -half; part <= half; part += 12) {
          discs.push([x + Math.cos(angle) * part, y + Math.sin(angle) * part]);
        }
        var again = (seen[named.text] || []).some(function (other) {
          return Math.hypot(other[0] - x, other[1] - y) < 320;
        });
        var hit =
          again ||
          discs.some(function (disc) {
            return taken.some(function (other) {
              return Math.hypot(disc[0] - other[0], disc[1] - other[1]) < 14;
            });
          });
        if (hit) return;
        taken = taken.concat(discs);
        (seen[named.text] = seen[named.text] || []).push([x, y]);
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
    var veil = element("div", "rpe-hint", text),
      timer = null;
    veil.setAttribute("aria-hidden", "true");
    map.getContainer().appendChild(veil);
    return function () {
      veil.classList.add("on");
      clearTimeout(timer);
      timer = setTimeout(function () {
        veil.classList.remove("on");
      }, 1100);
    };
  }

  function gentleGestures(map) {
    var container = map.getContainer();
    var show = hint(map, "Ctrl + molette pour agrandir ou réduire la carte");
    container.addEventListener(
      "wheel",
      function (event) {
        if (!event.ctrlKey && !event.metaKey) {
          show();
          return;
        }
        event.preventDefault();
        var now = Date.now();
        if (map._lastWheel && now - map._lastWheel < 120) return;
        map._lastWheel = now;
        map.setZoomAround(map.mouseEventToContainerPoint(event), map.getZoom() + (event.deltaY < 0 ? 1 : -1));
      },
      { passive: false },
    );
    if (root.matchMedia && root.matchMedia("(pointer: coarse)").matches) {
      map.dragging.disable();
      var two = hint(map, "Deux doigts pour déplacer la carte");
      container.addEventListener(
        "touchmove",
        function (event) {
          if (event.touches.length === 1) two();
        },
        { passive: true },
      );
    }
  }

  function tools(map, home) {
    L.control.scale({ position: "topleft", imperial: false, maxWidth: 90 }).addTo(map);
    L.control.zoom({ position: "topright", zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(map);
    var All = L.Control.extend({
      options: { position: "topright" },
      onAdd: function () {
        var bar = element("div", "leaflet-bar"),
          button = element("button");
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
    var layer = L.tileLayer(options.url, {
      attribution: options.attribution,
      maxNativeZoom: 19,
      maxZoom: 20,
    });
    var failed = 0,
      note = null;
    layer.on("tileerror", function () {
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
    layer.on("loading", function () {
      failed = 0;
    });
    layer.on("load", function () {
      map.getContainer().classList.toggle("rpe-tiles-on", failed === 0);
      if (failed === 0 && note) {
        note.remove();
        note = null;
      }
    });
    layer.addTo(map);
  }

  function create(container, options) {
    var map = L.map(container, {
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
    var home = function () {
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
    var box = map.getBounds();
    var all = L.latLngBounds(options.bounds).extend(box);
    map.setMaxBounds(all.pad(1));
    root.addEventListener("resize", function () {
      map.invalidateSize();
    });
    map.rpe = { home: home, select: function () {} };
    return map;
  }

  // ---- places ------------------------------------------------------------------------------------------------
  var SIZE = 34;

  function icon(mark) {
    var drop = mark.kind === "home" || mark.kind === "work";
    var size = mark.small ? 14 : SIZE,
      tall = drop ? size * 1.2 : size;
    var holder = element("div");
    holder.innerHTML = mark.svg;
    return L.divIcon({
      className: "rpe-mark" + (mark.small ? " small" : ""),
      html: holder.firstChild,
      iconSize: [size, tall],
      iconAnchor: [size / 2, drop ? tall * 0.98 : size / 2],
      popupAnchor: [0, drop ? -tall : -size / 2],
    });
  }

  function places(map, data) {
    var style = data.style,
      byId = {},
      routes = {},
      zones = {},
      chosen = null;
    var marksLayer = L.layerGroup().addTo(map),
      clustersLayer = L.layerGroup().addTo(map);
    ["reach", "zones", "ways", "reachlabels"].forEach(function (name, index) {
      var pane = map.createPane(name);
      pane.style.zIndex = 410 + 10 * index;
      pane.style.pointerEvents = "none";
    });

    // What is reached.
    var reach = L.layerGroup();
    data.isochrones.forEach(function (area) {
      L.polygon(
        area.areas.map(function (rings) {
          return rings.map(decode);
        }),
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

    data.zones.forEach(function (zone) {
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

    data.routes.forEach(function (route) {
      var line = decode(route.line),
        dotted = route.leg !== "home";
      var options = { pane: "ways", interactive: false, lineCap: "round", lineJoin: "round" };
      var casing = L.polyline(
        line,
        Object.assign({}, options, {
          color: style.route.casing,
          weight: style.route.casing_weight,
          opacity: 0,
        }),
      );
      var way = L.polyline(
        line,
        Object.assign({}, options, { color: style.route.color, dashArray: dotted ? "0.1 9" : null }),
      );
      casing.addTo(map);
      way.addTo(map);
      (routes[route.id] = routes[route.id] || []).push({ casing: casing, way: way, dotted: dotted });
    });

    function showRoutes() {
      Object.keys(routes).forEach(function (id) {
        var on = id === chosen;
        routes[id].forEach(function (route) {
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
      return Array.prototype.find.call(document.querySelectorAll("[data-place]"), function (item) {
        return item.getAttribute("data-place") === id;
      });
    }

    function paint(id, on) {
      if (!id) return;
      var mark = byId[id],
        card = entry(id);
      if (mark && mark.marker.getElement()) mark.marker.getElement().classList.toggle("is-on", on);
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
      var mark = byId[id];
      if (!mark) return;
      if (mark.spec.rank !== null) select(id);
      if (!mark.spec.popup) return;
      var before = document.activeElement;
      var small = map.getSize().x < 480;
      var popup = L.popup({
        maxWidth: small ? 225 : 300,
        minWidth: small ? 190 : 230,
        maxHeight: Math.max(140, map.getSize().y - 90),
        offset: [0, mark.spec.kind === "home" ? -30 : -8],
        autoPanPaddingTopLeft: [10, 10],
        autoPanPaddingBottomRight: [small ? 62 : 72, 24],
      })
        .setLatLng([mark.spec.lat, mark.spec.lon])
        .setContent(mark.spec.popup);
      popup.on("add", function () {
        var box = popup.getElement(),
          close = box.querySelector(".leaflet-popup-close-button");
        box.setAttribute("role", "dialog");
        box.setAttribute("aria-label", mark.spec.label);
        if (close) {
          close.setAttribute("aria-label", "Fermer");
          close.title = "Fermer";
        }
        box.tabIndex = -1;
        box.addEventListener("keydown", function (event) {
          if (event.key === "Escape") {
            event.stopPropagation();
            map.closePopup(popup);
          }
        });
        if (before && before.classList && before.classList.contains("rpe-mark"))
          box.focus({ preventScroll: true });
      });
      popup.on("remove", function () {
        if (before && before.isConnected && before.focus) before.focus({ preventScroll: true });
      });
      popup.openOn(map);
    }

    function marker(spec, order) {
      var made = L.marker([spec.lat, spec.lon], {
        icon: icon(spec),
        keyboard: true,
        riseOnHover: true,
        zIndexOffset: spec.kind === "home" ? 2000 : spec.small ? -500 : 1000 - order,
      });
      made.on("add", function () {
        var node = made.getElement();
        node.setAttribute("aria-label", spec.label);
        node.title = spec.label;
        node.classList.toggle("is-on", spec.id === chosen);
      });
      made.on("click", function () {
        open(spec.id);
      });
      made.on("keypress", function (event) {
        if (event.originalEvent.key === "Enter" || event.originalEvent.key === " ") open(spec.id);
      });
      byId[spec.id] = { spec: spec, marker: made };
      return made;
    }

    data.marks.forEach(function (spec, order) {
      marker(spec, order).addTo(marksLayer);
    });

    // Marks that would lie upon each other stand as one that says so.
    var ranked = data.marks.filter(function (spec) {
        return spec.rank !== null;
      }),
      hidden = [];
    function shown(spec) {
      return hidden.indexOf(spec.kind) < 0;
    }
    function cluster() {
      clustersLayer.clearLayers();
      var free = ranked.filter(shown),
        near = SIZE * 0.72;
      while (free.length) {
        var first = free.shift(),
          at = map.latLngToLayerPoint([first.lat, first.lon]);
        var group = [first],
          apart = [];
        free.forEach(function (other) {
          var close = at.distanceTo(map.latLngToLayerPoint([other.lat, other.lon])) < near;
          (close ? group : apart).push(other);
        });
        free = apart;
        group.forEach(function (spec) {
          var made = byId[spec.id].marker;
          if (group.length > 1) marksLayer.removeLayer(made);
          else if (!marksLayer.hasLayer(made)) marksLayer.addLayer(made);
        });
        if (group.length > 1) gather(group);
      }
    }
    function gather(group) {
      var lat = 0,
        lon = 0,
        mix = {};
      group.forEach(function (spec) {
        lat += spec.lat / group.length;
        lon += spec.lon / group.length;
        mix[spec.what] = (mix[spec.what] || 0) + 1;
      });
      var words =
        group.length +
        " lieux proches : " +
        Object.keys(mix)
          .map(function (what) {
            return mix[what] + " " + what.toLowerCase();
          })
          .join(", ");
      var body = element(
        "div",
        "rpe-cluster-body",
        group
          .map(function (spec) {
            return spec.rank;
          })
          .slice(0, 3)
          .join(" · ") + (group.length > 3 ? " +" + (group.length - 3) : ""),
      );
      var made = L.marker([lat, lon], {
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
      made.on("add", function () {
        made.getElement().setAttribute("aria-label", words);
        made.getElement().title = words;
      });
      function list() {
        var box = element("div"),
          items = element("ul", "pop-list");
        box.appendChild(element("b", "", words.charAt(0).toUpperCase() + words.slice(1)));
        group.forEach(function (spec) {
          var item = element("li"),
            button = element("button", "pop-link", spec.label);
          button.type = "button";
          button.addEventListener("click", function () {
            open(spec.id);
          });
          item.appendChild(button);
          items.appendChild(item);
        });
        box.appendChild(items);
        L.popup({ maxWidth: 280 }).setLatLng([lat, lon]).setContent(box).openOn(map);
        var first = box.querySelector("button");
        if (first) first.focus({ preventScroll: true });
      }
      made.on("click", list);
      made.on("keypress", function (event) {
        if (event.originalEvent.key === "Enter") list();
      });
      made.addTo(clustersLayer);
    }
    function hide(kinds) {
      hidden = kinds;
      map.closePopup();
      data.marks.forEach(function (spec) {
        var made = byId[spec.id].marker,
          zone = zones[spec.id];
        if (!shown(spec)) marksLayer.removeLayer(made);
        else if (spec.rank === null) marksLayer.addLayer(made);
        if (zone && shown(spec)) zone.addTo(map);
        else if (zone) zone.remove();
      });
      cluster();
    }
    map.on("zoomend", cluster);
    map.whenReady(cluster);

    var extra = {};
    if (data.refused.length) {
      var refused = L.layerGroup();
      data.refused.forEach(function (spec, order) {
        marker(spec, order).addTo(refused);
      });
      extra[data.refused_label] = refused;
    }
    if (data.isochrones.length) extra["Zone atteignable"] = reach;
    if (Object.keys(extra).length) {
      var control = L.control.layers(null, extra, { position: "topright", collapsed: true }).addTo(map);
      var toggle = control.getContainer().querySelector(".leaflet-control-layers-toggle");
      if (toggle) {
        toggle.title = "Couches de la carte";
        toggle.setAttribute("aria-label", "Couches de la carte");
      }
    }

    // Picture and words go together.
    document.addEventListener("click", function (event) {
      var button = event.target.closest && event.target.closest("[data-show]");
      if (!button) return;
      map.getContainer().scrollIntoView({ block: "nearest" });
      open(button.getAttribute("data-show"));
    });
    ["mouseover", "focusin"].forEach(function (name) {
      document.addEventListener(name, function (event) {
        var card = event.target.closest && event.target.closest("[data-place]");
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

  root.rpeMap = { create: create, places: places, decode: decode };
})(window);
