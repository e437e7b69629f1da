"""The glossary holds the terms that the pages link to it, and no others."""

import re
from collections import Counter
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
ENTRY = re.compile(r"^(\S.*)\n  \S", re.MULTILINE)
LINK = re.compile(r"\{term\}`(?:[^`<]+<([^`>]+)>|([^`<]+))`")

entries = ENTRY.findall((BOOK / "glossary.md").read_text("utf-8").split(":sorted:\n")[1])
linked = {
    path.relative_to(BOOK).with_suffix("").as_posix(): [
        ("".join(names)).lower() for names in LINK.findall(path.read_text("utf-8"))
    ]
    for path in sorted(BOOK.rglob("*.md"))
}


def test_every_entry_is_linked_by_a_page_and_every_link_has_an_entry() -> None:
    known = {entry.lower() for entry in entries}
    assert len(known) == len(entries) > 30
    assert {term for terms in linked.values() for term in terms} == known


@pytest.mark.parametrize("page", [page for page, terms in linked.items() if terms])
def test_a_page_links_a_term_once(page: str) -> None:
    assert [term for term, count in Counter(linked[page]).items() if count > 1] == []


@pytest.mark.parametrize("page", ["notation", "chain_rule"])
def test_the_pages_that_come_first_link_the_terms_that_they_introduce_in_bold(page: str) -> None:
    bold = re.findall(r"\*\*([\w -]+)\*\*", (BOOK / f"{page}.md").read_text("utf-8"))
    introduced = {term.lower() for term in bold} & {entry.lower() for entry in entries}
    assert introduced <= set(linked[page])
