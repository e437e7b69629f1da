"""What the page is told: the verdict first, then its cause, both as `check` says them."""

import json

import pytest

from texcheck import check, page, report
from texcheck.page import Wanted, judge, replies

CHAIN = (
    r"\frac{\partial \ell}{\partial W^{(2)}} &= z^{(1)} [\delta^{(2)}]^T \\ "
    r"&= z^{(1)} (\hat y - y)^T \\ &= z^{(1)} \hat y^T - z^{(1)} y^T"
)
WANTED = {
    "network": "any",
    "left": r"\frac{\partial \ell}{\partial z^{(1)}}",
    "allow": [r"\delta^{(2)}", "W^{(2)}"],
    "answers": [r"[\delta^{(2)}]^T W^{(2)}", r"[W^{(2)}]^T \delta^{(2)}"],
}


def asked(tex, network="regression", *, assignment=False):
    question = {"ask": "check", "tex": tex, "network": network, "notation": ""}
    return [json.loads(one) for one in replies(json.dumps({**question, "assignment": assignment}))]


def test_the_verdicts_of_a_chain_come_before_their_causes():
    first, second = asked(CHAIN)
    assert [one["status"] for one in first["statements"]] == ["proved", "refuted", "proved"]
    assert first["more"]
    assert not any("factor 2" in one["says"] for one in first["statements"])
    assert "factor 2" in second["says"][1]
    assert not second["more"]
    whole = check(CHAIN, "regression")
    assert second["says"] == ["\n".join(report.text(verdict)) for _, verdict in whole]


def test_what_to_write_instead_comes_second_as_well():
    first, second = asked(r"\ell = (\hat y - y)^2")
    assert first["statements"][0]["status"] == "unreadable"
    assert "squared norm" not in first["statements"][0]["says"]
    assert "squared norm is meant" in second["says"][0]


def test_no_cause_is_looked_for_before_the_verdict_is_told(monkeypatch):
    looked = []
    monkeypatch.setattr(page, "explained", lambda *given: looked.append(given) or given[1])
    question = {"ask": "check", "tex": CHAIN, "network": "regression", "notation": ""}
    for told in (
        replies(json.dumps({**question, "assignment": False})),
        judge(WANTED, r"W^{(2)T} \delta^{(2)}"),
    ):
        next(told)
        assert looked == []
        next(told)
        assert looked.pop()


def test_a_gradient_is_no_answer_where_derivatives_are_not_allowed():
    told = next(judge(WANTED, r"[\nabla_{z^{(1)}} \ell]^T"))
    assert not told["right"]
    assert told["says"] == "that is true, but a derivative may not stand in the answer"


@pytest.mark.parametrize("answer", [r"2 (\hat y - y)^T W^{(2)}", r"(\hat y - y)^T W^{(2)}"])
def test_a_refuted_answer_of_what_is_not_allowed_hears_of_both(answer):
    *_, told = judge(WANTED, answer)
    assert told["says"].endswith("\nmoreover, $\\hat y$ may not stand in the answer")
    *_, told = judge({**WANTED, "answers": [*WANTED["answers"], answer]}, answer)
    assert "may not stand" not in told["says"]  # the author's own words answer it


def test_dollars_around_an_answer_are_taken_off():
    assert next(judge(WANTED, r"$\delta^{(2)T} W^{(2)}$"))["right"]


@pytest.mark.parametrize("tex", ["x = x", "x = (", "2^{d_x} = d_x^2"])
def test_where_no_cause_is_looked_for_there_is_one_reply(tex):
    (only,) = asked(tex)
    assert not only["more"]


def test_the_assignment_refuses_before_anything_is_explained():
    (only,) = asked(
        r"\frac{\partial \ell}{\partial W_{ij}^{(2)}} = \delta_i^{(2)} z_j^{(1)}", assignment=True
    )
    assert "component" in only["refused"]


def test_the_assignment_says_what_it_allows_in_place_of_what_it_refuses():
    own = r"\frac{\partial \ell}{\partial \hat y} \frac{\partial \hat y}{\partial s^{(2)}}"
    (only,) = asked(
        rf"\frac{{\partial \ell}}{{\partial W^{{(2)}}}} = z^{{(1)}} {own}", assignment=True
    )
    assert "$z^{(1)}$; use $x$, $y$, the parameters and the derivatives of c)" in only["refused"]


def test_the_assignment_refuses_an_answer_for_some_values_alone():
    own = r"\frac{\partial \ell}{\partial b^{(2)}} = \frac{\partial \ell}{\partial \hat y}"
    (only,) = asked(
        own + r" \frac{\partial \hat y}{\partial s^{(2)}} \text{ if } x_0 > 0", assignment=True
    )
    assert "condition" in only["refused"]


def test_an_answer_is_judged_before_it_is_explained():
    assert [one["right"] for one in judge(WANTED, r"\delta^{(2)T} W^{(2)}")] == [True]
    first, second = judge(WANTED, r"W^{(2)T} \delta^{(2)}")
    assert (first["right"], first["wrong"], first["says"]) == (False, 0, "")
    assert (second["wrong"], second["more"]) == (0, False)
    assert "transpose" in second["says"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (r"\frac{\partial \ell}{\partial z^{(1)}}", "a derivative may not stand"),
        ("x = x", "expected"),
        ("x (", "expected"),
    ],
)
def test_what_is_no_answer_is_said_at_once(answer, says):
    (only,) = judge(WANTED, answer)
    assert only["none"]
    assert not only["right"]
    assert says in only["says"]


def test_a_wrong_answer_and_a_right_one_are_answers():
    assert not any(one["none"] for one in judge(WANTED, r"W^{(2)T} \delta^{(2)}"))
    assert not next(judge(WANTED, r"\delta^{(2)T} W^{(2)}"))["none"]


ASSIGNED = (
    r"\frac{\partial \ell}{\partial W^{(2)}} = z^{(2)} \frac{\partial \ell}{\partial \hat y}"
    r" \frac{\partial \hat y}{\partial z^{(3)}}"
)


def test_a_right_answer_in_the_names_of_the_assignment_is_told_the_names_of_the_book():
    (only,) = asked(ASSIGNED, assignment=True)
    _, second = asked(ASSIGNED)
    for told in (only["refused"], second["says"][0]):
        assert "the assignment's $z^{(1)}$, $z^{(2)}$, $z^{(3)}$ are" in told
    _, wrong = asked(ASSIGNED.replace("z^{(2)}", "z^{(1)}"))
    assert "assignment" not in wrong["says"][0]


def in_the_letters_of_the_course(tex):
    question = {"ask": "check", "tex": tex, "notation": "course", "network": "deep"}
    *_, last = replies(json.dumps({**question, "assignment": False}))
    return json.loads(last)


@pytest.mark.parametrize(
    ("tex", "says"),
    [
        (r"z^{[l]} = W^{[l]} a^{[l]} + b^{[l]}", "$a^{[l]}$ should be $a^{[l-1]}$"),
        (
            r"\delta^{[l]} = W^{[l+1]T} \delta^{[l+1]} \odot g^{[l]\prime}(a^{[l]})",
            "$a^{[l]}$ should be $z^{[l]}$",
        ),
        (
            r"\nabla_{W^{[l]}} J = \nabla_{z^{[l]}} J \, a^{[l]T}",
            "d_{z^{[l]}} × d_{a^{[l-1]}} on the left",
        ),
    ],
)
def test_a_cause_is_told_in_the_letters_of_the_course(tex, says):
    assert says in in_the_letters_of_the_course(tex)["says"][0]


def test_what_was_read_is_said_in_the_letters_of_the_course():
    (one,) = in_the_letters_of_the_course(r"a^{[L]} = g^{[L]}(z^{[L]})")["statements"]
    assert one["read"].splitlines()[:2] == [r"K \times 1", r"a^{[L]}_i = g^{[L]}(z^{[L]}_i)"]


LOSS = Wanted(network="regression", left=r"\ell", allow=[r"\hat y", "y"], answers=["x"])
SLOPE = Wanted(
    network="regression",
    left=r"\frac{\partial z^{(1)}}{\partial s^{(1)}}",
    allow=["s^{(1)}"],
    answers=["x"],
)


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        (LOSS, r"\sum_k (\hat y_k - y_k)^2"),
        (SLOPE, r"I_{z^{(1)} \times s^{(1)}}^{+s^{(1)}}"),
        (SLOPE, r"\operatorname{diag}(\mathbb{1}[s^{(1)} > 0])"),
    ],
)
def test_components_and_lengths_of_what_is_allowed_may_stand_in_an_answer(wanted, answer):
    assert next(judge(wanted, answer))["right"]


def test_a_component_of_what_is_not_allowed_may_not():
    told = next(judge(LOSS, r"\sum_k (s^{(2)}_k - y_k)^2"))
    assert told["says"] == "that is true, but $s^{(2)}_k$ may not stand in the answer"
