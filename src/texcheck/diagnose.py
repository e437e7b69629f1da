"""Why a statement is refuted: small changes are tried until one makes it true."""

from __future__ import annotations

from .syntax import Equation
from .verdict import Task, Verdict


def diagnosis(task: Task, equation: Equation, verdict: Verdict) -> str:
    """The change that makes the statement true, in words."""
    return verdict.diagnosis
