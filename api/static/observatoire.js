// The observatory: choices apply at once, the map answers the pointer and can be brought nearer. Everything works without.
(() => {
  const $ = (s, r = document) => r.querySelector(s);
  const $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const PAGE = "/pro/observatoire";
  let asked = 0;

  // ---- another view of the same page, without leaving it
  const show = async (url, { push = true, focus = null } = {}) => {
    const mine = ++asked;
    const main = $("main");
    const target = new URL(url, location.href);
    main.setAttribute("aria-busy", "true");
    let text;
    try {
      const answer = await fetch(target.pathname + target.search, { headers: { accept: "text/html" } });
      if (!answer.ok || answer.redirected) {
        location.assign(url);
        return;
      }
      text = await answer.text();
    } catch {
      location.assign(url);
      return;
    }
    if (mine !== asked) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = $("main", page);
    if (!fresh) {
      location.assign(url);
      return;
    }
    const at = $(".tall-table")?.scrollTop;
    main.replaceWith(document.adoptNode(fresh));
    document.title = page.title;
    if (push) history.pushState(null, "", target);
    start();
    const back = focus && document.getElementById(focus);
    const aim = target.hash && document.getElementById(target.hash.slice(1));
    if (back) back.focus({ preventScroll: true });
    else if (aim) {
      aim.scrollIntoView({ block: "nearest" });
      ($("h3[tabindex], h2[tabindex]", aim) || aim).focus?.({ preventScroll: true });
    } else {
      scrollTo(0, 0);
      $("#t-carte")?.focus({ preventScroll: true });
    }
    if (back && at) $(".tall-table").scrollTop = at;
    const live = $("#live");
    if (live) live.textContent = `${$("#t-carte").textContent}, ${$("#t-carte + .small")?.textContent ?? ""}`;
  };
  const addressOf = (form) => {
    const said = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) said.append(name, value);
    const query = said.toString();
    return PAGE + (query ? `?${query}` : "");
  };

  document.addEventListener("click", (e) => {
    const link = e.target.closest?.("a[data-vue], .choro a");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault();
    if (moved) {
      moved = false;
      return;
    }
    show(link.href.baseVal ?? link.href);
  });
  document.addEventListener("change", (e) => {
    const form = e.target.closest("#filtres");
    if (!form) return;
    const id = e.target.id || null;
    show(addressOf(form), { focus: id });
    if (!id) e.target.dataset.last = "1";
  });
  addEventListener(
    "submit",
    (e) => {
      if (!e.target.matches("#filtres, .chercher")) return;
      e.preventDefault();
      e.stopImmediatePropagation();
      show(addressOf(e.target), { focus: e.target.matches(".chercher") ? "q" : null });
    },
    true,
  );
  addEventListener("popstate", () => show(location.href, { push: false }));

  // ---- the map
  let moved = false;
  const map = (box) => {
    const svg = $("svg.choro", box);
    const whole = svg.viewBox.baseVal;
    const home = [whole.x, whole.y, whole.width, whole.height];
    let view = home.slice();
    const draw = () => {
      const near = view[2] < home[2] - 0.5;
      box.classList.toggle("zoomed", near);
      svg.setAttribute("viewBox", view.map((n) => n.toFixed(1)).join(" "));
    };
    const zoom = (by, x = view[0] + view[2] / 2, y = view[1] + view[3] / 2) => {
      const wide = Math.min(home[2], Math.max(home[2] / 24, view[2] / by));
      const scale = wide / view[2];
      view = [x - (x - view[0]) * scale, y - (y - view[1]) * scale, wide, view[3] * scale];
      keep();
    };
    const keep = () => {
      for (const i of [0, 1])
        view[i] = Math.min(home[i] + home[i + 2] - view[i + 2], Math.max(home[i], view[i]));
      draw();
    };
    const at = (e) => {
      const r = svg.getBoundingClientRect();
      return [
        view[0] + ((e.clientX - r.left) / r.width) * view[2],
        view[1] + ((e.clientY - r.top) / r.height) * view[3],
      ];
    };
    const tools = document.createElement("div");
    tools.className = "choro-tools";
    [
      ["Agrandir", "+", () => zoom(1.6)],
      ["Réduire", "−", () => zoom(1 / 1.6)],
      [
        "Tout voir",
        "⤢",
        () => {
          view = home.slice();
          draw();
        },
      ],
    ].forEach(([name, sign, act]) => {
      const b = document.createElement("button");
      b.type = "button";
      b.textContent = sign;
      b.setAttribute("aria-label", `${name} la carte`);
      b.addEventListener("click", act);
      tools.append(b);
    });
    tools.lastChild.setAttribute("aria-label", "Voir toute la carte");
    box.prepend(tools);
    svg.addEventListener(
      "wheel",
      (e) => {
        if (!e.ctrlKey) return;
        e.preventDefault();
        zoom(e.deltaY < 0 ? 1.3 : 1 / 1.3, ...at(e));
      },
      { passive: false },
    );
    let held = null;
    svg.addEventListener("pointerdown", (e) => {
      moved = false;
      if (view[2] < home[2] - 0.5 && e.button === 0) held = [e.clientX, e.clientY, ...view];
    });
    svg.addEventListener("dragstart", (e) => e.preventDefault());
    addEventListener("pointermove", (e) => {
      if (!held) return;
      const r = svg.getBoundingClientRect();
      const dx = e.clientX - held[0];
      const dy = e.clientY - held[1];
      if (Math.abs(dx) + Math.abs(dy) > 5) moved = true;
      view = [held[2] - (dx / r.width) * held[4], held[3] - (dy / r.height) * held[5], held[4], held[5]];
      keep();
    });
    addEventListener("pointerup", () => {
      held = null;
    });

    // the words of a zone: its own title, shown at once
    const tip = document.createElement("div");
    tip.className = "choro-tip";
    tip.hidden = true;
    box.append(tip);
    $$("title", svg).forEach((t) => {
      t.parentNode.dataset.words = t.textContent;
      t.remove();
    });
    $$("a", svg).forEach((a) =>
      a.setAttribute("aria-label", $("[data-words]", a).dataset.words.replaceAll("\n", ", ")),
    );
    const tell = (shape, x, y) => {
      const words = shape?.dataset.words?.split("\n");
      tip.hidden = !words;
      if (!words) return;
      tip.replaceChildren(
        ...words.map((line, i) => {
          const el = document.createElement(i === 0 ? "b" : i === 1 ? "strong" : "span");
          el.textContent = line;
          return el;
        }),
      );
      const r = box.getBoundingClientRect();
      const w = tip.offsetWidth;
      const h = tip.offsetHeight;
      tip.style.left = `${Math.max(4, Math.min(r.width - w - 4, x - r.left - w / 2))}px`;
      tip.style.top = `${y - r.top - h - 14 > 0 ? y - r.top - h - 14 : y - r.top + 18}px`;
    };
    svg.addEventListener("pointermove", (e) => tell(e.target.closest("[data-words]"), e.clientX, e.clientY));
    svg.addEventListener("pointerleave", () => tell(null));
    svg.addEventListener("focusin", (e) => {
      const shape = $("[data-words]", e.target);
      const r = shape?.getBoundingClientRect();
      if (r) tell(shape, r.left + r.width / 2, r.top + r.height / 2);
    });
    svg.addEventListener("focusout", () => tell(null));
    svg.addEventListener("keydown", (e) => {
      if (e.key === "Escape") tell(null);
    });
  };

  const start = () => $$("[data-carte]").forEach(map);
  start();
})();
