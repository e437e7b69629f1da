"""Every statement of the source has its place in the book; a wrong equation anywhere is found."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path

import pytest

from texcheck.__main__ import main
from texcheck.book.pages import Item, pages, read
from texcheck.book.prove import MOST_DEFINITIONS, Book, prove

BOOK = Path(__file__).parents[2] / "book"

# The rows of the source's solutions: notation, 1.2 a) to d), 1.3 a) to c).
ROWS = [
    f"{part}{number:02d}"
    for part, last in zip("nabcdefg", (4, 5, 15, 34, 4, 6, 5, 2), strict=True)
    for number in range(1, last + 1)
]


# How a page labels an equation, a section and the row of a table.
ANCHOR = re.compile(
    r"\$\$ \((eq:[\w-]+)\)$|^\(((?:row|err)-[\w-]+)\)=$|\]\{#([\w-]+)\}", re.MULTILINE
)


def anchors_of(page: Path) -> list[str]:
    """Every label of an equation, target of a section and anchor of a table's row, in order."""
    found = ANCHOR.findall(page.read_text(encoding="utf-8"))
    return ["".join(names) for names in found]


@pytest.fixture(scope="module")
def anchors() -> set[str]:
    return {name for page in pages(BOOK) if page.suffix == ".md" for name in anchors_of(page)}


def test_the_source_has_75_rows() -> None:
    assert len(set(ROWS)) == 75


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_source_is_an_equation_a_table_row_or_an_erratum(
    row: str, anchors: set[str]
) -> None:
    assert [anchor for anchor in anchors if re.fullmatch(rf"(eq:|row-|err-){row}(-\d+)?", anchor)]


def test_gradients_has_each_of_its_rows_once() -> None:
    """A row in parts, as c07-1 and c07-2, is one row: its parts stand in one display."""
    found = anchors_of(BOOK / "regression" / "gradients.md")
    rows = [match for name in found if (match := re.fullmatch(r"(?:eq:|row-)(c\d\d)(-\d+)?", name))]
    assert {match[1] for match in rows} == {row for row in ROWS if row.startswith("c")}
    assert len({match[0] for match in rows}) == len(rows)
    whole = [match[1] for match in rows if match[2] is None]
    in_parts = {match[1] for match in rows if match[2]}
    assert len(set(whole)) == len(whole)
    assert not in_parts & set(whole)


@pytest.fixture(scope="module")
def book() -> Book:
    return prove(BOOK)


def test_the_book_holds(book: Book) -> None:
    assert book.failures == []
    totals = book.totals
    assert totals["proved"] + totals["definitions"] == totals["statements"]
    assert totals["definitions"] <= MOST_DEFINITIONS * totals["statements"]
    assert book.refuted_misprints == len(book.misprints) >= 12


def test_every_statement_names_the_line_and_column_where_it_begins(book: Book) -> None:
    for statement in book.statements:
        line = (BOOK / statement.page).read_text(encoding="utf-8").split("\n")[statement.line - 1]
        if statement.page.endswith(".ipynb"):
            line = str(json.loads(line.strip().removesuffix(",")))
        begin = line[statement.column - 1 :].split()
        assert begin, statement.place
        assert begin[0].strip("$,") in statement.display, statement.place


# One small error for each: what is replaced, and by what.
ERRORS = [
    (r" - \boldsymbol{y}", r" + \boldsymbol{y}"),
    (r"^{\mathsf T}", ""),
    (r"\hat y_k - y_k", r"\hat y_k - 2 y_k"),
    (r"\delta_{ij}", r"\delta_{jj}"),
    (r"+ \boldsymbol{b}^{(1)}", r"- \boldsymbol{b}^{(1)}"),
    (r"W^{(L+1)}", r"W^{(L)}"),
    (r"d_{\boldsymbol{x}} \times", r"d_{\boldsymbol{y}} \times"),
    (r"\boldsymbol{z}^{(1)} ", r"\boldsymbol{x} "),
]


def change(item: Item, old: str, new: str) -> None:
    """Replaces the first ``old`` of a display or cell on its page."""
    if item.file.suffix == ".ipynb":
        old, new = json.dumps(old)[1:-1], json.dumps(new)[1:-1]
    lines = item.file.read_text(encoding="utf-8").split("\n")
    first, last = item.line - 1, item.line + item.tex.count("\n")
    column = 0 if item.where == "display" else item.column - 1
    text = "\n".join(lines[first:last])
    lines[first:last] = [text[:column] + text[column:].replace(old, new, 1)]
    item.file.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [(".md", *error) for error in ERRORS] + [(".ipynb", *error) for error in ERRORS[:3]],
)
def test_one_wrong_equation_on_any_page_fails_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str, old: str, new: str
) -> None:
    book = tmp_path / "book"
    shutil.copytree(BOOK, book, ignore=shutil.ignore_patterns("_*", ".*", "*.svg"))
    candidates = [
        item
        for item in read(book)
        if old in item.tex and item.expect == "true" and item.file.suffix == suffix
    ]
    item = random.Random(old).choice(candidates)
    change(item, old, new)
    assert main(["book", str(item.file)]) == 1
    output = capsys.readouterr().out
    named = re.findall(
        rf"^{re.escape(str(item.file))}:(\d+) .*(?:refuted|undecided|unreadable): ",
        output,
        re.MULTILINE,
    )
    assert named
    assert {int(line) for line in named} <= set(
        range(item.line, item.line + item.tex.count("\n") + 1)
    )
