"""A book of two pages, built with the settings of this one: what stops a build, what links add."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pages import PDF_NAME

ROOT = Path(__file__).parents[2]
PAGE = (
    "# A page\n\nIt reads well.\n\n$$\nx = 1\n$$ (eq:one)\n\n"
    "## A gradient by $W^{(2)}$\n\nNext: [the notebook](run.ipynb).\n"
)
NOTEBOOK = (
    '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# A notebook"]}],'
    '"metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},'
    '"nbformat": 4, "nbformat_minor": 4}'
)
PAGES = {"index.md": PAGE, "run.ipynb": NOTEBOOK}
Build = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def plain(build_book: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a book that names neither a repository nor an address."""
    folder = tmp_path_factory.mktemp("plain")
    result = build_book(folder, PAGES, repository={"url": ""}, html={"baseurl": ""})
    assert result.returncode == 0, result.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def published(build_book: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a book that names its repository and its address."""
    folder = tmp_path_factory.mktemp("published")
    result = build_book(
        folder,
        PAGES,
        repository={"url": "https://github.com/someone/book"},
        html={"baseurl": "https://someone.example/book/"},
    )
    assert result.returncode == 0, result.stderr
    return folder / "_build" / "html"


def test_plain_book_links_to_no_service(plain: Path) -> None:
    for page in plain.rglob("*.html"):
        html = page.read_text("utf-8")
        for service in ("github", "binder", "colab", "canonical", "og:url"):
            assert service not in html, page
    assert not (plain / "sitemap.xml").exists()
    assert (plain / "robots.txt").read_text("utf-8") == "User-agent: *\nAllow: /\n"


def test_repository_adds_its_buttons(published: Path) -> None:
    page = (published / "index.html").read_text("utf-8")
    notebook = (published / "run.html").read_text("utf-8")
    for html in (page, notebook):
        assert "https://github.com/someone/book/edit/main/book/" in html
        assert "https://github.com/someone/book/issues/new" in html
    assert "https://mybinder.org/v2/gh/someone/book/main" in notebook
    assert (
        "https://colab.research.google.com/github/someone/book/blob/main/book/run.ipynb" in notebook
    )
    assert "mybinder" not in page


def test_address_adds_sitemap_and_canonical_links(published: Path) -> None:
    sitemap = (published / "sitemap.xml").read_text("utf-8")
    assert "<loc>https://someone.example/book/index.html</loc>" in sitemap
    assert "<loc>https://someone.example/book/run.html</loc>" in sitemap
    assert (
        "Sitemap: https://someone.example/book/sitemap.xml"
        in (published / "robots.txt").read_text()
    )
    page = (published / "run.html").read_text("utf-8")
    assert '<link rel="canonical" href="https://someone.example/book/run.html">' in page
    assert 'property="og:image" content="https://someone.example/book/_static/social.png"' in page
    assert (published / "_static" / "social.png").is_file()
    assert '<base href="https://someone.example/book/">' in (published / "404.html").read_text()


def test_book_is_printed(plain: Path, tmp_path: Path) -> None:
    site = shutil.copytree(plain, tmp_path / "site")
    command = [sys.executable, str(ROOT / "book" / "_pdf" / "make.py"), str(site)]
    subprocess.run(command, check=True)
    with pikepdf.open(site / PDF_NAME) as pdf:
        assert len(pdf.pages) == 4  # title, contents, two chapters
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.Lang == "en"
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Contents", "A page", "A notebook"]
            assert [item.title for item in outline.root[1].children] == ["A gradient by W(2)"]
        assert pdf.docinfo["/Author"] == "The authors of this book"
    for page in site.rglob("*.html"):
        assert f'<a href="{PDF_NAME}">' in page.read_text("utf-8")


def test_what_is_for_the_screen_is_not_printed(plain: Path) -> None:
    chapters = runpy.run_path(str(ROOT / "book" / "_pdf" / "make.py"))["read_chapters"](plain)
    assert [chapter.title for chapter in chapters] == ["A page", "A notebook"]
    for chapter in chapters:
        assert "Next:" not in chapter.article.get_text()
        assert not chapter.article.select("script, .headerlink")


def test_second_build_has_no_warnings_either(build_book: Build, plain: Path) -> None:
    folder = plain.parents[1]
    result = build_book(folder, PAGES | {"index.md": PAGE.replace("well", "better")})
    assert result.returncode == 0, result.stderr
    assert "better" in (plain / "index.html").read_text("utf-8")


def test_faults_stop_the_build_at_their_lines(build_book: Build, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', "utf-8")
    lines = ["# Faults", ""]
    lines += ["$$", "x", "= \\nonsense{1}", "$$", ""]
    lines += ["Text $\\nonsense{2}$.", ""]
    lines += ["\\begin{align}", "x", "\\end{align}", ""]
    lines += ["```{image} ../a.svg", "```"]
    result = build_book(tmp_path, PAGES | {"index.md": "\n".join(lines)})
    assert result.returncode != 0
    for message, line in {
        "(in: x = \\nonsense{1})": 5,
        "(in: \\nonsense{2})": 8,
        "expected the equation between": 10,
        "needs alt text": 1,  # the section's line: a drawing does not know its own
    }.items():
        assert re.search(rf"index\.md:{line}: WARNING: .*{re.escape(message)}", result.stderr)
