"""What is said of a statement that is not decided: by what its sides differ, as a formula."""

from __future__ import annotations

import re

import pytest

from texcheck import Undecided, check

UNDECIDED = (
    (r"\log(6 K)", r"\log(2 K) + \log(3)"),
    (r"\sum_i \sigma(\delta_{ij} x_i)", r"\sigma(x_j) + \frac{d_x - 1}{2}"),
    (r"\sum_i x_i \mathbb{1}[i > 0]", r"\sum_{i=1}^{d_x-1} x_i"),
    (r"\sum_i \sum_j \tanh(x_i - x_j)", "0"),
    (r"(\sum_i \sigma(\delta_{ij} y_i) - \sigma(y_j)) K^2", r"\frac{K^2 (K - 1)}{2}"),
    (r"\hat y_{K-1} x_0 \log(4 d_{s^{(1)}})", r"\hat y_{K-1} x_0 (2 \log(2) + \log(d_{s^{(1)}}))"),
    (r"f(\log(6 K))", r"f(\log(2 K) + \log(3))"),
    (r"g'(\log(6 K)) s^{(2)}_i", r"g'(\log(2 K) + \log(3)) s^{(2)}_i"),
)


@pytest.mark.parametrize(("left", "right"), UNDECIDED)
def test_the_sides_of_an_undecided_equation_differ_by_what_it_says(left: str, right: str) -> None:
    ((_, said),) = check(f"{left} = {right}", "any")
    assert isinstance(said, Undecided)
    (shown,) = re.findall(r"by \$(.*)\$", said.reason)
    assert [one.status for _, one in check(f"{left} - ({right}) = {shown}", "any")] == ["proved"]


def test_layers_bear_the_names_of_the_text() -> None:
    length = "d_{s^{(L+1)}}"
    factor = f"{length} z_m^{{(L+1)}} f^{{(L)}}(s_i^{{(L)}}) W^{{(L+1)}}_{{jk}}"
    ((_, said),) = check(rf"{factor} \log(6) = {factor} (\log(2) + \log(3))", "deep")
    assert isinstance(said, Undecided)
    parts = (length, "W^{(L+1)}_{jk}", "f^{(L)}(s^{(L)}_i)", "f^{(L+1)}(s^{(L+1)}_m)")
    assert [one for one in parts if one not in said.reason] == []


def test_what_is_long_is_cut_off() -> None:
    factor = r"(\sum_i x_i + y^T y)^3"
    ((_, said),) = check(rf"{factor} \log(6) = {factor} (\log(2) + \log(3))", "any")
    assert isinstance(said, Undecided)
    assert said.reason.endswith(r" + \dots$")
