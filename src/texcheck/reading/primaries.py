"""Reads the smallest parts of a formula: letters, words, brackets and what a command begins."""

from collections.abc import Callable
from dataclasses import replace

from .. import syntax as t
from . import derivatives, matrices, names, numbers, own_letters, spelling
from .cursor import CLOSING, TERM, Cursor, at

FUNCTION_OF_FUNCTION = "a function of a function is not read"
_RIGHT_BARS = {"lVert": "rVert", "lvert": "rvert"}


def primary(c: Cursor) -> t.Expr:
    """The smallest part of a formula, without scripts."""
    token = c.token
    c.form = "primary"
    sign = token.kind in ("command", "symbol")
    read = _SIGNS.get(token.text) if sign else _KINDS.get(token.kind)
    if read is not None:
        return read(c)
    c.require(token.kind == "command" and not c.sees(*spelling.JOINING), "expected an expression")
    dots = token.text in ("dots", "vdots", "ddots")
    c.require(not dots, "expected no dots here", r"write \sum_{i} for a sum")
    instead = spelling.INSTEAD.get(token.text, c.names.speaks_of)
    raise c.error(f"unknown command {token}", instead, at=token)


# -- letters and words


def _letter(c: Cursor) -> t.Expr:
    """A quantity, a length, a layer's number, an index, or a function by its name."""
    token = c.token
    text = token.text
    if token.kind != "command" and (len(text) > 1 or (token.kind == "word" and text == "I")):
        return _word(c)
    _expect_upright(c)
    if text == "d":
        return names.length(c) if c.ahead().text in ("_", "}") else derivatives.inline(c)
    if (count := numbers.layer_count(c)) is not None:
        return count
    if (name := names.letter(c)) is not None:
        pair = name.base == "ell" and c.sees("(") and any(one.text == "," for _, one in c.flat(1))
        if pair:  # \ell(\hat y, y)
            return application(c, t.Function(name.variant or "loss", **at(name)), name.start)
        own = c.shared.locals.get(str(token))  # the \\delta of the display
        return own_letters.used(c, own, (), name.start) if own and not c.sees("_", "^") else name
    c.advance()
    return _free_letter(c, text, token.start)


def _expect_upright(c: Cursor) -> None:
    """Raises `CannotRead` where letters spell a function: TeX sets them as a product."""
    word, end = "", c.token.start
    for token in c.tokens[c.at : c.at + max(map(len, [*spelling.FUNCTIONS, *spelling.WORDS]))]:
        if token.kind != "letter" or token.start != end:
            break
        word, end = word + token.text, token.end
        function = f"\\operatorname{{{word}}}" * (len(word) > 2 and word in spelling.FUNCTIONS)
        if meant := spelling.WORDS.get(word, function):
            raise c.error(f"expected {meant}", "letters by themselves are a product", at=c.token)


def _free_letter(c: Cursor, text: str, start: int) -> t.Expr:
    """What a letter stands for that is no quantity."""
    if text in c.shared.locals:
        own = c.shared.locals[text]
        entry = own.indices and c.take("_")
        given = names.indices(c, "W" if len(own.indices) > 1 else "x") if entry else ()
        return own_letters.used(c, own, given, start)
    c.require(text not in c.shared.closed, f"{text} is defined under a condition", at=start)
    if text in c.names.functions:
        return t.Function(c.names.functions[text], **c.span(start))
    if text == "K":
        return t.Length(t.Name("y_hat", None), **c.span(start))
    if text == "I":
        return names.identity(c, start)
    if text == "e" and c.sees("_", "^"):
        c.shared.below.add(text)  # from here on it cannot be defined
        return _euler(c, start)
    instead = spelling.INSTEAD.get(text, c.names.speaks_of)
    if text in spelling.DEFINABLE and c.sees("_", "^"):
        instead = spelling.OWN
    c.require(text in spelling.INDEX_LETTERS, f"unknown symbol {text}", instead, at=start)
    return t.Index(text, **c.span(start))


def _euler(c: Cursor, start: int) -> t.Expr:
    """e_j, a unit vector, or e^{...}, the exponential."""
    if c.take("_"):
        found = names.indices(c, "x")
        c.require(len(found) == 1 and t.Whole() not in found, "e has one index", at=start)
        return t.Unit(found[0], **c.span(start))
    c.require(not c.tokens[c.at - 1].bold, "expected no bold e: a number", at=start)
    c.advance()
    bracket = c.ahead().text in ("(", "[")
    exponent = names.raised(c)
    counted = (*numbers.LENGTHS, t.Index)
    layer = all(isinstance(part, counted) for part in t.outside_lengths(exponent))
    c.require(not (bracket and layer), "expected a power without parentheses", at=exponent)
    c.form = "factor"
    c.require(not c.sees("^", "'", "_"), "expected no other script on e, or brackets")
    return t.Apply(t.Function("exp", start=start, end=start + 1), (exponent,), **c.span(start))


def _word(c: Cursor) -> t.Expr:
    """A function by its name, such as \\operatorname{ReLU} or \\log."""
    token = c.advance()
    name = spelling.FUNCTIONS.get(token.text, "")
    known = "the functions are " + ", ".join(sorted({*spelling.FUNCTIONS.values()}))
    instead = spelling.INSTEAD.get(token.text, known)
    c.require(name, f"unknown name {token.text}", instead, at=token)
    if name == "I":
        return names.identity(c, token.start)
    layer = None
    if name == "Linear" and c.take("_"):
        layer = t.Layer("", c.braced(_layer_number), start=token.end, end=c.before())
    return t.Function(name, layer, **c.span(token.start))


def _layer_number(c: Cursor) -> int:
    c.require(c.token.kind == "digit", "expected the number of the linear layer")
    return numbers.whole(c)


# -- functions with their arguments


def application(c: Cursor, function: t.Function, start: int) -> t.Expr:
    """A function of what stands in the brackets that follow; f(\\cdot) is the function itself."""
    opening = c.advance()
    closing = CLOSING[opening.text]
    if c.sees("cdot") and c.ahead().text == closing:
        c.at += 2
        return replace(function, **c.span(start))
    arguments: list[t.Expr] = []
    with c.within():
        while not arguments or c.take(","):
            if function.name == "max" and c.sees("cdot") and c.ahead().text == closing:
                c.at += 2
                zero = arguments == [t.ZERO]
                c.require(zero, r"expected \max(0, \cdot)", at=start)
                return t.Function("ReLU", **c.span(start))
            dots = c.take("dots") if function.name == "diag" and arguments else None
            arguments.append(t.Dots("dots", **c.span(dots.start)) if dots else c.read())
    c.expect(closing, " or an operator")
    c.form = "primary"
    return _checked_application(c, t.Apply(function, tuple(arguments), **c.span(start)))


def _checked_application(c: Cursor, node: t.Apply) -> t.Expr:
    """The application, or the product that sigma (1 - sigma) is."""
    function, arguments = node.function, node.arguments
    count = 2 if function.name in spelling.OF_TWO else 1
    dotted = function.name == "diag" and t.Dots("dots") in arguments[1:-1]
    what = f"expected {count} value{'s' * (count > 1)} for {function.name}"
    c.require(len(arguments) == count or dotted, what, at=node)
    bare = t.bare_functions(*arguments)
    same = all((one.name, one.layer) == (function.name, function.layer) for one in bare)
    named = any(isinstance(part, t.Name) for one in arguments for part in t.walk(one))
    adds = len(arguments) == 1 and isinstance(arguments[0], t.Add)
    if bare and same and adds and not named and function.name in spelling.ACTIVATIONS:
        return t.Product((function, *arguments), **at(node))
    c.require(not bare, FUNCTION_OF_FUNCTION, at=bare[0] if bare else None)
    return node


# -- brackets and bars


def _bracket(c: Cursor) -> t.Expr:
    """What stands in brackets, a row, or [a > b], which is 1 where that holds and else 0."""
    opening = c.advance()
    closing = CLOSING[opening.text]
    if c.token.kind == "begin" and c.token.text == "array" and opening.text == "lbrace":
        found = matrices.cases(c, c.advance())
        c.expect("right.")  # the invisible right bracket
        return replace(found, **c.span(opening.start))
    c.require(closing != "rbrace", "expected ( or [", "curly brackets are for sets", at=opening)
    with c.within():
        row = matrices.row_follows(c, closing)
        inner = matrices.row(c, closing) if row else c.read()
        if not row and opening.text == "[" and c.sees(*spelling.COMPARISONS):
            inner = matrices.comparison(c, inner)
    listed = c.sees(",") and closing in "])"
    c.require(not listed, "expected a row with ^T behind it", r"or \begin{pmatrix}")
    compared = opening.text == "(" and c.sees(*spelling.COMPARISONS)
    c.require(not compared, "expected ) or an operator", r"write \mathbb{1}[s > 0]")
    c.expect(closing, " or an operator")
    c.form = "bracket"
    return replace(inner, **c.span(opening.start))


def _norm(c: Cursor) -> t.Expr:
    """A norm or an absolute value; bars that tell left from right may stand in each other."""
    opening = c.advance()
    with c.within(bars=0 if opening.text in _RIGHT_BARS else c.bars + 1):
        inner = c.read()
    closing = _RIGHT_BARS.get(opening.text, opening.text)
    bars = {"Vert": r"\|", "vert": "|"}.get(closing, f"\\{closing}")
    c.require(c.take(closing), f"expected {bars} to close the bars")
    kind = t.Absolute if closing in ("vert", "rvert") else t.Norm
    return kind(inner, **c.span(opening.start))


# -- what a command begins


def _ones(c: Cursor) -> t.Expr:
    """An indicator function, or the column of ones or zeros that a bold number is."""
    token = c.token
    known = token.kind == "bold" or token.text in ("1", "I")
    c.require(known, f"unknown symbol {token}", c.names.speaks_of, at=token)
    if token.text != "0" and matrices.condition_follows(c):
        return matrices.indicator(c)
    c.advance()
    c.require(not c.sees("(", "[", "lbrace"), "expected a sign between a matrix and a bracket")
    if token.text == "I":
        return names.identity(c, token.start)
    length = names.a_length(c, names.argument(c)) if c.take("_") else None
    c.form = "primary"
    return t.Constant(int(token.text), length, **c.span(token.start))


def _square_root(c: Cursor) -> t.Expr:
    start = c.advance().start
    c.require(not c.sees("["), "expected a square root")
    c.expect("{")
    inner = c.inside("}")
    return t.Apply(t.Function("sqrt", start=start, end=start + 5), (inner,), **c.span(start))


def _inner_product(c: Cursor) -> t.Expr:
    start = c.advance().start
    left = c.read()
    c.expect(",", " between two vectors")
    right = c.read()
    c.expect("rangle")
    return t.Times(left, right, "inner", **c.span(start))


def _underbrace(c: Cursor) -> t.Expr:
    r"""\underbrace{a}_{b}: a, and the claim that a = b."""
    place, command = c.at, c.advance()
    c.expect("{")
    inner = c.inside("}")
    form = c.form
    c.expect("_" if command.text == "underbrace" else "^", " and what the brace is equal to")
    c.expect("{")
    c.take("=")
    caption = c.token.kind == "text" and c.token.text not in spelling.FUNCTIONS
    c.require(not caption, "expected what the brace is equal to", "a caption belongs outside")
    c.shared.braced.append((inner, said := c.inside("}")))
    partly = [p for one in (inner, said) for p in t.walk(one) if getattr(p, "conditions", ())]
    c.require(not partly, "expected no condition under a sum in a brace", at=command)
    c.form = "bracket" if form == "bracket" else "product"
    before, opening = c.tokens[place - 1].text if place else "", ("", "=", "(", "[", "{", ",")
    scripts = c.sees("^", "_", "'")  # set above or below the brace
    c.require(not scripts, "expected no script behind a brace", "write brackets", at=command)
    beside = before not in opening or not c.ends()
    factor = form in ("primary", "bracket", "factor") and not _open(inner)
    term = form == "product" and not any(map(_open, inner.nodes))
    alone = before in (*opening, "+", "-", "odot") and (c.ends() or c.sees("odot"))
    bracket = c.tokens[place + 2].text in CLOSING or c.sees("(", "[")
    term = term and (alone or (isinstance(inner, t.Product) and not bracket))
    what, instead = "this groups nothing", "write brackets inside"
    c.require(factor or term or not beside, what, instead, at=command)
    return replace(inner, **c.span(command.start))


def _open(node: t.Expr) -> bool:
    """Whether a formula would go on with what stands beside it."""
    match node:
        case t.Derivative(of) | t.Gradient(of) | t.Apply(_, (*_, of)):
            return of.end == node.end
    return isinstance(node, t.Sum)


def _summation(c: Cursor) -> t.Expr:
    """A sum over indices, with bounds, without, or where a condition holds."""
    start = c.advance().start
    high = _upper(c)
    c.require(c.take("_"), "expected the index of the sum", r"as in \sum_{i}")
    letters, low, conditions = _under(c) if c.take("{") else ([names.index_letter(c)], None, ())
    high = high or _upper(c)
    bounds = (low is None) == (high is None) and (low is None or len(letters) == 1)
    c.require(bounds, "expected both bounds for one index, or none", at=start)
    c.require(len({*letters}) == len(letters), "a sum names an index twice", at=start)
    c.require(not c.sees("-", "+"), "expected brackets around what is summed")
    return t.Sum(tuple(letters), low, high, c.read(TERM), conditions, **c.span(start))


def _under(c: Cursor) -> tuple[list[str], t.Expr | None, tuple[t.Indicator, ...]]:
    """What stands under a sum: its letters, the lower bound, the conditions."""
    letters: list[str] = []
    low: t.Expr | None = None
    conditions: list[t.Indicator] = []
    while not letters or not c.take("}"):
        begin = c.token.start
        letters.append(names.index_letter(c))
        left = t.Index(letters[-1], **c.span(begin))
        if c.take("="):
            low = c.read()
        elif sign := c.take("neq", "<", ">", "le", "ge"):
            conditions.append(t.Indicator(sign.text, left, c.read(), **c.span(begin)))
        c.take(",")
    clear = not conditions or len(letters) == 1
    what = "expected one letter and its condition under the sum"
    c.require(clear, what, at=conditions[0].left if conditions else None)
    return letters, low, tuple(conditions)


def _upper(c: Cursor) -> t.Expr | None:
    return names.raised(c) if c.take("^") else None


def _digits(c: Cursor) -> t.Expr:
    indicator = c.token.text == "1" and c.ahead().text == "_"
    return matrices.indicator(c) if indicator else numbers.number(c)


_KINDS: dict[str, Callable[[Cursor], t.Expr]] = {
    "letter": _letter, "word": _letter, "text": _letter, "digit": _digits, "blackboard": _ones,
    "bold": _ones, "begin": matrices.matrix,
}  # fmt: skip
_SIGNS: dict[str, Callable[[Cursor], t.Expr]] = {
    **dict.fromkeys(["hat", *names.COMMANDS], _letter),
    **dict.fromkeys(spelling.FUNCTION_COMMANDS, _word),
    **dict.fromkeys(["Vert", "vert", "lVert", "lvert"], _norm),
    **dict.fromkeys(["underbrace", "overbrace"], _underbrace),
    **dict.fromkeys(["(", "[", "lbrace"], _bracket),
    "left.": derivatives.left_open,
    "frac": derivatives.fraction, "partial": derivatives.inline, "nabla": derivatives.gradient,
    "sum": _summation, "sqrt": _square_root, "langle": _inner_product,
}  # fmt: skip
