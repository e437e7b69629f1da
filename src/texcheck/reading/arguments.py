"""Tells a factor in brackets, \\hat y (1 - \\hat y), from what reads as an argument, s(x).

A bracket behind a value, without a sign, is a factor if one of these holds; any other may be an
argument to a reader, and is not read:

1. Nobody calls the value: a number, weights, a diagonal.
2. Nobody calls it as it stands: x_i, \\sigma(s), a sum in brackets, and y where no x follows. The
   bracket holds more than one value, bears a T or, behind a bracket, begins with a minus sign.
3. The bracket is a sum of the value itself and numbers or the targets: \\hat y (1 - \\hat y).
4. The bracket is an error, \\hat y - y, or a rate of change, or a product with one.
5. One of both bears a T, or the bracket is 1 minus something, and it holds nothing that the value
   is a function of: \\delta (z)^T.

What holds the loss, and a letter of the display that is no number, stand under 3 alone; a letter
for a diagonal under 4 too.
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
    "delta": {"x", "b", "s"},
    "y": {"x"},
    "ell": _ANYTHING,
}
_MADE = ({"y_hat"}, {"z"}, {"s"}, {"f"}, {"Wz"}, {"Wz", "b"})  # what targets are compared with


def expect_none(c: Cursor, shown: t.Expr, tokens: Sequence[Token], one: t.Expr) -> None:
    """Raises `CannotRead` for s(x), \\hat y_k^T (x_0), x(0) and x[i], no products to a reader:
    a value, and behind it, as `one` of these tokens, a bracket that is no factor."""
    opening = first_seen(tokens)
    array, indicator = opening.kind == "begin", isinstance(one, t.Indicator)
    if not array and opening.text not in (("(", "lbrace") if indicator else ("(", "[", "lbrace")):
        return
    numbers = (t.Length, t.Norm, t.Component)
    parts = t.walk(shown, lambda one: () if isinstance(one, numbers) else one.parts)
    whole = any(map(_is_array, parts))
    below = not array and "_" in _behind_bracket(tokens)  # W (x)_0
    c.require(not (whole and below), "expected brackets around what the entry is of", at=one)
    what = "expected a sign before the bracket, which reads as an argument"
    instead = r"a factor is \cdot (z), a quantity is written without what it depends on"
    if whole and is_plain(one):
        what, instead = "expected an index below", "as in x_i"
    seen = [one.text for one in c.tokens if one.start >= shown.start and one.text not in UNSEEN]
    condition = isinstance(_without_marks(shown), t.Indicator | t.Elementwise)
    holds = condition and seen[1] == "_"  # 1_{x > 0}(x)
    c.require(not holds and _is_factor(shown, one, array), what, instead, at=one)


def _is_factor(shown: t.Expr, one: t.Expr, array: bool) -> bool:
    """Whether a bracket, which is an array perhaps, is a factor behind a value."""
    before, inner = _without_marks(shown), _without_marks(one)
    if t.bare_functions(before) and not t.bare_functions(inner):  # (1 - \sigma)(2)
        return False
    plain = is_plain(inner)
    if _is_written(before) or (_is_matrix(before) and not plain) or _is_own(inner, before):
        return True
    depends = _depends(before, not isinstance(before, t.Add))
    bears_brackets = isinstance(before, t.Add | t.Quotient | t.Apply)
    if not depends and (array or (bears_brackets and isinstance(one, t.Negative))):
        return True
    if plain:  # x_i (i + 1), \hat y_i (1 - \delta_{ij})
        picks = any(isinstance(part, t.Kronecker) for part in inner.nodes)
        return isinstance(inner, t.Add) and (picks or not depends) and _is_entry(before)
    used = {part.base for part in _quantities(inner)}
    if not (used.isdisjoint(t.FREE) or is_number(before)):  # W - \eta \nabla_W \ell
        return False
    turned = isinstance(one, t.Transpose) or t.Whole() in getattr(one, "indices", ())
    if depends <= {"x"}:
        return used.isdisjoint(depends) and (turned or not _is_alone(inner))
    error = _is_error(inner) and (turned or not _is_alone(inner))
    if "ell" not in depends and (error or (isinstance(before, _SLOPES) and _is_slope(inner))):
        return True
    row = isinstance(shown, t.Transpose)
    clear = (row and isinstance(inner, t.Product)) or _is_complement(inner)
    clear = clear or (turned and not isinstance(inner, t.Add))
    clear = clear and not any(isinstance(part, _SLOPES) for part in inner.nodes)
    return clear and used.isdisjoint(depends - {"W"} if row and turned else depends)  # z^T (W)^T


def is_behind_loss(node: t.Expr, slope: t.Expr, first: Token) -> bool:
    """Whether what stands behind a gradient of the loss can only be a factor of it: a vector with a
    T, where the gradient is by a whole one."""
    of = node.of if isinstance(node, t.Transpose) else node
    whole = _is_whole(of) and _is_whole(getattr(slope, "by", t.BARE_S))
    return whole and of is not node and first.text not in (*CLOSING, *UNSEEN)


def first_seen(tokens: Sequence[Token]) -> Token:
    """The first token that the page shows."""
    return next(one for one in tokens if one.text not in (*UNSEEN, "left."))


def is_number(node: t.Node) -> bool:
    """Whether it is a number as written, a length, or one of no network."""
    free = isinstance(node, t.Name) and node.base in t.FREE
    written = (t.Number, t.Quotient, t.Negative, t.Length)
    return free or all(isinstance(part, written) for part in t.outside_lengths(node))


def _behind_bracket(tokens: Sequence[Token]) -> list[str]:
    """What stands behind the first bracket of a factor."""
    texts = [one.text for one in tokens]
    while texts[0] in UNSEEN[:2]:  # its label is no script
        depth = [*accumulate(NESTING.get(text, 0) for text in texts)]
        texts = texts[2 : depth.index(0, 1)]
    depths = [*accumulate(NESTING.get(text, 0) for text in texts)]
    first = next((at for at, text in enumerate(texts) if text in ("(", "[", "lbrace")), 0)
    ends = (at for at in range(first, len(texts)) if depths[at] < depths[first])
    return texts[next(ends, len(texts)) :]


# -- what stands before the bracket


def _depends(node: t.Node, names: bool) -> set[str]:
    """What a value may be a function of, by a reader's eyes; `names`: by its quantities too."""
    match node:
        case t.Name(base):
            return _DEPENDS.get(base, set()) if names or base == "ell" else set()
        case t.Derivative(of, by) | t.Gradient(of, by):
            if by == t.BARE_S:
                return _ANYTHING
            jacobian = isinstance(node, t.Derivative) and _is_whole(of) and _is_whole(by)
            near = {"y"} if by.base == "y_hat" else set()  # where the loss is smallest
            return {"x", "b", by.base} | near | (set() if jacobian else {"W"})
        case t.Local(_, of):
            diagonal = {"ell"} if _is_matrix(of) else set()
            return set() if _is_written(of) else _ANYTHING - diagonal
        case t.Length() | t.Written() | t.Apply(t.Function("exp")):
            return set()
        case t.Apply(function) if function.name not in ("max", "tr"):
            names = False
        case t.Quotient(top, bottom):
            return _depends(top, names) | _depends(bottom, names=False)
    return set[str]().union(*(_depends(one, names) for one in node.parts))


def _is_written(node: t.Expr) -> bool:
    """Whether it is a number as written, which nobody calls."""
    called = (t.Name, t.Function, t.Local)
    return not any(isinstance(one, called) for one in t.outside_lengths(node))


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
    """Whether a bracket is a sum of what stands before it and of numbers or the targets alone."""
    if not isinstance(inner, t.Add):
        return False
    if isinstance(before, t.Name):
        used = [(one.base, one.layer) for one in _quantities(inner) if one.base != "y"]
        return {*used} == {(before.base, before.layer)}
    of = getattr(before, "of", None)  # d sigma(s)/ds (1 - 2 sigma(s))
    own = (before, of) if isinstance(of, t.Apply) else (before,)
    rest = [*t.walk(inner, lambda one: () if one in own else one.parts)]
    other = [one for one in rest if one not in own]
    return len(other) < len(rest) and all(isinstance(one, numbers.LENGTHS) for one in other)


def is_plain(inner: t.Expr) -> bool:
    """Whether a bracket holds a number of no network."""
    names = [part for part in t.outside_lengths(inner) if isinstance(part, t.Name)]
    return all(one.base in t.FREE for one in names)


def _is_alone(inner: t.Expr) -> bool:
    """Whether a bracket holds one value, or a multiple of one such as 2x."""
    value = _scaled(inner)[2]
    single = isinstance(value, t.Name | t.Local | t.Apply | t.Absolute | t.Norm | t.Quotient)
    return single or (value is not inner and _is_alone(value))


def _is_complement(node: t.Expr) -> bool:
    """Whether it is 1 minus something, as 1 - z^2 is."""
    terms = node.terms if isinstance(node, t.Add) else ()
    return [one for one in terms if not isinstance(one, t.Negative)] == [t.ONE]


def _is_slope(node: t.Expr) -> bool:
    """Whether it is v (1 - v), the slope of the sigmoid."""
    return isinstance(node, t.Product) and any(starmap(_is_own, product(node.parts, repeat=2)))


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
    """Whether it is one value of a network, or W z + b, minus its target, or the other way round:
    nothing stands beside them, and all bear the same numbers."""
    parts = [getattr(one, "body", one) for one in node.terms] if isinstance(node, t.Add) else []
    terms = {_kind(value): (sign, by) for sign, by, value in map(_scaled, parts)}
    negative, scale = terms.pop("y", (False, None))
    alike = {*terms.values()} == {(not negative, scale)}
    return alike and len(terms) == len(parts) - 1 and {*terms} in _MADE


def _kind(value: t.Expr) -> str:
    """The base of a quantity, f for a function's value, Wz for a formula with W."""
    if isinstance(value, t.Name | t.Apply):
        return getattr(value, "base", "f")
    return "Wz" if any(one.base == "W" for one in _quantities(value)) else ""


def _scaled(term: t.Expr) -> tuple[bool, frozenset[t.Expr], t.Expr]:
    """Whether a term is negative, the numbers that it is multiplied by, and what they multiply."""
    of = term.of if isinstance(term, t.Negative) else term
    factors = of.parts if isinstance(of, t.Product | t.Times) else (of,)
    rest = [one for one in factors if not is_number(one)]
    value = rest[0] if len(rest) == 1 else of
    value = value.of if isinstance(value, t.Transpose) else value
    return of is not term, frozenset(filter(is_number, factors)), value


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
