// What a page does: theme, contents on a phone, copy buttons, scrolling equations, previews of references, search.
"use strict";
(() => {
  const root = document.documentElement;
  const siteRoot = new URL(root.dataset.content_root || "./", location.href);

  // --- Theme: system, light or dark; kept for the next visit ---------------------------------------------------
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

  // --- Table of contents on a phone ----------------------------------------------------------------------------
  const navToggle = document.querySelector(".nav-toggle");
  const siteNav = document.getElementById("site-nav");
  function openNav(open) {
    root.classList.toggle("nav-open", open);
    navToggle.setAttribute("aria-expanded", String(open));
  }
  navToggle.addEventListener("click", () => {
    openNav(!root.classList.contains("nav-open"));
    if (root.classList.contains("nav-open")) {
      scrollTo({ top: 0 });
      siteNav.querySelector("a").focus({ preventScroll: true });
    }
  });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && root.classList.contains("nav-open")) {
      openNav(false);
      navToggle.focus();
    }
  });
  const here = siteNav.querySelector("a[aria-current], a.current");
  requestAnimationFrame(() => {
    if (here && siteNav.scrollHeight > siteNav.clientHeight) siteNav.scrollTop = here.offsetTop - siteNav.clientHeight / 2;
  });

  // --- On this page: open beside the text where there is room, and marks the section being read -----------------
  const pageToc = document.querySelector(".page-toc");
  if (pageToc) {
    const wide = matchMedia("(min-width: 80rem)");
    const fit = () => { pageToc.open = wide.matches; };
    wide.addEventListener("change", fit);
    fit();
    const links = new Map([...pageToc.querySelectorAll("a[href^='#']")].map(link => [link.hash.slice(1), link]));
    const visible = new Set();
    const observer = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) isIntersecting ? visible.add(target.id) : visible.delete(target.id);
      const current = [...links.keys()].filter(id => visible.has(id)).pop();
      for (const [id, link] of links) id === current ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
      const top = links.get(current)?.offsetTop - pageToc.scrollTop;
      if (top < 0 || top > pageToc.clientHeight - 32) pageToc.scrollTop += top - pageToc.clientHeight / 2;
    }, { rootMargin: "-20% 0px -70% 0px" });
    for (const id of links.keys()) {
      const section = document.getElementById(decodeURIComponent(id));
      if (section) observer.observe(section);
    }
  }

  // --- Copying code and TeX ------------------------------------------------------------------------------------
  const texOf = math => math.querySelector("annotation[encoding='application/x-tex']").textContent.trim();
  async function copyText(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // A page opened from a file on some systems has no clipboard: select and copy as in the past.
    const area = document.body.appendChild(document.createElement("textarea"));
    area.value = text;
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  function addCopyButton(box, label, name, text) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-button";
    button.textContent = label;
    button.setAttribute("aria-label", name);
    button.addEventListener("click", async () => {
      await copyText(text());
      button.textContent = "Copied";
      button.classList.add("done");
      setTimeout(() => { button.textContent = label; button.classList.remove("done"); }, 1500);
    });
    box.append(button);
  }
  for (const box of document.querySelectorAll(".article .cell_input div[class*='highlight-'], .article section > div[class*='highlight-']"))
    addCopyButton(box, "Copy", "Copy this code", () => box.querySelector("pre").textContent.trimEnd());
  // A page has many equations: each gets its button when it comes near the screen.
  const nearby = new IntersectionObserver(entries => {
    for (const { target: box, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      nearby.unobserve(box);
      const math = box.querySelector("math");
      if (math) addCopyButton(box, "TeX", "Copy the TeX of this equation", () => texOf(math));
    }
  }, { rootMargin: "50% 0px" });
  for (const box of document.querySelectorAll(".equation")) nearby.observe(box);
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
    for (const button of copied.querySelectorAll(".copy-button, .headerlink, .proof-mark")) button.remove();
    event.clipboardData.setData("text/plain", copied.textContent);
    event.preventDefault();
  });

  // --- What scrolls sideways can be reached and scrolled by keyboard -------------------------------------------
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
  for (const box of document.querySelectorAll(".equation-scroll, .pst-scrollable-table-container, .output.text_html, .article pre")) sizes.observe(box);

  // --- Preview of the equation or section that a reference points to -------------------------------------------
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
    for (const extra of excerpt.querySelectorAll(".headerlink, .copy-button, .proof-mark, script")) extra.remove();
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
  async function openPreview(link) {
    const url = new URL(link.href);
    const page = await pageOf(url);
    const target = page?.getElementById(decodeURIComponent(url.hash.slice(1)));
    if (!target || !(link.matches(":hover") || link === document.activeElement)) return;
    closePreview();
    const box = document.createElement("div");
    box.className = "preview";
    box.id = "preview";
    box.setAttribute("role", "tooltip");
    box.append(excerptOf(target));
    document.body.append(box);
    const place = link.getBoundingClientRect();
    const below = place.bottom + box.offsetHeight + 12 < innerHeight;
    box.style.left = `${scrollX + Math.max(8, Math.min(place.left, root.clientWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${scrollY + (below ? place.bottom + 6 : Math.max(4, place.top - box.offsetHeight - 6))}px`;
    link.setAttribute("aria-describedby", "preview");
    box.addEventListener("pointerleave", closePreview);
    preview = { link, box };
  }
  for (const link of document.querySelectorAll(".article a.reference.internal, .article a.internal")) {
    if (!link.hash) continue;
    link.addEventListener("pointerenter", event => {
      if (event.pointerType !== "mouse") return;
      clearTimeout(previewTimer);
      previewTimer = setTimeout(openPreview, 200, link);
    });
    link.addEventListener("pointerleave", () => {
      clearTimeout(previewTimer);
      previewTimer = setTimeout(() => preview?.box.matches(":hover") || closePreview(), 150);
    });
    link.addEventListener("focus", () => link.matches(":focus-visible") && openPreview(link));
    link.addEventListener("blur", closePreview);
  }
  document.addEventListener("keydown", event => event.key === "Escape" && closePreview());

  // --- Search --------------------------------------------------------------------------------------------------
  addEventListener("keydown", event => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    const control = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (!slash && !control) return;
    event.preventDefault();
    const field = [...document.querySelectorAll("input[type=search]")].find(input => input.offsetWidth > 0);
    if (field) field.select();
    else location.href = new URL("search.html", siteRoot);
  });

  const results = document.getElementById("search-results");
  if (!results) return;
  const field = document.getElementById("search-words");
  const status = document.getElementById("search-status");
  const load = name => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`_static/${name}`, siteRoot);
    script.onload = resolve;
    script.onerror = () => reject(new Error(`could not load ${name}`));
    document.head.append(script);
  });
  // "𝒚", "Y" and "y" are one letter, and words that every sentence has say nothing.
  const everywhere = new Set("a an and are as at by for how in is it of on or the to what with".split(" "));
  const processTerm = term => {
    const plain = term.normalize("NFKC").toLowerCase();
    return everywhere.has(plain) ? null : plain;
  };
  const ready = Promise.all([load("minisearch.js"), load("search-index.js")]).then(() => {
    const search = new MiniSearch({
      idField: "url",
      fields: ["title", "subject", "page", "text", "words"],
      storeFields: ["title", "page", "text", "math"],
      processTerm,
      searchOptions: {
        boost: { title: 4, subject: 3, page: 2, words: .5 },
        prefix: word => word.length > 1,
        fuzzy: word => (word.length > 4 ? 0.2 : false),
        boostDocument: id => (id.startsWith("errata.") ? .5 : 1),
      },
    });
    search.addAll(window.searchIndex);
    return search;
  });
  function excerptAround(text, terms) {
    const at = terms.map(term => text.toLowerCase().indexOf(term)).filter(index => index >= 0);
    const near = Math.max(0, (at.length ? Math.min(...at) : 0) - 60);
    const from = near && text.indexOf(" ", near) + 1;
    const shown = text.slice(from, from + 200);
    const whole = from + 200 >= text.length;
    return (from ? "… " : "") + (whole ? shown : `${shown.slice(0, shown.lastIndexOf(" "))} …`);
  }
  function resultOf({ id, title, page, text, math, terms }) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = new URL(id, siteRoot);
    link.textContent = title === page ? title : `${page}: ${title}`;
    const excerpt = document.createElement("p");
    excerpt.textContent = excerptAround(text, terms);
    item.append(link, excerpt);
    if (math) {
      const box = document.createElement("div");
      box.className = "equation-scroll";
      box.innerHTML = math;
      item.append(box);
      sizes.observe(box);
    }
    return item;
  }
  async function showResults() {
    const words = field.value.trim();
    results.replaceChildren();
    status.textContent = "";
    if (!words) return;
    const search = await ready;
    if (field.value.trim() !== words) return;
    let found = search.search(words, { combineWith: "AND" });
    const all = found.length > 0;
    if (!all) found = search.search(words);
    const count = found.length === 1 ? "1 result" : `${found.length} results`;
    status.textContent = found.length === 0 ? `Nothing found for “${words}”.` : all ? count : `Nothing has all these words; ${count} with some of them.`;
    results.replaceChildren(...found.slice(0, 50).map(resultOf));
  }
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.focus();
  field.addEventListener("input", showResults);
  showResults();
})();
