"""Reads the names of quantities with their layers and indices, lengths and numbers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from .cursor import NESTING, Cursor
from .latex import SYMBOLS, ReadingError
from .syntax import (
    Add,
    Apply,
    Expr,
    Fraction_,
    Function,
    Identity,
    Index,
    Kronecker,
    Layer,
    LayerCount,
    Length,
    Listing,
    Name,
    Negative,
    Number,
    Product,
    ReluDiagonal,
    walk,
)

FUNCTIONS = {
    "ReLU": "ReLU", "relu": "ReLU", "RELU": "ReLU", "sign": "sign", "sgn": "sign",
    "sigmoid": "sigma", "Sigmoid": "sigma", "sigma": "sigma", "I": "I", "id": "I", "Id": "I",
    "Linear": "Linear", "linear": "Linear", "diag": "diag", "max": "max", "exp": "exp",
    "log": "log", "ln": "log", "f": "f", "g": "g", "tanh": "tanh", "sqrt": "sqrt",
    "MSE": "MSE", "BCE": "BCE", "MSELoss": "MSE", "BCELoss": "BCE", "logistic": "sigma",
    "tr": "tr", "Tr": "tr", "trace": "tr",
}  # fmt: skip
# What to write for a symbol that other texts use.
_INSTEAD = {
    **dict.fromkeys("CEJ", r"the loss is \ell"),
    **dict.fromkeys("Hu", r"write \mathbb{1}[s > 0] for the step function"),
    **dict.fromkeys("h", r"what a layer puts out is z, as in z^{(1)}"),
    **dict.fromkeys("TN", r"the last layer is L_{\max}"),
    "d": r"a length is written d_x",
}
_VECTORS = ("x", "y", "y_hat", "b", "s", "z", "delta")
_INDEX_LETTERS = "aceijklmnopqrtuv"


class Quantities(Cursor):
    """Everything that is named by a letter or a word, and numbers."""

    def letter(self) -> Expr:
        token = self.advance()
        letter, start = token.text, token.start
        if letter in "xybszWw":
            base = "W" if letter == "w" else letter
            return self.scripts(Name(base, None, start=start, end=token.end))
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
                    self.take("{")
                    if self.token.text in ("MSE", "BCE"):
                        raise self.error(r"L is the number of a layer: the loss is \ell", start)
                    self.at = mark
                self.maximum()
                return self.place(LayerCount(Layer("L_max", 0)), start)
            return self.place(LayerCount(Layer("L", 0)), start)
        if letter == "I":
            return self.identity(start)
        if letter in "fg":
            if self.token.text == "_":
                raise self.error(f"expected the layer in the superscript, as in {letter}^{{(1)}}")
            return self.place(Function(letter), start)
        if letter == "e" and self.take("^"):
            if self.take("{"):
                exponent = self.expression()
                self.expect("}")
            else:
                exponent = self.unbraced()
            return self.place(Apply(Function("exp"), (exponent,)), start)
        if letter in _INDEX_LETTERS:
            return self.place(Index(letter), start)
        raise self.error(f"unknown symbol {letter}: {_INSTEAD.get(letter, SYMBOLS)}", start)

    def word(self) -> Expr:
        token = self.advance()
        if token.text not in FUNCTIONS:
            if len(token.text) == 1 and token.text in "xybszWwKLdl":
                self.tokens[self.at - 1] = replace(token, kind="letter")
                self.at -= 1
                return self.letter()
            known = "ReLU, sigmoid, I, diag, max, sign, log, exp, tanh, tr, MSE, BCE and Linear"
            raise self.error(f"unknown name {token.text}: the functions are {known}", token.start)
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
            depth += NESTING.get(token.text, 0)
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
                    r"expected two indices as in \delta_{ij} (Kronecker's), or a layer as in "
                    r"\delta^{(2)} (the error)",
                    token.start,
                )
            return self.place(Kronecker(*name.indices), token.start)
        return name

    # -- layers and indices

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
        if self.ahead().text in ("(", "["):
            return True
        if self.ahead().text != "{" or self.ahead(2).text not in ("(", "["):
            return False
        depth = 0
        for number in range(self.at + 2, len(self.tokens) - 1):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(self.tokens[number].text, 0)
            if depth == 0:
                return self.tokens[number + 1].text == "}"
        return False

    def layer(self) -> Layer:
        """A layer in parentheses or brackets: (2), (L), (L+1), (L_max)."""
        opening = self.advance()
        layer = self.layer_inside()
        if not self.take(")" if opening.text == "(" else "]"):
            raise self.error(f"expected ) after the layer, found {self.token}", opening.start)
        return replace(layer, start=opening.start, end=self.before)

    def layer_inside(self) -> Layer:
        if self.token.kind == "digit":
            return Layer("", self.whole())
        any_layer = self.token.text in ("L", "l") and self.token.kind == "letter"
        if any_layer or self.token.text == "ell":
            letter = self.advance()
            self.any_layer.add("L" if letter.text == "L" else "l")
            if len(self.any_layer) > 1:
                raise self.error(
                    r"expected one letter for any layer, found L and l: the last layer is "
                    r"L_{\max}",
                    letter.start,
                )
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

    # -- lengths and identity matrices

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
            expect_lengths(one)
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
        expect_lengths(rows, columns)
        return rows, columns

    # -- numbers

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


def expect_lengths(*formulas: Expr) -> None:
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
