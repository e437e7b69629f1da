"""Infers how far each index of a statement runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product as every

from .latex import SYMBOLS
from .places import Setting, shown
from .syntax import (
    Add,
    Component,
    Expr,
    Identity,
    Index,
    Kronecker,
    LayerCount,
    Length,
    Name,
    Negative,
    Number,
    Power,
    Sum,
    is_constant,
    walk,
)
from .values import ClaimError


@dataclass
class _Scope:
    """One index letter of one sum, or a free one, and what is known of its range."""

    letter: str
    length: int | None = None
    where: Expr | None = None
    used: bool = False
    links: list[_Scope] = field(default_factory=list)


@dataclass
class Ranges:
    """How far every index of a statement runs."""

    free: dict[str, int]
    sums: dict[tuple[int, str], int]

    def environments(self) -> Iterator[dict[str, int]]:
        """All values of the free indices."""
        letters = sorted(self.free)
        for values in every(*(range(self.free[letter]) for letter in letters)):
            yield dict(zip(letters, values, strict=True))


def ranges(sides: tuple[Expr, ...], setting: Setting) -> Ranges:
    """Infers the range of each index from the places it stands at, over all sides together.

    Errors: `ClaimError` when an index runs over two lengths, is free on one side only, or is
    summed and never used.
    """
    free: dict[str, _Scope] = {}
    sums: dict[tuple[int, str], _Scope] = {}
    all_scopes: list[_Scope] = []
    mentioned: list[set[str]] = []
    counts: list[Expr] = []  # the index, bound or shape that is visited
    bare: set[str] = set()  # the letters that stand as numbers, not as indices

    def know(scope: _Scope, length: int, node: Expr) -> None:
        if scope.length is None:
            scope.length, scope.where = length, node
        elif scope.length != length:
            raise ClaimError(
                "index lengths",
                f"index {scope.letter} runs over {length} values here, "
                f"but over {scope.length} at another place",
                node,
            )

    def visit(node: Expr, scopes: dict[str, _Scope]) -> None:
        if isinstance(node, Sum):
            inner = dict(scopes)
            if node.low is not None and node.high is not None:
                visit_count(node.low, scopes)
                visit_count(node.high, scopes)
            for letter in node.letters:
                scope = _Scope(letter)
                all_scopes.append(scope)
                inner[letter] = sums[id(node), letter] = scope
            visit(node.body, inner)
            for letter in node.letters:
                if not inner[letter].used:
                    raise ClaimError(
                        "unused index",
                        f"the sum runs over {letter}, but nothing in it depends on {letter}: "
                        "it only multiplies by the number of terms",
                        node,
                    )
            return
        if isinstance(node, Power) and _names_layer(node.exponent):
            raise ClaimError(
                "power",
                "a superscript $L$ without parentheses reads as a power: "
                "a layer stands in parentheses, $^{(L)}$",
                node,
            )
        if isinstance(node, Index):
            lookup(node.letter, scopes).used = True
            if not counts:
                bare.add(node.letter)
        if isinstance(node, Kronecker):
            ends = [
                lookup(end.letter, scopes)
                for end in (node.first, node.second)
                if isinstance(end, Index)
            ]
            if len(ends) == 2:
                ends[0].links.append(ends[1])
                ends[1].links.append(ends[0])
        if isinstance(node, Name) and node.indices:
            rows, columns = setting.shape(node)
            lengths = (rows, columns) if node.base == "W" else (rows,)
            if node.base == "ell" or len(node.indices) != len(lengths):
                raise ClaimError(
                    "index count",
                    f"{shown(node.base)} has {0 if node.base == 'ell' else len(lengths)} "
                    f"indices, {len(node.indices)} are written",
                    node,
                )
            for index, length in zip(node.indices, lengths, strict=True):
                if isinstance(index, Index):
                    know(lookup(index.letter, scopes), length, node)
            for index in node.indices:
                visit_count(index, scopes)
            return
        if isinstance(node, Component):
            visit(node.of, scopes)
            for index in node.indices:
                visit_count(index, scopes)
            return
        if isinstance(node, Identity | Kronecker):
            for child in node.parts:
                visit_count(child, scopes)
            return
        for child in node.parts:
            visit(child, scopes)

    def visit_count(node: Expr, scopes: dict[str, _Scope]) -> None:
        """An index, a bound or a shape: the widths of the networks are chosen for linear ones."""
        for part in walk(node):
            if not isinstance(part, Length | Index | Number | LayerCount | Add | Negative | Name):
                raise ClaimError(
                    "index range", "expected an index, a number or a length, plus or minus", part
                )
        counts.append(node)
        visit(node, scopes)
        counts.pop()

    def lookup(letter: str, scopes: dict[str, _Scope]) -> _Scope:
        if letter in scopes:
            return scopes[letter]
        mentioned[-1].add(letter)
        if letter not in free:
            free[letter] = _Scope(letter)
            all_scopes.append(free[letter])
        return free[letter]

    for side in sides:
        mentioned.append(set())
        visit(side, {})
    _same_free(sides, mentioned, bare)
    pending = True
    while pending:
        pending = False
        for scope in all_scopes:
            for other in scope.links:
                if scope.length is None and other.length is not None:
                    scope.length, pending = other.length, True
                elif None not in (scope.length, other.length) and scope.length != other.length:
                    raise ClaimError(
                        "index lengths",
                        f"$\\delta$ compares {scope.letter}, which has {scope.length} values, "
                        f"with {other.letter}, which has {other.length}",
                        sides[0],
                    )
    bounded = {
        key
        for side in sides
        for node in walk(side)
        if isinstance(node, Sum) and node.low is not None
        for key in ((id(node), letter) for letter in node.letters)
    }
    for key, scope in sums.items():
        if scope.length is None and key not in bounded:
            raise ClaimError(
                "index range", f"nothing says how far index {scope.letter} runs", sides[-1]
            )
    for letter, scope in free.items():
        if scope.length is None:
            raise ClaimError("index range", f"nothing says how far index {letter} runs", sides[-1])
    return Ranges(
        {letter: scope.length or 0 for letter, scope in free.items()},
        {key: scope.length or 0 for key, scope in sums.items()},
    )


def _names_layer(exponent: Expr) -> bool:
    return any(isinstance(part, LayerCount) for part in walk(exponent))


def _same_free(sides: tuple[Expr, ...], mentioned: list[set[str]], bare: set[str]) -> None:
    for number in range(1, len(sides)):
        left, right = mentioned[number - 1], mentioned[number]
        for letter in sorted(left ^ right):
            side, other = ("left", "right") if letter in left else ("right", "left")
            if is_constant(sides[number if side == "left" else number - 1]):
                continue
            if letter in bare:
                raise ClaimError(
                    "unknown name",
                    f"{letter} is read as an index, and stands on the {side} alone: {SYMBOLS}",
                    sides[number - 1 if side == "left" else number],
                )
            raise ClaimError(
                "free index",
                f"index {letter} is free on the {side}, but does not occur on the {other}",
                sides[number - 1 if side == "left" else number],
            )
