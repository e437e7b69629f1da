"""Runs one submission's mlp.py on given cases, in a process of its own: no other module of the
checker ever executes a student's code.

`command` starts it apart from the checker, with PyTorch and psutil alone; `server` says how it is
asked, and `session` what it answers. The limits and refusals here are a fence against accidents;
the sandbox is bubblewrap's.
"""

import os
import sys
from pathlib import Path

HERE = Path(os.path.realpath(__file__)).parent
PACKAGES = HERE.parents[2]
OWN = ("handgrad", "mlpcheck", "texcheck")  # what lies there: a solution, and the right results
LOSSES, PARAMETERS = ("mse_loss", "bce_loss"), ("W1", "b1", "W2", "b2")
GRADIENTS = tuple(f"dJd{name}" for name in PARAMETERS)
PATIENCE = 5  # times as long as it may compute a call may wait


def command(mode: str) -> list[str]:
    """The program in isolated Python; each request is carried out by "fork" or by "spawn"."""
    found = f"import sys; sys.path.insert(0, {str(HERE.parent)!r})"
    code = f"{found}; from {HERE.name}.server import main; main()"
    return [sys.executable, "-I", "-c", code, mode]
