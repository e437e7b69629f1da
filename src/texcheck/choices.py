"""Components of formulas, comparisons and cases."""

from __future__ import annotations

from fractions import Fraction
from operator import mul
from typing import Any

from . import numbers
from .algebra import Algebra
from .numbers import Exact, NoValue, Real
from .syntax import Cases, Component, Expr, Index, Indicator, is_literal
from .values import ClaimError, Grid


class Choices(Algebra):
    """Picks an entry by its indices, or a value by a condition."""

    def _component(self, node: Component) -> Any:
        value = self.value(node.of)
        if not isinstance(value, Grid):
            raise ClaimError("shapes", f"{self.show(node.of)} has no components", node)
        lengths = value.shape
        if len(node.indices) == 1 and 1 in lengths:
            lengths = (max(lengths), 1)
            value = Grid([[entry] for row in value.rows for entry in row])
        if len(node.indices) != (1 if lengths[1] == 1 else 2):
            shape = self.shape_words(value)
            raise ClaimError("index count", f"{self.show(node.of)} is {shape}: indices", node)
        for index, length in zip(node.indices, lengths, strict=False):
            span = self.spans.get(index.letter, length) if isinstance(index, Index) else length
            if span != length:
                raise ClaimError(
                    "index lengths",
                    f"index {self.show(index)} runs over {length} values here, "
                    f"but over {span} at another place",
                    node,
                )
        places = [
            self.index(index, length, node)
            for index, length in zip(node.indices, lengths, strict=False)
        ]
        return value.rows[places[0]][places[1] if len(places) > 1 else 0]

    def _indicator(self, node: Indicator) -> Any:
        """1 or 0; of a vector, entry by entry."""
        great, small = node.left, node.right
        if node.relation in ("<", "ge"):
            great, small = small, great
        minus = self.scaled(-1, self.value(small), node)
        literals = is_literal(great), is_literal(small)
        gap = self.added(self.value(great), minus, *literals, great, small)

        def compare(entry: Any) -> Any:
            if isinstance(entry, int | Fraction):
                self.expect_small(node)
            active = numbers.step(self.arithmetic, entry)
            return active if node.relation in ("<", ">") else 1 - active

        return gap.map(compare) if isinstance(gap, Grid) else compare(gap)

    def _cases(self, node: Cases) -> Any:
        total: Any = 0
        rest: Any = 1
        held: Any = 0
        seen: list[tuple[Expr, Any]] = []
        for value, condition in zip(node.values, node.conditions, strict=True):
            holds = rest if condition is None else self.value(condition)
            held = self.added(held, holds, True, False, node, node)
            rest = self.added(rest, self.scaled(-1, holds, node), True, False, node, node)
            for other, before in seen:
                self.expect_agreement(other, value, before, holds, node)
            seen.append((value, holds))
            term = self.chosen(value, holds)
            total = self.added(total, term, True, False, node, node)
        for row in held.rows if isinstance(held, Grid) else [[held]]:
            for entry in row:
                one = entry - 1
                if any(one.values) if isinstance(one, Exact | Real) else one:
                    raise NoValue("somewhere no case holds, or more than one")
        return total

    def expect_agreement(self, one: Expr, other: Expr, a: Any, b: Any, node: Cases) -> None:
        """Errors: `ClaimError` where two cases hold at once with different values."""
        both: Any
        if isinstance(a, Grid) and isinstance(b, Grid):
            if a.shape != b.shape:
                raise ClaimError("shapes", "the conditions have different shapes", node)
            both = a.joined(b, mul)
        else:
            both = self.scaled(b, a, node) if isinstance(a, Grid) else self.scaled(a, b, node)
        left, right = self.chosen(one, both), self.chosen(other, both)
        gap = self.added(left, self.scaled(-1, right, node), True, True, one, other)
        for row in gap.rows if isinstance(gap, Grid) else [[gap]]:
            for entry in row:
                if any(entry.values) if isinstance(entry, Exact | Real) else entry:
                    raise ClaimError("cases", "two cases that hold at once differ", node)

    def chosen(self, node: Expr, holds: Any) -> Any:
        """The value of a case where it holds, 0 elsewhere; entry by entry for a vector."""
        value = self.value(node)
        if not isinstance(holds, Grid):
            return self.scaled(holds, value, node)
        if isinstance(value, Grid) and value.shape == holds.shape:
            return value.joined(holds, mul)
        if is_literal(node):
            return self.scaled(value, holds, node)
        raise ClaimError(
            "shapes",
            f"{self.show(node)} is {self.shape_words(value)}, its condition "
            f"{self.shape_words(holds)}",
            node,
        )
