"""Reads TeX tokens into statements: a parser by recursive descent, tolerant as a reader is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from .latex import ReadingError, Token, tokens
from .syntax import (
    Absolute,
    Add,
    Apply,
    Blank,
    Constant,
    Derivative,
    Dots,
    Elementwise,
    Equation,
    Expr,
    Fraction_,
    Function,
    Hole,
    Identity,
    Index,
    Kronecker,
    Layer,
    LayerCount,
    Length,
    Listing,
    Name,
    Negative,
    Norm,
    Notation,
    Number,
    Power,
    Product,
    RangeClaim,
    ReluDiagonal,
    ShapeClaim,
    Statement,
    Sum,
    Transpose,
    Written,
    walk,
)

FUNCTIONS = {
    "ReLU": "ReLU", "relu": "ReLU", "RELU": "ReLU", "sign": "sign", "sgn": "sign",
    "sigmoid": "sigma", "Sigmoid": "sigma", "sigma": "sigma", "I": "I", "id": "I", "Id": "I",
    "Linear": "Linear", "linear": "Linear", "diag": "diag", "max": "max", "exp": "exp",
    "log": "log", "ln": "log", "f": "f", "g": "g", "tanh": "tanh", "sqrt": "sqrt",
    "MSE": "MSE", "BCE": "BCE", "MSELoss": "MSE", "BCELoss": "BCE",
}  # fmt: skip
_BARE_ARGUMENT = ("log", "sign", "exp", "tanh")
_LAYOUT = {"aligned", "align", "split", "gathered", "gather", "equation", "alignedat", "eqnarray",
           "multline", "flalign", "displaymath", "math"}  # fmt: skip
_MATRIX = {
    "pmatrix",
    "bmatrix",
    "matrix",
    "array",
    "smallmatrix",
    "Bmatrix",
    "vmatrix",
    "psmallmatrix",
}
_VECTORS = ("x", "y", "y_hat", "b", "s", "z", "delta")
_INDEX_LETTERS = "aceijklmnopqrtuv"
# Words that may stand between two statements; any other might deny what it stands beside.
_CONNECTING = {
    "", "and", "with", "where", "for", "if", "so", "since", "hence", "thus", "because", "then",
    "forall", "forevery", "foreach", "therefore", "here",
}  # fmt: skip
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_RELATIONS = ("=",)
N = TypeVar("N", bound=Expr)


@dataclass(frozen=True)
class Located:
    """A statement with its place: offsets of its TeX and of the relation sign in it."""

    statement: Statement
    tex: str
    position: int


def statements(tex: str) -> list[Located]:
    """All statements of a display. Errors: `ReadingError` with the offset."""
    found: list[Located] = []
    previous: Expr | None = None
    conditions: tuple[tuple[Expr, Expr], ...] = ()
    for line in _lines(tokens(tex)):
        parser = _Parser(tex, line)
        parser.statement_line(found, previous, conditions)
        previous, conditions = parser.last, parser.conditions
    if not found:
        raise ReadingError("expected a statement such as a = b", 0)
    return found


def cell(tex: str) -> tuple[Expr, ...]:
    """The sides of a table cell: `a`, a chain `a = b`, or values separated by commas."""
    lines = _lines(tokens(tex))
    if len(lines) != 1:
        raise ReadingError("expected one line in a table cell", 0)
    parser = _Parser(tex, lines[0])
    sides = [parser.listing()]
    while parser.take("="):
        sides.append(parser.listing())
    while parser.take(".", ",", ";"):
        pass
    parser.expect_end()
    return tuple(sides)


def shape(tex: str) -> tuple[Expr, Expr]:
    """The two lengths of a shape `a \\times b`."""
    lines = _lines(tokens(tex))
    if len(lines) != 1:
        raise ReadingError("expected a shape such as d_x \\times 1", 0)
    parser = _Parser(tex, lines[0])
    parser.take(":")
    result = parser.shape()
    while parser.take(".", ",", ";"):
        pass
    parser.expect_end()
    return result


def expression(tex: str) -> Expr:
    """One expression."""
    sides = cell(tex)
    if len(sides) != 1:
        raise ReadingError("expected one expression without =", 0)
    return sides[0]


def _lines(found: list[Token]) -> list[list[Token]]:
    """The display's lines: layout environments and alignment marks are resolved."""
    lines: list[list[Token]] = [[]]
    marks = depth = brackets = 0
    skip_until = -1
    for number, token in enumerate(found[:-1]):
        if number <= skip_until:
            continue
        following = found[number + 1]
        if token.kind in ("begin", "close"):
            layout = token.text in _LAYOUT or (
                token.text == "array" and depth == 0 and brackets == 0 and _layout_array(lines[-1])
            )
            if layout and token.kind == "begin" and token.text in ("array", "alignedat"):
                skip_until = _group_end(found, number + 1)
            if layout or (token.kind == "close" and token.text == "array" and depth == 0):
                continue
            if token.text not in _MATRIX:
                raise ReadingError(f"unknown environment {token.text}", token.start)
            depth += 1 if token.kind == "begin" else -1
        if depth == 0:
            if token.text in ("(", "["):
                brackets += 1
            elif token.text in (")", "]"):
                brackets = max(0, brackets - 1)
        if depth == 0 and token.kind == "newline":
            after = next((t for t in found[number + 1 :] if t.text != "&"), found[-1])
            line = lines[-1]
            joined = after.text in ("cdot", "times", "odot", "+") or (
                after.text == "-" and not any(t.text == "=" for t in _rest_of_line(found, number))
            )
            marks = 0
            if not brackets and not (joined and line):
                lines.append([])
            continue
        if depth == 0 and token.text == "&" and token.kind == "symbol":
            marks += 1
            line = lines[-1]
            if (
                marks % 2 == 0
                and line
                and line[-1].text not in ("=", ":", "+", "-", ",", "Rightarrow", "rightarrow")
                and following.text not in ("=", ":", "Rightarrow", "rightarrow", "&")
            ):
                line.append(Token("symbol", ",", token.start, token.end))
            continue
        lines[-1].append(token)
    end = found[-1]
    return [[*line, replace(end, start=line[-1].end)] for line in lines if line]


def _rest_of_line(found: list[Token], number: int) -> list[Token]:
    rest = []
    for token in found[number + 1 :]:
        if token.kind == "newline":
            break
        rest.append(token)
    return rest


def _layout_array(line: list[Token]) -> bool:
    return not line


def _group_end(found: list[Token], number: int) -> int:
    """The number of the token that closes the group opening at `number`."""
    depth = 0
    for at in range(number, len(found)):
        depth += {"{": 1, "}": -1}.get(found[at].text, 0)
        if depth == 0:
            return at
    return number - 1


class _Parser:
    def __init__(self, tex: str, line: list[Token]) -> None:
        self.tex = tex
        self.tokens = line
        self.at = 0
        self.no_times = False
        self.bars = 0
        self.depth = 0
        self.last: Expr | None = None
        self.conditions: tuple[tuple[Expr, Expr], ...] = ()

    # -- tokens ---------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, count: int = 1) -> Token:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.at += 1
        return token

    def take(self, *texts: str) -> Token | None:
        if self.token.kind in ("symbol", "command") and self.token.text in texts:
            return self.advance()
        return None

    def expect(self, text: str, why: str = "") -> Token:
        token = self.take(text)
        if token is None:
            raise self.error(f"expected {text}{why}, found {self.token}")
        return token

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.error(f"expected the end or an operator, found {self.token}")

    def error(self, message: str, at: int | None = None) -> ReadingError:
        return ReadingError(message, self.token.start if at is None else at)

    @property
    def before(self) -> int:
        """The end of the token before this one."""
        return self.tokens[self.at - 1].end if self.at else self.token.start

    def place(self, node: N, start: int) -> N:
        return replace(node, start=start, end=self.before)

    # -- statements -----------------------------------------------------------------------------

    def statement_line(
        self,
        found: list[Located],
        previous: Expr | None,
        conditions: tuple[tuple[Expr, Expr], ...],
    ) -> None:
        self.last = previous
        self.conditions = conditions if self.token.text in _RELATIONS else ()
        if self.token.text in _RELATIONS and self.token.kind == "symbol":
            if previous is None:
                raise self.error("expected a left side before =")
            self.chain(found, previous)
        while True:
            while self.take(",", ".", ";") or self.separator():
                pass
            if self.token.kind == "end":
                return
            self.item(found)

    def separator(self) -> bool:
        if self.token.kind == "text" and self.token.text not in FUNCTIONS:
            if self.token.text.strip().lower() not in _CONNECTING:
                raise self.error(f"expected a word such as and or with, found {self.token}")
            self.advance()
            return True
        return False

    def item(self, found: list[Located]) -> None:
        start = self.token.start
        self.take("Rightarrow")
        left = self.expression()
        if self.token.text == "=":
            first = len(found)
            self.chain(found, left)
            if self.token.text in ("Rightarrow", "rightarrow"):
                arrow = self.advance()
                claims = [one.statement for one in found[first:]]
                if all(isinstance(c, Equation) and _is_function(c.left) for c in claims):
                    del found[first:]
                    self.conditions = (
                        *self.conditions,
                        *((c.left, c.right) for c in claims if isinstance(c, Equation)),
                    )
                    if self.token.kind == "end":
                        raise self.error("expected the statement that follows from the condition")
                elif arrow.text == "rightarrow":
                    raise self.error("expected = or \\Rightarrow, found \\rightarrow", arrow.start)
        elif self.take(":"):
            rows, columns = self.shape()
            self.add(found, ShapeClaim(left, rows, columns, self.conditions), start, start)
            self.last = None
        elif self.token.kind == "command" and self.token.text == "in":
            self.membership(found, left, start)
            self.last = None
        elif self.take("rightarrow"):
            right = self.expression()
            self.add(found, Notation(left, right, self.conditions), start, start)
            self.last = None
        else:
            raise self.error(f"expected =, found {self.token}")

    def chain(self, found: list[Located], left: Expr) -> None:
        while self.token.text == "=" and self.token.kind == "symbol":
            sign = self.advance()
            right = self.expression()
            equation = Equation(left, right, self.conditions)
            if isinstance(left, Index) and self.is_range():
                self.range(found, left, right)
                return
            text = f"{self.tex[left.start : left.end]} = {self.tex[right.start : right.end]}"
            found.append(Located(equation, text, sign.start))
            left = right
        self.last = left

    def is_range(self) -> bool:
        at = 0
        while self.ahead(at).text == "," or self.ahead(at).kind == "digit":
            at += 1
        return self.ahead(at).text == "dots"

    def range(self, found: list[Located], letter: Index, first: Expr) -> None:
        expected = Fraction(0)
        while self.take(","):
            if self.token.kind == "digit":
                expected += 1
                number = self.number()
                if number.value != expected:
                    raise self.error(f"expected {expected} before the dots", number.start)
        self.expect("dots")
        self.take(",")
        last = self.expression()
        _expect_lengths(first, last)
        about = next(
            (one.statement for one in reversed(found) if isinstance(one.statement, Equation)), None
        )
        claim = RangeClaim(letter.letter, first, last, about, self.conditions)
        self.add(found, claim, letter.start, letter.start)

    def membership(self, found: list[Located], left: Expr, start: int) -> None:
        self.advance()
        if self.token.kind != "blackboard" or self.token.text != "R":
            raise self.error(f"expected \\mathbb{{R}} with a shape, found {self.token}")
        self.advance()
        rows: Expr
        columns: Expr
        rows = columns = Number(Fraction(1))
        if self.take("^"):
            if self.take("{"):
                rows, columns = self.shape(one_is_column=True)
                self.expect("}")
            else:
                rows = self.primary()
        self.add(found, ShapeClaim(left, rows, columns, self.conditions), start, start)

    def add(self, found: list[Located], statement: Statement, start: int, position: int) -> None:
        found.append(Located(statement, self.tex[start : self.before], position))

    def shape(self, one_is_column: bool = False) -> tuple[Expr, Expr]:
        outer, self.no_times = self.no_times, True
        rows = self.expression()
        if self.take("times", "cdot"):
            columns = self.expression()
        elif one_is_column:
            columns = Number(Fraction(1))
        else:
            raise self.error(f"expected \\times and the number of columns, found {self.token}")
        self.no_times = outer
        _expect_lengths(rows, columns)
        return rows, columns

    # -- expressions ----------------------------------------------------------------------------

    def listing(self) -> Expr:
        start = self.token.start
        items = [self.expression()]
        while self.token.text == "," and self.ahead().kind != "end":
            self.advance()
            items.append(self.expression())
        return items[0] if len(items) == 1 else self.place(Listing(tuple(items)), start)

    def expression(self) -> Expr:
        self.depth += 1
        if self.depth > 60:
            raise self.error("the formula is nested too deeply")
        start = self.token.start
        terms: list[Expr] = []
        sign = self.take("+", "-")
        while True:
            begin = self.token.start if sign is None else sign.start
            term = self.term()
            negative = sign is not None and sign.text == "-"
            terms.append(self.place(Negative(term), begin) if negative else term)
            sign = self.take("+", "-")
            if sign is None:
                break
        self.depth -= 1
        return terms[0] if len(terms) == 1 else self.place(Add(tuple(terms)), start)

    def term(self) -> Expr:
        start = self.token.start
        left = self.product()
        while self.take("odot"):
            left = self.place(Elementwise(left, self.product()), start)
        return left

    def product(self) -> Expr:
        start = self.token.start
        factors: list[Expr] = []
        while True:
            if self.token.text == "-" and factors:  # as in 2 \cdot -1: not written in the book
                raise self.error("expected a factor, found -")
            begin = self.token.start
            factor = self.factor()
            while self.take("/"):
                factor = self.place(Fraction_(factor, self.factor()), begin)
            factors.append(factor)
            if not self.no_times and self.take("cdot", "times", "*"):
                continue
            if self.no_times and self.token.text in ("cdot", "times"):
                break
            if not self.starts_factor():
                break
        return factors[0] if len(factors) == 1 else self.place(Product(tuple(factors)), start)

    def starts_factor(self) -> bool:
        token = self.token
        if token.kind in ("digit", "letter", "begin"):
            return True
        if token.kind in ("word", "text"):
            return token.text in FUNCTIONS
        if token.kind == "symbol":
            return token.text in ("(", "[", "{")
        if token.kind == "command":
            if token.text in ("Vert", "vert"):
                return self.bars == 0
            return token.text in (
                "frac", "sum", "partial", "hat", "ell", "delta", "sigma", "log", "exp", "max",
                "sqrt", "ones", "zeros", "cdot", "{", "sign", "tanh",
            )  # fmt: skip
        return False

    def factor(self) -> Expr:
        start = self.token.start
        value = self.primary()
        while True:
            if self.token.text in ("^", "'") and self.token.kind == "symbol":
                value = self.superscript(value, start)
            elif isinstance(value, Function) and self.token.text in ("(", "["):
                value = self.application(value, start)
            elif isinstance(value, Name) and self.token.text == "_" and not value.indices:
                value = self.place(self.scripts(value), start)
            elif (
                self.token.text == "{" and self.ahead().text == "}" and self.token.kind == "symbol"
            ):
                self.advance()
                self.advance()  # {} only separates scripts
            else:
                break
        if isinstance(value, Function) and value.name in _BARE_ARGUMENT and self.starts_factor():
            return self.place(Apply(value, (self.factor(),)), start)
        return value

    def superscript(self, value: Expr, start: int) -> Expr:
        """What stands raised behind a factor: a transpose, a dash, a layer or a power."""
        if self.take("'"):
            return self.dash(value, start)
        self.expect("^")
        group = self.take("{") is not None
        result = self.raised(value, start)
        while group and not self.take("}"):
            if self.take("^"):
                group_inside = self.take("{") is not None
                result = self.raised(result, start)
                if group_inside:
                    self.expect("}")
            else:
                result = self.raised(result, start)
        return self.place(result, start)

    def dash(self, value: Expr, start: int) -> Expr:
        if not isinstance(value, Function):
            raise self.error("a dash stands for the derivative of a function, such as \\sigma'")
        return self.place(replace(value, primes=value.primes + 1), start)

    def raised(self, value: Expr, start: int) -> Expr:
        if self.is_transpose():
            self.advance()
            return self.place(Transpose(value), start)
        if self.take("'"):
            return self.dash(value, start)
        if isinstance(value, Name | Function) and self.token.text == "(":
            if value.layer is not None:
                raise self.error("a second layer on one symbol")
            return self.place(replace(value, layer=self.layer()), start)
        exponent: Expr
        if self.token.kind == "digit":
            exponent = self.number()
        elif self.token.text in ("-", "+") or self.token.kind == "letter" or self.token.text == "(":
            exponent = self.expression()
        else:
            raise self.error(
                f"expected a transpose, a layer in parentheses or a number, found {self.token}"
            )
        return self.place(Power(value, exponent), start)

    def is_transpose(self) -> bool:
        token = self.token
        return token.text in ("T", "intercal", "t") and token.kind in (
            "letter", "word", "command", "text",
        )  # fmt: skip

    def layer(self) -> Layer:
        """A layer in parentheses: (2), (L), (L+1), (L_max)."""
        opening = self.expect("(")
        layer = self.layer_inside()
        if not self.take(")"):
            raise self.error(f"expected ) after the layer, found {self.token}", opening.start)
        return replace(layer, start=opening.start, end=self.before)

    def layer_inside(self) -> Layer:
        if self.token.kind == "digit":
            return Layer("", self.whole())
        if self.token.kind == "letter" and self.token.text == "L":
            self.advance()
            base = "L"
            if self.take("_"):
                self.maximum()
                base = "L_max"
            if self.take("="):
                if self.token.kind != "digit":
                    raise self.error(f"expected a number, found {self.token}")
                return Layer("", self.whole())
            sign = self.take("+", "-")
            if sign:
                if self.token.kind != "digit":
                    raise self.error(f"expected a number, found {self.token}")
                offset = self.whole()
                return Layer(base, offset if sign.text == "+" else -offset)
            return Layer(base, 0)
        raise self.error(f"expected a layer: a number, L or L_{{\\max}}, found {self.token}")

    def maximum(self) -> None:
        """The subscript of L_max."""
        group = self.take("{")
        word = ""
        while self.token.kind in ("letter", "word", "text") or self.token.text == "max":
            word += self.advance().text
            if word == "max":
                break
        if word != "max":
            raise self.error("expected L_{\\max}")
        if group:
            self.expect("}")

    def whole(self) -> int:
        """A whole number."""
        number = self.number()
        if number.value.denominator != 1:
            raise self.error("expected a whole number", number.start)
        return int(number.value)

    def number(self) -> Number:
        start = self.token.start
        digits = self.digits()
        if self.token.text == "." and self.ahead().kind == "digit":
            self.advance()
            digits += "." + self.digits()
        if self.token.kind == "digit":
            raise self.error("expected an operator between two numbers")
        if len(digits) > 15:
            raise self.error("a number of more than 15 digits is not read", start)
        return self.place(Number(Fraction(digits)), start)

    def digits(self) -> str:
        """The digits that stand here without a space between them."""
        found = self.advance().text
        while self.token.kind == "digit" and self.token.start == self.before:
            found += self.advance().text
        return found

    # -- the smallest parts ---------------------------------------------------------------------

    def primary(self) -> Expr:
        token = self.token
        start = token.start
        if token.kind == "digit":
            return self.number()
        if token.kind == "letter":
            return self.letter()
        if token.kind in ("word", "text"):
            return self.word()
        if token.kind == "begin":
            return self.matrix()
        if token.kind == "symbol" and token.text in _CLOSING:
            return self.bracket()
        if token.kind == "command":
            match token.text:
                case "{":
                    self.advance()
                    inner = self.expression()
                    self.expect("}")
                    return self.place(inner, start)
                case "hat":
                    return self.hat()
                case "ell":
                    self.advance()
                    return self.loss(start)
                case "delta":
                    return self.delta()
                case "sigma" | "log" | "exp" | "sign" | "tanh":
                    self.advance()
                    return self.place(Function(FUNCTIONS[token.text]), start)
                case "max":
                    self.advance()
                    return self.application(Function("max", start=start, end=token.end), start)
                case "frac":
                    return self.fraction()
                case "partial":
                    return self.inline_derivative()
                case "sum":
                    return self.sum()
                case "sqrt":
                    self.advance()
                    self.expect("{")
                    inner = self.expression()
                    self.expect("}")
                    return self.place(Apply(Function("sqrt"), (inner,)), start)
                case "ones" | "zeros":
                    self.advance()
                    return self.place(Constant(1 if token.text == "ones" else 0), start)
                case "Vert" | "vert":
                    self.advance()
                    self.bars += 1
                    inner = self.expression()
                    self.bars -= 1
                    self.expect(token.text, " to close the bars")
                    kind = Norm if token.text == "Vert" else Absolute
                    if token.text == "Vert" and self.take("_"):
                        group = self.take("{")
                        if self.token.text not in ("2", "F"):
                            raise self.error("expected the Euclidean norm: _2 or no subscript")
                        self.advance()
                        if group:
                            self.expect("}")
                    return self.place(kind(inner), start)
                case "cdot":
                    self.advance()
                    return self.place(Hole(), start)
                case "dots" | "vdots" | "ddots":
                    raise self.error("dots stand only in a written-out matrix")
        if token.kind == "end":
            raise self.error("expected an expression, the formula ends here")
        if token.kind == "command":
            raise self.error(f"unknown command \\{token.text}")
        raise self.error(f"expected an expression, found {token}")

    def letter(self) -> Expr:
        token = self.advance()
        letter, start = token.text, token.start
        if letter in "xybszW":
            return self.scripts(Name(letter, None, start=start, end=token.end))
        if letter == "l":
            return self.loss(start)
        if letter == "d" and self.token.text == "_":
            self.advance()
            return self.length(start)
        if letter == "K":
            return self.place(Length(Name("y_hat", None)), start)
        if letter == "L":
            if self.token.text == "_":
                self.advance()
                if self.token.kind in ("word", "text") or self.ahead().kind in ("word", "text"):
                    mark = self.at
                    group = self.take("{")
                    if self.token.text in ("MSE", "BCE"):
                        self.advance()
                        if group:
                            self.expect("}")
                        return self.place(LayerCount(Layer("L", 0)), start)
                    self.at = mark
                self.maximum()
                return self.place(LayerCount(Layer("L_max", 0)), start)
            return self.place(LayerCount(Layer("L", 0)), start)
        if letter == "I":
            return self.identity(start)
        if letter in "fg":
            return self.place(Function(letter), start)
        if letter == "e" and self.take("^"):
            if self.take("{"):
                exponent = self.expression()
                self.expect("}")
            else:
                exponent = self.primary()
            return self.place(Apply(Function("exp"), (exponent,)), start)
        if letter in _INDEX_LETTERS:
            return self.place(Index(letter), start)
        raise self.error(f"unknown symbol {letter}", start)

    def word(self) -> Expr:
        token = self.advance()
        if token.text not in FUNCTIONS:
            if len(token.text) == 1 and token.text in "xybszWKLdl":
                self.tokens[self.at - 1] = replace(token, kind="letter")
                self.at -= 1
                return self.letter()
            raise self.error(f"unknown name {token.text}", token.start)
        name = FUNCTIONS[token.text]
        if name == "I":
            return self.identity(token.start)
        if name == "max":
            return self.application(Function("max"), token.start)
        if name == "Linear" and self.take("_"):
            group = self.take("{")
            if self.token.kind != "digit":
                raise self.error(f"expected the number of the linear layer, found {self.token}")
            layer = Layer("", self.whole())
            if group:
                self.expect("}")
            return self.place(Function("Linear", layer), token.start)
        return self.place(Function(name), token.start)

    def hat(self) -> Expr:
        start = self.advance().start
        group = self.take("{")
        if self.token.kind != "letter" or self.token.text != "y":
            raise self.error(f"expected y under the hat, found {self.token}")
        self.advance()
        name = Name("y_hat", None)
        if group:
            name = self.scripts(name)
            self.expect("}")
        return self.place(self.scripts(name), start)

    def loss(self, start: int) -> Expr:
        variant = ""
        if self.take("_"):
            group = self.take("{")
            while self.token.kind in ("letter", "word", "text"):
                variant += self.advance().text
                if not group:
                    break
            if group:
                self.expect("}")
            if variant not in ("MSE", "BCE"):
                raise self.error("expected MSE or BCE as the name of the loss")
        if self.token.text in ("(", "[") and self.loss_arguments():
            return self.application(Function(variant or "loss"), start)
        return self.place(Name("ell", None, (), variant), start)

    def loss_arguments(self) -> bool:
        """Whether the bracket that follows holds two arguments."""
        depth = 0
        for token in self.tokens[self.at :]:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
            if depth == 1 and token.text == ",":
                return True
            if depth == 0:
                return False
        return False

    def delta(self) -> Expr:
        token = self.advance()
        name = self.scripts(Name("delta", None, start=token.start, end=token.end))
        if name.layer is None and name.indices:
            if len(name.indices) != 2:
                raise self.error(
                    "expected two indices (Kronecker) or a layer (error) on \\delta", token.start
                )
            return self.place(Kronecker(*name.indices), token.start)
        return name

    def scripts(self, name: Name) -> Name:
        """The index list and the layer of a name, in either order."""
        while True:
            if self.token.text == "_" and self.token.kind == "symbol" and not name.indices:
                self.advance()
                name = replace(name, indices=self.indices(name.base))
            elif self.token.text == "^" and name.layer is None and self.layer_follows():
                self.advance()
                grouped = self.take("{")
                name = replace(name, layer=self.layer())
                if grouped:
                    self.expect("}")
            else:
                return replace(name, end=self.before)

    def layer_follows(self) -> bool:
        """Whether a superscript follows that is a layer and nothing else."""
        if self.ahead().text == "(":
            return True
        if self.ahead().text != "{" or self.ahead(2).text != "(":
            return False
        depth = 0
        for number in range(self.at + 2, len(self.tokens) - 1):
            depth += {"(": 1, ")": -1}.get(self.tokens[number].text, 0)
            if depth == 0:
                return self.tokens[number + 1].text == "}"
        return False

    def indices(self, base: str) -> tuple[Expr, ...]:
        if not self.take("{"):
            return (self.index_atom(False),)
        depth, commas = 1, False
        for token in self.tokens[self.at :]:
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if depth == 0:
                break
            commas = commas or (depth == 1 and token.text == ",")
        together = commas or (base in _VECTORS and base != "delta")
        found: list[Expr] = []
        while not self.take("}"):
            if found:
                self.take(",")
            found.append(self.index(together))
            if self.token.kind == "end":
                raise self.error("expected } after the indices")
        if not found:
            raise self.error("expected an index")
        return tuple(found)

    def index(self, together: bool) -> Expr:
        start = self.token.start
        atom = self.index_atom(together)
        while sign := self.take("+", "-"):
            right = self.index_atom(together)
            term = self.place(Negative(right), sign.start) if sign.text == "-" else right
            atom = self.place(Add((atom, term)), start)
        return atom

    def index_atom(self, together: bool) -> Expr:
        token = self.token
        if token.kind == "digit":
            if together:
                return self.number()
            self.advance()
            return self.place(Number(Fraction(token.text)), token.start)
        if token.kind == "letter":
            if (token.text == "d" and self.ahead().text == "_") or token.text in "KL":
                return self.letter()
            if token.text.islower() and token.text.isascii():
                self.advance()
                return self.place(Index(token.text), token.start)
        if token.text == "ell":
            self.advance()
            return self.place(Index("l"), token.start)
        if token.text == "(":
            self.advance()
            inner = self.index(together)
            self.expect(")")
            return self.place(inner, token.start)
        raise self.error(f"expected an index, found {token}")

    def length(self, start: int) -> Expr:
        """d_v, behind the underscore."""
        group = self.take("{")
        name: Expr = self.factor() if group else self.primary()
        if not isinstance(name, Name) or name.indices:
            raise self.error("expected the name of a vector after d_", start)
        if group and self.token.text == "times":
            # d_{a \times b}, as some write the two lengths of a matrix.
            self.advance()
            other = self.factor()
            if not isinstance(other, Name):
                raise self.error("expected the name of a vector", other.start)
            self.expect("}")
            return self.place(Listing((Length(name), Length(other))), start)
        if group:
            self.expect("}")
        if name.base not in _VECTORS:
            raise self.error(f"only a vector has a length: {name.base} is none", start)
        return self.place(Length(name), start)

    def identity(self, start: int) -> Expr:
        """I as a function, as the identity matrix or, with a superscript +s, as ReLU's matrix."""
        rows: Expr | None = None
        columns: Expr | None = None
        plus: Expr | None = None
        while True:
            if self.token.text == "^" and self.ahead().text == "{" and self.ahead(2).text == "+":
                self.advance()
                self.advance()
                self.advance()
                plus = self.factor()
                self.expect("}")
            elif self.token.text == "_" and rows is None:
                self.advance()
                rows, columns = self.identity_shape()
            else:
                break
        if plus is not None:
            return self.place(ReluDiagonal(plus, rows, columns), start)
        if rows is not None:
            return self.place(Identity(rows, columns), start)
        return self.place(Function("I"), start)

    def identity_shape(self) -> tuple[Expr, Expr]:
        if not self.take("{"):
            one = _as_length(self.primary())
            _expect_lengths(one)
            return one, one
        outer, self.no_times = self.no_times, True
        rows = self.expression()
        if isinstance(rows, Listing):
            self.expect("}")
            self.no_times = outer
            return rows.items[0], rows.items[1]
        columns = self.expression() if self.take("times", "cdot", ",") else rows
        self.no_times = outer
        self.expect("}")
        rows, columns = _as_length(rows), _as_length(columns)
        _expect_lengths(rows, columns)
        return rows, columns

    def bracket(self) -> Expr:
        opening = self.advance()
        closing = _CLOSING[opening.text]
        if opening.text != "{" and self.token.kind == "begin" and self.token.text == "array":
            inner = self.matrix()
            self.expect(closing)
            return self.place(inner, opening.start)
        if self.token.text == "cdot" and self.ahead().text == closing:
            self.advance()
            self.advance()
            return self.place(Hole(), opening.start)
        outer_times, self.no_times = self.no_times, False
        outer_bars, self.bars = self.bars, 0
        if opening.text != "{" and self.row_follows(closing):
            inner = self.row(closing)
        else:
            inner = self.expression()
        self.no_times, self.bars = outer_times, outer_bars
        if not self.take(closing):
            raise self.error(f"expected {closing} or an operator, found {self.token}")
        if opening.text == "{" and isinstance(inner, Name | Function):
            return self.place(inner, opening.start)
        return self.place(inner, opening.start)

    def row_follows(self, closing: str) -> bool:
        """Whether a bracket holds a row set with wide spaces: (a_0 \\quad \\dots \\quad a_n)."""
        depth = 0
        for token in self.tokens[self.at :]:
            if depth == 0 and token.text == closing:
                return False
            if depth == 0 and token.text == "dots" and token.quad:
                return True
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
            depth += {"begin": 1, "close": -1}.get(token.kind, 0)
        return False

    def row(self, closing: str) -> Expr:
        start = self.token.start
        cells: list[Expr] = []
        while self.token.text != closing:
            stop = self.at + 1
            while not self.tokens[stop].quad and self.tokens[stop].kind != "end":
                if self.tokens[stop].text == closing and self.balanced(stop):
                    break
                stop += 1
            cells.append(self.cell(stop))
        return self.place(Written((tuple(cells),)), start)

    def balanced(self, stop: int) -> bool:
        depth = 0
        for token in self.tokens[self.at : stop]:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
        return depth == 0

    def cell(self, stop: int) -> Expr:
        """The entry from here to token `stop`."""
        part = _Parser(
            self.tex,
            [
                *self.tokens[self.at : stop],
                Token("end", "", self.tokens[stop - 1].end, self.tokens[stop - 1].end),
            ],
        )
        part.depth = self.depth
        start = self.token.start
        if part.token.text in ("dots", "vdots", "ddots"):
            kind = part.advance().text
            result: Expr = Dots(kind, start=start, end=part.before)
        elif part.token.kind == "end":
            result = Blank(start=start, end=start)
        else:
            result = part.expression()
        part.expect_end()
        self.at = stop
        return result

    def matrix(self) -> Expr:
        opening = self.advance()
        if opening.text not in _MATRIX:
            raise self.error(f"unknown environment {opening.text}", opening.start)
        if opening.text == "array" and self.token.text == "{":
            while not self.take("}"):
                if self.token.kind == "end":
                    raise self.error("expected } after the columns of the array")
                self.advance()
        rows: list[tuple[Expr, ...]] = []
        cells: list[Expr] = []
        while True:
            stop, depth = self.at, 0
            while True:
                token = self.tokens[stop]
                if token.kind == "end":
                    raise self.error(f"expected \\end{{{opening.text}}}", opening.start)
                if token.kind == "begin":
                    depth += 1
                elif token.kind == "close":
                    if depth == 0:
                        break
                    depth -= 1
                elif depth == 0 and (token.text == "&" or token.kind == "newline"):
                    break
                stop += 1
            if stop == self.at:
                here = self.token.start
                cells.append(Blank(start=here, end=here))
            else:
                cells.append(self.cell(stop))
            if token.text == "&" and token.kind == "symbol":
                self.advance()
                continue
            rows.append(tuple(cells))
            cells = []
            self.advance()
            if token.kind == "close":
                break
        if token.text != opening.text:
            raise self.error(f"expected \\end{{{opening.text}}}, found \\end{{{token.text}}}")
        if len(rows) > 1 and all(isinstance(cell, Blank) for cell in rows[-1]):
            rows.pop()
        width = max(len(row) for row in rows)
        filled = [
            (*row, *(Blank(start=row[-1].end, end=row[-1].end) for _ in range(width - len(row))))
            for row in rows
        ]
        return self.place(Written(tuple(filled)), opening.start)

    def application(self, function: Function, start: int) -> Expr:
        if self.token.text == "{" and self.token.kind == "command":
            opening, closing = self.advance(), "}"
        elif self.token.text in ("(", "["):
            opening = self.advance()
            closing = _CLOSING[opening.text]
        else:
            raise self.error(f"expected ( after {function.name}, found {self.token}")
        if self.token.text == "cdot" and self.ahead().text == closing:
            self.advance()
            self.advance()
            return self.place(function, start)
        outer_times, self.no_times = self.no_times, False
        outer_bars, self.bars = self.bars, 0
        arguments = [self.expression()]
        while self.take(","):
            arguments.append(self.expression())
        self.no_times, self.bars = outer_times, outer_bars
        if not self.take(closing):
            raise self.error(f"expected {closing} or an operator, found {self.token}")
        if function.name == "max":
            if len(arguments) != 2:
                raise self.error("expected two values in \\max", opening.start)
        elif function.name in ("MSE", "BCE", "loss"):
            if len(arguments) != 2:
                raise self.error("expected two values: the output and the target", opening.start)
        elif len(arguments) != 1:
            raise self.error(f"expected one value for {function.name}", opening.start)
        return self.place(Apply(function, tuple(arguments)), start)

    def argument(self) -> tuple[int, bool]:
        """Enters a braced argument; True if it is braced."""
        start = self.token.start
        return start, self.take("{") is not None

    def fraction(self) -> Expr:
        start = self.advance().start
        _, braced = self.argument()
        if self.token.text == "partial":
            return self.derivative(start, braced)
        top = self.fraction_part(braced)
        _, braced = self.argument()
        bottom = self.fraction_part(braced)
        return self.place(Fraction_(top, bottom), start)

    def fraction_part(self, braced: bool) -> Expr:
        if not braced:
            if self.token.kind == "digit":
                token = self.advance()
                return self.place(Number(Fraction(token.text)), token.start)
            return self.primary()
        outer_times, self.no_times = self.no_times, False
        inner = self.expression()
        self.no_times = outer_times
        self.expect("}", " after the fraction's part")
        return inner

    def derivative(self, start: int, braced: bool) -> Expr:
        self.advance()
        of: Expr | None = None
        if braced:
            if self.token.text == "^":
                raise self.error("second derivatives are not read")
            if self.token.text != "}":
                of = self.term()
            self.expect("}", " after the numerator")
        self.expect("{", " before the denominator")
        if not self.take("partial"):
            raise self.error(f"expected \\partial in the denominator, found {self.token}")
        by = self.denominator()
        self.expect("}", " after the denominator")
        if of is None:
            brackets = self.token.text in ("(", "[")
            of = self.factor() if brackets or self.function_follows() else self.product()
            if not brackets and isinstance(of, Apply) and self.starts_factor():
                raise self.error("expected brackets around what is differentiated")
        return self.place(Derivative(of, by), start)

    def function_follows(self) -> bool:
        """Whether a function is applied next."""
        token = self.token
        if token.kind == "letter":
            return token.text in "fgI"
        return token.text in ("sigma", "log", "exp") or token.kind in ("word", "text")

    def denominator(self) -> Name:
        by = self.factor()
        if not isinstance(by, Name):
            raise self.error("expected a quantity of the network after \\partial", by.start)
        return by

    def inline_derivative(self) -> Expr:
        start = self.advance().start
        of = self.factor()
        self.expect("/", " and \\partial")
        if not self.take("partial"):
            raise self.error(f"expected \\partial, found {self.token}")
        return self.place(Derivative(of, self.denominator()), start)

    def sum(self) -> Expr:
        start = self.advance().start
        if not self.take("_"):
            raise self.error("expected the index of the sum: \\sum_{i}")
        letters: list[str] = []
        low: Expr | None = None
        high: Expr | None = None
        if self.take("{"):
            while True:
                letters.append(self.sum_letter())
                if self.take("="):
                    low = self.expression()
                if self.take("}"):
                    break
                self.take(",")
        else:
            letters.append(self.sum_letter())
        if self.take("^"):
            if self.take("{"):
                high = self.expression()
                self.expect("}")
            else:
                high = self.primary()
        if (low is None) != (high is None) or (low is not None and len(letters) > 1):
            raise self.error("expected both bounds for one index, or none", start)
        if len(set(letters)) != len(letters):
            raise self.error("a sum names an index twice", start)
        body = self.term()
        return self.place(Sum(tuple(letters), low, high, body), start)

    def sum_letter(self) -> str:
        token = self.token
        if token.text == "ell":
            self.advance()
            return "l"
        if token.kind == "letter" and token.text.islower() and token.text.isascii():
            self.advance()
            return token.text
        raise self.error(f"expected an index, found {token}")


def _expect_lengths(*formulas: Expr) -> None:
    """Errors: `ReadingError` for what is no length: a sum, a component."""
    allowed = (Number, Length, LayerCount, Add, Negative, Product, Fraction_)
    for formula in formulas:
        for part in walk(formula):
            if isinstance(part, Name) and part.indices:
                raise ReadingError("expected a length such as d_x", part.start)
            if not isinstance(part, (*allowed, Name)):
                raise ReadingError("expected a length such as d_x", formula.start)


def _as_length(node: Expr) -> Expr:
    """In the subscript of I, a vector stands for its length."""
    return Length(node, start=node.start, end=node.end) if isinstance(node, Name) else node


def _is_function(node: Expr) -> bool:
    return isinstance(node, Function)
