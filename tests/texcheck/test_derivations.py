"""Derivations as students write them: the right ones are proved, the others get a useful answer."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from texcheck import check

NETWORKS = tomllib.loads(Path(__file__).with_name("derivations.toml").read_text(encoding="utf-8"))
PROVED = [(tex, network) for network, kinds in NETWORKS.items() for tex in kinds["proved"]]
ANSWERED = [(*case, network) for network, kinds in NETWORKS.items() for case in kinds["answered"]]


def test_each_network_has_at_least_25_derivations_of_each_kind() -> None:
    assert sorted(NETWORKS) == ["deep", "regression", "sigmoid-bce", "sigmoid-mse"]
    for kinds in NETWORKS.values():
        assert len(kinds["proved"]) >= 25
        assert len(kinds["answered"]) >= 25


@pytest.mark.parametrize(("tex", "network"), PROVED)
def test_a_right_derivation_is_proved_in_any_spelling(tex: str, network: str) -> None:
    assert {verdict.status for _, verdict in check(tex, network)} == {"proved"}


@pytest.mark.parametrize(("tex", "status", "answer", "network"), ANSWERED)
def test_any_other_is_told_what_is_wrong_or_what_to_write(
    tex: str, status: str, answer: str, network: str
) -> None:
    told = [
        verdict.diagnosis or verdict.reason
        for _, verdict in check(tex, network)
        if verdict.status == status
    ]
    assert any(answer in one for one in told), told
