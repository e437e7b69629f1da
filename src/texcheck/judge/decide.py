"""Decides statements: the only place that builds `Proved`.

Proved means: for every network of the declared kind, every depth and L for which the named layers
exist, every width (from `LEAST` on if the statement names an entry by its number, or what that
number needs; else from 1 on) and all real values, both sides are defined at the same points and
equal there, kinks included, with ReLU'(0) = sign(0) = 0.

It rests on: the tree is what a reader sees; `elaborate` gives each side's entry (i, j) as a term;
in each of the cases that stand for all networks, the difference of the two terms has the normal
form 0; and each side's demands follow from the other's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product as all_of

from texcheck import syntax as t
from texcheck.algebra.demands import Nowhere, unmatched
from texcheck.algebra.functions import Demand, is_any
from texcheck.algebra.normal import normal, split_at
from texcheck.algebra.terms import (
    LEAST,
    Atom,
    Index,
    Monomial,
    NoRule,
    Sort,
    Term,
    allow,
    delta,
    free_indices,
    number,
    numbered,
    power,
)
from texcheck.elaborate.calculus import activation
from texcheck.elaborate.definitions import loss_trees, network_named
from texcheck.elaborate.formula import elaborate
from texcheck.elaborate.matrix import Matrix
from texcheck.elaborate.scope import Scope, counted
from texcheck.elaborate.sorts import (
    IllSorted,
    Length,
    Letter,
    Unfit,
    Unknown,
    known,
    name_of,
    resolved,
    unify,
)
from texcheck.networks.network import Case, Loss, Network
from texcheck.networks.representatives import cases, layer_range, named_layers
from texcheck.verdict import Definition, Proved, Refuted, Undecided, Unreadable, Verdict

from .shown import in_words


class Differ(Exception):
    """Two sides whose difference has a normal form that is not 0, or that ask different things."""


@dataclass(frozen=True)
class Pair:
    """Two sides that are claimed to be equal, entry by entry, where a condition is 1."""

    scope: Scope
    left: Matrix
    right: Matrix
    weight: Callable[[], Term]


def decide(
    statement: t.Statement, network: Network | str = "regression", *, witness: bool = True
) -> Verdict:
    """The verdict on a statement. Without `witness`, what is not proved may be undecided."""
    kind = network_named(network) if isinstance(network, str) else network
    allow()
    try:
        if isinstance(statement, t.Notation):
            return Definition("a change of notation, or a letter that the display defines")
        return Proved(_proved(statement, kind))
    except IllSorted as error:
        span = (error.node.start, error.node.end) if error.node is not None else None
        return Refuted(ill_sorted=str(error), span=span)
    except Unfit as error:
        return Unreadable("", (error.node.start, error.node.end), str(error))
    except Nowhere:
        return Refuted(ill_sorted="a side of the statement is defined nowhere")
    except (NoRule, Differ) as error:
        doubt = Undecided(str(error) or "no rule")
    except RecursionError:
        doubt = Undecided("the statement is nested too deeply")
    if not witness:
        return doubt
    from .witness import refute

    return refute(statement, kind) or doubt


# -- proof


def _proved(statement: t.Statement, network: Network) -> tuple[str, ...]:
    """In which cases a statement holds. Raises whatever stands in the way of a proof."""
    match statement:
        case t.RangeClaim(range=t.Range(letter="L")):
            return _layer_range(statement, network)
        case t.RangeClaim():
            return _index_range(statement, network)
    fault: Exception = NoRule("the network has no loss")
    for loss in network.losses:
        found = [replace(case, loss=loss) for case in cases(statement, network)]
        held = [case for case in map(lambda c: assumed(c, statement), found) if case is not None]
        if not held:
            raise IllSorted("the condition holds in no network of this kind", statement)
        try:
            least = max(_hold(one, case) for case in held for one in parts(statement))
            return _said(statement, network, loss, least)
        except Differ as error:
            fault = error
    raise fault


def _said(
    statement: t.Statement, network: Network, loss: Loss | None, least: int
) -> tuple[str, ...]:
    named = named_layers(statement)
    about = network.name
    if network.depth is None:
        in_L = bool(named.here or named.last or named.counts or named.end)
        about += ", every depth" if in_L else f", {network.numbered} layers"
    if network.losses[0] is None:
        about += ", every loss" if loss is None else f", {loss.name}"
    if network.widths:
        return (f"{about}, its own widths and numbers",)
    return (f"{about}, every width" + (f" from {least} on" if least > 1 else ""),)


def _hold(statement: t.Statement, case: Case) -> int:
    """Proves a statement in one case; returns the least width that this is about."""
    if isinstance(statement, t.ShapeClaim):
        return _shape(statement, case)
    pair = claimed(statement, case)
    for left, right, weight in entries(pair, case):
        _equal(left, right, weight, case)
    return pair.scope.least


def _equal(
    left: tuple[Term, list[Demand]],
    right: tuple[Term, list[Demand]],
    weight: Term,
    case: Case,
) -> None:
    """Raises Differ if two entries are not seen to be defined and equal at the same points."""
    wanted = unmatched(left[1], right[1], case.eliminate)
    if wanted is not None:
        said = in_words(wanted.term, case)
        raise Differ(f"one side alone is defined only where {said} is {wanted.kind}")
    gap = cleared(normal((left[0] - right[0]) * weight, case.eliminate), case)
    if gap and not _zero_by_cases(gap, 4):
        raise Differ(f"the two sides differ by {in_words(gap, case)}")


def cleared(gap: Term, case: Case) -> Term:
    """The difference times its denominators: none of them is 0 where both sides are defined."""
    for _ in range(4):
        bounds = {index for mono in gap.parts for index in mono.bound}
        most: dict[Atom, int] = {}
        for mono in gap.parts:
            for atom, n in mono.atoms:
                depth = n if atom.label == "inverse" else -n
                if depth > 0 and free_indices(atom).isdisjoint(bounds):
                    most[atom] = max(depth, most.get(atom, 0))
        if not most:
            break
        gap = normal(_times_denominator(gap, *max(most.items())), case.eliminate)
    return gap


def _times_denominator(gap: Term, atom: Atom, most: int) -> Term:
    """A term times the most-th power of 1 / atom (of an inverse: of what it is the inverse of)."""
    base = atom.argument if atom.label == "inverse" and atom.argument else power(atom)
    result = number(0)
    for mono, factor in gap.parts.items():
        here = dict(mono.atoms).get(atom, 0)
        depth = here if atom.label == "inverse" else -here
        rest = Monomial(tuple(pair for pair in mono.atoms if pair[0] != atom), mono.bound)
        result = result + Term({rest: factor}) * base ** (most - depth)
    return result


def _zero_by_cases(gap: Term, deep: int) -> bool:
    """Whether a term is 0 wherever the s of one of its steps is positive, negative, and 0."""
    choices = split_at(gap) if deep else None
    if choices is None:
        return False
    return all(not rest or _zero_by_cases(rest, deep - 1) for rest in (c(gap) for c in choices))


# -- what is claimed


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
    return Scope(case, loss_trees(), pointwise=bare, has_linear=linear)


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
    return f"{name_of(value.rows, case.depth)} × {name_of(value.columns, case.depth)}"


def _alike(
    sides: tuple[t.Expr, t.Expr], one: Matrix, other: Matrix, any_number: bool
) -> tuple[Matrix, Matrix]:
    """A 0 alone on a side stands for a matrix of zeros."""
    values = [one, other]
    for at in (0, 1):
        node, value, over = sides[at], values[at], values[1 - at]
        zero = isinstance(node, t.Number) and (not node.value or any_number)
        if zero and not over.is_number:
            entry = value.value
            values[at] = Matrix(over.rows, over.columns, lambda i, j, entry=entry: entry)
    return values[0], values[1]


def entries(
    pair: Pair, case: Case
) -> Iterator[tuple[tuple[Term, list[Demand]], tuple[Term, list[Demand]], Term]]:
    """The entries of both sides with their demands, and the condition's weight."""
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
        found = pair.weight()
        yield sides[0], sides[1], found


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


# -- shapes and ranges


def _shape(statement: t.ShapeClaim, case: Case) -> int:
    scope = new_scope(statement, case)
    value = elaborate(scope, statement.value)
    weight(scope, statement)
    for side, said in ((value.rows, statement.rows), (value.columns, statement.columns)):
        if known(side, "the value") != known(scope.sort_of_length(said)):
            raise IllSorted(f"its shape is {shape_words(value, case)}", statement)
    return scope.least


def _index_range(statement: t.RangeClaim, network: Network) -> tuple[str, ...]:
    """Whether an index of the statements before runs through the whole range."""
    letter = statement.range.letter
    found = False
    for about in statement.about:
        for case in cases(about, network):
            pair = claimed(replace(about, conditions=()), replace(case, loss=network.losses[0]))
            if letter in pair.scope.letters:
                found = True
                if out_of_range(pair.scope, statement.range, pair.scope.letter(letter)):
                    raise IllSorted("the index has more values than this range", statement)
    if not found:
        raise IllSorted(f"no statement before it has the index {letter}", statement)
    return (f"{network.name}, every width",)


def _layer_range(statement: t.RangeClaim, network: Network) -> tuple[str, ...]:
    """Whether all the layers of a range exist in the statements before."""
    low, high = layer_range(statement.range.first, statement.range.last)
    found = False
    for about in statement.about:
        named = named_layers(replace(about, conditions=()))
        found = found or bool(named.here)
        top = max([0, *(offset for offset, _ in named.here)])
        if any(low + offset < least for offset, least in named.here) or high + top > 0:
            raise IllSorted("not all layers of this range exist", statement)
    if not found:
        raise IllSorted("no statement before it names a layer L", statement)
    return (f"{network.name}, every depth",)
