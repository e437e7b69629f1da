"""Work is counted, so that every text has an end, and the same one everywhere.

No proof depends on this file: all it can do is to raise `NoRule`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# The factors that may be handled: to prove one statement (4,000 in the book, 62,000 for the second
# derivatives of the cross-entropy), to refute it, and for all of a text. A million take some 4 s.
PROOF, WITNESS, TEXT = 80_000, 60_000, 160_000

_work: ContextVar[list[int]] = ContextVar("work")


class NoRule(Exception):
    """There is no rule for this: the statement is undecided."""


@contextmanager
def at_most(steps: int) -> Iterator[None]:
    """Ends the block with NoRule after so many steps, or after those of the block around it."""
    around = _work.get(None)
    left = [steps if around is None else min(steps, around[0])]
    given = left[0]
    token = _work.set(left)
    try:
        yield
    finally:
        _work.reset(token)
        if around is not None:
            around[0] -= given - left[0]


def spend(steps: int) -> None:
    """Counts steps. Raises NoRule where none are left: the same text ends at the same step."""
    if (left := _work.get(None)) is not None:
        left[0] -= steps
        if left[0] < 0:
            raise NoRule("the statement takes too many steps")
