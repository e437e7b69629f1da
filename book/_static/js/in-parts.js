// A phone lays a page out part by part, as its reader comes near (the page's head begins it): a page of
// many formulas would else stand still for a second. A jump ends it.
(() => {
  const { root } = book;
  // In a page that is laid out whole, a jump lands where it should.
  const layOutWhole = () => root.classList.remove("in-parts");
  document.addEventListener("click", event => { if (event.target.closest("a[href^='#']")) layOutWhole(); }, true);
  addEventListener("hashchange", () => {
    if (!root.classList.contains("in-parts")) return;
    layOutWhole();
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  });
})();
