"""Each diagnosis stands on a page that exists, and is given somewhere."""

import re
import string
from pathlib import Path

from mlpcheck.diagnoses import DIAGNOSES

ROOT = Path(__file__).parents[2]
SOURCES = {p.name: p.read_text("utf-8") for p in (ROOT / "src/mlpcheck").glob("*.py")}


def test_the_equations_and_sections_stand_on_their_pages():
    linked = {code: d for code, d in DIAGNOSES.items() if d.page}
    assert len(linked) > 40
    for code, diagnosis in linked.items():
        page = (ROOT / "book" / f"{diagnosis.page}.md").read_text("utf-8")
        wanted = f"({diagnosis.equation})" if diagnosis.equation else f"## {diagnosis.section}\n"
        assert wanted in page, code


def test_every_label_in_the_code_stands_on_a_page():
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "book").rglob("*.md"))
    in_code = {label for text in SOURCES.values() for label in re.findall(r"eq:[\w-]*\w", text)}
    assert in_code - set(re.findall(r"\((eq:[\w-]+)\)", pages)) == set()


def test_every_code_is_given_somewhere():
    code = "".join(text for name, text in SOURCES.items() if name != "diagnoses.py")
    assert [c for c in DIAGNOSES if f'"{c}"' not in code] == []


def test_every_code_that_is_given_has_a_sentence():
    code = "".join(text for name, text in SOURCES.items() if name != "diagnoses.py")
    given = re.findall(r'(?:_one|Mistake|\.add)\(\s*"([a-z-]+)"', code)
    assert len(given) > 40
    assert set(given) - DIAGNOSES.keys() == set()


def test_a_sentence_needs_nothing_but_its_quantities_and_its_value():
    fields = {name for d in DIAGNOSES.values() for _, name, _, _ in string.Formatter().parse(
        d.sentence) if name}  # fmt: skip
    assert fields == {"what", "value"}
