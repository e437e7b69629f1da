"""Gives the reader's copy of a notebook its gaps: what a marked line computes is left open.

One notebook serves both. The site shows it filled, and the tests run it so. In the copy that is
downloaded, each assignment that is marked ``# fill in`` has lost its right side, or the values of
the dict that stands there: its keys are what the cells below ask for. A line behind it says what is
still open. No cell has an output: the cell below a gap compares what the reader computed with
PyTorch.
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
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for number in reversed(marked):
        node = assignments.get(number)
        if node is None:
            raise ValueError(f"{MARK}: expected an assignment that begins here: {lines[number]}")
        lines.insert(node.end_lineno or node.lineno, _reminder(node))
        for value in reversed(_values(node.value)):
            end = value.end_lineno or value.lineno
            before, behind = lines[value.lineno - 1], lines[end - 1]
            gap = f"{before[: value.col_offset]}...{behind[value.end_col_offset :]}"
            lines[value.lineno - 1 : end] = [gap]
        if MARK not in lines[number]:  # it stood inside of the value
            lines[number] += f"  {MARK}"
    return "\n".join(lines)


def _values(node: ast.expr) -> list[ast.expr]:
    """What is left open of a marked value."""
    if isinstance(node, ast.Dict):
        return node.values
    return [node.value if isinstance(node, ast.DictComp) else node]


def _reminder(node: ast.Assign) -> str:
    """The line behind a gap: who forgets it reads its name, and no message of what comes later."""
    name = ast.unparse(node.targets[0])
    is_dict = isinstance(node.value, ast.Dict | ast.DictComp)
    filled = f"all(gap is not ... for gap in {name}.values())" if is_dict else f"{name} is not ..."
    return f'{" " * node.col_offset}assert {filled}, "fill in {name} first"'


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
