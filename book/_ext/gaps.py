"""Gives the reader's copy of a notebook its gaps: what a marked line computes is left open.

One notebook serves both. The site shows it filled, and the tests run it so. In the copy that is
downloaded, each assignment that is marked ``# fill in`` has lost its right side, and no cell has an
output: the cell below a gap compares what the reader computed with PyTorch.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

MARK = "# fill in"


def with_gaps(source: str) -> str:
    """The code of a cell with `...` for the value of each marked assignment."""
    lines = source.split("\n")
    marked = [number for number, line in enumerate(lines) if line.rstrip().endswith(MARK)]
    if not marked:
        return source
    assignments = {
        node.lineno - 1: node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign)
    }
    for number in reversed(marked):
        node = assignments.get(number)
        if node is None:
            raise ValueError(f"{MARK}: expected an assignment that begins here: {lines[number]}")
        start = lines[number][: node.value.col_offset]
        lines[number : (node.end_lineno or node.lineno)] = [f"{start}...  {MARK}"]
    return "\n".join(lines)


def for_the_reader(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook (parsed JSON) with gaps and without outputs."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = with_gaps("".join(cell["source"]))
            cell = {**cell, "source": source.splitlines(keepends=True)}
            cell |= {"outputs": [], "execution_count": None}
        cells.append(cell)
    return {**notebook, "cells": cells}


def text_for_the_reader(path: Path) -> str:
    """The file of a notebook as it is downloaded."""
    notebook = for_the_reader(json.loads(path.read_text("utf-8")))
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def publish(app: Sphinx, exception: Exception | None) -> None:
    """The notebooks that the site offers for download get their gaps."""
    if exception or app.builder.name != "html":
        return
    for path in sorted((Path(app.outdir) / "_sources").rglob("*.ipynb")):
        path.write_text(text_for_the_reader(path), "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", publish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
