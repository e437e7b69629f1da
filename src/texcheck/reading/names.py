"""Reads letters of quantities, layers, indices, lengths, identity matrices and numbers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from .. import syntax as t
from . import spelling
from .cursor import DEEPEST, Cursor, at, spot

MOST_DIGITS = 15
_INDEX = "expected an index"


def letter(c: Cursor) -> t.Name | None:
    """The quantity whose letter stands here, without scripts; None if there is none."""
    token = c.token
    start = token.start
    if token.kind == "command" and token.text == "hat":
        c.advance()
        return _hat(c, start)
    single = token.kind == "letter" or (token.kind == "word" and len(token.text) == 1)
    named = single or (token.kind == "command" and token.text in ("ell", "delta", "eta"))
    base = c.names.quantities.get(token.text) if named else None
    if base is None or (token.text == "l" and c.shared.layer_letter == "l"):
        return None
    c.advance()
    variant = _variant(c) if base == "ell" and c.sees("_") else ""
    return t.Name(base, None, (), variant, **c.span(start))


def _hat(c: Cursor, start: int) -> t.Name:
    """What stands behind \\hat: y, in braces perhaps with its index."""
    group = c.take("{")
    if c.token.text != "y" or "hat y" not in c.names.quantities:
        raise c.error("expected y under the hat")
    inner = c.quantity() if group else letter(c)
    if inner is None:
        raise c.error("expected y under the hat")
    if group:
        c.expect("}")
    return replace(inner, base="y_hat", **c.span(start))


def _variant(c: Cursor) -> str:
    """The subscript of the loss: MSE or BCE."""
    c.expect("_")
    group = c.take("{")
    first = c.advance()
    word = first.text
    while group and c.token.kind == "letter":
        word += c.advance().text
    if word not in ("MSE", "BCE"):
        raise c.error("expected MSE or BCE as the name of the loss", node=spot(first))
    if group:
        c.expect("}")
    return word


def checked(c: Cursor, name: t.Name) -> t.Name:
    """The name. Raises `CannotRead` if it has another number of indices."""
    matrix = name.base == "W"
    count = 2 if matrix else 1 if name.base in spelling.VECTORS else 0
    if name.indices and len(name.indices) != count:
        number = ["no index", "one index", "two indices"][count]
        instead = r"a layer stands above, W^{(1)}; row i is W_{i,:}" if matrix else ""
        raise c.error(f"{name.base.replace('_', ' ')} has {number}", instead, node=at(name))
    if count == 1 and any(isinstance(index, t.Whole) for index in name.indices):
        raise c.error(_INDEX, "the whole vector has no index", node=at(name))
    return name


# -- layers


def layer_follows(c: Cursor) -> bool:
    """Whether brackets with a layer stand here, with nothing but marks behind them."""
    if not c.sees("(", "["):
        return False
    return c.ahead().kind in ("digit", "letter") or c.ahead().text == "ell"


def layer(c: Cursor, group: bool) -> t.Layer:
    """A layer: (2), (L), (L+1), (L_max), and without brackets where the notation has none."""
    start = c.token.start
    if not group and c.sees("(", "["):
        raise c.error("expected braces around what is raised", "as in W^{(1)}")
    opening = c.take("(", "[")
    if opening is None and not c.names.bare:
        raise c.error("expected a layer in parentheses", "as in W^{(1)}")
    found = _layer_inside(c, group)
    if opening is not None:
        c.expect(")" if opening.text == "(" else "]", " after the layer")
    return replace(found, **c.span(start))


def _layer_inside(c: Cursor, group: bool) -> t.Layer:
    if c.token.kind == "digit":
        return t.Layer("", whole(c) if group else int(c.advance().text))
    base = _layer_letter(c)
    if group and c.take("="):
        if c.token.kind != "digit":
            raise c.error("expected a number")
        return t.Layer("", whole(c))
    sign = c.take("+", "-") if group else None
    if sign is None:
        return t.Layer(base, 0)
    if c.token.kind != "digit":
        raise c.error("expected a number")
    offset = whole(c)
    return t.Layer(base, offset if sign.text == "+" else -offset)


def _layer_letter(c: Cursor) -> str:
    """L or L_max, by the letter that stands here."""
    names, token = c.names, c.token
    letter = "l" if token.text == "ell" else token.text
    if names.any_layer and letter in (names.any_layer, names.last_layer):
        c.advance()
        return "L" if letter == names.any_layer else "L_max"
    if names.any_layer or letter not in ("L", "l"):
        known = names.any_layer or "L"
        raise c.error(f"expected a layer: a number, {known} or {names.last_layer or 'L_{max}'}")
    c.advance()
    if letter == "L" and c.take("_"):
        maximum(c)
        return "L_max"
    shared = c.shared
    if shared.layer_letter not in ("", letter):
        instead = r"the last layer is L_{\max}"
        raise c.error("expected one letter for any layer, found L and l", instead, node=spot(token))
    shared.layer_letter = letter
    return "L"


def maximum(c: Cursor) -> None:
    """The subscript of L_max."""
    group = c.take("{")
    word = ""
    while word != "max" and c.token.kind in ("letter", "word", "text", "command"):
        word += c.advance().text
    if word != "max":
        raise c.error(r"expected L_{\max}", r"the loss is \ell")
    if group:
        c.expect("}")


def layer_count(c: Cursor) -> t.LayerCount | None:
    """L or L_max as a number, if it stands here."""
    token, names = c.token, c.names
    letters = (
        {names.any_layer, names.last_layer} if names.any_layer else {"L", c.shared.layer_letter}
    )
    if token.kind not in ("letter", "word") or token.text not in letters:
        return None
    base = _layer_letter(c)
    return t.LayerCount(t.Layer(base, 0, **c.span(token.start)), **c.span(token.start))


# -- indices


def indices(c: Cursor, base: str) -> tuple[t.Expr, ...]:
    """The subscript of a quantity: `ij`, `i,j`, `d_x-1`; of a matrix' `10` each digit is one."""
    if not c.take("{"):
        found_one = _index_atom(c, single=True)
        if c.token.kind == "digit" and c.token.start == found_one.end:
            raise c.error("expected braces around the index")
        return (found_one,)
    stop = c.balanced().stop
    commas = any(c.tokens[number].text == "," for number in range(c.at, stop))
    matrix = base in ("W", "delta", "")
    found: list[t.Expr] = []
    while not c.take("}"):
        if found and (comma := c.take(",")) is None and not matrix:
            raise c.error("expected } after the index")
        if found and commas and comma is None:
            raise c.error("expected a comma between two indices")
        found.append(_index(c, matrix and not commas))
    if not found:
        raise c.error(_INDEX)
    return tuple(found)


def _index(c: Cursor, several: bool) -> t.Expr:
    """One index: an atom, or a sum of atoms."""
    start = c.token.start
    terms = [_index_atom(c, single=several)]
    while sign := c.take("+", "-"):
        if several and not isinstance(terms[0], t.Length):
            raise c.error("expected a comma between two indices", node=c.span(sign.start))
        right = _index_atom(c, single=False)
        negative = sign.text == "-"
        terms.append(t.Negative(right, **c.span(sign.start)) if negative else right)
        if isinstance(right, t.Whole) or isinstance(terms[0], t.Whole):
            raise c.error(_INDEX, node=c.span(start))
    return terms[0] if len(terms) == 1 else t.Add(tuple(terms), **c.span(start))


def _index_atom(c: Cursor, *, single: bool) -> t.Expr:
    token = c.token
    if token.kind == "digit":
        if not single:
            return number(c)
        c.advance()
        return t.Number(Fraction(int(token.text)), **c.span(token.start))
    if c.take(":", "cdot"):
        return t.Whole(**c.span(token.start))
    if token.kind == "letter" and token.text == "d" and c.ahead().text == "_":
        c.advance()
        return length(c, token.start)
    if token.kind == "letter" and token.text == "K":
        c.advance()
        return t.Length(t.Name("y_hat", None), **c.span(token.start))
    if c.take("("):
        if c.depth > DEEPEST:
            raise c.error("the formula is nested too deeply")
        c.depth += 1
        inner = _index(c, several=False)
        c.depth -= 1
        c.expect(")")
        return c.spread(inner, token.start)
    letter = index_letter(c)
    return t.Index(letter, **c.span(token.start))


def index_letter(c: Cursor) -> str:
    """The index letter that stands here."""
    token = c.token
    if token.kind == "command" and token.text == "ell":
        c.advance()
        return "l"
    if token.kind == "letter" and token.text.islower() and token.text.isascii():
        c.advance()
        return token.text
    raise c.error(_INDEX)


# -- lengths and identity matrices


def length(c: Cursor, start: int) -> t.Length:
    """d_v, behind the d."""
    c.expect("_")
    group = c.take("{")
    first = c.at
    name = c.quantity() if group else letter(c)
    if name is None or name.base not in spelling.VECTORS or name.indices:
        raise c.error("expected the name of a vector after d_", node=spot(c.tokens[first]))
    if group:
        c.expect("}", " after the name of a vector")
    return t.Length(name, **c.span(start))


def identity(c: Cursor, start: int) -> t.Expr:
    """The identity matrix or, with a superscript +s, ReLU's: what stands behind the I.

    I_K and I_{z \\times s} have lengths, I_{ij} is an entry; I alone is a `Function`.
    """
    shape: tuple[t.Expr, ...] = ()
    plus: t.Expr | None = None
    entry = False
    while True:
        if c.sees("^") and c.ahead().text == "{" and c.ahead(2).text == "+" and plus is None:
            c.at += 3
            plus = c.expression()
            c.expect("}")
        elif c.sees("_") and not shape:
            c.advance()
            entry = _are_indices(c)
            shape = indices(c, "") if entry else _identity_shape(c)
        else:
            break
    if entry:
        if plus is not None or len(shape) != 2:
            raise c.error("expected the lengths of I, as in I_K", node=c.span(start))
        matrix = t.Identity(None, None, start=start, end=start + 1)
        return t.Component(matrix, shape, **c.span(start))
    rows, columns = shape or (None, None)
    if plus is not None:
        return t.ReluDiagonal(plus, rows, columns, **c.span(start))
    if shape:
        return t.Identity(rows, columns, **c.span(start))
    return t.Function("I", **c.span(start))


def _are_indices(c: Cursor) -> bool:
    """Whether a group of several indices follows, and no length."""
    if not c.sees("{"):
        return False
    c.at += 1
    inner = [c.tokens[number] for number in c.balanced()]
    c.at -= 1
    atoms = [token for token in inner if token.text != ","]
    if len(inner) == len(atoms) > 1 and all(token.kind == "digit" for token in atoms):
        raise c.error("expected a comma between two indices, or a length such as d_x")
    quantities = c.names.quantities
    return len(atoms) > 1 and all(
        token.kind == "digit" or (token.text.islower() and token.text not in quantities)
        for token in atoms
        if token.text not in ":"
    )


def _identity_shape(c: Cursor) -> tuple[t.Expr, ...]:
    group = c.take("{")
    if group is None:
        return (one := _a_length(c, raised(c)), one)
    outer, c.no_times = c.no_times, True
    rows = _a_length(c, c.expression())
    columns = _a_length(c, c.expression()) if c.take("times", ",") else rows
    c.no_times = outer
    c.expect("}")
    return rows, columns


def single(c: Cursor) -> t.Expr:
    """The one token that TeX takes without braces: a digit, a quantity, a length, an index."""
    token = c.token
    if token.kind == "digit":
        c.advance()
        return t.Number(Fraction(int(token.text)), **c.span(token.start))
    if token.kind == "letter" and token.text == "K":
        c.advance()
        return t.Length(t.Name("y_hat", None), **c.span(token.start))
    found = layer_count(c) or letter(c)
    if found is None and token.kind != "letter":
        raise c.error("expected braces")
    return found if found is not None else t.Index(index_letter(c), **c.span(token.start))


def raised(c: Cursor) -> t.Expr:
    """A superscript without braces, which is one token alone."""
    if c.token.kind == "digit" and c.ahead().kind == "digit":
        raise c.error("expected braces around what is raised")
    return single(c)


def _a_length(c: Cursor, found: t.Expr) -> t.Expr:
    """A length; in the subscript of I a vector stands for its length."""
    if isinstance(found, t.Name) and found.base in spelling.VECTORS and not found.indices:
        return t.Length(found, **at(found))
    expect_lengths(c, found)
    return found


def expect_lengths(c: Cursor, *formulas: t.Expr) -> None:
    """Raises `CannotRead` for what is no length: a sum, a component."""
    allowed = (
        t.Number, t.Length, t.LayerCount, t.Add, t.Negative, t.Product, t.Times, t.Quotient,
    )  # fmt: skip
    for formula in formulas:
        left = [formula]
        while left:
            part = left.pop()
            if not isinstance(part, allowed):
                raise c.error("expected a length such as d_x", node=at(part))
            if not isinstance(part, t.Length):
                left += part.parts


# -- numbers


def whole(c: Cursor) -> int:
    """A whole number."""
    found = number(c)
    if found.value.denominator != 1:
        raise c.error("expected a whole number", node=at(found))
    return int(found.value)


def number(c: Cursor) -> t.Number:
    start = c.token.start
    digits = _digits(c)
    if c.sees(".") and c.ahead().kind == "digit" and c.token.start == c.before():
        c.advance()
        digits += "." + _digits(c)
    if c.token.kind == "digit":
        raise c.error("expected an operator between two numbers")
    if digits[0] == "0" and digits[1:2].isdigit():
        raise c.error("expected a number that does not begin with 0", node=c.span(start))
    if len(digits) > MOST_DIGITS:
        raise c.error(f"expected at most {MOST_DIGITS} digits", node=c.span(start))
    value = Fraction(digits) if "." in digits else Fraction(int(digits))
    return t.Number(value, **c.span(start))


def _digits(c: Cursor) -> str:
    """The digits that stand here without a space between them."""
    found = c.advance().text
    while c.token.kind == "digit" and c.token.start == c.before():
        found += c.advance().text
    return found
