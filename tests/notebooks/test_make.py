"""`make notebooks`, `make notebook` and `make address` write what changed and nothing else."""

import contextlib
import io
import re
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parents[2]
ADDRESS = "https://github.com/some-one/the.book_2"
SITE = "https://some-one.github.io/the.book_2/"
NOTEBOOKS = sorted(path.relative_to(ROOT) for path in ROOT.glob("book/[!_.]*/*.ipynb"))
ALL = len(NOTEBOOKS)
main = runpy.run_path(str(ROOT / "book" / "_notebooks" / "make.py"))["main"]
TOC = "- file: part/page\n  sections:\n    - file: part/old\n- file: part/next\n"


def make(root, *arguments):
    """What the script prints and how it ends when it is run for the book in ``root``."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.chdir(root):
        try:
            main(list(arguments), root)
        except ValueError as error:
            stderr.write(f"{error}\n")
    returncode = 1 if stderr.getvalue() else 0
    return SimpleNamespace(
        returncode=returncode, stdout=stdout.getvalue(), stderr=stderr.getvalue()
    )


def configured(root):
    return yaml.safe_load((root / "_config.yml").read_text("utf-8"))


def set_address(root, value, key="url"):
    """Writes ``value``, as YAML, where the address stands in _config.yml."""
    config = root / "_config.yml"
    line = re.compile(rf"^  {key}:.*$", re.MULTILINE)
    text, lines = line.subn(lambda _: f"  {key}: {value}", config.read_text("utf-8"))
    assert lines == 1
    config.write_text(text, "utf-8")


def contents(root):
    return {path: (root / path).read_bytes() for path in NOTEBOOKS}


@pytest.fixture
def copy(tmp_path):
    """A copy of what the script reads and writes, without an address."""
    root = tmp_path / "Übung 1"
    for path in ["_config.yml", *NOTEBOOKS]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, root / path)
    set_address(root, '""')
    set_address(root, '""', key="baseurl")
    assert make(root, "address").returncode == 0
    return root


# The addresses


def test_every_notebook_is_as_the_script_writes_it(copy):
    settings = configured(ROOT)
    set_address(copy, f'"{settings["repository"]["url"] or ""}"')
    set_address(copy, f'"{settings["html"]["baseurl"] or ""}"', key="baseurl")
    make(copy, "address")
    changed = [str(path) for path, text in contents(copy).items() if text != contents(ROOT)[path]]
    assert not changed, "run: make address"


def test_it_replaces_the_address_and_nothing_else(copy):
    before = contents(copy)
    set_address(copy, f'"{ADDRESS}"')
    result = make(copy, "address")
    assert (result.returncode, result.stderr) == (0, "")
    *names, count, summary = result.stdout.splitlines()
    assert names == [str(path) for path in NOTEBOOKS]
    assert count == f"{ALL} of {ALL} notebooks changed."
    assert summary == f"The repository: {ADDRESS}. The site: {SITE}."
    empty, full = b'SITE = \\"\\"', f'SITE = \\"{SITE}\\"'.encode()
    assert contents(copy) == {path: old.replace(empty, full) for path, old in before.items()}

    again = make(copy, "address").stdout
    assert again == f"0 of {ALL} notebooks changed.\n{summary}\n"
    set_address(copy, '""')
    make(copy, "address")
    assert contents(copy) == before


@pytest.mark.parametrize(
    "pasted",
    [
        f"{ADDRESS}/",
        f"{ADDRESS}.git",
        f"{ADDRESS}/tree/main",
        "http://www.github.com/some-one/the.book_2",
        "github.com/some-one/the.book_2",
        "git@github.com:some-one/the.book_2.git",
        "ssh://git@github.com/some-one/the.book_2.git",
    ],
)
def test_what_people_paste_is_made_right(copy, pasted):
    text = (copy / "_config.yml").read_text("utf-8")
    set_address(copy, pasted)
    assert make(copy, "address").returncode == 0
    assert configured(copy)["repository"]["url"] == ADDRESS
    assert f'SITE = \\"{SITE}\\"'.encode() in contents(copy)[NOTEBOOKS[0]]
    set_address(copy, '""')
    assert (copy / "_config.yml").read_text("utf-8") == text


def test_the_sites_own_address_goes_first(copy):
    set_address(copy, ADDRESS)
    set_address(copy, "https://book.example/deep", key="baseurl")
    assert "The site: https://book.example/deep/." in make(copy, "address").stdout


def test_a_repository_that_is_a_users_site_has_no_folder(copy):
    set_address(copy, "https://github.com/Some-one/some-one.github.io")
    assert "The site: https://some-one.github.io/." in make(copy, "address").stdout


@pytest.mark.parametrize(
    "value",
    [
        "https://gitlab.com/someone/book",
        "https://github.com/someone",
        "'https://github.com/someone/book; rm -rf book'",
        "'https://github.com/some\"one/book'",
        "[https://github.com/someone/book]",
        "7",
    ],
)
def test_another_address_is_refused(copy, value):
    before = contents(copy)
    set_address(copy, value)
    result = make(copy, "address")
    assert result.returncode == 1
    given = repr(yaml.safe_load(value))
    assert result.stderr.endswith(f"such as https://github.com/someone/book, got {given}\n")
    assert contents(copy) == before


def test_a_notebook_without_the_cell_is_named_and_none_is_written(copy):
    path = copy / NOTEBOOKS[-1]
    path.write_bytes(path.read_bytes().replace(b'"id": "setup"', b'"id": "other"'))
    before = contents(copy)
    set_address(copy, ADDRESS)
    result = make(copy, "address")
    assert result.returncode == 1
    assert f"{path}: expected the cells setup-text and setup below the title" in result.stderr
    assert contents(copy) == before


# Running


@pytest.fixture
def small(copy):
    """A book with one page, and one notebook that was run and committed."""
    for path in NOTEBOOKS:
        (copy / path).unlink()
    part = copy / "book" / "part"
    part.mkdir()
    (part / "page.md").write_text("# A *page*\n\nText.\n", "utf-8")
    (copy / "book" / "_toc.yml").write_text(TOC, "utf-8")
    (copy / "book" / "figures.mplstyle").write_text("", "utf-8")
    cells = [
        new_markdown_cell("# An old notebook", id="title"),
        new_markdown_cell("", id="setup-text"),
        new_code_cell("", id="setup"),
        new_code_cell(
            "import sys, time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(.1)",
            id="stream",
        ),
        new_code_cell("# NBVAL_IGNORE_OUTPUT\ntime.perf_counter()", id="time"),
    ]
    path = part / "old.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    result = make(copy, "run")
    assert result.returncode == 0, result.stderr
    return path


def test_what_an_editor_leaves_is_taken_out_again(small):
    committed = small.read_bytes()
    notebook = nbformat.read(small, 4)
    stream = notebook.cells[3]
    assert [output.text for output in stream.outputs] == ["0\n1\n2\n"]
    stream.outputs = [new_output("stream", name="stdout", text=f"{n}\n") for n in range(3)]
    stream.execution_count = 17
    stream.metadata = {"collapsed": True, "execution": {"iopub.execute_input": "2026-01-01"}}
    notebook.metadata["language_info"] = {"name": "python", "version": "3.12.1"}
    notebook.metadata["widgets"] = {}
    small.write_text(nbformat.writes(notebook, indent=2), "utf-8")
    assert small.read_bytes() != committed
    assert make(small.parents[2], "run").returncode == 0
    assert small.read_bytes() == committed


def test_a_second_run_writes_nothing(small):
    before = small.stat().st_mtime_ns
    result = make(small.parents[2], "run", "book/part/old.ipynb")
    assert result.stdout == "0 of 1 notebooks changed.\n"
    assert small.stat().st_mtime_ns == before


def test_a_notebook_that_fails_is_named_and_kept(small):
    notebook = nbformat.read(small, 4)
    notebook.cells[3].source = "print(1)\n1 / 0"
    nbformat.write(notebook, small)
    before = small.read_bytes()
    result = make(small.parents[2], "run")
    assert result.returncode == 1
    assert f"{small}: a cell failed, nothing was written." in result.stderr
    assert "ZeroDivisionError" in result.stderr
    assert small.read_bytes() == before


def test_only_a_notebook_of_the_book_is_run(small):
    result = make(small.parents[2], "run", "book/part/none.ipynb")
    assert result.returncode == 1
    assert "expected notebooks of the book, got" in result.stderr


# A new one


def test_a_new_notebook_is_run_and_listed_below_its_page(small):
    root = small.parents[2]
    result = make(root, "new", "part/page")
    assert result.returncode == 0, result.stderr
    toc = (root / "book" / "_toc.yml").read_text("utf-8")
    assert toc == TOC.replace("part/old\n", "part/old\n    - file: part/page_run\n")
    path = small.with_name("page_run.ipynb")
    cells = nbformat.read(path, 4).cells
    assert cells[0].source.startswith("# A *page*, in numbers\n")
    assert [cell.id for cell in cells[1:3]] == ["setup-text", "setup"]
    assert cells[3].execution_count == 2
    before = path.read_bytes()
    assert make(root, "run").stdout == "0 of 2 notebooks changed.\n"
    again = make(root, "new", "part/page")
    assert again.returncode == 1
    assert "expected a page without a notebook" in again.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("page", ["", "page", "part/none", "../part/page"])
def test_a_notebook_needs_its_page(small, page):
    result = make(small.parents[2], "new", page)
    assert result.returncode == 1
    assert "such as regression/jacobians, got" in result.stderr


def test_a_page_that_is_not_listed_gets_no_notebook(small):
    root = small.parents[2]
    (root / "book" / "_toc.yml").write_text("- file: part/next\n", "utf-8")
    result = make(root, "new", "part/page")
    assert result.returncode == 1
    assert "expected one line `- file: part/page`, got 0" in result.stderr
    assert not small.with_name("page_run.ipynb").exists()
