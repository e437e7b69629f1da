"""Each row's examples, and several mistakes at once, get the diagnoses that fit and no other."""

import json
import tomllib
from pathlib import Path

import pytest

from mlpcheck.folder import Outputs, check_folder, submissions
from mlpcheck.mistakes import MISTAKES
from mlpcheck.mistakes.registry import fitting

HERE = Path(__file__).parent
COMBINATIONS = tomllib.loads((HERE / "combinations.toml").read_text(encoding="utf-8"))
SEEDED = {
    f"{row.code} {number}": ({row.code}, changes)
    for row in MISTAKES.values()
    for number, changes in enumerate(row.examples, start=1)
} | {name: (set(one["expect"]), one["changes"]) for name, one in COMBINATIONS.items()}
FREE = {"missing-import", "to-be-read"}  # what costs no points


@pytest.fixture(scope="module")
def found(tmp_path_factory, reference, shared):
    """The findings of every mistake, from one run over a folder with two jobs."""
    folder = tmp_path_factory.mktemp("mistakes")
    for name, (_, changes) in SEEDED.items():
        (folder / f"{name}.py").write_text(reference.changed(*changes), encoding="utf-8")
    lines = tmp_path_factory.mktemp("results") / "results.jsonl"
    assert check_folder(submissions(folder)[0], Outputs(lines=lines), jobs=2) == 0
    rows = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    return {row["name"].removesuffix(".py"): row for row in rows}


def test_none_is_lost(found):
    assert len(SEEDED) > 150
    assert found.keys() == SEEDED.keys()


@pytest.mark.parametrize("name", SEEDED)
def test_the_mistake_gets_its_diagnosis_and_no_other(name, found):
    assert {finding["code"] for finding in found[name]["findings"]} == SEEDED[name][0]


@pytest.mark.parametrize("name", SEEDED)
def test_the_mistake_costs_points_and_no_point_is_lost_in_silence(name, found):
    row = found[name]
    assert (row["points"] < 100) == (SEEDED[name][0].isdisjoint(FREE))
    for group in row["groups"].values():
        told = any(group["note"] or f["what"] or f["code"] for f in row["findings"])
        assert group["points"] == group["of"] or told


def test_a_mistake_in_numbers_is_shown_by_an_example(found):
    numeric = {row.code for row in MISTAKES.values() if row.predicts}
    for row in found.values():
        for finding in row["findings"]:
            if finding["code"] in numeric:
                assert any(line.startswith("expected") for line in finding["detail"]), finding
                assert finding["detail"][-1].startswith("yours"), finding


def test_the_line_of_the_function_is_named(found, reference):
    line = reference.text[: reference.text.index("    def backward")].count("\n") + 1
    detail = found["derivative-missing 1"]["findings"][0]
    assert detail["line"].startswith(f"backward, line {line}")


def test_the_sentences_are_filled_in(found):
    sentences = [f["sentence"] for row in found.values() for f in row["findings"]]
    assert [s for s in sentences if "{" in s.split(": ", 1)[0] or "{value}" in s] == []
    assert all(fitting(row.says, ("y_hat",)) for row in MISTAKES.values())
