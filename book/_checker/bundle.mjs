// Starts Python, imports the prover and writes down the memory: node bundle.mjs PYODIDE PACKAGE OUT
// The page goes on from there. What it would do without, to read a library and to import, takes it seconds.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [pyodideFolder, packageFolder, out] = process.argv.slice(2).map(path => resolve(path));
const from = name => import(pathToFileURL(join(pyodideFolder, name)));
const { loadPyodide } = await from("pyodide.mjs");
const { default: createPyodideModule } = await from("pyodide.asm.mjs");
const here = dirname(fileURLToPath(import.meta.url));
const { exchange, checksum } = new Function(`${readFileSync(join(here, "memory.js"))}; return { exchange, checksum };`)();
// What makes a verdict of each kind import all that it needs.
const warm = String.raw`
import json
import texcheck.page as page
for tex, notation in (r"\lVert x \rVert = \exp(\log \sigma(x_0))", ""), ("2^{d_x} = d_x^2", ""), ("x = (", ""), ("a^{[1]} = x", "course"):
    asked = {"ask": "check", "tex": tex, "network": "regression", "notation": notation, "assignment": bool(notation)}
    list(page.replies(json.dumps(asked)))
list(page.judge({"network": "any", "left": "x", "allow": ["x"], "answers": ["x", "y"]}, "-x"))
`;
const library = `${out}.zip`; // for the builds of Python below alone

// A first Python compiles the library's part that is used, and the prover, without their texts.
const compiler = await loadPyodide({ indexURL: pyodideFolder });
compiler.FS.mkdir("/package");
(function copy(from, to) {
  compiler.FS.mkdirTree(to);
  for (const name of readdirSync(from).sort()) {
    if (name === "__pycache__") continue;
    const path = join(from, name);
    if (statSync(path).isDirectory()) copy(path, `${to}/${name}`);
    else if (/\.(py|toml|tex)$/.test(name)) compiler.FS.writeFile(`${to}/${name}`, readFileSync(path));
  }
})(packageFolder, "/package/texcheck");
compiler.runPython(`
import importlib._bootstrap_external as external
import io, os, sys, zipfile
sys.path.insert(0, "/package")
${warm}
try:
    raise ValueError
except ValueError:
    import traceback
    traceback.format_exc()

def parts():
    """The path inside the archive and the bytes of every module that was imported, and of the package."""
    library = zipfile.ZipFile("/lib/python314.zip")
    names = set(library.namelist())
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        # A frozen module tells the path that it would have: take it from the archive, as the others.
        for start in ("/lib/python314.zip/", "/lib/python3.14/"):
            inside = path.removeprefix(start)
            if path.startswith(start) and inside in names:
                yield inside, library.read(inside)
    for folder, _, files in os.walk("/package"):
        for name in files:
            path = os.path.join(folder, name)
            if "__pycache__" not in path:
                yield path.removeprefix("/package/"), open(path, "rb").read()

made = io.BytesIO()
with zipfile.ZipFile(made, "w") as archive:
    for inside, data in sorted(dict(parts()).items()):
        if inside.endswith(".py"):
            code = compile(data, inside, "exec", dont_inherit=True, optimize=2)
            data, inside = bytes(external._code_to_timestamp_pyc(code, 0, 0)), inside + "c"
        archive.writestr(zipfile.ZipInfo(inside), data)
`);
writeFileSync(library, compiler.globals.get("made").getvalue().toJs());

// A second one imports the prover: its memory is what the page starts from.
const settings = { indexURL: pyodideFolder, stdLibURL: library, env: { PYTHONHASHSEED: "0" } };
const python = await loadPyodide({ ...settings, _makeSnapshot: true });
python.runPython(`
import gc
${warm}
gc.collect()
`);
const snapshot = python.makeMemorySnapshot();

// Two more start from there, and show what the runtime brings itself: where they begin to differ are chance and time.
const own = [];
for (let run = 0; run < 2; run += 1) {
  const started = await loadPyodide({
    ...settings,
    _loadSnapshot: snapshot.slice(),
    async createPyodideModule(given) {
      const module = await createPyodideModule(given);
      own.push(new Uint32Array(module.HEAPU8.slice().buffer));
      return module;
    },
  });
  started.pyimport("texcheck.page");
}
rmSync(library);

const header = 16; // bytes before the snapshot, so that its words stay aligned
const made = new Uint8Array(header + snapshot.length);
made.set(snapshot, header);
const words = own[0].findIndex((word, at) => word !== own[1][at]);
const memory = new Uint32Array(made.buffer, header + snapshot.length - own[0].byteLength, words);
new Uint32Array(made.buffer, 0, 2).set([words, checksum(memory)]);
exchange(memory, own[0].subarray(0, words));
writeFileSync(out, made);
process.exit(0);
