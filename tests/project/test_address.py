"""_config.yml is the one place for the repository's address: `make address` copies it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPT = Path("book", "_address", "make.py")
ADDRESS = "https://github.com/some-one/the.book_2"
NOTEBOOKS = sorted(path.relative_to(ROOT) for path in ROOT.glob("book/[!_.]*/*.ipynb"))
ALL = len(NOTEBOOKS)


def configured(root):
    return yaml.safe_load((root / "_config.yml").read_text("utf-8"))["repository"]["url"]


def set_address(root, value):
    """Writes ``value``, as YAML, where the address stands in _config.yml."""
    config = root / "_config.yml"
    text, lines = re.subn(r"^  url: .*$", f"  url: {value}", config.read_text("utf-8"), flags=re.M)
    assert lines == 1
    config.write_text(text, "utf-8")


def make_address(root):
    command = [sys.executable, str(root / SCRIPT)]
    return subprocess.run(command, capture_output=True, text=True)


def contents(root):
    return {path: (root / path).read_bytes() for path in NOTEBOOKS}


@pytest.fixture
def copy(tmp_path):
    """A copy of what the script reads and writes, without an address."""
    for path in [Path("_config.yml"), SCRIPT, *NOTEBOOKS]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    set_address(tmp_path, '""')
    assert make_address(tmp_path).returncode == 0
    return tmp_path


def test_every_notebook_has_the_address_of_the_configuration():
    assert ALL >= 9
    line = f'REPOSITORY = \\"{configured(ROOT) or ""}\\"'
    others = [str(path) for path in NOTEBOOKS if line not in (ROOT / path).read_text("utf-8")]
    assert not others, f"not {configured(ROOT)!r} as in _config.yml; run: make address"


def test_it_replaces_the_address_and_nothing_else(copy):
    before = contents(copy)
    set_address(copy, ADDRESS)
    result = make_address(copy)
    assert (result.returncode, result.stderr) == (0, "")
    *names, summary = result.stdout.splitlines()
    assert names == [str(path) for path in NOTEBOOKS]
    assert summary == f"{ALL} of {ALL} notebooks changed. The address: {ADDRESS}"
    empty, full = b'REPOSITORY = \\"\\"', f'REPOSITORY = \\"{ADDRESS}\\"'.encode()
    assert contents(copy) == {path: old.replace(empty, full) for path, old in before.items()}

    set_address(copy, '""')
    make_address(copy)
    assert contents(copy) == before


def test_a_second_run_writes_nothing(copy):
    set_address(copy, ADDRESS)
    make_address(copy)
    before = [(copy / path).stat().st_mtime_ns for path in NOTEBOOKS]
    result = make_address(copy)
    assert result.stdout == f"0 of {ALL} notebooks changed. The address: {ADDRESS}\n"
    assert [(copy / path).stat().st_mtime_ns for path in NOTEBOOKS] == before


@pytest.mark.parametrize("value", ["", "null", '""'])
def test_no_address_is_an_empty_one(copy, value):
    set_address(copy, value)
    result = make_address(copy)
    assert result.stdout == f"0 of {ALL} notebooks changed. The address: none\n"


@pytest.mark.parametrize(
    "value",
    [
        "github.com/someone/book",
        "http://github.com/someone/book",
        "https://gitlab.com/someone/book",
        "https://github.com/someone",
        "https://github.com/someone/book/",
        "https://github.com/someone/book.git",
        "https://github.com/someone/book/tree/main",
        "git@github.com:someone/book.git",
        "'https://github.com/someone/book; rm -rf book'",
        "'https://github.com/some\"one/book'",
        "[https://github.com/someone/book]",
        "7",
    ],
)
def test_a_malformed_address_is_refused(copy, value):
    before = contents(copy)
    set_address(copy, value)
    result = make_address(copy)
    assert result.returncode == 1
    given = repr(yaml.safe_load(value))
    assert result.stderr.endswith(f"such as https://github.com/someone/book, got {given}\n")
    assert contents(copy) == before


def test_a_notebook_without_the_cell_is_named_and_none_is_written(copy):
    path = copy / NOTEBOOKS[-1]
    path.write_bytes(path.read_bytes().replace(b"REPOSITORY = ", b"repository = "))
    before = contents(copy)
    set_address(copy, ADDRESS)
    result = make_address(copy)
    assert result.returncode == 1
    assert f'{path}: expected one line REPOSITORY = "..."' in result.stderr
    assert result.stderr.endswith("got 0\n")
    assert contents(copy) == before
