/* A family is dragged onto a place: the page of its consequences opens. Without this, the links do the same. */

(() => {
  const families = document.querySelectorAll("[data-famille]");
  const places = document.querySelectorAll("[data-lieu]");
  const policy = new URLSearchParams(location.search).get("facon") || "";
  const live = document.getElementById("live");
  let moved = null;
  for (const family of families) {
    family.draggable = true;
    family.addEventListener("dragstart", (event) => {
      moved = family.dataset.famille;
      event.dataTransfer.setData("text/plain", moved);
      event.dataTransfer.effectAllowed = "move";
      if (live) live.textContent = "Déposez la famille sur la place d’une autre.";
    });
    family.addEventListener("dragend", () => {
      for (const place of places) place.classList.remove("is-over");
    });
  }
  for (const place of places) {
    place.addEventListener("dragover", (event) => {
      if (moved && place.dataset.famille !== moved) {
        event.preventDefault();
        place.classList.add("is-over");
      }
    });
    place.addEventListener("dragleave", () => place.classList.remove("is-over"));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      const asked = new URLSearchParams({ demande: moved, accueil: place.dataset.lieu, facon: policy });
      location.assign(`/pro/commission/deplacer?${asked}`);
    });
  }
})();
