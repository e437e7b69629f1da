"""What holds for every notebook of the book, beside what nbval checks: how it is committed."""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(BOOK.glob("[!_.]*/*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind=None):
    all_cells = json.loads(path.read_text("utf-8"))["cells"]
    return [cell for cell in all_cells if kind in (None, cell["cell_type"])]


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell["outputs"]]


def source(cell):
    return "".join(cell["source"])


def figures(path):
    """(cell, SVG text) for each figure."""
    return [
        (cell, "".join(output["data"]["image/svg+xml"]))
        for cell in cells(path, "code")
        for output in cell["outputs"]
        if "image/svg+xml" in output.get("data", {})
    ]


SOLUTION = {
    "regression": {"layers", "forward", "gradients", "cost", "jacobians"},
    "classification": {"sigmoid", "cross_entropy", "why_relu"},
}


def test_every_part_of_the_solution_has_its_notebook():
    for part, parts in SOLUTION.items():
        pages = set((BOOK / part).glob("*.md"))
        assert parts <= {page.stem for page in pages}
        without = {
            page for page in pages if page.with_name(f"{page.stem}_run.ipynb") not in NOTEBOOKS
        }
        assert not without, "pages without a notebook: make notebook PAGE=... adds one"
    assert BOOK / "regression/deep_run.ipynb" in NOTEBOOKS


@each_notebook
def test_it_begins_with_the_only_title(path):
    first, *others = cells(path, "markdown")
    assert source(first).startswith("# ")
    assert not [cell["id"] for cell in others if re.search("^# ", source(cell), re.MULTILINE)]


@each_notebook
def test_its_metadata_name_a_kernel_that_everybody_has(path):
    metadata = json.loads(path.read_text("utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert set(metadata) <= {"kernelspec", "language_info"}


@each_notebook
def test_no_time_of_execution_is_committed(path):
    assert not [cell["id"] for cell in cells(path) if set(cell["metadata"]) - {"mystnb", "tags"}]


@each_notebook
def test_nothing_in_it_names_a_machine(path):
    named = re.findall(
        r"(?:/home|/root|/Users|/tmp|/work)/[\w.]+|[A-Z]:\\\w+", path.read_text("utf-8")
    )
    assert named == []


@each_notebook
def test_every_cell_was_run_in_order(path):
    code = cells(path, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))


@each_notebook
def test_no_output_is_an_error_or_a_warning(path):
    assert {output.get("name") for output in outputs(path)} <= {"stdout", None}
    assert "error" not in {output["output_type"] for output in outputs(path)}


@each_notebook
def test_no_negative_zero_is_printed(path):
    for output in outputs(path):
        text = output.get("text") or output["data"].get("text/plain", [])
        assert not re.search(r"-0(?:\.0*)?(?![\d.])", "".join(text)), text


@each_notebook
def test_its_figures_say_in_words_what_they_show(path):
    for cell, _ in figures(path):
        assert len(cell["metadata"]["mystnb"]["image"]["alt"].split()) > 20, cell["id"]


@each_notebook
def test_its_figures_are_drawn_from_asserted_data(path):
    for cell, _ in figures(path):
        assert re.search("^assert ", source(cell), re.MULTILINE), cell["id"]


@each_notebook
def test_its_figures_have_no_date(path):
    for cell, svg in figures(path):
        assert "<dc:date>" not in svg, cell["id"]


def test_only_the_times_are_not_compared():
    marks = [
        (path.stem, cell["id"], mark)
        for path in NOTEBOOKS
        for cell in cells(path, "code")
        for mark in re.findall(r"(?:PYTEST_VALIDATE|NBVAL)_\w+", source(cell))
        + [tag for tag in cell["metadata"].get("tags", []) if tag.startswith(("nbval", "raises"))]
    ]
    assert marks == [
        ("why_relu_run", "time", "NBVAL_IGNORE_OUTPUT"),
        ("cost_run", "time", "NBVAL_IGNORE_OUTPUT"),
    ]


def test_the_penguins_are_complete():
    with (BOOK / "data" / "penguins.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["species"] for row in rows) == {
        "Adelie": 152,
        "Gentoo": 124,
        "Chinstrap": 68,
    }
    measurements = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    missing = [[name for name in measurements if row[name] == "NA"] for row in rows]
    assert [names for names in missing if names] == [list(measurements)] * 2
    assert sum(row["sex"] == "NA" for row in rows) == 2 + 9
