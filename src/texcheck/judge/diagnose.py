"""Why a statement is refuted: the first small change that makes it provable.

Every repair that is named has been tried: with it the statement is proved. This asks `decide` and
builds no proof of its own.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from .. import syntax as t
from ..algebra.budget import NoRule, at_most, spend
from ..networks.network import Network
from ..reading import expression
from ..verdict import Proved, Refuted, Unreadable, Witness
from .decide import decide
from .edits import edits, of_entries, sides
from .scope import Scope, every
from .structure import squares
from .symbols import of_the_running_network

# Steps after which no further change is tried: an answer within a second.
BUDGET = 150_000
# Two sides whose quotient is a constant agree with it so closely where they differ.
_CLOSE = 1e-6
NOTHING_FITS = "no single small change makes it true"
# By what the sides of a statement may differ, the likeliest first.
_CONSTANTS = (
    *("-1", "2", "1/2", "-2", "-1/2", "K", "1/K", "-K", "-1/K", "K/2", "2/K"),
    *("4", "1/4", "3", "1/3", "d_x", "1/d_x", "d_{s^{(1)}}", "1/d_{s^{(1)}}"),
)
_TWO_LAYERS = ("regression", "sigmoid-mse", "sigmoid-bce")


def diagnose(scope: Scope, network: str | Network, refuted: Refuted) -> Refuted:
    """The refutation with what is wrong in words, and the part of the TeX that would change."""
    with at_most(BUDGET):
        says, part = _diagnosis(scope, network, refuted)
    with at_most(BUDGET // 5):
        says = says or _remark(scope, network, bool(refuted.ill_sorted))
    span = (part.start, part.end) if part is not None and part.end else refuted.span
    return replace(refuted, diagnosis=says or NOTHING_FITS, span=span)


def advise(scope: Scope, network: str | Network, unread: Unreadable) -> Unreadable:
    """What to write instead of a formula that the notation lacks, if a small change is proved."""
    for side, whole in sides(scope.statement):
        for change in squares(whole, scope):
            if holds(replace(scope.statement, **{side: change.within(whole)}), network):
                what = unread.expected.partition(":")[0]
                return replace(unread, expected=what, instead=change.words(scope))
    return unread


def _diagnosis(scope: Scope, network: str | Network, refuted: Refuted) -> tuple[str, t.Node | None]:
    statement = scope.statement
    name = _factor(statement, network, refuted.witness)
    if name and isinstance(statement, t.Equation):
        says = f"off by the factor {name}: the left side is {name} times the right side"
        return says, statement.right
    with suppress(NoRule):
        for edit in edits(scope):
            spend(max(100, len(edit.statement.nodes) ** 3 // 4000))  # nests take long to change
            if holds(edit.statement, network):
                side = f" ({edit.side} side)" if edit.side in ("left", "right") else ""
                return edit.change.words(scope) + side, edit.change.part
        for side, whole in sides(statement):
            for change in of_the_running_network(whole):
                if holds(replace(statement, **{side: change.within(whole)}), network):
                    return f"{change.words(scope)} ({side} side)", change.part
    return "", None


def _factor(statement: t.Statement, network: str | Network, witness: Witness | None) -> str:
    """The constant that the right side lacks; "" if there is none."""
    if witness is None or not isinstance(statement, t.Equation):
        return ""
    for name, factor in _constants(witness):
        if holds(replace(statement, right=t.Product((factor, statement.right))), network):
            return name
    return ""


def holds(statement: t.Statement, network: str | Network) -> bool:
    """Whether a statement is proved."""
    return isinstance(decide(statement, network, witness=False), Proved)


def _remark(scope: Scope, network: str | Network, ill_sorted: bool) -> str:
    """What can be said of a statement that no small change makes true."""
    statement = scope.statement
    if not isinstance(statement, t.Equation):
        return ""
    turned = replace(statement, right=t.Transpose(statement.right))
    if name := _factor(turned, network, getattr(decide(turned, network), "witness", None)):
        return f"the right side is to be transposed, and is off by the factor {name}"
    if ill_sorted and any(of_entries(statement)):
        return "one side is an entry, the other a whole vector or matrix"
    zero = t.ZERO in (statement.left, statement.right)  # and one side alone has a value
    for part in every(statement, t.Add) if not zero else ():
        match part.terms:
            case first, t.Negative(other) if holds(t.Equation(first, other), network):
                return f"{scope.show(part)} is zero: both terms are the same"
    own = network if isinstance(network, str) else network.name
    for other_network in _TWO_LAYERS if own in _TWO_LAYERS else ():
        if other_network != own and holds(statement, other_network):
            return f"it is true of the network {other_network}, not of {own}"
    right = statement.right
    plain = all(isinstance(part, t.Number | t.Length) for part in right.parts)
    if isinstance(right, t.Times | t.Product) and plain:
        return "a shape stands behind a colon, not behind ="
    return ""


def _constants(witness: Witness) -> Iterator[tuple[str, t.Expr]]:
    """The constants by which the sides of a witness may differ, the likeliest first."""
    left, right = witness.left, witness.right
    if left is None or right is None or abs(right) < _CLOSE:
        return
    widths = {"K": witness.widths[-1], "d_x": witness.widths[0], "d_{s^{(1)}}": witness.widths[1]}
    for name in _CONSTANTS:
        top, _, bottom = name.removeprefix("-").partition("/")
        value = (widths.get(top) or int(top)) / (widths.get(bottom) or int(bottom or "1"))
        if abs(left - (-value if name[0] == "-" else value) * right) <= _CLOSE * abs(left):
            yield name, expression(name)
