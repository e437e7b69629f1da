"""What a statement claims in a case: two matrices, their entries, and the condition's weight.

Invariants:

- A condition on indices or values is a weight, 1 where it holds, else 0: where it is 1, the sides
  must be equal and defined alike. It is about what stands in the statement, and holds somewhere.
- A range of an index names values that it has; what it leaves out is left out of the claim.
- A sort that nothing fixes is any length: it gets a sort of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial, reduce
from itertools import product as all_of
from operator import mul
from typing import NamedTuple, TypeAlias

from .. import syntax as t
from ..algebra.budget import NoRule
from ..algebra.functions import Demand, is_any
from ..algebra.normal import normal
from ..algebra.terms import ZERO, Index, Sort, Term, number, power
from ..networks.network import Case
from .calculus import activation
from .definitions import declared
from .dots import without_letters
from .formula import elaborate
from .matrix import FIRST, IllSorted, Matrix, Unfit, Unknown, known, resolved, spread, unify
from .operations import holds, none_of, spread_literals
from .scope import Scope, ends, left_out
from .words import shape_words

Side: TypeAlias = tuple[Term, list[Demand]]


class Pair(NamedTuple):
    """Two sides that are claimed to be equal or to compare, by entries, where a condition is 1."""

    scope: Scope
    left: Matrix
    right: Matrix
    statement: t.Statement
    weight: Callable[[], Term]


def parts(statement: t.Statement) -> list[t.Statement]:
    """The statements that an equation of listings consists of."""
    match statement:
        case t.Equation(t.Listing(left), t.Listing(right)):
            if len(left) != len(right):
                raise IllSorted("two lists of different lengths", statement)
            return [replace(statement, left=a, right=b) for a, b in zip(left, right, strict=True)]
    return [statement]


def assumed(case: Case, statement: t.Statement) -> Case | None:
    """The case with the activations that the conditions name; None if it has others."""
    for condition in statement.conditions:
        match condition:
            case t.Indicator() if any(isinstance(part, t.LayerCount) for part in condition.nodes):
                raise NoRule("a condition on a layer: a range says which layers there are")
            case t.Assume(function, t.Function(wanted)):
                name = activation(Scope(case, {}), function)
                if name != wanted and not is_any(name):
                    return None
                own = enumerate(case.activations, start=1)
                now = (wanted if case.activation(at) == name else one for at, one in own)
                case = replace(case, activations=tuple(now))
    return case


def weight(scope: Scope, statement: t.Statement) -> Callable[[], Term]:
    """1 where the conditions on indices and values hold, else 0."""
    letters = set(scope.letters)
    found: list[Callable[[], Term]] = []
    for condition in statement.conditions:
        match condition:
            case t.Indicator(relation, left, right):
                alone = relation in ("=", "neq") or {type(left), type(right)} == {t.Index}
                value = elaborate(scope, condition)
                said = any(isinstance(p, t.Name | t.Index) for p in t.outside_lengths(condition))
                values = t.walk(condition, lambda one: () if t.indices_of(one) else one.parts)
                counted = any(isinstance(one, t.Index) for one in values)
                if not (said and value.is_number) or (counted and not alone):
                    raise NoRule("a condition on lengths, vectors, or where an index is counted")
                found.append(partial(value.entry, FIRST, FIRST))
            case t.Range(letter=name) if name != "L":
                letter = scope.letter(name)
                missing = left_out(scope, letter, condition)
                found.append(partial(none_of, scope, letter, missing))
        for stranger in sorted(set(scope.letters) - letters):
            raise Unfit(f"{stranger} stands in no statement under this condition", condition)
    return lambda: reduce(mul, (one() for one in found), number(1))


def claimed(statement: t.Statement, case: Case) -> Pair:
    """The two sides of an equation, or of what is claimed like one; of a shape, its value twice."""
    scope = Scope(case, declared()[0], has_linear=t.Function("Linear") in statement.nodes)
    match statement:
        case t.Comparison("neq"):
            raise NoRule("that two values are never equal")
        case t.Equation(left, right) | t.Comparison(_, left, right):
            sides = left, right
        case t.Update(left, right) if t.Name("lambda", None) not in right.nodes:  # no penalty
            step = t.Product((t.Name("eta", None), t.Gradient(t.Name("ell", None), left)))
            sides = right, t.Add((left, t.Negative(step)))
        case t.ShapeClaim(value):
            if t.bare_functions(value):
                raise Unfit("the shape of a function, which is no number", value)
            sides = value, value
        case _:
            raise NoRule("a statement of another kind")
    values = [elaborate(scope, side) for side in sides]
    zero = t.ZERO in [without_letters(x) if isinstance(x, t.Local) else x for x in sides]
    if isinstance(statement, t.Comparison) or zero:  # 0 alone is a matrix of zeros too
        values = spread_literals(sides, values)
    for at, side in enumerate(sides):
        if side == t.Constant(0, None) and not values[1 - at].is_number:  # of any other shape too
            values[at] = spread(elaborate(scope, t.ZERO), values[1 - at])
            scope.shapes[id(side)] = values[at].rows, values[at].columns
    one, other = values
    message = f"{shape_words(one, case)} on the left, {shape_words(other, case)} on the right"
    unit = any(isinstance(side, t.Unit) for side in sides)
    message += ": e with an index is a unit vector" * unit
    unify(one.rows, other.rows, message, statement)
    unify(one.columns, other.columns, message, statement)
    return Pair(scope, one, other, statement, weight(scope, statement))


class Entry(NamedTuple):
    """One entry of both sides: its terms with what they demand, what is equal where both are
    defined, the condition's weight, and the indices of row, column and free letters by name."""

    left: Side
    right: Side
    equal: tuple[Term, Term]
    weight: Term
    places: dict[str, Index]


def _compared(weight_: Term) -> Iterator[Demand]:
    """What the comparisons in a weight say of the points where it is not 0."""
    for atom in dict.fromkeys(atom for mono in weight_.parts for atom, _ in mono.atoms):
        if atom.label == "step" and weight_ * power(atom) == weight_:
            yield Demand("positive", atom.argument or ZERO)
        elif atom.label == "step" and not weight_ * power(atom):
            yield Demand("nonnegative", -(atom.argument or ZERO))


def entries(pair: Pair) -> Iterator[Entry]:
    """The entries of both sides: one that stands for all, or each where widths are fixed.

    Raises IllSorted after the last one if the condition holds for none.
    """
    scope, ever = pair.scope, False
    letters = list(scope.letters.values())
    sorts = {"row": pair.left.rows, "column": pair.left.columns}
    named = [*sorts.items(), *((letter.name, letter.sort) for letter in letters)]
    for at, (_, sort) in enumerate(named):
        free = resolved(sort)
        if isinstance(free, Unknown):  # the claim is about every length: it gets one of its own
            free.is_now = scope.default.get("", Sort(-2 - at))
    for i, j, *indices in all_of(*(ends(known(sort), name) for name, sort in named)):
        scope.bound |= {id(letter): at for letter, at in zip(letters, indices, strict=True)}
        scope.demands = []
        weight_, where = pair.weight(), scope.demands  # nothing is claimed where it has no value
        if pair.statement.conditions and not normal(weight_, scope.case.eliminate):
            continue  # nor where it is 0
        where += _compared(weight_)
        ever, sides = True, []
        for side in (pair.left, pair.right):
            scope.demands = [*where]
            sides.append((side.entry(i, j), scope.demands))
        places = dict(zip((name for name, _ in named), (i, j, *indices), strict=True))
        equal = sides[0][0], sides[1][0]
        if isinstance(pair.statement, t.Comparison):
            equal = holds(pair.statement.relation, *equal), number(1)
        yield Entry(sides[0], sides[1], equal, weight_, places)
    if not ever:
        raise IllSorted("the condition never holds", pair.statement)
