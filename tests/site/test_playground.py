"""The interactive figure of 1.2 c): its numbers against handgrad, and how it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from handgrad import Layer, Network, SquaredError, backward, forward

PAGE = "regression/gradients.html"
Parameters = dict[str, Any]


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    yield page
    context.close()


def by_hand(parameters: Parameters) -> Parameters:
    """Everything that the figure computes, by handgrad, under the names of its script."""
    p = {name: np.array(value, dtype=np.float64) for name, value in parameters.items()}
    network = Network([Layer(p["W1"], p["b1"], "relu"), Layer(p["W2"], p["b2"], "identity")])
    trace, loss = forward(network, p["x"]), SquaredError()
    dl_dy_hat = loss.gradient(trace.y_hat, p["y"])
    gradients = backward(network, trace, dl_dy_hat)
    return {
        "s1": trace.s[1],
        "z1": trace.z[1],
        "s2": trace.s[2],
        "y_hat": trace.y_hat,
        "loss": loss.value(trace.y_hat, p["y"]),
        "delta2": gradients.delta[2],
        "delta1": gradients.delta[1],
        "dx": gradients.x,
        "dy": -dl_dy_hat,
        "dW1": gradients.W[1],
        "db1": gradients.b[1],
        "dW2": gradients.W[2],
        "db2": gradients.b[2],
    }


def random_parameters(count: int) -> list[Parameters]:
    """Seeded parameters in the range of the inputs; every fifth puts a unit exactly on the kink."""
    rng = np.random.default_rng(20)
    shapes = {"x": 2, "y": 1, "W1": (3, 2), "b1": 3, "W2": (1, 3), "b2": 1}
    drawn = []
    for number in range(count):
        p = {name: rng.uniform(-10, 10, shape) for name, shape in shapes.items()}
        if number % 5 == 0:
            p["W1"][0], p["b1"][0] = 0.0, 0.0
        drawn.append({name: value.tolist() for name, value in p.items()})
    return drawn


def current(page: Page) -> Parameters:
    """The parameters that stand in the inputs."""
    p: Parameters = {"x": [0.0] * 2, "y": [0.0], "b1": [0.0] * 3, "b2": [0.0]}
    p |= {"W1": [[0.0] * 2 for _ in range(3)], "W2": [[0.0] * 3]}
    values = page.eval_on_selector_all(
        "#playground input[type=number]", "all => all.map(i => [i.dataset.item, i.valueAsNumber])"
    )
    for item, value in values:
        name, *index = item.split("-")
        store = p[name]
        for position in index[:-1]:
            store = store[int(position)]
        store[int(index[-1])] = value
    return p


def assert_shown_numbers_are_by_hand(page: Page) -> None:
    expected = by_hand(current(page))
    shown = page.eval_on_selector_all(
        "#playground [data-value]",
        "all => all.map(e => [e.dataset.value, e.dataset.digits ?? '3', e.textContent])",
    )
    assert len(shown) > 40
    for item, digits, text in shown:
        name, *index = item.split("-")
        value = np.asarray(expected[name])[tuple(map(int, index))]
        exponent = int(text.partition("e")[2] or 0)
        rounding = (0.5 * 10 ** -int(digits) + 1e-9) * 10**exponent
        assert abs(float(text.replace("−", "-")) - value) <= rounding, item


def field(page: Page, item: str) -> Any:
    return page.locator(f"#playground-{item}")


def edges(page: Page, mark: str) -> set[str]:
    """The edges of the highlighted path."""
    return set(
        page.eval_on_selector_all(
            f"#playground .playground-edge.playground-{mark}", "all => all.map(e => e.dataset.edge)"
        )
    )


def test_script_computes_what_handgrad_computes(page: Page) -> None:
    cases = random_parameters(200)
    computed = page.evaluate("cases => cases.map(handgradPlayground.compute)", cases)
    for parameters, result in zip(cases, computed, strict=True):
        expected = by_hand(parameters)
        assert result.keys() == expected.keys()
        for name, value in expected.items():
            scale = max(1.0, float(np.abs(value).max()))
            np.testing.assert_allclose(result[name], value, rtol=0, atol=1e-9 * scale)


def test_every_formula_ends_with_the_number_that_is_shown(page: Page) -> None:
    expected = by_hand(current(page))
    gradients = {"x": "dx", "y": "dy", "W1": "dW1", "b1": "db1", "W2": "dW2", "b2": "db2"}
    items = page.eval_on_selector_all(
        "#playground input[data-item], #playground button[data-item]",
        "all => all.map(e => e.dataset.item)",
    )
    assert len(items) == 16 + 13
    for item in items:
        page.locator(f"#playground [data-item='{item}']").focus()
        name, *index = item.split("-")
        value = float(np.asarray(expected[gradients.get(name, name)])[tuple(map(int, index))])
        last = page.locator(".playground-formula p").first.locator("math").last.text_content() or ""
        assert float(last.lstrip("=").replace("−", "-")) == pytest.approx(value, abs=5e-4), item


def test_typed_number_changes_every_result(page: Page) -> None:
    assert_shown_numbers_are_by_hand(page)
    before = page.locator("#playground [data-value=loss]").last.text_content()
    field(page, "W1-0-1").fill("-2.75")
    assert_shown_numbers_are_by_hand(page)
    assert page.locator("#playground [data-value=loss]").last.text_content() != before
    field(page, "y-0").fill("10")
    field(page, "x-0").fill("-9.5")
    assert_shown_numbers_are_by_hand(page)


def test_keyboard_alone_is_enough(page: Page) -> None:
    field(page, "x-0").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(field(page, "W1-0-0")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(field(page, "W1-0-0")).to_have_value("0.51")
    assert_shown_numbers_are_by_hand(page)
    loss = page.locator("#playground td [data-value=loss]").text_content()
    expect(page.locator(".playground-summary")).to_contain_text(f"loss {loss}")
    slider = page.locator("#playground input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert float(field(page, "W1-0-0").input_value()) > 0.51
    assert_shown_numbers_are_by_hand(page)
    page.locator(".playground-reset").press("Enter")
    expect(field(page, "W1-0-0")).to_have_value("0.5")
    assert_shown_numbers_are_by_hand(page)


def test_path_of_the_error_stops_at_a_dead_unit(page: Page) -> None:
    field(page, "W1-2-1").focus()
    assert edges(page, "backward") == {"l", "c-2", "a-2-1"}
    field(page, "W1-1-0").focus()  # unit 1 is dead at the first numbers
    assert edges(page, "backward") == {"l", "c-1"}
    expect(page.locator(".playground-stop[data-unit='1']")).to_have_css("display", "inline")
    field(page, "b1-1").fill("5")  # now it is alive
    expect(page.locator(".playground-stop[data-unit='1']")).to_have_css("display", "none")
    field(page, "W1-1-0").focus()
    assert edges(page, "backward") == {"l", "c-1", "a-1-0"}
    page.locator("#playground button[data-item='z1-0']").click()
    assert edges(page, "backward") == set()
    assert edges(page, "forward") == {"a-0-0", "a-0-1"}


@pytest.mark.parametrize("typed", ["", "11", "-10.01"])
def test_wrong_number_is_refused_with_words(page: Page, typed: str) -> None:
    loss = page.locator("#playground td [data-value=loss]")
    before = loss.text_content()
    field(page, "b2-0").fill(typed)
    expect(field(page, "b2-0")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".playground-summary")).to_contain_text("Expected a number from −10 to 10")
    assert loss.text_content() == before
    field(page, "x-0").focus()
    expect(field(page, "b2-0")).to_have_value("0.75")
    expect(field(page, "b2-0")).not_to_have_attribute("aria-invalid", "true")


def test_largest_numbers_stay_inside_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for item in page.eval_on_selector_all(
        "#playground input[type=number]", "all => all.map(i => i.dataset.item)"
    ):
        field(page, item).fill("-10" if item == "y-0" else "9.99")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, item
    assert_shown_numbers_are_by_hand(page)


def test_nothing_moves_for_a_reader_who_asked_for_rest(browser: Browser, origin: str) -> None:
    moving = "e => getComputedStyle(e).animationName"
    names = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(f"{origin}/{PAGE}")
        names[motion] = page.eval_on_selector("#playground .playground-edge.playground-backward", moving)  # noqa: E501
        context.close()
    assert names == {"reduce": "none", "no-preference": "playground-flow"}


def test_path_moves_when_it_is_seen(browser: Browser, origin: str) -> None:
    context = browser.new_context(reduced_motion="no-preference")
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    path = page.locator("#playground .playground-edge.playground-backward").first
    expect(path).to_have_css("animation-play-state", "paused")
    path.scroll_into_view_if_needed()
    expect(path).to_have_css("animation-play-state", "running")
    context.close()


def test_without_javascript_it_is_a_worked_example(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/{PAGE}")
    expect(page.locator("#playground td [data-value='delta1-2']")).to_have_text("−3.000")
    expect(page.locator(".playground-formula math")).to_have_count(5)
    expect(page.locator("#playground input[type=range]")).to_be_hidden()
    assert re.fullmatch("-?[0-9.]+", field(page, "W1-2-1").get_attribute("value") or "")
    expect(field(page, "W1-2-1")).not_to_be_editable()
    context.close()
