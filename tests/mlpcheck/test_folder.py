"""A folder of submissions: none is lost, nothing is half-written, and it can be continued."""

import csv
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mlpcheck import __main__ as cli
from mlpcheck import folder
from mlpcheck.folder import COLUMNS, Outputs, check_folder, submissions
from mlpcheck.judge.findings import POINTS
from mlpcheck.run.sandbox import Server
from mlpcheck.store import CSV, JSONLines, Unusable, write_atomically

pytestmark = pytest.mark.usefixtures("shared")
JUDGING = sys.modules[folder.check.__module__]


def hand_in(place, reference) -> None:
    """Put submissions of all kinds into a new folder."""
    inner = place / "dora" / "homework 1"
    inner.mkdir(parents=True)
    (place / "emil").mkdir()
    (place / "__MACOSX").mkdir()
    (place / "ada.py").write_text(reference.text, "utf-8")
    (place / "bob.py").write_text("def f(:\n", "utf-8")
    (place / "cleo.py").write_text(reference.in_forward("import os\nos._exit(0)"), "utf-8")
    (inner / "mlp.py").write_text("from helper import *\n", "utf-8")
    (inner / "helper.py").write_text(reference.text, "utf-8")
    (place / "notes.txt").write_text("no submission", "utf-8")


def rows(file) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.fixture(scope="module")
def first_run(tmp_path_factory, reference, shared):
    """The submissions, and the two files of a run with two jobs over them."""
    place = tmp_path_factory.mktemp("class") / "submissions"
    hand_in(place, reference)
    table, lines = place.parent / "grades.csv", place.parent / "grades.jsonl"
    check_folder(submissions(place)[0], Outputs(table, lines), jobs=2)
    return place, table, lines


def test_each_submission_has_its_row(first_run):
    _, table, lines = first_run
    found = {row["name"]: (row["points"], row["first diagnosis"]) for row in rows(table)}
    assert found == {
        "ada.py": ("100", ""),
        "bob.py": ("0", "syntax-error"),
        "cleo.py": ("30", "exit"),
        "dora": ("100", ""),
        "emil": ("0", "missing-file"),
    }
    assert list(rows(table)[0]) == COLUMNS
    objects = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert [one["name"] for one in objects] == list(found)


def test_a_second_run_gives_the_same_bytes_and_checks_nothing_again(first_run, monkeypatch):
    place, *files = first_run
    before = [file.read_bytes() for file in files]
    monkeypatch.setattr(folder, "check", None)
    check_folder(submissions(place)[0], Outputs(*files), jobs=2)
    assert [file.read_bytes() for file in files] == before


def test_one_job_gives_the_same_bytes_as_two(first_run, tmp_path):
    place, table, _ = first_run
    check_folder(submissions(place)[0], Outputs(tmp_path / "one.csv", None), jobs=1)
    assert (tmp_path / "one.csv").read_bytes() == table.read_bytes()


def test_a_row_that_was_cut_off_and_a_changed_submission_are_checked_again(
    first_run, tmp_path, monkeypatch
):
    place, table = tmp_path / "submissions", tmp_path / "grades.csv"
    shutil.copytree(first_run[0], place)
    table.write_text(first_run[1].read_text("utf-8")[:-5], "utf-8")
    (place / "bob.py").write_text("def g(:\n", "utf-8")
    checked = []

    def check(name, *rest, original=folder.check):
        checked.append(name)
        return original(name, *rest)

    monkeypatch.setattr(folder, "check", check)
    check_folder(submissions(place)[0], Outputs(table, None), jobs=1)
    assert sorted(checked) == ["bob.py", "emil"]
    assert len(rows(table)) == 5


def test_a_mistake_of_the_checker_itself_costs_one_row_only(first_run, tmp_path, monkeypatch):
    def judge(run, tolerance, weights, original=JUDGING.judge):
        if not run.syntax:
            raise ValueError("a mistake of the checker")
        return original(run, tolerance, weights)

    monkeypatch.setattr(JUDGING, "judge", judge)
    table = tmp_path / "grades.csv"
    check_folder(submissions(first_run[0])[0], Outputs(table, None), jobs=1)
    found = {row["name"]: row["first diagnosis"] for row in rows(table)}
    assert found["ada.py"] == "not-checked"
    assert found["bob.py"] == "syntax-error"
    assert len(found) == 5


def test_an_interrupted_run_keeps_its_rows_and_can_be_continued(tmp_path, reference, capsys):
    # longer than the path of a socket may be
    place, table, temporary = tmp_path / "many", tmp_path / "grades.csv", tmp_path / ("t" * 90)
    place.mkdir()
    temporary.mkdir()
    for number in range(8):
        (place / f"{number:02}.py").write_text(f"{reference.text}\n# {number}\n", "utf-8")
    command = [sys.executable, "-m", "mlpcheck", "check", str(place), "--jobs", "1"]
    command += ["--csv", str(table)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    running = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 600
    while not (table.exists() and table.read_text("utf-8").count("\n") > 3):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 2
    assert list(temporary.iterdir()) == []  # no copy, and no process that has one
    left = subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True).stdout
    assert str(temporary) not in left
    kept = rows(table)
    assert 3 <= len(kept) < 8
    assert cli.main(command[3:]) == 0
    assert capsys.readouterr().out.count(".py: 100 points") == 8 - len(kept)
    assert [row["name"] for row in rows(table)] == [f"{n:02}.py" for n in range(8)]
    assert {row["points"] for row in rows(table)} == {"100"}


@pytest.mark.parametrize("name", ["=1+1.py", "@SUM(1).py", "-1.py", "+1.py", "\t=1.py", "'=1.py"])
def test_a_cell_cannot_become_a_formula(name, tmp_path):
    table = CSV(tmp_path / "grades.csv", ["name", "digest"])
    table.open({})
    table.append({"name": name, "digest": "d"})
    assert (tmp_path / "grades.csv").read_text("utf-8") == f"name,digest\n'{name},d\n"
    again = CSV(tmp_path / "grades.csv", ["name", "digest"])
    again.open({name: "d"})
    assert again.rows[name] == {"name": name, "digest": "d"}


@pytest.mark.parametrize("table", [CSV(Path("grades.csv"), ["name", "digest"]),
                                   JSONLines(Path("grades.jsonl"))])  # fmt: skip
@pytest.mark.parametrize("cut", [1, 5])
def test_a_row_that_was_cut_off_is_dropped_and_no_other(table, cut, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table.open({})
    for name in ("ada", "bob"):
        table.append({"name": name, "digest": "d"})
    table.file.write_bytes(table.file.read_bytes()[:-cut])
    table.rows.clear()
    table.open({"ada": "d", "bob": "d"})
    assert list(table.rows) == ["ada"]
    assert b"bob" not in table.file.read_bytes()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("grades.csv", b"name;points\nada;100\n"),
        ("grades.csv", f"{','.join(COLUMNS)}\nada,100\n".encode()),
        ("grades.csv", b"\xff\xfe"),
        ("grades.jsonl", b'{"name": "ada"}\n'),
        ("grades.jsonl", b"my notes\n"),
    ],
)
def test_a_file_of_somebody_else_is_not_overwritten(file, content, tmp_path, first_run):
    target = tmp_path / file
    target.write_bytes(content)
    files = (target, None) if file.endswith("csv") else (None, target)
    with pytest.raises(Unusable, match="expected a file that this command wrote"):
        check_folder(submissions(first_run[0])[0], Outputs(*files), jobs=1)
    assert target.read_bytes() == content


def test_odd_names_and_files_are_checked_like_others(tmp_path, reference):
    place = tmp_path / "odd"
    text = reference.text.encode()
    files = {
        "ada lovelace (late).py": text,
        "Zoë 中文.py": text,
        "new\nline.py": text,
        "=cmd.py": text,
        os.fsdecode(b"latin\xe9.py"): text,
        "windows.py": text.replace(b"\n", b"\r\n"),
        "mark.py": b"\xef\xbb\xbf" + text,
        "latin.py": b'NAME = "M\xfcller"\n' + text,
        "zip/in/a/zip/mlp.py": text,
        "zip/__MACOSX/mlp.py": b"\0",
        "renamed/mlp-1.py": text,
        "two/new/mlp.py": text,
        "two/new/old/mlp.py": b"",
        "notebook/mlp.ipynb": b"{}",
        "alone.ipynb": b"{}",
        "archive.zip": b"PK",
        "notes.txt": b"",
        "grades.csv": b"",
    }
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    (place / "empty").mkdir()
    table = tmp_path / "grades.csv"
    check_folder(submissions(place)[0], Outputs(table, None), jobs=2)
    found = {row["name"]: row["points"] for row in rows(table)}
    right = ["'=cmd.py", "Zoë 中文.py", "ada lovelace (late).py", "latin\\udce9.py", "mark.py",
             "new\\nline.py", "renamed", "two", "windows.py", "zip"]  # fmt: skip
    wrong = ["alone.ipynb", "archive.zip", "empty", "latin.py", "notebook"]
    assert {name for name, points in found.items() if points == "100"} == set(right)
    assert {name for name, points in found.items() if points == "0"} == set(wrong)
    assert len(found) == len(right) + len(wrong)


def test_a_failure_of_the_checker_is_tried_again(first_run, tmp_path, monkeypatch):
    table = tmp_path / "grades.csv"
    with monkeypatch.context() as broken:
        broken.setattr(JUDGING, "judge", lambda *_: 1 / 0)
        check_folder(submissions(first_run[0])[0], Outputs(table, None), jobs=1)
    check_folder(submissions(first_run[0])[0], Outputs(table, None), jobs=1)
    assert table.read_bytes() == first_run[1].read_bytes()


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "results.json"
    file.write_text("kept", "utf-8")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(file, json.dumps({}))
    assert [f.name for f in tmp_path.iterdir()] == ["results.json"]
    assert file.read_text("utf-8") == "kept"


def test_a_folder_without_submissions_is_an_error(tmp_path):
    with pytest.raises(Unusable, match=r"expected \.py files"):
        submissions(tmp_path)


def test_what_is_no_submission_gets_a_line_and_all_else_a_row(tmp_path):
    for name in ("ada.py", "ada.docx", "mlp.py.txt", ".hidden.py", "notes.txt", "old.csv",
                 "a\nb.py", "a\\nb.py"):  # fmt: skip
        (tmp_path / name).write_text("", "utf-8")
    both = tmp_path / "both"
    both.mkdir()
    for name in ("mlp (1).py", "helper.py"):
        (both / name).write_text("", "utf-8")
    (tmp_path / "link").symlink_to(both)
    found, left = submissions(tmp_path)
    assert sorted(found) == ["a\\nb.py", "a\\nb.py'", "ada.docx", "ada.py", "both", "link",
                             "mlp.py.txt"]  # fmt: skip
    assert found["both"] == both / "mlp (1).py"
    assert [line.split(":")[0] for line in left] == [".hidden.py", "notes.txt", "old.csv"]


def test_the_same_command_again_does_not_grade_what_it_wrote(tmp_path, reference, capsys):
    place = tmp_path / "sub"
    (place / "ada").mkdir(parents=True)
    (place / "ada" / "mlp.py").write_text(reference.text, "utf-8")
    options = {"csv": "table", "json": "all.json", "summary": "class.html",
               "reports": "ada/reports"}  # fmt: skip
    given = [f"--{name}={place / file}" for name, file in options.items()]
    for _ in range(2):
        assert cli.main(["check", str(place), "--jobs=1", *given]) == 0
        assert [row["name"] for row in rows(place / "table")] == ["ada"]
    said = capsys.readouterr().out
    for name in ("table", "all.json", "class.html"):
        assert f"{name}: written by this command, so not taken for a submission\n" in said


def test_a_killed_runner_and_an_unwritable_folder_are_no_fault_of_a_student(
    first_run, tmp_path, monkeypatch
):
    table = tmp_path / "grades.csv"
    found = {"ada.py": first_run[0] / "ada.py"}
    monkeypatch.setattr(folder, "Server", Server)  # runners of its own
    with monkeypatch.context() as broken:
        broken.setattr(tempfile, "mkdtemp", full_disk)
        assert check_folder(found, Outputs(table), jobs=1) == 1
    assert rows(table)[0]["points"] == ""
    assert rows(table)[0]["first diagnosis"] == "not-checked"
    with monkeypatch.context() as broken:
        broken.setattr(Server, "_start", killed)
        assert check_folder(found, Outputs(table), jobs=1) == 1
    assert check_folder(found, Outputs(table), jobs=1) == 0
    assert rows(table)[0]["points"] == "100"


def full_disk(**_):
    raise OSError(errno.ENOSPC, "No space left on device")


def killed(server, original=Server._start):
    """The runner, which is killed from outside as soon as it is started."""
    process = original(server)
    process.kill()
    process.wait()
    return process


def test_a_class_gets_reports_a_summary_and_its_own_weights(first_run, tmp_path, capsys):
    found = {name: first_run[0] / name for name in ("ada.py", "bob.py")}
    weights = {**POINTS, "forward": 120}
    out = Outputs(tmp_path / "grades.csv", None, tmp_path / "reports", tmp_path / "class.html",
                  "https://example.org", weights)  # fmt: skip
    assert check_folder(found, out, jobs=1) == 0
    assert {row["points"] for row in rows(tmp_path / "grades.csv")} == {"200", "0"}
    assert "200 of 200 points" in (tmp_path / "reports" / "ada.py.html").read_text("utf-8")
    assert "is not valid Python" in (tmp_path / "reports" / "bob.py.html").read_text("utf-8")
    page = (tmp_path / "class.html").read_text("utf-8")
    assert "https://example.org/homework/mistakes.html#mistake-syntax-error" in page
    assert '<meter max="2" value="1">1 of 2</meter>' in page
    assert re.search(r"syntax-error +1 █{40}", capsys.readouterr().out)
    (tmp_path / "reports" / "bob.py.html").unlink()
    assert check_folder(found, out, jobs=1) == 0  # from the table, but for the report
    assert (tmp_path / "reports" / "bob.py.html").exists()
    assert "2 submissions, 1 without a finding" in capsys.readouterr().out
