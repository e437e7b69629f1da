"""Tells a factor in brackets, \\hat y (1 - \\hat y), from what reads as an argument, s(x).

A bracket behind a value, without a sign, is a factor if one of these holds; any other may be an
argument to a reader, and is not read:

1. The value is called by nobody: a number, a matrix of weights, a diagonal; or it is given, such as
   x_i or \\sigma(s), and the bracket holds more than one value.
2. The bracket is a sum of the value itself and numbers or the targets, \\hat y (1 - \\hat y).
3. The bracket is an error, \\hat y - y, or a rate of change, or a product with one.
4. The bracket bears a T, or is 1 minus something, and holds nothing that the value is a function
   of: \\delta (z)^T.
5. The bracket is a number, and the value an entry, x_i (1 - \\delta_{ij}), or it begins with a
   minus sign behind what bears a bracket itself: (y - \\hat y)(-1).
"""

from collections.abc import Sequence
from itertools import accumulate, product, starmap

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
    number = isinstance(before, t.Norm) or _is_component(shown)
    whole = not number and any(map(_is_array, t.outside_lengths(before)))
    place = whole and _is_plain(inner) and not isinstance(one, t.Transpose)
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
    if depends is None or _is_own(inner, before):
        return True
    kinds = {type(part) for part in inner.nodes}
    if _is_plain(inner):
        called = any(isinstance(part, (*_SLOPES, t.Local)) for part in before.nodes)
        bears = isinstance(before, t.Add | t.Quotient | t.Apply) and not (depends or called)
        picks = not kinds.isdisjoint((t.Kronecker, t.Indicator)) and t.Unit not in kinds
        total = picks or (not depends and isinstance(inner, t.Add))
        minus = bears and isinstance(one, t.Negative)
        return minus or (total and _is_entry(before)) or (array and not depends)
    turned = isinstance(one, t.Transpose) or t.Whole() in getattr(one, "indices", ())
    if not (array or turned or _may_be_alone(before, inner, one)):
        return False
    used = {part.base for part in _quantities(inner)}
    slopes = not kinds.isdisjoint(_SLOPES)
    step = slopes and not used.isdisjoint(t.FREE)  # \\eta \\nabla_x \\ell
    if not depends:
        return not (step and isinstance(inner, t.Add)) or is_number(before)
    of = before.of if isinstance(before, t.Local) else before
    row = isinstance(shown, t.Transpose)
    if "ell" not in depends and not step:
        whole = all(map(_is_whole, of.parts))
        jacobian = _is_matrix(of) or (isinstance(of, t.Derivative) and whole)
        letters = any(isinstance(part, t.Local) for part in before.nodes)
        if _is_error(inner) and (row or jacobian or not letters):
            return True
        slope = not isinstance(before, t.Name | t.Local) and _is_slope(inner)
        plain = _is_whole(of) or isinstance(of, t.Apply)
        weights = plain or (jacobian and (row or of is before))
        weights = weights and turned and _is_matrix(inner)  # z^T (W)^T, J^T (W)^T
        outer = _is_bracketed_error(before) and (turned or _is_alone(inner))
        if slope or weights or (outer and used.isdisjoint(("x", "W", "b"))):
            return True
    if row and isinstance(inner, t.Product):  # \\delta^T (W z)
        return not slopes and used.isdisjoint({*depends, *t.FREE} - {"W"})
    turned = turned and not isinstance(inner, t.Add)
    clear = turned or (_is_complement(inner) and used.isdisjoint(("s", "W")))
    return clear and not slopes and used.isdisjoint({*depends, *t.FREE})


def _may_be_alone(before: t.Expr, inner: t.Expr, one: t.Expr) -> bool:
    """Whether a bracket is a factor here though it holds one value, or holds more than one."""
    if not _is_alone(inner) or getattr(before, "base", "") == "W":
        return True
    if _is_bracketed_error(before):  # (\\hat y_k - y_k)(z_j)
        return {part.base for part in _quantities(inner)}.isdisjoint(("x", "W", "b"))
    value = isinstance(inner, t.Apply | t.Absolute | t.Norm) and not _depends(before)
    return value and not (is_number(before) or (isinstance(before, t.Apply) and one is inner))


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
    """Whether it is a number as written, a length, or one of no network."""
    if isinstance(node, t.Name):
        return node.base in t.FREE
    written = (t.Number, t.Quotient, t.Negative, t.Length)
    return all(isinstance(part, written) for part in t.outside_lengths(node))


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
    if _is_matrix(before) or (is_number(before) and not isinstance(before, t.Name)):
        return None
    match before:
        case t.Name(base):
            return _DEPENDS.get(base, set())
        case t.Derivative(_, by) | t.Gradient(_, by):
            near = {"y"} if by.base == "y_hat" else set()  # where the loss is smallest
            return _ANYTHING if by == t.BARE_S else {"x", "W", "b", by.base} | near
        case t.Local(_, of):
            return _letter_depends(of)
    loss = any(part.base == "ell" for part in _quantities(before))
    if loss and getattr(before, "function", None) != t.Function("exp"):
        return _ANYTHING
    found = [_depends(_without_marks(one)) for one in _called_parts(before)]
    named = any(isinstance(part, t.Name | t.Function) for part in t.outside_lengths(before))
    return set().union(*(one or () for one in found)) if named else None


def _called_parts(before: t.Expr) -> Sequence[t.Node]:
    """The parts of a formula for which a reader may call it: J in 2 J, q in \\frac{q}{2}."""
    if isinstance(before, t.Quotient):
        return before.top, *(one for one in (before.bottom,) if isinstance(one, t.Local))
    square = isinstance(before, t.Sum) and isinstance(before.body, t.Power)
    size = isinstance(before, t.Apply) and before.function.name in ("max", "tr")
    if square or size or isinstance(before, t.Norm):
        return [one for one in before.nodes if isinstance(one, (*_SLOPES, t.Local, t.Name))]
    if isinstance(before, t.Product | t.Times | t.Elementwise | t.Absolute | t.Sum):
        return before.parts
    called = (*_SLOPES, t.Local) if isinstance(before, t.Add) else t.Local
    parts = before.parts if isinstance(before, t.Add) else before.nodes
    found = [one for one in parts if any(isinstance(part, called) for part in one.nodes)]
    return [
        one for one in found if one is not before and not isinstance(_without_marks(one), t.Norm)
    ]


def _letter_depends(of: t.Expr) -> set[str]:
    """What a letter of the display may be a function of: anything, or if it is a number, a matrix
    or an error, what that is made of."""
    slopes = [part for part in of.nodes if isinstance(part, _SLOPES)]
    used = {part.base for part in (*_quantities(of), *(one.by for one in slopes))}
    if not used or (used == {"W"} and _is_matrix(of)):
        return used
    if t.BARE_S in of.nodes or not (_is_matrix(of) or _is_error(of)):
        return _ANYTHING
    near = "y" if "y_hat" in used else ""
    return {"x", "W", "b"}.union(near, *(_DEPENDS.get(one, ()) for one in used)) - {"z"} | used


def _is_entry(before: t.Expr) -> bool:
    """Whether a value is a number, as far as is seen."""
    if isinstance(before, _SLOPES):
        return not _is_whole(before.by)
    return _indexed(before) or not isinstance(before, t.Name | t.Local)


def _is_matrix(node: t.Expr) -> bool:
    """Whether it is plainly one: diagonal, I, weights, or a product of such."""
    if isinstance(node, t.Product | t.Transpose | t.Add | t.Negative):
        factors = [part for part in node.parts if not isinstance(part, t.Number)]
        return bool(factors) and all(map(_is_matrix, factors))
    diagonal = isinstance(node, t.Apply) and node.function.name == "diag"
    weights = isinstance(node, t.Name) and node.base == "W" and not node.indices
    return diagonal or weights or isinstance(node, t.Identity | t.ReluDiagonal)


# -- what stands in the bracket


def _is_own(inner: t.Expr, before: t.Expr) -> bool:
    """Whether a bracket is a sum of what stands before it, or of a factor of that, which the others
    are no functions of."""
    if not isinstance(before, t.Product | t.Add):
        return _holds(inner, before)
    parts = [_without_marks(one) for one in before.parts if not is_number(one)]
    bases = {one.base for one in _quantities(inner)}
    called = [one for one in parts if not bases.isdisjoint(_depends(one) or ())]
    own = [one for one in parts if _holds(inner, one)]
    return _holds(inner, before) or (bool(own) and (_is_complement(inner) or called in ([], own)))


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


def _is_complement(node: t.Expr) -> bool:
    """Whether it is 1 minus something, as 1 - z^2 is."""
    terms = node.terms if isinstance(node, t.Add) else ()
    return [one for one in terms if not isinstance(one, t.Negative)] == [t.ONE]


def _is_bracketed_error(before: t.Expr) -> bool:
    product = isinstance(before, t.Product | t.Times | t.Elementwise | t.Add | t.Sum)
    return product and t.BARE_S not in before.nodes and _is_error(before)


def _is_slope(node: t.Expr) -> bool:
    """Whether it is v (1 - v), the slope of the sigmoid."""
    return isinstance(node, t.Product) and any(starmap(_holds, product(node.parts, repeat=2)))


def _is_error(node: t.Expr) -> bool:
    """Whether it is an error or a rate of change, which no value is a function of: \\hat y - y,
    \\delta, slopes, and what they are multiplied by and summed over."""
    match node:
        case t.Name("delta"):
            return True
        case t.Apply(function, (of, *_)):
            return _is_rate(function) or (function.name == "diag" and _is_error(of))
        case t.Sum(body=of) | t.Quotient(of) | t.Transpose(of) | t.Negative(of) | t.Local(_, of):
            return _is_error(of)
        case t.Component(of):
            return _is_error(of)
        case t.Product() | t.Times() | t.Elementwise():
            errors = [one for one in node.parts if _is_error(one)]
            rates = [one for one in errors if any(map(_is_rate, one.nodes))]
            return bool(errors) and len(errors) < len(rates) + 2  # and no squared error
        case t.Add(terms):
            return _is_difference(node) or all(_is_error(one) for one in terms)
    return _is_rate(node)


def _is_difference(node: t.Node) -> bool:
    """Whether it is what a network makes minus its targets, or the other way round."""
    if not isinstance(node, t.Add):
        return False
    signs = [isinstance(one, t.Negative) for one in node.terms]
    targets = [one for one in node.terms if {n.base for n in _quantities(one)} == {"y"}]
    if len(targets) != 1 or signs.count(isinstance(targets[0], t.Negative)) != 1:
        return False
    given = all(one.base in ("x", "y", *t.FREE) for one in _quantities(node))
    return not given or any(isinstance(one, t.Apply) for one in node.terms)


def _is_rate(node: t.Node) -> bool:
    return isinstance(node, _SLOPES) or getattr(node, "primes", 0) > 0


def _quantities(node: t.Node) -> list[t.Name]:
    """The quantities of a formula that stand in no derivative and in no length."""
    parts = t.walk(node, lambda one: () if isinstance(one, (*_SLOPES, t.Length)) else one.parts)
    return [part for part in parts if isinstance(part, t.Name)]


# -- both


def _is_whole(node: t.Node) -> bool:
    """Whether it is a vector or a matrix of the network, and no entry."""
    name = isinstance(node, t.Name) and node.base in (*spelling.VECTORS, "W")
    return name and not _indexed(node) and node != t.BARE_S


def _is_component(node: t.Expr) -> bool:
    of = node.of if isinstance(node, t.Power) else node
    return isinstance(of, t.Component) and t.Whole() not in of.indices


def _is_array(node: t.Node) -> bool:
    """Whether it is a vector or a matrix, as far as one node shows."""
    column = isinstance(node, t.Written | t.Constant | t.Unit) or _is_whole(node)
    return column or _is_matrix(node) or t.Whole() in getattr(node, "indices", ())


def _indexed(node: t.Node) -> bool:
    return bool(getattr(node, "indices", ()))


def _without_marks(node: t.Expr) -> t.Expr:
    """What bears transposes, powers, a sign or an index of a bracket."""
    while isinstance(node, t.Power | t.Transpose | t.Component | t.Negative | t.Restricted):
        node = node.parts[0]
    return node
