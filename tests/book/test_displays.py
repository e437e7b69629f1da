"""Displays that teach: rows and folds, numbers, marks of the source; what each page must hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from displays import _aligned, rows_option
from mathml import split_tex, tex_rows, tex_to_mathml
from source_rows import errata_of, row_of

BOOK = Path(__file__).parents[2] / "book"
PAGES = sorted(BOOK.glob("[a-z]*/*.md")) + sorted(BOOK.glob("*.md"))
GRADIENTS = (BOOK / "regression" / "gradients.md").read_text("utf-8")


def test_the_rows_of_a_chain_are_found_outside_of_its_matrices():
    matrix = r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"
    chain = rf"\begin{{aligned}} a &= {matrix} \\ &= {{b \\ c}} \end{{aligned}}"
    assert tex_rows(chain) == [f"a &= {matrix}", r"&= {b \\ c}"]
    assert tex_rows("a = b") == ["a = b"]
    assert split_tex(r"\sum_{i=0} a = \left( b = c \right)", "=") == [
        r"\sum_{i=0} a ",
        r" \left( b = c \right)",
    ]


def test_numbers_break_before_each_sign_in_a_column_and_not_in_full_width():
    line = r"a_{i=0} = 2 \cdot 3 = 6"
    assert _aligned(line, broken=True).count("&=") == 2
    assert _aligned(line, broken=False).count("&=") == 1


@pytest.mark.parametrize(("text", "rows"), [("1-2, 4", [1, 2, 4]), ("3", [3])])
def test_a_fold_names_rows(text, rows):
    assert rows_option(text) == rows
    with pytest.raises(ValueError, match="expected rows"):
        rows_option("two")


def test_brackets_around_letters_leave_no_gap_and_those_around_a_fraction_grow():
    letters = tex_to_mathml(r"\left( \hat{\boldsymbol{y}} - y \right)^T", display=True)
    sums = tex_to_mathml(r"\left[ \sum_i s_i \right]", display=True)
    assert [f'<mo stretchy="false">{bracket}</mo>' in letters for bracket in "()"] == [True, True]
    assert [f'<mo stretchy="false">{bracket}</mo>' in sums for bracket in "[]"] == [False, False]
    assert r"\left( \hat{\boldsymbol{y}} - y \right)^T</annotation>" in letters


@pytest.mark.parametrize(
    ("anchor", "row"),
    [
        ("equation-eq-c07-2", "c07"),
        ("row-b05", "b05"),
        ("row-e01-5", "e01"),
        ("equation-eq-c07-1-printed", ""),
        ("equation-eq-card-forward", ""),
    ],
)
def test_an_anchor_names_its_row(anchor, row):
    assert row_of(anchor) == row


def test_the_table_of_errata_is_read_with_its_ranges():
    errata = errata_of((BOOK / "errata.md").read_text("utf-8"))
    sections = set(
        re.findall(r"^\((err-[\w-]+)\)=$", (BOOK / "errata.md").read_text("utf-8"), re.M)
    )
    assert {anchor for anchor, _, _ in errata} <= sections
    assert ("err-a00", "regression/layers", ["a01", "a02", "a03", "a04", "a05"]) in errata
    assert ("err-c07", "regression/gradients", ["c07", "c27"]) in errata


def visible_displays(text: str) -> int:
    """The numbered displays that a page shows before a fold is opened."""
    unfolded = re.sub(r"<details.*?</details>", "", text, flags=re.DOTALL)
    groups = re.findall(r"^:::\{(?:pair|steps)\}", unfolded, re.MULTILINE)
    alone = re.sub(r"^:::\{(?:pair|steps)\}.*?^:::$", "", unfolded, flags=re.DOTALL | re.MULTILINE)
    return len(groups) + len(re.findall(r"^\$\$ \(eq:", alone, re.MULTILINE))


def test_gradients_shows_at_most_23_displays_and_two_in_a_row_have_words_between():
    assert 15 <= visible_displays(GRADIENTS) <= 23
    assert not re.search(r"^:::\n+:::\{(?:pair|steps)\}", GRADIENTS, re.MULTILINE)


def test_a_sentence_of_a_reason_has_at_most_20_words():
    blocks = re.findall(r"^:::\{steps\}(.*?)^:::$", GRADIENTS, re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        reasons = re.findall(r"^\d+\. (.*)$", block, re.MULTILINE)
        assert reasons
        for sentence in (part for reason in reasons for part in re.split(r"(?<=\.) ", reason)):
            words = re.sub(r"\$[^$]*\$|\{eq\}`[^`]*`", "x", sentence).split()
            assert len(words) <= 20, sentence


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_term_is_a_link_at_its_first_use_alone(page):
    text = page.read_text("utf-8")
    terms = [
        term.partition("<")[2].rstrip(">") or term
        for term in re.findall(r"\{term\}`([^`]*)`", text)
    ]
    assert len(terms) == len(set(terms))


# Decimals that are no values of the network: nudges, learning rates, and what was measured.
CHOSEN = {
    "chain_rule": {"0.01", "0.001"},
    "bench": {"0.001"},
    "cost": {"1.01", "1.75", "1.94", "1.5"},
}


LESSONS = [page for page in PAGES if page.stem not in ("README", "checking", "software", "errata")]


@pytest.mark.parametrize("page", LESSONS, ids=lambda path: path.stem)
def test_every_decimal_number_comes_from_the_running_network(page):
    """Whole numbers may be indices, shapes or names of parts; a decimal in words is a value."""
    text = re.sub(r"⟦[^⟧]*⟧|\b1\.[23]\b|`[^`]*`", "", page.read_text("utf-8"))
    assert set(re.findall(r"\d+\.\d+", text)) <= CHOSEN.get(page.stem, set())
