"""Tells a factor in brackets, \\hat y (1 - \\hat y), from what reads as an argument, s(x).

A bracket behind a value, without a sign, is a factor if one of these holds; any other may be an
argument to a reader, and is not read:

1. The value is called by nobody: a number, a matrix of weights, a diagonal.
2. The bracket is a sum of the value itself and numbers or the targets, \\hat y (1 - \\hat y).
3. The bracket holds more than one value, or bears a T, and none that the value before it is a
   function of: W_{ki} (\\hat y_k - y_k), \\delta (z)^T. No function is one of an error.
4. The bracket is a number, and the value an entry: x_i (1 - \\delta_{ij}).
"""

from collections.abc import Sequence
from itertools import accumulate

from .. import syntax as t
from . import numbers, spelling
from .cursor import CLOSING, NESTING, Cursor
from .tokens import Token

UNSEEN = ("underbrace", "overbrace", "{")
_SLOPES = (t.Gradient, t.Derivative)
_ANYTHING = {*spelling.VECTORS, "W", "ell"}
# What each quantity is a function of, by a reader's eyes; the others are given.
_DEPENDS = {
    **{base: {"x", "W", "b", "s", "z", base} for base in ("s", "z", "y_hat")},
    "delta": {"x", "b"},
    "ell": _ANYTHING,
}


def expect_none(c: Cursor, shown: t.Expr, tokens: Sequence[Token], one: t.Expr) -> None:
    """Raises `CannotRead` for s(x), \\hat y_k^T (x_0), x(0) and x[i], no products to a reader:
    a value, and behind it, as `one` of these tokens, a bracket that is no factor."""
    opening = first_seen(tokens)
    array, square = opening.kind == "begin", opening.text == "["
    bracket = array or square or opening.text in ("(", "lbrace")
    if not bracket or (square and isinstance(one, t.Indicator)):
        return
    before, inner = _without_marks(shown), _without_marks(one)
    whole = any(_is_whole(one) or isinstance(one, t.Identity) for one in t.outside_lengths(before))
    whole = whole and not isinstance(before, t.Norm)
    place = whole and _is_plain(inner)
    place = place and (square or any(isinstance(part, t.Index) for part in inner.nodes))
    c.require(not place, "expected an index below", "as in x_i", at=one)
    below = not array and "_" in _behind_bracket(tokens)  # W (x)_0
    c.require(not (whole and below), "expected brackets around what the entry is of", at=one)
    what = "expected a sign before the bracket, which reads as an argument"
    instead = r"a factor is \cdot (z), a quantity is written without what it depends on"
    c.require(_is_factor(shown, one, array), what, instead, at=one)


def _is_factor(shown: t.Expr, one: t.Expr, array: bool) -> bool:
    """Whether a bracket, which is an array perhaps, is a factor behind a value."""
    before, inner = _without_marks(shown), _without_marks(one)
    if t.bare_functions(before) and not t.bare_functions(inner):  # (1 - \\sigma)(2)
        return False
    depends = _depends(before)
    if depends is None or _holds(inner, before):
        return True
    entry, total = _is_entry(before), isinstance(inner, t.Add)
    kinds = {type(part) for part in inner.nodes}
    if _is_plain(inner):
        picks = not kinds.isdisjoint((t.Kronecker, t.Indicator)) and t.Unit not in kinds
        return (entry and picks) or (not depends and (array or (entry and total)))
    used = {part.base for part in _quantities(inner)}
    if not kinds.isdisjoint(_SLOPES):
        used |= _ANYTHING if total else {"ell"}
    turned = isinstance(one, t.Transpose) or t.Whole() in getattr(one, "indices", ())
    value = not depends and isinstance(inner, t.Apply | t.Absolute | t.Norm)
    value = value and not (is_number(before) or (isinstance(before, t.Apply) and one is inner))
    step = depends and total and not used.isdisjoint(t.FREE)  # \\hat y + \\eta
    if step or not (array or turned or value or not _is_alone(inner)):
        return False
    picks = entry and isinstance(inner, t.Product) and t.Kronecker in kinds
    matrix = not entry and _is_matrix(inner)
    other = "ell" not in depends and (picks or matrix or _is_error(inner))
    return other or used.isdisjoint(depends)


def is_behind_loss(node: t.Expr, slope: t.Expr, first: Token) -> bool:
    """Whether what stands behind a gradient of the loss can only be a factor of it: a vector with a
    T, where a whole one is taken, or what is no function of the quantity, as in (∂_s ℓ) x_j."""
    of = node.of if isinstance(node, t.Transpose) else node
    row = _is_whole(of) or (isinstance(of, t.Apply) and all(map(_is_whole, of.arguments)))
    by = getattr(slope, "by", t.BARE_S)
    row = row and of is not node and _is_whole(by)
    base = of.base if isinstance(of, t.Name) else ""
    given = base in ("y", "W") or (base == "x" and by.base != "z")  # z^{(0)} is x
    constant = given and by.base in ("s", "z", "y_hat") and _indexed(of) and _indexed(by)
    return (row or constant) and first.text not in (*CLOSING, *UNSEEN)


def first_seen(tokens: Sequence[Token]) -> Token:
    """The first token that the page shows."""
    return next(one for one in tokens if one.text not in (*UNSEEN, "left."))


def is_number(node: t.Node) -> bool:
    """Whether it is a number as written, or one of no network."""
    if isinstance(node, t.Name):
        return node.base in t.FREE
    return all(isinstance(part, t.Number | t.Quotient | t.Negative) for part in node.nodes)


def _behind_bracket(tokens: Sequence[Token]) -> list[str]:
    """What stands behind the first bracket of a factor."""
    texts = [one.text for one in tokens]
    while texts[0] in UNSEEN[:2]:  # its label is no script
        depth = [*accumulate(NESTING.get(text, 0) for text in texts)]
        texts = texts[2 : depth.index(0, 1)]
    depths = [*accumulate(NESTING.get(text, 0) for text in texts)]
    first = next((at for at, text in enumerate(texts) if text in ("(", "[", "lbrace")), 0)
    before = depths[first] - 1
    ends = (at for at in range(first, len(texts)) if depths[at] == before)
    return texts[next(ends, len(texts)) :]


# -- what stands before the bracket


def _depends(before: t.Expr) -> set[str] | None:
    """What a value may be a function of, by a reader's eyes. None for what nobody calls."""
    slopes = any(isinstance(one, (*_SLOPES, t.Local)) for one in before.nodes)
    if _is_matrix(before) and not slopes:
        return None
    match before:
        case t.Name(base):
            return _DEPENDS.get(base, set())
        case t.Derivative(_, by) | t.Gradient(_, by):
            return _ANYTHING if by == t.BARE_S else {"x", "W", "b", "s", "z", by.base}
        case t.Local(_, of):
            used = {part.base for part in of.nodes if isinstance(part, t.Name)}
            if _is_matrix(of):
                used = used - {"W"}
                return used | {"x", "W", "b"} if used else used
            return _ANYTHING if used else used
        case t.Apply() | t.Function() | t.Norm():
            return set()
    if any(part.base == "ell" for part in _quantities(before)):
        return _ANYTHING
    parts = [one for one in before.parts if isinstance(before, t.Add) or not is_number(one)]
    if parts and all(isinstance(one, (*_SLOPES, t.Local)) for one in parts):  # 2 J, J + J
        return set().union(*(_depends(one) or set() for one in parts))
    named = any(isinstance(part, t.Name) for part in t.outside_lengths(before))
    return set() if named else None


def _is_entry(before: t.Expr) -> bool:
    """Whether a value is a number, as far as is seen."""
    match before:
        case t.Name() | t.Local():
            return _indexed(before)
        case t.Derivative(_, by) | t.Gradient(_, by):
            return not _is_whole(by)
    return True


def _is_matrix(node: t.Expr) -> bool:
    """Whether it is plainly one: diagonal, I, a Jacobian, weights, or a product of such."""
    if isinstance(node, t.Product | t.Transpose | t.Add | t.Negative):
        factors = [part for part in node.parts if not isinstance(part, t.Number)]
        return bool(factors) and all(map(_is_matrix, factors))
    if isinstance(node, t.Derivative):
        return _is_whole(node.of) and _is_whole(node.by)
    diagonal = isinstance(node, t.Apply) and node.function.name == "diag"
    weights = isinstance(node, t.Name) and node.base == "W" and not node.indices
    return diagonal or weights or isinstance(node, t.Identity | t.ReluDiagonal)


# -- what stands in the bracket


def _holds(inner: t.Expr, before: t.Expr) -> bool:
    """Whether a bracket is a sum of what stands before it and of numbers or the targets alone."""
    if not isinstance(inner, t.Add):
        return False
    if isinstance(before, t.Name):
        found = _quantities(inner)
        alike = [one for one in found if (one.base, one.layer) == (before.base, before.layer)]
        others = any(one.base != "y" for one in found if one not in alike)
        return not others and (before in alike or (_indexed(before) and bool(alike)))
    of = getattr(before, "of", None)
    own = (before, of) if isinstance(of, t.Apply) else (before,)
    parts = [*t.walk(inner, lambda one: () if one in own else one.parts)]
    rest = [one for one in parts if one not in own]
    return len(rest) < len(parts) and all(isinstance(one, numbers.LENGTHS) for one in rest)


def _is_plain(inner: t.Expr) -> bool:
    """Whether a bracket holds a number of no network."""
    slopes = any(isinstance(part, _SLOPES) for part in inner.nodes)
    return not slopes and all(part.base in t.FREE for part in _quantities(inner))


def _is_alone(inner: t.Expr) -> bool:
    """Whether a bracket holds one value, or a multiple of one such as 2x."""
    factors = inner.parts if isinstance(inner, t.Product | t.Times | t.Quotient) else (inner,)
    values = [one for one in factors if not is_number(one)]
    single = (t.Name, t.Local, t.Apply, t.Absolute, t.Norm, t.Product, t.Times, t.Quotient)
    alone = [isinstance(one, single) and (one is inner or _is_alone(one)) for one in values]
    return len(values) < 2 and all(alone)


def _is_error(inner: t.Expr) -> bool:
    """Whether a bracket is an error, which no value is a function of: some \\delta times something,
    or what a network makes and its targets, one minus the other."""
    terms = [one.of if isinstance(one, t.Negative) else one for one in inner.parts]
    targets = [isinstance(one, t.Name) and one.base == "y" for one in terms]
    bases = {one.base for one in _quantities(inner)}
    made = bases == {"y", "y_hat"} or any(isinstance(one, t.Apply) for one in terms)
    if isinstance(inner, t.Add):
        return made and sum(targets) == 1 and len(terms) == 2
    return isinstance(inner, t.Product) and "delta" in bases


def _quantities(node: t.Node) -> list[t.Name]:
    """The quantities of a formula that stand in no derivative and in no length."""
    parts = t.walk(node, lambda one: () if isinstance(one, (*_SLOPES, t.Length)) else one.parts)
    return [part for part in parts if isinstance(part, t.Name)]


# -- both


def _is_whole(node: t.Node) -> bool:
    """Whether it is a vector or a matrix of the network, and no entry."""
    name = isinstance(node, t.Name) and node.base in (*spelling.VECTORS, "W")
    return name and not _indexed(node) and node != t.BARE_S


def _indexed(node: t.Node) -> bool:
    return bool(getattr(node, "indices", ()))


def _without_marks(node: t.Expr) -> t.Expr:
    """What bears transposes, powers, a sign or an index of a bracket."""
    while isinstance(node, t.Power | t.Transpose | t.Component | t.Negative | t.Restricted):
        node = node.parts[0]
    return node
