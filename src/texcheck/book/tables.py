"""What the cells of a page's tables claim: to equal a quantity, or to have its shape."""

import re
from typing import Literal

from markdown_it.tree import SyntaxTreeNode

from ..reading import readable

Kind = Literal["value", "shape"]

# What goes into a layer and what comes out of it, by the name in the column "Layer".
_LAYERS = {
    "Linear_1": (r"\boldsymbol{x}", r"\boldsymbol{s}^{(1)}"),
    "f": (r"\boldsymbol{s}^{(1)}", r"\boldsymbol{z}^{(1)}"),
    "Linear_2": (r"\boldsymbol{z}^{(1)}", r"\boldsymbol{s}^{(2)}"),
    "g": (r"\boldsymbol{s}^{(2)}", r"\hat{\boldsymbol{y}}"),
    "Loss": (r"\hat{\boldsymbol{y}}, \boldsymbol{y}", r"\ell"),
}

# Columns that name things or hold numbers of the running network: one formula claims nothing.
_NAMING = ("Row", "Here", "Quantity", "From", "To")


class BadCell(ValueError):
    """A cell that its table has no place for: what was expected, what was given."""


def claim(cells: dict[str, SyntaxTreeNode], column: str, n: int) -> tuple[str | None, Kind] | None:
    """The subject and kind of a cell's `n`-th math; None for the cell that names the subject.

    `cells`: the row, by the heads of its columns. Raises BadCell.
    """
    if column in _NAMING and readable(maths(cells[column])[n]):
        return None
    match [name for name in cells if name not in _NAMING]:
        case ["Layer", "Input", "Output"]:
            return None if column == "Layer" else (_of_layer(cells, column, n), "value")
        case ["Parameter", "Gradient", "Shape"]:
            if column == "Parameter":
                return None
            subject = rf"\frac{{\partial \ell}}{{\partial {_only_math(cells['Parameter'])}}}"
            return subject, "shape" if column == "Shape" else "value"
        case ["Symbol", "Shape", "Meaning"] if column in ("Symbol", "Shape"):
            return None if column == "Symbol" else (_only_math(cells["Symbol"]), "shape")
    return None, "value"


def _of_layer(cells: dict[str, SyntaxTreeNode], column: str, n: int) -> str:
    # \operatorname{Linear}_{1} is Linear_1
    layer = re.sub(r"\\(operatorname|mathrm|text)|[{} $]", "", text(cells["Layer"]))
    if layer not in _LAYERS:
        raise BadCell(f"Layer: expected one of {', '.join(_LAYERS)}, got {layer!r}")
    inputs, output = _LAYERS[layer]
    if column == "Output":
        return output
    given, wanted = len(maths(cells["Input"])), inputs.split(", ")
    if given > 1 and given != len(wanted):
        raise BadCell(f"Input: expected {inputs}, got {given} formulas")
    return wanted[n] if given > 1 else inputs


def maths(cell: SyntaxTreeNode) -> list[str]:
    """The TeX of each math in a cell, in order."""
    found = (n for n in cell.walk() if n.type == "math_inline" or n.meta.get("name") == "math")
    return [node.content for node in found]


def text(cell: SyntaxTreeNode) -> str:
    """What a cell says, TeX as it stands."""
    said = ("text", "math_inline", "code_inline")
    return "".join(node.content for node in cell.walk() if node.type in said).strip()


def anchor(row: SyntaxTreeNode) -> str:
    """The anchor of a table's row: the id of the first span in it that has one."""
    ids = (node.attrs["id"] for node in row.walk() if node.type == "span" and "id" in node.attrs)
    return str(next(ids, ""))


def _only_math(cell: SyntaxTreeNode) -> str:
    """The subject in a cell: its math, else its text."""
    found = maths(cell)
    if len(found) > 1:
        raise BadCell(f"expected one formula to name the row, got {' and '.join(found)}")
    return found[0] if found else text(cell)
