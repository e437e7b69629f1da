"""Every page, on phone, tablet and desk, light and dark: loads cleanly and lightly, fits, axe."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

# A first visit with gzip, images aside.
MOST_BYTES = 150_000
MOST_REQUESTS = 20
_COMPRESSED_ALREADY = ("font/woff2", "image/png", "image/jpeg")

FITS = """() => {
  const width = document.documentElement.clientWidth;
  const all = [...document.querySelectorAll(".article math")]
    .map(math => [math, math.getBoundingClientRect()]);
  const named = found => found.map(([math]) => math.textContent);
  return {
    tooWide: document.documentElement.scrollWidth <= width ? []
      : [...document.querySelectorAll("main *")]
        .filter(node => node.getBoundingClientRect().right > width + 1)
        .map(node => node.outerHTML.slice(0, 120)),
    notShown: named(all.filter(([math, box]) =>
      !(box.width > 0 && box.height > 0) && !math.closest("details:not([open]), [hidden]"))),
    cutOff: named(all.filter(([math, box]) => box.right > innerWidth
      && !math.closest(".pst-scrollable-table-container, .equation-scroll"))),
    scrolls: document.documentElement.scrollWidth > innerWidth,
  };
}"""


class Visit:
    """A page opened as a reader would, with all that it asked for and that went wrong."""

    def __init__(self, page: Page, url: str, watch: Callable[[Page], list[str]]) -> None:
        self.host = urlsplit(url).netloc
        self.page = page
        self.problems = watch(page)
        self.responses: list[Response] = []
        page.on("console", self._console)
        page.on("request", self._request)
        page.on("response", lambda response: self.responses.append(response))
        page.goto(url, wait_until="networkidle")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and parts.netloc != self.host:
            self.problems.append(f"request to another host: {request.url}")

    def weight(self) -> dict[str, int]:
        """The bytes of each file but images, as a server with gzip sends it."""
        return {
            response.url: len(response.body())
            if response.headers.get("content-type") in _COMPRESSED_ALREADY
            else len(gzip.compress(response.body(), 6))
            for response in self.responses
            if response.request.resource_type != "image"
        }


@contextmanager
def visit(
    browser: Browser, url: str, watch: Callable[[Page], list[str]], *, width: int, theme: str
) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, has_touch=width < 768
    )
    yield Visit(context.new_page(), url, watch)
    context.close()


@pytest.mark.parametrize(("widths", "theme"), [((360, 768), "light"), ((1280,), "dark")])
def test_page_loads_cleanly_and_lightly_fits_and_is_accessible(
    browser: Browser,
    origin: str,
    page_path: str,
    widths: tuple[int, ...],
    theme: str,
    watch: Callable[[Page], list[str]],
    settle: Callable[[Page], None],
) -> None:
    with visit(browser, f"{origin}/{page_path}", watch, width=widths[0], theme=theme) as visited:
        page = visited.page
        assert visited.problems == []
        sizes = visited.weight()
        assert sum(sizes.values()) <= MOST_BYTES, sizes
        assert len(sizes) <= MOST_REQUESTS, sizes
        page.evaluate("document.documentElement.classList.remove('in-parts')")
        settle(page)
        results = Axe().run(page, options={"resultTypes": ["violations"]})
        assert results.violations_count == 0, results.generate_report()
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                settle(page)  # the page is told with its next frame
                expect(page.locator("html")).to_have_attribute("data-theme", scheme)
                settle(page)
                found = page.evaluate(FITS)
                assert not any(found.values()), (width, scheme, found)
        assert visited.problems == []
