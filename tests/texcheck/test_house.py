"""The house that texcheck is built in: what may be trusted is small, and nothing else can prove."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import texcheck

PACKAGE = Path(texcheck.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py"))
MOST_LINES, MOST_IN_A_FILE, MOST_IN_A_FUNCTION, MOST_TRUSTED = 11738, 450, 60, 3415


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def size(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def too_long(what: str, lines: int, bound: str) -> str:
    return (
        f"{what} has {lines} lines, more than {bound} allows: the bound keeps it small enough to "
        "be read and trusted. Make room by writing something shorter. For a row that is worth its "
        f"line, raise {bound} and say so in the commit."
    )


def trusted() -> Iterator[Path]:
    yield from (PACKAGE / part for part in texcheck.TRUSTED)


def test_the_package_and_its_trusted_part_are_small() -> None:
    whole, part = sum(map(size, FILES)), sum(map(size, trusted()))
    assert whole <= MOST_LINES, too_long("src/texcheck", whole, "MOST_LINES")
    assert part < MOST_TRUSTED, too_long("the part of it that proves", part, "MOST_TRUSTED")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_and_its_functions_are_short(path: Path) -> None:
    assert size(path) <= MOST_IN_A_FILE, "move a part that stands alone to a file of its own"
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None
    }
    assert {key: lines for key, lines in long.items() if lines > MOST_IN_A_FUNCTION} == {}, (
        "take a step out as a function of its own"
    )


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_begins_with_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_only_decide_says_that_a_statement_is_proved() -> None:
    building = [
        name(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and "Proved" in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
    ]
    assert set(building) == {"judge/decide.py"}


def test_a_file_beside_the_trusted_ones_says_that_no_proof_depends_on_it() -> None:
    for folder in {path.parent for path in trusted()} - {PACKAGE / "judge"}:
        for path in {*folder.glob("*.py")} - {*trusted(), folder / "__init__.py"}:
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            assert "no proof depends on" in said.lower().replace("\n", " "), name(path)


def test_every_trusted_file_states_its_invariants() -> None:
    words = ("invariant", "law", "lemma", "proved means")
    for path in trusted():
        if path.name != "__init__.py":
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            assert any(word in said.lower() for word in words), name(path)


def test_no_class_is_cut_into_files_by_inheritance() -> None:
    """A class of the package inherits from the standard library, or from one in its own file."""
    classes: dict[str, str] = {}
    bases: list[tuple[str, str]] = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name] = name(path)
                bases += [
                    (name(path), base.id) for base in node.bases if isinstance(base, ast.Name)
                ]
    assert [(at, base) for at, base in bases if classes.get(base, at) != at] == []
