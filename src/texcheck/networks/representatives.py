"""The finitely many cases that stand for every network that a statement is about.

Lemma. A statement names layers as L + n, as L_max + n, or by numbers. Let it hold in each of these
cases; then it holds for every depth and every L for which all the named layers exist.

- The layers L + n lie together, from `bottom` to `top`; below them lies nothing (L is the least)
  or a gap from x on. Layers by number lie from x on. The layers L_max + n lie at the end. Either
  they meet the others, or they follow at once (each such depth is a case), or a gap is between.
- A gap's Jacobian is an arbitrary matrix and its layers are arbitrary, so what holds with a gap of
  `FAR` layers holds with any number of them, one or more: no rule reaches into a gap, and a rule
  that would is refused (`derivative`).
- Activations and the loss are what the network says, any functions where it leaves them open.
- Invariant 4: every layer that is named anywhere in the statement, in numerators and conditions
  too, takes part; L is never less than what makes each of them exist.
- L = 0 is that of x, which is no layer: unless a range says what L is, a reader may leave it out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .. import syntax as t
from ..algebra.budget import NoRule, spend
from .network import Case, Network

FAR = 5  # the layers of a gap: any number would do


@dataclass
class Named:
    """The layers that a statement names: offsets by base, each with the least layer it can be."""

    numbers: list[tuple[int, int]] = field(default_factory=list)
    here: list[tuple[int, int]] = field(default_factory=list)
    last: list[tuple[int, int]] = field(default_factory=list)
    first: int | None = None  # of a range L = first, ...
    beyond: int = 0  # of a range that ends with L_max - beyond
    end: bool = False  # whether L_max is written

    @property
    def in_L(self) -> bool:
        """Whether a layer L is named, or a range of it."""
        return bool(self.here) or self.first is not None


def named_layers(statement: t.Node) -> Named:
    """All layers that a statement names. Raises NoRule for a range that is none of layers."""
    found = Named()
    for part in statement.nodes:
        match part:
            case t.Name(base="y_hat" | "y" | "ell") | t.Function(name="g", layer=None):
                found.last.append((0, 1))
            case t.Name(layer=t.Layer() as layer) | t.Function(layer=t.Layer() as layer):
                spend(abs(layer.offset))  # a case has a list of its layers
                lists = {"": found.numbers, "L": found.here, "L_max": found.last}
                lists[layer.base].append((layer.offset, int(getattr(part, "base", "") != "z")))
                found.end |= layer.base == "L_max"
            case t.Range(letter="L", first=first, last=last):
                low, high = layer_range(first, last)
                spend(max(low or 0, -(high or 0)))
                found.first = found.first if low is None else max(found.first or 0, low)
                found.beyond = max(found.beyond, -(high or 0))
    return found


def layer_range(first: t.Expr | None, last: t.Expr | None) -> tuple[int | None, int | None]:
    """The ends of a range of layers, as far as they are said; the last one less L_max."""
    ends = {end.base: end.offset for end in map(counted_layer, (first, last)) if end}
    if sorted(ends) != [""] * bool(first) + ["L_max"] * bool(last):
        raise NoRule("a range of layers that is not one from a number to L_max")
    return ends.get(""), ends.get("L_max")


def counted_layer(node: t.Expr | None) -> t.Layer | None:
    """The layer that is counted by 1, L_max, L_max - 1; None if a formula is nothing like it."""
    match node:
        case t.Number(value) if value.denominator == 1:
            return t.Layer("", int(value))
        case t.LayerCount(layer):
            return layer
        case t.Negative(t.Number(value)) if value.denominator == 1:
            return t.Layer("", -int(value))
        case t.Add((first, second)):
            end, step = counted_layer(first), counted_layer(second)
            if end and step and end.base and not step.base:
                return replace(end, offset=end.offset + step.offset)
    return None


def cases(statement: t.Node, network: Network, far: int = FAR) -> Iterator[Case]:
    """The cases that stand for all networks of a declared kind, before conditions."""
    named = named_layers(statement)
    if any_depth(named, network):
        return _any_depth(named, network, far)
    depth = network.depth or network.numbered
    if not named.in_L:
        return iter([network.of_depth(depth)])
    least, top = least_layer(named), max([0, *(offset for offset, _ in named.here)])
    highest = depth - max(top, named.beyond)
    in_doubt = named.first is None and (0, 0) not in named.here
    if highest < (max(least, 1) if in_doubt else least):
        raise NoRule("the network has no layer L for which all the named layers exist")
    return (network.of_depth(depth, L) for L in range(least, highest + 1))


def any_depth(named: Named, network: Network) -> bool:
    """Whether a statement is about networks of every depth: numbers may stand for one depth."""
    numbers = any(offset for offset, _ in named.numbers) and not (named.in_L or named.end)
    return network.depth is None and not (numbers and network.numbered)


def least_layer(named: Named) -> int:
    """The least L, from 0 on, for which all the named layers exist; x is z^(0)."""
    least = max((least - offset for offset, least in named.here), default=1)
    return max(named.first or 0, least)


def _any_depth(named: Named, network: Network, far: int) -> Iterator[Case]:
    group = [offset for offset, _ in (named.here if named.in_L else named.numbers)]
    if named.in_L and any(offset for offset, _ in named.numbers):
        raise NoRule("a numbered layer beside a layer L")
    shortest = max([1, *(least - offset for offset, least in named.last)])
    down = min([0, *(offset for offset, _ in named.last)])
    top = max([0, named.beyond, *group])
    apart = top - down + 1  # from here on, the two groups do not meet
    for above in (*range(top, apart + 1), apart + far):  # so many layers are above L, or in all
        lowest = min([*group, *([above + down] if named.last else [])], default=0)
        least = max(least_layer(named), shortest - above) if named.in_L else 0
        for L in (least, least + far) if named.in_L else ([0] if above >= shortest else []):
            spend(L + above)
            gaps = [(L + top, L + above + down)] if above == apart + far else []
            gaps += [(0, L + lowest)] if least < L else []
            yield network.of_depth(L + above, L if named.in_L else None, tuple(gaps))
