"""What a first visit to a page costs: bytes with gzip and requests, images aside."""

from __future__ import annotations

import gzip

from playwright.sync_api import Browser, Response

MOST_BYTES = 300_000
MOST_REQUESTS = 20
_COMPRESSED_ALREADY = ("font/woff2", "image/png", "image/jpeg")


def test_first_visit_is_light(browser: Browser, origin: str, page_path: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    responses: list[Response] = []
    page = context.new_page()
    page.on("response", lambda response: responses.append(response))
    page.goto(f"{origin}/{page_path}", wait_until="networkidle")
    sizes = {
        response.url: len(response.body())
        if response.headers.get("content-type") in _COMPRESSED_ALREADY
        else len(gzip.compress(response.body(), 6))
        for response in responses
        if response.request.resource_type != "image"
    }
    context.close()
    assert sum(sizes.values()) <= MOST_BYTES, sizes
    assert len(sizes) <= MOST_REQUESTS, sizes
