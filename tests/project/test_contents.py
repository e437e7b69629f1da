"""A page and a notebook are added, renamed and removed: every page of the site follows."""

import json
import os
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

STAYS = {
    "index.md": "# A book\n\nSee [](other.md).",
    "other.md": "# Another page\n\nIts text is never changed.",
}


def notebook(title):
    cell = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": [f"# {title}"]}
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel}
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


# What is done to the book, and the pages and notebooks that it has then.
STEPS = [
    ("begin", {}),
    ("add", {"part/page.md": "# A page", "part/run.ipynb": notebook("A notebook")}),
    ("change headings", {"part/page.md": "# First", "part/run.ipynb": notebook("Second")}),
    ("rename files", {"part/first.md": "# First", "part/second.ipynb": notebook("Second")}),
    ("remove", {}),
]


def contents(site, page):
    """What the table of contents of ``page`` shows: {file that it leads to: title}."""
    soup = BeautifulSoup((site / page).read_text("utf-8"), "html.parser")
    links = soup.select(".site-nav a[href]")
    assert links, page
    return {
        os.path.normpath(Path(page).parent / unquote(link["href"].partition("#")[0]))
        if link["href"].strip("#")
        else page: link.text.strip()
        for link in links
    }


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return tmp_path_factory.mktemp("book")


@pytest.mark.parametrize(("step", "added"), STEPS, ids=[step for step, _ in STEPS])
def test_every_page_shows_the_contents_as_they_are(build_book, book, step, added):
    pages = STAYS | added
    result = build_book(book, pages, without=("software",))
    assert result.returncode == 0, result.stderr
    site = book / "_build" / "html"
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert built == {str(Path(name).with_suffix(".html")) for name in pages} | {
        "404.html",
        "search.html",
    }
    titles = {
        str(Path(name).with_suffix(".html")): json.loads(text)["cells"][0]["source"][0][2:]
        if name.endswith(".ipynb")
        else text.splitlines()[0][2:]
        for name, text in pages.items()
    }
    titles["index.html"] = "Overview"
    for page in built:
        assert contents(site, page) == titles, page
    sources = {path.relative_to(site / "_sources") for path in (site / "_sources").rglob("*.*")}
    assert sources == set(map(Path, pages))
    assert (site / "part").exists() == bool(added)


def test_a_build_without_a_change_writes_no_page(build_book, book):
    pages = STAYS | STEPS[1][1]
    assert build_book(book, pages, without=("software",)).returncode == 0
    again = build_book(book, pages, without=("software",))
    assert "0 added, 0 changed, 0 removed" in again.stdout
    assert "writing output" not in again.stdout.partition("building [html]")[2]
