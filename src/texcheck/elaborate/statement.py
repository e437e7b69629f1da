"""What a statement claims in a case: two matrices, their entries, and the condition's weight.

Invariants:

- A condition on indices or values is a weight, 1 where it holds, else 0; a claim holds if the
  weighted difference is 0. It must be about what stands in the statement, and hold somewhere.
- A range of an index names values that it has; what it leaves out is left out of the claim.
- A sort that nothing fixes is any length: it gets a sort of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product as all_of
from typing import TypeAlias

from texcheck import syntax as t
from texcheck.algebra.functions import Demand, is_any
from texcheck.algebra.normal import normal
from texcheck.algebra.terms import LEAST, Index, NoRule, Sort, Term, delta, number, numbered
from texcheck.networks.network import Case, Network
from texcheck.networks.representatives import cases, least_layer, named_layers

from .calculus import activation
from .definitions import loss_trees, network_named
from .formula import elaborate
from .matrix import Matrix
from .scope import Scope, counted
from .sorts import IllSorted, Length, Letter, Unknown, known, name_of, resolved, unify

Side: TypeAlias = tuple[Term, list[Demand]]


@dataclass(frozen=True)
class Pair:
    """Two sides that are claimed to be equal, entry by entry, where a condition is 1."""

    scope: Scope
    left: Matrix
    right: Matrix
    weight: Callable[[], Term]


def parts(statement: t.Statement) -> list[t.Statement]:
    """The statements that an equation of listings consists of."""
    if isinstance(statement, t.Equation):
        left, right = statement.left, statement.right
        if isinstance(left, t.Listing) and isinstance(right, t.Listing):
            if len(left.items) != len(right.items):
                raise IllSorted("two lists of different lengths", statement)
            pairs = zip(left.items, right.items, strict=True)
            return [replace(statement, left=one, right=other) for one, other in pairs]
    return [statement]


def new_scope(statement: t.Statement, case: Case) -> Scope:
    """The scope of a statement in a case."""
    applied, bare, linear = set(), False, False
    for part in t.walk(statement):
        match part:
            case t.Apply(function) | t.Assume(function):
                applied.add(id(function))
                linear = linear or function.name == "Linear"
                if isinstance(part, t.Assume):
                    applied.add(id(part.value))
            case t.Function() if id(part) not in applied:
                bare = True
            case _:
                pass
    from_0 = case.L is not None and not least_layer(named_layers(statement))
    layer_name = "L from 0" if from_0 else "L"
    return Scope(case, loss_trees(), bare, has_linear=linear, layer_name=layer_name)


def assumed(case: Case, statement: t.Statement) -> Case | None:
    """The case with the activations that the conditions name; None if it has others."""
    for condition in statement.conditions:
        if not isinstance(condition, t.Assume):
            continue
        name = activation(new_scope(statement, case), condition.function)
        wanted = activation(new_scope(statement, case), condition.value)
        if name == wanted:
            continue
        if not is_any(name) or is_any(wanted):
            return None
        layer = int(name[1:])
        names = [*case.activations, *[""] * (case.depth - len(case.activations))]
        names[layer - 1] = wanted
        case = replace(case, activations=tuple(names))
    return case


def weight(scope: Scope, statement: t.Statement) -> Callable[[], Term]:
    """1 where the conditions on indices and values hold, else 0."""
    letters = set(scope.letters)
    found: list[Callable[[], Term]] = []
    for condition in statement.conditions:
        match condition:
            case t.Indicator():
                value = elaborate(scope, condition)
                if not value.is_number:
                    raise NoRule("a condition on a vector")
                found.append(value_of(value))
            case t.Range(letter=letter) if letter != "L":
                found.append(range_weight(scope, condition))
            case _:
                pass
    strangers = sorted(set(scope.letters) - letters)
    if strangers:
        raise IllSorted(
            f"a condition on {strangers[0]}, which does not stand in the statement", statement
        )

    def product_of() -> Term:
        result = number(1)
        for one in found:
            result = result * one()
        if not normal(result, scope.case.eliminate):
            raise IllSorted("the condition never holds", statement)
        return result

    return product_of


def value_of(value: Matrix) -> Callable[[], Term]:
    return lambda: value.value


def range_weight(scope: Scope, condition: t.Range) -> Callable[[], Term]:
    """1 where an index lies in a range, else 0. Raises IllSorted if it has no such values."""
    letter = scope.letter(condition.letter)
    missing = out_of_range(scope, condition, letter)

    def value() -> Term:
        result, index = number(1), scope.index_of(letter)
        for at in missing:
            result = result * (number(1) - delta(index, numbered(at, index.sort)))
        return result

    return value


def out_of_range(scope: Scope, condition: t.Range, letter: Letter) -> list[int]:
    """The places of an index that a range leaves out."""
    (none, low), (base, high) = counted(condition.first), counted(condition.last)
    if none is not None:  # the range runs downwards
        none, low, base, high = base, high, none, low
    if none is not None or base is None:
        raise NoRule("a range that is not one from a number to a length")
    unify(
        scope.sort_of_length(base),
        letter.sort,
        "the range of an index of another length",
        condition,
    )
    if low < 0 or high >= 0:
        raise IllSorted("a range over values that the index does not have", condition)
    missing = [*range(low), *range(high + 1, 0)]
    if len(missing) > LEAST:
        raise NoRule("a range that leaves out more values than every width has")
    scope.places += missing
    return missing


def claimed(statement: t.Statement, case: Case) -> Pair:
    """The two sides of an equation, or of what is claimed like one."""
    scope = new_scope(statement, case)
    match statement:
        case t.Equation(left, right):
            sides = left, right
        case t.Comparison(relation, left, right):
            if relation == "neq":
                raise NoRule("that two values are never equal")
            sides = t.Indicator(relation, left, right), t.Number(Fraction(1))
        case t.Update(left, right):
            step = t.Product((t.Name("eta", None), t.Gradient(t.Name("ell", None), left)))
            sides = right, t.Add((left, t.Negative(step)))
        case _:
            raise NoRule("a statement of another kind")
    one, other = elaborate(scope, sides[0]), elaborate(scope, sides[1])
    one, other = _alike(sides, one, other, isinstance(statement, t.Comparison))
    message = f"{shape_words(one, case)} on the left, {shape_words(other, case)} on the right"
    unify(one.rows, other.rows, message, statement)
    unify(one.columns, other.columns, message, statement)
    return Pair(scope, one, other, weight(scope, statement))


def shape_words(value: Matrix, case: Case) -> str:
    """A shape in TeX."""
    rows, columns = (name_of(side, case.depth, case.L) for side in (value.rows, value.columns))
    return f"{rows} × {columns}"


def _alike(
    sides: tuple[t.Expr, t.Expr], one: Matrix, other: Matrix, any_number: bool
) -> tuple[Matrix, Matrix]:
    """A 0 alone on a side stands for a matrix of zeros."""
    values = [one, other]
    for at in (0, 1):
        node, value, over = sides[at], values[at], values[1 - at]
        zero = isinstance(node, t.Number) and (not node.value or any_number)
        if zero and not over.is_number:
            values[at] = constant(over, value.value)
    return values[0], values[1]


def constant(over: Matrix, entry: Term) -> Matrix:
    """A matrix of one shape with another, the same everywhere."""
    return Matrix(over.rows, over.columns, lambda i, j: entry)


@dataclass(frozen=True)
class Entry:
    """One entry of both sides: its terms with what they demand, the condition's weight, and the
    indices of row, column and free letters by name."""

    left: Side
    right: Side
    weight: Term
    places: dict[str, Index]


def entries(pair: Pair) -> Iterator[Entry]:
    """The entries of both sides: one that stands for all, or each where widths are fixed."""
    scope = pair.scope
    letters = list(scope.letters.values())
    settle([pair.left.rows, pair.left.columns, *(letter.sort for letter in letters)])
    ends = [
        _ends(known(side), name)
        for side, name in ((pair.left.rows, "row"), (pair.left.columns, "column"))
    ]
    free = [
        _ends(known(letter.sort, f"the index {letter.name}"), letter.name) for letter in letters
    ]
    for i, j, *at in all_of(*ends, *free):
        for letter, index in zip(letters, at, strict=True):
            scope.bound[id(letter)] = index
        sides = []
        for side in (pair.left, pair.right):
            scope.demands = []
            sides.append((side.entry(i, j), scope.demands))
        scope.demands = []
        names = ["row", "column", *(letter.name for letter in letters)]
        places = dict(zip(names, (i, j, *at), strict=True))
        yield Entry(sides[0], sides[1], pair.weight(), places)


def settle(sorts: Iterable[Length]) -> None:
    """Gives each sort that nothing fixes one of its own: the claim is about every length."""
    for at, sort in enumerate(map(resolved, sorts)):
        if isinstance(sort, Unknown):
            sort.is_now = Sort(-2 - at)


def _ends(sort: Sort, name: str) -> list[Index]:
    """The indices that stand for all of a sort: one that runs, or each if there are so many."""
    if sort.size:
        return [numbered(at, sort) for at in range(sort.size)]
    return [Index(name, sort)]


@dataclass(frozen=True)
class Reading:
    """How a statement was read: rows and columns of each node, in TeX, by its identity, and how
    far each index letter runs, by the identity of its node. What nothing fixes is "?"."""

    shapes: dict[int, tuple[str, ...]]
    letters: dict[int, str]


def shapes(statement: t.Statement, network: Network | str) -> Reading:
    """The shapes of a statement's formulas, from its elaboration in the last, the widest, case."""
    kind = network_named(network) if isinstance(network, str) else network
    found = Reading({}, {})
    for one in parts(statement):
        case = replace(list(cases(one, kind))[-1], loss=kind.losses[-1])
        case = assumed(case, one) or case
        scope = claimed(one, case).scope
        for key, (rows, columns) in scope.shapes.items():
            found.shapes[key] = tuple(name_of(x, case.depth, case.L) for x in (rows, columns))
        for key, sort in scope.sorts.items():
            found.letters[key] = name_of(sort, case.depth, case.L)
    return found
