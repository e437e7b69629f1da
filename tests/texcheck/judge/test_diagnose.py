"""What is told about a mistake: the change that makes the statement provable, in words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from texcheck import Refuted, check, report
from texcheck.book.pages import read
from texcheck.judge.diagnose import NOTHING_FITS
from texcheck.judge.edits import edits
from texcheck.judge.scope import Scope
from texcheck.reading import read as statements

FOLDER = Path(__file__).parents[1]
NETWORKS = tomllib.loads((FOLDER / "derivations.toml").read_text(encoding="utf-8"))
ANSWERED = [(*case, network) for network, kinds in NETWORKS.items() for case in kinds["answered"]]


def test_each_network_has_mistakes() -> None:
    assert sorted(NETWORKS) == ["any", "deep", "regression", "sigmoid-bce", "sigmoid-mse"]
    assert len(ANSWERED) > 270


@pytest.mark.parametrize(("tex", "status", "answer", "network"), ANSWERED)
def test_a_mistake_is_told_what_is_wrong_or_what_to_write(
    tex: str, status: str, answer: str, network: str
) -> None:
    told = [
        " ".join(report.text(verdict))
        for _, verdict in check(tex, network)
        if verdict.status == status
    ]
    assert any(answer in one for one in told), told


def test_the_span_is_that_of_the_part_to_change() -> None:
    tex = r"\delta^{(1)} = W^{(2)} \delta^{(2)} \odot f'(s^{(1)})"
    ((_, verdict),) = check(tex, "any")
    assert isinstance(verdict, Refuted)
    assert verdict.span is not None
    assert tex[slice(*verdict.span)] == "W^{(2)}"


def test_a_misprint_with_one_mistake_is_told_what_is_wrong() -> None:
    untold = [
        item.label
        for item in read(FOLDER.parents[1] / "book" / "errata.md")
        if item.expect == "misprint"
        for _, verdict in check(item.tex, item.network)
        if isinstance(verdict, Refuted) and NOTHING_FITS in verdict.diagnosis
    ]
    # Six print several mistakes at once. In c29, what was meant, x, has nothing in common with it.
    several = ["c05-2", "c09", "c11-2", "c16", "c18", "c29", "c30"]
    assert untold == [f"eq:err-{row}-printed" for row in several]


def test_an_edit_changes_the_statement_in_one_place() -> None:
    (statement,) = statements(r"\delta^{(1)} = W^{(2)T} \delta^{(2)} \odot f'(s^{(1)})")
    found = list(edits(Scope(statement)))
    assert len(found) > 100
    assert all(edit.statement != statement for edit in found)
    assert {edit.side for edit in found} == {"left", "right"}


@pytest.mark.parametrize("between", ["\n", "\n\n", " \n\t"])
def test_lines_that_run_on_for_tex_are_told_to_end(between: str) -> None:
    lines = r"s^{(1)} = W^{(1)} x + b^{(1)}", r"z^{(1)} = \operatorname{ReLU}(s^{(1)})"
    for _, verdict in check(between.join(lines), "regression"):
        assert r"write \\ at its end" in " ".join(report.text(verdict))
    ended = check(rf" \\ {between}".join(lines), "regression")
    assert [verdict.status for _, verdict in ended] == ["proved", "proved"]


@pytest.mark.parametrize("wrong", ["\\delta^{(1)T}\nW^{(2)}", "\\delta^{(1)T} W^{(1)}\n= 0"])
def test_a_formula_or_a_chain_in_several_lines_runs_on(wrong: str) -> None:
    told = [
        report.text(one)
        for _, one in check(rf"\frac{{\partial \ell}}{{\partial x}} = {wrong}", "any")
    ]
    assert "at its end" not in str(told)


def test_a_claim_in_one_line_is_not_told_of_line_ends() -> None:
    (claim, verdict), *_ = check("x_0 = 1,\nx_1 = x_1\nx_0 = x_0", "any")
    assert claim.tex == "x_0 = 1"
    assert "at its end" not in " ".join(report.text(verdict))
