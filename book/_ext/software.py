"""Puts the book's software into its site: the package as a wheel, the notebooks with their data.

So a reader needs the site alone, at whatever address or on whatever disk it lies.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from addresses import site_address
from gaps import text_for_the_reader
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
FOLDER = "software"
NOTEBOOKS = "notebooks.zip"
# The folder that a reader gets by unpacking the notebooks; their set-up cell looks for it.
UNPACKED = "backpropagation-by-hand"
_PACKAGE = ("pyproject.toml", "README.md", "LICENSE", "src")
_LEFT_OUT = ("__pycache__", "*.egg-info", ".ipynb_checkpoints")
_BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive


def wheel_name() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return f"{project['name']}-{project['version']}-py3-none-any.whl"


def _files(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            part.match(pattern) for part in (path, *path.parents) for pattern in _LEFT_OUT
        ):
            yield path


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def build_wheel(target: Path, address: str = "") -> Path:
    """Builds the package's wheel into ``target``, from a copy: the sources stay as they are.

    There the checker knows the site's ``address``, to which its reports lead then.
    """
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "copy")
        copy.mkdir()
        for name in _PACKAGE:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns(*_LEFT_OUT))
            else:
                shutil.copyfile(ROOT / name, copy / name)
        checker = copy / "src/mlpcheck/__init__.py"
        text = checker.read_text("utf-8").replace('BOOK = ""', f'BOOK = "{address}"')
        checker.write_text(text, "utf-8")
        result = subprocess.run(
            [sys.executable, "-c", _BUILD, str(target.resolve())],
            cwd=copy,
            env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},
            capture_output=True,
            text=True,
        )
    wheel = target / wheel_name()
    if result.returncode or not wheel.is_file():
        raise ExtensionError(f"expected to build {wheel.name}, got:\n{result.stderr}")
    return wheel


def write_notebooks(book: Path, wheel: Path, target: Path) -> None:
    """Zips the notebooks of ``book`` with all that they read, and the ``wheel`` beside them."""
    folders = sorted({path.parent for path in book.glob("[!_.]*/*.ipynb")})
    files = [path for folder in folders for path in _files(folder) if path.suffix != ".md"]
    files += [*_files(book / "data"), book / "figures.mplstyle"]
    with zipfile.ZipFile(target, "w") as archive:
        for path, name in [(path, path.relative_to(book).as_posix()) for path in files] + [
            (wheel, wheel.name)
        ]:
            member = zipfile.ZipInfo(f"{UNPACKED}/{name}", _EPOCH)
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            notebook = path.suffix == ".ipynb"
            archive.writestr(member, text_for_the_reader(path) if notebook else path.read_bytes())


def write_software(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    target, stamp = Path(app.outdir) / FOLDER, Path(app.doctreedir) / "wheel.sha256"
    target.mkdir(exist_ok=True)
    repository = app.config.html_theme_options.get("repository_url", "")
    address = site_address(app.config.html_baseurl, repository)
    package = [ROOT / name for name in _PACKAGE]
    digest = address + _digest(
        path for part in package for path in (_files(part) if part.is_dir() else [part])
    )
    wheel = target / wheel_name()
    if not (wheel.is_file() and stamp.is_file() and stamp.read_text("utf-8") == digest):
        for old in target.glob("*.whl"):
            old.unlink()
        build_wheel(target, address)
        stamp.write_text(digest, "utf-8")
    write_notebooks(ROOT / "book", wheel, target / NOTEBOOKS)


def name_wheel(app: Sphinx, docname: str, source: list[str]) -> None:
    """Writes the wheel's name, which has the version, into the page's commands."""
    if docname == FOLDER:
        source[0] = source[0].replace("WHEEL", wheel_name())


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", name_wheel)
    app.connect("build-finished", write_software)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
