// Copying code and TeX.
(() => {
  const { copyText, texOf } = book;

  function addCopyButton(box, label, name, text) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-button";
    button.textContent = label;
    button.setAttribute("aria-label", name);
    button.addEventListener("click", async () => {
      const copied = await copyText(text()).then(() => true, () => false); // a reader may refuse
      button.textContent = copied ? "Copied" : "Not copied";
      button.classList.add("done");
      setTimeout(() => { button.textContent = label; button.classList.remove("done"); }, 1500);
    });
    box.append(button);
  }
  for (const box of document.querySelectorAll(".article .cell_input div[class*='highlight-'], .article section > div[class*='highlight-']"))
    addCopyButton(box, "Copy", "Copy this code", () => box.querySelector("pre").textContent.trimEnd());
  for (const box of document.querySelectorAll(".equation")) book.whenNear(box, () => {
    const math = box.querySelector("math");
    if (math) addCopyButton(box, "TeX", "Copy the TeX of this equation", () => box.dataset.tex ?? texOf(math));
  });
  document.addEventListener("pointerdown", event => {
    document.querySelector(".equation.touched")?.classList.remove("touched");
    event.target.closest(".equation")?.classList.add("touched");
  });
  // Selected math is copied as its TeX source, so that it pastes as something that can be typeset again.
  document.addEventListener("copy", event => {
    const selection = getSelection();
    if (selection.isCollapsed || !event.clipboardData) return;
    const copied = selection.getRangeAt(0).cloneContents();
    const maths = copied.querySelectorAll("math");
    if (!maths.length) return;
    for (const math of maths) {
      if (!math.querySelector("annotation")) continue;
      const dollars = math.getAttribute("display") === "block" ? "$$" : "$";
      math.replaceWith(dollars + texOf(math) + dollars);
    }
    for (const button of copied.querySelectorAll(".copy-button, .headerlink, .proof-mark, .src")) button.remove();
    event.clipboardData.setData("text/plain", copied.textContent);
    event.preventDefault();
  });
})();
