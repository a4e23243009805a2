/* Draws the map of a page: its places stand in the page, its ground is asked for apart. */
(() => {
  const holder = document.getElementById("carte");
  const data = document.getElementById("carte-donnees");
  if (!holder || !data || !window.rpeMap) return;
  const options = JSON.parse(data.textContent);
  const [[south, west], [north, east]] = options.bounds;
  let hidden = [];
  let drawn = null;
  document.addEventListener("rpe:hide", (event) => {
    hidden = event.detail;
    drawn?.rpe.hide(hidden);
  });
  const draw = (ground) => {
    holder.textContent = "";
    const map = rpeMap.create(holder, { ...options, ground });
    rpeMap.places(map, options.places);
    map.rpe.hide(hidden);
    drawn = map;
  };
  const ask = () =>
    fetch("/carte/fond", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ bounds: [west, south, east, north] }),
    })
      .then((answer) => (answer.ok ? answer.json() : {}))
      .catch(() => ({}))
      .then(draw);
  // Only when it is near the screen: the list comes first.
  new IntersectionObserver(
    (entries, watcher) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      ask();
    },
    { rootMargin: "300px" },
  ).observe(holder);
})();
