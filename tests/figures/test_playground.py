"""The interactive figure without JavaScript: a worked example whose numbers are right."""

import re
import runpy
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from handgrad import Layer, Network, SquaredError, forward
from handgrad.reference import autograd_gradients

FIGURES = Path(__file__).resolve().parents[2] / "book" / "_figures"
VOID = {"input"}


class Elements(HTMLParser):
    """Every element of a fragment with its attributes, and the text of those with `data-value`."""

    def __init__(self, fragment):
        super().__init__()
        self.found, self.shown, self.open = [], [], []
        self.feed(fragment)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        if self.open and "data-value" in self.open[-1][1]:
            self.shown.append((self.open[-1][1], text))


@pytest.fixture(scope="module")
def playground():
    """The globals of the generator."""
    sys.path.insert(0, str(FIGURES))
    try:
        return runpy.run_path(str(FIGURES / "playground.py"))
    finally:
        sys.path.remove(str(FIGURES))


@pytest.fixture(scope="module")
def committed():
    return (FIGURES / "playground.html").read_text("utf-8")


@pytest.fixture(scope="module")
def elements(committed):
    parsed = Elements(committed)
    assert parsed.open == []
    return parsed


@pytest.fixture(scope="module")
def autograd(playground):
    """Every quantity of the first numbers by PyTorch, under its name in the page."""
    p = {name: np.array(value) for name, value in playground["PARAMETERS"].items()}
    network = Network([Layer(p["W1"], p["b1"], "relu"), Layer(p["W2"], p["b2"], "identity")])
    trace = forward(network, p["x"])
    gradients = autograd_gradients(network, p["x"], p["y"], SquaredError())
    named = {"s1": trace.s[1], "z1": trace.z[1], "s2": trace.s[2], "y_hat": trace.y_hat}
    for L in (1, 2):
        named[f"delta{L}"] = gradients.delta[L]
        named[f"dW{L}"], named[f"db{L}"] = gradients.W[L], gradients.b[L]
    values = {"loss": float(np.sum((trace.y_hat - p["y"]) ** 2))}
    for name, array in named.items():
        for index, value in np.ndenumerate(array):
            values["-".join([name, *map(str, index)])] = float(value)
    return values


def test_committed_fragment_is_what_the_script_writes(playground, committed):
    message = "playground.html is stale: run python book/_figures/make.py"
    assert committed == playground["fragment"](), message


def test_every_quantity_is_shown_with_the_number_of_autograd(elements, autograd):
    assert {attributes["data-value"] for attributes, _ in elements.shown} == set(autograd)
    for attributes, text in elements.shown:
        value = autograd[attributes["data-value"]]
        digits = int(attributes.get("data-digits", 3))
        assert "-" not in text  # a hyphen is not a minus sign
        assert float(text.replace("−", "-")) == pytest.approx(value, rel=0, abs=1e-10)
        assert len(text.partition(".")[2]) == digits


def test_the_first_numbers_have_a_dead_unit(autograd, elements):
    off = [unit for unit in range(3) if autograd[f"s1-{unit}"] <= 0]
    assert off == [1]
    marked = {
        attributes["data-unit"]
        for _, attributes in elements.found
        if "pg-off" in attributes.get("class", "").split()
    }
    assert marked == {"1"}


def test_inputs_carry_the_first_numbers_and_a_label(elements, playground):
    labels = {a["for"] for tag, a in elements.found if tag == "label" and "for" in a}
    inputs = [a for tag, a in elements.found if tag == "input" and a["type"] == "number"]
    assert len(inputs) == 2 + 1 + 6 + 3 + 3 + 1
    assert {a["id"] for a in inputs} == labels
    for attributes in inputs:
        name, *index = attributes["data-item"].split("-")
        value = playground["PARAMETERS"][name]
        for position in index:
            value = value[int(position)]
        assert float(attributes["value"]) == value
        assert "readonly" in attributes  # until the script runs


def test_ids_are_unique_and_the_figures_own(elements):
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(name == "playground" or name.startswith("pg-") for name in ids)


def test_nothing_comes_from_elsewhere(committed, elements):
    for _, attributes in elements.found:
        assert not {"src", "href"} & set(attributes)
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest", committed)


def test_the_style_touches_nothing_but_the_figure(committed):
    css = committed[committed.index("<style>") + len("<style>") : committed.index("</style>")]
    rules = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", css))
    selectors = [rule.strip() for rule in rules if not rule.strip().startswith("@")]
    assert len(selectors) > 40
    assert "to" in selectors  # the end of the only animation
    selectors.remove("to")
    for selector in selectors:
        assert all(part.strip().startswith(".pg") for part in selector.split(",")), selector


def test_reduced_motion_stops_the_animation(committed):
    before, _, after = committed.partition("@media (prefers-reduced-motion: no-preference) {")
    block = after[: after.index("\n}")]
    assert "animation:" in block
    assert "animation:" not in before + after[after.index("\n}") :]
