"""Puts the prover into the site: its files beside the pages, and the form of ``{checker}``.

The prover runs in the reader's browser, in Python compiled to WebAssembly. Its files come from npm
(``make book`` installs them): Pyodide runs it, Temml shows what is typed. Where they are missing,
the page says how to check at the command line, and the build says what was left out.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rcssmin
import rjsmin
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import texcheck

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parents[1] / "_checker"
_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
PYODIDE, TEMML = _MODULES / "pyodide", _MODULES / "temml" / "dist" / "temml.min.js"
# Pyodide's runtime is an ES module; in a worker that a page from disk can start it is a script.
_EXPORT = "export default _createPyodideModule"


def available() -> bool:
    """Whether the site can hold the prover: npm has brought its files, and node can cut them."""
    return PYODIDE.is_dir() and TEMML.is_file() and shutil.which("node") is not None


class Checker(SphinxDirective):
    """``{checker}``: the form; its body is for readers without it."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        fallback = nodes.container(classes=["checker-absent"])
        self.state.nested_parse(self.content, self.content_offset, fallback)
        form = nodes.raw("", (HERE / "page.html").read_text("utf-8"), format="html", checker=True)
        self.env.note_dependency(str(HERE / "page.html"))
        return [form, fallback] if available() else [fallback]


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def _sources() -> list[Path]:
    package = Path(texcheck.__file__).parent
    prover = [
        path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    return sorted([*prover, *HERE.iterdir(), PYODIDE / "package.json", TEMML])


def _worker() -> bytes:
    """Pyodide's loader, its runtime and the worker, as one script."""
    runtime = (PYODIDE / "pyodide.asm.mjs").read_text("utf-8")
    if runtime.count(_EXPORT) != 1:
        raise ValueError(f"pyodide.asm.mjs: expected {_EXPORT!r} once")
    runtime = runtime.replace(_EXPORT, "").replace("import.meta.url", "self.location.href")
    loader = (PYODIDE / "pyodide.js").read_text("utf-8")
    lock = json.loads((PYODIDE / "pyodide-lock.json").read_text("utf-8"))
    worker = (HERE / "worker.js").read_text("utf-8")
    worker = worker.replace("{/* lock */}", json.dumps({**lock, "packages": {}}))
    memory = (HERE / "memory.js").read_text("utf-8")
    return "\n;".join([loader, runtime, memory, worker]).encode()


def _bundle(folder: Path, stamp: str) -> None:
    """Writes the files that a page loads when the prover is first used."""
    python = folder / "python"
    package = Path(texcheck.__file__).parent
    command = ["node", str(HERE / "bundle.mjs"), str(PYODIDE), str(package), str(python)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    packed = {
        "worker.js.gz": gzip.compress(_worker(), mtime=0),
        "runtime.wasm.gz": gzip.compress((PYODIDE / "pyodide.asm.wasm").read_bytes(), mtime=0),
        "python.gz": gzip.compress(python.read_bytes(), mtime=0),
    }
    python.unlink()
    for name, content in packed.items():
        (folder / name).write_bytes(content)
    carried = {name: base64.b64encode(content).decode() for name, content in packed.items()}
    disk = f'"use strict";\nbook.proverFiles = {json.dumps(carried)};\n'
    (folder / "disk.js").write_text(disk, "utf-8")
    sizes = json.dumps({name: len(content) for name, content in packed.items()})
    client = (HERE / "client.js").read_text("utf-8")
    client = client.replace("{/* sizes */}", sizes).replace("/* version */", stamp)
    (folder / "client.js").write_text(rjsmin.jsmin(client), "utf-8")
    (folder / "page.js").write_text(rjsmin.jsmin((HERE / "page.js").read_text("utf-8")), "utf-8")
    (folder / "page.css").write_text(
        rcssmin.cssmin((HERE / "page.css").read_text("utf-8")), "utf-8"
    )
    shutil.copy(TEMML, folder / "temml.js")


def publish(app: Sphinx, exception: Exception | None) -> None:
    """Writes the prover's files, or keeps those of the last build if nothing they hold changed."""
    if exception or app.builder.name != "html":
        return
    if not available():
        logger.info(
            "checker: left out of the site, since npm or node is missing: install Node.js, which "
            "has both, and run make book again"
        )
        return
    stamp = _digest(*_sources())
    # Beside the site, so that every build of this checkout finds what one has made.
    kept = HERE.parents[1] / "_build" / "checker" / stamp
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            made = Path(folder, "made")
            made.mkdir()
            try:
                _bundle(made, stamp)
            except subprocess.CalledProcessError as error:
                logger.warning("checker: node bundle.mjs failed: %s", error.stderr[-2000:])
                return
            with contextlib.suppress(OSError):  # another build was faster
                made.replace(kept)
    shutil.copytree(kept, Path(app.outdir) / "_static" / "checker", dirs_exist_ok=True)
    shutil.copy(HERE / "service-worker.js", Path(app.outdir) / "service-worker.js")


def load_on_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Tells the template whether the page has the form, and whether the site has the prover."""
    raw = doctree.findall(nodes.raw) if doctree else []
    context["has_checker"] = available() and any(node.get("checker") for node in raw)
    context["checker_version"] = _digest(*sorted(HERE.iterdir()))
    context["has_prover"] = available()


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("checker", Checker)
    app.add_config_value("checker_available", available(), "env", [bool])
    app.connect("html-page-context", load_on_page)
    # After the bundles are written, which clears the folder of other files.
    app.connect("build-finished", publish, priority=910)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
