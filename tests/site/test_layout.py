"""How pages are laid out: nothing too small to read, nothing cut off, a long page not too long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

PHONE, DESK = 360, 1280
SCREEN = 800
SMALLEST = 12.0

# The text that is seen, and its size in pixels: that of a drawing changes with the drawing.
SMALL_TEXT = """smallest => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), holder = walker.currentNode.parentElement;
    const silent = holder.closest("script, style, annotation, title, desc");
    if (!text || silent || !holder.checkVisibility()) continue;
    const drawing = holder.closest("svg");
    const scale = drawing ? drawing.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(holder).fontSize) * scale;
    if (size < smallest - 0.05) found.push(`${size.toFixed(1)} px: ${text.slice(0, 40)}`);
  }
  return [...new Set(found)];
}"""

# The formulas and tables that are wider than their box, but for a matrix written out with dots and
# for the ledger, whose formulas scroll in their own cells.
CUT_OFF = """() => [...document.querySelectorAll("main *")]
  .filter(box => box.scrollWidth > box.clientWidth + 1 && box.checkVisibility()
    && getComputedStyle(box).overflowX !== "visible"
    && box.clientWidth > 4  // what is for screen readers alone is not
    && !box.closest(".proof-table, pre, .highlight")
    && ![...box.querySelectorAll("mtable :is(mo, mi)")].some(s => "⋯⋱".includes(s.textContent)))
  .map(box => `${box.scrollWidth} px in ${box.clientWidth}: ${box.textContent.trim().slice(0, 60)}`)
"""

OPEN_FOLDS = "for (const fold of document.querySelectorAll('details')) fold.open = true;"


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Page]:
    """One tab for all pages."""
    context = browser.new_context(viewport={"width": DESK, "height": SCREEN})
    yield context.new_page()
    context.close()


def opened(reader: Page, address: str, width: int) -> Page:
    reader.set_viewport_size({"width": width, "height": SCREEN})
    reader.goto(address, wait_until="load")
    reader.evaluate("document.fonts.ready")
    return reader


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_no_text_is_too_small(reader: Page, origin: str, page_path: str, width: int) -> None:
    page = opened(reader, f"{origin}/{page_path}", width)
    page.evaluate(OPEN_FOLDS)
    assert page.evaluate(SMALL_TEXT, SMALLEST) == []


def test_nothing_is_cut_off_at_a_desk(reader: Page, origin: str, page_path: str) -> None:
    page = opened(reader, f"{origin}/{page_path}", DESK)
    page.evaluate(OPEN_FOLDS)
    assert page.evaluate(CUT_OFF) == []


def test_the_backward_pass_is_twelve_screens_long(reader: Page, origin: str) -> None:
    page = opened(reader, f"{origin}/regression/gradients.html", DESK)
    expect(page.locator(".question:not(:has(.question-form))")).to_have_count(0)
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height / SCREEN <= 12
