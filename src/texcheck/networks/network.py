"""Declared networks, and one case of one: layers by number, with gaps where any number may be.

Invariants:

- In every layer l: s = W z + b with z of layer l - 1 (x for layer 0), then z = f(s), by entries.
- So b and z can be eliminated: x, y, every W and every s are free coordinates. An identity holds in
  the ones if and only if it holds in the others.
- A gap (low, high) stands for one layer or more between them that the statement does not name. No
  rule reaches into it: the Jacobian of s^(high) by z^(low) is an unknown matrix, J.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from .. import syntax as t
from ..algebra import terms as a
from ..algebra.functions import apply

ACTIVATIONS = ("sigma", "ReLU", "tanh", "I")
Place = tuple[str, int]  # a quantity: its letter W b s z y ell, and its layer; x is z of layer 0
Gaps = tuple[tuple[int, int], ...]
Values = dict[Place, tuple[tuple[Fraction, ...], ...]]


@dataclass(frozen=True)
class Loss:
    """A loss, by the right side of its displayed equation, in y_hat and y."""

    name: str
    tree: t.Expr


@dataclass(frozen=True)
class Network:
    """A declared network.

    `depth`: how many layers, None for any number; then a statement that numbers layers is about
    `numbered` ones, 0 for any. `activations`: of each layer, or of all if the depth is any; "" for
    any function. `losses`: the loss, or several of which each may be tried; None is any loss.
    `shared`: whether f without a layer is the activation of every layer. `layered`: whether its
    functions bear their layers, so that f alone is that of the first of two layers no more.
    """

    name: str
    depth: int | None
    activations: tuple[str, ...] = ()
    losses: tuple[Loss | None, ...] = (None,)
    numbered: int = 0
    widths: tuple[int, ...] = ()
    values: Values = field(default_factory=dict, hash=False)
    shared: bool = False
    layered: bool = False

    def of_depth(self, depth: int, L: int | None = None, gaps: Gaps = ()) -> Case:
        """The case of its own depth, or of any where it may have any."""
        activations = self.activations * depth if self.depth is None else self.activations
        return Case(depth, activations, None, L, gaps, self)


@dataclass(frozen=True)
class Case:
    """A network with all its layers numbered, for a certain L, and how it was declared."""

    depth: int
    activations: tuple[str, ...] = ()
    loss: Loss | None = None
    L: int | None = None
    gaps: Gaps = ()
    network: Network = Network("any", None)

    def activation(self, layer: int) -> str:
        """The name of an activation; f1, f2, ... is any function, f0 the same in every layer."""
        named = self.activations[layer - 1] if layer <= len(self.activations) else ""
        return named or f"f{0 if self.network.shared else layer}"

    def sort(self, layer: int) -> a.Sort:
        """The sort of the entries of a layer."""
        return a.fixed(self.network.widths[layer]) if self.network.widths else a.Sort(layer)

    def shape(self, place: Place) -> tuple[a.Sort, a.Sort]:
        """The sorts of rows and columns of a quantity."""
        kind, layer = place
        if kind in ("ell", "free"):
            return a.ONE, a.ONE
        if kind == "W":
            return self.sort(layer), self.sort(layer - 1)
        return self.sort(self.depth if kind == "y" else layer), a.ONE

    def inside_gap(self, layer: int) -> bool:
        """Whether a layer is none of those that the statement names."""
        return any(low < layer < high for low, high in self.gaps)

    def eliminate(self, atom: a.Atom) -> a.Term | None:
        """What b and z stand for in the free coordinates; numbers where they are given."""
        given = self.network.values
        match atom:
            case a.Atom("z", int(layer), at) if layer:
                return apply(self.activation(layer), a.quantity("s", layer, *at))
            case a.Atom("b", int(layer), (i,)) if not given:
                return a.quantity("s", layer, i) - self.weighted(layer, i)
            case a.Atom("s", int(layer), (i,)) if given:
                return a.quantity("b", layer, i) + self.weighted(layer, i)
            case a.Atom("W" | "b" | "z" | "y" as kind, int(layer), at) if given:
                row, column = (*(index.at for index in at), 0)[:2]
                if row is not None and column is not None:
                    return a.number(given[kind, layer][row][column])
        return None

    def weighted(self, layer: int, i: a.Index) -> a.Term:
        """(W z)_i of a layer."""

        def entry(j: a.Index) -> a.Term:
            return a.quantity("W", layer, i, j) * a.quantity("z", layer - 1, j)

        return a.total(self.sort(layer - 1), "~j", entry)


def precedes(place: Place, other: Place) -> bool:
    """Whether `other` is computed from `place`."""
    kind, layer = other
    known = place[0] in ("W", "b", "s", "z", "y")
    if place == other or kind not in ("s", "z", "ell") or not known:
        return False
    if kind == "ell" or place[0] == "y":
        return kind == "ell"
    order = {"W": 0, "b": 0, "s": 1, "z": 2}
    return (place[1], order[place[0]]) < (layer, order[kind]) and (kind, layer) != ("z", 0)
