"""Names in the tables of notebooks become mathematics; words and code stay as they are."""

import re

import pytest
from output_math import with_math


def tex(name: str) -> str:
    """The name with each formula as its TeX between $ and $."""
    formula = r"<math>.*?<annotation[^>]*>(.*?)</annotation></semantics></math>"
    return re.sub(formula, r"$\1$", with_math(name))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("dl/dW<sup>(1)</sup>, backward", r"$\frac{\partial \ell}{\partial W^{(1)}}$, backward"),
        ("dl/dy_hat", r"$\frac{\partial \ell}{\partial \hat{\boldsymbol{y}}}$"),
        ("dz1/ds1", r"$\frac{\partial \boldsymbol{z}^{(1)}}{\partial \boldsymbol{s}^{(1)}}$"),
        ("delta_i<sup>(2)</sup> z_j<sup>(1)</sup>", r"$\delta_i^{(2)}$ $z_j^{(1)}$"),
        ("delta, BCELoss", r"$\boldsymbol{\delta}$, BCELoss"),
        ("loss, from s2", r"loss, from $\boldsymbol{s}^{(2)}$"),
    ],
)
def test_a_quantity_is_shown_as_mathematics(name: str, shown: str) -> None:
    assert tex(name) == shown


@pytest.mark.parametrize("name", ["sigmoid(s)", "relu'(s)", "f, strict", "1. Linear", "W and b"])
def test_words_and_code_stay(name: str) -> None:
    assert with_math(name) == name
