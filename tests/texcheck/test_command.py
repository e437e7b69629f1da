"""`python -m texcheck`: what each command prints and returns, whatever it is given."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import texcheck
from texcheck import NETWORKS
from texcheck.__main__ import decoded, main

RIGHT = (
    r"\frac{\partial\ell}{\partial W^{(1)}} = "
    r"2 x (\hat y - y)^T W^{(2)} \frac{\partial z^{(1)}}{\partial s^{(1)}}"
)


def run(
    *arguments: str, text: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "texcheck", *arguments],
        input=text, capture_output=True, check=False, env=os.environ | environment,
    )  # fmt: skip


def test_a_true_formula_is_proved_for_every_width(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", RIGHT, "--network", "regression"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("proved: ")
    assert "for regression, every width" in printed


@pytest.mark.parametrize(
    ("formula", "least"),
    [
        ("x_0 + x_1 = x_1 + x_0", 3),
        ("x_4 = x_4", 5),
        (r"\sum_{i=3}^{d_x-1} 1 = d_x - 3", 3),
        (r"\sum_{i=1}^{d_x-1} x_i = \sum_i x_i - x_0", 3),
    ],
)
def test_a_proof_says_from_which_width_on(
    formula: str, least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["prove", formula])
    assert f"every width from {least} on" in capsys.readouterr().out


def test_a_false_formula_is_refuted_with_numbers_and_diagnosis(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["prove", RIGHT.replace("2 x", "x"), "--network", "regression"]) == 1
    printed = capsys.readouterr().out
    assert "the left side is " in printed
    assert "on the running network with layers of 2, 3, 4" in printed
    assert "off by the factor 2" in printed


def test_an_unreadable_formula_shows_a_caret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "x = (y", "--network", "deep"]) == 2
    printed = capsys.readouterr().out
    assert "line 1, column 7: expected )" in printed
    assert "  x = (y\n        ^" in printed


def test_read_says_entries_shape_and_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", r"\delta^{(1)} = W^{(2)T} \delta^{(2)} \odot f'(s^{(1)})"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        r"  d_{s^{(1)}} \times 1",
        r"  \delta^{(1)}_i = (\sum_{j=0}^{K - 1} W^{(2)}_{ji} \delta^{(2)}_j) f'(s^{(1)}_i)",
        r"  i = 0, \dots, d_{s^{(1)}} - 1",
    ]


def test_the_worst_statement_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", r"x = x, \quad x = 2 x"]) == 1
    assert capsys.readouterr().out.count("proved: ") == 1


@pytest.mark.parametrize("arguments", [["prove"], ["prove", "-"]])
def test_a_formula_of_several_lines_is_read_from_standard_input(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "$$\n\\begin{aligned}\nx &= x \\\\\n&= 2 x\n\\end{aligned}\n$$ (eq:wrong)\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert main(arguments) == 1
    printed = capsys.readouterr().out
    assert printed.count("proved: x = x") == 1
    assert printed.count("refuted: x = 2 x") == 1


FOREIGN = [
    (
        "z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}\na^{[l]} = g^{[l]}(z^{[l]})\n"
        "J = \\lVert \\hat y - y \\rVert^2\n",
        r"\frac{\partial J}{\partial b^{[l]}} = \left[\frac{\partial J}{\partial z^{[l]}}\right]^T",
        1,
    ),
    (
        "% layers of another course\n"
        "z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}\na^{[l]} = g^{[l]}(z^{[l]})\n",
        r"\frac{\partial z^{[l]}}{\partial a^{[l-1]}} = W^{[l]}",
        0,
    ),
    (
        "s^{(1)} = W^{(1)} x + b^{(1)}\nz^{(1)} = \\tanh(s^{(1)})\n"
        "s^{(2)} = W^{(2)} z^{(1)} + b^{(2)}\nz^{(2)} = \\tanh(s^{(2)})\n"
        "s^{(3)} = W^{(3)} z^{(2)} + b^{(3)}\n\\hat y = s^{(3)}\n"
        "\\ell = \\sum_k |\\hat y_k - y_k|\n",
        r"\frac{\partial \ell}{\partial \hat y_k} = \operatorname{sign}(\hat y_k - y_k)",
        0,
    ),
]


@pytest.mark.parametrize(("lines", "formula", "code"), FOREIGN)
def test_a_file_declares_a_network_in_its_own_notation(
    lines: str, formula: str, code: int, tmp_path: Path
) -> None:
    path = tmp_path / "network.tex"
    path.write_text(lines, encoding="utf-8")
    assert main(["prove", formula, "--network", str(path)]) == code


def test_a_network_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "x = x", "--network", "shallow"]) == 2
    assert "expected a network out of regression" in capsys.readouterr().err


@pytest.mark.parametrize(
    "data",
    ["x = x".encode("utf-8-sig"), "x = x".encode("utf-16"), "x = x".encode("utf-16-le"), b"x = x"],
)
def test_text_from_a_pipe_may_be_encoded_in_several_ways(data: bytes) -> None:
    assert decoded(data) == "x = x"
    done = run("prove", text=data)
    assert done.returncode == 0, done.stderr


def test_what_is_no_text_is_an_error_and_no_traceback() -> None:
    done = run("prove", text=b"x = \xff\xfa")
    assert done.returncode == 2
    assert done.stderr.startswith(b"texcheck: ")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["book", "mutants"])
def test_without_the_reader_of_pages_the_extra_that_brings_it_is_named(command: str) -> None:
    source = str(Path(texcheck.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-S", "-m", "texcheck", command],  # no installed package is found
        capture_output=True, check=False, env=os.environ | {"PYTHONPATH": source},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith(b"texcheck: No module named ")
    assert done.stderr.rstrip().endswith(b"; install handgrad[pages]")
    assert b"Traceback" not in done.stderr


def test_a_console_that_cannot_show_a_letter_shows_another() -> None:
    done = run("prove", "δ = σ", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    shell = f"{shlex.quote(sys.executable)} -m texcheck prove 'x = x' --network any | head -c 1"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, check=False)
    assert done.stdout == b"p"
    assert done.stderr == b""


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["proof", "x = x"])
    assert done.value.code == 2
    assert "'proof'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["prove", "read"])
def test_the_help_names_the_networks_and_what_is_returned(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    printed = capsys.readouterr().out
    assert all(f"\n  {network}" in printed for network in NETWORKS)
    assert "exit status" in printed


def test_the_core_needs_the_standard_library_alone() -> None:
    code = (
        "import sys; import texcheck, texcheck.indexed; "
        "print(*sorted({n.partition('.')[0] for n in sys.modules} - sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) <= {"texcheck", "__main__", "_distutils_hack", "sitecustomize"}
