"""Why a statement is refuted: the first small change that makes it provable.

Every repair that is named has been tried: with it the statement is proved. This asks `decide` and
builds no proof of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from .. import syntax as t
from ..networks import Network
from ..verdict import Proved, Refuted, Witness
from .decide import decide
from .edits import edits
from .scope import Scope, every, number

# Seconds of computing after which no further change is tried: an answer within a second.
BUDGET = 0.7
# Two sides whose quotient is a constant agree with it so closely where they differ.
_CLOSE = 1e-6
NOTHING_FITS = "no single small change makes it true"
_TWO_LAYERS = ("regression", "sigmoid-mse", "sigmoid-bce")


def diagnose(tex: str, statement: t.Statement, network: str | Network, refuted: Refuted) -> Refuted:
    """The refutation with what is wrong in words, and the part of the TeX that would change."""
    says, part = _diagnosis(Scope(statement, tex), network, refuted)
    span = (part.start, part.end) if part is not None and part.end else refuted.span
    return replace(refuted, diagnosis=says or NOTHING_FITS, span=span)


def _diagnosis(scope: Scope, network: str | Network, refuted: Refuted) -> tuple[str, t.Node | None]:
    statement = scope.statement
    if refuted.witness is not None and isinstance(statement, t.Equation):
        for name, factor in _constants(refuted.witness):
            scaled = replace(statement, right=t.Product((factor, statement.right)))
            if holds(scaled, network):
                says = f"off by the factor {name}: the left side is {name} times the right side"
                return says, statement.right
    ends = time.process_time() + BUDGET
    for edit in edits(statement, scope.tex):
        if time.process_time() > ends:
            break
        if holds(edit.statement, network):
            side = f" ({edit.side} side)" if edit.side in ("left", "right") else ""
            return edit.says + side, edit.part
    return _remark(scope, network), None


def holds(statement: t.Statement, network: str | Network) -> bool:
    """Whether a statement is proved."""
    return isinstance(decide(statement, network, witness=False), Proved)


def _remark(scope: Scope, network: str | Network) -> str:
    """What can be said of a statement that no small change makes true."""
    statement = scope.statement
    if not isinstance(statement, t.Equation):
        return ""
    for part in every(statement, t.Add):
        first, *others = part.terms
        other = others[0] if len(others) == 1 else None
        if isinstance(other, t.Negative) and holds(t.Equation(first, other.of), network):
            return f"{scope.show(part)} is zero: both terms are the same"
    for other_network in _TWO_LAYERS if network in _TWO_LAYERS else ():
        if other_network != network and holds(statement, other_network):
            return f"it is true of the network {other_network}, not of {network}"
    right = statement.right
    if isinstance(right, t.Times | t.Product) and all(
        isinstance(part, t.Number | t.Length) for part in right.parts
    ):
        return "a shape stands behind a colon, not behind ="
    return ""


def _constants(witness: Witness) -> Iterator[tuple[str, t.Expr]]:
    """The constants by which the sides of a witness may differ, the likeliest first."""
    left, right = witness.left, witness.right
    if left is None or right is None or abs(right) < _CLOSE:
        return
    for name, value, factor in _candidates(witness.widths):
        if abs(left - value * right) <= _CLOSE * abs(left):
            yield name, factor


def _candidates(widths: tuple[int, ...]) -> Iterator[tuple[str, float, t.Expr]]:
    for text in ("-1", "2", "1/2", "-2", "-1/2"):
        yield text, float(Fraction(text)), number(Fraction(text))
    yield from _of_length("K", t.Name("y_hat", None), widths[-1], ("1", "-1", "1/2", "2", "-2"))
    for text in ("4", "1/4", "3", "1/3"):
        yield text, float(Fraction(text)), number(Fraction(text))
    yield from _of_length("d_x", t.Name("x", None), widths[0], ("1",))
    s = t.Name("s", t.Layer("", 1))
    yield from _of_length("d_{s^{(1)}}", s, widths[1], ("1",))


def _of_length(
    name: str, of: t.Name, width: int, times: tuple[str, ...]
) -> Iterator[tuple[str, float, t.Expr]]:
    """Multiples of a length and of its inverse."""
    length = t.Length(of)
    for text in times:
        value = Fraction(text)
        sign, size = ("-" if value < 0 else ""), abs(value)
        top = "" if size.numerator == 1 else str(size.numerator)
        bottom = "" if size.denominator == 1 else f"/{size.denominator}"
        yield f"{sign}{top}{name}{bottom}", float(value * width), t.Product((number(value), length))
        yield (
            f"{sign}{top or '1'}/{bottom.strip('/')}{name}",
            float(value / width),
            t.Quotient(number(value), length),
        )
