"""Statements in the letters of other courses, with networks that a file declares."""

from __future__ import annotations

import tomllib
from itertools import product
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


def declared(functions: tuple[str, ...], output: str, layered: bool) -> list[str]:
    """The lines of a network, s = W z + b and then z = f(s) for each function."""
    lines = []
    for n, name in enumerate(functions, start=1):
        before = "x" if n == 1 else f"z^{{({n - 1})}}"
        after = output if output and n == len(functions) else f"z^{{({n})}}"
        own = f"^{{({n})}}" if layered and len(name) == 1 else ""
        lines += [
            f"s^{{({n})}} = W^{{({n})}} {before} + b^{{({n})}}",
            f"{after} = {name}{own}(s^{{({n})}})",
        ]
    return [*lines, r"J = \ell"]


@pytest.mark.parametrize("layered", [False, True])
@pytest.mark.parametrize("output", [r"\hat y", ""])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_network_is_declined_or_has_each_function_in_its_own_layer(
    depth: int, output: str, layered: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = tmp_path / "course.tex"
    accepted = 0
    for functions in product(("f", "g", "h", r"\tanh"), repeat=depth):
        lines = declared(functions, output, layered)
        network.write_text("\n".join(lines), encoding="utf-8")
        for line, own in zip(lines[1::2], functions, strict=False):
            for other in dict.fromkeys((own, *functions) if not layered else (own,)):
                left, _, right = line.partition(" = ")
                main(
                    ["prove", f"{left} = {right.replace(own, other, 1)}", "--network", str(network)]
                )
                said = capsys.readouterr().out
                accepted += bool(said)
                assert said.startswith("proved") == (own == other) or not said, (lines, other)
    assert accepted > depth


def test_no_index_bears_the_letter_of_the_layers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = tmp_path / "course.tex"
    lines = r"z^{(i)} = W^{(i)} a^{(i-1)} + b^{(i)}", r"a^{(i)} = f(z^{(i)})", r"J = \ell"
    network.write_text("\n".join(lines), encoding="utf-8")
    main(["read", rf"{lines[0]}, \quad i = 1, \dots, L", "--network", str(network)])
    said = capsys.readouterr().out.splitlines()
    assert (
        r"z^{(i)}_j = \sum_{k=0}^{d_{z^{(i-1)}} - 1} W^{(i)}_{jk} a^{(i-1)}_k + b^{(i)}_j"
        in said[2]
    )
    assert said[4].strip() == r"i = 1, \dots, L"
