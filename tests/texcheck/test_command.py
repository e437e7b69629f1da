"""`python -m texcheck prove`: what it prints and returns."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from texcheck import NETWORKS
from texcheck.__main__ import main

RIGHT = (
    r"\frac{\partial\ell}{\partial W^{(1)}} = "
    r"2 x (\hat y - y)^T W^{(2)} \frac{\partial z^{(1)}}{\partial s^{(1)}}"
)


def test_a_true_formula_is_proved(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", RIGHT, "--network", "regression"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("proved: ")
    assert "chance of error below 10^-6" in printed


def test_a_false_formula_is_refuted_with_example_and_diagnosis(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["prove", RIGHT.replace("2 x", "x"), "--network", "regression"]) == 1
    printed = capsys.readouterr().out
    assert "they differ at row 0, column 0: left " in printed
    assert "shapes: left 4 × 3, right 4 × 3" in printed
    assert "off by the factor 2" in printed


def test_an_unreadable_formula_shows_a_caret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "x = (y", "--network", "deep"]) == 2
    printed = capsys.readouterr().out
    assert "line 1, column 7: expected )" in printed
    assert "  x = (y\n        ^" in printed


def test_the_worst_statement_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", r"x = x, \quad x = y"]) == 1
    assert capsys.readouterr().out.count("proved: ") == 1


@pytest.mark.parametrize("arguments", [["prove"], ["prove", "-"]])
def test_a_formula_of_several_lines_is_read_from_standard_input(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "$$\n\\begin{aligned}\nx &= x \\\\\n&= y\n\\end{aligned}\n$$ (eq:wrong)\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert main(arguments) == 1
    printed = capsys.readouterr().out
    assert printed.count("proved: x = x") == 1
    assert printed.count("refuted: x = y") == 1


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["proof", "x = x"]) == 2
    assert "expected book, prove or mutants, got 'proof'" in capsys.readouterr().err


def test_the_help_of_prove_names_the_networks_and_what_is_returned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as done:
        main(["prove", "--help"])
    assert done.value.code == 0
    printed = capsys.readouterr().out
    assert all(f"\n  {network}" in printed for network in NETWORKS)
    assert "exit status" in printed


def test_without_arguments_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "prove FORMULA" in capsys.readouterr().out
    assert main(["--help"]) == 0


def test_the_core_needs_the_standard_library_alone() -> None:
    code = (
        "import sys; import texcheck, texcheck.diagnose; "
        "print(*sorted({n.partition('.')[0] for n in sys.modules} - sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) <= {"texcheck", "__main__", "_distutils_hack", "sitecustomize"}
