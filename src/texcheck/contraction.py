"""Sums over indices, contracted one index at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product as every
from typing import Any

from . import numbers
from .derivatives import Derivatives
from .syntax import Derivative, Expr, Index, Kronecker, Name, Product, Sum
from .values import ClaimError


class Contraction(Derivatives):
    """Sums, in which a factor that is 0 ends the loops inside."""

    def _sum(self, node: Sum) -> Any:
        if node.low is not None and node.high is not None:
            low, high = self.whole(node.low), self.whole(node.high)
            if not isinstance(low, int) or not isinstance(high, int):
                raise ClaimError("index range", "the bounds of a sum are whole numbers", node)
            length = self.ranges.sums[id(node), node.letters[0]] or high + 1
            if low < 0 or high >= length:
                hint = ": indices start at 0, so the last is d - 1" if high == length else ""
                raise ClaimError(
                    "last index" if high == length else "index range",
                    f"the sum over {node.letters[0]} runs from {low} to {high}, "
                    f"but there are 0 to {length - 1}{hint}",
                    node,
                )
            if high - low > 100:
                raise ClaimError("index range", "this sum has too many terms", node)
            spans = [range(low, high + 1)]
        else:
            spans = [range(self.ranges.sums[id(node), letter]) for letter in node.letters]
        environment, outer_spans = self.environment, self.spans
        lengths = {letter: self.ranges.sums[id(node), letter] for letter in node.letters}
        self.spans = {**outer_spans, **lengths}
        outer = {letter: environment.get(letter) for letter in node.letters}
        total = self.summed(node, spans)
        self.spans = outer_spans
        for letter, previous in outer.items():
            if previous is None:
                environment.pop(letter, None)
            else:
                environment[letter] = previous
        return total

    def summed(self, node: Sum, spans: list[range]) -> Any:
        """The sum of the body; of a product of numbers, each factor as soon as its indices are set.

        A factor that is 0 ends the loops inside: most Jacobians of the book are diagonal.
        """
        environment = self.environment
        factors = node.body.factors if isinstance(node.body, Product) else (node.body,)
        if not all(self.is_number(factor) for factor in factors):
            return self.summed_apart(node, spans)
        stages = self.stages(node, factors)
        total: Any = 0

        def loop(depth: int, partial: Any) -> None:
            nonlocal total
            for factor in stages[depth]:
                value = factor()
                if value.__class__ is int:
                    if value == 0:
                        return
                    if value == 1:
                        continue
                partial = partial * value
            if depth == len(spans):
                total = partial if total.__class__ is int and total == 0 else total + partial
                return
            letter = node.letters[depth]
            for value in spans[depth]:
                environment[letter] = value
                loop(depth + 1, partial)

        loop(0, 1)
        return total

    def stages(self, node: Sum, factors: tuple[Expr, ...]) -> list[list[Callable[[], Any]]]:
        """The factors of a sum's body by the number of its letters that must be set."""
        key = (id(node), self.source)
        found = self._stages.get(key)
        if found is None:
            found = [[] for _ in range(len(node.letters) + 1)]
            for factor in factors:
                used = self.letters(factor)
                depths = [at + 1 for at, letter in enumerate(node.letters) if letter in used]
                found[max(depths, default=0)].append(self.getter(factor))
            self._stages[key] = found
            self._alive.append(node)
        return found

    def getter(self, node: Expr) -> Callable[[], Any]:
        """A short way to a number inside a loop; components with letters need no checks there."""
        environment = self.environment
        match node:
            case Kronecker(Index(first), Index(second)):
                return lambda: int(environment[first] == environment[second])
            case Name(indices=(Index(i),)) if node.base != "delta":
                rows = self.values[self.quantity(node)]
                return lambda: rows[environment[i]][0]
            case Name(indices=(Index(i), Index(j))) if node.base == "W":
                rows = self.values[self.quantity(node)]
                return lambda: rows[environment[i]][environment[j]]
            case Derivative(Name(indices=(Index(k),)), Name(indices=(Index(i),))) if (
                not self.source
            ):
                by, _, _ = self.differentiable(node)
                assert isinstance(node.of, Name)
                if node.of.base == "W":
                    return lambda: self.number(node)
                rows = self.world.duals(by)[self.quantity(node.of)]
                return lambda: numbers.slope(rows[environment[k]][0], environment[i])
        return lambda: self.number(node)

    def summed_apart(self, node: Sum, spans: list[range]) -> Any:
        """Where the sum's letters stand in numbers alone, these are summed without the matrices."""
        if id(node) not in self._apart:
            factors = node.body.factors if isinstance(node.body, Product) else (node.body,)
            numbers = tuple(factor for factor in factors if self.is_number(factor))
            matrices = Product(tuple(factor for factor in factors if factor not in numbers))
            whole = {*self.letters(matrices)} & {*node.letters}
            parts = None if whole else (replace(node, body=Product(numbers)), matrices)
            self._apart[id(node)] = parts
            self._alive += [node, matrices, *(parts or ())]
        apart = self._apart[id(node)]
        if apart is None:
            return self.summed_whole(node, spans)
        total, rest = apart
        return self.scaled(self.summed(total, spans), self.value(rest), node)

    def summed_whole(self, node: Sum, spans: list[range]) -> Any:
        """The sum of a body that is no product of numbers."""
        total: Any = 0
        for values in every(*spans):
            for letter, value in zip(node.letters, values, strict=True):
                self.environment[letter] = value
            term = self.value(node.body)
            if term.__class__ is int and term == 0:
                continue
            if total.__class__ is int and total == 0:
                total = term
            else:
                total = self.added(total, term, False, False, node.body, node.body)
        return total
