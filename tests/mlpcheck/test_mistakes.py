"""Each seeded mistake gets the diagnosis that fits, and no other; all in one folder at a time."""

import json
import tomllib
from pathlib import Path

import pytest
from mlpcheck.diagnoses import DIAGNOSES

from mlpcheck.folder import check_folder, submissions

HERE = Path(__file__).parent
MISTAKES = tomllib.loads((HERE / "mistakes.toml").read_text(encoding="utf-8"))
REFERENCE = (HERE / "reference" / "mlp.py").read_text(encoding="utf-8")


def wrong(name: str) -> str:
    """The reference solution with the mistake in it."""
    source = REFERENCE
    for old, new in MISTAKES[name]["changes"]:
        assert source.count(old) == 1, f"{name}: {old!r} occurs {source.count(old)} times"
        source = source.replace(old, new)
    return source


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The findings of every mistake, from one run over a folder with two jobs."""
    folder = tmp_path_factory.mktemp("mistakes")
    for name in MISTAKES:
        (folder / f"{name}.py").write_text(wrong(name), encoding="utf-8")
    lines = tmp_path_factory.mktemp("results") / "results.jsonl"
    check_folder(submissions(folder), None, lines, jobs=2)
    rows = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    return {row["name"].removesuffix(".py"): row for row in rows}


def test_there_are_at_least_forty_mistakes_and_none_is_lost(found):
    assert len(MISTAKES) >= 40
    assert found.keys() == MISTAKES.keys()


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_gets_its_diagnosis(name, found):
    given = {finding["code"] for finding in found[name]["findings"]}
    assert given == set(MISTAKES[name]["expect"]), MISTAKES[name]["mistake"]


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_costs_points(name, found):
    assert found[name]["points"] < 100


def test_the_sentences_are_filled_in(found):
    sentences = [f["sentence"] for row in found.values() for f in row["findings"]]
    assert [s for s in sentences if "{" in s.split(": ", 1)[0] or "{value}" in s] == []
    assert all("{what}" in d.sentence or "value" in d.sentence or d.sentence.endswith(".")
               for d in DIAGNOSES.values())  # fmt: skip
