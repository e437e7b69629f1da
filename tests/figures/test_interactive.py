"""Every interactive figure: its fragments, its style and its script keep to themselves."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import rcssmin
import rjsmin

FOLDERS = sorted(
    path.parent for path in Path(__file__).parents[2].glob("book/_figures/*/figure.py")
)
FRAGMENTS = sorted(path for folder in FOLDERS for path in folder.glob("*.html"))
MOST_BYTES = 20_000
VOID = {"input", "br", "path", "circle", "rect"}


class Elements(HTMLParser):
    """Every element of a fragment with its attributes; the elements are closed in order."""

    def __init__(self, fragment):
        super().__init__()
        self.found, self.open = [], []
        self.feed(fragment)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def by_path(path):
    return "/".join(path.parts[-2:])


def test_there_are_interactive_figures():
    assert FOLDERS
    assert {path.parent for path in FRAGMENTS} == set(FOLDERS)


@pytest.mark.parametrize("path", FRAGMENTS, ids=by_path)
def test_fragment_is_closed_and_its_ids_are_unique(path):
    ids = [a["id"] for _, a in Elements(path.read_text("utf-8")).found if "id" in a]
    assert len(ids) == len(set(ids))
    assert all(name.split("-")[0] == path.parent.name for name in ids)


@pytest.mark.parametrize("path", FRAGMENTS, ids=by_path)
def test_fragment_has_neither_script_nor_style_nor_handlers(path):
    """The site's content security policy allows files alone."""
    for tag, attributes in Elements(path.read_text("utf-8")).found:
        assert tag not in ("script", "style")
        assert [name for name in attributes if name == "style" or name.startswith("on")] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=by_path)
def test_nothing_comes_from_elsewhere(folder):
    sources = [folder / "figure.css", folder / "figure.js", *folder.glob("*.html")]
    for path in sources:
        found = re.findall(
            r"https?:|url\(|@import|fetch\(|XMLHttpRequest|import\(", path.read_text("utf-8")
        )
        assert found == [], path


@pytest.mark.parametrize("folder", FOLDERS, ids=by_path)
def test_style_touches_nothing_but_the_figure(folder):
    css = re.sub(r"/\*.*?\*/", "", (folder / "figure.css").read_text("utf-8"), flags=re.DOTALL)
    rules = [rule.strip() for rule in re.findall(r"([^{}]+)\{", css)]
    selectors = [rule for rule in rules if not re.match(r"@|from$|to$|\d+%$", rule)]
    assert len(selectors) > 20
    for selector in selectors:
        for part in re.sub(r"\([^)]*\)", "", selector).split(","):
            own = part.strip().removeprefix("html:not ")
            assert own.startswith(f".{folder.name}"), part


@pytest.mark.parametrize("path", FRAGMENTS, ids=by_path)
def test_figure_costs_little_to_fetch(path):
    """Its markup, style and script as they are served."""
    style = rcssmin.cssmin((path.parent / "figure.css").read_text("utf-8"))
    script = rjsmin.jsmin((path.parent / "figure.js").read_text("utf-8"))
    sizes = [
        len(gzip.compress(text.encode(), 6)) for text in (path.read_text("utf-8"), style, script)
    ]
    assert sum(sizes) <= MOST_BYTES, sizes
