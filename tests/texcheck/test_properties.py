"""Whatever is written gets an answer: a verdict for a formula, "unreadable" for other text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from texcheck import NETWORKS, Refuted, Unreadable, check, report

STATUSES = {"proved", "definition", "refuted", "undecided", "unreadable"}
PIECES = [
    r"\frac", r"\partial", r"\ell", r"\sum", "_", "^", "{", "}", "(", ")", "[", "]", r"\left(",
    r"\right)", "=", "&", r"\\", ",", ".", ":", "+", "-", "/", "|", r"\|", "'", r"\hat y", "W",
    "x", "y", "s", "z", "b", "i", "j", "K", "L", "d", "0", "1", "2", "(1)", "(L)", "^{(2)}",
    "_{ij}", r"\delta", r"\sigma", r"\operatorname{ReLU}", r"\text{and}", r"\begin{pmatrix}",
    r"\end{pmatrix}", r"\begin{aligned}", r"\end{aligned}", r"\cdots", r"\vdots", r"\ddots",
    r"\max", r"\Rightarrow", r"\rightarrow", r"\times", r"\odot", r"\lVert", r"\rVert",
    r"\boldsymbol", r"\boldsymbol{1}", r"\mathsf T", r"\in", r"\mathbb{R}", "%", "\n", r"\quad",
    r"L_{\max}", r"I_{", r"I^{+", "f", "g", r"\log", r"\sqrt", "é", "\\", "$", "$$", r"\[", r"\]",
    r"\nabla_", r"\begin{cases}", r"\end{cases}", r"\mathbb{1}", "1_{", ">", r"\le", r"\forall",
    r"\text{if}", r"\circ", r"\oslash", r"\langle", r"\rangle", r"\operatorname{tr}", "d", "[1]",
    r"\{", r"\}", r"\tag{1}", "∂", "ŷ",
]  # fmt: skip


FUNCTIONS = [r"\sigma", r"\operatorname{ReLU}", r"\log", "f", r"\sigma'"]


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3) -> str:
    """A well-formed formula of the dialect, true or not, meaningful or not."""
    layer = st.sampled_from(["1", "2", "3", "L", "L+1", "L-1", r"L_{\max}"])
    index = st.sampled_from(["i", "j", "k", "0", "1", "K-1", r"d_{\boldsymbol{x}}-1"])

    def name() -> str:
        kind = draw(st.integers(0, 6))
        at = draw(layer)
        if kind == 0:
            return draw(
                st.sampled_from([r"\boldsymbol{x}", r"\hat{\boldsymbol{y}}", r"y", r"\ell"])
            )
        if kind == 1:
            letter = draw(st.sampled_from(["s", "z", "b", r"\delta"]))
            return rf"\boldsymbol{{{letter}}}^{{({at})}}"
        if kind == 2:
            return rf"W^{{({at})}}"
        if kind == 3:
            letter = draw(st.sampled_from(["s", "z", "b", r"\delta"]))
            return rf"{letter}_{{{draw(index)}}}^{{({at})}}"
        if kind == 4:
            return rf"W_{{{draw(index)},{draw(index)}}}^{{({at})}}"
        letter = draw(st.sampled_from(["x", "y", r"\hat y"]))
        return f"{letter}_{{{draw(index)}}}"

    def part(depth: int) -> str:
        if depth == 0:
            return draw(st.sampled_from([name(), name(), name(), "1", "2", "K"]))
        inner = depth - 1
        match draw(st.integers(0, 18)):
            case 0:
                return rf"{part(inner)} + {part(inner)}"
            case 1:
                return rf"\left({part(inner)} - {part(inner)}\right)"
            case 2:
                return rf"\left({part(inner)}\right) {part(inner)}"
            case 3:
                return rf"\left[{part(inner)}\right]^{{\mathsf T}}"
            case 4:
                return rf"\sum_{{{draw(st.sampled_from('ijk'))}}} {part(inner)}"
            case 5:
                return rf"\frac{{\partial {name()}}}{{\partial {name()}}}"
            case 6:
                return rf"\frac{{{part(inner)}}}{{{part(inner)}}}"
            case 7:
                return rf"\frac{{\partial}}{{\partial {name()}}} \left({part(inner)}\right)"
            case 8:
                word = draw(st.sampled_from(FUNCTIONS))
                return rf"{word}\left({part(inner)}\right)"
            case 9:
                return rf"\lVert {part(inner)} \rVert^2"
            case 10:
                return rf"\begin{{pmatrix}} {part(inner)} & \cdots & {part(inner)} \end{{pmatrix}}"
            case 11:
                return rf"\left({part(inner)}\right) \odot {part(inner)}"
            case 12:
                return rf"\mathbb{{1}}[{part(inner)} > {part(inner)}] {part(inner)}"
            case 13:
                return rf"\nabla_{{{name()}}} \ell"
            case 14:
                return rf"\left({part(inner)}\right)_{{{draw(index)}}}"
            case 15:
                cases = rf"{part(inner)} & {part(inner)} > 0 \\ {part(inner)} & \text{{otherwise}}"
                return rf"\begin{{cases}} {cases} \end{{cases}}"
            case 16:
                return rf"\operatorname{{tr}}\left({part(inner)}\right)"
            case 17:
                return rf"\langle {part(inner)}, {part(inner)} \rangle"
        return rf"\max(0, {part(inner)})"

    return f"{part(depth)} = {part(draw(st.integers(0, depth)))}"


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
@example(r"\begin{pmatrix} 1 & \\ & 1 \end{pmatrix}")
@example("\\")
def test_any_text_gets_a_verdict_and_unreadable_says_where(text: str) -> None:
    for claim, verdict in check(text, "regression", diagnose=False):
        assert verdict.status in STATUSES
        assert 0 <= claim.line <= text.count("\n")
        if isinstance(verdict, Unreadable):
            place, _, caret = report.unreadable(verdict)
            assert re.match(r"line \d+, column \d+: .", place)
            assert caret.strip() == "^"


@settings(max_examples=100, deadline=None)
@given(formulas(), st.sampled_from(NETWORKS))
def test_a_well_formed_formula_gets_a_verdict(formula: str, network: str) -> None:
    for _, verdict in check(formula, network, diagnose=False):
        assert verdict.status in STATUSES


@settings(max_examples=15, deadline=None)
@given(formulas(depth=2))
def test_every_refutation_comes_with_a_diagnosis(formula: str) -> None:
    for _, verdict in check(formula, "regression"):
        if isinstance(verdict, Refuted):
            assert verdict.diagnosis
            assert verdict.diagnosis.count("$") % 2 == 0


@pytest.mark.parametrize(
    "text",
    [
        r"\ell = " + r"\ell \odot " * 900 + r"\ell",
        "x = x" + "^T" * 3000,
        r"\ell = \ell" + " / 1" * 2000,
        r"\ell" + "^2" * 3000 + " = 1",
        "(" * 3000 + "x" + ")" * 3000 + " = x",
        r"\begin{cases} " * 300 + "1 & x > 0" + r"\end{cases}" * 300 + " = 1",
        "[x]" + "_i" * 2000 + " = 1",
        r"\nabla_x " * 500 + r"\ell = 1",
        *(r"\ell = 2" + r" \odot \ell" * depth for depth in range(100, 500, 50)),
        *("x = y" + "^T" * depth for depth in range(100, 900, 100)),
    ],
)
def test_what_is_nested_very_deeply_gets_a_verdict(text: str) -> None:
    assert {verdict.status for _, verdict in check(text, "any")} <= {
        "refuted",
        "undecided",
        "unreadable",
    }
