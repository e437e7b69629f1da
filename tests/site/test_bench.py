"""The bench: its numbers against handgrad, its state, its address, its keys, its size."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from handgrad import Layer, Network, backward, forward, numerator_layout, running, sgd_step

PARTS = ("1.2", "1.3a", "1.3b")
GIVEN = ("x", "y", "W1", "b1", "W2", "b2")
FIRST = {name: np.asarray(running.values()[name]).tolist() for name in GIVEN}
Numbers = dict[str, Any]


@pytest.fixture
def page(browser: Browser, origin: str, watch: Callable[[Page], list[str]]) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    problems = watch(page)
    opened(page, f"{origin}/bench.html")
    yield page
    context.close()
    assert problems == []


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".bench")).to_have_attribute("data-live", "")


def select(page: Page, item: str, part: str = "1.2") -> None:
    page.evaluate(
        """([item, part]) => {
          bench.dispatch({type: "part", part});
          bench.dispatch({type: "select", item});
        }""",
        [item, part],
    )
    assert selected(page) == item


def selected(page: Page) -> str:
    return page.locator(".bench-name").get_attribute("data-item") or ""


def press(page: Page, action: str) -> None:
    page.locator(f".bench [data-action={action}]").click()


def by_hand(p: Numbers, part: str) -> Numbers:
    """What the bench computes, by handgrad, under the same names."""
    chosen = running.PARTS[part]
    layers = [Layer(np.array(p["W1"]), np.array(p["b1"]), chosen.f)]
    layers.append(Layer(np.array(p["W2"]), np.array(p["b2"]), chosen.g))
    network, x, y = Network(layers), np.array(p["x"]), np.array(p["y"])
    trace = forward(network, x)
    row = chosen.loss.gradient(trace.y_hat, y)
    gradients = backward(network, trace, row)
    text = numerator_layout(gradients)
    first, last = network.layers
    return {
        "s1": trace.s[1], "z1": trace.z[1], "s2": trace.s[2], "y_hat": trace.y_hat,
        "diff": trace.y_hat - y, "loss": chosen.loss.value(trace.y_hat, y), "dl_dy_hat": row,
        "g_slope": last.f.derivative(trace.s[2]), "delta2": gradients.delta[2],
        "dl_dz1": gradients.delta[2] @ last.W, "f_slope": first.f.derivative(trace.s[1]),
        "delta1": gradients.delta[1], "dW2": text.W[2], "db2": gradients.b[2], "dW1": text.W[1],
        "db1": gradients.b[1], "dx": gradients.x,
        "square": sum(
            float(np.sum(g**2)) for g in (*gradients.W.values(), *gradients.b.values())
        ),
    }  # fmt: skip


def random_networks(count: int) -> list[Numbers]:
    """Seeded numbers of moderate size; every fifth network has a unit exactly on the kink."""
    rng = np.random.default_rng(20)
    drawn = []
    for n in range(count):
        p = {name: rng.uniform(-2, 2, np.shape(FIRST[name])) for name in GIVEN}
        p["y"] = rng.uniform(0, 1, 4)
        if n % 5 == 0:
            p["W1"][0], p["b1"][0] = 0.0, 0.0
        drawn.append({name: value.tolist() for name, value in p.items()})
    return drawn


def assert_same(found: Numbers, expected: Numbers, tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        scale = max(1.0, float(np.abs(value).max()))
        np.testing.assert_allclose(found[name], value, rtol=0, atol=tolerance * scale, err_msg=name)


# -- the numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_running_network_has_the_numbers_of_handgrad(page: Page, part: str) -> None:
    found = page.evaluate("([p, part]) => bench.compute(p, part)", [FIRST, part])
    expected = running.values(part)
    assert_same(found, {name: expected[name] for name in found}, 1e-12)


@pytest.mark.parametrize("part", PARTS)
def test_random_networks_have_the_numbers_of_handgrad(page: Page, part: str) -> None:
    cases = random_networks(200)
    found = page.evaluate("([all, part]) => all.map(p => bench.compute(p, part))", [cases, part])
    for numbers, result in zip(cases, found, strict=True):
        assert_same(result, by_hand(numbers, part), 1e-10)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("eta", [0.001, 0.05, 1])
def test_step_is_handgrads(page: Page, part: str, eta: float) -> None:
    state = page.evaluate(
        """([p, part, eta]) => [{type: "part", part}, {type: "eta", eta}, {type: "step"}]
          .reduce(bench.reduce, bench.start(p))""",
        [FIRST, part, eta],
    )
    network = running.network(part)
    trace = forward(network, running.x)
    loss = running.PARTS[part].loss
    gradients = backward(network, trace, loss.gradient(trace.y_hat, running.y))
    after = sgd_step(network, gradients, eta)
    for L in (1, 2):
        np.testing.assert_allclose(state["params"][f"W{L}"], after.layer(L).W, rtol=0, atol=1e-12)
        np.testing.assert_allclose(state["params"][f"b{L}"], after.layer(L).b, rtol=0, atol=1e-12)
    expected = loss.value(forward(after, running.x).y_hat, running.y)
    assert state["report"]["after"] == pytest.approx(expected, rel=1e-12)


def test_step_of_the_running_network_is_reported(page: Page) -> None:
    press(page, "step")
    report = page.locator(".bench-formula")
    v = running.values()
    expect(report).to_contain_text(f"13.5 → {v['loss_new']:.4f}")
    expect(report).to_contain_text("0.05 · 646.25 = 32.3125")
    expect(report).to_contain_text("Did not move: W(1), row 1; b(1), entry 1; W(2), column 1.")
    expect(page.locator(".bench [role=status]")).to_have_text("The loss goes from 13.5 to 1.9331.")


def test_step_out_of_range_is_refused(page: Page) -> None:
    page.evaluate("location.hash = '#bench=1.2,loss,x-0=100,W2-0-0=500'")
    expect(page.locator(".bench svg [data-value='x-0']")).to_have_text("100")
    press(page, "step")
    expect(page.locator(".bench-formula")).to_contain_text("Take a smaller learning rate")
    assert "NaN" not in (page.locator(".bench").text_content() or "")


def test_every_formula_ends_with_handgrads_number(page: Page) -> None:
    items = page.evaluate("p => bench.allItems(p)", FIRST)
    for part in PARTS:
        expected = running.values(part)
        for item in items:
            name, *index = item.split("-")
            if name == "y":
                continue
            place = tuple(map(int, index))
            value = expected[name] if name == "loss" else None
            if name in GIVEN:
                value = np.asarray(expected[f"d{name}"])[place[::-1]]
            elif value is None:
                value = np.asarray(expected[name])[place]
            select(page, item, part)
            shown = page.locator(".bench-result").text_content() or ""
            assert float(shown.replace("−", "-")) == pytest.approx(value, abs=5.1e-5), (part, item)


def test_paths_add_up_to_the_gradient(page: Page) -> None:
    for part in PARTS:
        found = page.evaluate(
            """([p, part]) => bench.allItems(p).map(item => [item,
              bench.pathsOf(item, p, bench.compute(p, part)).map(bench.productOf)])""",
            [FIRST, part],
        )
        expected = running.values(part)
        counts = {}
        for item, products in found:
            name, *index = item.split("-")
            if name in ("y", "loss"):
                assert products == []
                continue
            counts[item] = len(products), np.count_nonzero(products)
            same = {"s1": "delta1", "z1": "dl_dz1", "s2": "delta2", "y_hat": "dl_dy_hat"}
            place = tuple(map(int, index))
            gradient = expected[same.get(name, f"d{name}" if name in GIVEN else name)]
            value = np.asarray(gradient)[place[::-1] if name in GIVEN else place]
            assert sum(products) == pytest.approx(value, abs=1e-12), (part, item)
        if part == "1.2":
            assert counts["x-0"] == (12, 8)
            assert counts["z1-2"] == (4, 4)


def test_kink_has_slope_0_and_says_so(page: Page) -> None:
    kink = {**FIRST, "W1": [[0, 0], *FIRST["W1"][1:]], "b1": [0, *FIRST["b1"][1:]]}
    text = page.evaluate("p => bench.statusOf({...bench.start(p), selected: 'delta1-0'})", kink)
    assert (
        text == "delta of layer 1, unit 0: 0. At 0 ReLU has no slope; 0 is the convention. "
        "The gate is shut."
    )


def test_unit_that_is_off_is_said_and_drawn(page: Page) -> None:
    select(page, "delta1-1")
    text = page.evaluate("p => bench.statusOf({...bench.start(p), selected: 'delta1-1'})", FIRST)
    assert text == "delta of layer 1, unit 1: 0. The gate is shut."
    expect(page.locator(".bench-off.bench-is-off")).to_have_count(1)
    expect(page.locator(".bench-off.bench-is-off text")).to_have_text("off")
    press(page, "gate")
    expect(page.locator(".bench-formula")).to_contain_text("Wrong: the gate is shut")
    expect(page.locator(".bench-result")).to_have_text("−6")
    expect(page.locator(".bench-result")).to_have_css("text-decoration-line", "line-through")
    press(page, "gate")
    expect(page.locator(".bench-result")).to_have_text("0")


# -- the state ----------------------------------------------------------------------------------

ACTIONS = """(seed) => {
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const pick = list => list[Math.floor(random() * list.length)];
  return Array.from({length: 40}, () => pick([
    {type: "set", item: pick(["x-0", "W1-1-0", "b1-2", "W2-3-1", "b2-0"]), value: random() * 8 - 4},
    {type: "part", part: pick(["1.2", "1.3a", "1.3b"])},
    {type: "select", item: pick(["loss", "delta1-1", "W1-2-1", "z1-0"])},
    {type: "eta", eta: pick([0.001, 0.1, 1])},
    {type: "forward"}, {type: "back"}, {type: "gate"}, {type: "step"}, {type: "predict"},
    {type: "guess", value: random()}, {type: "path"},
  ]));
}"""


def test_undo_after_any_sequence_restores_the_state(page: Page) -> None:
    for seed in range(1, 41):
        same = page.evaluate(
            f"""([p, seed]) => {{
              const actions = ({ACTIONS})(seed);
              const before = [];
              let state = bench.start(p);
              for (const action of actions) {{
                const next = bench.reduce(state, action);
                if (next.history.length > state.history.length) before.push(state);
                else if (next.history.length < state.history.length) return "lost a state";
                state = next;
              }}
              if (before.length < 10) return "too few changes";
              while (before.length) {{
                state = bench.reduce(state, {{type: "undo"}});
                if (JSON.stringify(state) !== JSON.stringify(before.pop())) return "differs";
              }}
              return state.history.length === 0;
            }}""",
            [FIRST, seed * 7919],
        )
        assert same is True


def test_history_has_50_states_at_most(page: Page) -> None:
    length = page.evaluate(
        """p => { let s = bench.start(p);
          for (let n = 0; n < 60; n++) s = bench.reduce(s, {type: "set", item: "x-0", value: n});
          return s.history.length; }""",
        FIRST,
    )
    assert length == 50


def test_reduce_changes_no_state(page: Page) -> None:
    assert page.evaluate(
        f"""p => {{
          const freeze = o => (Object.values(o).forEach(
            v => v && typeof v === "object" && freeze(v)), Object.freeze(o));
          let state = freeze(bench.start(p));
          for (const action of ({ACTIONS})(99)) state = freeze(bench.reduce(state, action));
          return true;
        }}""",
        FIRST,
    )


def test_address_keeps_part_selection_and_numbers(page: Page) -> None:
    for seed in range(1, 31):
        kept = page.evaluate(
            f"""([p, seed]) => {{
              const state = ({ACTIONS})(seed).reduce(bench.reduce, bench.start(p));
              const again = bench.decode(bench.encode(state, p), p);
              return ["part", "selected", "params"].every(
                key => JSON.stringify(state[key]) === JSON.stringify(again[key]));
            }}""",
            [FIRST, seed * 104729],
        )
        assert kept


@pytest.mark.parametrize(
    "address",
    [
        "#bench=",
        "#bench=9,zz-0,W1-9-9=1",
        "#bench=1.2,loss,x-0=NaN,x-1=,y-0=1e9,constructor-0=1",
        "#x",
    ],
)
def test_address_that_does_not_fit_is_left_out(page: Page, address: str) -> None:
    state = page.evaluate("([a, p]) => bench.decode(a, p)", [address, FIRST])
    assert state == page.evaluate("p => bench.start(p)", FIRST)


def test_link_leads_to_a_state(page: Page, origin: str) -> None:
    page.evaluate("location.hash = '#bench=1.3b,delta1-0,W1-0-1=0.7'")
    expect(page.locator(".bench [data-part='1.3b']")).to_have_attribute("aria-pressed", "true")
    other = page.context.new_page()
    opened(other, f"{origin}/bench.html#bench=1.3b,delta1-0,W1-0-1=0.7")
    changed = {**FIRST, "W1": [[-1, 0.7], *FIRST["W1"][1:]]}
    expected = by_hand(changed, "1.3b")["delta1"][0]
    expect(other.locator(".bench-result")).to_have_text(f"{expected:.4f}".replace("-", "−"))
    press(other, "step")
    expect(other).to_have_url(re.compile("W2-0-0="))


# -- what the reader does -------------------------------------------------------------------------


def test_numbers_appear_when_their_stage_is_reached(page: Page) -> None:
    loss = page.locator(".bench svg [data-value=loss]")
    error = page.locator(".bench svg [data-value=delta1-0]")
    expect(loss).to_have_text("13.5")
    press(page, "forward")
    expect(loss).to_have_text("·")
    for _ in range(4):
        press(page, "forward")
    expect(loss).to_have_text("13.5")
    expect(error).to_have_text("·")
    for _ in range(4):
        press(page, "back")
    expect(error).to_have_text("3")
    press(page, "undo")
    expect(error).to_have_text("·")


def test_prediction_is_hidden_and_judged(page: Page) -> None:
    select(page, "delta1-1")
    press(page, "predict")
    expect(page.locator(".bench-result")).to_have_count(0)
    expect(page.locator(".bench svg [data-value=delta1-1]")).to_have_text("?")
    answer = page.locator(".bench-ask input")
    answer.fill("-6")
    answer.press("Enter")
    expect(page.locator(".bench-formula")).to_contain_text("The gate is shut: ReLU’s slope is 0")
    answer.fill("0")
    answer.press("Enter")
    expect(page.locator(".bench-formula")).to_contain_text("Right. The gate is shut.")
    expect(page.locator(".bench svg [data-value=delta1-1]")).to_have_text("0")


@pytest.mark.parametrize(
    ("part", "item", "wrong", "cause"),
    [
        ("1.2", "W2-1-2", "-5", "That is the error alone"),
        ("1.2", "delta2-0", "1.5", "The 2 of the square is missing"),
        ("1.2", "x-0", "-19", "The gate is shut"),
        ("1.3a", "delta2-1", "-1.7846", "The slope of the sigmoid is missing"),
        ("1.3b", "loss", "3.8057", "The mean over the outputs is missing"),
        ("1.3b", "delta2-1", "-0.8923", "The mean divides by K"),
        ("1.2", "delta2-0", "77", "Not that."),
        ("1.2", "delta2-0", "three", "Expected a number"),
    ],
)
def test_wrong_prediction_meets_its_cause(
    page: Page, part: str, item: str, wrong: str, cause: str
) -> None:
    select(page, item, part)
    press(page, "predict")
    page.locator(".bench-ask input").fill(wrong)
    page.locator(".bench-ask button").click()
    expect(page.locator(".bench-formula")).to_contain_text(cause)


def test_third_wrong_prediction_shows_the_answer(page: Page) -> None:
    select(page, "delta2-0")
    press(page, "predict")
    for _ in range(3):
        page.locator(".bench-ask input").fill("77")
        page.locator(".bench-ask button").click()
    expect(page.locator(".bench-formula")).to_contain_text("It is 3.")


@pytest.mark.parametrize("typed", ["", "1001", "-1000.5"])
def test_wrong_number_marks_its_field_and_keeps_the_last(page: Page, typed: str) -> None:
    select(page, "b2-0")
    field = page.locator(".bench-edit input[type=number]")
    field.fill("0.75")
    loss = page.locator(".bench svg [data-value=loss]")
    before = loss.text_content()
    field.fill(typed)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".bench [role=status]")).to_contain_text("Expected a number from −1000")
    assert loss.text_content() == before
    page.locator(".bench [data-action=forward]").focus()
    expect(field).to_have_value("0.75")
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_fields_of_all_numbers_change_the_network(page: Page) -> None:
    page.locator(".bench-all summary").click()
    fields = page.locator(".bench-fields input")
    assert fields.count() == sum(np.size(value) for value in FIRST.values())
    page.locator("[data-given=W1-0-1]").fill("-2.75")
    changed = {**FIRST, "W1": [[-1, -2.75], *FIRST["W1"][1:]]}
    for column, part in enumerate(PARTS, start=1):
        cell = page.locator(f".bench tr[data-row=loss] > :nth-child({column + 1})")
        expected = by_hand(changed, part)["loss"]
        assert float(cell.text_content() or "") == pytest.approx(expected, abs=5.1e-5)
    press(page, "reset")
    expect(page.locator("[data-given=W1-0-1]")).to_have_value("0.5")


def test_table_shows_handgrads_numbers(page: Page) -> None:
    page.locator(".bench-all summary").click()
    for row in page.locator(".bench tr[data-row]").all():
        name = row.get_attribute("data-row")
        for part, cell in zip(PARTS, row.locator("td").all(), strict=True):
            shown = re.findall(r"[−\d.]+", cell.inner_text())
            expected = np.ravel(running.values(part)[name])
            found = [float(text.replace("−", "-")) for text in shown]
            np.testing.assert_allclose(found, expected, rtol=0, atol=5.1e-5, err_msg=name)


def test_every_node_and_edge_is_reached_by_keyboard_alone(page: Page) -> None:
    wanted = set(
        page.eval_on_selector_all(".bench svg [data-item]", "all => all.map(e => e.dataset.item)")
    )
    assert len(wanted) == 10 + 6 + 12 + 4 + 3 + 4
    page.locator(".bench svg [tabindex='0']").focus()
    reached = set()
    ways = {"x": 2, "z1": 3, "y_hat": 4, "loss": 1}
    for layer, count in enumerate(ways.values()):
        for unit in range(count):
            for key in ["ArrowLeft"] * 3 + ["ArrowUp"] * 3 + ["ArrowRight"] * layer:
                page.keyboard.press(key)
            for key in ["ArrowUp"] * 3 + ["ArrowDown"] * unit:
                page.keyboard.press(key)
            page.keyboard.press("Escape")
            node = page.evaluate("document.activeElement.dataset.item")
            for _ in range(14):
                reached.add(selected(page))
                page.keyboard.press("Enter")
            page.keyboard.press("Escape")
            assert selected(page) == node
    assert wanted <= reached


def test_tab_stops_once_in_the_drawing_and_focus_is_seen(page: Page) -> None:
    page.locator(".bench [data-action=reset]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('svg') !== null")
    ring = page.locator(".bench-node:focus-visible .bench-hit")
    assert ring.evaluate("e => parseFloat(getComputedStyle(e).strokeWidth)") >= 2
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('svg') === null")
    for _ in range(6):
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Tab")


def test_touching_an_edge_or_an_error_selects_it(page: Page) -> None:
    page.locator(".bench path.bench-hit[data-item='W2-3-0']").dispatch_event("click")
    expect(page.locator(".bench-name")).to_have_attribute("data-item", "W2-3-0")
    page.locator(".bench g[data-item='delta2-1']").click()
    expect(page.locator(".bench-name")).to_have_attribute("data-item", "delta2-1")


def test_hit_areas_are_large(browser: Browser, origin: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True)
    page = context.new_page()
    opened(page, f"{origin}/bench.html")
    boxes = page.eval_on_selector_all(
        ".bench-node .bench-hit",
        "all => all.map(e => e.getBoundingClientRect()).map(r => [r.width, r.height])",
    )
    assert len(boxes) == 10
    assert min(itertools.chain(*boxes)) >= 38
    small = page.eval_on_selector_all(
        ".bench button, .bench select, .bench summary",
        "all => all.filter(e => e.getBoundingClientRect().height < 24 && e.offsetParent).length",
    )
    assert small == 0
    context.close()


# -- how it looks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "most"), [(320, 600), (360, 600), (768, 520), (1280, 520)])
def test_height_is_bounded_in_every_state(
    browser: Browser, origin: str, width: int, most: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 640})
    page = context.new_page()
    opened(page, f"{origin}/bench.html")
    tallest = page.evaluate(
        """p => {
          const figure = document.querySelector(".bench");
          const button = name => figure.querySelector(`[data-action=${name}]`);
          let most = 0;
          const look = () => {
            most = Math.max(most, figure.getBoundingClientRect().height);
            if (document.documentElement.scrollWidth > innerWidth) most = Infinity;
          };
          const kinds = bench.allItems(p).filter(item => /^[^-]+(-1|-1-1)?$/.test(item));
          for (const part of ["1.2", "1.3a", "1.3b"]) for (const item of kinds) {
            bench.dispatch({type: "part", part});
            bench.dispatch({type: "select", item});
            look();
            if (!button("predict").disabled) {
              button("predict").click();
              figure.querySelector(".bench-ask input").value = "77";
              figure.querySelector(".bench-ask button").click();
              look();
            }
            if (!button("next-path").disabled) { button("next-path").click(); look(); }
            button("step").click();
            look();
            button("undo").click();
          }
          return most;
        }""",
        FIRST,
    )
    assert tallest <= most
    context.close()


def test_no_text_is_smaller_than_12_pixels_on_a_phone(browser: Browser, origin: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640})
    page = context.new_page()
    opened(page, f"{origin}/bench.html")
    for item in ("delta1-1", "W1-0-1", "loss", "dl_dy_hat-2"):
        select(page, item, "1.3b")
        small = page.evaluate(
            """() => {
              const svg = document.querySelector(".bench svg");
              const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
              const texts = document.createTreeWalker(
                document.querySelector(".bench"), NodeFilter.SHOW_TEXT);
              const found = [];
              while (texts.nextNode()) {
                const element = texts.currentNode.parentElement;
                if (!texts.currentNode.data.trim() || !element.getClientRects().length) continue;
                if (element.closest(".bench-sr, option")) continue;
                const size = parseFloat(getComputedStyle(element).fontSize);
                const shown = element.closest("svg") ? size * scale : size;
                if (shown < 11.95) found.push([texts.currentNode.data, shown]);
              }
              return found;
            }"""
        )
        assert small == []
    context.close()


# The numbers of the drawing by the box of their digits, and the circles of its nodes: which of them
# cover each other, and which leave the drawing.
COVERED = """() => {
  const svg = document.querySelector(".bench svg"), edge = svg.getBoundingClientRect();
  const scale = svg.getScreenCTM().a;
  const boxes = [...svg.querySelectorAll("text:not(.bench-letter), .bench-dot")]
    .filter(e => e.getBoundingClientRect().width)
    .map(e => {
      const { left, right, top, bottom } = e.getBoundingClientRect();
      if (e.matches(".bench-dot")) return { name: "a node", left, right, top, bottom };
      const foot = (e.getAttribute("y") - svg.viewBox.baseVal.y) * scale + edge.top;
      const height = 0.73 * parseFloat(getComputedStyle(e).fontSize) * scale;
      return { name: e.textContent, left, right, top: foot - height, bottom: foot };
    });
  const found = boxes.filter(a => a.left < edge.left || a.right > edge.right
    || a.top < edge.top || a.bottom > edge.bottom).map(a => `${a.name} leaves the drawing`);
  boxes.forEach((a, n) => boxes.slice(n + 1).forEach(b => {
    if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      found.push(`${a.name} and ${b.name}`);
  }));
  return found;
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_no_number_covers_another(browser: Browser, origin: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    opened(page, f"{origin}/bench.html")
    weights = page.locator(".bench-weight").filter(visible=True)
    for part in PARTS:
        select(page, "delta1-1", part)
        for presses in ([], ["step"], ["step"], ["step"], ["forward"] * 5 + ["back"] * 5):
            for action in presses:
                press(page, action)
                assert page.evaluate(COVERED) == [], (part, action)
            assert page.evaluate(COVERED) == [], part
            assert weights.count() == (22 if width == 1280 else 0)
    context.close()


def test_numbers_find_their_places_when_the_room_changes(page: Page) -> None:
    select(page, "loss", "1.3b")
    for width in (360, 700, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("() => new Promise(requestAnimationFrame)")
        assert page.evaluate(COVERED) == [], width


def test_no_number_covers_another_without_javascript(browser: Browser, origin: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{origin}/bench.html")
    assert page.evaluate(COVERED) == []
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("part", PARTS)
def test_axe_finds_nothing(
    browser: Browser, origin: str, settle: Callable[[Page], None], part: str, theme: str
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800}, color_scheme=theme)
    page = context.new_page()
    opened(page, f"{origin}/bench.html#bench={part},delta1-1")
    page.locator(".bench-all summary").click()
    press(page, "predict")
    settle(page)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    context.close()


def test_path_is_drawn_in_steps_unless_the_reader_wants_rest(browser: Browser, origin: str) -> None:
    seen = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        opened(page, f"{origin}/bench.html#bench=1.2,x-0")
        seen[motion] = sorted(
            set(
                page.eval_on_selector_all(
                    ".bench-edge.bench-backward",
                    """all => all.map(e => getComputedStyle(e))
                      .map(s => s.animationName + " " + s.animationDelay)""",
                )
            )
        )
        context.close()
    assert seen["reduce"] == ["none 0s"]
    assert seen["no-preference"] == ["bench-draw 0.3s", "bench-draw 0.6s", "bench-draw 0s"]


def test_without_javascript_it_is_a_drawing_with_its_numbers(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/bench.html")
    expect(page.locator(".bench svg [data-value=delta2-1]")).to_have_text("−5")
    expect(page.locator(".bench svg")).to_have_attribute("role", "img")
    expect(page.locator(".bench-off.bench-is-off text")).to_have_text("off")
    for part in page.locator(".bench-live").all():
        expect(part).to_be_hidden()
    page.locator(".bench-all summary").click()
    expect(page.locator(".bench tr[data-row=loss]")).to_contain_text("0.9514")
    context.close()


def test_on_paper_it_is_a_drawing_with_its_numbers(page: Page) -> None:
    page.emulate_media(media="print")
    for part in page.locator(".bench-live").all():
        expect(part).to_be_hidden()
    expect(page.locator(".bench svg")).to_be_visible()
    expect(page.locator(".bench tr[data-row=loss]")).to_be_visible()


@pytest.mark.parametrize("form", ["paths", "backward"])
def test_smaller_forms_leave_out_what_their_page_has_not_taught(form: str, site: Any) -> None:
    pages = [path.read_text("utf-8") for path in site.rglob("*.html")]
    html = next(text for text in pages if f'data-form="{form}"' in text)
    assert "data-part=" not in html
    assert ('data-action="back"' in html) == (form == "backward")
    assert ("δ " in html[html.index("bench-network") :].partition("</svg>")[0]) == (
        form == "backward"
    )
