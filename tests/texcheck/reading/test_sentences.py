"""A sentence is conditions and claims, or claims and conditions: each claim holds under all."""

from __future__ import annotations

from itertools import product, zip_longest
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from texcheck import syntax as t
from texcheck.reading import CannotRead, read

CLAIMS = st.sampled_from(["x_0 = y_0", r"\ell = x_0", "f(s) = s", "W^{(1)} x = s^{(1)}"])
CONDITIONS = {
    "f = I": 1, r"g = \operatorname{ReLU}": 1, "x_0 > 0": 1, r"\ell \le 2": 1, "f = g = I": 2,
}  # fmt: skip
CLOSE = [r" \text{ and } "]  # one condition is said of both claims
COMMAS = [", ", r", \text{ and } "]  # and here, unless a comparison stands behind them
BESIDE = ", \\quad "  # and of both only if it stands in front
APART = [r" \quad ", r"; \quad ", r" \text{ so } ", r" \Rightarrow ", r", \forall i, "]
GIVEN = st.lists(st.sampled_from([*CONDITIONS]), max_size=2, unique=True)


class Sentence(NamedTuple):
    """A sentence with the lines that go on from it."""

    front: list[str]
    claims: list[str]
    joints: list[str]
    behind: list[str]
    late: str  # a claim behind what stands behind
    lines: int

    @property
    def tex(self) -> str:
        """The sentence as it is written."""
        front = r"\text{if } " * bool(self.front) + r" \text{ and } ".join(self.front)
        pairs = zip_longest(self.claims, self.joints[: len(self.claims) - 1], fillvalue="")
        behind = r" \text{ if } " * bool(self.behind) + r" \text{ and } ".join(self.behind)
        end = r", \quad " * bool(self.late) + self.late + r" \\ = x_0" * self.lines
        return front + r", \quad " * bool(front) + "".join(map("".join, pairs)) + behind + end

    @property
    def clear(self) -> bool:
        """Whether a reader knows what each condition is said of, and from where a line goes on."""
        given = bool(self.front or self.behind)
        joints = self.joints[: len(self.claims) - 1]
        one = len(self.claims) == 1 and not self.late
        return (
            not (self.front and self.behind)
            and not (given and {*joints} & {*APART})
            and not (self.behind and (self.late or BESIDE in joints))
            and not ({*joints} & {*COMMAS} and any("=" not in one for one in self.behind))
            and r", \forall i, " not in joints
            and not (self.lines and (given or not one))
        )


SENTENCES = st.builds(
    Sentence, GIVEN, st.lists(CLAIMS, min_size=1, max_size=3),
    st.lists(st.sampled_from([*CLOSE, *COMMAS, BESIDE, *APART]), min_size=2, max_size=2), GIVEN,
    st.one_of(st.just(""), CLAIMS), st.integers(0, 2),
)  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(SENTENCES)
def test_each_claim_holds_under_all_conditions_of_its_sentence_or_the_text_is_refused(
    sentence: Sentence,
) -> None:
    try:
        found = read(sentence.tex)
    except CannotRead:
        assert not sentence.clear, sentence.tex
        return
    assert sentence.clear, sentence.tex
    count = sum(CONDITIONS[one] for one in (*sentence.front, *sentence.behind))
    assert len(found) == len(sentence.claims) + bool(sentence.late) + sentence.lines
    assert {len(one.conditions) for one in found} == {count}
    assert all(isinstance(one, t.Equation) for one in found)


WORDS = ["so", "hence", "that is", "also", "because", "since", "let"]
MARKS = ["", ",", r", \quad", "&", "&&", ", &", ";", r"\quad"]
SIGNS = [*(rf"\text{{{word}}}" for word in WORDS), r"\therefore", r"\Rightarrow"]


# An arrow alone makes what stands before it a condition, as it would be with `if`.
@pytest.mark.parametrize(("before", "behind", "signs"), [
    (r"\text{if } i \ne j, \quad i < j", r"\delta_{ij} = 0", SIGNS[:-1]),
    (r"\delta_{ij} = 1", "i = j", SIGNS),
    (r"\delta_{ij} = 1", r"\text{if } i = j", SIGNS),
    (r"z^{(1)} = s^{(1)}", "f = I", SIGNS),
])  # fmt: skip
def test_no_word_that_leads_on_or_gives_a_ground_joins_a_condition(
    before: str, behind: str, signs: list[str]
) -> None:
    for joint in product(MARKS, signs, MARKS):
        tex = f"{before} {' '.join(joint)} {behind}"
        try:
            found = read(rf"\begin{{aligned}} {tex} \end{{aligned}}")
        except CannotRead:
            continue
        assert all(one.conditions == () for one in found), tex


@pytest.mark.parametrize("condition", [r"x_i > 0", r"i \ne j", r"i = j", r"f = \sigma", r"0 < y_i"])
def test_what_leads_to_a_claim_by_an_arrow_is_a_condition_as_behind_if(condition: str) -> None:
    claim = r"x_i y_j = f(s)"
    assert read(rf"{condition} \Rightarrow {claim}") == read(rf"\text{{if }} {condition}, {claim}")


def test_conditions_that_lead_to_a_chain_of_lines_hold_for_each_line() -> None:
    found = read(r"f = I \Rightarrow f(s) &= s \\ &= s + s - s \\ &= s")
    assert [one.conditions for one in found] == [found[0].conditions] * 3
    assert found[0].conditions == (t.Assume(t.Function("f"), t.Function("I")),)
