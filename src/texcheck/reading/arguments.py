"""Tells a factor in brackets, \\hat y (1 - \\hat y), from what reads as an argument, s(x)."""

from collections.abc import Sequence
from itertools import accumulate

from .. import syntax as t
from . import numbers, spelling
from .cursor import CLOSING, NESTING, Cursor
from .tokens import Token

UNSEEN = ("underbrace", "overbrace", "{")
_SLOPES = (t.Gradient, t.Derivative)
_EVERYTHING = {*spelling.VECTORS, "W", "ell"}


def expect_none(c: Cursor, shown: t.Expr, tokens: Sequence[Token], one: t.Expr) -> None:
    """Raises `CannotRead` for s(x), \\hat y_k^T (x_0), x(0) and x[i], no products to a reader.

    Behind what has a value, `shown`, a bracket `one` (of `tokens`) is a factor if it holds that
    itself, as \\hat y (1 - \\hat y) does, or what that is no function of; not if it looks like an
    argument all the same.
    """
    opening = next(token for token in tokens if token.text not in UNSEEN)
    array, square = opening.kind == "begin", opening.text == "["
    bracket = array or square or opening.text in ("(", "lbrace")
    if not bracket or (square and isinstance(one, t.Indicator)):
        return
    before, inner = _without_marks(shown), _without_marks(one)
    kinds = {type(part) for part in inner.nodes}
    plain = not _quantities(inner) and kinds.isdisjoint(_SLOPES)
    norm = isinstance(before, t.Norm)
    held = t.outside_lengths(before)
    whole = not norm and any(_is_whole(one) or isinstance(one, t.Identity) for one in held)
    place = whole and plain and (square or t.Index in kinds)
    c.require(not place, "expected an index below", "as in x_i", at=one)
    below = not array and "_" in _behind_bracket(tokens)  # W (x)_0
    c.require(not (whole and below), "expected brackets around what the entry is of", at=one)
    what = "expected a sign before the bracket, which reads as an argument"
    instead = r"a factor is \cdot (z), a quantity is written without what it depends on"
    of_functions = t.bare_functions(before) and not t.bare_functions(inner)  # (1 - \sigma)(2)
    c.require(not of_functions, what, instead, at=one)
    if (depends := _depends(shown, before)) is None:
        return
    # x_i (1 - \delta_{ij}), x_0 (1 + \log 2), x \begin{pmatrix} 1 & 1 \end{pmatrix}
    entry = _indexed(before) or not isinstance(before, t.Name | t.Local | t.Norm | t.Function)
    picks = (t.Kronecker, t.Indicator) if depends else (t.Kronecker, t.Indicator, t.Index)
    indexed = entry and not kinds.isdisjoint(picks) and t.Unit not in kinds
    total = array or (entry and t.Add in kinds and not kinds <= {*numbers.LENGTHS})
    number = plain and (indexed or (total and not depends))
    factor = _holds_others(before, inner, depends) and not _may_begin(before, one, depends)
    factor = factor and not (_called(shown, depends) and _alone(one, depends))
    weights = isinstance(one, t.Transpose) and isinstance(inner, t.Name) and inner.base == "W"
    of = before.of if isinstance(before, t.Local) else before
    diagonal = isinstance(of, t.Apply) and of.function.name == "diag"
    factor = factor or (weights and diagonal)  # D (W)^T
    c.require(number or factor or _holds(inner, before), what, instead, at=one)


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


def _depends(shown: t.Expr, before: t.Expr) -> set[str] | None:
    """What a value (without its marks: `before`) may be a function of, by a reader's eyes.

    None for what nobody takes for a function, such as a number.
    """
    match before:
        case t.Name("s" | "z" | "y_hat" as base):
            return {"x", "W", "b", "s", "z", base}
        case t.Name("ell"):
            return _EVERYTHING
        case t.Name("delta"):
            return {"x"}
        case t.Derivative(_, by) | t.Gradient(_, by):
            return _EVERYTHING if by == t.BARE_S else {"x", by.base}
        case t.Local(_, of) if _is_letter_of_matrix(before):
            used = {part.base for part in of.nodes if isinstance(part, t.Name)} - {"W"}
            return used | {"x", "W", "b"} if used else used
        case t.Local(_, of) if _varies(shown, of):
            return _EVERYTHING
        case t.Name() | t.Local() | t.Norm() | t.Apply() | t.Function():
            return set()
    if any(part.base == "ell" for part in _quantities(before)):
        return _EVERYTHING
    slopes = [one for one in before.parts if isinstance(one, _SLOPES) or _is_letter_of_matrix(one)]
    if all(one in slopes or is_number(one) for one in before.parts):  # 2 J, J + J
        return set().union(*(_depends(one, one) or set() for one in slopes)) if slopes else None
    named = any(isinstance(part, t.Name) for part in t.outside_lengths(before))
    return set() if named else None


def _is_letter_of_matrix(node: t.Expr) -> bool:
    return isinstance(node, t.Local) and _is_matrix(node.of)


def _called(shown: t.Expr, depends: set[str]) -> bool:
    """Whether a quantity alone in a bracket behind this one may be its argument."""
    given = isinstance(shown, t.Name) and shown.base in ("x", "y", *t.FREE)
    return bool(depends) or given or isinstance(shown, t.Local | t.Add)


def _varies(shown: t.Expr, of: t.Expr) -> bool:
    """Whether a letter of the display may be a function: no constant and no row."""
    sums = (t.Add, t.Negative)
    vector = all(_is_whole(part) or isinstance(part, sums) for part in of.nodes)
    row = isinstance(shown, t.Transpose) and vector  # r^T (x - y), where r = x - y
    return any(isinstance(one, t.Name) for one in of.nodes) and not row


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


def _holds_others(before: t.Expr, inner: t.Expr, depends: set[str]) -> bool:
    """Whether a bracket holds what the value before it is no function of.

    A whole quantity has a vector or a matrix behind it: a number stands in front.
    """
    used = _quantities(inner)
    bases = {part.base for part in used}
    slopes = any(isinstance(part, _SLOPES) for part in inner.nodes)
    slopes = slopes and "ell" not in depends and bases.isdisjoint(depends)
    slopes = slopes and not (depends and isinstance(inner, t.Add))
    if depends and isinstance(before, t.Local | t.Name) and not _indexed(before):
        bases = {part.base for part in used if _is_whole(part)}
    return slopes or bool(bases - depends - {*(t.FREE if depends else ())})


def _may_begin(before: t.Expr, one: t.Expr, depends: set[str]) -> bool:
    """Whether an argument may begin so: with a quantity and a step from it, which is no difference
    to the targets, or behind a slope or an error with a formula such as W x + b."""
    inner = _without_marks(one)
    bases = {part.base for part in _quantities(inner)}
    terms = inner.terms if isinstance(inner, t.Add) else ()
    step = any(
        isinstance(one, t.Name | t.Local)
        and not depends.isdisjoint(part.base for part in _quantities(one))
        for one in terms
    )
    step = step and ("y" not in bases or bases.difference(t.FREE) < bases)
    formula = isinstance(inner, t.Add | t.Apply) and bases.isdisjoint(("y", "delta"))
    formula = formula and not any(isinstance(part, _SLOPES) for part in inner.nodes)
    if isinstance(before, t.Name):
        linear = isinstance(inner, t.Apply) or "W" in bases
        formula = formula and before.base == "delta" and linear and one is inner
    return step or (formula and isinstance(before, (t.Name, t.Local, *_SLOPES)) and bool(depends))


def _alone(one: t.Expr, depends: set[str]) -> bool:
    """Whether a bracket holds one quantity, or a multiple of x such as 2x."""
    inner = _without_marks(one)
    kinds = {type(part) for part in inner.nodes}
    of_x = {part.base for part in _quantities(inner)} == {"x"}
    if isinstance(inner, t.Product):
        return of_x and t.Transpose not in kinds
    if isinstance(inner, t.Written):
        return inner is one and bool(depends)
    turned = isinstance(one, t.Transpose) and not of_x  # as in \delta (z)^T
    column = isinstance(one, t.Component) and t.Whole() in one.indices
    return isinstance(inner, t.Name | t.Local) and not (turned or column)


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
