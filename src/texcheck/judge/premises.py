"""What a display says under a premise that does not always hold is neither proved nor refuted.

In A => B, and in B, where A, the claim A may be a condition. Where the network leaves its loss or
an activation open, a claim such as f = ReLU may declare it for the whole display. If it is not
proved, what is said under it may be true or false there alone: it is undecided, and so is A.
"""

import sys
from collections.abc import Sequence

from .. import syntax as t
from ..networks.network import Network
from ..report import difference
from ..verdict import Definition, Proved, Refuted, Undecided, Unreadable, Verdict

_DOUBT = (
    r"it may be a condition, or said under one: leave out \Rightarrow, where or since, "
    "write a condition with `if`, or choose the network that says so"
)


def under_premises(said: Sequence[tuple[t.Statement, Verdict]], network: Network) -> list[Verdict]:
    """The verdicts on the claims of a display, from what each of them is by itself."""
    if any(isinstance(one, Unreadable) and _names_any(claim) for claim, one in said):
        doubt = Undecided("what is said of f or g beside it cannot be read")  # f(s) = s, ...
        said = [(claim, doubt if isinstance(one, Proved) else one) for claim, one in said]
    unsure = [claim for claim, one in said if not isinstance(one, Proved | Definition)]
    first = min((_said_from(claim, network) for claim in unsure), default=sys.maxsize)
    return [_doubted(one) if claim.start >= first else one for claim, one in said]


def _said_from(claim: t.Statement, network: Network) -> int:
    """From where on what is said may be said under a claim, as a premise or a declaration."""
    first = sys.maxsize if claim.supposed is None else claim.supposed
    if not isinstance(claim, t.Equation):
        return first
    declares = None in network.losses and _says_loss(claim)
    for side, other in ((claim.left, claim.right), (claim.right, claim.left)):
        at_s = isinstance(side, t.Apply) and side.arguments == (t.BARE_S,)
        function = side.function if isinstance(side, t.Apply) and at_s else side
        dashed = getattr(function, "primes", 0)
        if _is_any(function) and not dashed and not all(network.activations or [""]):
            declares |= not any(map(_is_any, other.nodes))
    return 0 if declares else first


def _doubted(verdict: Verdict) -> Verdict:
    """The verdict where the claim may be meant otherwise; the numbers of a witness are kept."""
    witness = verdict.witness if isinstance(verdict, Refuted) else None
    if witness:
        return Undecided(f"{difference(witness)}; but {_DOUBT}")
    return Undecided(_DOUBT) if isinstance(verdict, Proved) else verdict


def _says_loss(claim: t.Equation) -> bool:
    """Whether a claim says what the loss is, of other quantities, and not how it changes."""
    parts = t.outside_lengths(claim)
    slopes = [part for part in parts if isinstance(part, t.Derivative | t.Gradient)]
    others = any(isinstance(part, t.Name) and part.base != "ell" for part in parts)
    changes = any(_is_loss(part) for slope in slopes for part in slope.nodes)
    return others and not changes and any(map(_is_loss, parts))


def _is_loss(node: t.Node) -> bool:
    """Whether it is the network's loss, also with its arguments."""
    applied = isinstance(node, t.Apply) and node.function.name == "loss"
    return applied or (isinstance(node, t.Name) and node.base == "ell")


def _is_any(node: t.Node) -> bool:
    """Whether it is an activation of any kind, which goes by no name of its own."""
    return isinstance(node, t.Function) and node.name in "fg"


def _names_any(claim: t.Statement) -> bool:
    """Whether an activation of any kind stands in a claim without a layer."""
    return any(_is_any(part) and not getattr(part, "layer", None) for part in claim.nodes)
