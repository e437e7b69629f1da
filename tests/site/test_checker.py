"""The prover in the page: verdicts, chains, questions; served, from disk and without the server."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import re
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from docutils import nodes
from playwright.sync_api import Browser, BrowserContext, Page, expect
from questions import Question, parse

from texcheck import check

PAGE = "homework/derivation.html"
BOOK = Path(__file__).parents[2] / "book"
FENCE = re.compile(r"^```\{question\} (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STATEMENTS = Path(__file__).parents[1] / "texcheck" / "statements"
LOADED = 60_000  # milliseconds for the first answer, on a machine that does other work as well

RIGHT = r"\frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y)^T"
WRONG = r"\frac{\partial \ell}{\partial \hat y} = (\hat y - y)^T"
# Refuted at once; that no small change makes a line true takes a second each to find out.
LONG_SOUGHT = r" \\ ".join(
    r"\frac{\partial \ell}{\partial W^{(1)}} &= x (\hat y - y)^T W^{(2)}"
    rf" \operatorname{{diag}}(z^{{(1)}} \odot s^{{(1)}}) + {n} x s^{{(1)T}}"
    for n in range(2, 6)
)
CHAIN = (
    r"\frac{\partial \ell}{\partial W^{(2)}} &= z^{(1)} [\delta^{(2)}]^T \\ "
    r"&= z^{(1)} (\hat y - y)^T \\ &= z^{(1)} \hat y^T - z^{(1)} y^T"
)


@pytest.fixture(scope="module")
def loaded_page(browser: Browser, origin: str, site: Path) -> Iterator[Page]:
    """The page with the prover loaded."""
    if not (site / "_static" / "checker" / "client.js").is_file():
        pytest.fail("expected the prover in the site: install Node.js with npm, run make book")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    ask(page, RIGHT)
    yield page
    context.close()


@pytest.fixture
def open_page(loaded_page: Page) -> Page:
    """The same, in front: a page behind another may draw nothing, and take no click."""
    loaded_page.bring_to_front()
    return loaded_page


def ask(page: Page, tex: str) -> str:
    """What the page says to a formula."""
    page.get_by_label("Your formula", exact=True).fill(tex)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".checker-buttons [type=submit]")).to_be_enabled(timeout=LOADED)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden(timeout=LOADED)
    return page.locator(".checker-verdict").inner_text()


def test_a_formula_is_proved_and_another_refuted_with_its_diagnosis(open_page: Page) -> None:
    assert "Proved." in ask(open_page, RIGHT)
    said = ask(open_page, WRONG)
    assert "refuted" in said
    assert "factor 2" in said


# What the region of the verdict has said, one entry a change.
LISTEN = """() => {
  const region = document.querySelector(".checker-verdict");
  window.heard = [];
  new MutationObserver(() => window.heard.push(region.innerText))
    .observe(region, { childList: true, subtree: true });
}"""


def test_the_verdict_is_shown_before_its_cause_is_found(open_page: Page) -> None:
    open_page.evaluate(LISTEN)
    ask(open_page, WRONG)
    heard = open_page.evaluate("window.heard")
    verdict = next(place for place, said in enumerate(heard) if "This is refuted." in said)
    cause = next(place for place, said in enumerate(heard) if "factor 2" in said)
    assert verdict < cause
    assert "the left side is 3 and the right side is 1.5" in heard[verdict]
    assert "Looking for the cause" in heard[verdict]
    assert "Looking for the cause" not in heard[-1]


def test_a_search_for_a_cause_can_be_stopped_and_the_verdict_stays(open_page: Page) -> None:
    open_page.get_by_label("Your formula", exact=True).fill(LONG_SOUGHT)
    open_page.keyboard.press("Control+Enter")
    verdict = open_page.locator(".checker-verdict")
    expect(verdict).to_contain_text("Looking for the cause", timeout=LOADED)
    open_page.get_by_role("button", name="Stop").click()
    expect(verdict).to_contain_text("Stopped before a cause was found.")
    expect(verdict).to_contain_text("does not hold is step 1 of 4")
    assert "Proved." in ask(open_page, RIGHT)


def test_a_refutation_leads_to_the_place_that_explains_it(open_page: Page) -> None:
    ask(open_page, WRONG)
    link = open_page.locator(".checker-explained a")
    expect(link).to_have_attribute(
        "href", re.compile(r"/regression/gradients\.html#equation-eq-c07-1$")
    )
    ask(open_page, "x_0 = x_1 + y_0")
    expect(link).to_have_attribute("href", "#what-it-says-and-what-that-means")


LAYER = r"\delta^{(1)} = [W^{(1)}]^T \delta^{(2)} \odot f'(s^{(1)})"


def test_the_diagnosis_and_not_the_shapes_is_explained(open_page: Page) -> None:
    says = ask(open_page, LAYER)
    assert "columns are not the next one's rows" in says
    assert "wrong layer superscript" in says
    expect(open_page.locator(".checker-explained")).to_contain_text("the number of the later one")


def test_the_shapes_are_explained_only_where_no_change_repairs_it(open_page: Page) -> None:
    says = ask(open_page, r"\delta^{(1)} = W^{(2)T} \delta^{(2)} f'(s^{(1)})")
    assert "columns are not the next one's rows" in says
    assert "is meant before" in says
    explained = open_page.locator(".checker-explained")
    expect(explained).to_contain_text("entries meet entries here")
    says = ask(
        open_page,
        r"\delta^{(1)} = W^{(2)T} \delta^{(2)} \odot \frac{\partial z^{(1)}}{\partial s^{(1)}}",
    )
    assert "no single small change" in says
    expect(explained).to_contain_text("a Jacobian where a column of slopes is meant")


WRONG_ORDER = r"\frac{\partial \ell}{\partial x} = W^{(1)} [\delta^{(1)}]^T"
NO_MATRIX = (
    r"\frac{\partial \ell}{\partial W^{(1)}}"
    r" = \frac{\partial \ell}{\partial s^{(1)}} \frac{\partial s^{(1)}}{\partial W^{(1)}}"
)


@pytest.mark.parametrize(
    ("tex", "cause", "place"),
    [
        (WRONG_ORDER, "do not change places", "equation-eq-c14-2"),
        (LAYER.replace("W^{(1)}", "W^{(2)}").replace("f'(", "f("), "backward", "equation-eq-c18-2"),
        (NO_MATRIX, "has three indices", "three-indices"),
    ],
)
def test_a_cause_is_found_by_its_words(open_page: Page, tex: str, cause: str, place: str) -> None:
    ask(open_page, tex)
    explained = open_page.locator(".checker-explained")
    expect(explained).to_contain_text(cause)
    expect(explained.locator("a")).to_have_attribute("href", re.compile(f"#{place}$"))


def test_what_cannot_be_read_is_explained_where_the_table_has_it_alone(open_page: Page) -> None:
    ask(open_page, "s^{(1)} = (")
    expect(open_page.locator(".checker-explained")).to_have_count(0)


def test_formulas_in_what_is_said_are_typeset(open_page: Page) -> None:
    says = ask(open_page, LAYER)
    expect(open_page.locator(".checker-says math").first).to_be_visible()
    assert "$" not in says
    assert "d_{" not in says


def test_the_names_of_the_assignment_are_told(open_page: Page) -> None:
    assert "the assignment's" in ask(open_page, "z^{(3)} = W^{(2)} z^{(2)} + b^{(2)}")
    expect(open_page.locator(".checker-explained a")).to_have_attribute(
        "href", re.compile(r"notation\.html")
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (r"\frac{\partial \ell}{\partial W^{(2)}} = x", "Expected one expression without =."),
        (r"z^{(1)} \delta^{(2)T}", "That is true, but"),
        (r"z^{(1)} (", "Expected an expression"),
    ],
)
def test_what_is_no_answer_costs_no_try(open_page: Page, given: str, says: str) -> None:
    question = open_page.locator("#q-d4")
    question.get_by_label("Your formula, in TeX").fill(given)
    question.get_by_role("button", name="Check").click()
    expect(question.get_by_role("status")).to_contain_text(says, timeout=LOADED)
    expect(question.get_by_role("status")).not_to_contain_text("Not that")
    expect(question).to_have_attribute("data-verdict", "none")


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


def test_a_verdict_is_accessible_on_a_phone_in_both_themes(
    open_page: Page, settle: Callable[[Page], None]
) -> None:
    open_page.set_viewport_size({"width": 360, "height": 800})
    ask(open_page, CHAIN)
    for theme in ("dark", "light"):
        open_page.emulate_media(color_scheme=theme)
        settle(open_page)
        results = Axe().run(open_page, options={"resultTypes": ["violations"]})
        assert results.violations_count == 0, results.generate_report()
        assert open_page.evaluate("document.documentElement.scrollWidth") <= 360
    open_page.set_viewport_size({"width": 1280, "height": 900})


def test_keyboard_alone_is_enough(open_page: Page) -> None:
    open_page.get_by_label("Your formula", exact=True).focus()
    open_page.keyboard.press("Control+a")
    open_page.keyboard.type(WRONG)
    for _ in range(40):
        open_page.keyboard.press("Tab")
        if open_page.evaluate("document.activeElement.matches('.checker [type=submit]')"):
            break
    open_page.keyboard.press("Enter")
    expect(open_page.locator(".checker-verdict")).to_contain_text("factor 2", timeout=LOADED)
    open_page.keyboard.press("Tab")
    expect(open_page.locator(".checker-explained a")).to_be_focused()


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
    """200 statements of the prover's tests: 50 of each verdict, from all over its file."""
    found = []
    for verdict in ("proved", "refuted", "undecided", "unreadable"):
        rows = tomllib.loads((STATEMENTS / f"{verdict}.toml").read_text("utf-8"))["rows"]
        found += rows[:: len(rows) // 50][:50]
    return found


def ask_all(page: Page, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The prover's replies in the page."""
    replies = page.evaluate(
        """async questions => {
          const prover = await book.loadProver();
          const replies = [];
          for (const one of questions) replies.push(await prover.askIn(null, one));
          return replies;
        }""",
        questions,
    )
    return list(replies)


def test_the_page_says_what_the_command_says(open_page: Page) -> None:
    rows = statements()
    assert len(rows) == 200
    asked = {"ask": "check", "notation": "", "assignment": False}
    replies = ask_all(
        open_page, [{**asked, "tex": row["tex"], "network": row["network"]} for row in rows]
    )
    for row, reply in zip(rows, replies, strict=True):
        mine = [verdict.status for _, verdict in check(row["tex"], row["network"])]
        assert [one["status"] for one in reply["statements"]] == mine, row["tex"]


def formula_questions() -> dict[str, Question]:
    """Every formula question of the book, by its anchor."""
    found = {}
    for path in sorted(BOOK.rglob("*.md")):
        for name, text in FENCE.findall(path.read_text("utf-8")):
            question = parse(name, text)
            if question.kind == "formula":
                found[nodes.make_id(f"q-{name}")] = question
    return found


def test_every_formula_question_accepts_three_spellings_and_answers_its_mistakes(
    open_page: Page, site: Path
) -> None:
    questions = formula_questions()
    shown = {
        section["id"]: json.loads(section["data-question"])
        for html in (path.read_text("utf-8") for path in sorted(site.rglob("*.html")))
        if "data-question=" in html
        for section in BeautifulSoup(html, "lxml").select(".question")
    }
    assert {key for key, data in shown.items() if data["kind"] == "formula"} == questions.keys()
    assert len(questions) >= 8
    for anchor, question in questions.items():
        right = [question.answer, *question.also]
        assert len(set(right)) >= 3, anchor
        wrong = [one.answer for one in question.wrong]
        asked = {"ask": "judge", "wanted": shown[anchor]}
        replies = ask_all(open_page, [{**asked, "answer": tex} for tex in (*right, *wrong)])
        assert [reply["right"] for reply in replies] == [True] * len(right) + [False] * len(wrong)
        assert [reply["wrong"] for reply in replies[len(right) :]] == list(range(len(wrong)))


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
    assert not [url for url in requests if url.endswith((".gz", "client.js", "temml.js"))]
    page.get_by_label("Your formula", exact=True).focus()
    expect(page.locator(".checker-size")).to_contain_text("MB from this site")
    assert not [url for url in requests if ".gz" in url]
    ask(page, RIGHT)
    assert {url.split("/")[2] for url in requests if not url.startswith(("blob:", "data:"))} == {
        origin.split("/")[2]
    }


class Faulty(http.server.SimpleHTTPRequestHandler):
    """A server that gives one file late or not at all: a route sees no service worker's request."""

    withheld = threading.Event()  # until it is set, the file does not come
    missing = False

    def do_GET(self) -> None:
        if "/runtime.wasm.gz" in self.path:
            self.withheld.wait(60)
        with contextlib.suppress(ConnectionError):  # of a load that was cancelled
            if self.missing and "/runtime.wasm.gz" in self.path:
                self.send_error(404)
            else:
                super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """As in the other tests."""


def test_loading_can_be_cancelled_and_fails_in_one_sentence(
    context: BrowserContext, site: Path, serve_folder: Callable[..., AbstractContextManager[str]]
) -> None:
    page = context.new_page()
    with serve_folder(site, Faulty) as address:
        page.goto(f"{address}/{PAGE}")
        page.get_by_label("Your formula", exact=True).fill(RIGHT)
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".checker-verdict")).to_have_text(
            "Loading was cancelled. Nothing was checked."
        )
        Faulty.missing = True
        Faulty.withheld.set()
        said = ask(page, RIGHT)
        assert "could not be loaded" in said
        assert "python -m texcheck prove" in said
        Faulty.missing = False
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


def test_what_an_older_build_left_is_removed(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    old = f"{origin}/_static/checker/python.gz?old"
    page.evaluate(
        "url => caches.open('backprop').then(kept => kept.put(url, new Response('')))", old
    )
    assert "Proved." in ask(page, RIGHT)
    urls = "caches.open('backprop').then(kept => kept.keys()).then(all => all.map(one => one.url))"
    page.wait_for_function(f"{urls}.then(all => all.filter(url => /gz/.test(url)).length == 3)")
    assert old not in page.evaluate(urls)


def test_a_full_storage_costs_no_page(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    assert "Proved." in ask(page, RIGHT)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    quota = {"origin": origin, "quotaSize": 1000}
    context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
    page.goto(f"{origin}/glossary.html")
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


class Partial(Faulty):
    """A server that gives a part of a file, as many do when they are asked for one."""

    def do_GET(self) -> None:
        if "Range" in self.headers:
            self.send_response(206)
            self.send_header("Content-Range", "bytes 0-3/100")
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"part")
        else:
            super().do_GET()


def test_a_part_of_a_file_is_given_and_not_kept(
    context: BrowserContext, site: Path, serve_folder: Callable[..., AbstractContextManager[str]]
) -> None:
    Partial.withheld.set()
    with serve_folder(site, Partial) as address:
        page = context.new_page()
        page.goto(f"{address}/{PAGE}")
        assert "Proved." in ask(page, RIGHT)
        page.goto(f"{address}/glossary.html")
        assert page.evaluate("navigator.serviceWorker.controller !== null")
        part = "fetch('software/notebooks.zip', { headers: { Range: 'bytes=0-3' } })"
        assert page.evaluate(f"{part}.then(got => got.text())") == "part"
        assert page.evaluate("caches.match('software/notebooks.zip').then(got => !got)")


def test_without_javascript_the_page_says_how_to_check(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    expect(page.locator(".checker")).to_be_hidden()
    expect(page.get_by_text("use the command line")).to_be_visible()
    context.close()
