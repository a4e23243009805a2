/* The clock of a session: warns two minutes before its end, and lets one stay. Without this file nothing breaks:
   a form that comes too late is kept by the server until its sender has signed in again. */
(() => {
  const box = document.querySelector("#session-fin");
  if (!box || !box.showModal) return;
  const WARN = 120;
  const EVERY = 5000;
  const stay = box.querySelector("[data-rester]");
  const count = box.querySelector("[data-compte]");
  const over = box.querySelector("[data-terminee]");
  const longest = box.querySelector("[data-derniere]");
  const title = box.querySelector("h2");
  const said = box.querySelector("#session-fin-dit");
  const live = document.querySelector("#live");
  let end = Date.now() + 1000 * box.dataset.reste;
  let warned = false;
  let ended = false;
  let closed = false;
  let last = false;
  let told = -1;

  const left = () => Math.round((end - Date.now()) / 1000);
  const words = (s) =>
    s > 90 ? "2 minutes" : s > 45 ? "1 minute" : `${Math.max(1, s)} seconde${s > 1 ? "s" : ""}`;

  // another tab may have prolonged the session, or opened a new one: the page then carries its secret
  const ask = async () => {
    try {
      const answer = await fetch("/pro/session", { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const state = await answer.json();
      end = Date.now() + 1000 * state.reste;
      if (state.csrf && state.csrf !== stay.dataset.csrf) {
        document.querySelectorAll("input[name=csrf]").forEach((field) => {
          field.value = state.csrf;
        });
        stay.dataset.csrf = state.csrf;
      }
    } catch {
      /* no network: the clock goes on as it was */
    }
  };

  const show = () => {
    over.hidden = !ended;
    said.hidden = ended || last;
    longest.hidden = ended || !last;
    stay.hidden = ended || last;
    title.textContent = ended ? "Votre session est terminée" : "Votre session se termine bientôt";
    if (!box.open) {
      box.showModal();
      (ended ? title : stay).focus();
    }
  };

  const rest = () => {
    warned = ended = closed = last = false;
    told = -1;
    if (box.open) box.close();
  };

  const tick = async () => {
    if (left() <= WARN && (!warned || left() <= 0) && !ended) await ask();
    const s = left();
    if (s > WARN) {
      if (warned || ended) rest();
      return;
    }
    if (s <= 0) {
      if (!ended) {
        ended = true;
        closed = false;
        show();
      }
      return;
    }
    warned = true;
    if (!closed) show();
    count.textContent = words(s);
    const step = s > 90 ? 2 : s > 45 ? 1 : 0;
    if (live && step !== told && told >= 0) live.textContent = `Votre session se termine dans ${words(s)}.`;
    told = step;
  };

  stay.addEventListener("click", async () => {
    stay.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch("/pro/rester", {
        method: "POST",
        body: new URLSearchParams({ csrf: stay.dataset.csrf }),
        headers: { accept: "application/json" },
        redirect: "error",
      });
      const state = answer.ok ? await answer.json() : { reste: 0 };
      end = Date.now() + 1000 * state.reste;
      if (state.reste > WARN && live) live.textContent = "Votre session continue.";
    } catch {
      await ask();
    }
    stay.removeAttribute("aria-busy");
    if (left() > WARN) {
      rest();
      return;
    }
    // twelve hours have passed: it goes no further
    last = left() > 0;
    await tick();
    title.focus();
  });
  box.addEventListener("close", () => {
    closed = true;
  });
  setInterval(tick, EVERY);
  // a machine that slept, or a page that comes back from history, looks at once
  addEventListener("pageshow", (e) => {
    if (e.persisted) ask().then(tick);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && (ended || left() <= WARN)) ask().then(tick);
  });
  tick();
})();
