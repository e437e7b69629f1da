"""Small changes of the book's equations are refuted: a seeded sample, and every law by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from texcheck import check
from texcheck.mutants import LEAST_SHARE, Mutant, measure, mutants, outcome, report
from texcheck.reader import Item, read

BOOK = Path(__file__).parents[2] / "book"


def item(tex: str, network: str = "any") -> Item:
    return Item(
        file=Path("page.md"), line=1, column=1, label="", tex=tex, network=network, subject=None,
        kind="value", expect="true", where="display",
    )  # fmt: skip


def outcomes(tex: str, kind: str, network: str = "any") -> list[tuple[str, str]]:
    """What happens to the mutants of one kind, and their laws."""
    return [(outcome(m), m.law) for m in mutants(item(tex, network)) if m.kind == kind]


def test_a_sample_of_all_mutants_is_refuted() -> None:
    results = measure(BOOK, short=True)
    lines, good = report(results)
    assert good, "\n".join(lines)
    assert not [result for result in results if result.outcome in ("disagree", "unreadable")]


def test_the_book_has_at_least_1500_mutants_of_every_kind() -> None:
    found = [mutant for page in read(BOOK) if page.expect == "true" for mutant in mutants(page)]
    assert len(found) >= 1500
    assert {mutant.kind for mutant in found} >= {
        "add a transpose", "another activation", "another activation's derivative",
        "another index", "another number", "drop a factor", "drop a sum", "drop a summed index",
        "drop a transpose", "index bound", "last index", "layer", "shape", "sign",
        "swap two factors", "swap two indices", "ŷ by y",
    }  # fmt: skip


REFUTED = [
    (r"W_{ij}^{(2)} z_j^{(1)} = W_{ij}^{(2)} z_j^{(1)}", "swap two indices"),
    (r"\delta^{(2)} = [\frac{\partial \ell}{\partial s^{(2)}}]^T", "drop a transpose"),
    (r"\hat y - y = \hat y - y", "sign"),
    (r"s^{(2)} = W^{(2)} z^{(1)} + b^{(2)}", "drop a factor"),
    (r"s^{(2)} = W^{(2)} z^{(1)} + b^{(2)}", "layer"),
    (r"s^{(2)} = W^{(2)} z^{(1)} + b^{(2)}", "swap two factors"),
    (r"\ell = \sum_k (\hat y_k - y_k)^2", "drop a sum"),
    (r"\ell = \sum_{k,l} (\hat y_k - y_k) \delta_{kl} (\hat y_l - y_l)", "drop a summed index"),
    (r"z^{(1)} = \operatorname{ReLU}(s^{(1)})", "another activation"),
    (
        r"\frac{\partial \hat y_k}{\partial s_l^{(2)}} = \delta_{kl}",
        "another activation's derivative",
    ),
    (r"\ell = \lVert \hat y - y \rVert^2", "ŷ by y"),
    (r"x_i = x_i, \quad i = 0, \dots, d_x - 1", "index bound"),
    (r"x = \begin{pmatrix} x_0 \\ \vdots \\ x_{d_x - 1} \end{pmatrix}", "last index"),
    (r"W^{(1)} : d_{s^{(1)}} \times d_x", "shape"),
]


@pytest.mark.parametrize(("tex", "kind"), REFUTED)
def test_each_kind_of_change_is_made_and_refuted(tex: str, kind: str) -> None:
    assert {verdict.status for _, verdict in check(tex, "regression")} == {"proved"}
    found = outcomes(tex, kind, "regression")
    assert found
    assert {result for result, _ in found} == {"refuted"}


EQUAL = [
    (r"z_j^{(1)} \delta_{ij} = z_j^{(1)} \delta_{ij}", "swap two indices", "symmetric"),
    (r"[\frac{\partial z^{(1)}}{\partial s^{(1)}}]^T = \frac{\partial z^{(1)}}{\partial s^{(1)}}",
     "drop a transpose", "diagonal"),
    (r"\frac{\partial}{\partial \hat y_i} \left[ \hat y_j - y_j \right] = \delta_{ij}", "sign",
     "does not depend"),
    (r"\lVert \hat y \rVert^2 = \hat y^T \hat y", "add a transpose", "the same norm"),
]  # fmt: skip


@pytest.mark.parametrize(("tex", "kind", "law"), EQUAL)
def test_a_change_that_changes_nothing_survives_with_its_law(tex: str, kind: str, law: str) -> None:
    survivors = [reason for result, reason in outcomes(tex, kind) if result == "survived"]
    assert survivors
    assert all(law in reason for reason in survivors)


def test_a_survivor_without_a_law_counts_as_missed() -> None:
    same = Mutant(item("x = x"), "layer", 0, 1, "{x}")
    lines, good = report([type(measure(BOOK, short=True)[0])(same, "survived")])
    assert not good
    assert "1 missed" in lines[-1]
    assert LEAST_SHARE == 0.99
