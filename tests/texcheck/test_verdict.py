"""What is true is proved, what is false is refuted, in each part of the dialect."""

from __future__ import annotations

import math

import pytest

from texcheck import Verdict, check


def judge(tex: str, network: str = "any", **options: str) -> list[Verdict]:
    return [verdict for _, verdict in check(tex, network, **options)]


def statuses(tex: str, network: str = "any", **options: str) -> list[str]:
    return [verdict.status for verdict in judge(tex, network, **options)]


TRUE = [
    # Values of the network
    (r"s^{(1)} = W^{(1)} x + b^{(1)}", "any"),
    (r"s_i^{(1)} = \sum_j W_{ij}^{(1)} x_j + b_i^{(1)}", "any"),
    (r"z^{(1)} = \operatorname{ReLU}(s^{(1)}) = \max(0, s^{(1)}) = f(s^{(1)})", "regression"),
    (r"z^{(1)} = \max(\boldsymbol{0}, s^{(1)})", "regression"),
    (r"\hat y = \operatorname{I}(s^{(2)}) = g(s^{(2)}) = s^{(2)} = z^{(2)}", "regression"),
    (r"\ell = \lVert \hat y - y \rVert^2 = (\hat y - y)^T (\hat y - y)", "regression"),
    (r"\ell_{\mathrm{MSE}} = \ell_{\mathrm{MSE}}(\hat y, y) = \sum_k (\hat y_k - y_k)^2", "deep"),
    (r"\ell = -\frac{1}{K} \left[ y^T \log \hat y + (1 - y)^T "
     r"\log(\boldsymbol{1} - \hat y) \right]",
     "sigmoid-bce"),
    (r"\operatorname{Linear}_2(z^{(1)}) = W^{(2)} z^{(1)} + b^{(2)}", "any"),
    (r"\operatorname{Linear}(x) = W x + b", "any"),
    # Any layer
    (r"\delta^{(L)} = [W^{(L+1)} \frac{\partial z^{(L)}}{\partial s^{(L)}}]^T "
     r"\delta^{(L+1)}", "any"),
    (r"\frac{\partial \ell}{\partial W^{(L)}} = z^{(L-1)} [\delta^{(L)}]^T, "
     r"\quad z^{(0)} = x", "deep"),
    (r"\delta^{(L_{\max})} = \left[ \frac{\partial \ell}{\partial \hat y} "
     r"\frac{\partial \hat y}{\partial s^{(L_{\max})}} \right]^T", "any"),
    # Functions and their derivatives
    (r"\sigma' = \sigma (1 - \sigma)", "sigmoid-mse"),
    (r"\sigma(s) = \frac{1}{1 + \exp(-s)} = \frac{1}{1 + e^{-s}}", "sigmoid-mse"),
    (r"f = \sigma", "sigmoid-bce"),
    (r"g = I(\cdot)", "regression"),
    (r"f'(s_i^{(1)}) = \max(0, \operatorname{sign}(s_i^{(1)}))", "regression"),
    (r"f^{(L)} = \operatorname{ReLU} \Rightarrow \frac{\partial z^{(L)}}{\partial s^{(L)}} = "
     r"I^{+s^{(L)}} = \operatorname{diag}(\operatorname{ReLU}'(s^{(L)}))", "deep"),
    (r"\operatorname{ReLU}(x) = x \odot \operatorname{ReLU}'(x)", "regression"),
    # Derivatives
    (r"\frac{\partial s_l^{(2)}}{\partial W_{ij}^{(2)}} = \delta_{il} z_j^{(1)}", "any"),
    (r"\frac{\partial \ell}{\partial x} = [\delta^{(1)}]^T W^{(1)}", "any"),
    (r"\frac{\partial \hat y}{\partial z^{(1)}} = \frac{\partial \hat y}{\partial s^{(2)}} W^{(2)}",
     "any"),
    (r"\frac{\partial}{\partial \hat y_k} \left[ \sum_i (\hat y_i - y_i)^2 \right] = "
     r"2 (\hat y_k - y_k)", "regression"),
    (r"\frac{\partial}{\partial \hat y} \left[ y^T \hat y \right] = y^T", "any"),
    (r"\frac{\partial}{\partial \hat y_i} \log(1 - \hat y_j) = -\frac{\delta_{ij}}{1 - \hat y_j}",
     "sigmoid-bce"),
    # Written out
    (r"x = \begin{pmatrix} x_0 \\ x_1 \\ \vdots \\ x_{d_x - 1} \end{pmatrix}", "any"),
    (r"\frac{\partial \hat y}{\partial s^{(2)}} = \begin{pmatrix} 1 & 0 & \dots & 0 \\ "
     r"0 & 1 & \dots "
     r"& 0 \\ \vdots & \vdots & \ddots & 0 \\ 0 & 0 & \dots & 1 \end{pmatrix}", "regression"),
    (r"\ell = \left( \hat y_0 - y_0 \quad \cdots \quad \hat y_{K-1} - y_{K-1} \right) (\hat y - y)",
     "regression"),
    (r"W^{(1)} = \begin{pmatrix} W_{00}^{(1)} & \cdots & W_{0,d_x-1}^{(1)} \\ \vdots & \ddots & "
     r"\vdots \\ W_{d_{s^{(1)}}-1,0}^{(1)} & \cdots & W_{d_{s^{(1)}}-1,d_x-1}^{(1)} \end{pmatrix}",
     "any"),
    (r"W^{(1)} x = \begin{pmatrix} W_{00}^{(1)} & \cdots & W_{0,d_x-1}^{(1)} \\ \vdots & \ddots & "
     r"\vdots \\ W_{d_{s^{(1)}}-1,0}^{(1)} & \cdots & W_{d_{s^{(1)}}-1,d_x-1}^{(1)} \end{pmatrix} "
     r"\begin{pmatrix} x_0 \\ \vdots \\ x_{d_x-1} \end{pmatrix}", "any"),
    # Lengths and shapes
    (r"d_{s^{(1)}} = d_{z^{(1)}}, \quad d_{\hat y} = d_y = K", "any"),
    (r"\frac{\partial \ell}{\partial W^{(L)}} : d_{z^{(L-1)}} \times d_{s^{(L)}}", "deep"),
    (r"x \in \mathbb{R}^{d_x}, \quad W^{(1)} \in \mathbb{R}^{d_{s^{(1)}} \times d_x}", "any"),
    (r"\hat y_i = \hat y_i, \quad i = 0, \dots, K - 1", "any"),
]  # fmt: skip


@pytest.mark.parametrize(("tex", "network"), TRUE)
def test_true_statements_are_proved_exactly(tex: str, network: str) -> None:
    for verdict in judge(tex, network):
        assert (verdict.status, verdict.engine) == ("proved", "exact"), verdict
        assert verdict.log10_error < -50


FALSE = [
    (r"x = y", "any"),
    (r"s^{(1)} = x W^{(1)} + b^{(1)}", "any"),
    (r"z^{(1)} = s^{(1)}", "regression"),
    (r"\hat y = \sigma(s^{(2)})", "regression"),
    (r"\sigma' = \sigma (1 + \sigma)", "sigmoid-mse"),
    (r"\frac{\partial s^{(2)}}{\partial z^{(1)}} = [W^{(2)}]^T", "any"),
    (r"\delta^{(L)} = W^{(L+1)} \frac{\partial z^{(L)}}{\partial s^{(L)}} \delta^{(L+1)}", "deep"),
    (r"f = \sigma \Rightarrow z^{(1)} = \sigma(s^{(1)})", "regression"),
    (r"f^{(L)} = \tanh \Rightarrow z^{(L)} = s^{(L)}", "deep"),
    (r"z^{(3)} = x", "regression"),
    (r"\frac{\partial x}{\partial \hat y} = W^{(1)}", "any"),
    (r"\frac{\partial y}{\partial s^{(2)}} = I_{K \times K}", "any"),
    (r"W_{ij}^{(1)} = W_{ji}^{(1)}", "any"),
    (r"\sum_j W_{ij}^{(1)} = \sum_j W_{kj}^{(1)}", "any"),
    (r"x : 1 \times d_x", "any"),
    (r"d_x = d_y", "any"),
    (r"x = \frac{1}{0} x", "any"),
    (r"I_{x \times y} = I_{x \times y}", "any"),
    (r"x = \begin{pmatrix} x_0 \\ \vdots \\ x_{d_x - 2} \end{pmatrix}", "any"),
    (r"x = \begin{pmatrix} x_0 \\ x_2 \\ \vdots \\ x_{d_x - 1} \end{pmatrix}", "any"),
    (r"\frac{\partial \hat y}{\partial s^{(2)}} = \begin{pmatrix} 1 & 0 & \dots & 0 \\ "
     r"0 & 1 & \dots "
     r"& 0 \\ \vdots & \vdots & \ddots & 1 \\ 0 & 0 & \dots & 1 \end{pmatrix}", "regression"),
]  # fmt: skip


@pytest.mark.parametrize(("tex", "network"), FALSE)
def test_false_statements_are_refuted_with_a_diagnosis(tex: str, network: str) -> None:
    *_, verdict = judge(tex, network)
    assert verdict.status == "refuted"
    assert verdict.diagnosis


def test_what_rests_on_the_real_functions_is_proved_numerically_and_says_so() -> None:
    (symmetry,) = judge(r"\sigma(-s) = 1 - \sigma(s)", "sigmoid-mse")
    assert (symmetry.status, symmetry.engine) == ("proved", "numerical")
    (norm,) = judge(r"\lVert 2 x \rVert = 2 \lVert x \rVert")
    assert (norm.status, norm.engine) == ("proved", "numerical")
    assert "square root" in norm.reason


def test_a_change_of_notation_claims_nothing() -> None:
    (verdict,) = judge(r"z^{(2)} \rightarrow z^{(1)}")
    assert verdict.status == "definition"
    assert "notation" in verdict.reason


def test_where_no_chance_is_involved_there_are_no_points() -> None:
    for verdict in judge(r"x : d_x \times 1, \quad 1 + 1 = 2"):
        assert (verdict.points, verdict.log10_error) == (0, -math.inf)


def test_all_regions_of_relu_are_visited() -> None:
    (relu,) = judge(r"z^{(1)} = \max(0, s^{(1)})", "regression")
    # 3 and 4 hidden units, 4 points in each region.
    assert relu.points == 4 * (2**3 + 2**4)
    # A further sign doubles the regions.
    (other,) = judge(r"\operatorname{ReLU}(x) = \max(0, x)", "regression")
    assert other.points == 2 * relu.points


def test_a_statement_for_any_layer_is_checked_at_every_layer() -> None:
    (claim,) = judge(r"d_{z^{(L)}} = d_{s^{(L)}}", "deep")
    assert claim.entries == 2 * 5  # two networks of five layers
    (claim,) = judge(r"d_{z^{(L)}} = d_{s^{(L)}}", "regression")
    assert claim.entries == 2 * 5 + 2 * 2


def test_the_counterexample_names_the_entry_both_values_and_both_shapes() -> None:
    (verdict,) = judge(r"\frac{\partial \ell}{\partial \hat y} = 3 (\hat y - y)^T", "regression")
    example = verdict.counterexample
    assert example is not None
    assert example.entry == "row 0, column 0"
    assert example.left_shape == example.right_shape == "1 × 5"
    assert example.left is not None
    assert example.left * 3 == pytest.approx(example.right * 2)
    assert (example.network, example.widths) == ("regression", (4, 3, 5))


def test_a_counterexample_at_a_layer_names_the_layer() -> None:
    (verdict,) = judge(r"z^{(L)} = s^{(L)}", "deep")
    assert verdict.counterexample is not None
    assert verdict.counterexample.layer == 1


SUBJECTS = [
    (r"\boldsymbol{s}^{(1)}", r"W^{(1)} x + b^{(1)}", ["proved"]),
    (r"\boldsymbol{s}^{(1)}", r"s^{(1)} = W^{(1)} x + b^{(1)}", ["proved"]),
    (r"\boldsymbol{s}^{(1)}", r"s_i^{(1)} = \sum_j W_{ij}^{(1)} x_j + b_i^{(1)}", ["proved"]),
    (r"\boldsymbol{s}^{(1)}", r"\sum_j W_{ij}^{(1)} x_j + b_i^{(1)}", ["proved"]),
    (r"\boldsymbol{x}", r"x_j", ["proved"]),
    (r"\hat{\boldsymbol{y}}, \boldsymbol{y}", r"\hat y, y", ["proved"]),
    (r"\hat{\boldsymbol{y}}, \boldsymbol{y}", r"\hat y_k, y_k", ["proved"]),
    (r"\hat{\boldsymbol{y}}, \boldsymbol{y}", r"y, \hat y", ["refuted"]),
    (r"\boldsymbol{s}^{(1)}", r"W^{(2)} z^{(1)}", ["refuted"]),
    (r"\boldsymbol{x}", r"y_j", ["refuted"]),
    (r"\hat{\boldsymbol{y}}", r"y_k = g(s_k^{(2)})", ["refuted", "refuted"]),
]


@pytest.mark.parametrize(("subject", "cell", "expected"), SUBJECTS)
def test_a_table_cell_claims_to_equal_its_subject(
    subject: str, cell: str, expected: list[str]
) -> None:
    assert statuses(cell, "any", subject=subject) == expected


def test_a_cell_of_shapes_claims_the_subject_s_shape() -> None:
    subject = r"\frac{\partial \ell}{\partial W^{(1)}}"
    right, wrong = (
        r"d_{\boldsymbol{x}} \times d_{s^{(1)}}",
        r"d_{s^{(1)}} \times d_{\boldsymbol{x}}",
    )
    assert statuses(right, subject=subject, kind="shape") == ["proved"]
    assert statuses(wrong, subject=subject, kind="shape") == ["refuted"]
