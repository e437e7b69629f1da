"""Reads formulas: sums, products, factors with their scripts, functions with their arguments.

What TeX shows decides: a subscript and a superscript belong to one symbol, in either order, and
braces that are not seen group nothing. Where a formula is read in two ways, it is not read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from .. import syntax as t
from . import matrices, names, operators, spelling
from .cursor import CLOSING, DEEPEST, Cursor, Grammar, at, spot

_FUNCTION_OF_FUNCTION = "a function of a function is not read"
_WIDER = {"sum", "product"}
_TWICE = "TeX sets no second {} on one symbol"


def expression(c: Cursor) -> t.Expr:
    """A sum of terms."""
    c.depth += 1
    if c.depth > DEEPEST:
        raise c.error("the formula is nested too deeply")
    start = c.token.start
    terms: list[t.Expr] = []
    sign = c.take("+", "-")
    signed = sign is not None
    while True:
        begin = c.token.start if sign is None else sign.start
        dots = c.take("dots") if terms else None
        one = t.Dots("dots", **c.span(dots.start)) if dots else term(c)
        negative = sign is not None and sign.text == "-"
        terms.append(t.Negative(one, **c.span(begin)) if negative else one)
        sign = c.take("+", "-")
        if sign is None:
            break
    c.depth -= 1
    if signed or len(terms) > 1:
        c.form = "sum"
    if len(terms) == 1:
        return terms[0]
    _expect_clear_sum(c, terms)
    return t.Add(tuple(terms), **c.span(start))


def _expect_clear_sum(c: Cursor, terms: list[t.Expr]) -> None:
    """Raises `CannotRead` where a reader asks what belongs to a sum or to its dots."""
    kinds = [
        isinstance(one.of if isinstance(one, t.Negative) else one, t.Dots | t.Negative)
        for one in terms
    ]
    dots = [one for one, is_dots in zip(terms, kinds, strict=True) if is_dots]
    if dots and (len(dots) > 1 or dots[0] is terms[-1] or isinstance(dots[0], t.Negative)):
        raise c.error("expected dots between two terms of a sum of pluses", node=at(dots[0]))
    for number, one in enumerate(terms[:-1]):
        letters = _open_letters(one)
        for other in terms[number + 1 :] if letters else ():
            for index in free_indices(other):
                if index.letter in letters:
                    raise c.error(
                        f"expected brackets: the sum over {index.letter} ends before this term",
                        node=at(index),
                    )


def _open_letters(node: t.Expr) -> set[str]:
    """The letters of the sums that end, without brackets, where this term ends."""
    letters: set[str] = set()
    inner: t.Expr | None = node
    while inner is not None:
        if isinstance(inner, t.Sum):
            letters |= {*inner.letters}
        last = inner.parts[-1] if inner.parts else None
        keeps = isinstance(inner, t.Negative | t.Product | t.Times | t.Sum | t.Elementwise)
        inner = last if keeps and last is not None and last.end == node.end else None
    return letters


def free_indices(node: t.Node, bound: frozenset[str] = frozenset()) -> list[t.Index]:
    """The indices of a formula that no sum in it binds."""
    if isinstance(node, t.Index):
        return [] if node.letter in bound else [node]
    if isinstance(node, t.Sum):
        bound |= {*node.letters}
    return [index for part in node.parts for index in free_indices(part, bound)]


def term(c: Cursor) -> t.Expr:
    """Products with \\odot, \\circ, \\oslash or \\otimes between them, from left to right."""
    start = c.token.start
    left = product(c)
    first = c.token.text
    while sign := c.take("odot", "circ", "oslash", "otimes"):
        right = product(c)
        functions = isinstance(left, t.Function) or isinstance(right, t.Function)
        if sign.text == "circ" and functions:
            raise c.error(_FUNCTION_OF_FUNCTION, node=at(right))
        if "otimes" in (first, sign.text) and first != sign.text:
            raise c.error("expected brackets around one of the products", node=at(right))
        if sign.text == "otimes":
            left = t.Times(left, right, "otimes", **c.span(start))
        elif sign.text == "oslash":
            left = t.Quotient(left, right, elementwise=True, **c.span(start))
        else:
            left = t.Elementwise(left, right, **c.span(start))
        c.form = "product"
    return left


def product(c: Cursor) -> t.Expr:
    """Factors side by side, or with a sign between them."""
    start = c.token.start
    left = _side_by_side(c)
    while sign := c.take(*(("cdot",) if c.no_times else ("cdot", "times", "*"))):
        right = _side_by_side(c)
        left = t.Times(left, right, sign.text, **c.span(start))
        c.form = "product"
    return left


def _side_by_side(c: Cursor) -> t.Expr:
    start = c.token.start
    factors: list[t.Expr] = []
    divided = False
    while True:
        begin = c.at
        one = factor(c)
        _expect_no_call(c, factors, begin, one)
        if c.bars == 0 and c.sees("vert") and c.ahead().text == "_":
            _expect_alone(c, begin)
            one = operators.restriction(c, one, c.tokens[begin].start)
        while c.take("/"):
            right = factor(c)
            if c.form in _WIDER:
                raise c.error("expected brackets around what is divided by", node=at(right))
            one = t.Quotient(one, right, **c.span(c.tokens[begin].start))
            divided, c.form = True, "product"
        factors.append(one)
        if not operators.continues(c):
            break
        if divided and not c.sees("partial"):
            raise c.error("expected brackets around what is divided by, or a sign")
    if len(factors) == 1:
        return factors[0]
    c.form = "product"
    return t.Product(tuple(factors), **c.span(start))


def _expect_no_call(c: Cursor, factors: list[t.Expr], begin: int, one: t.Expr) -> None:
    """Raises `CannotRead` for s(x): what depends on x is written without it."""
    if not factors or not c.tokens[begin].text == "(":
        return
    before = factors[-1]
    value = isinstance(before, t.Name) and before.base in ("s", "z", "y_hat", "ell", "delta")
    if value and isinstance(one, t.Name) and not one.indices:
        raise c.error("expected the quantity alone, without what it depends on", node=at(one))


def _expect_alone(c: Cursor, begin: int) -> None:
    """Raises `CannotRead` where a bar might hold for more than the factor before it."""
    before = c.tokens[begin - 1] if begin else None
    if before and before.text not in ("=", "(", "[", "{", ",", "left.", "Rightarrow"):
        raise c.error(r"expected \left. where the formula begins that the bar holds for")


def factor(c: Cursor) -> t.Expr:
    """A symbol, a bracket or a function with its arguments, and the scripts of each."""
    start = c.token.start
    value = scripted(c, primary(c), start)
    while c.sees("(", "[", "lbrace") and (name := _function_of(value)):
        if c.sees("lbrace") and name not in ("max", "min"):
            break
        value = scripted(c, _applied(c, value, start), start)
    bare = isinstance(value, t.Function) and value.name in spelling.BARE_ARGUMENT
    if bare and operators.continues(c):
        return _bare(c, _the_function(value), start)
    if isinstance(value, t.Function) and value.name not in spelling.ACTIVATIONS:
        raise c.error(f"expected brackets after {value.name}")
    if value == t.Function("I"):
        return t.Identity(None, None, **at(value))
    return value


def _function_of(value: t.Expr) -> str:
    """The function whose argument may follow: sigma, or sigma^2; empty if it is none."""
    if isinstance(value, t.Power):
        value = value.of
    return value.name if isinstance(value, t.Function) else ""


def _bare(c: Cursor, function: t.Function, start: int) -> t.Expr:
    """log x: a function of the one factor behind it."""
    argument = factor(c)
    operator = c.token.kind == "command" and c.token.text in (
        *spelling.FUNCTION_COMMANDS,
        "sum",
        "frac",
    )
    if c.form in _WIDER or (operators.continues(c) and not operator):
        raise c.error(f"expected brackets around the argument of {function.name}")
    value = t.Apply(function, (argument,), **c.span(start))
    c.form = "product"
    return value


# -- scripts


@dataclass
class _Scripts:
    """The scripts of one symbol. Marks: transposes, dashes, exponents, in the order they stand."""

    indices: tuple[t.Expr, ...] = ()
    layer: t.Layer | None = None
    raised: bool = False
    marks: tuple[tuple[str, t.Expr | None, int], ...] = ()


def scripted(c: Cursor, value: t.Expr, start: int) -> t.Expr:
    """The value with the scripts that follow."""
    bracket = c.form == "bracket"
    found = _Scripts()
    while True:
        if c.token.kind == "symbol" and c.sees("{") and c.ahead().text == "}":
            value, found = _with_scripts(c, value, found, start), _Scripts()
            c.at += 2  # {} bears the scripts that follow: they are seen on what stands before
        elif c.sees("_") and isinstance(value, t.Norm) and not value.subscript:
            value = operators.norm_subscript(c, value)
        elif c.sees("_"):
            if found.indices:
                raise c.error(_TWICE.format("subscript"))
            c.advance()
            if bracket and c.sees("+"):
                return _positive_part(c, value, start)
            found.indices = _subscript(c, value, bracket)
        elif c.sees("'"):
            if (found.raised and any(kind != "'" for kind, _, _ in found.marks)) or found.layer:
                raise c.error(_TWICE.format("superscript"), r"as in f^{(1)\prime}")
            c.advance()
            found.marks = (*found.marks, ("'", None, c.before()))
        elif c.sees("^"):
            if found.raised:
                raise c.error(_TWICE.format("superscript"), r"as in W^{(1)T}")
            found.raised = True
            c.advance()
            _superscript(c, value, found)
        else:
            return _with_scripts(c, value, found, start)


def _positive_part(c: Cursor, value: t.Expr, start: int) -> t.Expr:
    """[s]_+, which is ReLU."""
    c.advance()
    return t.Apply(t.Function("ReLU", **c.span(start)), (value,), **c.span(start))


def _subscript(c: Cursor, value: t.Expr, bracket: bool) -> tuple[t.Expr, ...]:
    if isinstance(value, t.Name):
        if value.indices:
            raise c.error(_TWICE.format("subscript"))
        return names.indices(c, value.base)
    if isinstance(value, t.Function):
        instead = f"as in {value.name}^{{(1)}}" if value.name in c.names.functions else ""
        raise c.error(f"{value.name} has no index", instead)
    if not bracket and not isinstance(value, t.Apply | t.Local):
        raise c.error("expected brackets around what has an index")
    return names.indices(c, "")


def _superscript(c: Cursor, value: t.Expr, found: _Scripts) -> None:
    """What stands raised: a layer first, then dashes, transposes, a power."""
    group = c.take("{") is not None
    _mark(c, value, found, group)
    while group and not c.take("}"):
        _mark(c, value, found, group)


def _mark(c: Cursor, value: t.Expr, found: _Scripts, group: bool) -> None:
    layered = isinstance(value, t.Function) or (
        isinstance(value, t.Name) and (value.base in spelling.LAYERED or not c.names.bare)
    )
    inner = c.take("^") if found.layer else None  # W^{(2)^T}
    braces = c.take("{") if inner else None
    if _is_transpose(c):
        c.advance()
        found.marks = (*found.marks, ("T", None, c.before()))
    elif inner:
        raise c.error("expected a transpose behind the layer")
    elif c.take("'"):
        found.marks = (*found.marks, ("'", None, c.before()))
    elif layered and not found.layer and not found.marks and _layer_follows(c):
        found.layer = names.layer(c, group)
    else:
        _exponent(c, found, group)
    if braces:
        c.expect("}")


def _layer_follows(c: Cursor) -> bool:
    if c.sees("(", "["):
        return names.layer_follows(c)
    return c.names.bare and (c.token.kind == "digit" or c.token.text in _layer_letters(c))


def _layer_letters(c: Cursor) -> set[str]:
    return {c.names.any_layer, c.names.last_layer}


def _is_transpose(c: Cursor) -> bool:
    kinds = ("letter", "word", "command", "text")
    return c.token.text in spelling.TRANSPOSE and c.token.kind in kinds


def _exponent(c: Cursor, found: _Scripts, group: bool) -> None:
    if c.sees("+") and (not group or c.ahead().text == "}"):
        raise c.error("expected a transpose, a layer or a number", r"write \max(0, s)")
    if c.sees("(", "["):
        raise c.error("expected a power without parentheses, or braces around a layer")
    elementwise = group and c.take("odot", "circ") is not None
    exponent = c.expression() if group else operators.unbraced(c)
    if group and not c.sees("}"):
        raise c.error("expected } after the exponent")
    kind = "odot" if elementwise else "^"
    found.marks = (*found.marks, (kind, exponent, c.before()))


def _with_scripts(c: Cursor, value: t.Expr, found: _Scripts, start: int) -> t.Expr:
    """The value with its indices and its layer, then each mark."""
    if isinstance(value, t.Name):
        value = _named(c, value, found, start)
    elif isinstance(value, t.Function):
        value = _function(c, value, found, start)
        if value == t.Function("I") and found.marks:
            value = t.Identity(None, None, **at(value))
    elif found.indices:
        value = t.Component(value, found.indices, **c.span(start))
    for kind, exponent, end in found.marks:
        if kind == "'" and isinstance(value, t.Function):
            continue
        value = replace(_marked(c, value, kind, exponent), start=start, end=end)
        c.form = "factor"
    return replace(value, end=c.before()) if found.marks else value


def _marked(c: Cursor, value: t.Expr, kind: str, exponent: t.Expr | None) -> t.Expr:
    """A value with a transpose, a power or (which is an error) a dash."""
    if kind == "'":
        raise c.error("a dash stands for the derivative of a function", r"such as \sigma'")
    if exponent is None:
        entry = isinstance(value, t.Name) and value.indices
        if entry and not any(isinstance(index, t.Whole) for index in value.parts):
            raise c.error("an entry has no transpose", r"write [W^{(1)T}]_{ij}", node=at(value))
        if isinstance(value, t.Function):
            raise c.error("a function has no transpose", node=at(value))
        return t.Transpose(value)
    if isinstance(value, t.Function):
        if not isinstance(exponent, t.Number) or value.name in c.names.functions:
            raise c.error(
                "expected the value of the function, and the power behind it", node=at(value)
            )
    return t.Power(value, exponent, elementwise=kind == "odot")


def _named(c: Cursor, name: t.Name, found: _Scripts, start: int) -> t.Expr:
    """A quantity with its layer and its indices; \\delta_{ij} is Kronecker's."""
    if found.layer is not None:
        if name.layer is not None or name.base not in spelling.LAYERED:
            what = "one layer" if name.layer else "no layer"
            raise c.error(f"{name.base.replace('_', ' ')} has {what}", node=at(name))
        name = replace(name, layer=found.layer)
    if found.indices:
        name = replace(name, indices=found.indices)
    name = c.spread(name, start)
    if name.base == "delta" and name.layer is None and name.indices:
        if len(name.indices) != 2 or any(isinstance(one, t.Whole) for one in name.indices):
            raise c.error(
                r"expected two indices as in \delta_{ij} (Kronecker's), or a layer as in "
                r"\delta^{(2)} (the error)",
                node=at(name),
            )
        return t.Kronecker(*name.indices, **at(name))
    return names.checked(c, name)


def _function(c: Cursor, function: t.Function, found: _Scripts, start: int) -> t.Function:
    """A function with its layer and its dashes: activations alone have them."""
    if found.layer is not None:
        if function.layer is not None:
            raise c.error("a second layer on one symbol", node=at(function))
        function = replace(function, layer=found.layer)
    dashes = 0
    for kind, _, _ in found.marks:
        if kind != "'":
            break
        dashes += 1
    function = replace(function, primes=dashes, **c.span(start))
    activation = function.name in spelling.ACTIVATIONS
    if (dashes and not activation) or (
        function.layer and not activation and function.name != "Linear"
    ):
        raise c.error(
            f"{function.name} has no layer and no dash",
            "they stand on activations",
            node=at(function),
        )
    return function


# -- functions with their arguments


def _applied(c: Cursor, value: t.Expr, start: int) -> t.Expr:
    """A function, or a power of one, with the arguments in the brackets that follow."""
    if isinstance(value, t.Power):
        inner = application(c, _the_function(value.of), start)
        if isinstance(inner, t.Product):  # sigma^2 (1 - sigma)
            return t.Product((value, *inner.factors[1:]), **c.span(start))
        c.form = "factor"
        return replace(value, of=inner, **c.span(start))
    return application(c, _the_function(value), start)


def _the_function(value: t.Expr) -> t.Function:
    assert isinstance(value, t.Function)
    return value


def application(c: Cursor, function: t.Function, start: int) -> t.Expr:
    """A function of what stands in the brackets that follow; f(\\cdot) is the function itself."""
    opening = c.take("(", "[", "lbrace")
    if opening is None:
        raise c.error(f"expected brackets after {function.name}")
    closing = CLOSING[opening.text]
    if c.sees("cdot") and c.ahead().text == closing:
        c.at += 2
        return c.spread(function, start)
    outer = c.no_times, c.bars
    c.no_times, c.bars = False, 0
    arguments = [c.expression()]
    while c.take(","):
        if c.sees("cdot") and c.ahead().text == closing and function.name == "max":
            c.at += 2
            return _maximum_function(c, arguments, start)
        arguments.append(_argument(c, function))
    c.no_times, c.bars = outer
    c.expect(closing, " or an operator")
    c.form = "primary"
    return _checked_application(c, t.Apply(function, tuple(arguments), **c.span(start)))


def _argument(c: Cursor, function: t.Function) -> t.Expr:
    dots = c.take("dots") if function.name == "diag" else None
    return t.Dots("dots", **c.span(dots.start)) if dots else c.expression()


def _maximum_function(c: Cursor, arguments: list[t.Expr], start: int) -> t.Expr:
    r"""\max(0, \cdot), which is ReLU."""
    if arguments != [t.Number(Fraction(0))]:
        raise c.error(r"expected \max(0, \cdot)", node=c.span(start))
    return t.Function("ReLU", **c.span(start))


def _checked_application(c: Cursor, node: t.Apply) -> t.Expr:
    """The application, or the product that sigma (1 - sigma) is."""
    function, arguments = node.function, node.arguments
    count = 2 if function.name in spelling.OF_TWO else 1
    dotted = function.name == "diag" and len(arguments) > 2
    if len(arguments) != count and not (dotted and any(map(_is_dots, arguments[1:-1]))):
        raise c.error(
            f"expected {count} value{'s' * (count > 1)} for {function.name}", node=at(node)
        )
    bare = [part for one in arguments for part in _bare_functions(one)]
    if bare and all(one == function for one in bare) and _multiplies(function, arguments):
        return t.Product((function, *arguments), **at(node))
    if bare:
        raise c.error(_FUNCTION_OF_FUNCTION, node=at(bare[0]))
    return node


def _is_dots(node: t.Expr) -> bool:
    return isinstance(node, t.Dots)


def _bare_functions(node: t.Expr) -> list[t.Expr]:
    """The functions in a formula that stand without an argument."""
    if isinstance(node, t.Function):
        return [node]
    parts = node.arguments if isinstance(node, t.Apply) else node.parts
    return [found for part in parts for found in _bare_functions(part)]


def _multiplies(function: t.Function, arguments: tuple[t.Expr, ...]) -> bool:
    """Whether sigma(1 - sigma) and the like is a product, and no function of a function."""
    named = [part for one in arguments for part in t.walk(one) if isinstance(part, t.Name)]
    single = len(arguments) == 1 and isinstance(arguments[0], t.Add)
    return function.name in spelling.ACTIVATIONS and single and not named


# -- the smallest parts


def primary(c: Cursor) -> t.Expr:
    """The smallest part of a formula, without scripts."""
    token = c.token
    c.form = "primary"
    match token.kind:
        case "digit":
            if token.text == "1" and c.ahead().text == "_":
                c.advance()
                return matrices.indicator(c, token.start)
            return names.number(c)
        case "letter" | "word" | "text":
            return _letter(c)
        case "blackboard":
            return _blackboard(c)
        case "begin":
            return matrices.matrix(c)
        case "symbol" if token.text in CLOSING:
            return _braces(c) if token.text == "{" else _bracket(c)
        case "symbol" if token.text == "left.":
            return operators.left_open(c)
        case "command":
            return _command(c)
        case "end":
            raise c.error("expected an expression")
    raise c.error("expected an expression")


def _letter(c: Cursor) -> t.Expr:
    """A quantity, a length, a layer's number, an index, or a function by its name."""
    token = c.token
    start, text = token.start, token.text
    if len(text) > 1 or (token.kind == "word" and text == "I"):
        return _word(c)
    if text == "d":
        if c.ahead().text != "_":
            return operators.inline_derivative(c)
        c.advance()
        return names.length(c, start)
    if (count := names.layer_count(c)) is not None:
        return count
    if (name := names.quantity(c)) is not None:
        return _loss(c, name)
    c.advance()
    if text in c.shared.locals:
        c.shared.used.add(text)
        return t.Local(text, c.shared.locals[text], **c.span(start))
    if text in c.names.functions:
        return t.Function(c.names.functions[text], **c.span(start))
    match text:
        case "K":
            return t.Length(t.Name("y_hat", None), **c.span(start))
        case "I":
            return names.identity(c, start)
        case "e" if c.sees("_", "^"):
            return _euler(c, start)
    if text in spelling.INDEX_LETTERS:
        return t.Index(text, **c.span(start))
    instead = spelling.INSTEAD.get(text, spelling.SPEAKS_OF)
    raise c.error(f"unknown symbol {text}", instead, node=c.span(start))


def _euler(c: Cursor, start: int) -> t.Expr:
    """e_j, a unit vector, or e^{...}, the exponential."""
    if c.take("_"):
        found = names.indices(c, "x")
        if len(found) != 1 or isinstance(found[0], t.Whole):
            raise c.error("e has one index", node=c.span(start))
        return t.Unit(found[0], **c.span(start))
    c.advance()
    exponent = c.inside("}") if c.take("{") else operators.unbraced(c)
    c.form = "factor"
    function = t.Function("exp", start=start, end=start + 1)
    return t.Apply(function, (exponent,), **c.span(start))


def _loss(c: Cursor, name: t.Name) -> t.Expr:
    """The quantity; the loss may have its two arguments, \\ell(\\hat y, y)."""
    if name.base != "ell" or not c.sees("("):
        return name
    mark = c.at
    c.advance()
    commas = any(c.tokens[number].text == "," for number in c.balanced())
    c.at = mark
    if not commas:
        return name
    function = t.Function(name.variant or "loss", **at(name))
    return application(c, function, name.start)


def _word(c: Cursor) -> t.Expr:
    """A function by its name, such as \\operatorname{ReLU}."""
    token = c.token
    c.advance()
    if token.text not in spelling.FUNCTIONS:
        known = "the functions are " + ", ".join(sorted({*spelling.FUNCTIONS.values()}))
        instead = spelling.INSTEAD.get(token.text, known)
        raise c.error(f"unknown name {token.text}", instead, node=c.span(token.start))
    name = spelling.FUNCTIONS[token.text]
    if name == "I":
        return names.identity(c, token.start)
    layer: t.Layer | None = None
    if name == "Linear" and c.take("_"):
        group = c.take("{")
        if c.token.kind != "digit":
            raise c.error("expected the number of the linear layer")
        layer = t.Layer("", names.whole(c), start=token.end, end=c.before())
        if group:
            c.expect("}")
    return t.Function(name, layer, **c.span(token.start))


def _blackboard(c: Cursor) -> t.Expr:
    """An indicator function, or the column of ones that a 1 without a condition is."""
    token = c.advance()
    if token.text not in ("1", "I"):
        raise c.error(f"unknown symbol {token}", spelling.SPEAKS_OF, node=c.span(token.start))
    if matrices.compared(c) or (c.sees("_") and _compares(c)):
        return matrices.indicator(c, token.start)
    if token.text == "I":
        return names.identity(c, token.start)
    return _constant(c, 1, token.start)


def _compares(c: Cursor) -> bool:
    """Whether a comparison stands in the subscript that follows."""
    if c.ahead().text != "{":
        return False
    mark = c.at
    c.at += 2
    found = any(c.tokens[number].text in spelling.COMPARISONS for number in c.balanced())
    c.at = mark
    return found


def _constant(c: Cursor, value: int, start: int) -> t.Expr:
    """A column of ones or zeros, with its length as a subscript or without."""
    length: t.Expr | None = None
    if c.take("_"):
        group = c.take("{")
        length = c.expression() if group else operators.unbraced(c)
        if isinstance(length, t.Name):
            length = t.Length(length, **at(length))
        names.expect_lengths(c, length)
        if group:
            c.expect("}")
    c.form = "primary"
    return t.Constant(value, length, **c.span(start))


def _bracket(c: Cursor) -> t.Expr:
    """What stands in brackets, a row, or [a > b], which is 1 where that holds and else 0."""
    opening = c.advance()
    closing = CLOSING[opening.text]
    if c.token.kind == "begin" and c.token.text == "array" and opening.text == "lbrace":
        return matrices.braced_cases(c, opening.start)
    outer = c.no_times, c.bars
    c.no_times, c.bars = False, 0
    if matrices.row_follows(c, closing):
        inner = matrices.row(c, closing)
    else:
        inner = c.expression()
        if opening.text == "[" and c.sees(*spelling.COMPARISONS):
            inner = matrices.comparison(c, inner)
    c.no_times, c.bars = outer
    if c.sees(",") and closing in "])":
        raise c.error("expected a row with ^T behind it", r"or \begin{pmatrix}")
    c.expect(closing, " or an operator")
    c.form = "bracket"
    return c.spread(inner, opening.start)


def _braces(c: Cursor) -> t.Expr:
    """What stands in braces that are not seen: it must be what is read without them."""
    before = c.tokens[c.at - 1].text if c.at else ""
    opening = c.advance()
    inner = c.inside("}")
    scripts = c.sees("^", "_", "'")
    joined = before not in ("", "=", "(", "[", "{", ",") or operators.continues(c)
    joined = joined or c.sees("/", *spelling.JOINING)
    if (scripts and c.form not in ("primary", "bracket")) or (joined and c.form == "sum"):
        raise c.error("braces are not seen", "write brackets", node=c.span(opening.start))
    return c.spread(inner, opening.start)


def _sign_of(name: str) -> Callable[[Cursor], t.Expr]:
    def read(c: Cursor) -> t.Expr:
        return t.Function(name, **c.span(c.advance().start))

    return read


def _square_root(c: Cursor) -> t.Expr:
    start = c.advance().start
    if c.sees("["):
        raise c.error("expected a square root")
    c.expect("{")
    inner = c.inside("}")
    return t.Apply(t.Function("sqrt", start=start, end=start + 5), (inner,), **c.span(start))


def _named_quantity(c: Cursor) -> t.Expr:
    start = c.token.start
    name = names.quantity(c)
    if name is None:
        raise c.error("unknown symbol", spelling.SPEAKS_OF, node=c.span(start))
    return _loss(c, name)


def _ones(c: Cursor) -> t.Expr:
    token = c.advance()
    condition = matrices.compared(c) or (c.sees("_") and _compares(c))
    if token.text == "ones" and condition:
        return matrices.indicator(c, token.start)
    return _constant(c, int(token.text == "ones"), token.start)


def _underbrace(c: Cursor) -> t.Expr:
    r"""\underbrace{a}_{b}: a, and the claim that a = b."""
    command = c.advance()
    c.expect("{")
    inner = c.inside("}")
    form = c.form
    c.expect("_" if command.text == "underbrace" else "^", " and what the brace is equal to")
    c.expect("{")
    c.take("=")
    c.shared.braced.append((inner, c.inside("}")))
    c.form = "bracket" if form == "bracket" else "product"
    return c.spread(inner, command.start)


_COMMANDS: dict[str, Callable[[Cursor], t.Expr]] = {
    **{name: _sign_of(spelling.FUNCTIONS[name]) for name in spelling.FUNCTION_COMMANDS},
    **dict.fromkeys(["hat", "ell", "delta", "eta"], _named_quantity),
    **dict.fromkeys(["Vert", "vert", "lVert", "lvert"], operators.norm),
    **dict.fromkeys(["ones", "zeros"], _ones),
    **dict.fromkeys(["underbrace", "overbrace"], _underbrace),
    "frac": operators.fraction, "partial": operators.inline_derivative,
    "sum": operators.summation, "nabla": operators.gradient, "sqrt": _square_root,
    "langle": operators.inner_product, "lbrace": _bracket,
}  # fmt: skip


def _command(c: Cursor) -> t.Expr:
    """What begins with a command."""
    token = c.token
    read = _COMMANDS.get(token.text)
    if read is not None:
        return read(c)
    if token.text in ("dots", "vdots", "ddots"):
        raise c.error("expected no dots here", r"write \sum_{i} for a sum")
    instead = spelling.INSTEAD.get(token.text, spelling.SPEAKS_OF)
    raise c.error(f"unknown command {token}", instead, node=spot(token))


GRAMMAR = Grammar(expression, term, product, factor)
