/* Progressive enhancement only: every page reads and submits without this file. */
(() => {
  const $ = (q, r = document) => r.querySelector(q);
  const $$ = (q, r = document) => [...r.querySelectorAll(q)];
  document.documentElement.classList.add("js");
  const live = $("#live");
  const say = (t) => {
    if (live) {
      live.textContent = "";
      setTimeout(() => {
        live.textContent = t;
      }, 60);
    }
  };

  // disclosure buttons: data-toggle="selector" switches .open on the target
  $$("[data-toggle]").forEach((b) =>
    b.addEventListener("click", () => {
      const t = $(b.dataset.toggle);
      const open = t.classList.toggle("open");
      b.setAttribute("aria-expanded", open);
      if (open && b.dataset.focus) $(b.dataset.focus)?.focus();
    }),
  );

  // where one arrives: the heading of the results, or the first field to correct
  ($("[aria-invalid=true]") || $("[data-arrivee]"))?.focus();

  // the count of places chosen
  const counted = $("[data-count-of]");
  if (counted) {
    const boxes = $$(`input[name=${counted.dataset.countOf}]`);
    const words = counted.textContent;
    const count = () => {
      const n = boxes.filter((b) => b.checked).length;
      counted.textContent = n
        ? `${n} lieu${n > 1 ? "x" : ""} choisi${n > 1 ? "s" : ""}. Le relais peut vous en proposer d’autres.`
        : words;
      return n;
    };
    boxes.forEach((b) => b.addEventListener("change", () => say(`${count()} choisis`)));
    count();
  }
  $$("[data-max]").forEach((g) =>
    g.addEventListener("change", (e) => {
      if (e.target.type === "checkbox" && $$("input[type=checkbox]:checked", g).length > +g.dataset.max) {
        e.target.checked = false;
        say(`Vous pouvez en choisir ${g.dataset.max} au plus.`);
      }
    }),
  );

  // busy buttons, one sending at a time
  $$("form").forEach((f) =>
    f.addEventListener("submit", (e) => {
      if (f.dataset.sent) {
        e.preventDefault();
        return;
      }
      f.dataset.sent = "1";
      const b = e.submitter;
      if (b) b.setAttribute("aria-busy", "true");
    }),
  );
  addEventListener("pageshow", () =>
    $$("form[data-sent]").forEach((f) => {
      delete f.dataset.sent;
      $$("[aria-busy]", f).forEach((b) => b.removeAttribute("aria-busy"));
    }),
  );

  // address combobox (ARIA 1.2, list autocomplete, manual selection)
  $$("[role=combobox]").forEach((inp) => {
    const box = $(`#${inp.getAttribute("aria-controls")}`);
    let timer = null;
    let asked = 0;
    const show = (v) => {
      box.hidden = !v;
      inp.setAttribute("aria-expanded", v);
      if (!v) inp.removeAttribute("aria-activedescendant");
    };
    const opts = () => $$("[role=option]", box);
    const at = () => opts().findIndex((o) => o.getAttribute("aria-selected") === "true");
    const go = (k) => {
      const o = opts();
      o.forEach((x, j) => x.setAttribute("aria-selected", j === k));
      inp.setAttribute("aria-activedescendant", o[k].id);
    };
    const take = (o) => {
      inp.value = o.dataset.value;
      show(false);
      say(`Adresse choisie : ${inp.value}`);
    };
    const fill = (found) => {
      box.textContent = "";
      found.forEach((place, k) => {
        const o = document.createElement("li");
        const label = document.createElement("span");
        const city = document.createElement("small");
        o.id = `${box.id}-${k}`;
        o.setAttribute("role", "option");
        o.setAttribute("aria-selected", "false");
        o.dataset.value = place.label;
        label.textContent = place.label;
        city.textContent = place.city;
        o.append(label, city);
        o.addEventListener("mousedown", (e) => {
          e.preventDefault();
          take(o);
        });
        box.append(o);
      });
      show(found.length > 0);
      say(
        found.length
          ? `${found.length} adresses proposées. Flèches pour choisir, Entrée pour valider.`
          : "Aucune adresse proposée.",
      );
    };
    inp.addEventListener("input", () => {
      clearTimeout(timer);
      $$(`[data-for=${inp.id}]`).forEach((h) => h.remove());
      const q = inp.value.trim();
      const mine = ++asked;
      if (q.length < 3) {
        show(false);
        return;
      }
      timer = setTimeout(
        () =>
          fetch("/adresses", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ q }),
          })
            .then((r) => (r.ok ? r.json() : []))
            .catch(() => [])
            .then((found) => {
              if (mine === asked && document.activeElement === inp) fill(found);
            }),
        150,
      );
    });
    inp.addEventListener("keydown", (e) => {
      const n = opts().length;
      if ((e.key === "ArrowDown" || e.key === "ArrowUp") && n) {
        e.preventDefault();
        show(true);
        const k = at();
        go(e.key === "ArrowDown" ? (k + 1) % n : k <= 0 ? n - 1 : k - 1);
      } else if (e.key === "Enter" && !box.hidden && at() >= 0) {
        e.preventDefault();
        take(opts()[at()]);
      } else if (e.key === "Escape") {
        if (box.hidden) inp.value = "";
        show(false);
      }
    });
    inp.addEventListener("blur", () => setTimeout(() => show(false), 120));
  });

  // week grid beside its text fields: both say the same; one tab stop; arrows, Shift extends, Space paints
  const DAYS = ["Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche"];
  const two = (n) => String(n).padStart(2, "0");
  const clock = (q) => `${two(Math.floor((q % 96) / 4))}:${two((q % 4) * 15)}`;
  const words = (q) => `${Math.floor(q / 4)} h${q % 4 ? ` ${two((q % 4) * 15)}` : ""}`;
  const readDay = (text) => {
    const spans = [];
    for (const part of text.split(/[,;]/)) {
      const m = part.trim().match(/^(\d{1,2})[:hH ]?\s?(\d{0,2})\s*[-–à]\s*(\d{1,2})[:hH ]?\s?(\d{0,2})$/);
      if (!m) continue;
      const a = +m[1] * 4 + Math.round(+(m[2] || 0) / 15);
      const b = +m[3] * 4 + Math.round(+(m[4] || 0) / 15);
      spans.push([a, b <= a ? b + 96 : b]);
    }
    return spans;
  };
  $$(".wg[data-fields]").forEach((g) => {
    const fields = DAYS.map((_, d) => $(`#${g.dataset.fields}-${d}`));
    const on = new Set();
    const key = (d, q) => d * 96 + q;
    const load = () => {
      on.clear();
      fields.forEach((f, d) =>
        readDay(f.value).forEach(([a, b]) => {
          for (let q = a; q < b; q++) on.add((d * 96 + q) % 672);
        }),
      );
    };
    const store = () =>
      fields.forEach((f, d) => {
        const spans = [];
        for (let q = 0; q < 96; q++) {
          if (
            !on.has(key(d, q)) ||
            (q === 0 && on.has((key(d, 0) + 671) % 672) && d + q >= 0 && on.size < 672)
          )
            continue;
          if (q > 0 && on.has(key(d, q - 1))) continue;
          let e = q;
          while (e < q + 192 && on.has((d * 96 + e) % 672)) e++;
          spans.push(`${clock(q)}-${e === 96 ? "24:00" : clock(e)}`);
        }
        f.value = spans.join(", ");
      });
    const build = () => {
      g.textContent = "";
      const head = document.createElement("div");
      head.setAttribute("role", "row");
      const cell = (role, name, text, label) => {
        const c = document.createElement("span");
        c.setAttribute("role", role);
        c.className = name;
        c.textContent = text;
        if (label) c.setAttribute("aria-label", label);
        return c;
      };
      head.append(
        cell("columnheader", "th", "", "Heure"),
        ...DAYS.map((d) => cell("columnheader", "dh", `${d.slice(0, 3)}.`, d)),
      );
      g.append(head);
      const night = g.classList.contains("all");
      const from = night ? 0 : 24;
      const to = night ? 96 : 84;
      for (let q = from; q < to; q++) {
        const row = document.createElement("div");
        row.setAttribute("role", "row");
        row.append(cell("rowheader", "th", q % 8 ? "" : words(q), words(q)));
        for (let d = 0; d < 7; d++) {
          const c = cell(
            "gridcell",
            `c${q % 4 ? "" : " h"}${d > 4 ? " wk" : ""}`,
            "",
            `${DAYS[d]} ${words(q)}`,
          );
          c.dataset.k = key(d, q);
          c.tabIndex = d === 0 && q === 32 ? 0 : -1;
          c.setAttribute("aria-selected", on.has(key(d, q)));
          row.append(c);
        }
        g.append(row);
      }
    };
    const show = () => $$(".c", g).forEach((c) => c.setAttribute("aria-selected", on.has(+c.dataset.k)));
    const set = (c, v) => {
      const k = +c.dataset.k;
      if (v) on.add(k);
      else on.delete(k);
      c.setAttribute("aria-selected", v);
    };
    const total = () => say(`${(on.size / 4).toLocaleString("fr-FR")} heures par semaine.`);
    const tell = $(`[data-total="${g.dataset.fields}"]`);
    const sum = () => {
      if (tell)
        tell.textContent = `${Math.floor(on.size / 4)} h${on.size % 4 ? ` ${two((on.size % 4) * 15)}` : ""}`;
    };
    let paint = null;
    let last = null;
    const at = (e) => document.elementFromPoint(e.clientX, e.clientY)?.closest?.(".c");
    g.addEventListener("pointerdown", (e) => {
      const c = e.target.closest(".c");
      if (!c) return;
      g.setPointerCapture(e.pointerId);
      paint = c.getAttribute("aria-selected") !== "true";
      set(c, paint);
      last = +c.dataset.k;
      c.focus({ preventScroll: true });
    });
    g.addEventListener("pointermove", (e) => {
      if (paint === null) return;
      const c = at(e);
      if (!c || !g.contains(c)) return;
      // A quick hand jumps over cells: those between, on the same day, are painted too.
      const k = +c.dataset.k;
      const same = Math.floor(k / 96) === Math.floor(last / 96);
      for (let q = same ? Math.min(k, last) : k; q <= (same ? Math.max(k, last) : k); q++) {
        const n = $(`[data-k="${q}"]`, g);
        if (n) set(n, paint);
      }
      last = k;
    });
    const done = () => {
      if (paint === null) return;
      paint = null;
      store();
      sum();
      total();
    };
    g.addEventListener("pointerup", done);
    g.addEventListener("pointercancel", done);
    g.addEventListener("keydown", (e) => {
      const c = e.target.closest(".c");
      if (!c) return;
      if (e.key === " " || e.key === "Enter") {
        e.preventDefault();
        set(c, c.getAttribute("aria-selected") !== "true");
        store();
        sum();
        say(
          `${c.getAttribute("aria-label")} : ${c.getAttribute("aria-selected") === "true" ? "besoin" : "libre"}.`,
        );
        return;
      }
      const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -96, ArrowRight: 96, PageUp: -4, PageDown: 4 }[
        e.key
      ];
      if (!step) return;
      e.preventDefault();
      const n = $(`[data-k="${+c.dataset.k + step}"]`, g);
      if (!n) return;
      if (e.shiftKey) {
        set(n, c.getAttribute("aria-selected") === "true");
        store();
        sum();
        say(`Jusqu’à ${words((+n.dataset.k % 96) + 1)}.`);
      }
      c.tabIndex = -1;
      n.tabIndex = 0;
      n.focus();
    });
    fields.forEach((f) =>
      f.addEventListener("change", () => {
        load();
        show();
        sum();
        total();
      }),
    );
    $$(`[data-preset-for="${g.dataset.fields}"]`).forEach((b) =>
      b.addEventListener("click", () => {
        const value = b.dataset.preset;
        fields.forEach((f, d) => {
          if (value === "lundi") {
            if (d > 0 && d < 5) f.value = fields[0].value;
          } else f.value = d < 5 ? value : "";
        });
        load();
        show();
        sum();
        total();
      }),
    );
    $(`[data-night-for="${g.dataset.fields}"]`)?.addEventListener("click", (e) => {
      const all = g.classList.toggle("all");
      e.currentTarget.setAttribute("aria-pressed", all);
      build();
    });
    load();
    build();
    sum();
  });
  $$("[data-print]").forEach((b) => b.addEventListener("click", () => print()));
})();
