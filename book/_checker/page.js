// The page "Check your own derivation": a formula goes in, a verdict on each of its lines comes out.
// What comes from the address, the field or the storage is text for its whole way: it never becomes markup.
(() => {
  const box = document.querySelector(".checker");
  if (!box) return;
  const { copyText } = book;
  const form = box.querySelector("form");
  const { network, notation, tex, assignment, stop } = form.elements;
  const submit = form.querySelector("[type=submit]");
  const verdict = box.querySelector(".checker-verdict");
  const preview = box.querySelector(".checker-preview");
  const STORE = "formulas";
  const KEPT = 20;

  const element = (tag, className, ...children) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };

  // A button inserts its text; | is where the cursor goes.
  box.querySelector(".checker-insert").addEventListener("click", event => {
    const text = event.target.dataset.insert;
    if (!text) return;
    const [before, after] = text.split("|");
    const { selectionStart, selectionEnd } = tex;
    const chosen = tex.value.slice(selectionStart, selectionEnd);
    tex.setRangeText(before + chosen + after, selectionStart, selectionEnd, "end");
    tex.selectionStart = tex.selectionEnd = selectionStart + before.length + chosen.length;
    tex.focus();
    show();
  });

  // A formula as MathML; as its TeX where it cannot be shown.
  async function typeset(target, text) {
    target.textContent = "";
    if (!text.trim()) return;
    try {
      const lines = /&|\\\\/.test(text) && !/\\begin/.test(text) ? `\\begin{aligned}${text}\\end{aligned}` : text;
      await book.typeset(target, lines, true);
    } catch {
      target.textContent = text;
    }
  }
  let timer = 0;
  function show() {
    clearTimeout(timer);
    timer = setTimeout(async () => { await typeset(preview, tex.value); preview.setAttribute("aria-label", `Preview of ${tex.value}`); }, 150);
  }
  tex.addEventListener("input", show);
  tex.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });

  // The verdicts
  const MARKS = { proved: ["✓", "proved"], definition: ["≔", "a definition"], refuted: ["✗", "refuted"], undecided: ["?", "undecided"], unreadable: ["!", "not read"] };
  // The page's table of what an answer may say: its words, … for what differs, what happened, and where the book explains it.
  const MEANINGS = "#what-it-says-and-what-that-means";
  const known = [...document.querySelectorAll(`${MEANINGS} tbody tr`)].map(({ cells: [words, cause, place] }) => ({
    words: [...words.querySelectorAll("code")].map(code => code.textContent.split(" … ")), cause: cause.textContent.trim(), link: place.querySelector("a"),
  }));
  function explanation(says, status) {
    // A diagnosis stands last and says more than the shapes in front of it: they count where no change repairs it.
    // What cannot be read is named first, with the place in the TeX behind it.
    const said = says.split("\n").filter(line => !line.startsWith("no single small change")).at(status === "refuted" ? -1 : 0);
    const found = known.find(({ words }) => words.some(parts => parts.every(part => said?.includes(part))));
    if (!found && status !== "refuted") return "";
    const link = element("a");
    link.href = found ? found.link.href : MEANINGS;
    link.textContent = found ? found.link.textContent : "what it says, and what that means";
    return element("p", "checker-explained", found ? `Likely: ${found.cause}. Read ` : "Read ", link, ".");
  }
  const LOOKING = "Looking for the cause …";
  const STOPPED = "Stopped before a cause was found.";
  // The verdicts on a text. Returns what to call with the rest: what each statement says once its cause is found, or null.
  function showVerdicts({ statements, refused, more, milliseconds }) {
    verdict.textContent = "";
    verdict.dataset.milliseconds = milliseconds;
    if (refused) {
      verdict.append(element("p", "checker-summary"));
      return book.prover.say(verdict.firstChild, refused);
    }
    const wrong = statements.findIndex(({ status }) => !["proved", "definition"].includes(status));
    const summary = wrong < 0
      ? statements.length === 1 ? "Proved." : `Proved: all ${statements.length} steps.`
      : statements.length === 1 ? `This is ${MARKS[statements[0].status][1]}.`
      : `The first step that does not hold is step ${wrong + 1} of ${statements.length}.`;
    verdict.append(element("p", "checker-summary", summary));
    const list = element("ol", "checker-steps");
    const words = [];
    for (const [place, one] of statements.entries()) {
      const [mark, name] = MARKS[one.status];
      const sign = element("span", "checker-mark", mark);
      sign.setAttribute("aria-hidden", "true");
      const formula = element("div", "checker-step-formula");
      typeset(formula, one.tex);
      const item = element("li", `checker-step ${one.status}`, element("p", "checker-step-name", sign, statements.length > 1 ? ` Step ${place + 1}: ${name}` : ` ${name}`), formula);
      if (place === wrong) item.classList.add("first-wrong");
      words.push(element("div", "checker-words"));
      item.append(words[place]);
      if (one.read) item.append(element("details", "checker-read", element("summary", "", "How it was read"), element("pre", "", one.read)));
      list.append(item);
    }
    verdict.append(list);
    const say = (place, says, remark) => {
      const parts = says ? [element("p", "checker-says")] : [];
      if (says) book.prover.say(parts[0], says);
      if (remark) parts.push(element("p", "checker-looking", remark));
      else if (["refuted", "unreadable"].includes(statements[place].status)) parts.push(explanation(says, statements[place].status));
      words[place].replaceChildren(...parts);
    };
    for (const [place, { status, says }] of statements.entries()) say(place, says, more && status === "refuted" && LOOKING);
    return rest => {
      for (const [place, { status, says }] of statements.entries()) {
        if (!rest) say(place, says, status === "refuted" && STOPPED);
        else if (rest.says[place] !== says || status === "refuted") say(place, rest.says[place]);
      }
    };
  }

  let client = null;
  let turn = 0; // of the checks: what comes to an earlier one is shown no more
  async function check() {
    const mine = turn += 1;
    const ends = () => { if (mine === turn) stop.hidden = true; };
    submit.disabled = true;
    stop.hidden = false;
    verdict.textContent = "Checking …";
    remember();
    try {
      client ??= book.loadProver();
      let show = null;
      const found = await (await client).askIn(box.querySelector(".prover-load"), {
        ask: "check", tex: tex.value, network: network.value, notation: notation.value, assignment: assignment.checked,
      }, rest => { if (mine === turn) show(rest); ends(); });
      show = showVerdicts(found);
      box.querySelector(".checker-size").hidden = true; // it is loaded
      if (!found.more) ends();
    } catch (error) {
      verdict.textContent = error.message;
      if (!book.prover) client = null; // it did not load: the next check tries again
      ends();
    } finally {
      submit.disabled = false;
    }
  }
  form.addEventListener("submit", event => {
    event.preventDefault();
    if (tex.value.trim()) check();
    else verdict.textContent = "Write a formula first.";
  });
  stop.addEventListener("click", async () => (await client)?.stop());
  // The size is told before anything large is loaded.
  tex.addEventListener("focus", async () => {
    const size = box.querySelector(".checker-size");
    if (size.textContent) return;
    client ??= book.loadProver();
    client.then(({ size: megabytes }) => { size.textContent = `The first check loads ${megabytes} from this site.`; }, () => { client = null; });
  }, { once: true });

  // The last formulas, in this browser's storage
  const read = () => { try { const kept = JSON.parse(localStorage.getItem(STORE)); return Array.isArray(kept) ? kept.filter(one => typeof one?.tex === "string") : []; } catch { return []; } };
  function remember() {
    const one = { tex: tex.value, network: network.value, notation: notation.value };
    const kept = [one, ...read().filter(old => old.tex !== one.tex)].slice(0, KEPT);
    try { localStorage.setItem(STORE, JSON.stringify(kept)); } catch { /* storage is off: nothing is kept */ }
    showLast();
  }
  function put({ tex: text, network: chosen, notation: written }) {
    tex.value = String(text).slice(0, tex.maxLength);
    for (const [select, value] of [[network, chosen], [notation, written]])
      if ([...select.options].some(option => option.value === value)) select.value = value;
    show();
  }
  function showLast() {
    const list = box.querySelector(".checker-last ol");
    list.textContent = "";
    for (const one of read()) {
      const button = element("button", "", one.tex.length > 80 ? `${one.tex.slice(0, 80)} …` : one.tex);
      button.type = "button";
      button.addEventListener("click", () => { put(one); tex.focus(); });
      list.append(element("li", "", button));
    }
    box.querySelector(".checker-last").hidden = !list.children.length;
  }

  // The formula in the address: #formula=…&network=…
  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    if (given.has("formula")) put({ tex: given.get("formula"), network: given.get("network"), notation: given.get("notation") });
  }
  box.querySelector("[name=link]").addEventListener("click", async event => {
    const parts = new URLSearchParams({ formula: tex.value, network: network.value, ...(notation.value && { notation: notation.value }) });
    history.replaceState(null, "", `#${parts}`);
    await copyText(location.href);
    event.target.textContent = "Copied";
    setTimeout(() => { event.target.textContent = "Copy a link to this formula"; }, 1500);
  });
  box.querySelector("[name=export]").addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([`${tex.value}\n`], { type: "application/x-tex" }));
    const link = element("a");
    link.href = url;
    link.download = "derivation.tex";
    link.click();
    setTimeout(() => URL.revokeObjectURL(url));
  });
  addEventListener("hashchange", fromAddress);

  fromAddress();
  showLast();
})();
