"""Every interactive figure, on every page that holds it: it opens, comes to life, and fits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.parent.name for path in ROOT.glob("book/_figures/*/figure.py"))


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_figure_opens(
    browser: Browser,
    origin: str,
    site: Path,
    name: str,
    width: int,
    watch: Callable[[Page], list[str]],
) -> None:
    script = f'data-script="figures/{name}.js'
    pages = [
        path.relative_to(site).as_posix()
        for path in sorted(site.rglob("*.html"))
        if script in path.read_text("utf-8")
    ]
    assert pages, f"no page includes {{figure-html}} {name}"
    for address in pages:
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        problems = watch(page)
        page.on("console", lambda message, found=problems: found.append(message.text))
        page.goto(f"{origin}/{address}")
        figure = page.locator(f".{name}").first
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_attribute("data-live", "")  # its script marks the figure as alive
        box = figure.bounding_box()
        assert box
        assert 0 < box["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert problems == []
        context.close()
