"""The built site, served on loopback, and the browser that the tests drive over it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

sys.path.append(str(Path(__file__).parents[2] / "book" / "_ext"))
import chromium

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("SITE", ROOT / "_build" / "html")).resolve()
# A bound for machines that do other work as well; what holds is seen at once.
expect.set_options(timeout=20_000)


def pages() -> list[str]:
    """Every page of the built site, as its path below the site's root."""
    found = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    if "index.html" not in found:
        pytest.exit(f"expected a built site in {SITE}, found none: run `make book` first", 1)
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_path" in metafunc.fixturenames:
        metafunc.parametrize("page_path", pages())


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The tests report what fails; a line for each request would hide it."""


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    return SITE


@contextlib.contextmanager
def serve(folder: Path, answer: type[Handler] = Handler) -> Iterator[str]:
    """The address of ``folder``, served for the length of a block."""
    handler = functools.partial(answer, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """The address of the site, served for the length of the tests."""
    with serve(SITE) as address:
        yield address


@pytest.fixture(scope="session")
def serve_folder() -> Callable[[Path], contextlib.AbstractContextManager[str]]:
    return serve


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; the environment variable CHROMIUM names another than the one found."""
    try:
        executable = chromium.executable()
    except FileNotFoundError as error:
        pytest.exit(str(error), 1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def settle() -> Callable[[Page], None]:
    """Waits until what was painted is measured (what scrolls sideways) and the measures applied.

    A browser that paints nothing more has nothing to wait for.
    """
    painted = """new Promise(done => {
      requestAnimationFrame(() => setTimeout(done));
      setTimeout(done, 5000);
    })"""
    return lambda page: page.evaluate(painted)


@pytest.fixture(scope="session")
def watch() -> Callable[[Page], list[str]]:
    """Begins a list of what goes wrong on a page: errors of scripts, requests that fail."""

    def begin(page: Page) -> list[str]:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
        page.on("requestfailed", lambda request: problems.extend(_failed(request)))
        page.on(
            "response",
            lambda got: problems.append(f"{got.status}: {got.url}") if got.status >= 400 else None,
        )
        return problems

    return begin


def _failed(request: Request) -> list[str]:
    # Whoever leaves a page makes the browser give up what it still loads of it, an icon for one.
    if request.failure == "net::ERR_ABORTED":
        return []
    return [f"failed request: {request.url} ({request.failure})"]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A reader with an empty browser, at a desk, whose system asks for light pages."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context
    context.close()
