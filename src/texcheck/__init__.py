"""Reads the displayed equations of the book and proves them: `check`, and its verdicts."""

from .check import NETWORKS, Claim, check
from .verdict import Definition, Proved, Refuted, Undecided, Unreadable, Verdict, Witness

# What must be right for "proved" to mean proved, beside the reading of the TeX.
TRUSTED = ("algebra", "networks", "elaborate", "judge/decide.py")

__all__ = [
    "NETWORKS",
    "TRUSTED",
    "Claim",
    "Definition",
    "Proved",
    "Refuted",
    "Undecided",
    "Unreadable",
    "Verdict",
    "Witness",
    "check",
]
