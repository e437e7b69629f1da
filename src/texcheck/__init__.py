"""Reads the displayed equations of the book and proves them: `check`, and its verdicts."""

from .check import NETWORKS, Claim, check
from .verdict import Definition, Proved, Refuted, Undecided, Unreadable, Verdict, Witness

# What must be right for "proved" to mean proved, beside the reading of the TeX.
TRUSTED = (
    "algebra/terms.py", "algebra/functions.py", "algebra/normal.py", "algebra/demands.py",
    "networks/network.py", "networks/derivative.py", "networks/representatives.py",
    "elaborate/matrix.py", "elaborate/scope.py", "elaborate/dots.py", "elaborate/operations.py",
    "elaborate/calculus.py", "elaborate/formula.py", "elaborate/definitions.py",
    "elaborate/statement.py", "judge/decide.py",
)  # fmt: skip

__all__ = [
    "NETWORKS", "TRUSTED", "Claim", "Definition", "Proved", "Refuted", "Undecided", "Unreadable",
    "Verdict", "Witness", "check",
]  # fmt: skip
