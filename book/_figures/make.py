"""Write every figure of the book: `make figures`, or `python book/_figures/make.py [folder]`.

A drawing is a function with `@drawing` in a file beside this one. An interactive figure is a folder
with a `figure.py`, whose `fragments()` are its forms by name, as HTML. The folder that is named,
`book` by default, gets the drawings, which the pages show as images, and the fragments, which they
include by `{figure-html}`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def figures() -> dict[str, str]:
    """The text of every figure's file by its path below the book."""
    for path in sorted(HERE.glob("*.py")):
        if path != Path(__file__).resolve():
            importlib.import_module(path.stem)
    drawn = [draw() for draw in importlib.import_module("svg").DRAWINGS.values()]
    files = {f"_static/figures/{figure.name}.svg": figure.render() for figure in drawn}
    for path in sorted(HERE.glob("*/figure.py")):
        name = path.parent.name
        spec = importlib.util.spec_from_file_location(f"{name}_figure", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for form, html in module.fragments().items():
            files[f"_figures/{name}/{form}.html"] = html
    return files


def main(folder: Path) -> None:
    """Write the figures below `folder`."""
    for name, text in figures().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent)
