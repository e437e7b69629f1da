r"""A statement in index notation: how it was read, with every sum, range and shape written out.

Shapes come from the elaboration itself, so what is said here is what was decided. Each formula is
rewritten as the formula of its entry (i, j), a tree of numbers, and then written as TeX.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial

from . import syntax as t
from .algebra.budget import PROOF, NoRule, at_most
from .check import Claim
from .elaborate.definitions import network_named
from .elaborate.dots import without_letters
from .elaborate.matrix import Misfit
from .elaborate.statement import assumed, claimed
from .elaborate.words import name_of
from .judge.structure import flat
from .networks.network import Network
from .networks.representatives import cases
from .reading import BOOK, Names
from .writing import lettering, relation, symbol

# Letters for rows, columns and sums, in this order.
_LETTERS = "ijklmnpqrtuv"
_ENTRYWISE = ("max", "min", "sigma", "ReLU", "tanh", "I", "f", "g", "sign", "log", "exp", "sqrt")


def indexed(claim: Claim, network: str | Network, names: Names = BOOK) -> tuple[str, ...]:
    """How a claim was read, as TeX: shape, entries, how far each letter runs, and conditions.

    Empty for a claim without entries (a shape, a range, a name, a list) or with too many.
    """
    statement = claim.statement
    if not isinstance(statement, t.Equation | t.Comparison | t.Update):
        return ()
    if isinstance(statement.left, t.Listing):
        return ()
    try:
        with at_most(PROOF), lettering(names.letters):
            return tuple(_Writer(statement, shapes(statement, network)).lines())
    except (Misfit, NoRule):
        return ()  # no shapes fit, or there are too many: the verdict says so


@dataclass(frozen=True)
class Reading:
    """How a statement was read: rows and columns of each node, in TeX, by its identity, and how
    far each index letter runs, by the identity of its node. What nothing fixes is "?"."""

    shapes: dict[int, tuple[str, str]]
    letters: dict[int, str]


def shapes(statement: t.Statement, network: Network | str) -> Reading:
    """The shapes of a statement's formulas, from its elaboration in the last, the widest, case."""
    kind = network_named(network) if isinstance(network, str) else network
    case = replace(list(cases(statement, kind))[-1], loss=kind.losses[-1])
    case = assumed(case, statement) or case
    scope = claimed(statement, case).scope
    named = partial(name_of, case=case)
    sizes = {key: (named(rows), named(columns)) for key, (rows, columns) in scope.shapes.items()}
    return Reading(sizes, {key: named(sort) for key, sort in scope.sorts.items()})


@dataclass
class _Writer:
    """One statement while it is rewritten."""

    statement: t.Equation | t.Comparison | t.Update
    reading: Reading
    letters: dict[str, str] = field(default_factory=dict)  # how far a letter of our own runs

    def lines(self) -> Iterator[str]:
        """Shape, entries and ranges."""
        left, right = self.statement.left, self.statement.right
        shapes = map(self.shape, (left, right))  # 0 is a number, and is written for a matrix too
        rows, columns = max(shapes, key=lambda one: (one != ("?", "?"), one != ("1", "1")))
        i, j = self.index(rows), self.index(columns)
        outer = dict(self.letters)
        sides = [self.entry(side, i, j) for side in (left, right)]
        step = isinstance(self.statement, t.Update)
        sign = r"\leftarrow" if step else getattr(self.statement, "relation", "=")
        yield rf"{rows} \times {columns}"
        yield relation(t.Indicator(sign, *sides))
        free = {x: width for x, width in self.runs(self.statement).items() if x not in self.bound}
        for letter, width in {**free, **outer}.items():
            yield rf"{letter} = 0, \dots, {width} - 1"
        yield from map(relation, self.statement.conditions)

    def shape(self, node: t.Expr) -> tuple[str, str]:
        """Rows and columns as TeX; ? where nothing says."""
        return self.reading.shapes.get(id(node), ("?", "?"))

    def is_number(self, node: t.Expr) -> bool:
        return self.shape(node) == ("1", "1")

    @cached_property
    def bound(self) -> set[str]:
        """The letters of the statement's sums."""
        return {x for one in t.walk(self.statement) if isinstance(one, t.Sum) for x in one.letters}

    def runs(self, node: t.Node) -> dict[str, str]:
        """How far the letters in a formula run, as they stand there first."""
        found: dict[str, str] = {}
        for part in t.walk(node):
            if isinstance(part, t.Index) and id(part) in self.reading.letters:
                found.setdefault(part.letter, self.reading.letters[id(part)])
        return found

    def index(self, width: str) -> t.Expr:
        """A letter that the statement does not have; 0 for a single row or column."""
        if width == "1":
            return t.ZERO
        named = {part.letter for part in t.walk(self.statement) if isinstance(part, t.Index)}
        taken = named | self.bound | self.letters.keys() | {symbol("L")}
        free = (one for one in _LETTERS if one not in taken)
        letter = next(free, f"i_{{{len(self.letters)}}}")
        self.letters[letter] = width
        return t.Index(letter)

    def summed(self, body: t.Expr, *over: tuple[str, t.Expr]) -> t.Expr:
        """The sum over indices of these widths; what is the only one of its width is no letter."""
        for width, index in reversed(over):
            if isinstance(index, t.Index):
                body = t.Sum((index.letter,), t.ZERO, t.Local(f"{width} - 1", t.ZERO), body)
        return body

    # -- the entry (i, j) of a formula

    def entry(self, node: t.Expr, i: t.Expr, j: t.Expr) -> t.Expr:  # noqa: C901 - a match over nodes
        """The entry (i, j) of a formula, as a formula of numbers."""
        match node:
            case t.Name():
                inside = self.filled(node, i, j) if node.indices else self.places(node, i, j)
                return replace(node, indices=inside)
            case t.Local(of=of):
                return self.entry(of, i, j)
            case t.Constant(value):
                return t.Number(Fraction(value))
            case t.Unit(index):
                return t.Kronecker(i, index)
            case t.Identity():
                return t.Kronecker(i, j)
            case t.ReluDiagonal(of):
                positive = t.Indicator(">", self.entry(of, i, t.ZERO), t.ZERO)
                return t.Product(flat(t.Kronecker(i, j), positive))
            case t.Transpose(of):
                return self.entry(of, j, i)
            case t.Product(factors):
                return self.product(factors, i, j)
            case t.Times():
                return self.times(node, i, j)
            case t.Power():
                return self.power(node, i, j)
            case t.Sum():
                return self.sum(node, i, j)
            case t.Derivative(of, by):
                return self.derivative(of, by, i, j)
            case t.Gradient(of, by):
                return self.derivative(of, by, j, i)
            case t.Apply():
                return self.apply(node, i, j)
            case t.Component():
                return self.component(node, i, j)
            case t.Norm(of, "1"):
                return self.total(of, t.Absolute)
            case t.Norm(of):
                return t.Apply(t.Function("sqrt"), (self.squares(of),))
            case t.Add(terms) if any(isinstance(term, t.Dots) for term in terms):
                return self.picked(node, i, j)
            case t.Elementwise(t.Indicator() | t.Elementwise(), t.Indicator()):
                return self.parts(node, i, j)  # conditions joined by "and"
            case t.Elementwise(left, right):
                return t.Product(flat(self.entry(left, i, j), self.entry(right, i, j)))
            case t.Add() | t.Negative() | t.Quotient() | t.Indicator() | t.Cases() | t.Absolute():
                return self.parts(node, i, j)
        return self.picked(node, i, j)

    def picked(self, node: t.Expr, i: t.Expr, j: t.Expr) -> t.Expr:
        """The entry of a formula that is written as it is: one index for a column or a row."""
        at = () if isinstance(node, t.Index | t.Number) else self.places(node, i, j)
        return t.Component(without_letters(node), at) if at else node

    def places(self, node: t.Expr, i: t.Expr, j: t.Expr) -> tuple[t.Expr, ...]:
        """Row and column of an entry, but for the only row or column that there is."""
        return tuple(at for at, width in zip((i, j), self.shape(node), strict=True) if width != "1")

    def filled(self, node: t.Name | t.Component, i: t.Expr, j: t.Expr) -> tuple[t.Expr, ...]:
        """The indices of a formula, with its row and its column in place of each colon."""
        places = iter(self.places(node, i, j))
        return tuple(next(places, t.ZERO) if x == t.Whole() else x for x in node.indices)

    def parts(self, node: t.Expr, i: t.Expr, j: t.Expr) -> t.Expr:
        """The same formula of the entries of its parts."""
        entries = t.rebuilt(node, lambda part: self.entry(part, i, j))
        if isinstance(node, t.Cases) and isinstance(entries, t.Cases):
            return replace(entries, conditions=node.conditions)  # several at once stay so
        return replace(entries, elementwise=False) if isinstance(entries, t.Quotient) else entries

    def product(self, factors: tuple[t.Expr, ...], i: t.Expr, j: t.Expr) -> t.Expr:
        """Numbers as they are, matrices joined by sums over their inner indices."""
        matrices = deque(factor for factor in factors if not self.is_number(factor))
        found, sums, row = [], [], i
        for factor in factors:
            if self.is_number(factor):
                found.append(self.entry(factor, t.ZERO, t.ZERO))
                continue
            matrices.popleft()
            width = self.shape(factor)[1]
            column = self.index(width) if matrices else j
            found.append(self.entry(factor, row, column))
            sums += [(width, column)] if matrices else []
            # A row times a column is a number, and what follows it has its own rows.
            number = matrices and width == "1" and self.shape(matrices[0])[0] != "1"
            row = i if number else column
        return self.summed(t.Product(flat(*found)) if len(found) > 1 else found[0], *sums)

    def times(self, node: t.Times, i: t.Expr, j: t.Expr) -> t.Expr:
        left, right = node.left, node.right
        if all(self.shape(one)[1] == "1" != self.shape(one)[0] for one in (left, right)):
            width = self.shape(left)[0]  # the inner product of two columns
            k = self.index(width)
            body = t.Product(flat(self.entry(left, k, t.ZERO), self.entry(right, k, t.ZERO)))
            return self.summed(body, (width, k))
        return self.product((left, right), i, j)

    def power(self, node: t.Power, i: t.Expr, j: t.Expr) -> t.Expr:
        if isinstance(node.of, t.Norm) and node.of.subscript != "1" and node.exponent == t.TWO:
            return self.squares(node.of.of)
        if self.is_number(node) or node.elementwise:
            return t.Power(self.entry(node.of, i, j), self.entry(node.exponent, t.ZERO, t.ZERO))
        return self.picked(node, i, j)

    def squares(self, of: t.Expr) -> t.Expr:
        """The sum of the squares of all entries."""
        return self.total(of, lambda entry: t.Power(entry, t.TWO))

    def total(self, of: t.Expr, made: Callable[[t.Expr], t.Expr]) -> t.Expr:
        """The sum of what is made of all entries."""
        rows, columns = self.shape(of)
        i, j = self.index(rows), self.index(columns)
        return self.summed(made(self.entry(of, i, j)), (rows, i), (columns, j))

    def sum(self, node: t.Sum, i: t.Expr, j: t.Expr) -> t.Expr:
        body = self.entry(node.body, i, j)
        if node.low is not None or node.conditions:
            return replace(node, body=body)
        runs = self.runs(node.body)
        return self.summed(body, *((runs.get(x, "?"), t.Index(x)) for x in node.letters))

    def derivative(self, of: t.Expr, by: t.Name, i: t.Expr, j: t.Expr) -> t.Expr:
        """Numerator layout: the column counts the entries of what is differentiated by."""
        letter = by.base in ("s", "z") and by.layer is None and not by.indices
        if letter or by.base == "ell" or by.indices:
            return t.Derivative(self.entry(of, i, j), by)
        if by.base == "W":
            return t.Derivative(self.entry(of, t.ZERO, t.ZERO), replace(by, indices=(j, i)))
        return t.Derivative(self.entry(of, i, t.ZERO), replace(by, indices=(j,)))

    def apply(self, node: t.Apply, i: t.Expr, j: t.Expr) -> t.Expr:
        name, arguments = node.function.name, node.arguments
        if name == "diag" and len(arguments) == 1:
            rows, columns = self.shape(arguments[0])
            if "1" not in (rows, columns):
                return self.entry(arguments[0], i, i)
            places = (i, t.ZERO) if columns == "1" else (t.ZERO, i)
            return t.Product(flat(t.Kronecker(i, j), self.entry(arguments[0], *places)))
        if name == "tr":
            width = self.shape(arguments[0])[0]
            k = self.index(width)
            return self.summed(self.entry(arguments[0], k, k), (width, k))
        if name in _ENTRYWISE:
            return replace(node, arguments=tuple(self.entry(one, i, j) for one in arguments))
        return self.picked(node, i, j)

    def component(self, node: t.Component, i: t.Expr, j: t.Expr) -> t.Expr:
        of, found = node.of, self.filled(node, i, j)
        if len(found) == 1:  # of a column or a row
            found = (*found, t.ZERO) if self.shape(of)[1] == "1" else (t.ZERO, *found)
        return self.entry(of, *found)
