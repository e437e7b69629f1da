"""``python -m texcheck book`` says what holds and what does not, with file and line."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from texcheck.__main__ import main
from texcheck.book.prove import Book, Statement, prove

TRUE = r"\boldsymbol{s}^{(1)} = W^{(1)} \boldsymbol{x} + \boldsymbol{b}^{(1)}"
WRONG = r"\boldsymbol{s}^{(1)} = W^{(1)} \boldsymbol{x} - \boldsymbol{b}^{(1)}"
UNREADABLE = r"\boldsymbol{s}^{(1)} = W^{(1)} \boldsymbol{x} + \smile"
DEFINITION = r"\boldsymbol{z}^{(2)} \rightarrow \boldsymbol{z}^{(1)}"

NONE_WRONG = "0 refuted, 0 undecided, 0 unreadable"


def page(folder: Path, *displays: str, name: str = "page.md") -> Path:
    """A page with one display after the other, labelled eq:0, eq:1, …"""
    blocks = [f"$$\n{tex}\n$$ (eq:{n})\n" for n, tex in enumerate(displays)]
    text = "---\ntexcheck: regression\n---\n\n# Title\n\n" + "\n".join(blocks)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def run(capsys: pytest.CaptureFixture[str], *argv: Path | str) -> tuple[int, list[str]]:
    code = main(["book", *map(str, argv)])
    return code, capsys.readouterr().out.splitlines()


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Statement:
    folder = tmp_path_factory.mktemp("example")
    return prove(page(folder, TRUE)).statements[0]


def test_a_book_of_true_statements_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page(tmp_path, TRUE, TRUE)
    code, lines = run(capsys, tmp_path, "-v")
    assert code == 0
    assert lines[:2] == [
        f"{tmp_path}/page.md:8 eq:0 proved",
        f"{tmp_path}/page.md:12 eq:1 proved",
    ]
    assert lines[-1] == f"2 statements: 2 proved, 0 definitions, {NONE_WRONG}"
    assert run(capsys, tmp_path)[1] == lines[2:]


def test_a_process_with_threads_is_not_forked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("texcheck.book.prove.ProcessPoolExecutor", lambda: pytest.fail("forked"))
    done = threading.Event()
    beside = threading.Thread(target=done.wait)
    beside.start()
    try:
        [statement] = prove(page(tmp_path, TRUE)).statements
    finally:
        done.set()
        beside.join()
    assert statement.status == "proved"


def test_each_equal_sign_of_a_chain_is_a_statement_at_its_own_line(tmp_path: Path) -> None:
    chain = (
        "\\begin{aligned}\n"
        "\\boldsymbol{s}^{(1)} &= W^{(1)} \\boldsymbol{x} + \\boldsymbol{b}^{(1)} \\\\\n"
        "&= \\boldsymbol{b}^{(1)} + W^{(1)} \\boldsymbol{x}\n\\end{aligned}"
    )
    book = prove(page(tmp_path, chain))
    assert [(statement.line, statement.status) for statement in book.statements] == [
        (9, "proved"),
        (10, "proved"),
    ]


@pytest.mark.parametrize(("tex", "status"), [(WRONG, "refuted"), (UNREADABLE, "unreadable")])
def test_a_wrong_equation_fails_with_file_line_and_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tex: str, status: str
) -> None:
    page(tmp_path, TRUE, tex)
    code, lines = run(capsys, tmp_path)
    assert code == 1
    start = next(n for n, line in enumerate(lines) if f"page.md:12 eq:1 {status}: " in line)
    assert lines[start].startswith(f"{tmp_path}/page.md:12 ")
    assert lines[start + 1].startswith("    ")
    assert f"1 {status}" in lines[-1]


def test_a_misprint_is_counted_apart_where_it_is_refuted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = page(tmp_path, WRONG, TRUE, name="errata.md")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("$$", "% texcheck: regression misprint\n$$", 1), encoding="utf-8")
    code, lines = run(capsys, tmp_path)
    assert code == 0
    assert lines[-2:] == [
        "1 misprints refuted as printed",
        f"1 statements: 1 proved, 0 definitions, {NONE_WRONG}",
    ]


def test_a_misprint_that_holds_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = page(tmp_path, TRUE, TRUE, name="errata.md")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("$$", "% texcheck: regression misprint\n$$", 1), encoding="utf-8")
    code, lines = run(capsys, tmp_path)
    assert code == 1
    assert f"{tmp_path}/errata.md:9 eq:0 marked as a misprint, but not refuted: proved" in lines


def test_definitions_are_listed_with_their_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page(tmp_path, *[TRUE] * 19, DEFINITION)
    code, lines = run(capsys, tmp_path, "--verbose")
    assert code == 0
    at = lines.index(f"{tmp_path}/page.md:84 eq:19 definition")
    assert lines[at + 1].startswith("    a change of notation")


def test_more_than_a_twentieth_of_definitions_is_a_failure(example: Statement) -> None:
    definition = replace(example, status="definition")
    assert Book("book", (*[example] * 19, definition)).failures == []
    assert Book("book", (*[example] * 18, definition)).failures == [
        "book: 1 of 19 statements are definitions, expected at most 5%"
    ]


def test_a_book_without_statements_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = run(capsys, tmp_path)
    assert code == 1
    assert f"{tmp_path}: expected statements, found none" in lines


def test_a_page_that_cannot_be_read_is_a_failure_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.md").write_text("# T\n\n$$\na = b\n$$\n", encoding="utf-8")
    assert main(["book", str(tmp_path)]) == 2
    assert f"{tmp_path}/page.md:3: math without a network" in capsys.readouterr().err


def test_a_folder_that_does_not_exist_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["book", str(tmp_path / "none")]) == 2
    assert "expected a folder, a .md page or a .ipynb" in capsys.readouterr().err


def test_json_holds_every_statement_and_reads_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page(tmp_path, TRUE, WRONG, UNREADABLE, DEFINITION)
    file = tmp_path / "proofs.json"
    assert run(capsys, tmp_path, "--json", file)[0] == 1
    text = file.read_text(encoding="utf-8")
    data = json.loads(text)
    assert set(data) == {"book", "totals", "misprints", "failures", "statements"}
    assert data["totals"] == {
        "statements": 4,
        "proved": 1,
        "definitions": 1,
        "refuted": 1,
        "undecided": 0,
        "unreadable": 1,
    }
    assert "the sign of" in " ".join(data["statements"][1]["said"])
    book = prove(tmp_path)
    assert Book.from_json(text) == book
    assert book.to_json() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.md", "proofs.json"]
