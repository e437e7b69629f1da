"""Statements in the letters of other courses, with networks that a file declares."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from texcheck.__main__ import main

COURSES = tomllib.loads(Path(__file__).with_name("courses.toml").read_text("utf-8"))["courses"]


@pytest.mark.parametrize(
    ("lines", "tex", "verdict"),
    [
        (course["lines"], tex, verdict)
        for course in COURSES
        for verdict in ("proved", "refuted", "undecided", "unreadable")
        for tex in course.get(verdict, ())
    ],
)
def test_a_statement_in_the_letters_of_a_course(
    lines: list[str], tex: str, verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = tmp_path / "course.tex"
    network.write_text("\n".join(lines), encoding="utf-8")
    main(["prove", tex, "--network", str(network)])
    assert capsys.readouterr().out.startswith(f"{verdict}: ")
