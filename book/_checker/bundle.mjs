// Cuts Python's standard library to what the prover uses and compiles both: node bundle.mjs PYODIDE PACKAGE OUT
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, packageFolder, out] = process.argv.slice(2).map(path => resolve(path));
const { loadPyodide } = await import(pathToFileURL(join(pyodideFolder, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: pyodideFolder });

python.FS.mkdir("/package");
(function copy(from, to) {
  python.FS.mkdirTree(to);
  for (const name of readdirSync(from).sort()) {
    if (name === "__pycache__") continue;
    const path = join(from, name);
    if (statSync(path).isDirectory()) copy(path, `${to}/${name}`);
    else if (/\.(py|toml|tex)$/.test(name)) python.FS.writeFile(`${to}/${name}`, readFileSync(path));
  }
})(packageFolder, "/package/texcheck");

// What a verdict, a diagnosis, a refusal and a traceback import, late imports included.
python.runPython(`
import importlib._bootstrap_external as external
import io, os, sys, zipfile
sys.path.insert(0, "/package")
import texcheck.page as page
page.warm()
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
found = dict(parts())
with zipfile.ZipFile(made, "w") as archive:
    for inside in sorted(found):
        data = found[inside]
        if inside.endswith(".py"):
            code = compile(data, inside, "exec", dont_inherit=True, optimize=2)
            data, inside = bytes(external._code_to_timestamp_pyc(code, 0, 0)), inside + "c"
        archive.writestr(zipfile.ZipInfo(inside), data, zipfile.ZIP_DEFLATED, 9)
print(len(found), "files,", len(made.getvalue()), "bytes")
`);
writeFileSync(out, python.globals.get("made").getvalue().toJs());
process.exit(0);
