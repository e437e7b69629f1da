"""The files of the site: links resolve, headings are in order, nothing comes from elsewhere."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from mlpcheck.mistakes.registry import PLACES
from texcheck.elaborate.definitions import declared

_CSS_URL = re.compile(r"url\(\s*['\"]?([^)'\"]+)")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@cache
def parse(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def anchors(path: Path) -> frozenset[str]:
    return frozenset(node["id"] for node in parse(path).find_all(id=True))


@pytest.fixture
def page(site: Path, page_path: str) -> BeautifulSoup:
    return parse(site / page_path)


def test_description_is_words(page: BeautifulSoup) -> None:
    for meta in page.select('meta[name="description"], meta[property="og:description"]'):
        assert re.search(r"\w", meta["content"])
        assert not re.search(r"[<>$\\]|⟦", meta["content"])


def test_internal_links_and_anchors_resolve(
    site: Path, page_path: str, page: BeautifulSoup
) -> None:
    def resolves(href: str) -> bool:
        path, fragment = (unquote(part) for part in urlsplit(href)[2:5:2])
        target = (site / page_path).parent.joinpath(path).resolve() if path else site / page_path
        if not target.is_file() or site not in target.parents:
            return False
        return not fragment or target.suffix != ".html" or fragment in anchors(target)

    links = [link["href"] for link in page.find_all("a", href=True)]
    internal = [href for href in links if not (urlsplit(href).scheme or urlsplit(href).netloc)]
    assert [href for href in internal if not resolves(href)] == []


def test_search_leads_to_anchors_that_exist(site: Path) -> None:
    index = (site / "_static" / "search-index.js").read_text("utf-8")
    entries = json.loads(index.removeprefix("window.searchIndex=").removesuffix(";"))
    assert len(entries) > 200
    for entry in entries:
        path, _, anchor = entry["url"].partition("#")
        assert anchor in anchors(site / path), entry["url"]
        assert entry["title"], entry["url"]


def test_ids_are_unique(page: BeautifulSoup) -> None:
    ids = [node["id"] for node in page.find_all(id=True)]
    assert sorted({name for name in ids if ids.count(name) > 1}) == []


def test_one_h1_and_headings_in_order(page: BeautifulSoup) -> None:
    levels = [int(node.name[1]) for node in page.find_all(_HEADINGS)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert [(a, b) for a, b in itertools.pairwise(levels) if b > a + 1] == []


def test_figures_have_alt_text_and_tables_headers(page: BeautifulSoup) -> None:
    assert [str(image) for image in page.find_all("img") if not image.get("alt")] == []
    drawings = page.find_all("svg", attrs={"role": "img"})
    assert [str(drawing)[:80] for drawing in drawings if not drawing.get("aria-label")] == []
    tables = page.select(".article table")
    assert [str(table)[:80] for table in tables if not table.find("th")] == []


def test_every_equation_is_mathml(page: BeautifulSoup) -> None:
    for equation in page.select(".equation"):
        rows = equation.select("ol.rows > li:not(.folded)") or [equation]
        assert all(len(row.find_all("math", attrs={"display": "block"})) == 1 for row in rows)
    tex = [
        node for node in page.select(".article p, .article td") if "\\frac" in _without_math(node)
    ]
    assert [str(node)[:80] for node in tex] == []


def _without_math(node: object) -> str:
    copy = BeautifulSoup(str(node), "html.parser")
    for formula in copy.find_all(["math", "code"]):
        formula.decompose()
    return copy.get_text()


def test_no_number_of_an_equation_stands_twice_in_a_row(page: BeautifulSoup) -> None:
    numbers = page.find_all(
        "a", href=re.compile("#equation-"), string=re.compile(r"^\(\w+\s\d+\)$")
    )
    for number in numbers:
        between = number.next_sibling
        if between and between.get_text().strip() in (",", "and", "or", ""):
            following = between.next_sibling
            assert following not in numbers or following.get_text() != number.get_text()


def test_nothing_is_loaded_from_another_host(page: BeautifulSoup) -> None:
    loaded = [node["src"] for node in page.find_all(src=True)]
    loaded += [
        node["href"] for node in page.find_all("link", href=True) if "canonical" not in node["rel"]
    ]
    loaded += _CSS_URL.findall(str(page))
    assert [url for url in loaded if urlsplit(url).netloc] == []


def test_styles_and_scripts_name_no_other_host(site: Path) -> None:
    for path in site.rglob("*.css"):
        assert [
            url for url in _CSS_URL.findall(path.read_text("utf-8")) if urlsplit(url).netloc
        ] == []
    site_js = (site / "_static" / "site.js").read_text("utf-8")
    assert re.findall(r"https?://[^\s\"'`]+", site_js) == []


def test_notebooks_can_be_downloaded(page_path: str, page: BeautifulSoup) -> None:
    if not page_path.endswith("_run.html"):
        return
    link = page.select_one(".page-tools a[download]")
    assert link is not None
    assert link["href"].endswith(".ipynb")


def test_site_has_what_crawlers_and_tabs_ask_for(site: Path) -> None:
    for name in ("404.html", "robots.txt", "_static/favicon.svg", "search.html"):
        assert (site / name).is_file()


def test_each_declared_network_stands_on_the_notation_page(site: Path) -> None:
    page = parse(site / "notation.html")
    listing = page.find(id="proof-networks")
    assert listing is not None
    assert [term.get_text(strip=True) for term in listing.find_all("dt")] == [*declared()[1]]


def test_the_check_of_submissions_says_the_names_and_numbers_of_the_site(site: Path) -> None:
    shown = json.loads((site / "_static" / "equations.json").read_text("utf-8"))
    for page, places in PLACES.items():
        for label, said in places.items():
            if label.startswith("eq:"):
                equation = shown[label]
                assert said == f"{equation['name']} {equation['number']}".strip()
                assert equation["url"] == f"{page}.html#equation-{label.replace(':', '-')}"


def test_the_losses_of_a_network_are_alternatives(site: Path) -> None:
    networks = parse(site / "notation.html").select_one("#proof-networks")
    assert networks is not None
    [name] = [term for term in networks.find_all("dt") if term.get_text(strip=True) == "deep"]
    lines = [line.get_text(strip=True) for line in name.find_next("dd").find_all(["p", "div"])]
    assert lines[lines.index("any loss") + 1] == "or"
