"""Attempts to get something false proved, or to crash the checker: none may succeed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from texcheck import check
from texcheck.network import ARCHITECTURES, FURTHER_WIDTHS

NOT_PROVED = [
    # Written-out matrices
    (r"\hat y^T = \begin{pmatrix} 17 & \vdots & 42 \end{pmatrix}", "regression"),
    (r"x = \begin{pmatrix} \cdots \end{pmatrix}", "regression"),
    (r"x = \begin{pmatrix} x_0 \\ \vdots \end{pmatrix}", "any"),
    (r"x = \begin{pmatrix} \vdots \\ x_{d_x-1} \end{pmatrix}", "any"),
    (r"x = \begin{pmatrix} x_0 \\ x_1 \\ \vdots \\ x_{d_{s^{(1)}}} \end{pmatrix}", "any"),
    (r"x = \begin{pmatrix} x_0 \\ \\ \vdots \\ x_{d_x-1} \end{pmatrix}", "any"),
    (r"W^{(1)} = \begin{pmatrix} 1 W_{00}^{(1)} & 7 & \cdots & W_{0,d_x-1}^{(1)} \\ "
     r"\vdots & & \ddots & \vdots \\ W_{d_{s^{(1)}}-1,0}^{(1)} & & \cdots & "
     r"W_{d_{s^{(1)}}-1,d_x-1}^{(1)} \end{pmatrix}", "any"),
    # Lengths
    (r"d_x = d_{s^{(1)}} + 1", "any"),
    (r"b^{(1)} : d_x - 1 \times 1", "any"),
    (r"d_x + d_{s^{(1)}} + K = 12", "any"),
    (r"\ell = \frac{1}{d_x - d_{s^{(1)}}} \ell", "any"),
    (r"d_{z^{(2)}} = d_{z^{(1)}} + 1", "deep"),
    (r"s^{(1)}_{d_x - 2} = s^{(1)}_{d_{s^{(1)}} - 1}", "any"),
    # Too small for floating point
    (r"\frac{1}{100000000000000} x_i = 0", "any"),
    (r"\ell = 1.0000000001 \ell", "any"),
    (r"(\hat y_k (1 - \hat y_k))^{20} (\hat y_k (1 - \hat y_k))^{5} = 0", "sigmoid-mse"),
    (r"(d_x - 4) \left(\sum_i \max(0, \operatorname{sign}(s_i^{(1)}))\right) "
     r"\left(\sum_i \max(0, \operatorname{sign}(s_i^{(1)})) - 1\right) "
     r"\left(\sum_i \max(0, \operatorname{sign}(s_i^{(1)})) - 2\right) "
     r"\left(\sum_i \max(0, \operatorname{sign}(s_i^{(1)})) - 3\right) = 0", "regression"),
    # Read, and not passed over
    (r"\frac{\partial \ell}{\partial s} = 0", "any"),
    (r"\lVert \hat y - y \rVert_1^2 = \lVert \hat y - y \rVert^2", "any"),
    (r"\lVert \hat y - y \rVert_\infty^2 = \lVert \hat y - y \rVert^2", "any"),
    (r"f^{(1)} \circ f^{(2)} = f^{(2)} \circ f^{(1)}", "deep"),
    (r"\overline{x} = x", "any"),
    (r"W^{(1.5)} = W^{(1)}", "any"),
    (r"{W^{(1)}}^{(2)} = W^{(2)}", "any"),
    (r"W^{(2)} I' = W^{(2)}", "any"),
    (r"2 \; 3 \ell = 23 \ell", "any"),
    (r"0 \cdot x_{99} = 0", "any"),
    (r"z^{(L)} = g(s^{(L)})", "deep"),
    (r"\frac{\partial \ell}{\partial W} = \frac{\partial \ell}{\partial W^{(1)}}", "any"),
    (r"\text{not } \ell = \ell", "any"),
    (r"\ell = \ell \text{ is false}", "any"),
    (r"\frac{\partial}{\partial s} \sigma(s) \sigma(s) = \sigma'(s) \sigma(s)", "sigmoid-mse"),
    (r"\sigma(\sigma) = \sigma^2", "sigmoid-mse"),
    (r"f(g) = g(f)", "sigmoid-mse"),
    # Too much to evaluate
    (r"\sum_{a,c,i,j,k,m,n,o,p} x_a x_c x_i x_j x_k x_m x_n x_o x_p = 1", "any"),
    (r"\ell = \ell" + r" + \ell" * 20000, "any"),
    # Sizes that nothing fixes
    (r"\boldsymbol{1}^T = \boldsymbol{1}", "any"),
    (r"\boldsymbol{1} = 1", "any"),
    (r"I = 1", "any"),
    (r"\hat y \boldsymbol{1}^T = \hat y", "any"),
    (r"\boldsymbol{1} \hat y^T = \hat y^T", "any"),
    (r"\hat y \boldsymbol{1} = \hat y", "any"),
    # Near the prime
    (r"\ell = \ell + 2305843009213693951 \ell", "any"),
    (r"\frac{\ell}{2305843009213693951} = \ell", "any"),
    (r"((((10^{20})^{20})^{20})^{20})^{20} = 1", "any"),
    (r"((((x_i)^{20})^{20})^{20})^{20} = ((((x_i)^{20})^{20})^{20})^{20}", "any"),
    # Formulas that once ended in an error
    (r"x : \sum_i x_i \times 1", "any"),
    (r"x_i = x_i, \quad i = 0, \dots, \sum_j x_j", "any"),
    (r"\delta^{(L=)} = x", "any"),
    (r"\sigma(s I _i^{(1)}) = x_i", "any"),
    (r"I_0{d_x \times d_x} = I", "any"),
    (r"\hat y I _i = \hat y_i", "any"),
    ("x = " + "9" * 5000, "any"),
    ("W^{(" + "9" * 5000 + ")} = x", "any"),
]  # fmt: skip


@pytest.mark.parametrize(("tex", "network"), NOT_PROVED)
def test_what_is_not_true_is_not_proved(tex: str, network: str) -> None:
    assert all(verdict.status in ("refuted", "unreadable") for _, verdict in check(tex, network))


def test_a_skipped_number_before_the_dots_is_seen() -> None:
    *_, (_, verdict) = check(r"x_i = x_i, \quad i = 0, 5, 9, \dots, d_x - 1", "any")
    assert verdict.status == "unreadable"


def test_a_single_component_does_not_stand_for_the_whole_subject() -> None:
    (first, *_) = check(r"s_0^{(1)} = s_0^{(1)}", "any", subject=r"\boldsymbol{s}^{(1)}")
    assert first[1].status == "refuted"


TRUE = [
    (r"10000000000 + \ell - 10000000000 = \ell", "regression"),
    (r"0 = W^{(1)} - W^{(1)}", "any"),
    (r"g' = 1", "regression"),
    (r"\log(x_i) = \log(x_i)", "regression"),
    (r"\hat y^T \boldsymbol{1} = \sum_k \hat y_k", "any"),
    (r"W^{(2)} I = W^{(2)}", "any"),
]


@pytest.mark.parametrize(("tex", "network"), TRUE)
def test_what_is_true_is_not_lost_to_rounding_or_open_sizes(tex: str, network: str) -> None:
    assert [verdict.status for _, verdict in check(tex, network)] == ["proved"]


@pytest.mark.parametrize("network", ["regression", "deep"])
def test_no_linear_relation_of_lengths_holds_at_all_widths(network: str) -> None:
    chosen = ARCHITECTURES[network]
    widths = [one.widths for one in chosen] + list(FURTHER_WIDTHS[chosen[0].depth])
    rows = np.array([[*row, 1] for row in widths])
    assert np.linalg.matrix_rank(rows) == rows.shape[1]
    for row in widths:
        assert len(set(row)) == len(row)
        assert min(row) >= 3


def test_no_two_lengths_are_equal_up_to_a_small_step_at_the_widths_of_values() -> None:
    widths = [one.widths for one in ARCHITECTURES["regression"]] + list(FURTHER_WIDTHS[2])
    for a, b in product(range(3), repeat=2):
        if a != b:
            assert len({row[a] - row[b] for row in widths}) > 1
