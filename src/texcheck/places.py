"""Where a statement is checked: the architectures, their widths, and the layers L."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .latex import ReadingError
from .network import ARCHITECTURES, NETWORKS, Architecture, Quantity, further, wider
from .syntax import (
    Derivative,
    Expr,
    Function,
    Indicator,
    Layer,
    LayerCount,
    Length,
    Name,
    Number,
    ReluDiagonal,
    Statement,
    sides,
    walk,
)
from .values import ClaimError

FEW = 6  # what the numbers in a statement, 0 and 1 aside, may sum up to where they mean no width


@dataclass(frozen=True)
class Setting:
    """Where a statement is checked: an architecture and the value of L."""

    architecture: Architecture
    layer: int = 0  # 0: the statement names no L
    linear: bool = False  # the statement defines Linear: W and b are those of its layer

    def quantity(self, name: Name) -> Quantity:
        """The network's quantity that a name means. Errors: `ClaimError`, no such layer."""
        depth = self.architecture.depth
        base = name.base
        if base in ("x", "y", "y_hat", "ell"):
            if name.layer is not None:
                raise ClaimError("layer", f"{shown(base)} has no layer", name)
            if base == "ell" and name.variant not in ("", self.architecture.loss):
                message = (
                    f"the loss of the network {self.architecture.network} is "
                    rf"$\ell_{{\mathrm{{{self.architecture.loss}}}}}$, "
                    rf"not $\ell_{{\mathrm{{{name.variant}}}}}$"
                )
                raise ClaimError("loss", message, name)
            return {"x": ("z", 0), "y": ("y", 0), "y_hat": ("z", depth), "ell": ("ell", 0)}[base]
        if name.layer is None:
            if base in ("W", "b") and self.linear:
                return base, 1
            where = "in the superscript, not as an index" if name.indices else "in the superscript"
            raise ClaimError("layer", f"{shown(base)} needs a layer {where}: $^{{(1)}}$", name)
        layer = name.layer.at(self.layer, depth)
        lowest = 0 if base == "z" else 1
        if not lowest <= layer <= depth:
            raise ClaimError(
                "layer",
                f"there is no {shown(base)} of layer {layer}: the layers are 1 to {depth}",
                name,
            )
        return base, layer

    def shape(self, name: Name) -> tuple[int, int]:
        """Rows and columns of a quantity, indices aside."""
        letter, layer = self.quantity(name)
        return self.architecture.shape(("s" if letter == "delta" else letter, layer))

    def activation(self, function: Function) -> str:
        """The name of the function that f, g or f^{(L)} stands for."""
        if function.name not in ("f", "g"):
            return function.name
        depth = self.architecture.depth
        if function.layer is not None:
            layer = function.layer.at(self.layer, depth)
            if not 1 <= layer <= depth:
                raise ClaimError("layer", f"there is no layer {layer}", function)
        elif function.name == "g":
            layer = depth
        elif self.layer:
            layer = self.layer
        elif depth == 2:
            layer = 1
        else:
            message = (
                f"{function.name} has many meanings in a network of {depth} layers: name its layer"
            )
            raise ClaimError("layer", message, function)
        return self.architecture.activations[layer - 1]


def shown(base: str) -> str:
    return {"y_hat": r"$\hat y$", "ell": r"$\ell$", "delta": r"$\delta$"}.get(base, f"${base}$")


def settings(statement: Statement, network: str) -> list[Setting]:
    """The architectures and layers that a statement is checked at.

    Errors: `ClaimError` if there is none: no such layer, or a condition that never holds.
    """
    names = list(NETWORKS[:3]) if network == "any" else [network]
    layers = list(_layers(statement))
    generic = any(layer.base == "L" for layer, _ in layers)
    anchor = sides(statement)[0]
    parts = [part for side in sides(statement) for part in walk(side)]
    linear = any(isinstance(part, Function) and part.name == "Linear" for part in parts)
    if (generic or any(layer.base == "L_max" for layer, _ in layers)) and "deep" not in names:
        names.append("deep")
    found: list[Setting] = []
    architectures = [architecture for name in names for architecture in ARCHITECTURES[name]]
    for architecture in architectures:
        depth = architecture.depth
        if not generic:
            found.append(Setting(architecture, linear=linear))
            continue
        for layer in range(1, depth + 1):
            if all(
                lowest <= named.at(layer, depth) <= depth
                for named, lowest in layers
                if named.base == "L"
            ):
                found.append(Setting(architecture, layer, linear))
    if not found:
        raise ClaimError("layer", "no layer L of the network has all the layers named here", anchor)
    if statement.conditions:
        found = [
            setting for setting in found if all(_holds(c, setting) for c in statement.conditions)
        ]
        if not found:
            left = statement.conditions[0][0]
            raise ClaimError(
                "condition", f"the condition holds at no layer of the network {network}", left
            )
    return found


def _layers(statement: Statement) -> Iterator[tuple[Layer, int]]:
    """All layers that a statement names, with the lowest number each may have."""
    for side in sides(statement):
        skipped = {id(part.of) for part in walk(side) if isinstance(part, Derivative)}
        for part in walk(side):
            if isinstance(part, Name) and part.layer:
                yield part.layer, 0 if part.base == "z" else 1
            elif isinstance(part, Function) and part.layer:
                yield part.layer, 1
            elif isinstance(part, LayerCount) and id(part) not in skipped:
                yield part.layer, 0


def further_settings(places: list[Setting], statement: Statement) -> list[Setting]:
    """The settings with other widths: two, or all of them for a statement that names a length.

    Where numbers are written, as in (d_x - 4)(d_x - 6) = 0, there is one with greater widths still.
    """
    parts = [part for side in sides(statement) for part in walk(side)]
    most = None if any(isinstance(part, Length) for part in parts) else 2
    values = [part.value for part in parts if isinstance(part, Number)]
    sizes = [max(abs(value.numerator), value.denominator) for value in values]
    written = sum(size for size in sizes if size > 1)
    first = {(place.architecture.network, place.layer): place for place in places}
    return [
        replace(place, architecture=architecture)
        for place in first.values()
        for architecture in (
            *further(place.architecture)[:most],
            *([wider(place.architecture, written)] if written > FEW else []),
        )
    ]


def edges(places: list[Setting], statement: Statement) -> list[Setting]:
    """The settings in which something jumps where a unit, or an argument, is exactly zero."""
    jumps = any(
        isinstance(part, ReluDiagonal | Indicator)
        or (isinstance(part, Function) and part.name in ("ReLU", "sign", "max"))
        for side in sides(statement)
        for part in walk(side)
    )
    return [place for place in places if jumps or place.architecture.relu_units]


def _holds(condition: tuple[Expr, Expr], setting: Setting) -> bool:
    left, right = condition
    if not isinstance(left, Function) or not isinstance(right, Function):
        raise ReadingError("expected a condition such as f = \\operatorname{ReLU}", right.start)
    if left.primes or right.primes or left.name not in ("f", "g"):
        raise ReadingError("expected a condition such as f = \\operatorname{ReLU}", left.start)
    return setting.activation(left) == setting.activation(right)
