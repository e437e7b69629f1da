"""Every page, on phone, tablet and desk, light and dark: loads cleanly, fits, is accessible."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, Response

WIDTHS = (360, 768, 1280)
THEMES = ("light", "dark")


class Visit:
    """A page opened as a reader would, with everything that went wrong while it loaded."""

    def __init__(self, browser: Browser, url: str, *, width: int, theme: str) -> None:
        self.host = urlsplit(url).netloc
        self.problems: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, has_touch=width < 768
        )
        self.page: Page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        self.page.goto(url, wait_until="networkidle")
        # What the page measures (what scrolls sideways) is known after it was painted.
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    def _console(self, message: object) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        self.problems.append(f"failed request: {request.url} ({request.failure})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and parts.netloc != self.host:
            self.problems.append(f"request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"status {response.status}: {response.url}")

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_page_loads_cleanly_and_fits(
    browser: Browser, origin: str, page_path: str, width: int, theme: str
) -> None:
    with Visit(browser, f"{origin}/{page_path}", width=width, theme=theme) as visit:
        page = visit.page
        assert visit.problems == []
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        too_wide = page.evaluate(
            """() => {
              const width = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= width) return [];
              return [...document.querySelectorAll("main *")]
                .filter(node => node.getBoundingClientRect().right > width + 1)
                .map(node => node.outerHTML.slice(0, 120));
            }"""
        )
        assert too_wide == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        not_shown = page.evaluate(
            """() => [...document.querySelectorAll(".article math")].filter(math => {
              const box = math.getBoundingClientRect();
              const hidden = math.closest("details:not([open]), [hidden]");
              return !hidden && !(box.width > 0 && box.height > 0);
            }).map(math => math.textContent)"""
        )
        assert not_shown == []
        cut_off = page.evaluate(
            """() => [...document.querySelectorAll(".article math")]
              .filter(math => math.getBoundingClientRect().right > innerWidth)
              .filter(math => !math.closest(".pst-scrollable-table-container, .equation-scroll"))
              .map(math => math.textContent)"""
        )
        assert cut_off == []


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_nothing(
    browser: Browser, origin: str, page_path: str, width: int, theme: str
) -> None:
    with Visit(browser, f"{origin}/{page_path}", width=width, theme=theme) as visit:
        results = Axe().run(visit.page)
        assert results.violations_count == 0, results.generate_report()
