"""Measures the checker: every equation is changed in small ways; how many are refuted?"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from pathlib import Path

from . import parse
from .equations import EnginesDisagree
from .judge import judge
from .latex import ReadingError
from .network import ARCHITECTURES
from .reader import Item, read
from .syntax import (
    Add,
    Apply,
    Constant,
    Derivative,
    Dots,
    Elementwise,
    Equation,
    Expr,
    Fraction_,
    Function,
    Identity,
    Index,
    Kronecker,
    Layer,
    Length,
    Name,
    Negative,
    Norm,
    Notation,
    Number,
    Product,
    RangeClaim,
    ReluDiagonal,
    ShapeClaim,
    Statement,
    Sum,
    Transpose,
    Written,
    bare_functions,
    sides,
    walk,
)
from .tasks import tasks

ZERO_NUMBER = Number(Fraction(0))
SHORT = 150
LEAST_SHARE = 0.99

# Why a changed statement may still be the same one: laws of algebra, not the checker's verdict.
SYMMETRIC = "δ_ij is symmetric"
DIAGONAL = "a diagonal matrix is its own transpose"
NUMBER = "a number is its own transpose"
COMMUTE = "diagonal matrices commute"
PICKS = "a factor beside is zero unless the two indices are equal (δ_ij, a diagonal Jacobian)"
UNIT = "the factor is an identity matrix: g is the identity"
PROJECTION = "ReLU's matrix times itself is itself: its entries are 0 and 1"
SAME_NORM = "a vector and its transpose have the same norm"
NO_SLOPE = "the changed term does not depend on what is differentiated by"
ZERO = "the changed term is multiplied by zero"
OFF_DIAGONAL = "off the diagonal of a diagonal Jacobian every entry is 0"
WIDTHS = "the two vectors have the same length"


@dataclass(frozen=True)
class Mutant:
    """One small change of a display or table cell; `law` says why it may be the same statement."""

    item: Item
    kind: str
    start: int
    end: int
    text: str
    law: str = ""

    @property
    def tex(self) -> str:
        """The changed TeX."""
        return self.item.tex[: self.start] + self.text + self.item.tex[self.end :]

    def __str__(self) -> str:
        line = self.item.line + self.item.tex.count("\n", 0, self.start)
        old = " ".join(self.item.tex[self.start : self.end].split())
        new = " ".join(self.text.split())
        return f"{self.item.file}:{line} {self.item.label} {self.kind}: {old} -> {new}"


@dataclass(frozen=True)
class Result:
    """What the checker said to a mutant: refuted, survived, unreadable or disagree."""

    mutant: Mutant
    outcome: str


def form(node: Expr) -> str:
    """number, column, row or matrix: what a formula is by the shapes of its parts alone."""
    match node:
        case Name(base, _, indices):
            if indices or base == "ell":
                return "number"
            return "matrix" if base == "W" else "column"
        case Transpose(of):
            turned = {"column": "row", "row": "column"}
            return turned.get(form(of), form(of))
        case Derivative(of, by):
            if by.indices:
                return form(of)
            if form(of) == "number" and form(by) == "column":
                return "row"
            return "matrix"
        case Product(factors):
            return reduce(_times, (form(factor) for factor in factors))
        case Add(terms):
            return next((form(term) for term in terms if form(term) != "number"), "number")
        case Negative(of):
            return form(of)
        case Elementwise(left, _):
            return form(left)
        case Fraction_(top, bottom):
            return form(top) if form(bottom) == "number" else form(bottom)
        case Sum(body=body):
            return form(body)
        case Apply(function, arguments):
            if function.name in ("MSE", "BCE", "loss"):
                return "number"
            return "matrix" if function.name == "diag" else form(arguments[-1])
        case Identity() | ReluDiagonal():
            return "matrix"
        case Constant():
            return "column"
        case Written(rows):
            if len(rows[0]) == 1:
                return "column"
            return "row" if len(rows) == 1 else "matrix"
    return "number"


def _times(left: str, right: str) -> str:
    if "number" in (left, right):
        return right if left == "number" else left
    outer = {("row", "column"): "number", ("column", "row"): "matrix"}
    return outer.get(
        (left, right), "column" if right == "column" else "row" if left == "row" else "matrix"
    )


class _Changes:
    """All changes of one statement, in the TeX of its item."""

    def __init__(self, item: Item, statement: Statement) -> None:
        self.item = item
        self.statement = statement
        parts = [part for side in sides(statement) for part in walk(side)]
        self.letters = sorted(
            {part.letter for part in parts if isinstance(part, Index)}
            | {letter for part in parts if isinstance(part, Sum) for letter in part.letters}
        )

    def tex(self, node: Expr) -> str:
        return self.item.tex[node.start : node.end]

    def change(self, kind: str, node: Expr, text: str, law: str = "") -> Mutant:
        return Mutant(self.item, kind, node.start, node.end, text, law)

    def within(self, node: Expr, parts: Sequence[Expr], text: str) -> str:
        """The TeX of a node with the parts from first to last replaced: its brackets stay."""
        tex = self.item.tex
        return tex[node.start : parts[0].start] + text + tex[parts[-1].end : node.end]

    def all(self) -> Iterator[Mutant]:
        match self.statement:
            case Equation(left, right):
                yield from self.side(left)
                yield from self.side(right)
            case ShapeClaim(value, rows, columns):
                yield from self.visit(value, ())
                yield from self.shape(rows, columns)
            case RangeClaim(_, first, last):
                yield self.change("index bound", first, "1")
                yield from self.bound(last)
        for pair in self.statement.conditions:
            for side in pair:
                if isinstance(side, Function):
                    yield from self.function(side)

    def side(self, side: Expr) -> Iterator[Mutant]:
        """All changes of one side of an equation."""
        yield from self.visit(side, ())
        law = ZERO if side == ZERO_NUMBER else ""
        if isinstance(side, Negative):
            yield self.change("sign", side, self.tex(side.of), law)
        elif isinstance(side, Add):
            yield self.change("sign", side, rf"-\left({self.tex(side)}\right)", law)
        elif not bare_functions(side):
            yield self.change("sign", side, f"-{self.tex(side)}", law)

    def shape(self, rows: Expr, columns: Expr) -> Iterator[Mutant]:
        """All changes of a shape."""
        text = rf"{self.tex(columns)} \times {self.tex(rows)}"
        law = WIDTHS if self.width(rows) == self.width(columns) else ""
        yield Mutant(self.item, "shape", rows.start, columns.end, text, law)
        yield from self.visit(rows, ())
        yield from self.visit(columns, ())

    def width(self, length: Expr) -> object:
        """What a length counts: the layer, since z has the length of s, and y_hat that of y."""
        if not isinstance(length, Length):
            return length
        if length.of.base in ("y", "y_hat"):
            return Layer("", 2)
        return length.of.layer or length.of.base

    def bound(self, last: Expr) -> Iterator[Mutant]:
        if isinstance(last, Add) and len(last.terms) == 2:
            yield self.change("index bound", last, self.tex(last.terms[0]))
            yield self.change("index bound", last, f"{self.tex(last.terms[0])}-2")

    # -- the changes at one place

    def visit(self, node: Expr, above: tuple[Expr, ...]) -> Iterator[Mutant]:
        match node:
            case Name():
                yield from self.name(node, above)
            case Kronecker():
                yield from self.swap(node, node.first, node.second, SYMMETRIC)
            case Transpose():
                law = self.own(node.of, above)
                yield self.change("drop a transpose", node, self.tex(node.of), law)
            case Negative() | Add():
                yield from self.signs(node, above)
            case Product():
                yield from self.product(node, above)
            case Sum():
                yield from self.sum(node)
            case Derivative():
                yield from self.derivative(node, above)
            case ReluDiagonal():
                shape = rf"I_{{{self.tex(node.of)} \times {self.tex(node.of)}}}"
                law = PROJECTION if self.is_projection(node, above) else ""
                yield self.change("another activation's derivative", node, shape, law)
            case Apply():
                yield from self.apply(node)
            case Number():
                yield from self.number(node, above)
            case Written():
                yield from self.written(node)
        if isinstance(node, Length):
            yield from self.layer(node.of, above)
            return
        if isinstance(node, Apply):
            yield from self.function(node.function)
            parts: Sequence[Expr] = node.arguments
        else:
            parts = list(node.parts)
        for part in parts:
            if not isinstance(part, Function):
                yield from self.visit(part, (*above, node))
        parent = above[-1] if above else None
        if form(node) != "number" and not isinstance(
            parent, Transpose | Derivative | Identity | ReluDiagonal
        ):
            text = rf"\left[{self.tex(node)}\right]^{{\mathsf T}}"
            yield self.change("add a transpose", node, text, self.own(node, above))

    def own(self, node: Expr, above: tuple[Expr, ...]) -> str:
        """Why a matrix may be as good as its transpose."""
        if form(node) == "number":
            return NUMBER
        if above and isinstance(above[-1], Norm):
            return SAME_NORM
        return DIAGONAL if self.is_diagonal(node) else ""

    def is_diagonal(self, node: Expr) -> bool:
        """Whether a matrix is diagonal, as the Jacobian of an elementwise function is."""
        match node:
            case ReluDiagonal() | Identity() | Apply(Function("diag")):
                return True
            case Derivative(Name() as of, by):
                return self.elementwise(of, by)
            case Product(factors):
                return all(form(f) == "number" or self.is_diagonal(f) for f in factors)
            case Written(rows):
                return len(rows) > 1 and all(
                    isinstance(cell, Dots) or cell == ZERO_NUMBER or self.is_diagonal(cell)
                    for i, row in enumerate(rows)
                    for j, cell in enumerate(row)
                    if i != j
                )
        return False

    def elementwise(self, of: Name, by: Name) -> bool:
        """Whether `of` is an activation of `by`: z^{(L)} by s^{(L)}, y_hat by the last s."""
        if by.base != "s":
            return False
        if of.base == "y_hat":
            last = Layer("", 5 if self.item.network == "deep" else 2)
            return by.layer in (last, Layer("L_max", 0))
        return of.base == "z" and of.layer == by.layer

    def swap(self, node: Expr, first: Expr, second: Expr, law: str = "") -> Iterator[Mutant]:
        if first == second:
            return
        tex = self.item.tex
        text = (
            tex[node.start : first.start]
            + self.tex(second)
            + tex[first.end : second.start]
            + self.tex(first)
            + tex[second.end : node.end]
        )
        yield self.change("swap two indices", node, text, law)

    def name(self, node: Name, above: tuple[Expr, ...]) -> Iterator[Mutant]:
        yield from self.layer(node, above)
        if len(node.indices) == 2:
            yield from self.swap(node, *node.indices)
        for index in node.indices:
            if isinstance(index, Index):
                for letter in self.letters:
                    if letter != index.letter:
                        law = self.picks({letter, index.letter}, above)
                        yield self.change(
                            "another index", index, letter, law or self.flat(node, above)
                        )
        if node.base == "y_hat" and not (above and isinstance(above[-1], Length)):
            indices = ",".join(self.tex(index) for index in node.indices)
            text = rf"\boldsymbol{{y}}_{{{indices}}}" if indices else r"\boldsymbol{y}"
            shape = isinstance(self.statement, ShapeClaim) and not above
            yield self.change("ŷ by y", node, text, WIDTHS if shape else self.flat(node, above))

    def picks(self, letters: set[str], above: tuple[Expr, ...]) -> str:
        """Whether what stands beside or around makes two index letters the same."""
        groups: list[set[str]] = []
        for parent in above:
            if isinstance(parent, Derivative):
                groups += self.slope_letters(parent)
            for factor in parent.factors if isinstance(parent, Product) else ():
                if any(factor is outer for outer in above):
                    continue
                if isinstance(factor, Kronecker):
                    groups.append({part.letter for part in walk(factor) if isinstance(part, Index)})
                elif isinstance(factor, Derivative):
                    groups += self.slope_letters(factor)
        reached = {min(letters)}
        for _ in groups:
            for group in groups:
                if group & reached:
                    reached |= group
        return PICKS if letters <= reached else ""

    def slope_letters(self, node: Derivative) -> list[set[str]]:
        """Pairs of letters that must be equal for a derivative by a component not to vanish."""
        by, found = node.by, set()
        for part in walk(node.of):
            if not isinstance(part, Name) or not part.indices:
                continue
            direct = (part.base, part.layer) == (by.base, by.layer) or self.elementwise(part, by)
            if direct or (part.base == "s" and by.base in "Wb" and part.layer == by.layer):
                found.add(tuple(zip(part.indices, by.indices, strict=False)))
        if len(found) != 1:
            return []
        return [
            {index.letter for index in pair if isinstance(index, Index)} for pair in found.pop()
        ]

    def flat(self, node: Expr, above: tuple[Expr, ...]) -> str:
        """Whether a change stands in a term that the derivative around it does not see."""
        for at, parent in enumerate(above):
            if isinstance(parent, Written) and self.off_diagonal(parent, (*above, node)[at + 1]):
                return OFF_DIAGONAL
            if isinstance(parent, Derivative):
                inside = [*above[at + 1 :], node]
                terms = [
                    part
                    for part, outer in zip(inside[1:], inside, strict=False)
                    if isinstance(outer, Add)
                ]
                if any(not self.depends(term, parent.by) for term in terms):
                    return NO_SLOPE
        return ""

    def off_diagonal(self, matrix: Written, cell: Expr) -> bool:
        """Whether an entry of a written-out diagonal Jacobian stands off its diagonal."""
        return self.is_diagonal(matrix) and any(
            part is cell and i != j
            for i, row in enumerate(matrix.rows)
            for j, part in enumerate(row)
        )

    def depends(self, term: Expr, by: Name) -> bool:
        bases = {part.base for part in walk(term) if isinstance(part, Name)}
        return by.base in bases

    def layer(self, node: Name, above: tuple[Expr, ...]) -> Iterator[Mutant]:
        layer = node.layer
        if layer is None or layer.end == 0:
            return
        for step in (-1, 1):
            moved = Layer(layer.base, layer.offset + step)
            if not moved.base and moved.offset < 0:
                continue
            text = f"({moved})".replace("L_max", r"L_{\max}")
            yield Mutant(self.item, "layer", layer.start, layer.end, text, self.flat(node, above))

    def signs(self, node: Expr, above: tuple[Expr, ...]) -> Iterator[Mutant]:
        if not isinstance(node, Add):
            return
        for before, term in zip(node.terms, node.terms[1:], strict=False):
            law = self.flat(term, (*above, node))
            if isinstance(term, Negative):
                yield Mutant(self.item, "sign", term.start, term.of.start, "+ ", law)
            else:
                yield Mutant(self.item, "sign", before.end, term.start, " - ", law)

    def product(self, node: Product, above: tuple[Expr, ...]) -> Iterator[Mutant]:
        factors = node.factors
        texts = [self.tex(factor) for factor in factors]
        for at, factor in enumerate(factors):
            rest = r" \cdot ".join(texts[:at] + texts[at + 1 :])
            law = UNIT if self.is_unit(factor) else self.flat(node, above)
            if self.is_projection(factor, (*above, node)):
                law = PROJECTION
            yield self.change("drop a factor", node, self.within(node, factors, rest), law)
        for at in range(len(factors) - 1):
            pair = factors[at : at + 2]
            if any(form(factor) == "number" for factor in pair):
                continue
            swapped = [*texts[:at], texts[at + 1], texts[at], *texts[at + 2 :]]
            text = self.within(node, factors, r" \cdot ".join(swapped))
            both = all(self.is_diagonal(factor) for factor in pair)
            yield self.change("swap two factors", node, text, COMMUTE if both else "")

    def is_unit(self, factor: Expr) -> bool:
        """Whether a factor is the identity matrix in every network of the statement."""
        match factor:
            case Identity():
                return True
            case Derivative(Name("y_hat") as of, by) if self.item.network == "regression":
                return self.elementwise(of, by)
            case Written(rows):
                cells = [cell for row in rows for cell in row if not isinstance(cell, Dots)]
                return all(isinstance(cell, Derivative) and self.is_unit(cell) for cell in cells)
        return False

    def is_projection(self, node: Expr, above: tuple[Expr, ...]) -> bool:
        """Whether a factor is ReLU's diagonal matrix beside an equal one."""
        relu = isinstance(node, ReluDiagonal) or (
            self.item.network == "regression"
            and isinstance(node, Derivative)
            and self.is_diagonal(node)
            and node.by.layer == Layer("", 1)
        )
        beside = above[-1].factors if above and isinstance(above[-1], Product) else ()
        return relu and sum(factor == node for factor in beside) > 1

    def sum(self, node: Sum) -> Iterator[Mutant]:
        yield self.change("drop a sum", node, self.tex(node.body))
        if len(node.letters) > 1:
            for letter in node.letters:
                rest = ",".join(other for other in node.letters if other != letter)
                text = rf"\sum_{{{rest}}} {self.tex(node.body)}"
                yield self.change("drop a summed index", node, text)
        if node.high is not None:
            yield from self.bound(node.high)

    def derivative(self, node: Derivative, above: tuple[Expr, ...]) -> Iterator[Mutant]:
        of, by = node.of, node.by
        if not isinstance(of, Name) or not self.elementwise(of, by):
            return
        s = self.tex(by)
        plain = self.identity_by_nature(by)
        if by.indices and of.indices:
            i, j = self.tex(of.indices[0]), self.tex(by.indices[0])
            kronecker = rf"\delta_{{{i},{j}}}"
            text = rf"\sigma'({s}) {kronecker}" if plain else kronecker
        elif not by.indices and not of.indices:
            identity = rf"I_{{{s} \times {s}}}"
            text = rf"\operatorname{{diag}}(\sigma'({s}))" if plain else identity
        else:
            return
        if not any(isinstance(parent, Derivative) for parent in above):
            law = PROJECTION if self.is_projection(node, above) else self.flat(node, above)
            yield self.change("another activation's derivative", node, text, law)

    def identity_by_nature(self, by: Name) -> bool:
        """Whether the activation behind s is the identity wherever the statement is checked."""
        for left, right in self.statement.conditions:
            if isinstance(left, Function) and isinstance(right, Function):
                return right.name == "I"
        if by.layer is None or by.layer.base:
            return False
        layers = [
            architecture.activations[by.layer.offset - 1]
            for architecture in ARCHITECTURES.get(self.item.network, ())
        ]
        return bool(layers) and all(name == "I" for name in layers)

    def apply(self, node: Apply) -> Iterator[Mutant]:
        if node.function.name == "max":
            yield self.change("another activation's derivative", node, self.tex(node.arguments[1]))

    def function(self, node: Function) -> Iterator[Mutant]:
        others = {"ReLU": r"\sigma", "sigma": r"\operatorname{ReLU}", "I": r"\sigma"}
        if node.name in others and node.layer is None:
            text = others[node.name] + "'" * node.primes
            yield self.change("another activation", node, text)

    def number(self, node: Number, above: tuple[Expr, ...]) -> Iterator[Mutant]:
        if any(isinstance(parent, Name | Kronecker | Identity) for parent in above):
            if node.value.denominator == 1 and not isinstance(above[-1], Negative):
                text, law = str(int(node.value) + 1), self.flat(node, above)
                yield self.change("another index", node, text, law)
            return
        yield self.change("another number", node, str(int(node.value) + 1), self.flat(node, above))

    def written(self, node: Written) -> Iterator[Mutant]:
        for row in node.rows:
            for cell in row:
                law = OFF_DIAGONAL if self.off_diagonal(node, cell) else ""
                for part in walk(cell):
                    if isinstance(part, Name):
                        for index in part.indices:
                            if isinstance(index, Add):
                                length = self.tex(index.terms[0])
                                yield self.change("last index", index, length)
                                yield self.change("last index", index, f"{length}-2", law)


def _statements(item: Item) -> list[Statement]:
    """The statements of an item whose parts all stand in its own TeX."""
    if item.subject is None:
        return [one.statement for one in parse.statements(item.tex)]
    if item.kind == "shape":
        rows, columns = parse.shape(item.tex)
        return [ShapeClaim(rows, rows, columns)]
    chain = parse.cell(item.tex)
    return [Equation(side, side) for side in chain]


def mutants(item: Item) -> list[Mutant]:
    """All small changes of one display or table cell, each once."""
    found: dict[tuple[str, str], Mutant] = {}
    for statement in _statements(item):
        changes = _Changes(item, statement)
        if isinstance(statement, Notation):
            continue
        for mutant in changes.all():
            if mutant.tex != item.tex:
                found.setdefault((mutant.kind, mutant.tex), mutant)
    return list(found.values())


def outcome(mutant: Mutant) -> str:
    """Whether the checker refutes a mutant: refuted, survived, unreadable or disagree."""
    item = mutant.item
    known = {task.statement for task in tasks(item.tex, item.network, item.subject, item.kind)}
    try:
        changed = tasks(mutant.tex, item.network, item.subject, item.kind)
    except ReadingError:
        return "unreadable"
    result = "survived"
    for task in changed:
        if task.statement in known:
            continue
        try:
            status = judge(task, diagnose=False).status
        except EnginesDisagree:
            return "disagree"
        if status == "refuted":
            return "refuted"
        if status == "unreadable":
            result = "unreadable"
    return result


def measure(path: Path | str, short: bool = False, seed: int = 0) -> list[Result]:
    """Tries all mutants of a book, or a seeded sample of `SHORT`."""
    chosen = [mutant for item in read(path) if item.expect == "true" for mutant in mutants(item)]
    if short:
        chosen = random.Random(seed).sample(chosen, min(SHORT, len(chosen)))
    known: dict[tuple[str, ...], str] = {}
    results = []
    for mutant in chosen:
        key = mutant.tex, mutant.item.network, str(mutant.item.subject), mutant.item.kind
        if key not in known:
            known[key] = outcome(mutant)
        results.append(Result(mutant, known[key]))
    return results


def report(results: Sequence[Result]) -> tuple[list[str], bool]:
    """The numbers and every survivor as lines of text, and whether the checker is good enough."""
    lines: list[str] = []
    kinds = Counter(result.mutant.kind for result in results)
    refuted = Counter(result.mutant.kind for result in results if result.outcome == "refuted")
    survivors = [result for result in results if result.outcome != "refuted"]
    equal = [r for r in survivors if r.outcome == "survived" and r.mutant.law]
    missed = [r for r in survivors if r not in equal]
    for kind in sorted(kinds):
        lines.append(f"{kind:32} {kinds[kind]:5} mutants, {refuted[kind]:5} refuted")
    if equal:
        lines.append("\nThe same statement, by a law of algebra:")
        lines += [f"  {result.mutant}\n    {result.mutant.law}" for result in equal]
    if missed:
        lines.append("\nMissed:")
        lines += [f"  {result.mutant}\n    {result.outcome}" for result in missed]
    different = len(results) - len(equal)
    share = sum(refuted.values()) / different if different else 0.0
    lines.append(
        f"\n{len(results)} mutants: {sum(refuted.values())} refuted, {len(equal)} the same "
        f"statement, {len(missed)} missed; {share:.2%} of the different ones refuted"
    )
    return lines, share >= LEAST_SHARE and not any(r.outcome == "disagree" for r in missed)


def main(arguments: Sequence[str]) -> int:
    """Prints the measurement; 1 if too many mutants are missed."""
    parser = argparse.ArgumentParser(
        prog="python -m texcheck mutants",
        description="Measures how many wrong formulas are refuted.",
    )
    parser.add_argument("path", nargs="?", default="book", help="a folder or a page (book)")
    parser.add_argument("--short", action="store_true", help=f"a seeded sample of {SHORT}")
    options = parser.parse_args(arguments)
    results = measure(options.path, options.short)
    lines, good = report(results)
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
