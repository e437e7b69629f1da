// The prover in a worker: Python as WebAssembly, with its memory as it was once the prover had been imported.
// The build puts Pyodide's two scripts and memory.js in front of this file. All comes with the first message,
// so that a page opened from disk works as well: nothing is fetched here.
"use strict";
const LOCK = {/* lock */}; // Pyodide's own lock file without its packages, written by the build
let page = null;

async function start({ runtime, python }) {
  // For the runtime, which is compiled already, and for the library, which is in the memory.
  self.fetch = async () => new Response("");
  WebAssembly.instantiateStreaming = async (_, imports) => ({ module: runtime, instance: await WebAssembly.instantiate(runtime, imports) });
  const [words, sum] = new Uint32Array(python, 0, 2); // of the part that the runtime has as well
  const memory = new Uint8Array(python, 16);
  const pyodide = await loadPyodide({
    async createPyodideModule(settings) {
      const module = await _createPyodideModule(settings);
      const shared = new Uint32Array(python, python.byteLength - module.HEAPU8.length, words);
      exchange(shared, new Uint32Array(module.HEAPU8.buffer, 0, words));
      if (checksum(shared) !== sum) throw new Error("Python's memory does not fit its runtime");
      return module;
    },
    _loadSnapshot: memory,
    indexURL: "https://checker.invalid/", // a name for what is fetched above; no request is made
    lockFileContents: LOCK,
  });
  page = pyodide.pyimport("texcheck.page");
}

self.onmessage = async ({ data }) => {
  try {
    if (data.start) {
      await start(data.start);
      self.postMessage({ ready: true });
    } else {
      const before = performance.now();
      // The verdict, and then its cause if there is one to be found.
      for (const text of page.replies(JSON.stringify(data.question)))
        self.postMessage({ id: data.id, reply: { ...JSON.parse(text), milliseconds: performance.now() - before } });
    }
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error?.message ?? error) });
  }
};
