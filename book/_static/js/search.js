// Search: the keys that lead to it, and the page that shows what was found.
(() => {
  const { loadScript, siteRoot } = book;

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
  // "𝒚", "Y" and "y" are one letter, and words that every sentence has say nothing.
  const everywhere = new Set("a an and are as at by for how in is it of on or the to what with".split(" "));
  const processTerm = term => {
    const plain = term.normalize("NFKC").toLowerCase();
    return everywhere.has(plain) ? null : plain;
  };
  const ready = Promise.all([loadScript("minisearch.js"), loadScript("search-index.js")]).then(() => {
    const search = new MiniSearch({
      idField: "url",
      fields: ["title", "subject", "page", "text", "words"],
      storeFields: ["title", "page", "text", "math"],
      processTerm,
      searchOptions: {
        boost: { title: 4, subject: 3, page: 2, words: .5 },
        prefix: word => word.length > 1,
        // Two letters in seven: a swapped pair counts as two.
        fuzzy: word => (word.length > 4 ? 0.3 : false),
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
      book.watchScrolling(box);
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
  field.addEventListener("input", () => {
    // The words stand in the address, so that they are there again on Back.
    history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
    showResults();
  });
  showResults();
})();
