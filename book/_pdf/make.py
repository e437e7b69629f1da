"""Prints the built site to one PDF: title page, contents with page numbers, every chapter in order.

Run it after the book is built: ``python book/_pdf/make.py _build/html``. The PDF is written into
the site and linked from each of its pages.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pikepdf
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Page, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "_ext"))
import chromium
from pages import PDF_NAME, link_file
from wording import in_a_line

HERE = Path(__file__).resolve().parent
NOT_PRINTED = "script, .headerlink, .copy-button, .checker"
# How a page's last line begins that says where to click next: paper is turned over.
NAVIGATION = ("Next: ", "Back to ")
# The width of the text on paper in CSS pixels: A4 less the margins in print.css.
TEXT_WIDTH = round((210 - 2 * 24) / 25.4 * 96)
TURNED_WIDTH = round((297 - 2 * 20) / 25.4 * 96)
# What is wider than the text is set smaller: paper cannot be scrolled.
# The ledger's tables are measured for themselves, as they stand on pages that are turned.
FIT = """turned => {
  const boxes = ".equation-scroll, .pst-scrollable-table-container, .text_html";
  for (const box of document.querySelectorAll(boxes)) {
    if (Boolean(box.closest(".proof-table")) !== turned) continue;
    const ratio = box.clientWidth / box.scrollWidth;
    if (ratio < 1) box.firstElementChild.style.zoom = Math.floor(ratio * 100) / 100;
  }
  const tables = [...document.querySelectorAll(".proof-table")], page = document.documentElement;
  if (turned) return Math.max(0, ...tables.map(table => table.scrollWidth - page.clientWidth));
  for (const table of tables) table.style.display = "none";
  const excess = page.scrollWidth - page.clientWidth;
  for (const table of tables) table.style.display = "";
  return excess;
}"""
_URL_REFERENCE = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True)
class Chapter:
    """One page of the site, as a section of the PDF."""

    path: str  # below the site's root, as in "regression/forward.html"
    level: int  # 1 for a page, 2 for the notebook beside it
    part: str  # the caption of its part of the book, if it is the first in it
    article: Tag
    title: str

    @property
    def prefix(self) -> str:
        return re.sub(r"\W", "-", self.path.removesuffix(".html")) + "--"


def read_chapters(site: Path) -> list[Chapter]:
    """The pages in the order of the table of contents."""
    index = BeautifulSoup((site / "index.html").read_text("utf-8"), "html.parser")
    chapters, part = [], ""
    for node in index.select(".site-nav .caption, .site-nav a"):
        if node.name != "a":
            part = node.get_text()
            continue
        path = "index.html" if node["href"] == "#" else unquote(node["href"])
        soup = BeautifulSoup((site / path).read_text("utf-8"), "html.parser")
        article = soup.select_one("article")
        for extra in article.select(NOT_PRINTED):
            extra.decompose()
        for last in article.find_all("p")[-1:]:
            if last.get_text().startswith(NAVIGATION):
                last.decompose()
        title = article.find("h1").decode_contents()
        level = len(node.find_parents("li"))
        chapters.append(Chapter(path, level, part, article, title))
        part = ""
    return chapters


def join(chapters: list[Chapter], site: Path) -> None:
    """Gives every chapter its own ids and turns links between pages into links within the PDF."""
    prefixes = {chapter.path: chapter.prefix for chapter in chapters}
    for chapter in chapters:
        own = prefixes[chapter.path]
        for node in chapter.article.find_all(True):
            for name in ("id", "aria-labelledby", "aria-describedby", "for"):
                if name in node.attrs:
                    value = node[name]
                    node[name] = " ".join(own + part for part in str(value).split())
            for name, value in list(node.attrs.items()):
                if isinstance(value, str) and "url(#" in value:
                    node[name] = _URL_REFERENCE.sub(rf"url(#{own}\1)", value)
            for name in ("href", "xlink:href"):
                if name in node.attrs:
                    if link := _link(node[name], chapter.path, prefixes):
                        node[name] = link
                    else:
                        del node[name]
            if node.name == "img":
                node["src"] = (site / chapter.path).parent.joinpath(node["src"]).resolve().as_uri()
            if node.name == "details":
                node["open"] = ""


def _link(href: str, page: str, prefixes: dict[str, str]) -> str:
    """Where a link leads within the PDF; empty for a file to download, which is not in it."""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return href
    target = os.path.normpath(os.path.join(os.path.dirname(page), unquote(parts.path)))
    target = target if parts.path else page
    if target not in prefixes:
        return ""
    return f"#{prefixes[target]}{unquote(parts.fragment) or 'chapter'}"


def take_answers(chapters: list[Chapter]) -> list[Chapter]:
    """The answers as a last chapter, taken from their questions, which then name the place.

    Links are those within the PDF already. The list is empty for a book without questions.
    """
    soup = BeautifulSoup('<article class="article"><h1>Answers</h1></article>', "html.parser")
    article = soup.article
    for chapter in chapters:
        questions = chapter.article.select(".question:has(> details.answer)")
        if questions:
            article.append(BeautifulSoup(f"<h2>{chapter.title}</h2>", "html.parser"))
        for question in questions:
            answer = question.select_one("details.answer").extract()
            answer.select_one("summary").decompose()
            name = question["aria-label"].removeprefix("Question ")
            place = f"answer-{question['id']}"
            box = soup.new_tag("div", attrs={"class": "printed-answer", "id": place})
            box.append(soup.new_tag("a", href=f"#{question['id']}", string=name))
            box.extend(list(answer.children))
            article.append(box)
            question.append(soup.new_tag("a", href=f"#{place}", string="Answer at the end"))
    return [Chapter("answers.html", 1, "", article, "Answers")] if article.h2 else []


def compose(
    chapters: list[Chapter], site: Path, title: str, author: str, numbers: dict[str, int]
) -> str:
    """The whole book as one HTML page, with the page ``numbers`` of the chapters once known."""
    contents = []
    for chapter in chapters:
        if chapter.part:
            contents.append(f'<li class="part">{escape(chapter.part)}</li>')
        anchor = f"{chapter.prefix}chapter"
        number = numbers.get(anchor, "")
        contents.append(
            f'<li class="level-{chapter.level}"><a href="#{anchor}"><span>{chapter.title}</span>'
            f'<span class="page-number">{number}</span></a></li>'
        )
    sections = [
        f'<section class="chapter" id="{chapter.prefix}chapter">{chapter.article}</section>'
        for chapter in chapters
    ]
    style = (HERE / "print.css").read_text("utf-8")
    static = site / "_static"
    sheets = [static / "site.css", *sorted((static / "figures").glob("*.css"))]
    links = "".join(f'<link rel="stylesheet" href="{sheet.as_uri()}">' for sheet in sheets)
    changed = max(re.findall(r'<time datetime="([\d-]+)">', _all_pages(site)), default="")
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        f"{links}<style>{style}</style></head><body>"
        f'<header class="title-page"><p class="book-title">{escape(title)}</p>'
        f"<p>{escape(author)}</p><p>{changed}</p></header>"
        f'<nav class="contents" id="contents"><h1>Contents</h1><ol>{"".join(contents)}</ol></nav>'
        f"<main>{''.join(sections)}</main></body></html>"
    )


def _all_pages(site: Path) -> str:
    return "".join(path.read_text("utf-8") for path in site.rglob("*.html"))


def fit(page: Page) -> int:
    """Sets smaller what is too wide; returns by how many pixels something still is."""
    excess = []
    for width, turned in ((TURNED_WIDTH, True), (TEXT_WIDTH, False)):
        page.set_viewport_size({"width": width, "height": 1000})
        excess.append(page.evaluate(FIT, turned))
    return max(excess)


def print_pdf(page: Page, html: str, target: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as source:
        source.write(html)
        source.flush()
        page.goto(Path(source.name).as_uri(), wait_until="load")
        page.evaluate("document.fonts.ready.then(() => true)")
        if (excess := fit(page)) > 0:
            sys.exit(
                f"the text is {excess} pixels wider than the page: Chromium would shrink it all"
            )
        page.pdf(path=str(target), outline=True, tagged=True, prefer_css_page_size=True)


def page_numbers(pdf: Path) -> dict[str, int]:
    """The page on which each anchor that is linked to stands, counted from 1."""
    with pikepdf.open(pdf) as book:
        pages = {page.objgen: number for number, page in enumerate(book.pages, start=1)}
        anchors = book.Root.Dests.items()
        return {name.removeprefix("/"): pages[place[0].objgen] for name, place in anchors}


def headings(html: str) -> list[str]:
    """The text of every heading, with its formulas in a line."""
    found = BeautifulSoup(html, "html.parser").find_all(re.compile("^h[1-6]$"))
    for formula in [formula for heading in found for formula in heading.find_all("math")]:
        formula.replace_with(in_a_line(str(formula)))
    return [" ".join(heading.get_text().split()) for heading in found]


def name_bookmarks(book: pikepdf.Pdf, titles: list[str]) -> None:
    """Gives the bookmarks their ``titles``: Chromium's own repeat parts of a formula."""
    with book.open_outline() as outline:
        pending, items = list(outline.root), []
        while pending:
            items.append(pending.pop(0))
            pending = list(items[-1].children) + pending
        for item, title in zip(items, titles, strict=True):
            item.title = title


def finish(pdf: Path, target: Path, author: str, titles: list[str]) -> int:
    """Writes ``pdf`` to ``target`` in a quarter of its size; returns the number of its pages."""
    with pikepdf.open(pdf) as book:
        name_bookmarks(book, titles)
        book.docinfo["/Author"] = author
        del book.docinfo["/Creator"]
        book.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        # The structure for screen readers is many small objects: they are packed into streams.
        book.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return len(book.pages)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the built site to one PDF.")
    parser.add_argument("site", type=Path, help="the folder of the built site, as in _build/html")
    site = parser.parse_args().site.resolve()
    if not (site / "index.html").is_file():
        parser.error(f"expected a built site in {site}, found no index.html: run `make book` first")
    try:
        executable = chromium.executable()
    except FileNotFoundError as error:
        parser.error(str(error))

    chapters = read_chapters(site)
    join(chapters, site)
    chapters += take_answers(chapters)
    index = BeautifulSoup((site / "index.html").read_text("utf-8"), "html.parser")
    title = index.select_one(".site-title").get_text()
    author = index.select_one('meta[name="author"]')["content"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        page = browser.new_page()
        page.emulate_media(media="print")
        pdf = Path(folder) / PDF_NAME
        # The contents need the page numbers of a first print; their own length does not change.
        print_pdf(page, compose(chapters, site, title, author, {}), pdf)
        numbers = page_numbers(pdf)
        html = compose(chapters, site, title, author, numbers)
        print_pdf(page, html, pdf)
        browser.close()
        if page_numbers(pdf) != numbers:
            sys.exit("the page numbers moved between the two prints: the contents would be wrong")
        count = finish(pdf, site / PDF_NAME, author, headings(html))
    link_file(site, PDF_NAME, "The whole book as PDF")
    print(f"{site / PDF_NAME}: {count} pages")


if __name__ == "__main__":
    main()
