"""How a statement was read, in index notation: read again, it has the same verdict."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from texcheck.check import check
from texcheck.indexed import indexed
from texcheck.verdict import Proved

ROWS = tomllib.loads(
    (Path(__file__).parent / "statements/proved.toml").read_text(encoding="utf-8")
)["rows"]


def said(tex: str, network: str) -> list[tuple[str, ...]]:
    return [lines for claim, _ in check(tex, network) if (lines := indexed(claim, network))]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["tex"])
def test_what_is_said_of_a_proved_statement_is_proved(row: dict[str, str]) -> None:
    for _, entries, *conditions in said(row["tex"], row["network"]):
        held = [one for one in conditions if r"\dots" not in one]
        again = entries + "".join(rf" \quad \text{{if }} {one}" for one in held)
        ranges = [one for one in held if one[0] in "Ll"]  # of layers: each is a claim as well
        found = [type(verdict) for _, verdict in check(again, row["network"])]
        assert found == [Proved] * (1 + len(ranges))


ENTRIES = [
    (r"\operatorname{diag}(x x^T) = x \odot x", "x_i x_i = x_i x_i"),
    (r"W_{0,:}^{(1)} = x^T", "W^{(1)}_{0i} = x_i"),
    (r"0 = W^{(1)} - W^{(1)}", "0 = W^{(1)}_{ij} - W^{(1)}_{ij}"),
    (r"\boldsymbol{0} = x^T - x^T", "0 = x_i - x_i"),
    (r"\frac{\partial \hat y^T}{\partial x_j} = y^T",
     r"\frac{\partial \hat y_i}{\partial x_j} = y_i"),
    (r"\hat y_0 + \dots + \hat y_{K-1} = x_0", r"\hat y_0 + \dots + \hat y_{K - 1} = x_0"),
]  # fmt: skip


@pytest.mark.parametrize(("tex", "entries"), ENTRIES)
def test_entries_of_rows_diagonals_and_dots(tex: str, entries: str) -> None:
    assert said(tex, "any")[0][1] == entries


def test_nothing_is_said_of_the_shape_of_a_list() -> None:
    found = check(r"\hat y, y", "regression", subject=r"\hat y, y")
    assert [type(verdict) for _, verdict in found] == [Proved]
    assert [indexed(claim, "regression") for claim, _ in found] == [()]


@pytest.mark.parametrize("layer", ["L-100000000", r"L_{\max}-100000000"])
def test_nothing_is_said_of_more_layers_than_can_be_counted(layer: str) -> None:
    assert said(f"z^{{({layer})}} = 0", "deep") == []


def test_conditions_are_said() -> None:
    assert said(r"x_i = x_i, \quad i \ne 0", "any")[0][-1] == r"i \ne 0"
    assert said(r"z^{(L)} = s^{(L)} \quad \text{if } f^{(L)} = I", "deep")[0][-1] == (
        r"f^{(L)} = \operatorname{I}"
    )


def test_a_width_behind_a_gap_is_counted_from_the_last_layer() -> None:
    tex = r"\hat y = f^{(L_{\max})}(W^{(L_{\max})} z^{(L_{\max}-1)} + b^{(L_{\max})})"
    assert r"\sum_{j=0}^{d_{s^{(L_{\max}-1)}} - 1}" in said(tex, "deep")[0][1]
