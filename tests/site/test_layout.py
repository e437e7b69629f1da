"""How pages are laid out: nothing too small to read, nothing cut off, a long page not too long."""

from __future__ import annotations

import re
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


# The boxes of what is written in a drawing, by its digits and letters, and the straight lines, axes
# and grid; which lines go through which texts.
STRUCK_THROUGH = """() => [...document.querySelectorAll("figure svg")].flatMap(svg => {
  const lines = [...svg.querySelectorAll("line, path")]
    .filter(e => e.matches("line") || /^M[^A-Za-z]*L[^A-Za-z]*$/.test(e.getAttribute("d")))
    .map(e => e.getBoundingClientRect());
  return [...svg.querySelectorAll("text")].flatMap(text => {
    const box = text.getBoundingClientRect();
    const size = parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a;
    const foot = text.getScreenCTM().b * text.getAttribute("x")
      + text.getScreenCTM().d * text.getAttribute("y") + text.getScreenCTM().f;
    return lines.filter(line => (line.width < 2 || line.height < 2) && line.left < box.right
      && line.right > box.left && line.top < foot && line.bottom > foot - 0.7 * size)
      .map(() => text.textContent);
  });
})"""


# The formulas of drawings, in the site's own font, that begin or end outside of their drawing.
OUTSIDE = """() => [...document.querySelectorAll(".drawing svg")].flatMap(svg => {
  const { x, y, width, height } = svg.viewBox.baseVal;
  return [...svg.querySelectorAll("text[font-family*='STIX Two Math']")].filter(text => {
    const box = text.getBBox(), { x: left, y: top } = box;
    return left < x || top < y || left + box.width > x + width || top + box.height > y + height;
  }).map(text => text.textContent);
})"""


def test_no_formula_leaves_its_drawing(reader: Page, origin: str, page_path: str) -> None:
    page = opened(reader, f"{origin}/{page_path}", DESK)
    page.evaluate(OPEN_FOLDS)
    assert page.evaluate(OUTSIDE) == []


@pytest.mark.parametrize(
    "path", ["classification/cross_entropy.html", "classification/sigmoid.html"]
)
def test_no_axis_goes_through_a_word_of_a_plot(reader: Page, origin: str, path: str) -> None:
    page = opened(reader, f"{origin}/{path}", DESK)
    assert page.locator("figure svg text").count()
    assert page.evaluate(STRUCK_THROUGH) == []


def test_the_card_is_not_cut_off_on_a_phone(reader: Page, origin: str) -> None:
    tables = opened(reader, f"{origin}/card.html", PHONE).locator("main table")
    assert tables.count()
    assert tables.evaluate_all(
        "all => all.every(table => table.offsetWidth <= table.parentElement.clientWidth)"
    )


@pytest.mark.parametrize(
    "path", ["classification/why_relu.html", "classification/why_relu_run.html"]
)
def test_the_sign_of_a_root_stands_on_the_line(reader: Page, origin: str, path: str) -> None:
    page = opened(reader, f"{origin}/{path}", DESK)
    below = page.eval_on_selector_all(
        "msqrt",
        """roots => roots.map(root => (root.getBoundingClientRect().bottom
          - root.firstElementChild.getBoundingClientRect().bottom)
          / parseFloat(getComputedStyle(root).fontSize))""",
    )
    assert below
    assert max(below) < 0.35


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("path", ["chain_rule.html", "notation.html", "homework/mlp.html"])
def test_short_code_is_not_broken(reader: Page, origin: str, path: str, width: int) -> None:
    page = opened(reader, f"{origin}/{path}", width)
    lines = page.eval_on_selector_all(
        "p:not(td p) > code",
        """all => all.filter(e => e.textContent.length <= 24)
          .map(e => new Set([...e.children].map(word => word.offsetTop)).size)""",
    )
    assert set(lines) == {1}


def test_a_number_covers_no_reason_where_no_script_runs(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/regression/gradients.html")
    covered = page.eval_on_selector_all(
        ".pair-head",
        """heads => heads.filter(head => head.getBoundingClientRect().bottom
          > head.nextElementSibling.getBoundingClientRect().top + 1).length""",
    )
    assert covered == 0
    context.close()


def test_a_narrow_last_column_leaves_its_room(reader: Page, origin: str) -> None:
    page = opened(reader, f"{origin}/homework/derivation.html", PHONE)
    table = page.locator("table", has=page.get_by_role("columnheader", name="What happened"))
    what, read = (
        table.locator("tr").nth(1).locator("td").nth(n).evaluate("e => e.clientWidth")
        for n in (1, 2)
    )
    assert what > 1.5 * read


def test_the_copy_button_covers_no_code_on_a_touch_screen(browser: Browser, origin: str) -> None:
    context = browser.new_context(
        viewport={"width": PHONE, "height": SCREEN}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    for path in ("homework/derivation.html", "software.html", "regression/forward_run.html"):
        page.goto(f"{origin}/{path}")
        boxes = page.eval_on_selector_all(
            "div:has(> .copy-button)",
            """all => all.filter(e => e.querySelector("pre")).map(e => {
              const lines = document.createRange();
              lines.selectNodeContents(e.querySelector("pre"));
              return [e.querySelector(".copy-button").getBoundingClientRect().bottom,
                Math.min(...[...lines.getClientRects()].filter(r => r.width).map(r => r.top))];
            })""",
        )
        assert boxes
        for button, code in boxes:
            assert button <= code
    context.close()


@pytest.mark.parametrize(("width", "share"), [(PHONE, 0.95), (DESK, 0.5)])
def test_statements_have_most_of_the_ledger(
    reader: Page, origin: str, width: int, share: float
) -> None:
    page = opened(reader, f"{origin}/ledger.html", width)
    page.evaluate(OPEN_FOLDS)
    shares = page.eval_on_selector_all(
        ".proof-table",
        """tables => tables.map(table => table.querySelector("td:last-child").offsetWidth
          / table.offsetWidth)""",
    )
    assert shares
    assert min(shares) > share
    lines = page.eval_on_selector_all(
        ".proof-table tbody th",
        """cells => cells.map(cell => {
          const text = document.createRange();
          text.selectNodeContents(cell);
          return text.getClientRects().length;
        })""",
    )
    assert set(lines) == {1}  # the number of a row is broken nowhere


def test_what_scrolls_in_a_box_is_shaded_on_the_ground_of_the_box(
    reader: Page, origin: str
) -> None:
    page = opened(reader, f"{origin}/classification/cross_entropy.html", PHONE)
    box = page.locator(".pair-numbers").first
    box.scroll_into_view_if_needed()
    scrolling = box.locator(".equation-scroll[tabindex]").first
    expect(scrolling).to_be_visible()
    shade = scrolling.evaluate("e => getComputedStyle(e).backgroundImage")
    ground = box.evaluate("e => getComputedStyle(e).backgroundColor")
    assert shade.count(ground) == 2


@pytest.mark.parametrize("path", ["errata.html", "ledger.html"])
def test_switches_stand_apart_from_the_text(reader: Page, origin: str, path: str) -> None:
    page = opened(reader, f"{origin}/{path}", PHONE)
    below = page.evaluate(
        """() => { const bar = document.querySelector(".switches");
        return bar.nextElementSibling.getBoundingClientRect().top
          - bar.getBoundingClientRect().bottom; }"""
    )
    assert below >= 12


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_sides_of_a_diff_are_coloured(browser: Browser, origin: str, theme: str) -> None:
    context = browser.new_context(color_scheme=theme)
    page = context.new_page()
    page.goto(f"{origin}/homework/mistakes.html")
    plain, old, new, ground = page.evaluate(
        """() => {
          const box = document.querySelector(".highlight-diff:has(.gd):has(.gi)");
          const ink = s => getComputedStyle(box.querySelector(s)).color;
          return [ink("pre"), ink(".gd"), ink(".gi"), getComputedStyle(box).backgroundColor];
        }"""
    )
    assert len({plain, old, new}) == 3
    for ink in (old, new):
        assert contrast(ink, ground) >= 4.5
    context.close()


def contrast(ink: str, ground: str) -> float:
    """The contrast of two colours of CSS, as `rgb(1, 2, 3)` (WCAG 2.2)."""

    def luminance(color: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted([luminance(ink), luminance(ground)])
    return (lighter + 0.05) / (darker + 0.05)
