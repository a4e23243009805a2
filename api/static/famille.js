/* What helps to read a long list: kinds shown or not, another order, what was chosen. The page reads and sends without it. */
(() => {
  const $ = (q, r = document) => r.querySelector(q);
  const $$ = (q, r = document) => [...r.querySelectorAll(q)];
  const live = $("#live");
  const say = (text) => {
    live.textContent = "";
    setTimeout(() => {
      live.textContent = text;
    }, 60);
  };
  const list = $(".plist");

  // kinds, in the list and on the map alike
  const kinds = $("[data-kinds]");
  if (kinds) {
    kinds.hidden = false;
    kinds.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-kind]");
      if (!chip) return;
      chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
      const left = $$("[aria-pressed=false]", kinds).map((one) => one.dataset.kind);
      $$("li[data-kind]").forEach((item) => {
        item.hidden = left.includes(item.dataset.kind);
      });
      document.dispatchEvent(new CustomEvent("rpe:hide", { detail: left }));
      const shown = $$("li[data-kind]").filter((item) => !item.hidden).length;
      say(
        shown ? `${shown} lieu${shown > 1 ? "x" : ""} affiché${shown > 1 ? "s" : ""}` : "Aucun lieu affiché",
      );
    });
  }

  // another order of the same list
  const order = $("[data-order]");
  const select = order && $("select", order);
  if (order && list) {
    order.hidden = false;
    select.addEventListener("change", () => {
      const by = (item) => +item.dataset[select.value];
      [...list.children]
        .sort((a, b) => by(a) - by(b) || a.dataset.rang - b.dataset.rang)
        .forEach((item) => list.append(item));
      say(`Classé par ${select.selectedOptions[0].textContent.toLowerCase()}`);
    });
    select.value = "rang";
  }

  // what was chosen stays in sight
  const basket = $("[data-basket]");
  const boxes = $$("input[name=choisi]");
  if (basket) {
    const words = $("[data-basket-count]", basket);
    const count = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      basket.hidden = !chosen;
      words.textContent = `${chosen} lieu${chosen > 1 ? "x" : ""} choisi${chosen > 1 ? "s" : ""}`;
    };
    boxes.forEach((box) => box.addEventListener("change", count));
    addEventListener("pageshow", count);
    count();
  }
})();
