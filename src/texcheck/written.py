"""Written-out matrices with dots: where each written entry stands, and how the dots continue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from .leaves import Leaves
from .syntax import Blank, Dots, Expr, Kronecker, Name, Node, Number, Written
from .values import ClaimError, Flexible, Grid, Partial

_ZERO = Number(Fraction(0))


@dataclass(frozen=True)
class _Index(Node):
    """A place of an index in the form of an entry."""

    number: int


@dataclass(frozen=True)
class _Form:
    """An entry with its indices taken out: the form, and the indices' values in order."""

    form: Expr
    indices: tuple[int, ...]

    def filled(self, indices: tuple[int, ...]) -> Expr:
        """The entry with other indices."""
        filled: Expr = _fill(self.form, indices)
        return filled


class _NoPattern(Exception):
    """The written entries do not continue each other."""


def written_value(evaluator: Leaves, node: Written) -> Any:
    """The matrix that a written-out one stands for.

    Dots are continued when the first and last written entries are instances of one form whose
    indices run in steps of one; then every written entry must fit it. Otherwise the result is
    `Partial`: the written entries at their places.
    """
    rows = _places([_is_gap_row(row) for row in node.rows])
    columns = _places([_is_gap_column(node, j) for j in range(len(node.rows[0]))])
    cells: dict[tuple[int, int], Expr] = {
        (i, j): node.rows[at][to] for at, i in rows.items() for to, j in columns.items()
    }
    if len(rows) == len(node.rows) and len(columns) == len(node.rows[0]):
        return Grid([[evaluator.number(cell) for cell in row] for row in node.rows])
    _expect_dots_between(node, rows, columns)
    open_rows, open_columns = len(rows) < len(node.rows), len(columns) < len(node.rows[0])
    forms = {place: _form(evaluator, cell) for place, cell in cells.items()}
    try:
        pattern = _Pattern(forms, open_rows, open_columns)
        pattern.check(node, rows, columns)
    except _NoPattern:
        return Partial(
            None if open_rows else len(rows),
            None if open_columns else len(columns),
            _numbers(evaluator, cells),
        )
    known: dict[Expr, Any] = {}

    def entry(i: int, j: int, m: int, n: int) -> Any:
        cell = pattern.entry(i, j)
        if cell not in known:
            known[cell] = evaluator.number(cell)
        return known[cell]

    height = pattern.height if open_rows else len(rows)
    width = pattern.width if open_columns else len(columns)
    if height is None and width is not None and pattern.diagonal:
        height = width
    flexible = Flexible(height, width, entry)
    return flexible if height is None or width is None else flexible.settle(height, width)


def _expect_dots_between(node: Written, rows: dict[int, int], columns: dict[int, int]) -> None:
    """Errors: `ClaimError` for an entry in a row or column of dots, or nothing beside the dots."""
    for at, row in enumerate(node.rows):
        for to, cell in enumerate(row):
            outside = at in rows and to in columns
            if not outside and not isinstance(cell, Dots | Blank) and cell != _ZERO:
                raise ClaimError("dots", "this entry stands among dots", cell)
            if outside and isinstance(cell, Dots):
                raise ClaimError("dots", "dots stand where an entry should", cell)
    for places, count in ((rows, len(node.rows)), (columns, len(node.rows[0]))):
        if len(places) < count and (0 not in places.values() or -1 not in places.values()):
            raise ClaimError("dots", "dots stand between a first and a last entry", node)


def _numbers(evaluator: Leaves, cells: dict[tuple[int, int], Expr]) -> list[tuple[int, int, Any]]:
    return [(i, j, evaluator.number(cell)) for (i, j), cell in cells.items()]


def _is_gap_row(row: tuple[Expr, ...]) -> bool:
    dots = [cell.kind for cell in row if isinstance(cell, Dots)]
    return any(kind != "dots" for kind in dots) or len(dots) == len(row)


def _is_gap_column(node: Written, column: int) -> bool:
    if len(node.rows[0]) == 1:
        return False
    return any(
        isinstance(row[column], Dots) and row[column].kind != "vdots"  # type: ignore[attr-defined]
        for row in node.rows
    )


def _places(gaps: list[bool]) -> dict[int, int]:
    """Written rows (or columns) to their places: 0, 1, … before the dots, …, -2, -1 after."""
    first = gaps.index(True) if True in gaps else len(gaps)
    return {at: at if at < first else at - len(gaps) for at, gap in enumerate(gaps) if not gap}


def _form(evaluator: Leaves, cell: Expr) -> _Form:
    """Takes the indices out of an entry."""
    found: list[int] = []

    def take(index: Expr, value: int) -> Expr:
        found.append(value)
        return _Index(len(found) - 1)

    def visit(node: Any) -> Any:
        if isinstance(node, tuple):
            return tuple(visit(part) for part in node)
        if not isinstance(node, Node):
            return node
        if isinstance(node, Name) and node.indices:
            rows, columns = evaluator.setting.shape(node)
            lengths = (rows, columns)[: len(node.indices)]
            values = [
                evaluator.index(index, length, node)
                for index, length in zip(node.indices, lengths, strict=True)
            ]
            return replace(
                node,
                indices=tuple(take(i, v) for i, v in zip(node.indices, values, strict=True)),
            )
        if isinstance(node, Kronecker):
            ends = (node.first, node.second)
            first, second = (take(end, evaluator.whole(end)) for end in ends)
            return Kronecker(first, second)
        changes = {name: visit(getattr(node, name)) for name in node.names()}
        return replace(node, **changes)

    form = visit(cell)
    return _Form(form, tuple(found))


def _fill(node: Any, indices: tuple[int, ...]) -> Any:
    if isinstance(node, _Index):
        return Number(Fraction(indices[node.number]))
    if isinstance(node, tuple):
        return tuple(_fill(part, indices) for part in node)
    if not isinstance(node, Node):
        return node
    changes = {name: _fill(getattr(node, name), indices) for name in node.names()}
    return replace(node, **changes)


class _Pattern:
    """How a matrix continues: an entry's form, and which of its indices follow row and column."""

    def __init__(
        self, forms: dict[tuple[int, int], _Form], open_rows: bool, open_columns: bool
    ) -> None:
        self.forms = forms
        self.base = forms[0, 0] if (0, 0) in forms else _missing()
        self.height: int | None = None
        self.width: int | None = None
        self.by_row: set[int] = set()
        self.by_column: set[int] = set()
        self.diagonal = open_rows and open_columns and self._is_diagonal()
        if self.diagonal:
            corner = forms.get((-1, -1)) or _missing()
            self.by_row, self.height = _steps(self.base, corner)
            self.width = self.height
            return
        if open_rows:
            last = forms.get((-1, 0)) or _missing()
            self.by_row, self.height = _steps(self.base, last)
        elif (1, 0) in forms:
            self.by_row, _ = _steps(self.base, forms[1, 0])
        if open_columns:
            last = forms.get((0, -1)) or _missing()
            self.by_column, self.width = _steps(self.base, last)
        elif (0, 1) in forms:
            self.by_column, _ = _steps(self.base, forms[0, 1])
        if self.by_row & self.by_column:
            raise _NoPattern

    def _is_diagonal(self) -> bool:
        off = [form for (i, j), form in self.forms.items() if i != j]
        on = [form for (i, j), form in self.forms.items() if i == j]
        zero = (_ZERO, Blank())
        return all(form.form in zero for form in off) and any(form.form not in zero for form in on)

    def entry(self, i: int, j: int) -> Expr:
        """The entry at row i and column j."""
        if self.diagonal and i != j:
            return _ZERO
        return self.base.filled(
            tuple(
                value + (i if at in self.by_row else 0) + (j if at in self.by_column else 0)
                for at, value in enumerate(self.base.indices)
            )
        )

    def check(self, node: Written, rows: dict[int, int], columns: dict[int, int]) -> None:
        """Every written entry must be what the pattern has at its place."""
        # Where the size is open, any size beyond the written entries shows the same.
        height = self.height or len(node.rows) + 3
        width = self.width or (height if self.diagonal else len(node.rows[0]) + 3)
        for at, row in enumerate(node.rows):
            for to, cell in enumerate(row):
                if isinstance(cell, Dots):
                    continue
                if at in rows and to in columns:
                    i, j = rows[at] % height, columns[to] % width
                    written = self.forms[rows[at], columns[to]]
                    expected = self.entry(i, j)
                    found = written.filled(written.indices)
                    blank = isinstance(cell, Blank) and expected == _ZERO
                    if found != expected and not blank:
                        raise _NoPattern
                elif not isinstance(cell, Blank) and not (self.diagonal and cell == _ZERO):
                    raise ClaimError("dots", "this entry does not continue the dots", cell)


def _missing() -> Any:
    raise _NoPattern


def _steps(first: _Form, last: _Form) -> tuple[set[int], int | None]:
    """Which indices differ between two entries, and how many entries lie from one to the other."""
    if first.form != last.form:
        raise _NoPattern
    steps = {
        at: end - begin
        for at, (begin, end) in enumerate(zip(first.indices, last.indices, strict=True))
        if begin != end
    }
    if len(set(steps.values())) > 1 or any(step < 1 for step in steps.values()):
        raise _NoPattern
    return set(steps), (next(iter(steps.values())) + 1 if steps else None)
