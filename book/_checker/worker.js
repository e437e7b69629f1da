// The prover in a worker: Python as WebAssembly. The build puts Pyodide's two scripts in front of this file.
// All files come with the first message, so that a page opened from disk works as well: nothing is fetched here.
"use strict";
const LOCK = {/* lock */}; // Pyodide's own lock file without its packages, written by the build
let answer = null;

async function start({ wasm, python }) {
  const files = { "pyodide.asm.wasm": [wasm, "application/wasm"], "python_stdlib.zip": [python, "application/zip"] };
  self.fetch = async url => {
    const [bytes, type] = files[String(url).split("/").pop()] ?? [];
    return bytes ? new Response(bytes, { headers: { "content-type": type } }) : Promise.reject(new TypeError(`no such file: ${url}`));
  };
  const pyodide = await loadPyodide({
    createPyodideModule: _createPyodideModule,
    indexURL: "https://checker.invalid/", // a name for what is fetched above; no request is made
    lockFileContents: LOCK,
  });
  const page = pyodide.pyimport("texcheck.page");
  answer = text => page.answer(text);
}

self.onmessage = async ({ data }) => {
  try {
    if (data.start) {
      await start(data.start);
      self.postMessage({ ready: true });
    } else {
      const before = performance.now();
      const text = answer(JSON.stringify(data.question));
      self.postMessage({ id: data.id, reply: JSON.parse(text), milliseconds: performance.now() - before });
    }
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error?.message ?? error) });
  }
};
