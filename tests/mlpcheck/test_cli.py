"""The commands: what they print, write and return, and what they say to wrong arguments."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlpcheck import __main__ as cli
from mlpcheck import check_file, report
from mlpcheck.check import check
from mlpcheck.folder import Outputs, check_folder
from mlpcheck.judge.findings import POINTS
from mlpcheck.run.sandbox import Limits, Server

pytestmark = pytest.mark.usefixtures("shared")


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


@pytest.mark.parametrize("name", ["torch", "tqdm"])
def test_what_is_not_installed_is_said_in_a_sentence(name):
    without = f"import runpy, sys; sys.modules[{name!r}] = None; "
    code = f"{without}runpy.run_module('mlpcheck', run_name='__main__', alter_sys=True)"
    done = subprocess.run([sys.executable, "-c", code, "check", "mlp.py"], capture_output=True)
    said = f"{name} is not installed: pip install torch numpy psutil tqdm{os.linesep}"
    assert (done.returncode, done.stderr.decode()) == (2, said)


def test_the_exit_status_says_whether_everything_holds(right, wrong, capsys):
    assert cli.main(["check", str(right)]) == 0
    assert "Everything holds" in capsys.readouterr().out
    assert cli.main(["check", str(wrong)]) == 1
    assert "the transpose of the gradient" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nothing.py"], "nothing.py: no such file or folder"),
        (["check", ".", "--jobs", "0"], "--jobs: expected at least 1, given 0"),
        (["check", "mlp.py", "--csv", "x.csv"], "--csv: expected a folder"),
        (
            ["check", "mlp.py", "--book", "example.org"],
            "--book: expected an address with https://, given example.org",
        ),
        (["gradescope", "."], ".: expected a folder that is not there yet"),
    ],
)
def test_wrong_arguments_get_a_clear_line(arguments, message, right, capsys, monkeypatch):
    monkeypatch.chdir(right.parent)
    assert cli.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_the_report_is_short_and_links_to_the_book(wrong, capsys):
    cli.main(["check", str(wrong), "--book", "https://example.org/book/"])
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= report.WIDTH or line.startswith("   See ") for line in lines)
    assert len(lines) < 45
    url = "https://example.org/book/regression/gradients.html#equation-eq-c18-1"
    assert f"   See the recursion (grad 21): {url}" in lines
    cli.main(["check", str(wrong)])
    out = capsys.readouterr().out
    assert "See the recursion (grad 21): book/regression/gradients.md\n" in out
    assert "eq:" not in out


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
    assert report.data(check_source(source)) == report.data(check_source(source))


def test_the_module_prints_the_same_whatever_the_order_of_sets(right, reference, check_source):
    source = reference.changed(("(delta2 @ W2)", "(W2.T @ delta2.T)"))
    here = report.text(check_source(source))
    assert here.count("raises RuntimeError") == 2
    right.write_text(source, "utf-8")
    command = [sys.executable, "-m", "mlpcheck", "check", str(right)]
    seeded = {**os.environ, "PYTHONHASHSEED": "5"}
    there = subprocess.run(command, env=seeded, capture_output=True, text=True)
    assert (there.stdout, there.stderr, there.returncode) == (here, "", 1)


def test_an_example_is_the_same_whatever_the_order_of_sets(right, reference):
    slope = ("return z * (1 - z)", "return torch.exp(-s) / (1 + torch.exp(-s)) ** 2")
    right.write_text(reference.changed(slope), "utf-8")  # NaN in several cases
    command = [sys.executable, "-m", "mlpcheck", "check", str(right)]
    said = {subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed},
                           capture_output=True).stdout for seed in "12"}  # fmt: skip
    assert len(said) == 1


def test_without_fork_the_result_is_the_same(wrong, server):
    with Server(Limits(), fork=False) as spawning:
        there, here = check("x", wrong, spawning), check("x", wrong, server)
    assert report.data(there) == report.data(here)


def test_a_submission_takes_less_than_five_seconds_after_pytorchs_import(right, server):
    check("first", right, server)  # starts the runner, which imports PyTorch
    started = time.monotonic()
    check("second", right, server)
    assert time.monotonic() - started < 5


def test_what_is_no_file_is_written_to_and_not_replaced(wrong, tmp_path, capsys):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    link.symlink_to(target)
    cli.main(["check", str(wrong), "--json", str(link)])
    assert link.is_symlink()
    assert json.loads(target.read_text("utf-8"))["name"] == wrong.name
    assert cli.main(["check", str(wrong), "--json", os.devnull]) == 1
    assert not Path(os.devnull).is_file()
    capsys.readouterr()


def test_a_folder_that_is_handed_in_to_gradescope_may_hold_a_renamed_file(right, tmp_path, capsys):
    (tmp_path / "submission").mkdir()
    shutil.copy(right, tmp_path / "submission" / "mlp-1.py")
    results = tmp_path / "results.json"
    assert cli.main(["check", str(tmp_path / "submission"), "--gradescope", str(results)]) == 0
    assert json.loads(results.read_text("utf-8"))["score"] == 100
    capsys.readouterr()


def test_the_links_of_a_folder_lead_to_the_book(wrong, tmp_path):
    lines = tmp_path / "results.jsonl"
    check_folder({"wrong": wrong}, Outputs(json=lines, book="https://example.org"), 1)
    found = json.loads(lines.read_text("utf-8"))["findings"]
    assert all(f["link"].startswith("https://example.org/regression/") for f in found)


def test_two_mistakes_in_one_quantity_are_said_to_act_together(check_source, reference):
    source = reference.changed(("= delta1.T @ x", "= x.T @ delta1 / len(x)"))
    text = report.text(check_source(source))
    assert "\ndJdW1: 1 and 2 together give your numbers.\n" in text


def test_a_mistake_in_the_cross_entropy_leads_to_its_equations(check_source, reference):
    result = check_source(reference.changed(("loss = -(y * log", "loss = (y * log")))
    assert report.sentence(result.verdict.findings[0]).endswith("A loss is never negative.")
    text = report.text(result, "https://example.org")
    assert "https://example.org/classification/cross_entropy.html#equation-eq-f03" in text


def test_the_address_that_the_checker_was_built_with_is_the_default(wrong, monkeypatch, capsys):
    monkeypatch.setattr(cli, "BOOK", "https://example.org/")
    cli.main(["check", str(wrong)])
    assert ": https://example.org/regression/gradients.html#" in capsys.readouterr().out


def test_a_notebook_gets_the_report_as_text(right):
    assert "Everything holds" in check_file(right)
    with pytest.raises(FileNotFoundError, match=r"expected a file such as mlp\.py"):
        check_file(right.parent / "missing.py")


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
    of_torch, of_others = re.findall("pip install .*", setup.read_text("utf-8"))
    assert re.search(r" torch --index-url \S+/cpu$", of_torch)  # where nothing else need be
    assert "torch" not in of_others
    assert "index" not in of_others
    for script in (setup, run):
        assert script.stat().st_mode & 0o111
        subprocess.run([bash, "-n", str(script)], check=True)
    # The same script, with the folders of this test in place of Gradescope's.
    submission = tmp_path / "submission"
    submission.mkdir()
    shutil.copy(right, submission / "mlp.py")
    script = (
        run.read_text("utf-8")
        .replace("/autograder/venv/bin/python", shlex.quote(sys.executable))
        .replace("/autograder/source", shlex.quote(str(target)))
        .replace("/autograder/submission", shlex.quote(str(submission)))
        .replace("/autograder/results", shlex.quote(str(tmp_path / "results")))
    )
    subprocess.run([bash, "-c", script], check=True, capture_output=True)
    data = json.loads((tmp_path / "results" / "results.json").read_text("utf-8"))
    assert data["score"] == 100
