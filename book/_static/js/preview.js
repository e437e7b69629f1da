// Preview of the equation or section that a reference points to.
(() => {
  const pages = new Map();
  function pageOf(url) {
    if (url.pathname === location.pathname) return Promise.resolve(document);
    // A page read from a file may not read another file: there is no preview across pages then.
    if (url.protocol === "file:") return Promise.resolve(null);
    if (!pages.has(url.pathname))
      pages.set(url.pathname, fetch(url.pathname).then(async answer =>
        answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null, () => null));
    return pages.get(url.pathname);
  }
  function excerptOf(target) {
    const excerpt = document.createDocumentFragment();
    const add = node => excerpt.append(document.importNode(node, true));
    if (target.matches(".equation")) add(target);
    else if (target.matches("section")) [...target.children].filter(child => !child.matches("section")).slice(0, 4).forEach(add);
    else if (target.closest("tr, .equation, figure, p, li")) add(target.closest("tr, .equation, figure, p, li"));
    else if (target.nextElementSibling) add(target.nextElementSibling);
    for (const extra of excerpt.querySelectorAll(".headerlink, .copy-button, .proof-mark, .src, .reason, script")) extra.remove();
    for (const node of excerpt.querySelectorAll("[id], [tabindex]")) { node.removeAttribute("id"); node.removeAttribute("tabindex"); }
    for (const link of excerpt.querySelectorAll("a")) link.replaceWith(...link.childNodes);
    return excerpt;
  }
  let preview = null;
  let previewTimer = 0;
  function closePreview() {
    clearTimeout(previewTimer);
    preview?.link.removeAttribute("aria-describedby");
    preview?.box.remove();
    preview = null;
  }
  async function openPreview(link, touched = false) {
    const url = new URL(link.href);
    const page = await pageOf(url);
    const target = page?.getElementById(decodeURIComponent(url.hash.slice(1)));
    if (!target) {
      if (touched) location.href = link.href;
      return;
    }
    if (!touched && !link.matches(":hover") && link !== document.activeElement) return;
    closePreview();
    const box = document.createElement("div");
    box.className = "preview";
    box.id = "preview";
    box.setAttribute("role", touched ? "dialog" : "tooltip"); // a tooltip holds no link
    box.append(excerptOf(target));
    if (touched) {
      box.setAttribute("aria-label", `Preview of ${link.textContent.trim()}`);
      const onward = document.createElement("a");
      onward.href = link.href;
      onward.textContent = "Go there";
      box.append(onward);
    }
    document.body.append(box);
    const place = link.getBoundingClientRect();
    const below = place.bottom + box.offsetHeight + 12 < innerHeight;
    box.style.left = `${scrollX + Math.max(8, Math.min(place.left, document.documentElement.clientWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${scrollY + (below ? place.bottom + 6 : Math.max(4, place.top - box.offsetHeight - 6))}px`;
    if (!touched) link.setAttribute("aria-describedby", "preview");
    // A finger that is lifted leaves, too, before its click arrives.
    box.addEventListener("pointerleave", event => event.pointerType === "mouse" && closePreview());
    preview = { link, box };
  }
  for (const link of document.querySelectorAll(".article a.reference.internal, .article a.internal")) {
    if (!link.hash) continue;
    link.addEventListener("pointerenter", event => {
      if (event.pointerType !== "mouse") return;
      clearTimeout(previewTimer);
      previewTimer = setTimeout(openPreview, 200, link);
    });
    link.addEventListener("pointerleave", event => {
      if (event.pointerType !== "mouse") return;
      clearTimeout(previewTimer);
      previewTimer = setTimeout(() => preview?.box.matches(":hover") || closePreview(), 150);
    });
    // A finger cannot hover: the first touch shows the preview, the second follows the link.
    link.addEventListener("click", event => {
      if (event.pointerType !== "touch" || preview?.link === link) return;
      event.preventDefault();
      openPreview(link, true);
    });
    link.addEventListener("focus", () => link.matches(":focus-visible") && openPreview(link));
    link.addEventListener("blur", event => preview?.box.contains(event.relatedTarget) || closePreview());
  }
  document.addEventListener("keydown", event => event.key === "Escape" && closePreview());
  document.addEventListener("pointerdown", event => {
    if (preview && event.pointerType === "touch" && event.target.closest("a") !== preview.link && !preview.box.contains(event.target)) closePreview();
  });
})();
