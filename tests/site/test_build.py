"""A book of two pages, built with the settings of this one: what stops a build, what links add."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pikepdf
import pytest
from pages import OFFLINE_NAME, PDF_NAME
from playwright.sync_api import Browser, BrowserContext, Route

ROOT = Path(__file__).parents[2]
PAGE = (
    "---\nword: one\n---\n# A page\n\nIt reads well.\n\n$$\nx = 1\n$$ (eq:one)\n\n"
    "## A gradient by $W^{(2)}$\n\n"
    "```{question} T1\nkind: number\nask: What is the loss?\nanswer: loss\n"
    "because: See {eq}`eq:one`.\nhints: [one, two, three]\n"
    "wrong:\n  - answer: loss / 2\n    say: Half of it.\n```\n\n"
    "Next: [the notebook](run.ipynb).\n"
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


def test_a_site_with_an_address_works_there(published: Path, context: BrowserContext) -> None:
    """Every page, and the 404 page wherever a reader is lost, finds its styles and the others."""
    base = "https://someone.example/book/"
    missing: list[str] = []

    def answer(route: Route) -> None:
        name = urlsplit(route.request.url).path.removeprefix("/book/")
        if (published / name).is_file():
            route.fulfill(path=published / name)
        else:
            missing.append(route.request.url)
            route.fulfill(path=published / "404.html", status=404)

    context.route("**/*", answer)
    page = context.new_page()
    page.goto(f"{base}run.html", wait_until="networkidle")
    page.get_by_role("link", name="A page").first.click()
    page.wait_for_url(f"{base}index.html")
    page.goto(f"{base}search.html?q=gradient")
    page.locator("#search-results a").first.click()
    page.wait_for_url(f"{base}index.html#*")
    assert missing == []

    page.goto(f"{base}lost/deep/page.html", wait_until="networkidle")
    assert missing == [f"{base}lost/deep/page.html"]
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"STIX Two Text"')
    page.get_by_role("link", name="A notebook").first.click()
    page.wait_for_url(f"{base}run.html")


def test_book_is_zipped_for_reading_offline(plain: Path, tmp_path: Path) -> None:
    site = shutil.copytree(plain, tmp_path / "a sité")
    command = [sys.executable, str(ROOT / "book" / "_offline" / "make.py"), str(site)]
    for _ in range(2):  # the second zip does not hold the first
        subprocess.run(command, check=True)
    with zipfile.ZipFile(site / OFFLINE_NAME) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        index = archive.read("backpropagation-by-hand/index.html").decode("utf-8")
    assert {"index.html", "run.html", "_static/site.css", "_sources/run.ipynb"} <= names
    assert OFFLINE_NAME not in names
    assert f'<a href="{OFFLINE_NAME}">' not in index
    for page in site.rglob("*.html"):
        assert f'<a href="{OFFLINE_NAME}">' in page.read_text("utf-8")


def test_book_is_printed(plain: Path, tmp_path: Path) -> None:
    site = shutil.copytree(plain, tmp_path / "site")
    command = [sys.executable, str(ROOT / "book" / "_pdf" / "make.py"), str(site)]
    subprocess.run(command, check=True)
    with pikepdf.open(site / PDF_NAME) as pdf:
        assert len(pdf.pages) == 5  # title, contents, two chapters, answers
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.Lang == "en"
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
            assert titles == ["Contents", "A page", "A notebook", "Answers"]
            assert [item.title for item in outline.root[1].children] == ["A gradient by W(2)"]
        assert pdf.docinfo["/Author"] == "The authors of this book"
    for page in site.rglob("*.html"):
        assert f'<a href="{PDF_NAME}">' in page.read_text("utf-8")


def test_the_whole_book_fits_on_paper(site: Path, browser: Browser, tmp_path: Path) -> None:
    make = runpy.run_path(str(ROOT / "book" / "_pdf" / "make.py"))
    chapters = make["read_chapters"](site)
    assert not [chapter.path for chapter in chapters if chapter.article.select(".checker")]
    make["join"](chapters, site)
    source = tmp_path / "book.html"
    source.write_text(make["compose"](chapters, site, "Title", "Author", {}), "utf-8")
    page = browser.new_page()
    page.emulate_media(media="print")
    page.goto(source.as_uri())
    assert make["fit"](page) <= 0
    page.set_viewport_size({"width": make["TURNED_WIDTH"], "height": 1000})
    cut_off = """boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1)
      .map(box => box.textContent.trim().slice(0, 60))"""
    assert page.eval_on_selector_all(".proof-table .equation-scroll", cut_off) == []
    card = [chapter for chapter in chapters if chapter.path == "card.html"]
    html = make["compose"](card, site, "Title", "Author", {})
    make["print_pdf"](page, html, tmp_path / "card.pdf")
    with pikepdf.open(tmp_path / "card.pdf") as pdf:
        assert len(pdf.pages) == 3  # title, contents, card
    page.close()


def test_answers_are_printed_at_the_end(plain: Path) -> None:
    make = runpy.run_path(str(ROOT / "book" / "_pdf" / "make.py"))
    chapters = make["read_chapters"](plain)
    make["join"](chapters, plain)
    [answers] = make["take_answers"](chapters)
    assert "13.5. See (one 1)." in answers.article.get_text()
    question = chapters[0].article.select_one(".question")
    assert "13.5" not in question.get_text()
    assert "one" in question.select_one("details.hint").get_text()
    there = question.find("a", string="Answer at the end")["href"].removeprefix("#")
    back = answers.article.find(id=there).find("a", string="T1")["href"].removeprefix("#")
    assert back == question["id"]


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
