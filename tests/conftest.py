"""A small book, built with the settings, extensions and templates of this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
Build = Callable[..., subprocess.CompletedProcess[str]]


def build(
    folder: Path, pages: dict[str, str], *, without: tuple[str, ...] = (), **settings: Any
) -> subprocess.CompletedProcess[str]:
    """Builds a book of ``pages``, {file: text}, the first one its index, as `make book` does.

    What an earlier build left in ``folder`` stays there, but pages that are not among ``pages``.
    """
    book = folder / "book"
    book.mkdir(exist_ok=True)
    for name in ("_static", "_templates", "_fonts", "_figures"):
        if not (book / name).exists():
            (book / name).symlink_to(ROOT / "book" / name, target_is_directory=True)
    for path in book.rglob("*"):
        if path.suffix in (".md", ".ipynb") and path.relative_to(book).as_posix() not in pages:
            path.unlink()
    for name, text in pages.items():
        path = book / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    root, *others = (str(Path(name).with_suffix("")) for name in pages)
    toc = {"format": "jb-book", "root": root, "chapters": [{"file": name} for name in others]}
    (book / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")

    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    extensions = config["sphinx"]["local_extensions"]
    for name in ("ledger", *without):  # the ledger proves the pages of the whole book
        extensions.pop(name, None)
    config["sphinx"]["local_extensions"] = dict.fromkeys(extensions, str(ROOT / "book" / "_ext"))
    for section, values in settings.items():
        config.setdefault(section, {}).update(values)
    (folder / "_config.yml").write_text(yaml.safe_dump(config), "utf-8")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book"]
    options = ["--config", "_config.yml", "--path-output", ".", "-W", "-n", "--keep-going"]
    return subprocess.run(
        command + options, cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )


@pytest.fixture(scope="session")
def build_book() -> Build:
    return build
