// Theme: system, light or dark; kept for the next visit.
(() => {
  const { root } = book;
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const themeSwitch = document.querySelector(".theme-switch");
  const modes = { auto: "system", light: "light", dark: "dark" };
  function setMode(mode) {
    root.dataset.mode = mode;
    root.dataset.theme = mode === "dark" || (mode === "auto" && systemDark.matches) ? "dark" : "light";
    themeSwitch.setAttribute("aria-label", `Color theme: ${modes[mode]}`);
    themeSwitch.title = `Color theme: ${modes[mode]}`;
  }
  themeSwitch.addEventListener("click", () => {
    const order = Object.keys(modes);
    const mode = order[(order.indexOf(root.dataset.mode) + 1) % order.length];
    setMode(mode);
    try { localStorage.setItem("mode", mode); } catch { /* storage is off: the choice holds for this page */ }
  });
  systemDark.addEventListener("change", () => setMode(root.dataset.mode));
  setMode(modes[root.dataset.mode] ? root.dataset.mode : "auto");
})();
