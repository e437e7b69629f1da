"""Questions in the page: every right and wrong answer gets its own words."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

PAGE = "chain_rule.html"


@pytest.fixture
def page(context: BrowserContext, origin: str) -> Page:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    return page


def answer(question: Locator, text: str) -> None:
    question.get_by_label("Your answer").fill(text)
    question.get_by_role("button", name="Check").click()


def spoken(data: dict, given: object) -> str:
    """An answer of the data as a reader would type or choose it."""
    match data["kind"]:
        case "shape":
            return f"{given[0]} x {given[1]}"
        case "choice":
            return str(given)
        case _:
            return repr(given)


def asked(site: Path) -> list[tuple[str, str, dict]]:
    """Every question of the site that needs no prover: page, anchor, data."""
    found = []
    for path in sorted(site.rglob("*.html")):
        html = path.read_text("utf-8")
        if "data-question=" not in html:
            continue
        for section in BeautifulSoup(html, "lxml").select(".question"):
            data = json.loads(section["data-question"])
            if data["kind"] != "formula":
                found.append((path.relative_to(site).as_posix(), section["id"], data))
    return found


# Gives every answer to every question of a page, the right one last, and tells what is then shown.
ANSWER_ALL = r"""async questions => {
  const words = node => node.textContent.trim().split(/\s+/).join(" ");
  const shown = [];
  for (const [anchor, choice, answers] of questions) {
    const question = document.getElementById(anchor);
    const form = question.querySelector("form");
    for (const [place, text] of [...answers.entries()].reverse()) {
      if (choice) form.querySelector(`input[value=${text}]`).checked = true;
      else form.querySelector("input").value = text;
      form.requestSubmit();
      await new Promise(done => setTimeout(done)); // what judges an answer is asynchronous
      shown.push({
        anchor, place, status: words(question.querySelector("[role=status]")),
        reply: place > 0 ? words(question.querySelectorAll(".reply")[place - 1]) : "",
        open: question.querySelector("details.answer").open,
      });
    }
  }
  return shown;
}"""


def test_every_answer_of_every_question_gets_its_own_words(
    context: BrowserContext, origin: str, site: Path
) -> None:
    page = context.new_page()
    questions = asked(site)
    assert len(questions) > 40
    for path, group in itertools.groupby(questions, key=lambda found: found[0]):
        page.goto(f"{origin}/{path}")
        expect(page.locator(".question:not(:has(.question-form))")).to_have_count(0)
        answers = [
            (anchor, data["kind"] == "choice", [spoken(data, given) for given in data["answers"]])
            for _, anchor, data in group
        ]
        shown = page.evaluate(ANSWER_ALL, answers)
        assert len(shown) == sum(len(texts) for _, _, texts in answers)
        for found in shown:
            if found["place"] == 0:
                assert found["status"] == "Right.", found
                assert found["open"], found
            else:
                assert found["reply"], found
                assert found["status"] == f"Not yet. {found['reply']}", found


@pytest.mark.parametrize(
    "text", ["4.5", "4,5", "9/2", " 4.50 ", "+4.5", "4.5004", "45e-1", ".45E1", "0.45e+1"]
)
def test_a_number_may_be_written_in_several_ways(page: Page, text: str) -> None:
    question = page.locator("#q-p2")
    answer(question, text)
    expect(question.get_by_role("status")).to_have_text("Right.")


@pytest.mark.parametrize("text", ["-1.5", "−1.5", "-3/2"])
def test_either_minus_is_read(page: Page, text: str) -> None:
    question = page.locator("#q-p3")
    answer(question, text)
    expect(question.get_by_role("status")).to_have_text("Right.")


@pytest.mark.parametrize("text", ["", "four", "1/0", "4.5.1", "NaN", "<b>4.5</b>"])
def test_what_is_no_number_is_told_so_and_costs_no_try(page: Page, text: str) -> None:
    question = page.locator("#q-p2")
    for _ in range(4):
        answer(question, text)
    expect(question.get_by_role("status")).to_contain_text("A number is expected")
    expect(question.locator("details.answer")).to_be_hidden()


@pytest.mark.parametrize(
    ("path", "name", "text"),
    [
        ("classification/sigmoid.html", "S2", "0.2"),  # 0.1966
        ("classification/sigmoid.html", "S2", "2e-1"),
        ("classification/sigmoid.html", "S3", "-0.17"),  # -0.1715
        ("classification/sigmoid.html", "S8", "0.33"),  # 1/3
        ("classification/cross_entropy.html", "C1", "0.95"),  # 0.9514
        ("classification/cross_entropy.html", "C3", "-.22"),  # -0.2231
    ],
)
def test_an_answer_that_lacks_digits_is_right_so_far_and_costs_no_try(
    context: BrowserContext, origin: str, path: str, name: str, text: str
) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{path}")
    question = page.locator(f"#q-{name.lower()}")
    for _ in range(4):
        answer(question, text)
    expect(question.get_by_role("status")).to_have_text("Right so far. Give one digit more.")
    expect(question).to_have_attribute("data-verdict", "none")
    expect(question.locator("details.answer")).to_be_hidden()


@pytest.mark.parametrize("text", ["4.4", "4.51", "4.499", "5", "4.4e0", "22/5", "449/100"])
def test_a_number_beside_the_right_one_is_not_right_so_far(page: Page, text: str) -> None:
    question = page.locator("#q-p2")
    answer(question, text)
    expect(question.get_by_role("status")).to_contain_text("Not that.")


def test_a_question_says_how_many_digits_it_wants(page: Page) -> None:
    expect(page.locator("#q-p2 label")).to_have_text("Your answer, to 3 decimals")
    expect(page.locator("#q-p5 label")).to_have_text("Your answer")  # whole numbers
    expect(page.locator("#q-p6 label")).to_have_text("Your answer")  # a shape


@pytest.mark.parametrize("text", ["4×2", "4 x 2", "(4, 2)", "4 by 2", "4*2"])
def test_a_shape_may_be_written_in_several_ways(page: Page, text: str) -> None:
    question = page.locator("#q-p6")
    answer(question, text)
    expect(question.get_by_role("status")).to_have_text("Right.")


def test_hints_come_one_by_one_and_the_answer_after_them(page: Page) -> None:
    question = page.locator("#q-p1")
    hint = question.get_by_role("button", name="Hint", exact=True)
    for shown in (1, 2, 3):
        expect(question.locator("details.answer")).to_be_hidden()
        hint.click()
        expect(question.locator("details.hint:not([hidden])")).to_have_count(shown)
    expect(hint).to_be_disabled()
    expect(question.locator("details.answer")).to_be_visible()


def test_the_answer_may_be_read_after_three_tries(page: Page) -> None:
    question = page.locator("#q-p1")
    for _ in range(3):
        expect(question.locator("details.answer")).to_be_hidden()
        answer(question, "17")
    expect(question.get_by_role("status")).to_contain_text("Not that.")
    expect(question.locator("details.answer")).to_be_visible()


def test_progress_is_kept_shown_in_the_contents_and_erased(page: Page) -> None:
    answer(page.locator("#q-p2"), "4.5")
    expect(page.locator(".question-progress")).to_contain_text("1 of 8 done.")
    page.reload()
    expect(page.locator(".question-progress")).to_contain_text("1 of 8 done.")
    expect(page.get_by_label("Your answer").nth(1)).to_have_value("4.5")
    expect(page.locator("#site-nav .nav-progress")).to_contain_text("1/8")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export progress").click()
    kept = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert kept[PAGE]["q-p2"]["done"] is True
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Erase progress").click()
    expect(page.locator(".question-progress")).to_contain_text("0 of 8 done. Export progress")
    assert page.evaluate("localStorage.getItem('questions')") == "{}"


def test_broken_storage_does_no_harm(page: Page) -> None:
    for broken in (
        "{",
        "[]",
        "7",
        '{"chain_rule.html": 3}',
        '{"chain_rule.html": {"q-p2": "<b>"}}',
    ):
        page.evaluate("text => localStorage.setItem('questions', text)", broken)
        page.reload()
        answer(page.locator("#q-p2"), "4.5")
        expect(page.locator("#q-p2").get_by_role("status")).to_have_text("Right.")


def test_keyboard_alone_is_enough(page: Page) -> None:
    page.locator("#q-p2").get_by_label("Your answer").focus()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator("#q-p2").get_by_role("status")).to_contain_text("rate for the bias")


def test_without_javascript_hints_and_answer_are_folded(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    question = page.locator("#q-p1")
    expect(question.locator("details.hint")).to_have_count(3)
    for fold in question.locator("details").all():
        expect(fold).to_be_visible()
        assert fold.get_attribute("open") is None
    expect(question.locator(".reply").first).to_be_hidden()
    context.close()


def test_no_answer_ends_twice(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for answer in page.select(".question .answer"):
            assert not re.search(r"[^.]\.\.(?!\.)", answer.get_text()), (path, answer.get_text())
