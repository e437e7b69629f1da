"""What a reader does: switches the theme, searches, follows references, copies, uses the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

PAGE = "regression/gradients.html"


def theme(page: Page) -> str:
    return str(page.evaluate("document.documentElement.dataset.theme"))


def test_theme_is_kept_on_the_next_page(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/index.html")
    switch = page.get_by_role("button", name="Color theme")
    assert theme(page) == "light"
    switch.click()  # system -> light
    switch.click()  # light -> dark
    assert theme(page) == "dark"
    page.goto(f"{origin}/{PAGE}")
    assert theme(page) == "dark"
    expect(page.get_by_role("button", name="Color theme: dark")).to_be_visible()


def test_system_theme_is_followed(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/index.html")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_colors_change_with_the_theme(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    for ink in (page.locator(".article math").first, page.locator(".drawing svg").first):
        page.emulate_media(color_scheme="light")
        expect(ink).to_have_css("color", "rgb(27, 30, 34)")
        page.emulate_media(color_scheme="dark")
        expect(ink).to_have_css("color", "rgb(228, 231, 234)")


@pytest.mark.parametrize("words", ["kronecker delta", "gradient bias", "recursion"])
def test_search_finds_words(context: BrowserContext, origin: str, words: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    first = page.locator("#search-results a").first
    expect(first).to_be_visible()
    first.click()
    page.wait_for_load_state()
    anchor = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    assert page.evaluate("id => document.getElementById(id) !== null", anchor)


def test_search_finds_an_equation_by_its_words(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    display = page.locator("p + .pair").first
    words = display.evaluate("node => node.previousElementSibling.textContent")
    asked = " ".join(word for word in words.split() if word.isascii() and word.isalpha())
    page.goto(f"{origin}/search.html?q={asked}")
    link = page.locator("#search-results a", has_text="Equation (").first
    expect(link).to_be_visible()


@pytest.fixture(scope="module")
def search_page(browser: Browser, origin: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{origin}/search.html")
    yield page
    context.close()


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("chain rule", "chain_rule.html#the-chain-rule-on-one-small-network"),
        ("what is a derivative", "chain_rule.html#a-derivative-is-an-answer-to-a-nudge"),
        ("delta", "chain_rule.html#all-paths-and-why-errors-have-a-name"),
        ("jacobian", "chain_rule.html#jacobians-tables-of-rates"),
        ("why transpose", "chain_rule.html#why-the-transposes"),
        ("kroneker delta", "chain_rule.html#the-kronecker-delta-which-entry"),
        ("numerator layout", "notation.html#derivatives-numerator-layout"),
        ("zero_grad", "regression/layers.html#the-five-steps"),
        ("learning rate", "regression/layers.html#the-five-steps"),
        ("backprop", "regression/gradients.html#c-the-backward-pass"),
        ("shapes", "regression/gradients.html#shapes"),
        ("outer product", "regression/gradients.html#the-gradient-of-w-2"),
        ("bias gradient", "regression/gradients.html#the-gradient-of-boldsymbol-b-2"),
        ("minibatch", "regression/gradients.html#from-one-point-to-a-batch"),
        ("numerical gradient", "regression/gradients_run.html#without-any-calculus"),
        ("gradient check", "regression/gradients_run.html#without-any-calculus"),
        ("factor 2", "regression/jacobians.html#the-loss-twice-the-difference"),
        ("relu derivative", "regression/jacobians.html#relu-a-gate-for-each-unit"),
        ("sigmiod", "classification/sigmoid.html#the-slope-of-the-sigmoid"),
        ("derivative of sigmoid", "classification/sigmoid.html#the-slope-of-the-sigmoid"),
        ("cross entropy", "classification/cross_entropy.html#the-loss"),
        (
            "vanishing gradient",
            "classification/why_relu.html#relu-is-good-at-avoiding-the-vanishing-gradient",
        ),
        ("dead relu", "classification/why_relu.html#what-the-second-claim-leaves-out"),
    ],
)
def test_the_place_that_explains_comes_first(
    search_page: Page, origin: str, words: str, place: str
) -> None:
    search_page.get_by_label("Words of a section").fill(words)
    expect(search_page.locator("#search-results a").first).to_have_attribute(
        "href", f"{origin}/{place}"
    )


def test_first_results_appear_while_words_are_typed(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/notation.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("why transp")
    first = page.locator(".search-first a").first
    expect(first).to_have_attribute("href", f"{origin}/chain_rule.html#why-the-transposes")
    page.keyboard.press("Escape")
    expect(first).to_be_hidden()
    expect(page.get_by_label("Search this book")).to_be_focused()
    page.keyboard.type("oses")
    first.click()
    page.wait_for_url("**/chain_rule.html#why-the-transposes")


def test_what_was_typed_is_there_again_on_back(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/search.html")
    field = page.get_by_label("Words of a section")
    field.type("why transpose")
    page.locator("#search-results a").first.click()
    page.wait_for_url("**/chain_rule.html#*")
    page.go_back()
    expect(field).to_have_value("why transpose")
    expect(page.locator("#search-results a").first).to_be_visible()


@pytest.mark.parametrize(
    ("words", "equation"),
    [
        ("gradient of the first weight", "eq-c13"),
        ("dl/dW1", "eq-c13"),
        ("first bias", "eq-c24-2"),
        ("sigmoid derivative", "eq-e03"),
        ("cross-entropy", "eq-f03"),
        ("derivative of the cross entropy", "eq-f05"),
        ("kronecker delta", "eq-c08-1"),
        ("relu jacobian", "eq-d02-2"),
        ("hadamard product", "eq-sigmoid-jacobians"),
        ("transpose", "eq-c16-2"),
        ("recursion of the error", "eq-c18-2"),
    ],
)
def test_search_shows_the_equation_that_is_asked_for(
    context: BrowserContext, origin: str, words: str, equation: str
) -> None:
    page = context.new_page()
    page.goto(f"{origin}/search.html?q={quote(words)}")
    results = page.locator("#search-results li")
    expect(results.first).to_be_visible()
    links = results.locator("a").evaluate_all("all => all.slice(0, 6).map(link => link.hash)")
    assert f"#equation-{equation}" in links
    result = results.nth(links.index(f"#equation-{equation}"))
    assert result.locator("math").bounding_box()["height"] > 10
    result.locator("a").click()
    expect(page.locator(f"[id='equation-{equation}']")).to_be_in_viewport()


def test_search_shows_no_misprint_as_an_equation(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/search.html?q=misprint")
    expect(page.locator("#search-results li").first).to_be_visible()
    index = page.evaluate("searchIndex.filter(entry => entry.math).map(entry => entry.url)")
    assert len(index) > 100
    assert [url for url in index if url.endswith("-printed")] == []


def test_search_offers_what_has_some_of_the_words(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/search.html?q=sigmoid+xylophone")
    expect(page.locator("#search-status")).to_contain_text("Nothing has all these words")
    expect(page.locator("#search-results li").first).to_contain_text("igmoid")


def test_search_says_when_nothing_is_found(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/search.html?q=xylophone")
    expect(page.locator("#search-status")).to_have_text("Nothing found for “xylophone”.")


def test_site_works_from_a_file(
    context: BrowserContext, site: Path, watch: Callable[[Page], list[str]]
) -> None:
    page = context.new_page()
    problems = watch(page)
    page.goto((site / PAGE).as_uri())
    assert page.evaluate(
        "document.fonts.ready.then(() => document.fonts.check('16px \"STIX Two Math\"'))"
    )
    page.wait_for_load_state("networkidle")
    page.goto(f"{(site / 'search.html').as_uri()}?q=gradient")
    expect(page.locator("#search-results a").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.locator("#search-results a").first.click()
    page.wait_for_url("file://**/*.html#*")
    assert problems == []


def test_commands_name_the_place_that_the_page_came_from(
    context: BrowserContext, site: Path, origin: str
) -> None:
    [wheel] = (site / "software").glob("*.whl")
    page = context.new_page()
    for root in (origin, site.as_uri()):
        page.goto(f"{root}/software.html")
        commands = page.locator("pre", has_text="handgrad[").all_inner_texts()
        assert f'"handgrad[torch] @ {root}/software/{wheel.name}"' in commands[0]
        assert "BOOK/" not in "".join(commands)
        with page.expect_download() as download:
            page.get_by_role("link", name="notebooks.zip").click()
        assert download.value.suggested_filename == "notebooks.zip"


def test_site_works_below_a_folder_of_its_host(
    context: BrowserContext,
    site: Path,
    tmp_path: Path,
    serve_folder: Callable[[Path], AbstractContextManager[str]],
    watch: Callable[[Page], list[str]],
) -> None:
    (tmp_path / "some" / "Übung").mkdir(parents=True)
    (tmp_path / "some" / "Übung" / "book").symlink_to(site, target_is_directory=True)
    page = context.new_page()
    problems = watch(page)
    with serve_folder(tmp_path) as host:
        root = f"{host}/some/%C3%9Cbung/book"
        page.goto(f"{root}/{PAGE}", wait_until="networkidle")
        page.goto(f"{root}/search.html?q=gradient")
        page.locator("#search-results a").first.click()
        page.wait_for_url(f"{root}/**/*.html#*")
        page.goto(f"{root}/software.html")
        command = page.locator("pre", has_text="handgrad[").first.inner_text()
        assert f"@ {root}/software/handgrad-" in command
    assert problems == []


def test_reference_shows_its_equation(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    reference = page.locator(".article a.reference.internal[href*='#equation-']").first
    reference.hover()
    preview = page.get_by_role("tooltip")
    expect(preview.locator("math")).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview).to_have_count(0)


def test_preview_by_keyboard_and_across_pages(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/errata.html")
    fold = page.locator("details.fold:has(a.reference.internal[href*='.html#'])").first
    fold.locator("summary").first.click()
    reference = fold.locator("a.reference.internal[href*='.html#']").first
    page.keyboard.press("Tab")  # the browser now shows focus as for a keyboard
    reference.focus()
    preview = page.get_by_role("tooltip")
    expect(preview).to_be_visible()
    assert preview.inner_text().strip()
    page.keyboard.press("Escape")
    expect(preview).to_have_count(0)


def test_tex_can_be_copied(browser: Browser, origin: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    equation = page.locator(".equation:not(.equation-rows)").first
    tex = equation.locator("annotation").evaluate("node => node.textContent")
    equation.hover()
    equation.get_by_role("button", name="Copy the TeX").click()
    assert page.evaluate("navigator.clipboard.readText()") == tex.strip()
    page.evaluate(
        "math => getSelection().selectAllChildren(math.parentElement)",
        equation.locator("math").element_handle(),
    )
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == f"$${tex.strip()}$$"
    context.close()


def test_a_copy_that_is_refused_is_not_called_copied(
    context: BrowserContext, origin: str, watch: Callable[[Page], list[str]]
) -> None:
    page = context.new_page()
    problems = watch(page)
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    page.goto(f"{origin}/{PAGE}")
    equation = page.locator(".equation:not(.equation-rows)").first
    equation.hover()
    button = equation.get_by_role("button", name="Copy the TeX")
    button.click()
    expect(button).to_have_text("Not copied")
    expect(button).to_have_text("TeX")
    assert problems == []


def test_the_switch_of_all_folds_tells_how_they_are(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    switch = page.get_by_role("button", name="Open all folds")
    closed = page.locator(".article details.fold:not([open])")
    switch.click()
    expect(closed).to_have_count(0)
    first = page.locator(".article details.fold > summary").first
    first.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(closed).to_have_count(0)
    first.click()
    first.click()  # by hand they may all be open as well
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(page.locator(".article details.fold[open]")).to_have_count(0)


def test_a_chain_of_lines_is_copied_whole(browser: Browser, origin: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    chain = page.locator("[id='equation-eq-c04']")
    chain.hover()
    chain.get_by_role("button", name="Copy the TeX").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(r"\begin{aligned}")
    assert copied.count("&=") == 5
    context.close()


def test_what_the_source_prints_is_shown_to_those_who_compare(
    context: BrowserContext, origin: str
) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    marks = page.locator("a.erratum")
    assert marks.count() > 10
    expect(marks.first).to_be_hidden()
    page.get_by_role("button", name="Compare with the source").click()
    expect(marks.first).to_be_visible()
    page.reload()
    expect(marks.first).to_be_visible()


def test_numbers_can_be_turned_off(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    numbers = page.get_by_role("group", name="The same in numbers").first
    expect(numbers).to_be_visible()
    page.get_by_role("button", name="Numbers", exact=True).click()
    expect(page.locator(".pair-numbers").first).to_be_hidden()


def test_a_link_into_a_fold_opens_it(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    folded = page.locator("[id='equation-eq-c16-1']")
    expect(folded).to_be_hidden()
    page.goto(f"{origin}/{PAGE}#equation-eq-c16-1")
    expect(folded).to_be_in_viewport()


def test_a_heading_is_named_by_its_words(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    expect(page.get_by_role("heading", name="The gradient of W(2)", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Shapes", exact=True)).to_be_visible()
    sections = page.get_by_role("navigation", name="On this page")
    expect(sections.get_by_role("link", name="The gradient of b(2)", exact=True)).to_be_visible()


def test_a_finger_sees_the_preview_before_it_follows(browser: Browser, origin: str) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    reference = page.locator(".article a.reference.internal[href*='#equation-']").first
    reference.tap()
    preview = page.get_by_role("dialog", name="Preview of")
    expect(preview).to_be_visible()
    preview.get_by_role("link", name="Go there").tap()
    page.wait_for_url("**#equation-*")
    context.close()


def test_keyboard_reaches_the_text_first(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the text")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"


def test_contents_open_and_close_on_a_phone(browser: Browser, origin: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    button = page.get_by_role("button", name="Table of contents")
    contents = page.get_by_role("navigation", name="Table of contents")
    expect(contents).to_be_hidden()
    page.evaluate("scrollTo(0, 2000)")
    button.dispatch_event("click")  # a press would scroll to the button first
    expect(contents).to_be_visible()
    expect(contents.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(contents).to_be_hidden()
    expect(button).to_be_focused()
    assert page.evaluate("scrollY") == 2000
    context.close()


PARTS = ".article section section > :not(section)"
LAND = "#the-four-gradients"


def test_a_phone_lays_a_page_out_as_its_reader_comes_to_it(browser: Browser, origin: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    head, last = page.locator(PARTS).first, page.locator(PARTS).last
    expect(head).to_have_css("content-visibility", "visible")
    expect(last).to_have_css("content-visibility", "auto")
    last.scroll_into_view_if_needed()
    expect(last).to_have_css("content-visibility", "visible")
    context.close()


def test_a_desk_lays_a_page_out_whole(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    expect(page.locator(PARTS).last).to_have_css("content-visibility", "visible")


@pytest.mark.parametrize("width", [360, 1000, 1280])
@pytest.mark.parametrize(
    ("entrance", "jump"),
    [
        (LAND, ""),
        ("", f"location.hash = '{LAND}'"),
        ("", f"document.querySelector('.page-toc a[href=\"{LAND}\"]').click()"),
    ],
    ids=["entered there", "by the address", "by a link"],
)
def test_a_jump_lands_at_its_heading(
    browser: Browser, origin: str, entrance: str, jump: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 780}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}{entrance}")
    page.evaluate(jump)
    questions = page.locator(".question")
    for _ in range(2):  # it is still there when all has come to rest
        expect(questions.locator(".question-form")).to_have_count(questions.count())
        page.evaluate("new Promise(done => setTimeout(done, 300))")
        place = page.locator(f"{LAND} > h2").bounding_box()
        assert place is not None
        assert 0 <= place["y"] <= 200
    expect(page.locator(PARTS).last).to_have_css("content-visibility", "visible")
    context.close()


# A browser that does not keep in view what is scrolled to.
UNANCHORED = """document.addEventListener("DOMContentLoaded", () => {
  for (const part of [document.documentElement, document.body]) part.style.overflowAnchor = "none";
})"""


def test_a_place_that_is_entered_stays_in_a_browser_without_anchors(
    context: BrowserContext, origin: str
) -> None:
    page = context.new_page()
    page.add_init_script(UNANCHORED)
    page.goto(f"{origin}/{PAGE}{LAND}")
    questions = page.locator(".question")
    expect(questions.locator(".question-form")).to_have_count(questions.count())
    place = page.locator(f"{LAND} > h2").bounding_box()
    assert place is not None
    assert 0 <= place["y"] <= 200


def test_long_equation_scrolls_by_keyboard(browser: Browser, origin: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}#the-four-gradients")
    box = page.locator(".equation-scroll[tabindex='0']").first
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    assert "scrolls sideways" in (box.get_attribute("aria-label") or "")
    context.close()


def test_sections_of_the_page_stay_in_view(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}#the-four-gradients")
    sections = page.get_by_role("navigation", name="On this page")
    here = sections.get_by_role("link", name="The four gradients")
    expect(here).to_be_in_viewport()
    expect(here).to_have_attribute("aria-current", "true")
    page.goto(f"{origin}/errata.html#notation-that-wavers")  # the last of a list that is too long
    contents = page.get_by_role("navigation", name="On this page")
    expect(contents.locator("[aria-current]")).to_be_in_viewport()
    assert contents.locator("a").count() > 40


def test_page_reads_without_script(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    expect(page.locator(".article math").first).to_be_visible()
    expect(page.get_by_role("navigation", name="Table of contents")).to_be_visible()
    context.close()


def test_print_leaves_out_what_is_for_the_screen(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    page.emulate_media(media="print")
    for name in (".site-header", ".site-nav", ".page-tools", ".page-toc", ".page-footer"):
        for part in page.locator(name).all():
            expect(part).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()


def test_figures_are_part_of_the_page(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/index.html")
    expect(page.get_by_role("img").first).to_be_visible()
    assert page.locator("article img[src$='.svg']").count() == 0
