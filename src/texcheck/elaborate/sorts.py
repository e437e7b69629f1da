"""The sorts of rows, columns and indices: inferred while a statement is elaborated.

Invariants:

- A shape is two sorts. A number is 1 x 1, a column n x 1; an unknown sort is never 1, so that I and
  the column of ones are no numbers.
- Two sorts are made equal where the notation needs it, and never for another reason: so a
  statement whose shapes fit only where two widths happen to be equal is ill-sorted.
- A letter has one sort in all of its places; what nothing fixes stays unknown, and asking for it is
  no rule, not a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from texcheck import syntax as t
from texcheck.algebra.terms import ONE, NoRule, Sort


class IllSorted(Exception):
    """The statement has no meaning at any width; `node` is the part that does not fit."""

    def __init__(self, message: str, node: t.Node | None = None):
        super().__init__(message)
        self.node = node


class Unfit(Exception):
    """The notation has no such formula; `node` is the part that it lacks."""

    def __init__(self, message: str, node: t.Node):
        super().__init__(message)
        self.node = node


class Unknown:
    """A sort that is not known yet; it is some width, never 1."""

    def __init__(self) -> None:
        self.is_now: Sort | Unknown | None = None


Length: TypeAlias = "Sort | Unknown"


@dataclass
class Letter:
    """An index letter with one meaning: free in the statement, or bound by one sum."""

    name: str
    sort: Length


def resolved(sort: Length) -> Length:
    """The sort itself, as far as it is known."""
    while isinstance(sort, Unknown) and sort.is_now is not None:
        sort = sort.is_now
    return sort


def known(sort: Length, what: str = "a part of the statement") -> Sort:
    """The sort. Raises NoRule where nothing fixes it."""
    found = resolved(sort)
    if isinstance(found, Unknown):
        raise NoRule(f"nothing says how long {what} is")
    return found


def is_one(sort: Length) -> bool:
    """Whether a sort is that of a single row or column."""
    return resolved(sort) == ONE


def unify(one: Length, other: Length, message: str, node: t.Node | None) -> None:
    """Makes two sorts equal. Raises IllSorted with the message where they differ."""
    one, other = resolved(one), resolved(other)
    if one is other or one == other:
        return
    if isinstance(one, Sort) and isinstance(other, Sort):
        raise IllSorted(message, node)
    if isinstance(one, Sort):
        one, other = other, one
    if other == ONE or not isinstance(one, Unknown):
        raise IllSorted(message, node)
    one.is_now = other


def name_of(sort: Length, depth: int, L: int | None = None) -> str:
    r"""A sort as TeX: 1, d_x, d_{s^{(1)}}, K; with an L, d_{s^{(L)}} and its neighbours."""
    found = resolved(sort)
    if isinstance(found, Unknown):
        return "?"
    if found.size:
        return str(found.size)
    if L is not None and abs(found.layer - L) <= 2:
        offset = f"{found.layer - L:+d}" if found.layer != L else ""
        return f"d_{{{'s' if found.layer else 'z'}^{{(L{offset})}}}}"
    if found.layer == depth:
        return "K"
    return f"d_{{s^{{({found.layer})}}}}" if found.layer else "d_x"
