"""Every row of the registry leads to a place of the book, and has an example where one can be."""

import re
import string
from pathlib import Path

import pytest

from mlpcheck.mistakes import CHAPTERS, MISTAKES, at
from mlpcheck.mistakes.registry import PAGES
from mlpcheck.truth.passes import RIGHT

ROOT = Path(__file__).parents[2]
SOURCES = {p: p.read_text("utf-8") for p in (ROOT / "src/mlpcheck").rglob("*.py")}
MOST_LINES = 4198
SITUATIONS = {"not-readable", "not-checked", "missing-file"}  # no change of the code makes them


def texts(choice) -> list[str]:
    return [choice] if isinstance(choice, str) else list(choice.values())


def test_no_code_stands_twice():
    assert len(MISTAKES) == sum(len(rows) for rows in CHAPTERS.values())


@pytest.mark.parametrize("place", PAGES)
def test_the_place_is_a_label_or_a_heading_of_its_page(place):
    text = (ROOT / "book" / f"{PAGES[place]}.md").read_text("utf-8")
    assert (f"({place})" if place.startswith("eq:") else f"## {place}\n") in text


def test_the_rows_lead_to_the_places_and_to_every_one():
    assert {see for row in MISTAKES.values() for see in texts(row.see) if see} == PAGES.keys()


@pytest.mark.parametrize("row", MISTAKES.values(), ids=lambda row: row.code)
def test_it_has_an_example_and_a_sentence(row):
    assert bool(row.example) != (row.code in SITUATIONS)
    for says in texts(row.says):
        fields = {name for _, name, _, _ in string.Formatter().parse(says) if name}
        assert fields <= {"value"}
        assert says.endswith((".", "}"))


def test_each_option_stands_at_a_step_of_the_passes():
    steps = {option.step for row in MISTAKES.values() for option in row.predicts}
    assert steps <= RIGHT.keys()
    assert all(at(step)[0] == (RIGHT[step], ()) for step in RIGHT)


def test_every_label_in_the_code_stands_on_a_page():
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "book").rglob("*.md"))
    in_code = {label for text in SOURCES.values() for label in re.findall(r"eq:[\w-]*\w", text)}
    assert in_code - set(re.findall(r"\((eq:[\w-]+)\)", pages)) == set()


def test_every_code_that_is_given_has_a_row():
    given = {
        code
        for text in SOURCES.values()
        for code in re.findall(
            r'(?:Found|\.add|also=|"code":|code(?:, \w+)* =)\(?\s*"([a-z][a-z-]+)"', text
        )
    }
    assert len(given) > 40
    assert given - MISTAKES.keys() == set()


def test_every_row_without_numbers_is_given_somewhere():
    code = "".join(t for p, t in SOURCES.items() if p.parent.name != "mistakes")
    assert [r.code for r in MISTAKES.values() if not r.predicts and f'"{r.code}"' not in code] == []


def test_the_checker_does_not_grow():
    lines = sum(text.count("\n") for text in SOURCES.values())
    assert lines <= MOST_LINES, (
        f"src/mlpcheck has {lines} lines, {lines - MOST_LINES} more than MOST_LINES: the bound "
        "keeps it small enough to be read. Make room by writing something shorter. For a row that "
        "is worth its lines, raise MOST_LINES and say so in the commit."
    )
