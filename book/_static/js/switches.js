// What a reader may turn on and off: numbers, the comparison with the source, all folds. Kept for the next visit, but for the folds.
(() => {
  const { root } = book;
  const article = document.querySelector(".article");
  const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* storage is off: it holds for this page */ } };
  const has = selector => article?.querySelector(selector);

  function addSwitch(bar, text, pressed, change) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "switch";
    button.textContent = text;
    button.setAttribute("aria-pressed", String(pressed));
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      change(on);
    });
    bar.append(button);
    return button;
  }
  const folds = [...document.querySelectorAll(".article details.fold")];
  const bar = document.createElement("div");
  bar.className = "switches";
  if (has(".pair-numbers")) addSwitch(bar, "Numbers", root.dataset.numbers !== "off", on => {
    root.dataset.numbers = on ? "on" : "off";
    keep("numbers", root.dataset.numbers);
  });
  if (has(".src")) addSwitch(bar, "Compare with the source", root.dataset.source === "on", on => {
    root.dataset.source = on ? "on" : "off";
    keep("source", root.dataset.source);
  });
  if (folds.length) {
    const all = addSwitch(bar, "Open all folds", false, on => { for (const fold of folds) fold.open = on; });
    // It tells how the folds are, also when the reader opens and closes them one by one.
    for (const fold of folds) fold.addEventListener("toggle", () => all.setAttribute("aria-pressed", String(folds.every(one => one.open))));
  }
  if (bar.childElementCount) {
    const head = has(".head-strip");
    if (head) head.append(bar);
    else has("h1")?.after(bar);
  }

  // A fold opens when a link points into it, and in print.
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    let fold = target?.closest("details");
    if (!fold) return;
    for (; fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", openTarget);
  openTarget();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = folds.filter(fold => !fold.open);
    for (const fold of closed) fold.open = true;
  });
  addEventListener("afterprint", () => { for (const fold of closed) fold.open = false; });
})();
