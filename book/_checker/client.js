// The page's side of the prover: loads it when it is first needed, shows it coming, asks it, stops it.
"use strict";
book.prover = (() => {
  const { siteRoot, loadScript } = book;
  const SIZES = {/* sizes */}; // bytes of each file as it travels; the build writes them
  const TOTAL = Object.values(SIZES).reduce((sum, size) => sum + size, 0);
  const megabytes = bytes => `${(bytes / 1e6).toFixed(1)} MB`;
  const folder = new URL("_static/checker/", siteRoot);
  const fromDisk = location.protocol === "file:";
  let files = null; // promises of what is loaded; it stays, so that a stopped prover starts again at once
  let running = null; // a promise of the worker
  const calls = new Map(); // by number, what a message of the worker is for
  let last = 0;

  // What this page is made of is kept, and from then on what is read: see service-worker.js.
  async function keepOffline(loaded) {
    if (!("serviceWorker" in navigator) || fromDisk) return;
    try {
      await navigator.serviceWorker.register(new URL("service-worker.js", siteRoot));
      const kept = await caches.open("backprop");
      await Promise.all([...loaded.keys()].map(url => kept.delete(url, { ignoreSearch: true }))); // of an older build
      const parts = [...document.querySelectorAll("link[rel=stylesheet], script[src]")].map(node => node.href || node.src);
      await Promise.all([
        ...[location.href.split("#")[0], ...parts].map(url => kept.add(url)),
        ...[...loaded].map(([url, blob]) => kept.put(url, new Response(blob))),
        navigator.serviceWorker.ready,
      ]);
    } catch { /* a host or a browser that allows none: the page works with its server alone */ }
  }

  // The three files, unpacked, and that they are kept, with progress(bytes, all bytes).
  async function load(progress, signal) {
    let done = 0;
    const loaded = new Map();
    async function get(name) {
      const url = new URL(`${name}?/* version */`, folder);
      const response = await fetch(url, { signal });
      if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
      const parts = [];
      const reader = response.body.getReader();
      for (let part; !(part = await reader.read()).done;) {
        parts.push(part.value);
        done += part.value.length;
        progress(Math.min(done, TOTAL), TOTAL);
      }
      loaded.set(url.href, new Blob(parts));
      return loaded.get(url.href);
    }
    let carried = null;
    if (fromDisk) {
      // A page opened from disk may not fetch its neighbours, but it may load a script that carries them.
      await loadScript("checker/disk.js");
      carried = name => new Blob([Uint8Array.from(atob(book.proverFiles[name]), letter => letter.charCodeAt(0))]);
      progress(TOTAL, TOTAL);
    }
    const unpacked = async (name, type) => new Response((await (carried ?? get)(name)).stream().pipeThrough(new DecompressionStream("gzip")), { headers: { "content-type": type } });
    const worker = unpacked("worker.js.gz", "text/javascript").then(file => file.blob());
    const runtime = WebAssembly.compileStreaming(unpacked("runtime.wasm.gz", "application/wasm"));
    const python = unpacked("python.gz", "application/octet-stream").then(file => file.arrayBuffer());
    const kept = Promise.all([worker, runtime, python]).then(() => keepOffline(loaded));
    for (const one of [worker, runtime, python, kept]) one.catch(() => {}); // told where it is awaited
    return { worker, runtime, python, kept };
  }

  async function start() {
    const worker = new Worker(URL.createObjectURL(await files.worker));
    const ready = new Promise((resolve, reject) => {
      worker.onerror = event => reject(new Error(event.message || "the worker did not start"));
      worker.onmessage = ({ data }) => {
        if (data.ready) resolve(worker);
        else if (data.id === undefined) reject(new Error(data.error));
        else calls.get(data.id)?.(data);
      };
    });
    try {
      // The worker reads its script while the rest is on its way.
      worker.postMessage({ start: { runtime: await files.runtime, python: await files.python } });
      await files.kept;
      return await ready;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  // Ready to answer. Rejects with an error of one sentence; a later call tries again.
  function ready(progress = () => {}, signal) {
    running ??= (async () => {
      files ??= await load(progress, signal);
      return start();
    })().catch(error => { running = files = null; throw error; });
    return running;
  }

  // The first reply. Where there is more to come, it goes to `later`; null if it does not come after all.
  async function ask(question, later) {
    const worker = await ready();
    const id = last += 1;
    return new Promise((resolve, reject) => {
      let first = true;
      calls.set(id, ({ reply, error }) => {
        if (!reply?.more) calls.delete(id);
        if (!first) return later(reply ?? null);
        first = false;
        if (reply) resolve(reply);
        else reject(new Error(error));
      });
      worker.postMessage({ id, question });
    });
  }

  // Ends what is being computed; the next question starts the prover again, from the files at hand.
  async function stop() {
    if (!running) return;
    const worker = await running.catch(() => null);
    worker?.terminate();
    running = null;
    for (const answer of [...calls.values()]) answer({ error: "Stopped." });
  }

  // Asks, and shows in `box` what is loaded before the first answer. Rejects with the sentence to show.
  async function askIn(box, question, later = () => {}) {
    if (files === null && box) await show(box);
    return ask(question, later);
  }
  async function show(box) {
    const abort = new AbortController();
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.setAttribute("aria-label", "Loading the prover");
    const text = document.createElement("span");
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.textContent = "Cancel";
    cancel.addEventListener("click", () => abort.abort());
    box.replaceChildren(bar, text, cancel);
    box.hidden = false;
    const progress = (done, all) => {
      bar.value = done / all;
      text.textContent = done < all ? `${megabytes(done)} of ${megabytes(all)}` : "Starting …";
    };
    progress(0, TOTAL);
    try {
      await ready(progress, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) throw new Error("Loading was cancelled. Nothing was checked.");
      throw new Error(`The prover could not be loaded (${error.message}). Check at the command line: python -m texcheck prove --network NETWORK 'FORMULA'`);
    } finally {
      box.hidden = true;
    }
  }

  // Shows what is said: formulas between dollar signs, and lengths such as d_x, are typeset where that can be done.
  async function say(target, text) {
    target.textContent = text;
    const parts = text.split(/(\$[^$]+\$|\bd_(?:x|\{\w\^\{\([^)]+\)\}\}))/);
    if (parts.length === 1) return;
    try {
      const shown = await Promise.all(parts.map(async (part, place) => {
        if (place % 2 === 0) return part;
        const formula = document.createElement("span");
        await book.typeset(formula, part.replaceAll("$", ""), false);
        return formula;
      }));
      if (target.textContent === text) target.replaceChildren(...shown); // nothing else has been said
    } catch { /* the text stands there already */ }
  }

  return { askIn, stop, say, size: megabytes(TOTAL) };
})();
