"""Partial derivatives in numerator layout, by dual numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import numbers
from .functions import Functions
from .latex import ReadingError
from .network import Quantity
from .syntax import Derivative, Function, LayerCount, Name, walk
from .values import ClaimError, Flexible, Grid, show_shape


class Derivatives(Functions):
    """Derivatives of formulas by a quantity of the network."""

    def _derivative(self, node: Derivative) -> Any:
        if self.source is not None:
            raise ReadingError("a derivative inside a derivative is not read", node.start)
        if node.by.base == "s" and node.by.layer is None and not node.by.indices:
            if isinstance(node.of, Function) and self.pointwise:
                return self.apply(replace(node.of, primes=node.of.primes + 1), self.free("t"))
            names = {part for part in walk(node.of) if isinstance(part, Name)}
            if names != {Name("s", None)}:
                raise ClaimError("layer", f"{self.show(node.by)} needs a layer", node.by)
            return self.differentiated(node, "s", {}, [[0]], True)
        by, rows, columns = self.differentiable(node)
        of = node.of
        if isinstance(of, Name) and node.by.indices and (of.indices or of.base == "ell"):
            i, j = self.component(node.by, by)
            quantity = self.quantity(of)
            row, column = self.component(of, quantity) if of.indices else (0, 0)
            return self.world.derivative(quantity, row, column, by, i * columns + j)
        components: list[list[int]]
        if node.by.indices:
            i, j = self.component(node.by, by)
            components = [[i * columns + j]]
        else:
            components = [[i * columns + j for j in range(columns)] for i in range(rows)]
        return self.differentiated(
            node, by, self.world.duals(by), components, bool(node.by.indices)
        )

    def differentiable(self, node: Derivative) -> tuple[Quantity, int, int]:
        """The quantity to differentiate by, with its rows and columns, checked once."""
        found = self._derivatives.get(id(node))
        if found is not None:
            return found
        if isinstance(node.of, LayerCount):
            raise ClaimError("loss", r"$L$ is the layer's number; the loss is $\ell$", node)
        by = self.quantity(node.by)
        if by[0] in ("delta", "ell"):
            raise ReadingError("expected x, y, W, b, s, z or y_hat after \\partial", node.by.start)
        if any(isinstance(part, Name) and part.base == "delta" for part in walk(node.of)):
            raise ReadingError("a derivative of an error is not read", node.start)
        architecture = self.setting.architecture
        if not any(
            architecture.downstream(self.setting.quantity(part), by)
            for part in walk(node.of)
            if isinstance(part, Name) and not (part.base == "s" and part.layer is None)
        ):
            raise ClaimError(
                "downstream", f"{self.show(node.of)} does not depend on {self.show(node.by)}", node
            )
        found = self._derivatives[id(node)] = by, *architecture.shape(by)
        self._alive.append(node)
        return found

    def differentiated(
        self,
        node: Derivative,
        source: Quantity | str,
        values: dict[Quantity, list[list[Any]]],
        components: list[list[int]],
        by_component: bool,
    ) -> Any:
        """Numerator layout: the slopes of the value by these components."""
        # All components of the source are differentiated by at once: only other letters matter.
        place = tuple(self.environment.get(letter) for letter in self.letters(node.of))
        key = (id(node), *place)
        if key in self._seeded:
            value = self._seeded[key]
        else:
            outer = self.values
            self.source, self.values = source, values or outer
            try:
                value = self.value(node.of)
            finally:
                self.source, self.values = None, outer
            self._seeded[key] = value
        if isinstance(value, Grid) and value.shape == (1, 1):
            value = value.rows[0][0]
        if by_component:
            component = components[0][0]
            if isinstance(value, Grid | Flexible):
                return value.map(lambda entry: numbers.slope(entry, component))
            return numbers.slope(self.as_number(value, node.of), component)
        if not isinstance(value, Grid):
            number = self.as_number(value, node.of)
            return Grid(
                [
                    [numbers.slope(number, row[column]) for row in components]
                    for column in range(len(components[0]))
                ]
            )
        if value.shape[1] == 1 and len(components[0]) == 1:
            return Grid(
                [
                    [numbers.slope(entry, component) for (component,) in components]
                    for (entry,) in value.rows
                ]
            )
        raise ClaimError(
            "tensor",
            f"the derivative of {self.show(node.of)} ({show_shape(value.shape)}) by "
            f"{self.show(node.by)} ({show_shape((len(components), len(components[0])))}) "
            "is no matrix: write it in components",
            node,
        )
