// Imports texcheck, unchanged, into Python on WebAssembly, and measures how long a verdict takes.
// Run it from the root: npm ci && node benchmarks/texcheck_pyodide.mjs
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { loadPyodide } from "pyodide";

const ROUNDS = 20;
const STATEMENTS = [
  String.raw`\delta^{(1)} = [W^{(2)}]^T \delta^{(2)} \odot f'(s^{(1)})`,
  String.raw`\frac{\partial \ell}{\partial W^{(1)}} = 2 x (\hat y - y)^T W^{(2)} \frac{\partial z^{(1)}}{\partial s^{(1)}}`,
  String.raw`\frac{\partial \ell}{\partial W_{ij}^{(1)}} = 2 \sum_k (\hat y_k - y_k) W_{ki}^{(2)} \mathbb{1}[s_i^{(1)} > 0] x_j`,
  String.raw`\frac{\partial \hat y}{\partial x} = W^{(2)} \operatorname{diag}(f'(s^{(1)})) W^{(1)}`,
];

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "__pycache__" ? [] : files(path);
    return [path];
  });
}

let start = performance.now();
const python = await loadPyodide();
console.log(`Python on WebAssembly: ${Math.round(performance.now() - start)} ms`);
for (const path of files("src/texcheck")) {
  const place = `/home/pyodide/${relative("src", path)}`;
  python.FS.mkdirTree(dirname(place));
  python.FS.writeFile(place, readFileSync(path));
}
start = performance.now();
python.runPython("from texcheck import check");
console.log(`import texcheck: ${Math.round(performance.now() - start)} ms`);
for (const tex of STATEMENTS) {
  python.globals.set("tex", tex);
  const times = [];
  let verdicts;
  for (let round = 0; round < ROUNDS; round += 1) {
    start = performance.now();
    verdicts = python.runPython("[verdict.status for _, verdict in check(tex, 'regression')]").toJs();
    times.push(performance.now() - start);
  }
  const median = times.sort((a, b) => a - b)[ROUNDS / 2];
  console.log(`${verdicts.join(", ")} in ${median.toFixed(1)} ms, at most ${times.at(-1).toFixed(1)} ms: ${tex}`);
}
