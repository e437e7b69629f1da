"""Reads expressions: sums, products, powers, functions, fractions and derivatives."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from .matrices import Matrices
from .quantities import FUNCTIONS
from .syntax import (
    Absolute,
    Add,
    Apply,
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
)

_BARE_ARGUMENT = ("log", "sign", "exp", "tanh")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


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

    # -- the smallest parts

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

    # -- fractions, derivatives and sums

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
