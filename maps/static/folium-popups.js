/*
 * What folium's pop-ups ask of jQuery, and no more: an element from its HTML, and a function run once the page is there.
 * jQuery itself would be 87 kB in every map file, for these two calls.
 */
((root) => {
  if (root.$) return;
  root.$ = (what) => {
    if (typeof what === "string") {
      const holder = document.createElement("template");
      holder.innerHTML = what.trim();
      return [holder.content.firstElementChild];
    }
    return {
      ready: (run) => {
        run();
      },
    };
  };
})(window);
