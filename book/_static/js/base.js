// What all scripts of a page share, as `book`. The build joins this file with its neighbours, this one first.
"use strict";
const book = (() => {
  const root = document.documentElement;
  const siteRoot = new URL(root.dataset.content_root || "./", location.href);

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

  // The site's own scripts alone, which a page opened from disk may load as well.
  const loadScript = name => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`_static/${name}`, siteRoot);
    script.onload = resolve;
    script.onerror = () => reject(new Error(`could not load ${name}`));
    document.head.append(script);
  });

  // Puts a formula into a target, as MathML. Rejects where it cannot be shown.
  let typesetter = null;
  const typeset = async (target, tex, displayMode) => {
    typesetter ??= loadScript("checker/temml.js").catch(error => { typesetter = null; throw error; });
    await typesetter;
    temml.render(tex, target, { displayMode, throwOnError: true, trust: false, maxExpand: 1000, maxSize: [50, 50] });
  };

  // The prover's side of this page, loaded when it is first needed.
  const loadProver = async () => {
    if (!book.prover) await loadScript("checker/client.js");
    return book.prover;
  };

  // What a page has many of, or what is heavy, is made when its place comes near the screen.
  const waiting = new Map();
  const nearby = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      nearby.unobserve(target);
      waiting.get(target)();
      waiting.delete(target);
    }
  }, { rootMargin: "50% 0px" });
  const whenNear = (element, act) => {
    waiting.set(element, act);
    nearby.observe(element);
  };

  return { root, siteRoot, loadProver, texOf, copyText, loadScript, typeset, whenNear };
})();
