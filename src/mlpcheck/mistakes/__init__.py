"""All mistakes that the checker knows, in the order in which they are searched and listed."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from mlpcheck.mistakes import conduct, error, factors, forward, gradients, losses, state
from mlpcheck.mistakes.registry import Mistake
from mlpcheck.truth.cases import ACTIVATIONS
from mlpcheck.truth.passes import RIGHT

CHAPTERS: dict[str, Sequence[Mistake]] = {
    "The file and how it behaves": conduct.ROWS,
    "The forward pass": forward.ROWS,
    "The losses": losses.ROWS,
    "Factors, in the losses and in the gradients": factors.ROWS,
    "The error on its way back": error.ROWS,
    "The gradients": gradients.ROWS,
    "Clearing, and two networks": state.ROWS,
    "Not explained": conduct.UNEXPLAINED,
}
MISTAKES = {row.code: row for rows in CHAPTERS.values() for row in rows}
NUMERIC = {row.code for rows in list(CHAPTERS.values())[1:6] for row in rows}
STATE = {row.code for row in state.ROWS}
# What is wrong in an activation or its derivative itself; at z it may be where that is called.
ALONE = {
    row.code for row in MISTAKES.values()
    if row.predicts and {o.step.removeprefix("slope of ") for o in row.predicts} <= {*ACTIVATIONS}
} - {"sigmoid-at-z"}  # fmt: skip


class Found(NamedTuple):
    """A mistake that was found: its code, and the value that its sentence needs."""

    code: str
    value: str = ""


Explained = tuple[Found, ...]


@cache
def at(step: str) -> tuple[tuple[Any, Explained], ...]:
    """What may be computed at a step, and the mistakes behind it; the right thing comes first."""
    wrong = ((o.run, (Found(row.code, o.value), *map(Found, o.also)))
             for row in MISTAKES.values() for o in row.predicts if o.step == step)  # fmt: skip
    return ((RIGHT[step], ()), *wrong)
