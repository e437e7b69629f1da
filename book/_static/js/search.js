// Search: the keys that lead to it, the first results below the field, and the page that shows all.
(() => {
  const { loadScript, siteRoot } = book;

  addEventListener("keydown", event => {
    const control = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (!control) return;
    event.preventDefault();
    const field = [...document.querySelectorAll("input[type=search]")].find(input => input.offsetWidth > 0);
    if (field) field.select();
    else location.href = new URL("search.html", siteRoot);
  });

  // "𝒚", "Y" and "y" are one letter, and words that every sentence has say nothing.
  const everywhere = new Set("a an and are as at by for how in is it of on or the to what with".split(" "));
  const processTerm = term => {
    const plain = term.normalize("NFKC").toLowerCase();
    return everywhere.has(plain) ? null : plain;
  };
  // The index is loaded with the first letter that is typed.
  let ready = null;
  const load = () => ready ??= Promise.all([loadScript("minisearch.js"), loadScript("search-index.js")]).then(() => {
    const search = new MiniSearch({
      idField: "url",
      fields: ["title", "asked", "subject", "page", "text", "words"],
      storeFields: ["title", "page", "text", "math"],
      processTerm,
      searchOptions: {
        boost: { asked: 12, title: 4, subject: 3, page: 2, words: .5 },
        prefix: word => word.length > 1,
        // Two letters in seven: a swapped pair counts as two.
        fuzzy: word => (word.length > 4 ? 0.3 : false),
        // The text explains; the lists of mistakes, the questions and the single equations come after it.
        boostDocument: (id, term, { math }) => (/^errata\.|^homework\/mistakes\.|#check-yourself/.test(id) ? .5 : 1) * (math ? .7 : 1),
      },
    });
    search.addAll(window.searchIndex);
    return search;
  }).catch(error => { ready = null; throw error; });
  // What has all the words; what has some of them, where nothing has all.
  async function find(words) {
    const search = await load();
    const found = search.search(words, { combineWith: "AND" });
    return found.length ? { found, all: true } : { found: search.search(words), all: false };
  }
  function linkTo({ id, title, page }) {
    const link = document.createElement("a");
    link.href = new URL(id, siteRoot);
    link.textContent = title === page ? title : `${page}: ${title}`;
    return link;
  }

  // On every page the first results appear below the field while words are typed.
  const results = document.getElementById("search-results");
  const header = document.querySelector(".site-search");
  if (header && !results) {
    const typed = header.querySelector("input");
    const box = document.createElement("div");
    box.className = "search-first";
    box.hidden = true;
    const list = document.createElement("ul");
    const count = document.createElement("p");
    count.className = "visually-hidden";
    count.setAttribute("role", "status");
    box.append(list);
    header.append(box, count);
    const close = () => { box.hidden = true; };
    typed.addEventListener("input", async () => {
      const words = typed.value.trim();
      const { found } = words ? await find(words).catch(() => ({ found: [] })) : { found: [] };
      if (typed.value.trim() !== words) return;
      list.replaceChildren(...found.slice(0, 6).map(one => {
        const item = document.createElement("li");
        item.append(linkTo(one));
        return item;
      }));
      box.hidden = found.length === 0;
      count.textContent = words ? `${found.length} found` : "";
    });
    header.addEventListener("keydown", event => {
      if (event.key !== "Escape" || box.hidden) return;
      event.preventDefault();
      close();
      typed.focus();
    });
    header.addEventListener("focusout", event => { if (!header.contains(event.relatedTarget)) close(); });
    list.addEventListener("mousedown", event => event.preventDefault()); // the focus stays until the link is followed
  }

  if (!results) return;
  const field = document.getElementById("search-words");
  const status = document.getElementById("search-status");
  function excerptAround(text = "", terms) {
    const at = terms.map(term => text.toLowerCase().indexOf(term)).filter(index => index >= 0);
    const near = Math.max(0, (at.length ? Math.min(...at) : 0) - 60);
    const from = near && text.indexOf(" ", near) + 1;
    const shown = text.slice(from, from + 200);
    const whole = from + 200 >= text.length;
    return (from ? "… " : "") + (whole ? shown : `${shown.slice(0, shown.lastIndexOf(" "))} …`);
  }
  function resultOf(one) {
    const { text, math, terms } = one;
    const item = document.createElement("li");
    const excerpt = document.createElement("p");
    excerpt.textContent = excerptAround(text, terms);
    item.append(linkTo(one), excerpt);
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
    const { found, all } = await find(words);
    if (field.value.trim() !== words) return;
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
