"""The downloaded notebooks have gaps, the built ones have none, and both are one notebook."""

import ast
import json
from pathlib import Path

import pytest
from gaps import MARK, for_the_reader, with_gaps

BOOK = Path(__file__).parents[2] / "book"


# The notebooks that carry out a derivation; the others measure, or check a program.
DERIVE = [
    "regression/forward_run", "regression/gradients_run", "regression/jacobians_run",
    "regression/layers_run", "regression/deep_run", "classification/sigmoid_run",
    "classification/cross_entropy_run",
]  # fmt: skip


def test_the_value_of_a_marked_assignment_is_gone():
    assert with_gaps("a = b + 1  # fill in\nc = a") == "a = ...  # fill in\nc = a"


def test_a_value_of_several_lines_is_gone_as_a_whole():
    source = "a = f(  # fill in\n    b,\n    c,\n)\nd = a"
    assert with_gaps(source) == "a = ...  # fill in\nd = a"


def test_what_is_not_marked_stays():
    assert with_gaps("a = b  # filled in\nc = a") == "a = b  # filled in\nc = a"


def test_a_mark_without_an_assignment_is_an_error():
    with pytest.raises(ValueError, match="expected an assignment"):
        with_gaps("print(a)  # fill in")


@pytest.mark.parametrize("name", DERIVE)
def test_every_derivation_has_gaps_and_a_comparison_behind_them(name):
    notebook = json.loads((BOOK / f"{name}.ipynb").read_text("utf-8"))
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    gaps = [number for number, source in enumerate(code) if MARK in source]
    assert gaps
    assert any("comparison" in source for source in code[gaps[-1] :])
    given = for_the_reader(notebook)
    left = ["".join(cell["source"]) for cell in given["cells"] if cell["cell_type"] == "code"]
    for filled, gapped in zip(code, left, strict=True):
        assert filled.count(MARK) == gapped.count(f"...  {MARK}")
        if not filled.startswith("import importlib"):  # the set-up cell holds commands of the shell
            ast.parse(gapped)
    assert all(not cell.get("outputs") for cell in given["cells"])
