/* The choropleth of the observatory: every zone on one canvas, its legend, its figures and its table. */
((root) => {
  const L = root.L;
  const decode = root.rpeMap.decode;
  const BASE = 10;
  const NBSP = "\u00a0";
  const NARROW = "\u202f";
  const FIGURES = [0, 1, 2, 3, 4].map(
    (decimals) =>
      new Intl.NumberFormat("fr-FR", {
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
        signDisplay: "negative",
      }),
  );
  const PLAIN = new Intl.NumberFormat("fr-FR", { useGrouping: false, maximumFractionDigits: 10 });
  // The page carries the colours of maps/style.py as properties of its root.
  const rootStyle = getComputedStyle(document.documentElement);
  const [INK, INK_2, PAPER, PRUNE, MIRABELLE, LINE, BRUME, SECOND_CLASS] = [
    "ink",
    "ink-2",
    "paper",
    "prune",
    "mirabelle",
    "line-strong",
    "brume-2",
    "seq-2",
  ].map((name) => rootStyle.getPropertyValue(`--${name}`).trim());

  function make(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function svg(tag, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.keys(attributes).forEach((key) => {
      made.setAttribute(key, attributes[key]);
    });
    return made;
  }
  function number(value, decimals) {
    if (value === null || value === undefined) return "–";
    return FIGURES[decimals].format(value).replace("-", `−${NARROW}`);
  }
  function plain(text) {
    return text
      .replace(/œ/gi, "oe")
      .replace(/æ/gi, "ae")
      .normalize("NFD")
      .replace(/[\u0300-\u036f]/g, "")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, " ")
      .trim();
  }
  function classOf(indicator, value) {
    if (value === null || value === undefined) return -1;
    let at = 0;
    while (at < indicator.breaks.length && value >= indicator.breaks[at]) at += 1;
    return at;
  }

  // ---- drawing -------------------------------------------------------------------------------------------------
  const Zones = L.Layer.extend({
    initialize(data) {
      this._data = data;
      this._selected = -1;
      this._hovered = -1;
    },

    onAdd(map) {
      this._map = map;
      const pane = map.createPane("zones-canvas");
      pane.style.zIndex = 250;
      this._canvas = make("canvas", "leaflet-zoom-animated");
      pane.appendChild(this._canvas);
      this._prepare();
      map.on("moveend resize viewreset", this._draw, this);
      map.on("zoomanim", this._animate, this);
      map.on("mousemove", this._hover, this);
      map.on(
        "mouseout",
        function () {
          this._point(-1);
        },
        this,
      );
      map.on("click", this._click, this);
      this._draw();
      if (document.fonts) document.fonts.load("700 13px Figtree").then(this._draw.bind(this), () => {});
    },

    _prepare() {
      const map = this._map;
      const data = this._data;
      this._origin = map.project(L.latLngBounds(data.bounds).getCenter(), BASE);
      this._paths = [];
      this._boxes = [];
      this._centres = [];
      const local = (point) => {
        const at = map.project(point, BASE);
        return [at.x - this._origin.x, at.y - this._origin.y];
      };
      this._local = local;
      data.rings.forEach((polygons, index) => {
        const path = new Path2D();
        const box = [Infinity, Infinity, -Infinity, -Infinity];
        polygons.forEach((ring) => {
          decode(ring).forEach((point, number) => {
            const at = local(point);
            if (number) path.lineTo(at[0], at[1]);
            else path.moveTo(at[0], at[1]);
            box[0] = Math.min(box[0], at[0]);
            box[1] = Math.min(box[1], at[1]);
            box[2] = Math.max(box[2], at[0]);
            box[3] = Math.max(box[3], at[1]);
          });
          path.closePath();
        });
        this._paths.push(path);
        this._boxes.push(box);
        this._centres.push(data.at[index] ? local(data.at[index]) : null);
      });
      this._outlines = ["tension"].map((kind) => {
        const path = new Path2D();
        (data.outlines[kind] || []).forEach((ring) => {
          decode(ring).forEach((point, number) => {
            const at = local(point);
            if (number) path.lineTo(at[0], at[1]);
            else path.moveTo(at[0], at[1]);
          });
          path.closePath();
        });
        return path;
      })[0];
      // A grid finds the zone under the pointer without trying them all.
      this._cell = 40;
      this._grid = {};
      this._boxes.forEach((box, index) => {
        for (let x = Math.floor(box[0] / this._cell); x <= Math.floor(box[2] / this._cell); x += 1) {
          for (let y = Math.floor(box[1] / this._cell); y <= Math.floor(box[3] / this._cell); y += 1) {
            const key = `${x} ${y}`;
            this._grid[key] ??= [];
            this._grid[key].push(index);
          }
        }
      });
      this._probe = document.createElement("canvas").getContext("2d");
    },

    show(indicator, options) {
      this._indicator = indicator;
      this._options = options;
      const classes = indicator.colors.map(() => new Path2D());
      const none = new Path2D();
      const hatched = [new Path2D(), new Path2D()];
      const all = new Path2D();
      const data = this._data;
      this._paths.forEach((path, index) => {
        const at = classOf(indicator, indicator.values[index]);
        (at < 0 ? none : classes[at]).addPath(path);
        all.addPath(path);
        if (at >= 0 && data.uncertain[index])
          hatched[indicator.inks[at] === PAPER.toUpperCase() ? 1 : 0].addPath(path);
      });
      this._classes = classes;
      this._none = none;
      this._hatched = hatched;
      this._all = all;
      if (this._canvas) this._draw();
    },

    _frame() {
      const map = this._map;
      const size = map.getSize();
      const pad = size.multiplyBy(0.25).round();
      return {
        topLeft: map.containerPointToLayerPoint([-pad.x, -pad.y]).round(),
        size: size.add(pad.multiplyBy(2)),
        pad,
      };
    },

    _draw() {
      if (!this._map || !this._classes) return;
      const map = this._map;
      const frame = this._frame();
      const ratio = root.devicePixelRatio || 1;
      const canvas = this._canvas;
      const zoom = map.getZoom();
      canvas.width = frame.size.x * ratio;
      canvas.height = frame.size.y * ratio;
      canvas.style.width = `${frame.size.x}px`;
      canvas.style.height = `${frame.size.y}px`;
      L.DomUtil.setTransform(canvas, frame.topLeft, 1);
      this._topLeft = frame.topLeft;
      this._zoom = zoom;
      this._centre = map.getCenter();
      const context = canvas.getContext("2d");
      const scale = 2 ** (zoom - BASE);
      const origin = map.latLngToLayerPoint(map.unproject(this._origin, BASE)).subtract(frame.topLeft);
      function world() {
        context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * origin.x, ratio * origin.y);
      }
      this._toScreen = (at) => [at[0] * scale + origin.x, at[1] * scale + origin.y];
      const indicator = this._indicator;
      const options = this._options;
      const data = this._data;
      world();
      context.fillStyle = PAPER;
      context.fill(this._none, "evenodd");
      this._classes.forEach((path, index) => {
        context.fillStyle = indicator.colors[index];
        context.fill(path, "evenodd");
      });
      const dense = this._paths.length / 4 ** Math.max(0, zoom - 8);
      const close = dense <= 2500;
      if (options.uncertain && close) {
        const hatch = new Path2D();
        for (let x = -frame.size.y; x < frame.size.x; x += 7) {
          hatch.moveTo(x, frame.size.y);
          hatch.lineTo(x + frame.size.y, 0);
        }
        this._hatched.forEach((path, light) => {
          world();
          context.save();
          context.clip(path, "evenodd");
          context.setTransform(ratio, 0, 0, ratio, 0, 0);
          context.strokeStyle = light ? "rgba(255,255,255,.55)" : "rgba(36,27,42,.38)";
          context.lineWidth = 1;
          context.stroke(hatch);
          context.restore();
        });
        world();
      }
      context.lineJoin = "round";
      context.strokeStyle = PAPER;
      context.lineWidth =
        (dense > 9000 ? 0 : dense > 2500 ? 0.35 : dense > 500 ? 0.8 : dense > 120 ? 1.2 : 2) / scale;
      if (context.lineWidth > 0 && dense <= 9000) context.stroke(this._all);
      if (!close && data.frames.length) {
        if (!this._framePath) {
          const path = new Path2D();
          const local = this._local;
          data.frames.forEach((ring) => {
            decode(ring).forEach((point, number) => {
              const at = local(point);
              if (number) path.lineTo(at[0], at[1]);
              else path.moveTo(at[0], at[1]);
            });
          });
          this._framePath = path;
        }
        context.strokeStyle = "rgba(255,255,255,.9)";
        context.lineWidth = 1.2 / scale;
        context.stroke(this._framePath);
      }
      if (options.tension && close) {
        context.strokeStyle = PAPER;
        context.lineWidth = 4.5 / scale;
        context.stroke(this._outlines);
        context.strokeStyle = INK;
        context.lineWidth = 2.2 / scale;
        context.setLineDash([6 / scale, 4 / scale]);
        context.stroke(this._outlines);
        context.setLineDash([]);
      }
      [
        [this._hovered, 3, INK],
        [this._selected, 4, INK],
      ].forEach(function (mark) {
        if (mark[0] < 0) return;
        context.strokeStyle = mark[2];
        context.lineWidth = mark[1] / scale;
        context.stroke(this._paths[mark[0]]);
      }, this);
      if (this._selected >= 0) {
        context.strokeStyle = MIRABELLE;
        context.lineWidth = 1.6 / scale;
        context.stroke(this._paths[this._selected]);
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      this._labels(context, frame, scale);
    },

    _labels(context, frame, scale) {
      const indicator = this._indicator;
      const data = this._data;
      const taken = [];
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      this._order ??= this._boxes
        .map((_box, index) => index)
        .sort((a, b) => (data.children[b] || 0) - (data.children[a] || 0));
      const order = this._order;
      let left = 260;
      for (let n = 0; n < order.length && left > 0; n += 1) {
        const index = order[n];
        const centre = this._centres[index];
        const box = this._boxes[index];
        if (!centre) continue;
        const wide = (box[2] - box[0]) * scale;
        const tall = (box[3] - box[1]) * scale;
        if (wide < 26 || tall < 20) continue;
        const at = this._toScreen(centre);
        if (at[0] < 0 || at[1] < 0 || at[0] > frame.size.x || at[1] > frame.size.y) continue;
        const value = indicator.values[index];
        const kind = classOf(indicator, value);
        const text = number(value, indicator.short);
        context.font = "700 13px Figtree, 'Segoe UI', 'Noto Sans', sans-serif";
        const half = context.measureText(text).width / 2 + 3;
        if (2 * half > wide * 0.8) continue;
        context.font = "600 12px Figtree, 'Segoe UI', 'Noto Sans', sans-serif";
        const nameHalf = context.measureText(data.name[index]).width / 2 + 3;
        let named = 2 * nameHalf < wide * 0.86 && tall > 44;
        let room = named
          ? [at[0] - Math.max(nameHalf, half), at[1] - 17, at[0] + Math.max(nameHalf, half), at[1] + 17]
          : [at[0] - half, at[1] - 9, at[0] + half, at[1] + 9];
        let hit = taken.some(
          (other) => room[0] < other[2] && room[2] > other[0] && room[1] < other[3] && room[3] > other[1],
        );
        if (hit && named) {
          named = false;
          room = [at[0] - half, at[1] - 9, at[0] + half, at[1] + 9];
          hit = taken.some(
            (other) => room[0] < other[2] && room[2] > other[0] && room[1] < other[3] && room[3] > other[1],
          );
        }
        if (hit) continue;
        taken.push(room);
        left -= 1;
        const ink = kind < 0 ? INK_2 : indicator.inks[kind];
        const halo = kind < 0 ? PAPER : indicator.colors[kind];
        if (named) {
          write("600 12px", data.name[index], at[0], at[1] - 8, ink, halo);
          write("700 13px", text, at[0], at[1] + 8, ink, halo);
        } else write("700 13px", text, at[0], at[1], ink, halo);
      }
      function write(font, text, x, y, ink, halo) {
        context.font = `${font} Figtree, 'Segoe UI', 'Noto Sans', sans-serif`;
        context.strokeStyle = halo;
        context.lineWidth = 3.5;
        context.strokeText(text, x, y);
        context.fillStyle = ink;
        context.fillText(text, x, y);
      }
    },

    _animate(event) {
      if (!this._topLeft) return;
      const map = this._map;
      const scale = map.getZoomScale(event.zoom, this._zoom);
      const offset = map._latLngToNewLayerPoint(
        map.layerPointToLatLng(this._topLeft),
        event.zoom,
        event.center,
      );
      L.DomUtil.setTransform(this._canvas, offset, scale);
    },

    under(latlng) {
      const at = this._local(latlng);
      const near = this._grid[`${Math.floor(at[0] / this._cell)} ${Math.floor(at[1] / this._cell)}`] || [];
      for (let n = near.length - 1; n >= 0; n -= 1) {
        const box = this._boxes[near[n]];
        if (at[0] < box[0] || at[0] > box[2] || at[1] < box[1] || at[1] > box[3]) continue;
        if (this._probe.isPointInPath(this._paths[near[n]], at[0], at[1], "evenodd")) return near[n];
      }
      return -1;
    },
    _hover(event) {
      this._point(this.under(event.latlng), event.latlng);
    },
    _point(index, latlng) {
      if (index !== this._hovered) {
        this._hovered = index;
        this._draw();
        this._map.getContainer().classList.toggle("over-zone", index >= 0);
      }
      this.fire("point", { index, latlng });
    },
    _click(event) {
      this.fire("choose", { index: this.under(event.latlng), latlng: event.latlng });
    },
    select(index) {
      this._selected = index;
      this._draw();
    },
    bounds(index) {
      const box = this._boxes[index];
      const map = this._map;
      const origin = this._origin;
      function back(x, y) {
        return map.unproject([x + origin.x, y + origin.y], BASE);
      }
      return L.latLngBounds(back(box[0], box[3]), back(box[2], box[1]));
    },
  });

  // ---- the page around -------------------------------------------------------------------------------------------
  function swatch(color, extra) {
    const sign = svg("svg", {
      class: "sign",
      viewBox: "0 0 28 20",
      "aria-hidden": "true",
      focusable: "false",
    });
    sign.appendChild(svg("rect", { x: 1, y: 1, width: 26, height: 18, rx: 4, fill: color, stroke: LINE }));
    if (extra) extra(sign);
    return sign;
  }

  function coverage(map, data) {
    const zones = new Zones(data).addTo(map);
    const side = document.getElementById("cov-side");
    let chosen = -1;
    let sortBy = "value";
    let ascending = true;
    let sought = "";
    let shown = 150;
    let indicator = null;
    const options = { uncertain: true, tension: true };
    if (data.far) map.setMaxBounds(null);
    map.options.zoomSnap = 0.25;
    map.invalidateSize({ animate: false });
    map.rpe.home();
    const searchable = data.name.map(plain);
    const tip = L.tooltip({ className: "cov-tip", direction: "top", offset: [0, -10], opacity: 1 });

    function facts(index) {
      const box = make("div", "cov-facts");
      box.appendChild(make("b", "", data.name[index]));
      if (data.group[index]) box.appendChild(make("span", "cov-group", data.group[index]));
      const line = make("p", "cov-value");
      line.appendChild(make("strong", "", number(indicator.values[index], indicator.decimals)));
      line.appendChild(document.createTextNode(NBSP + indicator.unit));
      box.appendChild(line);
      if (indicator.values[index] === null)
        box.appendChild(make("p", "", "Non publié, sans enfant, ou effectif trop petit pour être publié."));
      const people = make(
        "p",
        "",
        number(data.children[index], 0) +
          " enfants de moins de 3" +
          NBSP +
          "ans, " +
          number(data.places[index], 0) +
          " places",
      );
      box.appendChild(people);
      if (data.why[index]) box.appendChild(make("p", "cov-why", `Incertain${NBSP}: ${data.why[index]}`));
      if (data.hot[index])
        box.appendChild(make("p", "cov-hot", data.hot[index] === 1 ? "Zone en tension" : "Zone d’aisance"));
      return box;
    }

    zones.on("point", (event) => {
      if (event.index < 0 || !event.latlng) {
        map.closeTooltip(tip);
        return;
      }
      tip.setLatLng(event.latlng).setContent(facts(event.index));
      if (!map.hasLayer(tip)) tip.addTo(map);
    });
    zones.on("choose", (event) => {
      choose(event.index, false);
    });

    function choose(index, move) {
      chosen = index;
      zones.select(index);
      map.closePopup();
      if (index >= 0) {
        const bounds = zones.bounds(index);
        if (move) {
          map.fitBounds(bounds, { maxZoom: Math.max(map.getZoom(), 11), padding: [90, 90] });
          L.popup({ maxWidth: 280, autoPanPadding: [20, 20] })
            .setLatLng(data.at[index] || bounds.getCenter())
            .setContent(facts(index))
            .openOn(map);
        }
        live.textContent =
          data.name[index] +
          " : " +
          number(indicator.values[index], indicator.decimals) +
          " " +
          indicator.unit;
      }
      mark(!move);
    }

    // Choice of what is shown.
    const form = make("form", "cov-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
    });
    const label = make("label", "", "Indicateur");
    const select = make("select");
    select.id = "cov-indicator";
    label.htmlFor = select.id;
    const groups = {};
    data.indicators.forEach((item, index) => {
      if (!groups[item.theme]) {
        groups[item.theme] = make("optgroup");
        groups[item.theme].label = item.theme;
        select.appendChild(groups[item.theme]);
      }
      const option = make("option", "", item.label);
      option.value = index;
      groups[item.theme].appendChild(option);
    });
    const meaning = make("p", "cov-meaning");
    form.appendChild(label);
    form.appendChild(select);
    form.appendChild(meaning);
    const boxes = make("div", "cov-boxes");
    function box(text, checked, change) {
      const holder = make("label");
      const input = make("input");
      input.type = "checkbox";
      input.checked = checked;
      input.addEventListener("change", () => {
        change(input.checked);
      });
      holder.appendChild(input);
      holder.appendChild(make("span", "", text));
      boxes.appendChild(holder);
    }
    if (data.uncertain.some(Boolean))
      box("Hachurer l’incertain", true, (on) => {
        options.uncertain = on;
        zones.show(indicator, options);
        legend();
      });
    if (data.hot.some((kind) => kind === 1))
      box("Zones en tension", true, (on) => {
        options.tension = on;
        zones.show(indicator, options);
        legend();
      });
    else options.tension = false;
    if (data.supply.length) {
      const marks = L.layerGroup();
      data.supply.forEach((place) => {
        const holder = make("div");
        holder.innerHTML = place.svg;
        const words =
          place.name +
          (place.places === null
            ? ""
            : `, ${number(place.places, 0)} places${place.estimated ? " (estimé)" : ""}`);
        const made = L.marker([place.lat, place.lon], {
          icon: L.divIcon({ className: "rpe-mark small", html: holder.firstChild, iconSize: [16, 16] }),
          keyboard: true,
        });
        made.on("add", () => {
          made.getElement().setAttribute("aria-label", words);
        });
        made.bindTooltip(make("span", "", words), { className: "cov-tip", direction: "top", opacity: 1 });
        marks.addLayer(made);
      });
      box(`Lieux d’accueil (${data.supply.length})`, false, (on) => {
        if (on) marks.addTo(map);
        else marks.remove();
      });
    }
    if (data.areas.length) {
      const gatherings = L.layerGroup();
      data.areas.forEach((area) => {
        const words =
          area.requests +
          NBSP +
          "demandes sans solution, dans un rayon de " +
          number(area.radius, 0) +
          NBSP +
          "m environ";
        gatherings.addLayer(
          L.circle([area.lat, area.lon], {
            radius: area.radius,
            color: PRUNE,
            weight: 2.5,
            fillOpacity: 0.08,
            interactive: false,
          }),
        );
        const badge = make("span", "cov-badge", String(area.requests));
        const north = L.latLng(area.lat, area.lon)
          .toBounds(2 * area.radius)
          .getNorth();
        const made = L.marker([north, area.lon], {
          icon: L.divIcon({ className: "rpe-mark", html: badge, iconSize: [1, 1] }),
          keyboard: true,
        });
        made.on("add", () => {
          made.getElement().setAttribute("aria-label", words);
        });
        made.bindTooltip(make("span", "", words), {
          className: "cov-tip",
          direction: "top",
          opacity: 1,
          offset: [0, -12],
        });
        gatherings.addLayer(made);
      });
      gatherings.addTo(map);
      options.areas = true;
      box("Demandes sans solution", true, (on) => {
        options.areas = on;
        if (on) gatherings.addTo(map);
        else gatherings.remove();
        legend();
      });
    }
    form.appendChild(boxes);
    side.appendChild(form);

    const figures = make("dl", "cov-figures");
    side.appendChild(figures);
    data.figures.forEach((figure) => {
      const holder = make("div");
      holder.appendChild(make("dt", "", figure.title));
      const value = make("dd");
      value.appendChild(make("b", "", figure.value));
      value.appendChild(document.createTextNode(` ${figure.unit}`));
      holder.appendChild(value);
      holder.appendChild(make("dd", "cov-note", figure.note));
      figures.appendChild(holder);
    });

    const histogram = make("figure", "cov-panel cov-histogram");
    side.appendChild(histogram);

    // The same figures, in words.
    const panel = make("section", "cov-panel");
    const head = make("div", "cov-head");
    const title = make("h2", "", `Les mêmes chiffres, par ${data.word}`);
    head.appendChild(title);
    const save = make("button", "cov-link", "CSV");
    save.type = "button";
    save.setAttribute("aria-label", "Télécharger le tableau (CSV)");
    save.addEventListener("click", download);
    head.appendChild(save);
    panel.appendChild(head);
    const search = make("input", "cov-search");
    search.type = "search";
    search.placeholder = `Chercher une ${data.word}`;
    search.setAttribute("aria-label", `Chercher une ${data.word}`);
    search.addEventListener("input", () => {
      sought = plain(search.value);
      shown = 150;
      table();
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        const first = rows()[0];
        if (first !== undefined) choose(first, true);
      }
    });
    panel.appendChild(search);
    const scroll = make("div", "cov-scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "Tableau des chiffres");
    panel.appendChild(scroll);
    const more = make("button", "cov-more");
    more.type = "button";
    more.addEventListener("click", () => {
      shown += 300;
      table();
    });
    panel.appendChild(more);
    side.appendChild(panel);
    const live = make("p", "sr");
    live.setAttribute("role", "status");
    side.appendChild(live);

    function figureOf(index, column) {
      if (column === "name") return searchable[index];
      if (column === "children") return data.children[index];
      if (column === "places") return data.places[index];
      return indicator.values[index];
    }
    function rows() {
      const kept = [];
      for (let index = 0; index < data.name.length; index += 1) {
        if (
          !sought ||
          searchable[index].indexOf(sought) >= 0 ||
          data.id[index].toLowerCase().indexOf(sought.replace(/ /g, "")) === 0
        )
          kept.push(index);
      }
      return kept.sort((a, b) => {
        const x = figureOf(a, sortBy);
        const y = figureOf(b, sortBy);
        if (sought) {
          const first = searchable[a].indexOf(sought) === 0 ? 0 : 1;
          const second = searchable[b].indexOf(sought) === 0 ? 0 : 1;
          if (first !== second) return first - second;
        }
        if (x === null && y === null) return a - b;
        if (x === null) return 1;
        if (y === null) return -1;
        return (x < y ? -1 : x > y ? 1 : a - b) * (ascending ? 1 : -1);
      });
    }
    function table() {
      const all = rows();
      const made = make("table", "cov-table");
      const caption = make("caption", "sr", `${indicator.label}, ${indicator.unit}, par ${data.word}`);
      made.appendChild(caption);
      const header = make("tr");
      const top = make("thead");
      [
        ["name", data.word.charAt(0).toUpperCase() + data.word.slice(1)],
        ["value", indicator.column],
        ["bar", ""],
        ["children", "Enfants"],
        ["places", "Places"],
      ].forEach((column) => {
        const cell = make("th");
        cell.scope = "col";
        if (column[0] === "bar") {
          cell.className = "cov-bar";
          cell.appendChild(make("span", "sr", "Proportion"));
        } else {
          if (column[0] !== "name") cell.className = "num";
          const button = make("button", "", column[1]);
          button.type = "button";
          const on = sortBy === column[0];
          if (on) cell.setAttribute("aria-sort", ascending ? "ascending" : "descending");
          button.appendChild(make("span", "cov-arrow", on ? (ascending ? " ▲" : " ▼") : ""));
          button.addEventListener("click", () => {
            if (sortBy === column[0]) ascending = !ascending;
            else {
              sortBy = column[0];
              ascending = true;
            }
            table();
          });
          cell.appendChild(button);
        }
        header.appendChild(cell);
      });
      top.appendChild(header);
      made.appendChild(top);
      const body = make("tbody");
      const most = indicator.most || 1;
      all.slice(0, shown).forEach((index) => {
        const row = make("tr");
        const name = make("th");
        const at = classOf(indicator, indicator.values[index]);
        name.scope = "row";
        row.dataset.zone = index;
        const dot = svg("svg", {
          class: "cov-dot",
          viewBox: "0 0 14 14",
          "aria-hidden": "true",
          focusable: "false",
        });
        dot.appendChild(
          svg("rect", {
            x: 0.5,
            y: 0.5,
            width: 13,
            height: 13,
            rx: 3.5,
            fill: at < 0 ? PAPER : indicator.colors[at],
            stroke: LINE,
          }),
        );
        name.appendChild(dot);
        const button = make("button", "", data.name[index]);
        button.type = "button";
        button.addEventListener("click", () => {
          choose(index, true);
        });
        name.appendChild(button);
        if (data.uncertain[index] && at >= 0) {
          const tag = make("span", "tag warn", "incertain");
          tag.title = data.why[index];
          name.appendChild(tag);
        }
        row.appendChild(name);
        row.appendChild(make("td", "num strong", number(indicator.values[index], indicator.decimals)));
        const bar = make("td", "cov-bar");
        const drawing = svg("svg", {
          viewBox: "0 0 100 10",
          preserveAspectRatio: "none",
          "aria-hidden": "true",
          focusable: "false",
        });
        drawing.appendChild(svg("rect", { width: 100, height: 10, fill: BRUME }));
        if (at >= 0)
          drawing.appendChild(
            svg("rect", {
              width: Math.max(0, Math.min(100, (100 * indicator.values[index]) / most)),
              height: 10,
              fill: PRUNE,
            }),
          );
        bar.appendChild(drawing);
        row.appendChild(bar);
        row.appendChild(make("td", "num", number(data.children[index], 0)));
        row.appendChild(make("td", "num", number(data.places[index], 0)));
        body.appendChild(row);
      });
      made.appendChild(body);
      scroll.textContent = "";
      scroll.appendChild(made);
      if (!all.length)
        scroll.appendChild(
          make("p", "cov-empty", `Aucune ${data.word} ne porte ce nom ici. Essayez sans accent ni article.`),
        );
      more.hidden = all.length <= shown;
      more.textContent = `Montrer la suite (${number(all.length - Math.min(all.length, shown), 0)} ${data.word}s)`;
      mark(false);
    }
    function mark(scrolls) {
      scroll.querySelectorAll("tr.is-on").forEach((row) => {
        row.classList.remove("is-on");
      });
      const row = scroll.querySelector(`tr[data-zone="${chosen}"]`);
      if (row) {
        row.classList.add("is-on");
        if (scrolls) scroll.scrollTop = row.offsetTop - scroll.clientHeight / 2;
      }
    }

    function legend() {
      const holder = document.getElementById("cov-legend");
      holder.textContent = "";
      holder.appendChild(
        make(
          "p",
          "legend-title",
          `${indicator.label} (${indicator.unit})${data.year ? `, ${data.year}` : ""}`,
        ),
      );
      const list = make("ul", "legend");
      list.setAttribute("aria-label", "Légende");
      const later = data.frames.length ? " (en agrandissant)" : "";
      function item(sign, text) {
        const entry = make("li");
        entry.appendChild(sign);
        entry.appendChild(make("span", "", text));
        list.appendChild(entry);
      }
      indicator.colors.forEach((color, index) => {
        item(swatch(color), indicator.labels[index]);
      });
      if (options.uncertain && data.uncertain.some(Boolean))
        item(
          swatch(SECOND_CLASS, (sign) => {
            sign.appendChild(
              svg("path", { d: "M2 16 16 2M8 18 24 2M17 18 26 9", stroke: INK, "stroke-width": 1.2 }),
            );
          }),
          `Incertain${later}`,
        );
      if (options.tension)
        item(
          swatch(PAPER, (sign) => {
            sign.firstChild.setAttribute("stroke", INK);
            sign.firstChild.setAttribute("stroke-width", 2);
            sign.firstChild.setAttribute("stroke-dasharray", "4 3");
          }),
          `Zone en tension${later}`,
        );
      if (options.areas) {
        const ring = swatch("none");
        ring.replaceChildren(
          svg("circle", {
            cx: 14,
            cy: 10,
            r: 8.5,
            fill: PRUNE,
            "fill-opacity": 0.12,
            stroke: PRUNE,
            "stroke-width": 2,
          }),
        );
        item(ring, "Demandes sans solution");
      }
      if (indicator.values.some((value) => value === null))
        item(
          swatch(PAPER, (sign) => {
            const dash = svg("text", {
              x: 14,
              y: 14,
              fill: INK_2,
              "font-size": 12,
              "text-anchor": "middle",
            });
            dash.textContent = "–";
            sign.appendChild(dash);
          }),
          "Non publié ou sans enfant",
        );
      holder.appendChild(list);
    }

    function bars() {
      const counts = indicator.colors.map(() => 0);
      indicator.values.forEach((value, index) => {
        const at = classOf(indicator, value);
        if (at >= 0) counts[at] += data.children[index] || 0;
      });
      histogram.textContent = "";
      const caption = make("figcaption", "", "Répartition des enfants");
      const most = Math.max.apply(null, counts) || 1;
      histogram.appendChild(caption);
      const words = indicator.labels
        .map((text, index) => `${text} : ${number(counts[index], 0)} enfants`)
        .join(" ; ");
      const drawing = svg("svg", { viewBox: "0 0 420 150", role: "img", "aria-label": words });
      counts.forEach((count, index) => {
        const wide = 420 / counts.length;
        const tall = (96 * count) / most;
        const x = index * wide + 4;
        drawing.appendChild(
          svg("rect", {
            x,
            y: 118 - tall,
            width: wide - 8,
            height: Math.max(tall, 0.5),
            rx: 2,
            fill: indicator.colors[index],
            stroke: LINE,
            "stroke-width": 0.7,
          }),
        );
        const top = svg("text", {
          x: x + wide / 2 - 4,
          y: 112 - tall,
          "text-anchor": "middle",
          "font-size": 12,
          "font-weight": 600,
          fill: INK,
        });
        top.textContent = number(count, 0);
        drawing.appendChild(top);
        const under = svg("text", {
          x: x + wide / 2 - 4,
          y: 136,
          "text-anchor": "middle",
          "font-size": 11.5,
          fill: INK_2,
        });
        under.textContent = indicator.labels[index];
        drawing.appendChild(under);
      });
      histogram.appendChild(drawing);
    }

    function download() {
      const lines = [`code;nom;${indicator.name} (${indicator.unit});enfants;places;incertain`];
      rows().forEach((index) => {
        function cell(value) {
          return value === null ? "" : PLAIN.format(value);
        }
        lines.push(
          [
            data.id[index],
            `"${data.name[index].replace(/"/g, '""')}"`,
            cell(indicator.values[index]),
            cell(data.children[index]),
            cell(data.places[index]),
            data.uncertain[index] ? "oui" : "non",
          ].join(";"),
        );
      });
      const link = make("a");
      link.href = URL.createObjectURL(
        new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" }),
      );
      link.download = `${indicator.name}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
    }

    function show(index) {
      indicator = data.indicators[index];
      ascending = indicator.scale !== "reversed";
      sortBy = "value";
      meaning.textContent = indicator.meaning;
      zones.show(indicator, options);
      legend();
      bars();
      table();
      live.textContent = `Carte : ${indicator.label}`;
    }
    select.value = data.first;
    select.addEventListener("change", () => {
      show(Number(select.value));
    });
    show(data.first);
    map.rpe.choose = choose;
    return map;
  }

  root.rpeMap.coverage = coverage;
})(window);
