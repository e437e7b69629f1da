"""The commands: what they print, write and return, and what they say to wrong arguments."""

import json
import re
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext

import pytest

from mlpcheck import check_file, cli, report
from mlpcheck.check import check
from mlpcheck.sandbox import Limits, Server
from mlpcheck.verdict import POINTS


@pytest.fixture
def right(tmp_path, reference):
    file = tmp_path / "mlp.py"
    file.write_text(reference.text, "utf-8")
    return file


@pytest.fixture
def wrong(tmp_path, reference):
    file = tmp_path / "wrong.py"
    file.write_text(reference.changed(("= delta1.T @ x", "= (delta1.T @ x).T / len(x)")), "utf-8")
    return file


@pytest.fixture
def shared(server, monkeypatch):
    """The commands use the tests' runner, which has imported PyTorch already."""
    monkeypatch.setattr(cli, "Server", lambda _: nullcontext(server))


@pytest.mark.usefixtures("shared")
def test_the_exit_status_says_whether_everything_holds(right, wrong, capsys):
    assert cli.main(["check", str(right)]) == 0
    assert "Everything holds" in capsys.readouterr().out
    assert cli.main(["check", str(wrong)]) == 1
    assert "the transpose of the gradient" in capsys.readouterr().out


def test_the_module_is_a_command(right):
    command = [sys.executable, "-m", "handgrad", "check", str(right)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.startswith("mlp.py: 100 of 100 points\n")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nothing.py"], "nothing.py: no such file or folder"),
        (["check", ".", "--jobs", "0"], "--jobs: expected at least 1, given 0"),
        (["check", "mlp.py", "--csv", "x.csv"], "--csv: expected a folder"),
        (["gradescope", "."], "File exists"),
    ],
)
def test_wrong_arguments_get_a_clear_line(arguments, message, right, capsys, monkeypatch):
    monkeypatch.chdir(right.parent)
    assert cli.main(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("shared")
def test_the_report_is_short_and_links_to_the_book(wrong, capsys):
    cli.main(["check", str(wrong), "--book", "https://example.org/book/"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= report.WIDTH
    assert len(lines) < 20
    url = "https://example.org/book/regression/gradients.html#equation-eq-c18-1"
    assert f"   See {url}" in lines
    cli.main(["check", str(wrong)])
    assert "See book/regression/gradients.md, equation eq:c18-1" in capsys.readouterr().out


@pytest.mark.usefixtures("shared")
def test_json_holds_the_same_as_the_report(wrong, tmp_path, capsys):
    cli.main(["check", str(wrong), "--json", str(tmp_path / "result.json")])
    data = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert {f["code"] for f in data["findings"]} == {"mean-again", "transposed"}
    words = " ".join(capsys.readouterr().out.split())
    assert all(f["sentence"] in words for f in data["findings"])
    assert sum(g["of"] for g in data["groups"].values()) == 100


def test_an_unknown_mistake_is_shown_with_numbers_to_check_by_hand(check_source, reference):
    result = check_source(reference.changed(("delta1.sum(dim=0)", "delta1.sum(dim=0) ** 2 + 3")))
    assert result.verdict.codes == ["differs"]
    text = report.text(result)
    assert "It is the first to differ" in text
    assert re.search(r"expected dJdb1 = \[[\d., e-]+\]\n\s+yours    dJdb1 = \[[\d., e-]+\]", text)
    assert "W1 = [[1, -1], [0.5, 2]], b1 = [0.5, -1]" in text


def test_what_hangs_on_an_earlier_mistake_is_not_judged(check_source, reference):
    result = check_source(reference.changed(("s1 = x @ W1.T + b1", "s1 = x @ W1.T + 2 * b1")))
    assert result.verdict.codes == ["differs"]
    assert result.verdict.findings[0].what == ("y_hat",)
    text = report.text(result)
    assert "dJdW2, dJdb2, dJdW1 and dJdb1: judged only where the forward pass is right." in text
    assert "clearing: checked once the first pass is right." in text


def test_the_first_run_and_the_second_give_the_same(check_source, wrong):
    source = wrong.read_text("utf-8")
    assert check_source(source).data() == check_source(source).data()


def test_without_fork_the_result_is_the_same(right, wrong, server):
    with Server(Limits(), fork=False) as spawning:
        for file in (right, wrong):
            assert check("x", file, spawning).data() == check("x", file, server).data()


def test_a_submission_takes_less_than_five_seconds_after_pytorchs_import(right, server):
    check("first", right, server)  # starts the runner, which imports PyTorch
    started = time.monotonic()
    check("second", right, server)
    assert time.monotonic() - started < 5


def test_a_notebook_gets_the_report_as_text(right):
    assert "Everything holds" in check_file(right)
    with pytest.raises(FileNotFoundError, match=r"expected a file such as mlp\.py"):
        check_file(right.parent / "missing.py")


@pytest.mark.usefixtures("shared")
def test_gradescope_gets_its_results(wrong, tmp_path, capsys):
    file = tmp_path / "results" / "results.json"
    cli.main(["check", str(wrong), "--gradescope", str(file)])
    data = json.loads(file.read_text("utf-8"))
    tests = {test["name"]: test for test in data["tests"]}
    assert tests.keys() == POINTS.keys()
    assert tests["dJdW1"]["status"] == "failed"
    assert tests["dJdW2"] == {
        "name": "dJdW2", "score": 10.0, "max_score": 10, "visibility": "visible",
        "status": "passed", "output": tests["dJdW2"]["output"],
    }  # fmt: skip
    assert data["score"] == pytest.approx(sum(test["score"] for test in data["tests"]))
    assert data["output"] == capsys.readouterr().out
    assert data["output_format"] == "text"


def test_the_autograder_runs_from_its_own_folder(right, tmp_path):
    target = tmp_path / "autograder"
    assert cli.main(["gradescope", str(target), "--book", "https://example.org"]) == 0
    setup, run = (target / name for name in ("setup.sh", "run_autograder"))
    bash = shutil.which("bash")
    assert bash
    for script in (setup, run):
        assert script.stat().st_mode & 0o111
        subprocess.run([bash, "-n", str(script)], check=True)
    # The same script, with the folders of this test in place of Gradescope's.
    submission = tmp_path / "submission"
    submission.mkdir()
    shutil.copy(right, submission / "mlp.py")
    script = (
        run.read_text("utf-8")
        .replace("/autograder/venv/bin/python", sys.executable)
        .replace("/autograder/source", str(target))
        .replace("/autograder/submission", str(submission))
        .replace("/autograder/results", str(tmp_path / "results"))
    )
    subprocess.run([bash, "-c", script], check=True, capture_output=True)
    data = json.loads((tmp_path / "results" / "results.json").read_text("utf-8"))
    assert data["score"] == 100
