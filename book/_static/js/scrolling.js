// What scrolls sideways can be reached and scrolled by keyboard.
(() => {
  const names = { "equation-scroll": "Equation", "pst-scrollable-table-container": "Table", "text_html": "Table" };
  function nameOf(box) {
    const name = Object.entries(names).find(([kind]) => box.classList.contains(kind))?.[1] ?? "Code";
    return `${name} ${box.parentElement.querySelector(".eqno")?.textContent ?? ""}`.trim();
  }
  const sizes = new ResizeObserver(entries => {
    // First read, then write: a write between two reads would lay the page out again.
    const found = entries.map(({ target: box }) => [box, box.scrollWidth > box.clientWidth + 1]);
    for (const [box, scrolls] of found) {
      if (scrolls === box.hasAttribute("tabindex")) continue;
      if (scrolls) {
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", `${nameOf(box)}, scrolls sideways`);
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    }
  });
  book.watchScrolling = box => sizes.observe(box);
  for (const box of document.querySelectorAll(".equation-scroll, .pst-scrollable-table-container, .output.text_html, .article pre")) book.watchScrolling(box);
})();
