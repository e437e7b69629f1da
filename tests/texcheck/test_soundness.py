"""Attempts to get something false proved, or to crash the checker: none may succeed."""

from __future__ import annotations

import time
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
    (r"(d_x - 4)(d_x - 5)(d_x - 7)(d_x - 3)(d_x - 6) = 0", "regression"),
    (r"\ell = \ell + (d_x - 4)(d_x - 6)(d_x - 7)(d_x - 3) \ell", "regression"),
    (r"\ell = \ell + (d_x - d_{s^{(1)}} - 1)(d_x - d_{s^{(1)}} - 2) \ell", "regression"),
    (r"x : (d_x - 4)(d_x - 6)(d_x - 7)(d_x - 3) + d_x \times 1", "any"),
    (r"\sum_{i=0}^{(d_x - 4)(d_x - 6) + d_x - 1} x_i = \sum_i x_i", "any"),
    # Entries that are counted
    (r"(\sum_i x_i^0 - 4)(\sum_i x_i^0 - 6)(\sum_i x_i^0 - 7)(\sum_i x_i^0 - 3) = 0", "regression"),
    (r"(\sum_i \frac{x_i}{x_i} - 4)(\sum_i \frac{x_i}{x_i} - 6) \ell = 0", "regression"),
    (r"(\lVert \frac{\partial x}{\partial x} \rVert^2 - 4) "
     r"(\lVert \frac{\partial x}{\partial x} \rVert^2 - 6) \ell = 0", "regression"),
    (r"i (i - 1) (i - 2) (i - 3) (i - 4) (i - 5) x_i = 0", "regression"),
    (r"x_3 = x_3", "regression"),
    # Where an argument is exactly zero
    (r"\operatorname{ReLU}'(s) = \frac{1 + \operatorname{sign}(s)}{2}", "regression"),
    (r"\operatorname{sign}(s_i^{(1)})^2 = 1", "regression"),
    (r"\operatorname{ReLU}'(s) = \mathbb{1}[s \ge 0]", "regression"),
    (r"\frac{\partial z_i^{(1)}}{\partial s_i^{(1)}} = \begin{cases} 1 & s_i^{(1)} \ge 0 \\ "
     r"0 & s_i^{(1)} < 0 \end{cases}", "regression"),
    # Cases
    (r"\operatorname{ReLU}'(s) = \begin{cases} 1 & s > 0 \end{cases}", "regression"),
    (r"z_i^{(1)} = \begin{cases} s_i^{(1)} & s_i^{(1)} > 0 \\ 0 & s_i^{(1)} > 0 \end{cases}",
     "regression"),
    (r"z_i^{(1)} = \begin{cases} s_i^{(1)} & s_i^{(1)} > 0 \\ 2 & \text{otherwise} \end{cases}",
     "regression"),
    (r"z^{(1)} = \begin{cases} s^{(1)} & x > 0 \\ 0 & x \le 0 \end{cases}", "regression"),
    # Components
    (r"x_i = [\hat y]_i", "any"),
    (r"\sum_i x_i = \sum_i [W^{(1)} x]_i", "any"),
    (r"\left[ \frac{\partial\ell}{\partial W^{(1)}} \right]_{ij} = \delta_i^{(1)} x_j", "any"),
    # Layers
    (r"z^{(l)} = f^{(l)}(s^{(l)}), \quad \delta^{(L)} = \delta^{(L)}", "deep"),
    (r"z^{(L)} = s^{(L)} \quad\text{if } f^{(L)} = \operatorname{ReLU}", "deep"),
    # Decided in real numbers alone, but false there as well
    (r"\hat y_k = \hat y_k + 0.0000000000001", "sigmoid-mse"),
    (r"\delta^{(2)} = 2.0000000001 (\hat y - y) \odot \hat y \odot (1 - \hat y)", "sigmoid-mse"),
    (r"\lVert 1.00000000001 x \rVert = \lVert x \rVert", "any"),
    (r"\exp(1000 + x_0^2) = \exp(2000 + x_0^2)", "any"),
    (r"\tanh(x_0^2 + 30) = 1", "any"),
    (r"\tanh(1000000) = 1", "any"),
    (r"\log(-x_0^2 - 1) = 5 \log(-x_0^2 - 2)", "any"),
    (r"\log(x_0) - \log(x_0) = 0", "any"),
    (r"\sqrt{-1 - x_0^2} = 2 \sqrt{-1 - x_0^2}", "any"),
    # An arrow renames, and does no more
    (r"\delta^{(2)} \rightarrow 0", "any"),
    (r"\ell \rightarrow \ell + 1", "any"),
    (r"1 \rightarrow 2", "any"),
    # Too small for floating point
    (r"\frac{1}{100000000000000} x_i = 0", "any"),
    (r"\ell = 1.0000000001 \ell", "any"),
    (r"(\hat y_k (1 - \hat y_k))^{20} (\hat y_k (1 - \hat y_k))^{5} = 0", "sigmoid-mse"),
    (r"(d_x - 4) \left(\sum_i \max(0, \operatorname{sign}(s_i^{(1)}))\right) "
     r"\left(\sum_i \max(0, \operatorname{sign}(s_i^{(1)})) - 1\right) "
     r"\left(\sum_i \max(0, \operatorname{sign}(s_i^{(1)})) - 2\right) "
     r"\left(\sum_i \max(0, \operatorname{sign}(s_i^{(1)})) - 3\right) = 0", "regression"),
    # Read, and not passed over
    (r"2 \dot\sigma(s) = 2 \sigma(s)", "sigmoid-mse"),
    (r"\sigma^2(s) = \sigma^2 s", "sigmoid-mse"),
    (r"\sigma^{-1}(s) = \frac{1}{\sigma(s)}", "sigmoid-mse"),
    (r"\ell = \ell \tag{\ell = 0}", "any"),
    (r"\ell = \ell \tag{not}", "any"),
    (r"\ell = \ell \quad 2", "any"),
    (r"$\ell = \ell$ is false, $\ell = \ell$", "any"),
    (r"\[ \ell = \ell \] \[ \ell = 2 \ell \]", "any"),
    (r"f \circ g = g \circ f", "sigmoid-mse"),
    (r"\nabla_x s^{(1)} = W^{(1)}", "any"),
    (r"\sigma = \operatorname{diag}(\sigma)", "sigmoid-mse"),
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
    (r"\sum_i x_i \sum_j x_j \sum_k x_k \sum_l x_l \sum_m x_m \sum_n x_n \sum_o x_o "
     r"= (\sum_i x_i)^7 + 1", "any"),
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
    # A sign that random networks never show, and a comparison that holds at some widths alone
    (r"\mathbb{1}[x_0 > 100] = 0", "any"),
    (r"\max(x_0, -1000) = x_0", "any"),
    (r"|x_0 - 1000| = 1000 - x_0", "any"),
    (r"\mathbb{1}[\hat y_k > 0.0001] = 1", "sigmoid-mse"),
    (r"x_i = \begin{cases} x_i & x_i < 1000 \\ 7 & \text{otherwise} \end{cases}", "any"),
    (r"\sqrt{(x_0 + 1000)^2} = x_0 + 1000", "any"),
    (r"\sqrt{y_0^2} = y_0", "regression"),
    (r"\tanh(x_0) = \max(\tanh(x_0), -0.99)", "any"),
    (r"\tanh(x_0) \mathbb{1}[x_0 > 10] = 0", "any"),
    (r"\exp(-1000) = 0", "any"),
    (r"\exp(-300 - x_0^2) = 0", "any"),
    (r"\mathbb{1}[d_x > 2] = 1", "any"),
    (r"\mathbb{1}[d_x < 100] \ell = \ell", "any"),
    (r"\max(d_x, 2) = d_x", "any"),
    (r"|d_x - 1| = d_x - 1", "any"),
    (r"\operatorname{sign}(K - 1) = 1", "any"),
    (r"\mathbb{1}_{K = d_x} = 0", "any"),
    (r"\delta_{K d_x} = 0", "any"),
    (r"\mathbb{1}_{i = 20} x_i = 0", "any"),
    (r"\mathbb{1}[i < 30] x_i = x_i", "any"),
    (r"\max(i, 20) x_i = 20 x_i", "any"),
    (r"|i - 20| x_i = (20 - i) x_i", "any"),
    (r"\delta_{i,K + d_{s^{(1)}}} x_i = 0", "any"),
    (r"\mathbb{1}[\sum_j x_j^0 < 30] = 1", "any"),
    (r"\operatorname{tr}(\frac{\partial x}{\partial x}) \mathbb{1}[d_x > 2] = d_x", "any"),
    # Two cases that hold at once
    (r"\frac{\partial z_i^{(1)}}{\partial s_i^{(1)}} = \begin{cases} 1 & s_i^{(1)} \ge 0 \\ "
     r"0 & s_i^{(1)} \le 0 \end{cases}", "regression"),
    (r"z_i^{(1)} = \begin{cases} s_i^{(1)} & i = 0 \\ 0 & s_i^{(1)} > 0, s_i^{(1)} < 0 "
     r"\end{cases}", "regression"),
    # What a mathematician reads otherwise
    (r"W_{ij}^{(1)T} = W_{ij}^{(1)}", "any"),
    (r"(W_{ij}^{(1)})^T = W_{ij}^{(1)}", "any"),
    (r"s_i^{(1)} = \sum_j W_{ij}^{(1)T} x_j + b_i^{(1)}", "any"),
    (r"\lVert W^{(1)} \rVert_2^2 = \operatorname{tr}(W^{(1)} W^{(1)T})", "any"),
    (r"\begin{vmatrix} 2 & 0 \\ 0 & 3 \end{vmatrix} = "
     r"\begin{pmatrix} 2 & 0 \\ 0 & 3 \end{pmatrix}", "any"),
    (r"L_{\text{MSE}} = L_{\text{BCE}}", "any"),
    (r"W^{(1)} \in \R^{d_{s^{(1)}} \cdot d_x}", "any"),
    (r"\exp(1 - \exp) = \exp - \exp^2", "sigmoid-mse"),
    (r"\log(1 - \log) = \log - \log^2", "sigmoid-mse"),
    (r"f(1 - g) = f - f g", "sigmoid-mse"),
    (r"\sigma(s - \sigma) = \sigma s - \sigma^2", "sigmoid-mse"),
    (r"\sigma^2(1 - \log) = \sigma^2 - \sigma^2 \log", "sigmoid-mse"),
    (r"\log x_i y_k = \log(x_i) y_k", "any"),
    (r"\exp x_i x_i = \exp(x_i) x_i", "any"),
    (r"\operatorname{sign} x_i x_j = \operatorname{sign}(x_i) x_j", "any"),
    (r"\partial_{x_i} x_i x_i = x_i", "any"),
    (r"\partial_{\hat y_k} \log \hat y_k \hat y_k = 1", "any"),
    (r"x_i^23 = x_i^{23}", "any"),
    (r"2^10 = 2^{10}", "any"),
    (r"e^10 = e^{10}", "any"),
    (r"x_0^K + 1 = x_0^{K+1}", "any"),
    (r"(x_0)^(2) + 1 = x_0^3", "any"),
    (r"\sum_{i=0}^12 x_i = \sum_{i=0}^{12} x_i", "any"),
]  # fmt: skip


@pytest.mark.parametrize(("tex", "network"), NOT_PROVED)
def test_what_is_not_true_is_not_proved(tex: str, network: str) -> None:
    assert all(verdict.status in ("refuted", "unreadable") for _, verdict in check(tex, network))


WRONG_RANGES = [
    (r"x_i = x_i, \quad i = 0, \dots, (d_x - 4)(d_x - 6) + d_x - 1", "regression"),
    (r"s^{(L)} = s^{(L)}, \quad L = 0, \dots, L_{\max}", "deep"),
    (r"\delta^{(L)} = [W^{(L+1)} \frac{\partial z^{(L)}}{\partial s^{(L)}}]^T \delta^{(L+1)}, "
     r"\quad L = 1, \dots, L_{\max}", "deep"),
    (r"x_i = x_i \quad \forall i \in \{0, \dots, d_x\}", "any"),
]  # fmt: skip


@pytest.mark.parametrize(("tex", "network"), WRONG_RANGES)
def test_a_wrong_range_behind_a_true_equation_is_refuted(tex: str, network: str) -> None:
    assert [verdict.status for _, verdict in check(tex, network)] == ["proved", "refuted"]


def test_a_skipped_number_before_the_dots_is_seen() -> None:
    *_, (_, verdict) = check(r"x_i = x_i, \quad i = 0, 5, 9, \dots, d_x - 1", "any")
    assert verdict.status == "unreadable"


def test_a_single_component_does_not_stand_for_the_whole_subject() -> None:
    (first, *_) = check(r"s_0^{(1)} = s_0^{(1)}", "any", subject=r"\boldsymbol{s}^{(1)}")
    assert first[1].status == "refuted"


COUNTED = [
    r"\sum_k \frac{\partial \hat y_k}{\partial s_k^{(2)}} = K",
    r"\lVert I_{x \times x} \rVert^2 = d_x",
    r"\operatorname{tr}\left( \frac{\partial x}{\partial x} \right) = d_x",
]


@pytest.mark.parametrize("tex", COUNTED)
def test_what_counts_entries_is_proved_for_some_widths_alone_and_says_so(tex: str) -> None:
    ((_, verdict),) = check(tex, "regression")
    assert (verdict.status, verdict.engine) == ("proved", "numerical")
    assert "counts entries" in verdict.reason


def test_a_length_in_an_exact_proof_is_an_unknown() -> None:
    ((_, verdict),) = check(r"K \delta^{(2)} = \hat y - y", "sigmoid-bce")
    assert (verdict.status, verdict.engine) == ("proved", "exact")


TRUE = [
    (r"10000000000 + \ell - 10000000000 = \ell", "regression"),
    (r"0 = W^{(1)} - W^{(1)}", "any"),
    (r"g' = 1", "regression"),
    (r"\log(x_i) = \log(x_i)", "regression"),
    (r"\hat y^T \boldsymbol{1} = \sum_k \hat y_k", "any"),
    (r"W^{(2)} I = W^{(2)}", "any"),
    (r"\lVert \hat y - y \rVert_2^2 = (\hat y - y)^T (\hat y - y)", "any"),
    (r"\lVert W^{(1)} \rVert_F^2 = \operatorname{tr}(W^{(1)} W^{(1)T})", "any"),
    (r"\sum_j \mathbb{1}[j = i] x_j = x_i", "any"),
    (r"\max(0, x_i) - \max(0, -x_i) = x_i", "any"),
    (r"\lVert 2x \rVert - 2 \lVert x \rVert = 0", "any"),
    (r"\log x_i \cdot y_k = y_k \log x_i", "any"),
    (r"z_i^{(1)} = \begin{cases} s_i^{(1)} & s_i^{(1)} \ge 0 \\ 0 & s_i^{(1)} \le 0 \end{cases}",
     "regression"),
]  # fmt: skip


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


def test_a_matrix_in_a_sum_of_four_letters_is_summed_in_less_than_two_seconds() -> None:
    sum_of_four = r"\sum_{i,j,k,l} x_i x_j x_k x_l"
    matrix = r"\begin{pmatrix} x_0 \\ \vdots \\ x_{d_x-1} \end{pmatrix}"
    start = time.process_time()
    ((_, verdict),) = check(rf"{sum_of_four} {matrix} = x (\sum_i x_i)^4", "regression")
    assert verdict.status == "proved"
    assert time.process_time() - start < 2


def test_a_statement_without_a_value_is_no_fault_of_the_engines() -> None:
    ((_, verdict),) = check(r"\log(x_0) - \log(x_0) = 0", "any")
    assert "no value" in verdict.diagnosis
