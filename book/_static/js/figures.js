// Brings an interactive figure to life when it comes near the screen, or when the address is about it.
(() => {
  for (const { dataset: { figure, script } } of document.querySelectorAll("link[data-figure]")) {
    let loaded;
    const load = () => { loaded ??= book.loadScript(script); };
    const ifAddressed = () => { if (location.hash.startsWith(`#${figure}=`)) load(); };
    addEventListener("hashchange", ifAddressed);
    ifAddressed();
    book.whenNear(document.querySelector(`.${figure}`), load);
  }
})();
