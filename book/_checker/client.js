// The page's side of the prover: loads it when it is first needed, shows it coming, asks it, stops it.
"use strict";
book.prover = (() => {
  const { siteRoot, loadScript } = book;
  const SIZES = {/* sizes */}; // bytes of each file as it travels; the build writes them
  const TOTAL = Object.values(SIZES).reduce((sum, size) => sum + size, 0);
  const megabytes = bytes => `${(bytes / 1e6).toFixed(1)} MB`;
  const folder = new URL("_static/checker/", siteRoot);
  const fromDisk = location.protocol === "file:";
  let files = null; // what was loaded stays, so that a stopped prover starts again at once
  let running = null; // a promise of the worker
  let calls = new Map();
  let last = 0;

  const inflate = bytes => new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

  async function keepOffline() {
    if (!("serviceWorker" in navigator) || fromDisk) return;
    try {
      await navigator.serviceWorker.register(new URL("service-worker.js", siteRoot));
      const registration = await navigator.serviceWorker.ready;
      const urls = [location.href.split("#")[0], ...[...document.querySelectorAll("link[rel=stylesheet], script[src]")].map(node => node.href || node.src)];
      registration.active.postMessage({ keep: urls });
      if (!navigator.serviceWorker.controller) await Promise.race([
        new Promise(resolve => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true })),
        new Promise(resolve => setTimeout(resolve, 1000)),
      ]);
    } catch { /* a host that allows none: the page works with its server alone */ }
  }

  // The three files, with progress(bytes, all bytes); rejects with a sentence where one cannot be had.
  async function load(progress, signal) {
    let done = 0;
    async function get(name) {
      const response = await fetch(new URL(`${name}?/* version */`, folder), { signal });
      if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
      const parts = [];
      const reader = response.body.getReader();
      for (let part; !(part = await reader.read()).done;) {
        parts.push(part.value);
        done += part.value.length;
        progress(Math.min(done, TOTAL), TOTAL);
      }
      return new Blob(parts);
    }
    if (fromDisk) {
      // A page opened from disk may not fetch its neighbours, but it may load a script that carries them.
      await loadScript("checker/disk.js");
      const { worker, wasm, python } = book.proverFiles;
      const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
      progress(TOTAL, TOTAL);
      return unpack(bytes(worker), bytes(wasm), bytes(python).buffer);
    }
    await keepOffline();
    const [worker, wasm, python] = await Promise.all(Object.keys(SIZES).map(get));
    return unpack(worker, wasm, await python.arrayBuffer());
  }
  async function unpack(worker, wasm, python) {
    return { worker: new Blob([await inflate(worker)], { type: "text/javascript" }), wasm: await inflate(wasm), python };
  }

  function start() {
    return new Promise((resolve, reject) => {
      const url = URL.createObjectURL(files.worker);
      const worker = new Worker(url);
      worker.onerror = event => reject(new Error(event.message || "the worker did not start"));
      worker.onmessage = ({ data }) => {
        if (data.ready) return resolve(worker);
        if (data.id === undefined) return reject(new Error(data.error));
        const call = calls.get(data.id);
        calls.delete(data.id);
        if (data.error) call?.reject(new Error(data.error));
        else call?.resolve({ ...data.reply, milliseconds: data.milliseconds });
      };
      worker.postMessage({ start: { wasm: files.wasm, python: files.python } });
    });
  }

  // Ready to answer. Rejects with an error of one sentence; a later call tries again.
  function ready(progress = () => {}, signal) {
    running ??= (async () => {
      files ??= await load(progress, signal);
      return start();
    })().catch(error => { running = null; throw error; });
    return running;
  }

  async function ask(question) {
    const worker = await ready();
    const id = last += 1;
    return new Promise((resolve, reject) => {
      calls.set(id, { resolve, reject });
      worker.postMessage({ id, question });
    });
  }

  // Ends what is being computed; the next question starts the prover again, from the files at hand.
  async function stop() {
    if (!running) return;
    const worker = await running.catch(() => null);
    worker?.terminate();
    running = null;
    for (const { reject } of calls.values()) reject(new Error("Stopped."));
    calls = new Map();
  }

  // Asks, and shows in `box` what is loaded before the first answer. Rejects with the sentence to show.
  async function askIn(box, question) {
    if (files === null && box) await show(box);
    return ask(question);
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

  return { askIn, stop, size: megabytes(TOTAL) };
})();
