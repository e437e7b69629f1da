// Questions: checks an answer, gives hints one at a time, and keeps in this browser what has been answered.
(() => {
  const { siteRoot } = book;
  const questions = [...document.querySelectorAll(".question")];
  const STORE = "questions"; // page -> question -> { tries, hints, done, given }, and its number of questions under ""
  const pageOf = url => url.pathname.slice(siteRoot.pathname.length);
  const page = pageOf(location);
  const TRIES = 3; // after so many tries, or all hints, the answer may be read

  // A reader may have switched storage off: then nothing is kept.
  const isObject = value => typeof value === "object" && value !== null && !Array.isArray(value);
  const read = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE));
      return isObject(kept) ? Object.fromEntries(Object.entries(kept).filter(([, states]) => isObject(states))) : {};
    } catch { return {}; }
  };
  const write = all => { try { localStorage.setItem(STORE, JSON.stringify(all)); } catch { /* see above */ } };
  const element = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  // The number that was written: 4.5; 4,5; 9/2; 4e-2; -4.5 with either minus. NaN if it is none.
  // `unit` is the place of its last digit: 0.1 for 4.5. A fraction is written in full, so it has none: 0.
  function numberOf(text) {
    const plain = text.replace(/\s/g, "").replace(/[−–]/g, "-").replace(",", ".");
    const found = /^([-+]?(?:\d+\.?(\d*)|\.(\d+))(?:e([-+]?\d+))?)(?:\/(\d+\.?\d*))?$/i.exec(plain);
    if (!found) return { value: NaN };
    const [, over, decimals, onlyDecimals, exponent = "0", under] = found;
    const unit = under ? 0 : 10 ** (Number(exponent) - (decimals ?? onlyDecimals).length);
    return { value: Number(over) / Number(under ?? 1), unit };
  }
  const NEAR = 0.02; // how near an answer must come, as a share of the right one, to be told that it only lacks digits
  // The two lengths of 3×4, 3 x 4 or (3, 4); null if these are none.
  function shapeOf(text) {
    const found = /^\s*\(?\s*(\d+)\s*(?:[×x*,]|by)\s*(\d+)\s*\)?\s*$/i.exec(text);
    return found && [Number(found[1]), Number(found[2])];
  }

  // Which answer was given: 0 the right one, then the foreseen wrong ones, -1 another one; or what was expected.
  const judges = {
    number({ answers, tolerance }, text) {
      const { value, unit } = numberOf(text);
      if (!Number.isFinite(value)) return { expected: "A number is expected, such as 4.5, −2 or 9/2." };
      const place = answers.findIndex(answer => Math.abs(answer - value) <= tolerance * (1 + 1e-9));
      const away = Math.abs(answers[0] - value);
      // Rounded or cut off after its last digit.
      if (place < 0 && away < unit * (1 - 1e-9) && away <= NEAR * Math.abs(answers[0])) return { expected: "Right so far. Give one digit more." };
      return { place };
    },
    shape({ answers }, text) {
      const given = shapeOf(text);
      if (!given) return { expected: "A shape is expected, rows × columns, such as 3 × 4." };
      return { place: answers.findIndex(([rows, columns]) => rows === given[0] && columns === given[1]) };
    },
    choice({ answers }, letter) {
      return letter ? { place: answers.indexOf(letter) } : { expected: "Choose one of the answers." };
    },
    async formula(data, tex, box, later) {
      if (!tex.trim()) return { expected: "A formula in TeX is expected." };
      const prover = await book.loadProver().catch(() => { throw new Error("This site holds no prover: check your formula at the command line."); });
      const reply = await prover.askIn(box, { ask: "judge", wanted: data, answer: tex }, later);
      if (reply.none) return { expected: `${reply.says[0].toUpperCase()}${reply.says.slice(1)}.` };
      return { place: reply.right ? 0 : reply.wrong === null ? -1 : reply.wrong + 1, ...reply };
    },
  };

  function ask(question) {
    const data = JSON.parse(question.dataset.question);
    const hints = [...question.querySelectorAll("details.hint")];
    const answer = question.querySelector("details.answer");
    const replies = [...question.querySelectorAll(".reply")];
    const kept = read()[page]?.[question.id];
    const state = { tries: 0, hints: 0, done: false, given: "", ...(isObject(kept) && kept) };
    const left = question.querySelector(".question-left");

    const form = element("form", { class: "question-form", novalidate: "" });
    let given;
    if (data.kind === "choice") {
      const list = question.querySelector("ul");
      const group = element("fieldset", { class: "question-choices" }, element("legend", { class: "visually-hidden" }, "Your answer"));
      [...list.children].forEach((item, place) => {
        const letter = "abcde"[place];
        const radio = element("input", { type: "radio", name: question.id, value: letter });
        radio.checked = state.given === letter;
        group.append(element("label", {}, radio, ...item.childNodes));
      });
      list.remove();
      form.append(group);
      given = () => form.querySelector("input:checked")?.value ?? "";
    } else {
      const long = data.kind === "formula";
      const label = [long ? "Your formula, in TeX" : "Your answer"];
      if (data.kind === "number" && !data.answers.every(Number.isInteger)) label.push(", ", element("br", {}), "to 3 decimals");
      const field = element(long ? "textarea" : "input", {
        id: `${question.id}-answer`, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
        ...(long ? { rows: "1", maxlength: "2000" } : { maxlength: "40", size: "12" }),
      });
      field.value = state.given;
      if (left) { left.hidden = false; form.append(left); }
      form.append(element("label", { for: field.id }, ...label), field);
      if (long) field.addEventListener("keydown", event => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
      });
      given = Object.assign(() => field.value, { field });
    }
    const check = element("button", { type: "submit" }, "Check");
    const hint = element("button", { type: "button" }, "Hint");
    const status = element("p", { class: "question-status", role: "status" });
    form.append(element("div", { class: "question-buttons" }, check, hint));
    question.insertBefore(form, hints[0]);
    const loading = element("div", { class: "prover-load", hidden: "" });
    form.after(loading, status);
    if (data.kind === "formula") given.field.addEventListener("focus", async () => {
      const { size } = await book.loadProver().catch(() => ({}));
      if (size && !status.textContent) status.textContent = `The first check of a formula loads ${size} from this site.`;
    }, { once: true });

    function show() {
      hints.forEach((one, place) => { one.hidden = place >= state.hints; });
      hint.disabled = state.hints >= hints.length;
      answer.hidden = !(state.done || state.tries >= TRIES || state.hints >= hints.length);
      question.classList.toggle("done", state.done);
    }
    function keep() {
      const all = read();
      all[page] = { ...all[page], "": questions.length, [question.id]: state };
      write(all);
      show();
      document.dispatchEvent(new Event("questions"));
    }
    function say(text, place) {
      status.textContent = text;
      if (place > 0) status.append(" ", ...[...replies[place - 1].childNodes].map(node => node.cloneNode(true)));
    }
    form.addEventListener("submit", async event => {
      event.preventDefault();
      const text = given();
      check.disabled = true;
      const diagnosis = element("span", { class: "question-diagnosis" });
      let found;
      try {
        found = await judges[data.kind](data, text, loading, rest => { book.prover.say(diagnosis, rest?.says ?? ""); });
      } catch (error) {
        found = { expected: error.message };
      } finally {
        check.disabled = false;
      }
      question.dataset.verdict = found.expected ? "none" : found.place === 0 ? "right" : "wrong";
      if (found.expected) return book.prover ? book.prover.say(status, found.expected) : say(found.expected, 0);
      state.given = text;
      state.tries += 1;
      state.done ||= found.place === 0;
      if (found.place === 0) { answer.open = true; say("Right.", 0); }
      else if (found.place > 0) say("Not yet.", found.place);
      else say(state.hints < hints.length ? `Not that. Hint ${state.hints + 1} may help.` : "Not that. The answer stands below.", 0);
      if (found.place !== 0 && (found.says || found.more)) {
        book.prover.say(diagnosis, found.more ? "Looking for the cause …" : found.says);
        status.append(diagnosis);
      }
      keep();
    });
    hint.addEventListener("click", () => {
      const next = hints[state.hints];
      state.hints += 1;
      keep();
      next.open = true;
      next.querySelector("summary").focus();
    });
    show();
    return function erase() {
      Object.assign(state, { tries: 0, hints: 0, done: false, given: "" });
      for (const field of form.querySelectorAll("input, textarea")) field.type === "radio" ? (field.checked = false) : (field.value = "");
      delete question.dataset.verdict;
      answer.open = false;
      say("", 0);
      show();
    };
  }
  // One at a time, when the browser has nothing else to do: together they would keep a slow phone from its first touch.
  // All at once for a reader who jumps to a place of the page, which must not move any more.
  const idle = location.hash ? act => act() : window.requestIdleCallback ?? setTimeout;
  const erasers = [];
  const askNext = () => {
    erasers.push(ask(questions[erasers.length]));
    if (erasers.length < questions.length) idle(askNext);
  };
  if (questions.length) idle(askNext);

  // How far the reader is: at the end of the page and beside each page of the contents.
  const count = kept => Object.entries(kept ?? {}).filter(([id, state]) => id && state?.done).length;
  const progress = element("p", { class: "question-progress" }, "");
  function showProgress() {
    const all = read();
    if (questions.length) {
      progress.firstChild.data = `${count(all[page])} of ${questions.length} done.`;
    }
    for (const link of document.querySelectorAll("#site-nav a[href]")) {
      link.querySelector(".nav-progress")?.remove();
      const kept = all[pageOf(link)];
      if (!kept?.[""]) continue;
      const done = `${count(kept)} of ${kept[""]} questions done`;
      link.append(element("span", { class: "nav-progress", title: done }, element("span", { "aria-hidden": "true" }, `${count(kept)}/${kept[""]}`), element("span", { class: "visually-hidden" }, `, ${done}`)));
    }
  }
  if (questions.length) {
    const save = element("button", { type: "button" }, "Export progress");
    const erase = element("button", { type: "button" }, "Erase progress");
    save.addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob([JSON.stringify(read(), null, 1)], { type: "application/json" }));
      element("a", { href: url, download: "progress.json" }).click();
      setTimeout(() => URL.revokeObjectURL(url));
    });
    erase.addEventListener("click", () => {
      if (!confirm("Erase your answers on all pages?")) return;
      write({});
      erasers.forEach(one => one());
      showProgress();
    });
    progress.append(" ", save, " ", erase);
    questions.at(-1).after(progress);
  }
  document.addEventListener("questions", showProgress);
  showProgress();
})();
