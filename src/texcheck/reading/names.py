"""Reads symbols with what stands below and above them: quantities, layers, indices, powers.

TeX sets one subscript and one superscript on a symbol, in either order; a layer comes first in
the superscript, then the marks from left to right.
"""

from dataclasses import dataclass, field, replace
from itertools import dropwhile, takewhile
from typing import TypeAlias

from .. import syntax as t
from . import numbers, own_letters, spelling
from .cursor import RAISED, Cursor, at

_NUMBERS = {"ell": "the loss", "eta": "the step size", "lambda": "the weight of a penalty"}
COMMANDS = ("ell", "mathcal", "delta", "eta", "alpha", "lambda")  # that name a quantity
_INDEX = "expected an index"
_OF_ALL = "expected brackets: above an index, this may be the whole matrix's"
_Mark: TypeAlias = tuple[str, t.Expr | None, int]  # T, ', ^ or odot, its exponent and its end


def letter(c: Cursor) -> t.Name | None:
    """The quantity whose letter stands here, without scripts; None if there is none."""
    token = c.token
    if c.take("hat"):
        return _hat(c, token.start)
    named = token.kind == "command" and token.text in COMMANDS
    named |= token.kind == "letter" or (token.kind == "word" and len(token.text) == 1)
    base = c.names.quantities.get(token.text) if named else None
    if base is None or (token.text == "l" and c.shared.layer_letter == "l"):
        return None
    c.advance()
    if token.bold:
        c.require(base not in _NUMBERS, f"expected no bold {token}: a number", at=token)
        c.shared.bold.add(token.start)
    if base in _NUMBERS:
        c.expect_one_meaning(token, _NUMBERS[base])
    variant = ""
    if base == "ell" and c.take("_"):
        first, variant = c.ahead(c.sees("{")), numbers.subscript_word(c)
        named = variant in ("MSE", "BCE")
        c.require(named, "expected MSE or BCE as the name of the loss", at=first)
    return t.Name(base, None, (), variant, **c.span(token.start))


def _hat(c: Cursor, start: int) -> t.Name:
    """What stands behind \\hat: y, in braces perhaps with its index."""
    group = c.take("{")
    known = c.token.text == "y" and "hat y" in c.names.quantities
    inner = (quantity(c) if group else letter(c)) if known else None
    if inner is None:
        raise c.error("expected y under the hat")
    if group:
        c.expect("}")
    return replace(inner, base="y_hat", **c.span(start))


def quantity(c: Cursor) -> t.Name | None:
    """A quantity with its layer and its indices, without marks; None if there is none."""
    start = c.token.start
    if (name := letter(c)) is None:
        return None
    whole, marks = plain(c, name, start)
    if marks or not isinstance(whole, t.Name):
        raise c.error("expected a quantity with its layer and its indices alone", at=start)
    return whole


def plain(c: Cursor, value: t.Expr, start: int) -> tuple[t.Expr, list[_Mark]]:
    """A symbol with its layer and its indices, and the marks on it."""
    found = _scripts(c, value)
    marks, found.marks = found.marks, []
    return _with_scripts(c, value, found, start), marks


def checked(c: Cursor, name: t.Name) -> t.Name:
    """The name. Raises `CannotRead` if it has another number of indices."""
    matrix = name.base == "W"
    count = 2 if matrix else 1 if name.base in spelling.VECTORS else 0
    number = next((one.value for one in name.indices if isinstance(one, t.Number)), 1)
    instead = rf"a layer stands above, W^{{({number})}}; row i is W_{{i,:}}" if matrix else ""
    has = f"{name.base.replace('_', ' ')} has {['no index', 'one index', 'two indices'][count]}"
    c.require(len(name.indices) in (0, count), has, instead, at=name)
    if count == 1 and name.indices and t.Whole() in name.indices:
        raise c.error(_INDEX, "the whole vector has no index", at=name)
    return name


# -- indices


def indices(c: Cursor, base: str) -> tuple[t.Expr, ...]:
    """The subscript of a quantity: `ij`, `i,j`, `d_x-1`; of a matrix' `10` each digit is one."""
    if not c.take("{"):
        one = _index_atom(c, single=True)
        more = c.token.kind == "digit" and c.token.start == one.end
        c.require(not more, "expected braces around the index")
        return (one,)
    commas = any(token.text == "," for token in c.group())
    matrix = base in ("W", "delta", "")
    found: list[t.Expr] = []
    while not c.take("}"):
        if found:
            comma = c.take(",")
            c.require(comma or matrix, "expected } after the index")
            c.require(comma or not commas, "expected a comma between two indices")
        found.append(_index(c, matrix and not commas))
    c.require(found, _INDEX)
    return tuple(found)


def _index(c: Cursor, several: bool) -> t.Expr:
    """One index: an atom, or a sum of atoms."""
    start = c.token.start
    terms = [_index_atom(c, single=several)]
    while sign := c.take("+", "-"):
        if several and not isinstance(terms[0], t.Length):
            raise c.error("expected a comma between two indices", at=sign)
        right = _index_atom(c, single=False)
        terms.append(t.Negative(right, **c.span(sign.start)) if sign.text == "-" else right)
        c.require(t.Whole() not in (right, terms[0]), _INDEX, at=start)
    return terms[0] if len(terms) == 1 else t.Add(tuple(terms), **c.span(start))


def _index_atom(c: Cursor, *, single: bool) -> t.Expr:
    token = c.token
    if token.kind == "digit" and not single:
        return numbers.number(c)
    if c.take(":", "cdot"):
        return t.Whole(**c.span(token.start))
    if token.kind == "letter" and token.text == "d" and c.ahead().text == "_":
        return length(c)
    return numbers.small(c) or t.Index(index_letter(c), **c.span(token.start))


def index_letter(c: Cursor) -> str:
    token = c.token
    ell = token.text == "l" or (token.kind == "command" and token.text == "ell")
    free = token.text in spelling.INDEX_LETTERS - c.names.quantities.keys()
    instead = "a layer stands above, as in W^{(1)}" if c.sees("(") else ""
    instead = r"the prediction is \hat y" if [token.text, c.ahead().text] == ["h", "a"] else instead
    c.require(ell or (token.kind == "letter" and free), _INDEX, instead)
    c.advance()
    if ell:
        c.expect_one_meaning(token, "an index")
    return "l" if ell else token.text


# -- lengths and identity matrices


def length(c: Cursor) -> t.Length:
    """d_v."""
    start = c.advance().start
    c.require(c.take("_"), "expected _ behind d", spelling.INSTEAD["d"])
    group = c.take("{")
    first = c.token
    name = quantity(c) if group else letter(c)
    if name is None or name.base not in spelling.VECTORS or name.indices:
        raise c.error("expected the name of a vector after d_", at=first)
    if group:
        c.expect("}", " after the name of a vector")
    return t.Length(name, **c.span(start))


def identity(c: Cursor, start: int) -> t.Expr:
    """The identity matrix or, with a superscript +s, ReLU's: what stands behind the I.

    I_K and I_{z \\times s} have lengths, I_{ij} is an entry; I alone is a `Function`.
    """
    called = c.tokens[c.at - 1].bold and c.sees("(", "[", "lbrace")
    c.require(not called, "expected a sign between a matrix and a bracket")
    shape: tuple[t.Expr, ...] = ()
    plus: t.Expr | None = None
    entry = False
    while True:
        if plus is None and [c.token.text, c.ahead().text, c.ahead(2).text] == ["^", "{", "+"]:
            c.at += 3
            plus = c.read()
            c.expect("}")
        elif not shape and c.take("_"):
            entry = _are_indices(c)
            shape = indices(c, "") if entry else _identity_shape(c)
        else:
            break
    rows, columns = (None, None) if entry or not shape else shape
    if entry:
        lengths = plus is None and len(shape) == 2
        c.require(lengths, "expected the lengths of I, as in I_K", at=start)
        matrix = t.Identity(None, None, start=start, end=start + 1)
        return t.Component(matrix, shape, **c.span(start))
    if plus is not None:
        return t.ReluDiagonal(plus, rows, columns, **c.span(start))
    return t.Identity(rows, columns, **c.span(start)) if shape else t.Function("I", **c.span(start))


def _are_indices(c: Cursor) -> bool:
    """Whether a group of several indices follows, and no length."""
    if not c.sees("{"):
        return False
    inner = c.group(1)
    atoms = [token for token in inner if token.text != ","]
    digits = len(inner) == len(atoms) > 1 and all(token.kind == "digit" for token in atoms)
    c.require(not digits, "expected a comma between two indices, or a length such as d_x")
    return len(atoms) > 1 and all(
        token.kind == "digit" or (token.text.islower() and token.text not in c.names.quantities)
        for token in atoms
        if token.text not in ":"
    )


def _identity_shape(c: Cursor) -> tuple[t.Expr, ...]:
    if not c.take("{"):
        return (one := a_length(c, raised(c)), one)
    with c.within(no_times=True):
        rows = a_length(c, c.read())
        columns = a_length(c, c.read()) if c.take("times", ",") else rows
    c.expect("}")
    return rows, columns


def a_length(c: Cursor, found: t.Expr) -> t.Expr:
    """A length; in the subscript of I a vector stands for its length."""
    if isinstance(found, t.Name) and found.base in spelling.VECTORS and not found.indices:
        return t.Length(found, **at(found))
    numbers.expect_lengths(c, found)
    return found


def argument(c: Cursor) -> t.Expr:
    """What stands in braces, or the one token that TeX takes without them."""
    if c.take("{"):
        return c.inside("}")
    token = c.token
    plain = token.kind not in ("letter", "digit") or token.end - token.start == 1
    c.require(plain, "expected braces around the command and what is behind it")
    found = numbers.small(c) or numbers.layer_count(c) or letter(c)
    c.require(found is not None or token.kind == "letter", "expected braces")
    return found or t.Index(index_letter(c), **c.span(token.start))


def raised(c: Cursor) -> t.Expr:
    """A superscript; without braces it is one token alone."""
    c.require(c.token.kind != "digit" or c.ahead().kind != "digit", RAISED)
    return argument(c)


# -- scripts


@dataclass
class _Scripts:
    """The scripts of one symbol, the marks on it in their order; `bracket`: of one in brackets."""

    bracket: bool
    indices: tuple[t.Expr, ...] = ()
    subscript: str = ""  # of a norm
    layer: t.Layer | None = None
    marks: list[_Mark] = field(default_factory=list)


def scripted(c: Cursor, value: t.Expr, start: int) -> t.Expr:
    """The value with the scripts that follow."""
    bracket = c.form == "bracket"
    below = raised = power = False
    while c.sees("_", "^", "'"):
        if bracket and c.sees("_") and c.ahead().text == "+":
            c.at += 2
            value = t.Apply(t.Function("ReLU", **c.span(start)), (value,), **c.span(start))  # [s]_+
            continue
        found = _scripts(c, value, bracket)
        value = _with_scripts(c, value, found, start)
        below = below or bool(found.indices or found.subscript)
        raised = raised or bool(found.marks)
        if found.layer and c.names.bare:  # a^2{}^2
            above = c.ahead(1 + (c.ahead().text == "{")).text
            power = c.sees("^") and above not in spelling.TRANSPOSE
        clear = not (raised and c.sees("^")) and not (below and c.sees("_")) and not power
        c.require(clear, "expected brackets: the scripts would be seen as one")
    return value


def _scripts(c: Cursor, value: t.Expr, bracket: bool = False) -> _Scripts:
    """The subscript, the superscript and the dashes that follow a value."""
    found = _Scripts(bracket)
    seen = {"_"} if isinstance(value, t.Name) and value.indices and not bracket else set()
    first = c.at
    while c.sees("_", "^", "'") and (c.at == first or not c.token.apart):
        c.require(not c.token.quad, "expected no gap before this: it stands on no symbol")
        kind = "^" if c.sees("'") and "^" in seen else c.token.text
        what = f"TeX sets no second {'super' if kind == '^' else 'sub'}script on one symbol"
        c.require(kind not in seen, what, r"as in W^{(1)T}, f^{(1)\prime}" * (kind == "^"))
        c.advance()
        if kind == "'":
            found.marks.append((kind, None, c.before()))
            continue
        seen.add(kind)
        if kind == "_":
            _subscript(c, value, found)
        else:
            group = c.take("{") is not None
            _mark(c, value, found, group)
            while group and not c.take("}"):
                _mark(c, value, found, group)
    return found


def _subscript(c: Cursor, value: t.Expr, found: _Scripts) -> None:
    if isinstance(value, t.Norm):
        what = "expected the Euclidean norm, _2, _F or no subscript, or the sum that _1 is"
        found.subscript = c.braced(lambda c: c.pick(("1", "2", "F"), what))
        return
    if isinstance(value, t.Function):
        raise c.error(f"{value.name} has no index", "a layer stands above, as in f^{(1)}")
    bears = found.bracket or isinstance(value, t.Name | t.Apply | t.Local)
    own = isinstance(value, t.Index) and value.letter in spelling.DEFINABLE
    c.require(bears, "expected brackets around what has an index", spelling.OWN * own)
    found.indices = indices(c, value.base if isinstance(value, t.Name) else "")


def _mark(c: Cursor, value: t.Expr, found: _Scripts, group: bool) -> None:
    """One part of a superscript."""
    inner = c.take("^") if found.layer else None  # W^{(2)^T}
    braces = c.take("{") if inner else None
    dashed = all(kind == "'" for kind, _, _ in found.marks)
    first = isinstance(value, t.Name | t.Function) and not found.layer and dashed
    kind, exponent = "T", None
    if c.token.text == "T" or c.sees(*spelling.TRANSPOSE):
        c.advance()
    elif inner:
        raise c.error("expected a transpose behind the layer")
    elif c.take("'"):
        kind = "'"
    elif first and _layer_follows(c, value, found.bracket):
        found.layer = numbers.layer(c, group)
        return
    else:
        kind, exponent = _exponent(c, value, group)
    found.marks.append((kind, exponent, c.before()))
    if braces:
        c.expect("}")


def _exponent(c: Cursor, value: t.Expr, group: bool) -> tuple[str, t.Expr]:
    behind = group and c.names.bare and c.tokens[c.at - 1].text != "{"  # a^{l2}
    c.require(not behind, "expected brackets around what has a layer and a power")
    signed = c.sees("+") or (c.sees("-") and c.tokens[c.at - 1].text != "{")  # z^{(1)-1}
    instead = r"as in z^{(L+1)}" if group and c.ahead().text != "}" else r"write \max(0, s)"
    c.require(not signed, "expected a transpose, a layer or a number", instead)
    first = next(token for token in c.tokens[c.at :] if token.text != "{")
    what = "expected a power without parentheses, or braces around a layer"
    letter = value.letter if isinstance(value, t.Index) else ""  # as in a^{(1)}
    c.require(first.text not in ("(", "["), what, spelling.INSTEAD.get(letter, ""))
    iterate = t.bare_functions(value) and group and c.sees("circ")
    c.require(not iterate, "expected the function's value: this is the function of its value")
    return "odot" if group and c.take("odot", "circ") else "^", c.read() if group else raised(c)


def _layer_follows(c: Cursor, value: t.Expr, bracket: bool) -> bool:
    if c.sees("(", "["):
        return c.ahead().kind in ("digit", "letter") or c.ahead().text == "ell"
    bears = not isinstance(value, t.Name) or (value.base in spelling.LAYERED and not value.layer)
    known = c.token.text in (c.names.any_layer, c.names.last_layer) or c.token.kind == "digit"
    return c.names.bare and bears and known and not bracket  # (a_k)^2 is a square


def _with_scripts(c: Cursor, value: t.Expr, found: _Scripts, start: int) -> t.Expr:
    """The value with its indices and its layer, then each mark."""
    marks = found.marks
    if isinstance(value, t.Name) and not (value.indices and found.indices and not found.layer):
        value = _named(c, value, found, start)
    elif isinstance(value, t.Function):
        value = _function(c, value, found, start)
        marks = [*dropwhile(lambda mark: mark[0] == "'", marks)]
        if value == t.Function("I") and marks:
            value = t.Identity(None, None, **at(value))
    elif isinstance(value, t.Norm) and found.subscript:
        value = replace(value, subscript=found.subscript, **c.span(start))
    elif found.indices:
        value = t.Component(value, found.indices, **c.span(start))
    matrix = found.bracket and len(found.indices) == 2  # (W)^{-1}_{ij}
    c.require(not matrix or all(kind in ("odot", "T") for kind, *_ in marks), _OF_ALL, at=value)
    for kind, exponent, end in marks:
        row = t.Whole() in found.indices and kind == "T"
        c.require(not row, _OF_ALL, r"as in [W_{i,:}^{(1)}]^T", at=value)
        value = replace(_marked(c, value, kind, exponent), start=start, end=end)
        c.form = "factor"
    return replace(value, end=c.before()) if marks else value


def _marked(c: Cursor, value: t.Expr, kind: str, exponent: t.Expr | None) -> t.Expr:
    """A value with a transpose, a power or (which is an error) a dash."""
    what = "a dash stands for the derivative of a function"
    c.require(kind != "'", what, r"such as \sigma'", at=value)
    function = isinstance(value, t.Function)
    plain = isinstance(value, t.Name) and (exponent is None or isinstance(exponent, t.Number))
    several = len(getattr(value, "indices", ())) == 2 and not plain  # the inverse's, perhaps
    if several or (isinstance(value, t.Component) and exponent is None):
        c.require(kind == "odot", _OF_ALL, at=value)
    if exponent is not None:
        known = isinstance(value, t.Function) and value.name not in ("f", "g")
        known = not function or (known and isinstance(exponent, t.Number))
        c.require(known, "expected the function's value, and the power behind it", at=value)
        return t.Power(value, exponent, elementwise=kind == "odot")
    entry = isinstance(value, t.Name | t.Local) and value.indices and t.Whole() not in value.indices
    entry = entry or own_letters.is_matrix_entry(value)
    c.require(not entry, "an entry has no transpose", r"write [W^{(1)T}]_{ij}", at=value)
    c.require(not function, "a function has no transpose", at=value)
    return t.Transpose(value)


def _named(c: Cursor, name: t.Name, found: _Scripts, start: int) -> t.Expr:
    """A quantity with its layer and its indices; \\delta_{ij} is Kronecker's."""
    if found.layer is not None:
        what = f"{name.base.replace('_', ' ')} has {'one' if name.layer else 'no'} layer"
        c.require(name.layer is None and name.base in spelling.LAYERED, what, at=name)
    inside = found.indices or name.indices
    ends = [name.end, *(part.end for part in (found.layer, *inside) if part)]
    end = max(ends) if found.marks else max(c.before(), name.end)
    name = replace(name, layer=found.layer or name.layer, indices=inside, start=start, end=end)
    own = c.shared.locals.get(r"\delta") if name.base == "delta" and not name.layer else None
    what = r"expected another letter for what \delta is, or for Kronecker's"
    c.require(not own or own.indices or len(inside) < 2, what, at=name)
    if own and len(inside) < 2:
        value = own_letters.used(c, own, inside if own.indices else (), start)
        return value if own.indices or not inside else t.Component(value, inside, **at(value))
    if name.base != "delta" or name.layer is not None or not inside:
        return checked(c, name)
    if len(inside) != 2 or t.Whole() in inside:
        expected = r"expected two indices as in \delta_{ij} (Kronecker's), or a layer as in "
        raise c.error(expected + r"\delta^{(2)} (the error)", at=name)
    c.require(start not in c.shared.bold, r"expected no bold \delta: a number", at=name)
    return t.Kronecker(*inside, **at(name))


def _function(c: Cursor, function: t.Function, found: _Scripts, start: int) -> t.Function:
    """A function with its layer and its dashes: activations alone have them."""
    dashes = len([*takewhile(lambda mark: mark[0] == "'", found.marks)])
    twice = found.layer is not None and function.layer is not None
    c.require(not twice, "a second layer on one symbol", at=function)
    level = found.layer or function.layer
    if function.name == "exp" and level == t.Layer("", 1) and not dashes:
        level = None  # as the activation of layer 1, a derivative or an iterate, it is exp
    function = replace(function, layer=level, primes=function.primes + dashes, **c.span(start))
    bears = function.name in spelling.ACTIVATIONS or not (function.primes or level)
    bears = bears or (function.name == "Linear" and not function.primes)
    what = f"{function.name} has no layer and no dash"
    c.require(bears, what, "they stand on activations", at=function)
    return function
