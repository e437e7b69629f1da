"""What a claim is as a whole: a condition or a statement, its letters, what it must not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .. import syntax as t
from . import spelling
from .cursor import at
from .formulas import free_indices
from .primaries import bare_functions
from .tokens import CannotRead, Token

DEEPEST_TREE = 150
_OF_INDICES = (t.Index, t.Number, t.Length, t.LayerCount, t.Add, t.Negative)
_OF_FUNCTIONS = (
    t.Function, t.Number, t.Add, t.Negative, t.Product, t.Times, t.Power, t.Quotient, t.Elementwise,
)  # fmt: skip


def claim(
    sign: Token, left: t.Expr, right: t.Expr, conditions: tuple[t.Condition, ...]
) -> t.Statement:
    """An equation or a comparison; I is the identity function where the other side is one."""
    if isinstance(left, t.Function) and right == t.Identity(None, None):
        right = t.Function("I", **at(right))
    if isinstance(right, t.Function) and left == t.Identity(None, None):
        left = t.Function("I", **at(left))
    start, end = min(left.start, right.start), right.end
    if sign.text == "=":
        return t.Equation(left, right, conditions=conditions, at=sign.start, start=start, end=end)
    return t.Comparison(
        sign.text, left, right, conditions=conditions, at=sign.start, start=start, end=end
    )


def as_condition(claim: t.Statement) -> t.Condition | None:
    """A claim as the condition that it may be."""
    match claim:
        case t.Equation(t.Function("f" | "g", _, 0) as left, t.Function(_, None, 0) as right):
            known = right.name in spelling.ACTIVATIONS - {"f", "g"}
            return t.Assume(left, right, **at(claim)) if known else None
        case t.Equation(left, right) if compares_indices(claim):
            return t.Indicator("=", left, right, **at(claim))
        case t.Comparison(relation, left, right):
            if relation != "neq" or compares_indices(claim):
                return t.Indicator(relation, left, right, **at(claim))
    return None


def compares_indices(claim: t.Statement) -> bool:
    """Whether a claim is about an index or a layer, which it has alone on its left side."""
    if not isinstance(claim, t.Equation | t.Comparison):
        return False
    right = [claim.right, *claim.right.parts]
    plain = isinstance(claim.right, t.Length) or all(isinstance(one, _OF_INDICES) for one in right)
    return isinstance(claim.left, t.Index | t.LayerCount) and plain


def sides(statement: t.Statement) -> list[t.Node]:
    """The parts of a statement, its conditions aside; a range claims nothing about formulas."""
    if isinstance(statement, t.RangeClaim):
        return []
    conditions = {*map(id, statement.conditions)}
    return [side for side in statement.parts if id(side) not in conditions]


def letters(*nodes: t.Node) -> set[str]:
    """The index letters of formulas that no sum binds, and L if they have any layer."""
    found: set[str] = set()
    for node in nodes:
        found |= {index.letter for index in free_indices(node)}
        layers = (getattr(part, "layer", None) for part in t.walk(node))
        found |= {"L" for layer in layers if layer and layer.base == "L"}
    return found


def expect_fitting(statements: Sequence[t.Statement]) -> None:
    """Raises `CannotRead` for a condition on a letter that no statement under it has."""
    for condition in {one for statement in statements for one in statement.conditions}:
        under = [side for one in statements if condition in one.conditions for side in sides(one)]
        missing = sorted(letters(condition) - letters(*under))
        if missing and not isinstance(condition, t.Range):
            expected = f"{missing[0]} stands in no statement under this condition"
            raise CannotRead(expected, condition.start, condition.end)


def checked(statement: t.Statement) -> t.Statement:
    """The statement, with its sums over i \\ne j resolved. Raises `CannotRead`."""
    expect_flat(statement)
    formulas = sides(statement)
    bare = bare_functions(*formulas)
    for side in formulas if bare else ():
        if not all(isinstance(part, _OF_FUNCTIONS) for part in t.walk(side)):
            what = f"expected the argument of {bare[0].name}"
            raise CannotRead(what, bare[0].start, bare[0].end)
    _expect_indices(formulas)
    return _with_sums_bound(statement)


def _expect_indices(formulas: Sequence[t.Node]) -> None:
    """Raises `CannotRead` for a letter that is an index nowhere: nothing says what it is."""
    parts = [part for side in formulas for part in t.walk(side)]
    known: set[str] = set()
    for part in parts:
        if isinstance(part, t.Sum):
            known |= {*part.letters}
        below = part.indices if isinstance(part, t.Name | t.Component) else ()
        compared = isinstance(part, t.Indicator) and part.relation in ("=", "neq")
        if isinstance(part, t.Kronecker | t.Unit) or compared:
            below = part.parts
        for one in below:
            known |= {index.letter for index in t.walk(one) if isinstance(index, t.Index)}
    for part in parts:
        if isinstance(part, t.Index) and part.letter not in known:
            instead = spelling.INSTEAD.get(part.letter, spelling.SPEAKS_OF)
            raise CannotRead(f"unknown symbol {part.letter}", part.start, part.end, instead)


def expect_flat(node: t.Node) -> None:
    """Raises `CannotRead` for a tree that is too deep to be walked by recursion."""
    left = [(node, 0)]
    while left:
        one, depth = left.pop()
        if depth > DEEPEST_TREE:
            raise CannotRead("the formula is nested too deeply", node.start, node.end)
        left += [(part, depth + 1) for part in one.parts]


def _with_sums_bound(statement: t.Statement) -> t.Statement:
    """In a sum over i \\ne j, j is summed over as well unless it stands outside of it."""
    for part in t.walk(statement):
        if not isinstance(part, t.Sum) or not part.conditions:
            continue
        outside = {index.letter for index in _free_without(statement, part)}
        new = [
            condition.right.letter
            for condition in part.conditions
            if isinstance(condition.right, t.Index)
            and condition.right.letter not in outside.union(part.letters)
        ]
        if new:
            bound = replace(part, letters=(*part.letters, *dict.fromkeys(new)))
            return _with_sums_bound(t.substitute(statement, part, bound))  # type: ignore[arg-type]
    return statement


def _free_without(statement: t.Statement, inner: t.Sum) -> list[t.Index]:
    """The indices that stand free in a statement, or are bound around a sum, the sum aside."""
    rest = t.substitute(statement, inner, t.Blank())
    around = [
        t.Index(letter)
        for part in t.walk(statement)
        if isinstance(part, t.Sum) and part is not inner and inner in t.walk(part)
        for letter in part.letters
    ]
    return free_indices(rest) + around


def expect_layers(statements: Sequence[t.Statement]) -> None:
    """Raises `CannotRead` where no layer stands in parentheses, but quantities that have one."""
    parts = [part for statement in statements for part in t.walk(statement)]
    if any(getattr(part, "layer", None) for part in parts):
        return
    instead = "a layer stands in parentheses, as in W^{(1)}"
    for part in parts:
        if isinstance(part, t.Name) and part.base in spelling.LAYERED - {"s"}:
            raise CannotRead("expected a layer", part.start, part.end, instead)
