"""The downloaded notebooks have gaps, the built ones have none, and both are one notebook."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from gaps import MARK, for_the_reader, with_gaps

BOOK = Path(__file__).parents[2] / "book"


# The notebooks that carry out a derivation; the others measure, or check a program.
DERIVE = [
    "regression/forward_run", "regression/gradients_run", "regression/jacobians_run",
    "regression/layers_run", "regression/deep_run", "classification/sigmoid_run",
    "classification/cross_entropy_run",
]  # fmt: skip


REMINDER = 'assert a is not ..., "fill in a first"'


def test_the_value_of_a_marked_assignment_is_gone():
    gapped = f"a = ...  # fill in\n{REMINDER}\nc = a"
    assert with_gaps("a = b + 1  # fill in\nc = a") == gapped


def test_a_value_of_several_lines_is_gone_as_a_whole():
    source = "a = f(  # fill in\n    b,\n    c,\n)\nd = a"
    assert with_gaps(source) == f"a = ...  # fill in\n{REMINDER}\nd = a"


def test_what_is_said_of_a_value_stays():
    gapped = f"a = ...  # [k]  # fill in\n{REMINDER}"
    assert with_gaps("a = b + 1  # [k]  # fill in") == gapped


@pytest.mark.parametrize(
    ("source", "gapped"),
    [
        ("a = {3: b + 1}  # fill in", "a = {3: ...}  # fill in"),
        ("a = {n: f(n) for n in b}  # fill in", "a = {n: ... for n in b}  # fill in"),
        (
            'a = {  # fill in\n    "W": f(\n        b,\n    ),\n    "b": c @ d,\n}',
            'a = {  # fill in\n    "W": ...,\n    "b": ...,\n}',
        ),
    ],
)
def test_a_dict_keeps_its_keys(source, gapped):
    *lines, reminder = with_gaps(source).split("\n")
    assert "\n".join(lines) == gapped
    with pytest.raises(AssertionError, match="fill in a first"):
        exec(reminder, {"a": {"W": 1, "b": ...}})
    exec(reminder, {"a": {"W": np.ones(2), "b": np.ones(3)}})


def test_who_forgets_a_gap_reads_its_name():
    with pytest.raises(AssertionError, match="fill in a first"):
        exec(with_gaps("a = b + 1  # fill in\na.sum()"), {})
    with_an_answer = with_gaps("a = b + 1  # fill in\na.sum()").replace("...", "np.ones(2)", 1)
    exec(with_an_answer, {"np": np})


def test_what_is_not_marked_stays():
    assert with_gaps("a = b  # filled in\nc = a") == "a = b  # filled in\nc = a"


def test_a_mark_without_an_assignment_is_an_error():
    for line in ("print(a)", "a, b = c", "a[0] = b"):
        with pytest.raises(ValueError, match="expected an assignment"):
            with_gaps(f"{line}  # fill in")


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
        assert filled.count(MARK) == gapped.count(MARK) == gapped.count('"fill in ')
        if not filled.startswith("import importlib"):  # the set-up cell holds commands of the shell
            ast.parse(gapped)
    assert all(not cell.get("outputs") for cell in given["cells"])
