"""The parser: what TeX shows is what is read; what is not read is shown where, with advice."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from texcheck import syntax as t
from texcheck.reading import CannotRead, cell, expression, names_of, read, shape

FOLDER = Path(__file__).parent


def data(name: str, key: str) -> list[Any]:
    return list(tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))[key])


def sides(tex: str) -> list[t.Node]:
    if " = " not in tex:
        return list(cell(tex))
    return [part for statement in read(tex) for part in statement.parts]


@pytest.mark.parametrize(("written", "meant"), data("means.toml", "pairs"))
def test_a_formula_is_read_as_tex_shows_it(written: str, meant: str) -> None:
    assert sides(written) == sides(meant)


@pytest.mark.parametrize("row", data("refused.toml", "rows"), ids=lambda row: row["tex"])
def test_what_is_not_read_is_shown_where_and_why(row: dict[str, str]) -> None:
    tex = row["tex"]
    with pytest.raises(CannotRead) as caught:
        read(tex)
    fault = caught.value
    assert row["says"] in str(fault)
    assert 0 <= fault.start <= fault.end <= len(tex)
    assert tex[fault.start : fault.end].startswith(row["at"])
    assert row["at"] or fault.start == len(tex)


def test_a_chain_and_an_aligned_block_are_a_statement_for_each_equals_sign() -> None:
    chain = read(r"x = y = z^{(1)}")
    assert chain == read(r"\begin{aligned} x &= y \\ &= z^{(1)} \end{aligned}")
    assert [type(one) for one in chain] == [t.Equation, t.Equation]


def test_a_new_line_begins_a_statement_or_goes_on_with_a_sum() -> None:
    assert len(read(r"\begin{split} x &= y. \\ y &= x. \end{split}")) == 2
    for line in (r"&\quad + x", r"&\quad - x", r"&\odot x"):
        assert len(read(rf"\begin{{aligned}} x &= y \\ {line} \end{{aligned}}")) == 1
    with pytest.raises(CannotRead, match="further right"):  # it stands below the left side
        read(r"\begin{aligned} x &= y \\ - x \end{aligned}")
    assert len(read(r"\begin{aligned} x &= y \\ -x &= -y \end{aligned}")) == 2


def test_a_gap_between_columns_separates_statements_but_not_the_terms_of_a_sum() -> None:
    assert len(read(r"\begin{aligned} x &= y & y &= x \end{aligned}")) == 2
    (equation,) = read(r"\begin{aligned} \ell &= \ell & + \ell \end{aligned}")
    assert isinstance(equation, t.Equation)
    assert equation.right == expression(r"\ell + \ell")


def test_statements_are_separated_by_commas_and_words() -> None:
    found = read(r"x = y,\qquad y = x \quad\text{and}\quad x : d_x \times 1.")
    assert [type(one) for one in found] == [t.Equation, t.Equation, t.ShapeClaim]


def test_a_shape_may_stand_behind_a_chain_and_for_several_quantities() -> None:
    *_, claim = read(r"x = 2 y \in \mathbb{R}^{K}")
    assert claim == read(r"2 y \in \mathbb{R}^{K}")[0]
    assert len(read(r"x, y \in \mathbb R^{K \times 1}")) == 2


def test_a_range_belongs_to_the_statements_that_have_its_letter() -> None:
    with_i, with_k, claim = read(
        r"x_i = x_i, \quad \hat y_k = \hat y_k, \quad i = 0, \dots, d_x - 1"
    )
    assert isinstance(claim, t.RangeClaim)
    assert with_i.conditions == (claim.range,)
    assert with_k.conditions == ()
    assert [one.end for one in claim.about] == [with_i.end]


def test_a_range_of_layers_is_one_of_the_letter_that_stands_for_any_layer() -> None:
    for letter in "Ll":
        equation, claim = read(
            rf"z^{{({letter})}} = s^{{({letter})}}, \quad {letter} = 1, \dots, L_{{\max}}"
        )
        assert isinstance(claim, t.RangeClaim)
        assert claim.range.letter == "L"
        assert equation.conditions == (claim.range,)


CONDITIONS = [
    (r"z^{(1)} = s^{(1)} \quad \text{if } f = I", t.Assume),
    (r"f = I \Rightarrow z^{(1)} = s^{(1)}", t.Assume),
    (r"\text{if } f = I, \quad z^{(1)} = s^{(1)}", t.Assume),
    (r"x_i y_j = 0 \quad \text{for } i \ne j", t.Indicator),
    (r"x_i y_j = 0, \quad i \ne j", t.Indicator),
    (r"z_i^{(1)} = s_i^{(1)} \quad \text{if } s_i^{(1)} > 0", t.Indicator),
]


@pytest.mark.parametrize(("tex", "kind"), CONDITIONS)
def test_a_condition_belongs_to_its_statement(tex: str, kind: type[t.Node]) -> None:
    (statement,) = read(tex)
    assert [type(one) for one in statement.conditions] == [kind]


def test_conditions_after_one_word_all_belong_to_it() -> None:
    (statement,) = read(r"z^{(L)} = s^{(L)} \quad \text{if } f^{(L)} = I, f^{(L+1)} = \sigma")
    assert len(statement.conditions) == 2


def test_an_arrow_is_a_change_of_notation() -> None:
    (notation,) = read(r"z^{(2)} \rightarrow z^{(1)}")
    assert isinstance(notation, t.Notation)


def test_a_step_of_gradient_descent_is_read() -> None:
    (step,) = read(r"W^{(1)} \leftarrow W^{(1)} - \eta \delta^{(1)} x^T")
    assert isinstance(step, t.Update)


def test_a_comparison_is_a_statement_of_its_own_kind() -> None:
    (claim,) = read(r"z^{(1)} \ge 0")
    assert isinstance(claim, t.Comparison)


def test_a_display_may_define_a_letter_for_itself() -> None:
    notation, equation = read(r"D = \operatorname{diag}(x), \quad y = D x")
    assert isinstance(notation, t.Notation)
    (local,) = [part for part in t.walk(equation) if isinstance(part, t.Local)]
    assert local.of == expression(r"\operatorname{diag}(x)")


def test_a_display_may_define_a_letter_by_its_entries() -> None:
    notation, equation = read(r"A_{ij} = W_{ij}^{(1)} x_j, \quad A_{0i} = A_{ji}")
    assert isinstance(notation, t.Notation)
    entries = [part for part in t.walk(equation) if isinstance(part, t.Local)]
    assert [one.of for one in entries] == sides(r"W_{0i}^{(1)} x_i = W_{ji}^{(1)} x_i")


def test_what_a_letter_stands_for_under_a_condition_it_stands_for_there_alone() -> None:
    lines = [
        r"\text{if } x_0 > 0: h = x_0, \quad z_0^{(1)} = h",
        r"\text{if } x_0 < 0: h = x_1, \quad z_0^{(1)} = h",
    ]
    _, first, _, second = read(r" \\ ".join(lines))
    letters = [part for one in (first, second) for part in t.walk(one) if isinstance(part, t.Local)]
    assert [letter.of for letter in letters] == sides("x_0 = x_1")


@pytest.mark.parametrize(("defined", "meant"), [
    (r"\sum_j \sum_k W_{ji}^{(1)}", r"\sum_m \sum_k W_{mj}^{(1)}"),
    (r"\sum_{j,k} W_{ji}^{(1)}", r"\sum_{m,k} W_{mj}^{(1)}"),
    (r"x_i + \sum_i x_i", r"x_j + \sum_i x_i"),
])  # fmt: skip
def test_an_index_of_a_defined_letter_is_bound_by_no_sum_of_its_definition(
    defined: str, meant: str
) -> None:
    *_, claim = read(rf"r_i = {defined}, \quad \ell = \sum_j r_j")
    [entry] = [part for part in t.walk(claim) if isinstance(part, t.Local)]
    assert entry.of == expression(meant)


def test_an_underbrace_claims_that_both_are_equal() -> None:
    _, claim = read(r"x = \underbrace{W^{(1)} x + b^{(1)}}_{s^{(1)}} + y")
    assert isinstance(claim, t.Equation)
    assert claim.right == expression("s^{(1)}")


def test_a_sum_over_i_not_j_takes_j_as_well_unless_it_stands_outside() -> None:
    def letters(tex: str) -> tuple[str, ...]:
        (found,) = [
            part for part in t.walk(read(tex)[0]) if isinstance(part, t.Sum) and part.conditions
        ]
        return found.letters

    assert letters(r"\ell = \sum_{i \ne j} x_i x_j") == ("i", "j")
    assert letters(r"\ell = \sum_{i \ne j} x_i x_j + \sum_j x_j") == ("i", "j")
    assert letters(r"x_j = \sum_{i \ne j} x_i x_j") == ("i",)
    assert letters(r"\ell = \sum_j \sum_{i \ne j} x_i x_j") == ("i",)


def test_i_is_a_matrix_a_function_or_an_entry() -> None:
    assert isinstance(expression(r"I_K"), t.Identity)
    assert isinstance(expression(r"I x"), t.Product)
    assert isinstance(expression(r"I(x)"), t.Apply)
    assert isinstance(expression(r"I_{ij}"), t.Component)
    (claim,) = read(r"f = I")
    assert claim.parts[1] == t.Function("I")


@pytest.mark.parametrize("tex", [r"\sigma (1 - \sigma)", r"\sigma' (1 - 2 \sigma)"])
def test_a_function_times_a_sum_of_itself_is_a_product(tex: str) -> None:
    assert isinstance(expression(tex), t.Product)


def test_a_cell_and_a_shape_are_read_alone() -> None:
    assert len(cell(r"s^{(1)} = W^{(1)} x + b^{(1)}")) == 2
    assert shape(r"d_x \times 1") == (expression("d_x"), expression("1"))


def test_the_letters_of_another_course_are_learnt_from_its_schema() -> None:
    ng = names_of(
        [r"z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}", r"a^{[l]} = g^{[l]}(z^{[l]})", r"J = \ell"]
    )
    assert read(r"\frac{\partial J}{\partial a^{[L]}} = y^T", ng) == read(
        r"\frac{\partial \ell}{\partial z^{(L_{\max})}} = y^T"
    )
    assert read(r"g^{[l]\prime}(z^{[l]}) = x", ng) == read(r"f^{(L)\prime}(s^{(L)}) = x")
    nielsen = names_of([r"z^l = w^l a^{l-1} + b^l", r"a^l = \sigma(z^l)", r"C = \ell"])
    assert read(r"\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)", nielsen) == read(
        r"\delta^{(L)} = ((W^{(L+1)})^T \delta^{(L+1)}) \odot \sigma'(s^{(L)})"
    )
    assert read(r"(a_j^l)^2 = a_j^l a_j^l", nielsen) == read(r"(z_j^{(L)})^2 = z_j^{(L)} z_j^{(L)}")
    assert read(r"\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k \delta^l_j", nielsen) == read(
        r"\frac{\partial \ell}{\partial W_{jk}^{(L)}} = z_k^{(L-1)} \delta_j^{(L)}"
    )
    for tex in (r"a_k^{1+1} = a_k^1", r"a_k^{2-1} = a_k^1"):
        with pytest.raises(CannotRead):  # a layer, or a power
            read(tex, nielsen)
    (square,) = read(r"(a_k)^2 = a_k^2", nielsen)
    assert isinstance(square, t.Equation)
    assert isinstance(square.left, t.Power)


def test_a_condition_ends_at_a_full_stop() -> None:
    first, second = read(r"x_i = x_i \text{ if } x_i > 0. \text{ Also } x_i = x_i")
    assert first.conditions
    assert second.conditions == ()


@pytest.mark.parametrize(
    "line",
    [r"k = \sum_k \hat y_k", "K = 1", "s = 1", "f = 1", "x^{(L)} = f(z^{(L)})", "z^l = f(y^l)"],
)
def test_a_declared_letter_stands_for_nothing_else(line: str) -> None:
    with pytest.raises(CannotRead, match="a letter that is free"):
        names_of([line])


GAPS = [r"\quad", r"\hfill", r"\enspace", r"\;\;\;", "~~~"]


@pytest.mark.parametrize("gap", GAPS)
def test_a_wide_gap_ends_a_statement(gap: str) -> None:
    assert len(read(f"x_0 = 1 {gap} x_0 = x_0")) == 2


@pytest.mark.parametrize(
    "display",
    [
        r"\begin{aligned} x_0 &= 1 && x_0 = x_0 \end{aligned}",
        r"\begin{aligned} x_0 &= 1 &&& x_0 = x_0 \end{aligned}",
        r"\begin{align} x_0 &= 1 & x_0 &= x_0 \end{align}",
    ],
)
def test_columns_that_stand_apart_are_statements(display: str) -> None:
    assert len(read(display)) == 2
