"""Reads the smallest parts of a formula: letters, words, brackets and what a command begins."""

from __future__ import annotations

from collections.abc import Callable

from .. import syntax as t
from . import functions, matrices, names, operators, spelling
from .cursor import CLOSING, Cursor, at, spot


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
    _expect_upright(c)
    if text == "d":
        if c.ahead().text != "_":
            return operators.inline_derivative(c)
        c.advance()
        return names.length(c, start)
    if (count := names.layer_count(c)) is not None:
        return count
    if (name := names.letter(c)) is not None:
        return _loss(c, name)
    c.advance()
    return _free_letter(c, text, start)


def _expect_upright(c: Cursor) -> None:
    """Raises `CannotRead` where letters spell a function: TeX sets them as a product."""
    word = ""
    for number in range(c.at, len(c.tokens)):
        token = c.tokens[number]
        if token.kind != "letter" or (word and token.start != c.tokens[number - 1].end):
            break
        word += token.text
        if len(word) > 2 and word in spelling.FUNCTIONS:
            raise c.error(
                f"expected \\operatorname{{{word}}}", "letters by themselves are a product"
            )


def _free_letter(c: Cursor, text: str, start: int) -> t.Expr:
    """What a letter stands for that is no quantity."""
    if text in c.shared.locals:
        c.shared.used.add(text)
        return t.Local(text, c.shared.locals[text], **c.span(start))
    if text in c.names.functions:
        return t.Function(c.names.functions[text], **c.span(start))
    if text == "K":
        return t.Length(t.Name("y_hat", None), **c.span(start))
    if text == "I":
        return names.identity(c, start)
    if text == "e" and c.sees("_", "^"):
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
    exponent = c.inside("}") if c.take("{") else names.raised(c)
    c.form = "factor"
    if c.sees("^", "'"):
        raise c.error("TeX sets no second superscript on one symbol", "write brackets")
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
    return functions.application(c, function, name.start)


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
        length = c.expression() if group else names.single(c)
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
    name = names.letter(c)
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
    if c.token.kind == "text" and c.token.text not in spelling.FUNCTIONS:
        raise c.error("expected what the brace is equal to", "a caption belongs outside")
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
