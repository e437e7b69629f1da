"""What an edit is, and where in a formula one can be made.

An edit changes the tree in one place and says, in words, what the original has wrong if the changed
statement is the right one. Nothing here is trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, NamedTuple, TypeAlias

from .. import syntax as t
from .. import writing
from ..reading import BOOK, Names, readable

FROM_0 = "indices start at 0, so the last is d - 1"

FIRST, SECOND = t.Layer("", 1), t.Layer("", 2)


class Change(NamedTuple):
    """A formula that is to become `new`: the `part` in question, or where given, `old`.

    What `says` has wrong if the changed one is right; {part} and {new} stand there for the two.
    """

    says: str
    part: t.Node
    new: t.Node
    old: t.Node | None = None

    def within(self, whole: t.Expr) -> Any:
        return t.replaced(whole, [(self.old or self.part, self.new)])

    def words(self, scope: Scope) -> str:
        """What it says, with the formulas in TeX."""
        said = self.says
        if "{part}" in said:
            said = said.replace("{part}", scope.show(self.part))
        return said.replace("{new}", name(self.new)) if "{new}" in said else said


class Edit(NamedTuple):
    """A statement, changed on one side ("": in another place); `kind` is the edit's name."""

    kind: str
    change: Change
    side: str
    statement: t.Statement


@dataclass(frozen=True)
class Scope:
    """The statement around a formula, the TeX it stands in, and what its letters stand for."""

    statement: t.Statement
    tex: str = ""
    names: Names = BOOK

    def show(self, node: t.Node) -> str:
        """A part between dollar signs: its own TeX where that is whole, else as it reads."""
        own = " ".join(self.tex[node.start : node.end].split())
        whole = own and readable(own, self.names) == node
        return f"${own if whole else writing.tex(node)}$"

    @cached_property
    def letters(self) -> list[str]:
        return sorted({part.letter for part in every(self.statement, t.Index)})

    @cached_property
    def layers(self) -> list[t.Layer]:
        """The layers of the statement's quantities; 1 and 2 too, unless it speaks of any L."""
        named = {part.layer for part in every(self.statement, t.Name) if part.layer is not None}
        own = sorted(named, key=str)
        return list(dict.fromkeys([*own, *(() if self.general else (FIRST, SECOND))]))

    @cached_property
    def general(self) -> bool:
        """Whether the statement is about any layer L or the last one: it numbers none."""
        layered = every(self.statement, t.Name, t.Function, t.LayerCount)
        return any(one.layer is not None and one.layer.base for one in layered)


Changes: TypeAlias = Iterator[Change]


def every(whole: t.Node, *kinds: type[t.Node]) -> Iterator[Any]:
    """The parts of these kinds, each before its own parts."""
    return (part for part in t.walk(whole) if isinstance(part, kinds))


def name(node: t.Node) -> str:
    """A formula that is not written in the text, between dollar signs."""
    return f"${writing.tex(node)}$"


def bodies(whole: t.Expr) -> Iterator[t.Expr]:
    """The parts that may be replaced by any formula: not what stands in d_x, I_x or under d/d."""
    return t.walk(whole, _replaceable)


def _replaceable(node: t.Node) -> tuple[t.Node, ...]:
    match node:
        case t.Name() | t.Length() | t.Identity() | t.ReluDiagonal() | t.Kronecker() | t.Unit():
            return ()
        case t.Derivative(of) | t.Gradient(of) | t.Restricted(of):
            return () if isinstance(of, t.Name) else (of,)
        case t.Apply(_, arguments):
            return arguments
        case t.Sum(body=of) | t.Component(of):
            return (of,)
    return node.parts


def tensors(whole: t.Expr) -> Iterator[t.Expr]:
    """The parts that may be a vector or a matrix and bear no transpose."""
    bare = {id(part.of) for part in every(whole, t.Transpose)}
    for part in bodies(whole):
        named = isinstance(part, t.Name) and not part.indices and part.base != "ell"
        formula = isinstance(
            part, t.Derivative | t.Add | t.Product | t.Apply | t.Elementwise | t.Times | t.Quotient
        )
        if (named or formula) and id(part) not in bare:
            yield part


def factors_of(node: t.Expr) -> tuple[t.Expr, ...]:
    """The factors of a product, whatever sign stands between them."""
    match node:
        case t.Product(factors):
            return factors
        case t.Times(left, right) | t.Elementwise(left, right):
            return (*(factors_of(left) if type(left) is type(node) else (left,)), right)
    return ()


def times(node: t.Expr, factors: tuple[t.Expr, ...]) -> t.Expr:
    """Factors, one or more, multiplied as those of `node` are."""
    if isinstance(node, t.Product) and len(factors) > 1:
        return t.Product(factors, start=node.start, end=node.end)
    if isinstance(node, t.Times):
        return reduce(lambda one, other: t.Times(one, other, node.sign), factors)
    return reduce(t.Elementwise, factors)


def opposite(term: t.Expr) -> t.Expr:
    """A term with its other sign."""
    return term.of if isinstance(term, t.Negative) else t.Negative(term)
