"""The prover in the page: verdicts, chains, questions; served, from disk and without the server."""

from __future__ import annotations

import functools
import http.server
import json
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Page, expect

from texcheck import check

PAGE = "homework/derivation.html"
STATEMENTS = Path(__file__).parents[1] / "texcheck" / "statements"
LOADED = 60_000  # milliseconds for the first answer, on a machine that does other work as well

RIGHT = r"\frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y)^T"
WRONG = r"\frac{\partial \ell}{\partial \hat y} = (\hat y - y)^T"
CHAIN = (
    r"\frac{\partial \ell}{\partial W^{(2)}} &= z^{(1)} [\delta^{(2)}]^T \\ "
    r"&= z^{(1)} (\hat y - y)^T \\ &= z^{(1)} \hat y^T - z^{(1)} y^T"
)


@pytest.fixture(scope="module")
def open_page(browser: Browser, origin: str, site: Path) -> Iterator[Page]:
    """The page with the prover loaded."""
    if not (site / "_static" / "checker" / "client.js").is_file():
        pytest.fail("expected the prover in the site: build it with npm and node installed")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    ask(page, RIGHT)
    yield page
    context.close()


def ask(page: Page, tex: str) -> str:
    """What the page says to a formula."""
    page.get_by_label("Your formula", exact=True).fill(tex)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".checker-buttons [type=submit]")).to_be_enabled(timeout=LOADED)
    return page.locator(".checker-verdict").inner_text()


def test_a_formula_is_proved_and_another_refuted_with_its_diagnosis(open_page: Page) -> None:
    assert "Proved." in ask(open_page, RIGHT)
    said = ask(open_page, WRONG)
    assert "refuted" in said
    assert "factor 2" in said


def test_the_first_wrong_step_of_a_chain_is_pointed_at(open_page: Page) -> None:
    assert "The first step that does not hold is step 2 of 3." in ask(open_page, CHAIN)
    marks = [step.get_attribute("class") for step in open_page.locator(".checker-step").all()]
    assert ["first-wrong" in (mark or "") for mark in marks] == [False, True, False]


def test_how_it_was_read_folds_out(open_page: Page) -> None:
    ask(open_page, RIGHT)
    fold = open_page.locator(".checker-read").first
    expect(fold.locator("pre")).to_be_hidden()
    fold.locator("summary").click()
    expect(fold.locator("pre")).to_be_visible()


def test_a_line_break_is_told_where_the_text_cannot_be_read(open_page: Page) -> None:
    assert "not read" in ask(open_page, "x = (")


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</textarea><script>window.hacked = 1</script>",
    r"\href{javascript:alert(1)}{x} = x",
    r"\def\a{\a\a}\a",
    "𝔘" * 500,
    "{" * 4000,
    "x = x \\\\ " * 900,
    "\u202e\u0000x = x",
]


@pytest.mark.parametrize("tex", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(open_page: Page, tex: str) -> None:
    ask(open_page, tex)
    assert open_page.evaluate("window.hacked") is None
    assert (
        open_page.locator(".checker img, .checker script, .checker a[href^=javascript]").count()
        == 0
    )
    assert "Proved." in ask(open_page, RIGHT)


def test_a_formula_in_the_address_is_text(browser: Browser, origin: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}#formula=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&network=any")
    expect(page.get_by_label("Your formula", exact=True)).to_have_value(
        "<img src=x onerror=alert(1)>"
    )
    expect(page.get_by_label("Network")).to_have_value("any")
    assert page.locator(".checker img").count() == 0
    page.goto(f"{origin}/{PAGE}#formula={'x' * 100_000}")
    assert len(page.get_by_label("Your formula", exact=True).input_value()) <= 10_000
    context.close()


def test_the_last_twenty_formulas_are_kept(open_page: Page) -> None:
    for number in range(22):
        ask(open_page, f"{number} = {number}")
    kept = json.loads(open_page.evaluate("localStorage.getItem('formulas')"))
    assert [one["tex"] for one in kept] == [f"{n} = {n}" for n in reversed(range(2, 22))]


def test_a_formula_is_saved_as_a_file_that_the_command_takes(open_page: Page) -> None:
    open_page.get_by_label("Your formula", exact=True).fill(CHAIN)
    with open_page.expect_download() as download:
        open_page.get_by_role("button", name="Save as .tex").click()
    text = Path(download.value.path()).read_text("utf-8")
    assert [verdict.status for _, verdict in check(text, "regression")] == [
        "proved", "refuted", "proved",
    ]  # fmt: skip


def test_assignment_mode_gives_the_reason(open_page: Page) -> None:
    open_page.get_by_label("Assignment mode").check()
    said = ask(open_page, r"\frac{\partial \ell}{\partial W_{ij}^{(2)}} = \delta_i^{(2)} z_j^{(1)}")
    assert "component" in said
    open_page.get_by_label("Assignment mode").uncheck()


def statements() -> list[dict[str, Any]]:
    """200 statements of the prover's tests, from each file alike."""
    found = []
    for path in sorted(STATEMENTS.glob("*.toml")):
        rows = tomllib.loads(path.read_text("utf-8"))
        rows = next(iter(rows.values())) if isinstance(rows, dict) else rows
        found += rows[:: max(1, len(rows) // 50)][:50]
    return found[:200]


def test_the_page_says_what_the_command_says(open_page: Page) -> None:
    rows = statements()
    assert len(rows) >= 150
    asked = [
        {
            "ask": "check",
            "tex": row["tex"],
            "network": row["network"],
            "notation": "",
            "assignment": False,
        }
        for row in rows
    ]
    replies = open_page.evaluate(
        "async asked => { const prover = await book.loadProver(); const replies = [];"
        "for (const one of asked) replies.push(await prover.askIn(null, one)); return replies; }",
        asked,
    )
    for row, reply in zip(rows, replies, strict=True):
        mine = [verdict.status for _, verdict in check(row["tex"], row["network"])]
        assert [one["status"] for one in reply["statements"]] == mine, row["tex"]


def test_every_formula_question_accepts_its_answer_and_answers_its_mistakes(
    open_page: Page, origin: str, site: Path
) -> None:
    found = 0
    for path in sorted(site.rglob("*.html")):
        for section in BeautifulSoup(path.read_text("utf-8"), "lxml").select(".question"):
            data = json.loads(section["data-question"])
            if data["kind"] != "formula":
                continue
            found += 1
            for place, tex in enumerate(data["answers"]):
                reply = open_page.evaluate(
                    "async asked => (await book.loadProver()).askIn(null, asked)",
                    {"ask": "judge", "wanted": data, "answer": tex},
                )
                assert reply["right"] == (place == 0), (section["id"], tex)
                assert reply["wrong"] == (None if place == 0 else place - 1), (section["id"], tex)
    assert found >= 8


def test_a_formula_question_is_answered_in_its_page(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/chain_rule.html")
    question = page.locator("#q-p8")
    field = question.get_by_label("Your formula, in TeX")
    field.focus()
    expect(question.get_by_role("status")).to_contain_text("MB from this site")
    field.fill(r"\delta^{(2)T} W^{(2)}")
    page.keyboard.press("Control+Enter")
    expect(question.get_by_role("status")).to_have_text("Right.", timeout=LOADED)


# Loading


def test_nothing_is_loaded_before_it_is_used_and_nothing_comes_from_elsewhere(
    context: BrowserContext, origin: str
) -> None:
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{origin}/{PAGE}")
    assert not [url for url in requests if url.endswith((".gz", ".zip", "client.js", "temml.js"))]
    page.get_by_label("Your formula", exact=True).focus()
    expect(page.locator(".checker-size")).to_contain_text("MB from this site")
    assert not [url for url in requests if ".gz" in url or ".zip" in url]
    ask(page, RIGHT)
    assert {url.split("/")[2] for url in requests if not url.startswith(("blob:", "data:"))} == {
        origin.split("/")[2]
    }


def test_loading_can_be_cancelled_and_fails_in_one_sentence(
    context: BrowserContext, origin: str
) -> None:
    page = context.new_page()
    page.route("**/python.wasm.gz*", lambda route: None)  # never answered
    page.goto(f"{origin}/{PAGE}")
    page.get_by_label("Your formula", exact=True).fill(RIGHT)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".checker-verdict")).to_have_text(
        "Loading was cancelled. Nothing was checked."
    )
    page.unroute("**/python.wasm.gz*")
    page.route("**/python.wasm.gz*", lambda route: route.fulfill(status=404))
    said = ask(page, RIGHT)
    assert "could not be loaded" in said
    assert "python -m texcheck prove" in said
    page.unroute("**/python.wasm.gz*")
    assert "Proved." in ask(page, RIGHT)


def test_it_works_from_disk(context: BrowserContext, site: Path) -> None:
    page = context.new_page()
    page.goto((site / PAGE).as_uri())
    assert "Proved." in ask(page, RIGHT)
    assert "factor 2" in ask(page, WRONG)


def test_it_works_under_a_subpath_and_after_the_server_is_gone(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    (tmp_path / "course").symlink_to(site)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context()
    page = context.new_page()
    url = f"http://127.0.0.1:{server.server_port}/course/{PAGE}"
    page.goto(url)
    assert "Proved." in ask(page, RIGHT)
    server.shutdown()
    server.server_close()
    assert "factor 2" in ask(page, WRONG)
    page.goto(url)  # from what the browser has kept
    assert "Proved." in ask(page, RIGHT)
    context.close()


def test_without_javascript_the_page_says_how_to_check(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    expect(page.locator(".checker")).to_be_hidden()
    expect(page.get_by_text("use the command line")).to_be_visible()
    context.close()
