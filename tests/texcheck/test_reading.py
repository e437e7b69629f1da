"""The parser: one formula in two spellings is one, and what it cannot read it says where."""

from __future__ import annotations

import pytest

from texcheck import check, parse
from texcheck.parse import expression, statements
from texcheck.syntax import Equation, Kronecker, Name, Notation, RangeClaim, ShapeClaim

SAME = [
    (r"W^{\mathsf T}", r"W^T"),
    (r"W^{\mathsf T}", r"W^\top"),
    (r"W^{\mathsf T}", r"W^{\mathrm{T}}"),
    (r"W^{\mathsf T}", r"W^{\text{T}}"),
    (r"W^{\mathsf T}", r"W^{\rm T}"),
    (r"W^{\mathsf T}", r"W^\intercal"),
    (r"[W^{(2)}]^T", r"W^{(2)T}"),
    (r"[W^{(2)}]^T", r"{W^{(2)}}^T"),
    (r"[W^{(2)}]^T", r"W^{(2)^T}"),
    (r"\boldsymbol{z}^{(1)}", r"z^{(1)}"),
    (r"\boldsymbol{z}^{(1)}", r"\boldsymbol{z^{(1)}}"),
    (r"\boldsymbol{z}^{(1)}", r"\mathbf z^{(1)}"),
    (r"\boldsymbol{z}^{(1)}", r"\bm{z}^{(1)}"),
    (r"\hat{\boldsymbol{y}}", r"\boldsymbol{\hat{y}}"),
    (r"\hat{\boldsymbol{y}}", r"\hat y"),
    (r"\left[ x + y \right]", r"\bigl( x+y \bigr)"),
    (r"\frac{1}{K}", r"\tfrac1K"),
    (r"\frac{1}{K}", r"\dfrac{1}{K}"),
    (r"\operatorname{ReLU}(x)", r"\mathrm{ReLU}(x)"),
    (r"\operatorname{ReLU}(x)", r"\text{ReLU}\left(x\right)"),
    (r"\operatorname{I}(x)", r"I(x)"),
    (r"\sigma'(x)", r"\sigma^{\prime}(x)"),
    (r"\sigma'(x)", r"\sigma\prime(x)"),
    (r"\lVert x \rVert^2", r"\|x\|^2"),
    (r"\lVert x \rVert^2", r"||x||^2"),
    (r"\lVert x \rVert^2", r"\left\lVert x \right\rVert_2^2"),
    (r"\lVert \lVert x \rVert x \rVert^2", r"\| \left(\|x\|\right) x \|^2"),
    (r"W_{ij}^{(2)}", r"W^{(2)}_{ij}"),
    (r"W_{ij}^{(2)}", r"W_{i,j}^{(2)}"),
    (r"W_{10}^{(2)}", r"W_{1,0}^{(2)}"),
    (r"x\,y\;z^{(1)}", r"x y z^{(1)}"),
    (r"2 \cdot x", r"2 \times x"),
    (r"\log \hat y_j", r"\log(\hat y_j)"),
    (r"\log(x)", r"\ln(x)"),
    (r"\exp(-s)", r"e^{-s}"),
    (r"\frac{\partial \ell}{\partial x}", r"\partial\ell/\partial x"),
    (
        r"I^{+s^{(1)}}_{z^{(1)} \times s^{(1)}}",
        r"I_{z^{(1)} \times s^{(1)}}^{+\boldsymbol{s}^{(1)}}",
    ),
    (r"I_{d_x \times d_x}", r"I_{x \times x}"),
    (r"d_{\boldsymbol{x}}", r"d_x"),
    (r"z^{(L_{\max})}", r"z^{(L_\max)}"),
    (r"z^{(L_{\max})}", r"z^{(L_{max})}"),
    (r"z^{(L_{\max})}", r"z^{(L_{\text{max}})}"),
    (r"\sum_{k,l} x_k y_l", r"\sum_{kl} x_k y_l"),
    (r"\begin{pmatrix} x_0 & \cdots \end{pmatrix}", r"\begin{bmatrix} x_0 & \dots \end{bmatrix}"),
    (
        r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}",
        r"\left( \begin{array}{c} 1 \\ 2 \end{array} \right)",
    ),
    (
        r"\begin{pmatrix} x_0 & \cdots & x_1 \end{pmatrix}",
        r"\left( x_0 \quad \cdots \quad x_1 \right)",
    ),
    (r"\max(0, x)", r"\max\left(0,\, x\right)"),
    (r"\delta_{ij}", r"\delta_{i j}"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_are_one_formula(one: str, other: str) -> None:
    assert expression(one) == expression(other)


def test_delta_with_two_indices_is_kronecker_s_and_with_a_layer_an_error() -> None:
    assert isinstance(expression(r"\delta_{ij}"), Kronecker)
    assert isinstance(expression(r"\delta_i^{(2)}"), Name)


def test_a_sum_takes_the_product_but_not_the_next_term() -> None:
    assert expression(r"\sum_m W_{lm} z_m^{(1)} + b_l") == expression(
        r"\left(\sum_m W_{lm} z_m^{(1)}\right) + b_l"
    )


def test_a_chain_and_an_aligned_block_are_a_statement_for_each_equals_sign() -> None:
    chain = statements(r"x = y = z^{(1)}")
    block = statements(r"\begin{aligned} x &= y \\ &= z^{(1)} \end{aligned}")
    assert [one.statement for one in chain] == [one.statement for one in block]
    assert [one.tex for one in block] == ["x = y", "y = z^{(1)}"]


def test_a_new_line_may_start_a_new_statement_or_continue_a_sum() -> None:
    assert len(statements(r"\begin{split} x &= y. \\ y &= x. \end{split}")) == 2
    assert len(statements(r"\begin{aligned} x &= y \\ &\quad + x \end{aligned}")) == 1


def test_statements_are_separated_by_commas_and_words() -> None:
    found = statements(r"x = y,\qquad y = x \quad\text{and}\quad x : d_x \times 1.")
    assert [type(one.statement) for one in found] == [Equation, Equation, ShapeClaim]


def test_a_range_belongs_to_the_equation_before_it() -> None:
    equation, claim = statements(r"x_i = x_i, \quad i = 0, \dots, d_x - 1")
    assert isinstance(claim.statement, RangeClaim)
    assert claim.statement.about == equation.statement


def test_an_arrow_is_a_change_of_notation_but_after_an_activation_a_condition() -> None:
    (notation,) = statements(r"z^{(2)} \rightarrow z^{(1)}")
    assert isinstance(notation.statement, Notation)
    (claim,) = statements(r"f = \text{ReLU}(\cdot) \rightarrow z^{(1)} = s^{(1)}")
    assert isinstance(claim.statement, Equation)
    assert len(claim.statement.conditions) == 1


def test_a_claim_knows_its_line_and_column() -> None:
    (_, _), (claim, _) = check("\nx &= x \\\\\n  &= x\n", "regression")
    assert (claim.line, claim.column) == (2, 3)


UNREADABLE = [
    (r"x = ", "expression", 4),
    (r"x", "expected =", 2),
    (r"x = \frac{1}{", "never closed", 13),
    (r"x = \foo", "unknown command \\foo", 5),
    (r"x = \operatorname{softmax}(x)", "unknown name softmax", 5),
    (r"x = (y", "expected )", 7),
    (r"\sum_ = x", "expected an index", 7),
    (r"x = \begin{pmatrix} 1", r"expected \end{pmatrix}", 5),
    (r"x = q_i^{(", "never closed", 9),
    (r"\delta_i = x_i", "two indices", 1),
    (r"W^{(n)} = W^{(1)}", "expected a layer", 5),
    (r"x = \hat z", "under the hat", 10),
    (r"\frac{\partial \ell}{x} = x", r"expected \partial", 22),
    (r"x = x, y", "expected =", 9),
]


@pytest.mark.parametrize(("tex", "expected", "column"), UNREADABLE)
def test_what_cannot_be_read_is_shown_with_a_caret(tex: str, expected: str, column: int) -> None:
    *_, (_, verdict) = check(tex, "regression")
    assert verdict.status == "unreadable"
    message, line, caret = verdict.reason.split("\n")
    assert expected in message
    assert line == tex
    assert caret.index("^") == column - 1


def test_an_unknown_network_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected a network out of regression"):
        check("x = x", "convolution")


def test_a_shape_and_a_cell_are_read_alone() -> None:
    assert len(parse.cell(r"s^{(1)} = W^{(1)} x + b^{(1)}")) == 2
    rows, columns = parse.shape(r"d_x \times 1")
    assert (rows, columns) == (expression("d_x"), expression("1"))
