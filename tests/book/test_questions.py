"""Every question of the book has an answer that holds, and wrong answers that do not."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from questions import QuestionError, data, parse, problems
from running_numbers import fill

from handgrad.running import values
from texcheck.page import Wanted, judge

BOOK = Path(__file__).parents[2] / "book"

FENCE = re.compile(r"^```\{question\} (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def questions():
    for path in sorted(BOOK.rglob("*.md")):
        for name, text in FENCE.findall(path.read_text("utf-8")):
            yield pytest.param(name, text, id=f"{path.relative_to(BOOK)}:{name}")


@pytest.mark.parametrize(("name", "text"), list(questions()))
def test_a_question_holds(name, text):
    question = parse(name, text)
    assert list(problems(question)) == []
    for part in (question.ask, question.because, *question.hints, *(w.say for w in question.wrong)):
        fill(part)


def test_every_name_of_a_question_is_used_once():
    names = [param.values[0] for param in questions()]
    assert len(set(names)) == len(names)


NUMBER = """
kind: number
ask: What is the loss?
answer: loss
because: It is.
hints: [one, two, three]
wrong:
  - answer: loss / 2
    say: Half of it.
"""


def test_the_page_gets_the_values_of_the_running_network():
    assert data(parse("T1", NUMBER)) == {
        "kind": "number", "answers": [13.5, 6.75], "tolerance": 0.0005,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("loss / 2", "loss + 0", "both 13.5"),
        ("loss / 2", "lose", "lose"),
        ("loss / 2", "delta2", "expected a finite number"),
    ],
)
def test_a_wrong_answer_that_is_right_or_no_number_is_found(old, new, problem):
    (found,) = problems(parse("T1", NUMBER.replace(old, new)))
    assert found.startswith("question T1: ")
    assert problem in found


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kind: number", "kind: essay", "expected a kind"),
        ("because: It is.\n", "", "because is missing"),
        ("[one, two, three]", "[one, two]", "expected 3 hints, got 2"),
        ("because:", "cause:", "expected the keys"),
        ("say:", "speak:", "a wrong answer has"),
        ("hints: [", "hints: ]", "expected YAML"),
    ],
)
def test_a_malformed_question_says_what_is_expected(old, new, problem):
    with pytest.raises(QuestionError, match=f"question T1: .*{problem}"):
        parse("T1", NUMBER.replace(old, new))


FORMULA = r"""
kind: formula
network: any
ask: Write the gradient.
left: \frac{\partial \ell}{\partial W^{(1)}}
allow: x, \delta^{(1)}
answer: x [\delta^{(1)}]^T
because: Input times error.
hints: [one, two, three]
wrong:
  - answer: \delta^{(1)} x^T
    diagnosis: transpose
    say: Turn it over.
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("answer: x [", "answer: 2 x [", "is not accepted"),
        (r"answer: \delta^{(1)} x^T", r"answer: x \delta^{(1)T}", "is accepted"),
        ("diagnosis: transpose", "diagnosis: factor", "without 'factor'"),
        ("allow: x, ", "allow: y, ", "$x$ may not stand in the answer"),
    ],
)
def test_a_formula_is_judged_by_the_prover(old, new, problem):
    found = list(problems(parse("T2", FORMULA.replace(old, new))))
    assert problem in found[0]


def test_a_formula_that_holds_has_no_problem():
    assert list(problems(parse("T2", FORMULA))) == []


def test_the_rungs_of_the_program_page_reach_the_numbers_that_it_prints():
    page = fill((BOOK / "homework" / "mlp.md").read_text("utf-8"))
    rungs = page[page.index("(three-rungs)=") : page.index("## The task")]
    variables: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", rungs, re.DOTALL):
        exec(code, variables)
        if code.startswith("import numpy"):  # rung 1, one point
            one = {name: variables[name] for name in ("delta1", "delta2", "dW1", "dW2")}
    mine = values("1.2")
    np.testing.assert_allclose(one["delta1"], mine["delta1"], atol=1e-12)
    np.testing.assert_allclose(one["delta2"], mine["delta2"], atol=1e-12)
    np.testing.assert_allclose(one["dW2"].T, mine["dW2"], atol=1e-12)
    np.testing.assert_allclose(one["dW1"].T, mine["dW1"], atol=1e-12)
    for name in ("dW1", "dW2", "db1", "db2"):
        np.testing.assert_allclose(variables[name].T, mine[f"batch_{name}"], atol=1e-12)


def test_a_function_hides_no_quantity_that_may_not_stand_in_the_answer():
    own = ["W^{(2)}", "z^{(1)}", "b^{(2)}"]
    wanted = Wanted(network="any", left="s^{(2)}", allow=own, answers=["W^{(2)} z^{(1)} + b^{(2)}"])
    (reply,) = judge(wanted, "b^{(2)} + W^{(2)} z^{(1)}")
    assert reply["right"]
    *_, reply = judge(wanted, r"\operatorname{Linear}_2(z^{(1)})")
    assert not reply["right"]
    assert "Linear" in reply["says"]
