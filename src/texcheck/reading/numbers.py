"""Reads numbers and layers, and says what may stand as a length."""

from fractions import Fraction

from .. import syntax as t
from .cursor import CLOSING, RAISED, Cursor

MOST_DIGITS = 15
LENGTHS = (t.Number, t.Length, t.LayerCount, t.Add, t.Negative, t.Product, t.Times, t.Quotient)


def number(c: Cursor) -> t.Number:
    """A number: 2, 0.5."""
    start = c.token.start
    digits = _digits(c)
    if c.sees(".") and c.ahead().kind == "digit":
        near = c.token.start == c.before() and c.ahead().start == c.token.end
        near = near and not (c.token.spaced or c.ahead().spaced)
        c.require(near, "expected a number without gaps, or a comma between two statements")
        c.advance()
        digits += "." + _digits(c)
    c.require(c.token.kind != "digit", "expected an operator between two numbers")
    zeros = digits[0] == "0" and digits[1:2].isdigit()
    c.require(not zeros, "expected a number that does not begin with 0", at=start)
    c.require(len(digits) <= MOST_DIGITS, f"expected at most {MOST_DIGITS} digits", at=start)
    return t.Number(Fraction(digits), **c.span(start))


def _digits(c: Cursor) -> str:
    """The digits that stand here without a space between them."""
    found = c.advance().text
    while c.token.kind == "digit" and c.token.start == c.before() and not c.token.spaced:
        found += c.advance().text
    return found


def whole(c: Cursor) -> int:
    """A whole number. Raises CannotRead for another one."""
    found = number(c)
    c.require(found.value.denominator == 1, "expected a whole number", at=found)
    return int(found.value)


def small(c: Cursor) -> t.Expr | None:
    """One digit, or the length K, if it stands here."""
    token = c.token
    if token.kind == "digit":
        c.advance()
        return t.Number(Fraction(token.text), **c.span(token.start))
    if token.kind == "letter" and token.text == "K":
        c.advance()
        return t.Length(t.Name("y_hat", None), **c.span(token.start))
    return None


def expect_lengths(c: Cursor, *formulas: t.Expr) -> None:
    """Raises `CannotRead` for what is no length: a sum, a component."""
    expect_only(c, LENGTHS, "expected a length such as d_x", "", *formulas)


def expect_only(
    c: Cursor, kinds: tuple[type[t.Node], ...], what: str, instead: str, *formulas: t.Expr
) -> None:
    """Raises `CannotRead` for the first part that is of no such kind."""
    for part in (part for one in formulas for part in t.outside_lengths(one)):
        c.require(isinstance(part, kinds), what, instead, at=part)


def layer(c: Cursor, group: bool) -> t.Layer:
    """A layer: (2), (L), (L+1), (L_max), and without brackets where the notation has none."""
    start = c.token.start
    c.require(group or not c.sees("(", "["), RAISED, "as in W^{(1)}")
    opening = c.take("(", "[")
    base, sign = "", None
    if c.token.kind != "digit":
        base = _layer_letter(c)
        sign = c.take("+", "-") if group else None
        c.require(not sign or c.token.kind == "digit", "expected a number")
    offset = 0
    if sign or not base:
        offset = whole(c) if group else int(c.advance().text)
    if opening:
        c.expect(CLOSING[opening.text], " after the layer")
    return t.Layer(base, -offset if sign and sign.text == "-" else offset, **c.span(start))


def _layer_letter(c: Cursor) -> str:
    """L or L_max, by the letter that stands here."""
    names, shared, token = c.names, c.shared, c.token
    text = "l" if token.text == "ell" else token.text
    own = (names.any_layer, names.last_layer) if names.any_layer else ()
    known = f"{names.any_layer or 'L'} or {names.last_layer or 'L_{max}'}"
    c.require(text in (own or ("L", "l")), f"expected a layer: a number, {known}")
    c.advance()
    if not own and text == "L" and c.take("_"):
        c.require(subscript_word(c) == "max", r"expected L_{\max}", r"the loss is \ell")
        return "L_max"
    if not own:
        what = "expected one letter for any layer, found L and l"
        c.require(shared.layer_letter in ("", text), what, r"the last layer is L_{\max}", at=token)
        shared.layer_letter = text
    if text == "l":
        c.expect_one_meaning(token, "a layer")
    return "L_max" if own and text == names.last_layer else "L"


def subscript_word(c: Cursor) -> str:
    """A subscript that is a word, in braces perhaps letter by letter."""
    group = c.take("{")
    word = c.advance().text
    while group and c.token.kind == "letter":
        word += c.advance().text
    if group:
        c.expect("}")
    return word


def layer_count(c: Cursor) -> t.LayerCount | None:
    """L or L_max as a number, if it stands here."""
    token, names = c.token, c.names
    one = (names.any_layer, names.last_layer) if names.any_layer else ("L", c.shared.layer_letter)
    if token.kind not in ("letter", "word") or token.text not in one:
        return None
    base = _layer_letter(c)
    return t.LayerCount(t.Layer(base, 0, **c.span(token.start)), **c.span(token.start))
