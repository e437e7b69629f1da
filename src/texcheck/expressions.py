"""Reads expressions: sums, products, powers, functions, fractions and derivatives."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from .conditions import COMPARISONS
from .cursor import CLOSING
from .latex import SYMBOLS
from .matrices import Matrices
from .quantities import FUNCTIONS
from .syntax import (
    Absolute,
    Add,
    Apply,
    Component,
    Constant,
    Derivative,
    Elementwise,
    Expr,
    Fraction_,
    Function,
    Hole,
    Listing,
    Name,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
    bare_functions,
    multiplies,
)

# What to write for a command that is not read.
_INSTEAD = {
    "otimes": r"write the outer product as x [\delta^{(1)}]^T",
    "min": r"write -\max(0, -s)",
    "Theta": r"write \mathbb{1}[s > 0] for the step function",
    "theta": r"write \mathbb{1}[s > 0] for the step function, and W or b for parameters",
    "Delta": r"the error is \delta",
    "dot": r"write \sigma' for a derivative",
    "underbrace": "write an equals sign for what stands under the brace",
    "overset": "write = alone",
    "stackrel": "write = alone",
    "underset": "write the index as a subscript",
    "ast": r"write \odot for the product entry by entry",
}
_BARE_ARGUMENT = ("log", "sign", "exp", "tanh", "tr")
_RIGHT_BARS = {"lVert": "rVert", "lvert": "rvert"}


class Expressions(Matrices):
    """Expressions by recursive descent, from the sum down to the smallest part."""

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
        while sign := self.take("odot", "circ", "oslash"):
            right = self.product()
            if sign.text == "circ" and isinstance(left, Function) and isinstance(right, Function):
                raise self.error("a function of a function is not read", sign.start)
            kind = Fraction_ if sign.text == "oslash" else Elementwise
            left = self.place(kind(left, right), start)
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
            if not self.starts_factor() or self.token.quad:
                break
        return factors[0] if len(factors) == 1 else self.place(Product(tuple(factors)), start)

    def continues(self) -> bool:
        """Whether a product goes on here without a sign."""
        return self.starts_factor() and not self.token.quad

    def starts_factor(self) -> bool:
        token = self.token
        if token.kind in ("digit", "letter", "begin", "blackboard"):
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
                "sqrt", "ones", "zeros", "cdot", "{", "sign", "tanh", "nabla", "langle",
                "lVert", "lvert",
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
            elif (
                isinstance(value, Power)
                and isinstance(value.of, Function)
                and self.token.text in ("(", "[")
            ):
                value = self.power_of_function(value, value.of, start)
            elif isinstance(value, Name) and self.token.text == "_" and not value.indices:
                value = self.place(self.scripts(value), start)
            elif self.token.text == "_" and self.tokens[self.at - 1].text in (")", "]", "}"):
                self.advance()
                value = self.place(Component(value, self.indices("W")), start)
            elif (
                self.token.text == "{" and self.ahead().text == "}" and self.token.kind == "symbol"
            ):
                self.advance()
                self.advance()  # {} only separates scripts
            else:
                break
        if isinstance(value, Function) and value.name in _BARE_ARGUMENT and self.starts_factor():
            applied = self.place(Apply(value, (self.factor(),)), start)
            if self.token.text != "cdot" and self.continues() and not self.function_follows():
                raise self.error(f"expected brackets around the argument of {value.name}")
            return applied
        return value

    def power_of_function(self, power: Power, function: Function, start: int) -> Expr:
        """sigma^2(s), the square of sigma(s); but sigma^2 (1 - sigma) is a product."""
        if not isinstance(power.exponent, Number):
            raise self.error("expected the value of the function, and the power behind it", start)
        applied = self.application(function, start)
        if isinstance(applied, Apply) and any(map(bare_functions, applied.arguments)):
            if not all(multiplies(function, argument) for argument in applied.arguments):
                raise self.error("a function of a function is not read", start)
            return self.place(Product((power, *applied.arguments)), start)
        return self.place(replace(power, of=applied), start)

    def superscript(self, value: Expr, start: int) -> Expr:
        """What stands raised behind a factor: a transpose, a dash, a layer or a power."""
        if self.take("'"):
            return self.dash(value, start)
        self.expect("^")
        group = self.take("{") is not None
        result = self.raised(value, start, group)
        while group and not self.take("}"):
            if self.take("^"):
                group_inside = self.take("{") is not None
                result = self.raised(result, start, group_inside)
                if group_inside:
                    self.expect("}")
            else:
                result = self.raised(result, start)
        return self.place(result, start)

    def dash(self, value: Expr, start: int) -> Expr:
        if not isinstance(value, Function):
            raise self.error("a dash stands for the derivative of a function, such as \\sigma'")
        return self.place(replace(value, primes=value.primes + 1), start)

    def raised(self, value: Expr, start: int, group: bool = True) -> Expr:
        if self.is_transpose():
            self.advance()
            return self.place(Transpose(value), start)
        if self.take("'"):
            return self.dash(value, start)
        if isinstance(value, Name | Function) and self.token.text in ("(", "["):
            if value.layer is not None:
                raise self.error("a second layer on one symbol")
            return self.place(replace(value, layer=self.layer()), start)
        exponent: Expr
        if self.token.kind == "digit":
            exponent = self.number() if group else self.unbraced()
        elif self.token.text == "+" and self.ahead().text in ("}", "=", ""):
            raise self.error(r"expected \max(0, s) for the positive part")
        elif self.token.text in ("-", "+") or self.token.kind == "letter" or self.token.text == "(":
            exponent = self.expression() if group else self.unbraced()
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

    # -- the smallest parts

    def primary(self) -> Expr:
        token = self.token
        start = token.start
        if token.kind == "digit":
            if token.text == "1" and self.ahead().text == "_":
                self.advance()
                return self.indicator(start)
            return self.number()
        if token.kind == "blackboard" and token.text in ("1", "I"):
            self.advance()
            if token.text == "I" and not self.compared():
                return self.identity(start)
            return self.indicator(start)
        if token.kind in ("letter", "word") and token.text == "d" and self.ahead().text != "_":
            return self.inline_derivative()
        if token.kind == "letter":
            return self.letter()
        if token.kind in ("word", "text"):
            return self.word()
        if token.kind == "begin":
            return self.matrix()
        if token.kind == "symbol" and token.text in CLOSING:
            return self.bracket()
        if token.kind == "command":
            match token.text:
                case "{":
                    self.advance()
                    inner = self.expression()
                    if self.token.text in COMPARISONS:
                        inner = self.comparison(inner)
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
                case "nabla":
                    return self.gradient()
                case "langle":
                    return self.inner_product()
                case "ones" | "zeros":
                    self.advance()
                    if token.text == "ones" and (self.token.text == "_" or self.compared()):
                        return self.indicator(start)
                    return self.place(Constant(1 if token.text == "ones" else 0), start)
                case "Vert" | "vert" | "lVert" | "lvert":
                    return self.norm()
                case "cdot":
                    self.advance()
                    return self.place(Hole(), start)
                case "dots" | "vdots" | "ddots":
                    raise self.error(
                        r"dots stand only in a written-out matrix: write \sum_{i} for a sum"
                    )
        if token.kind == "end":
            raise self.error("expected an expression, the formula ends here")
        if token.kind == "command":
            instead = _INSTEAD.get(token.text, SYMBOLS)
            raise self.error(f"unknown command \\{token.text}: {instead}")
        raise self.error(f"expected an expression, found {token}")

    def norm(self) -> Expr:
        """A norm or an absolute value; bars that tell left from right may stand in each other."""
        opening = self.advance()
        sided = opening.text in _RIGHT_BARS
        outer, self.bars = self.bars, 0 if sided else self.bars + 1
        inner = self.expression()
        self.bars = outer
        closing = _RIGHT_BARS.get(opening.text, opening.text)
        if not self.take(closing):
            bars = {"Vert": r"\|", "vert": "|"}.get(closing, f"\\{closing}")
            raise self.error(f"expected {bars} to close the bars, found {self.token}")
        if closing in ("vert", "rvert"):
            return self.place(Absolute(inner), opening.start)
        subscript = ""
        if self.take("_"):
            group = self.take("{")
            if self.token.text not in ("2", "F"):
                raise self.error("expected the Euclidean norm: _2 or no subscript")
            written = self.advance().text
            if not isinstance(inner, Name) or inner.base == "W":
                subscript = written if written == "2" else ""
            if group:
                self.expect("}")
        return self.place(Norm(inner, subscript), opening.start)

    def bracket(self) -> Expr:
        opening = self.advance()
        closing = CLOSING[opening.text]
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
            if opening.text != "{" and self.token.text in ("<", ">", "ge", "le"):
                inner = self.comparison(inner)
        self.no_times, self.bars = outer_times, outer_bars
        if self.token.text == "," and closing == "]":
            raise self.error(r"expected a row with ^T behind it, or \begin{pmatrix}")
        if not self.take(closing):
            raise self.error(f"expected {closing} or an operator, found {self.token}")
        return self.place(inner, opening.start)

    def application(self, function: Function, start: int) -> Expr:
        if self.token.text == "{" and self.token.kind == "command":
            opening, closing = self.advance(), "}"
        elif self.token.text in ("(", "["):
            opening = self.advance()
            closing = CLOSING[opening.text]
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

    # -- fractions, derivatives and sums

    def argument(self) -> tuple[int, bool]:
        """Enters a braced argument; True if it is braced."""
        start = self.token.start
        return start, self.take("{") is not None

    def fraction(self) -> Expr:
        start = self.advance().start
        _, braced = self.argument()
        if self.is_partial():
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
        self.expect_partial()
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
        if isinstance(by, Power):
            raise self.error("a layer stands in parentheses, as in W^{(1)}", by.start)
        if not isinstance(by, Name):
            raise self.error("expected a quantity of the network after \\partial", by.start)
        return by

    def inline_derivative(self) -> Expr:
        """∂ℓ/∂W in one line, or ∂_W ℓ."""
        start = self.advance().start
        if self.take("_"):
            by = self.subscript()
            of = self.factor()
            whole = isinstance(of, Name) and not of.indices
            if not whole and self.token.text != "cdot" and self.continues():
                raise self.error("expected brackets around what is differentiated")
            return self.place(Derivative(of, by), start)
        of = self.factor()
        self.expect("/", " and \\partial")
        self.expect_partial()
        return self.place(Derivative(of, self.denominator()), start)

    def is_partial(self) -> bool:
        """Whether ∂ follows, or the d of a derivative."""
        token = self.token
        upright = token.kind in ("letter", "word") and token.text == "d"
        return token.text == "partial" or (upright and self.ahead().text != "_")

    def expect_partial(self) -> None:
        if not self.is_partial():
            raise self.error(f"expected \\partial in the denominator, found {self.token}")
        self.advance()

    def subscript(self) -> Name:
        """The quantity behind \\nabla_ or \\partial_."""
        if self.take("{"):
            by = self.denominator()
            self.expect("}")
            return by
        by = self.primary()  # type: ignore[assignment]
        if not isinstance(by, Name):
            raise self.error("expected a quantity of the network", by.start)
        return by

    def gradient(self) -> Expr:
        """The gradient of the loss, of the shape of what it is taken by: the transpose."""
        start = self.advance().start
        if not self.take("_"):
            raise self.error(r"expected by what is differentiated, as in \nabla_{W^{(1)}} \ell")
        by = self.subscript()
        if by.layer is None and self.token.text == "^":
            by = self.scripts(by)
        of = self.factor()
        if of != Name("ell", None):
            raise self.error(
                r"expected the loss, \ell, behind \nabla: write other derivatives with \frac",
                of.start,
            )
        gradient = self.place(Derivative(of, by), start)
        return gradient if by.indices else self.place(Transpose(gradient), start)

    def inner_product(self) -> Expr:
        start = self.advance().start
        left = self.expression()
        self.expect(",", " between two vectors")
        right = self.expression()
        self.expect("rangle")
        return self.place(Apply(Function("inner"), (left, right)), start)

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
                high = self.unbraced()
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
