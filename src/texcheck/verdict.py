"""The verdict on each statement: proved, a definition, refuted by an example, or unreadable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

from . import parse
from .evaluate import (
    ClaimError,
    Evaluator,
    Flexible,
    Grid,
    Partial,
    Ranges,
    Setting,
    bare_functions,
    is_constant,
    ranges,
    show_shape,
)
from .latex import ReadingError, place
from .network import ARCHITECTURES, NETWORKS, World, exact_world, further, real_world
from .numbers import PRIME, Exact, ExactArithmetic, MoreSigns, NoValue, Real, TooLarge, Undecided
from .syntax import (
    Derivative,
    Equation,
    Expr,
    Function,
    Index,
    Layer,
    LayerCount,
    Length,
    Listing,
    Name,
    Notation,
    Number,
    RangeClaim,
    ShapeClaim,
    Statement,
    Sum,
    children,
    walk,
)

# The floating-point engine calls two numbers equal when they differ by less than this part of
# the larger one (and of the largest entry beside it).
TOLERANCE = 1e-9
REAL_POINTS = 12
REPEATS = 4  # exact points in each region; more where the degree asks for it
MOST_REPEATS = 16
LOG10_ERROR = -50.0
MOST_CHARACTERS = 10_000
MOST_TERMS = 20_000  # of one sum, or of the components that one statement compares
SLACK = 1e-13  # rounding of a value of size 1 that vanishes exactly
_MOST_FURTHER_SIGNS = 6

_TOO_DEEP = ReadingError("the formula is nested too deeply", 0)

Shape: TypeAlias = tuple[int | None, int | None]


@dataclass(frozen=True)
class Claim:
    """One statement: a relation between two neighbouring sides, a shape, a range or a notation.

    `line` and `column` count from 0 inside the display's TeX.
    """

    tex: str
    line: int
    column: int


@dataclass(frozen=True)
class Counterexample:
    """Where the two sides differ: the first such entry of an ordinary random network."""

    entry: str
    left: float | None
    right: float | None
    left_shape: str
    right_shape: str
    network: str
    widths: tuple[int, ...]
    layer: int | None
    seed: int
    point: int


@dataclass(frozen=True)
class Verdict:
    """What texcheck found out about one statement.

    `status`: proved, definition, refuted or unreadable. `engine`: exact, numerical or empty.
    `log10_error` bounds the chance of having accepted a false statement; it is minus infinity
    where no chance is involved (lengths and shapes). `reason` says why a definition makes no
    claim, why the exact engine could not decide, or what could not be read and where.
    """

    status: str
    engine: str = ""
    network: str = ""
    points: int = 0
    entries: int = 0
    degree: int = 0
    log10_error: float = 0.0
    reason: str = ""
    counterexample: Counterexample | None = None
    diagnosis: str = ""


@dataclass(frozen=True)
class Task:
    """A statement with all that is needed to judge it."""

    statement: Statement
    tex: str
    network: str
    claim: Claim


class EnginesDisagree(Exception):
    """The exact engine proves what the floating-point engine refutes: a fault of texcheck."""


# -- where a statement is checked ------------------------------------------------------------------


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


def sides(statement: Statement) -> tuple[Expr, ...]:
    """The formulas of a statement."""
    conditions = tuple(side for pair in statement.conditions for side in pair)
    match statement:
        case Equation(left, right) | Notation(left, right):
            return left, right, *conditions
        case ShapeClaim(value, rows, columns):
            return value, rows, columns, *conditions
        case RangeClaim(_, first, last, about):
            return first, last, *(sides(about) if about else ()), *conditions
    raise TypeError(statement)


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


def _further(places: list[Setting], statement: Statement, most: int = 6) -> list[Setting]:
    """The settings with up to `most` other widths, for a statement that names a length."""
    if not any(isinstance(part, Length) for side in sides(statement) for part in walk(side)):
        return []
    first = {(place.architecture.network, place.layer): place for place in places}
    return [
        replace(place, architecture=architecture)
        for place in first.values()
        for architecture in further(place.architecture)[:most]
    ]


def _holds(condition: tuple[Expr, Expr], setting: Setting) -> bool:
    left, right = condition
    if not isinstance(left, Function) or not isinstance(right, Function):
        raise ReadingError("expected a condition such as f = \\operatorname{ReLU}", right.start)
    if left.primes or right.primes or left.name not in ("f", "g"):
        raise ReadingError("expected a condition such as f = \\operatorname{ReLU}", left.start)
    return setting.activation(left) == setting.activation(right)


# -- comparing two values --------------------------------------------------------------------------


@dataclass
class Difference:
    """The first entry at which two values differ, with both values."""

    entry: str
    left: Any
    right: Any
    left_shape: Shape
    right_shape: Shape
    point: int = 0


class ShapesDiffer(ClaimError):
    """The two sides have different shapes."""

    def __init__(self, left: Shape, right: Shape, node: Expr) -> None:
        super().__init__(
            "sides",
            f"the left side is {show_shape(left)}, the right side is {show_shape(right)}",
            node,
        )
        self.left = left
        self.right = right


def value_shape(value: Any) -> Shape:
    """Rows and columns of a value; a number is 1 × 1."""
    if isinstance(value, Grid):
        return value.shape
    if isinstance(value, Flexible | Partial):
        return value.height, value.width
    return 1, 1


def pairs(left: Any, right: Any, equation: Equation) -> Iterator[tuple[str, Any, Any]]:
    """The entries of both sides, side by side. Errors: `ShapesDiffer`."""
    wrong = ShapesDiffer(value_shape(left), value_shape(right), equation.right)
    if isinstance(left, list) or isinstance(right, list):
        if not isinstance(left, list) or not isinstance(right, list) or len(left) != len(right):
            raise ClaimError(
                "sides", "the two sides list different numbers of values", equation.right
            )
        for a, b in zip(left, right, strict=True):
            yield from pairs(a, b, equation)
        return
    if isinstance(left, Flexible) and isinstance(right, Flexible):
        raise ClaimError("sides", "nothing says how large the two sides are", equation.right)
    if isinstance(left, Flexible | Partial) and isinstance(right, Flexible | Partial):
        raise ClaimError("dots", "the dots of this matrix cannot be continued", equation.right)
    if isinstance(left, Partial) or isinstance(right, Partial):
        yield from _written_pairs(left, right, wrong)
        return
    if isinstance(left, Flexible) or isinstance(right, Flexible):
        flexible, other = (left, right) if isinstance(left, Flexible) else (right, left)
        if not isinstance(other, Grid):
            raise wrong
        settled = _settled(flexible, other.shape, wrong)
        left, right = (settled, other) if flexible is left else (other, settled)
    if isinstance(left, Grid) and isinstance(right, Grid):
        if left.shape != right.shape:
            raise wrong
        for i, (row, other) in enumerate(zip(left.rows, right.rows, strict=True)):
            for j, (a, b) in enumerate(zip(row, other, strict=True)):
                yield f"row {i}, column {j}", a, b
    elif isinstance(left, Grid) or isinstance(right, Grid):
        grid, number = (left, right) if isinstance(left, Grid) else (right, left)
        side = equation.right if grid is left else equation.left
        zero = isinstance(side, Number) and side.value == 0
        if grid.shape != (1, 1) and not zero:
            raise wrong
        for i, row in enumerate(grid.rows):
            for j, entry in enumerate(row):
                yield (
                    f"row {i}, column {j}",
                    *((entry, number) if grid is left else (number, entry)),
                )
    else:
        yield "", left, right


def _settled(value: Flexible, shape: tuple[int, int], wrong: ShapesDiffer) -> Grid:
    if value.height not in (None, shape[0]) or value.width not in (None, shape[1]):
        raise wrong
    return value.settle(*shape)


def _written_pairs(left: Any, right: Any, wrong: ShapesDiffer) -> Iterator[tuple[str, Any, Any]]:
    """Only the entries that are written."""
    partial, other = (left, right) if isinstance(left, Partial) else (right, left)
    if not isinstance(other, Grid):
        raise wrong
    rows, columns = other.shape
    if partial.height not in (None, rows) or partial.width not in (None, columns):
        raise wrong
    for i, j, entry in partial.cells:
        row, column = i % rows, j % columns
        if not (-rows <= i < rows and -columns <= j < columns):
            raise wrong
        a, b = entry, other.rows[row][column]
        yield f"row {row}, column {column}", *((a, b) if partial is left else (b, a))


# -- the two engines -------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What one engine found at one setting."""

    entries: int = 0
    points: int = 0
    degree: int = 0
    log10_error: float = -math.inf
    difference: Difference | None = None
    certain: bool = False  # the difference rests on algebra alone, not on unknown functions


def _expect_few(found: Ranges) -> None:
    """Errors: `TooLarge` for a statement or a sum over very many values of its indices."""
    terms: dict[int, int] = {}
    for (number, _), length in found.sums.items():
        terms[number] = terms.get(number, 1) * max(1, length)
    if max([math.prod(found.free.values()), *terms.values()]) > MOST_TERMS:
        raise TooLarge("the indices take too many values")


def _evaluator(
    equation: Equation, setting: Setting, found: Ranges, world: World, tex: str
) -> Evaluator:
    _expect_few(found)
    evaluator = Evaluator(world, setting, found, tex, pointwise=pointwise(equation))
    evaluator.check_indices(equation.left)
    evaluator.check_indices(equation.right)
    return evaluator


def pointwise(equation: Equation) -> bool:
    """Whether functions are compared: a side holds one without argument or is a constant."""
    both = equation.left, equation.right
    return all(bare_functions(side) or is_constant(side) for side in both)


def _environment(environment: dict[str, int]) -> str:
    return ", ".join(f"{letter} = {value}" for letter, value in sorted(environment.items()))


def compare_exactly(equation: Equation, setting: Setting, tex: str) -> Outcome:
    """Both sides modulo the prime, at random points of every region.

    Errors: `ClaimError`, `Undecided`, `ReadingError`.
    """
    found = ranges((equation.left, equation.right), setting)
    extra, repeats = 0, REPEATS
    while True:
        world = exact_world(setting.architecture, extra, repeats, 0)
        try:
            outcome = _compare_exactly(equation, setting, found, world, tex)
        except MoreSigns:
            extra += 1
            if extra > _MOST_FURTHER_SIGNS:
                raise Undecided("more signs than the exact engine visits regions for") from None
            continue
        if not outcome.entries:
            raise ClaimError("sides", "nothing is compared here", equation.right)
        if outcome.difference is None and outcome.log10_error >= LOG10_ERROR:
            if repeats > MOST_REPEATS:
                raise TooLarge("the degree is too high for an exact test")
            repeats *= 2
            continue
        return outcome


def _compare_exactly(
    equation: Equation, setting: Setting, found: Ranges, world: World, tex: str
) -> Outcome:
    arithmetic = world.arithmetic
    assert isinstance(arithmetic, ExactArithmetic)
    arithmetic.start_statement()
    evaluator = _evaluator(equation, setting, found, world, tex)
    outcome = Outcome()
    random = False
    for environment in found.environments():
        evaluator.at(environment)
        left, right = evaluator.value(equation.left), evaluator.value(equation.right)
        for entry, a, b in pairs(left, right, equation):
            outcome.entries += 1
            gap = a - b
            point = None
            if gap.__class__ is int:
                point = 0 if gap else None
            else:
                random = True
                if isinstance(gap, Exact):
                    point = next((at for at, value in enumerate(gap.values) if value), None)
                    outcome.degree = max(outcome.degree, gap.top + gap.bottom)
                    if point is None and gap.signs and not arithmetic.visited(gap):
                        raise MoreSigns
                elif gap:
                    point = 0
            if point is not None:
                where = ", ".join(part for part in (_environment(environment), entry) if part)
                outcome.difference = Difference(
                    where, a, b, value_shape(left), value_shape(right), point
                )
                outcome.certain = not isinstance(gap, Exact) or not gap.signs
                return outcome
    if random:
        outcome.points = arithmetic.points
        outcome.degree = max(outcome.degree, 1) + arithmetic.collisions()
        outcome.log10_error = arithmetic.repeats * (math.log10(outcome.degree) - math.log10(PRIME))
    return outcome


def compare_numerically(
    equation: Equation,
    setting: Setting,
    tex: str,
    points: int = REAL_POINTS,
    seed: int = 0,
    slack: float = SLACK,
) -> Outcome:
    """Both sides in floating point on ordinary random networks. Errors as `compare_exactly`.

    `slack` is how far apart two values may be however small they are: for rounding.
    """
    found = ranges((equation.left, equation.right), setting)
    world = real_world(setting.architecture, points, seed)
    evaluator = _evaluator(equation, setting, found, world, tex)
    outcome = Outcome(points=points)
    for environment in found.environments():
        evaluator.at(environment)
        left, right = evaluator.value(equation.left), evaluator.value(equation.right)
        entries = [
            (entry, _floats(a, points), _floats(b, points))
            for entry, a, b in pairs(left, right, equation)
        ]
        scale = [
            max(max(abs(a[point]), abs(b[point])) for _, a, b in entries) for point in range(points)
        ]
        for entry, a, b in entries:
            outcome.entries += 1
            for point in range(points):
                if math.isnan(a[point]) and math.isnan(b[point]):
                    continue  # both sides have no value here
                # Written so that a value that is not a number counts as a difference.
                if not abs(a[point] - b[point]) <= TOLERANCE * scale[point] + slack:
                    where = ", ".join(part for part in (_environment(environment), entry) if part)
                    outcome.difference = Difference(
                        where, a[point], b[point], value_shape(left), value_shape(right), point
                    )
                    return outcome
    return outcome


def _floats(value: Any, points: int) -> list[float]:
    return value.values if isinstance(value, Real) else [float(value)] * points


# -- the verdict -----------------------------------------------------------------------------------


def judge(task: Task, diagnose: bool = True) -> Verdict:
    """The verdict on one statement. Never raises but `EnginesDisagree`."""
    statement = task.statement
    fault: ClaimError | None = None
    try:
        if isinstance(statement, Notation):
            return Verdict(
                "definition",
                network=task.network,
                reason="a change of notation: it names things and claims nothing",
            )
        places = settings(statement, task.network)
        if isinstance(statement, ShapeClaim):
            return _judge_shape(task, statement, places, diagnose)
        if isinstance(statement, RangeClaim):
            return _judge_range(task, statement, places)
        verdict = _judge_equation(task, statement, places)
    except ClaimError as error:
        fault = error
        verdict = _refuted(task, error)
    except NoValue as error:
        return Verdict("refuted", "exact", task.network, diagnosis=str(error))
    except (TooLarge, OverflowError) as error:
        return unreadable(task.tex, ReadingError(str(error), 0), task.network)
    except ReadingError as error:
        return unreadable(task.tex, error, task.network)
    except RecursionError:
        return unreadable(
            task.tex, ReadingError("the formula is nested too deeply", 0), task.network
        )
    if verdict.status == "refuted" and diagnose and isinstance(statement, Equation):
        from .diagnose import diagnosis

        verdict = replace(verdict, diagnosis=diagnosis(task, statement, fault))
    return verdict


def _refuted(task: Task, fault: ClaimError) -> Verdict:
    counterexample = None
    if isinstance(fault, ShapesDiffer):
        counterexample = Counterexample(
            "",
            None,
            None,
            show_shape(fault.left),
            show_shape(fault.right),
            task.network,
            (),
            None,
            0,
            0,
        )
    return Verdict(
        "refuted",
        "exact",
        task.network,
        diagnosis=fault.message,
        counterexample=counterexample,
    )


def _largest(equation: Equation) -> float:
    """The largest number written in an equation, at least 1."""
    parts = [*walk(equation.left), *walk(equation.right)]
    return max([1.0, *(float(part.value) for part in parts if isinstance(part, Number))])


def _refuted_at(task: Task, setting: Setting, difference: Difference) -> Verdict:
    """Refuted by an ordinary network of these widths."""
    return Verdict(
        "refuted",
        "exact",
        task.network,
        counterexample=_example(
            setting,
            difference.entry,
            difference.left,
            difference.right,
            show_shape(difference.left_shape),
            show_shape(difference.right_shape),
            difference.point,
        ),
    )


def _judge_equation(task: Task, equation: Equation, places: list[Setting]) -> Verdict:
    exact: list[Outcome] = []
    undecided = ""
    for setting in places:
        try:
            exact.append(compare_exactly(equation, setting, task.tex))
        except Undecided as reason:
            undecided = str(reason)
            break
        if exact[-1].difference is not None:
            break
    differs = bool(exact) and exact[-1].difference is not None
    # A difference at one setting is looked for there first, so that the example fits it.
    order = [places[len(exact) - 1], *places] if differs else places
    real: list[Outcome] = []
    for setting in order:
        # What the exact engine refutes is not saved by rounding; what it proves is not lost to it.
        slack = 0.0 if differs else SLACK * _largest(equation)
        real.append(compare_numerically(equation, setting, task.tex, slack=slack))
        difference = real[-1].difference
        if difference is not None:
            if not differs and not undecided:
                raise EnginesDisagree(
                    f"{task.claim.tex}: exactly equal, but {difference.left} and "
                    f"{difference.right} in floating point ({difference.entry}, {setting})"
                )
            return Verdict(
                "refuted",
                "numerical" if undecided else "exact",
                task.network,
                points=sum(o.points for o in real),
                entries=sum(o.entries for o in real),
                counterexample=_example(
                    setting,
                    difference.entry,
                    difference.left,
                    difference.right,
                    show_shape(difference.left_shape),
                    show_shape(difference.right_shape),
                    difference.point,
                ),
            )
    found = exact[-1].difference if exact else None
    if found is not None and exact[-1].certain:
        # An identity of polynomials that fails somewhere is false, however little it fails.
        shapes = show_shape(found.left_shape), show_shape(found.right_shape)
        return Verdict(
            "refuted",
            "exact",
            task.network,
            counterexample=_example(order[0], found.entry, None, None, *shapes),
        )
    most = 3 if any(outcome.points for outcome in exact) else 6
    for setting in [] if differs else _further(places, equation, most):
        slack = SLACK * _largest(equation)
        outcome = compare_numerically(equation, setting, task.tex, points=2, slack=slack)
        if outcome.difference is not None:
            return _refuted_at(task, setting, outcome.difference)
    if differs or undecided:
        return Verdict(
            "proved",
            "numerical",
            task.network,
            points=sum(o.points for o in real),
            entries=sum(o.entries for o in real),
            reason=undecided
            or "it rests on a property of the functions beyond what the exact engine knows",
        )
    return Verdict(
        "proved",
        "exact",
        task.network,
        points=sum(o.points for o in exact),
        entries=sum(o.entries for o in exact),
        degree=max(o.degree for o in exact),
        log10_error=max(o.log10_error for o in exact),
    )


def wrong_shape(
    claim: ShapeClaim, places: list[Setting], tex: str
) -> tuple[Setting, Shape, Shape] | None:
    """Where a claim about a shape fails, with the shape there and the claimed one."""
    for setting in places:
        found = ranges((claim.value,), setting)
        evaluator = Evaluator(real_world(setting.architecture, 1, 0), setting, found, tex)
        evaluator.at(next(found.environments()))
        actual = value_shape(evaluator.value(claim.value))
        evaluator.at({})
        claimed = evaluator.value(claim.rows), evaluator.value(claim.columns)
        if actual != claimed:
            return setting, actual, claimed
    return None


def _judge_shape(task: Task, claim: ShapeClaim, places: list[Setting], diagnose: bool) -> Verdict:
    wrong = wrong_shape(claim, [*places, *_further(places, claim)], task.tex)
    if wrong is None:
        return Verdict(
            "proved", "exact", task.network, entries=2 * len(places), log10_error=-math.inf
        )
    setting, *both = wrong
    actual, claimed = (" × ".join(str(length) for length in shape) for shape in both)
    words = f"the shape is {actual}, not {claimed}"
    if diagnose:
        from .diagnose import shape_diagnosis

        repair = shape_diagnosis(task, claim)
        words = f"{words}: {repair}" if repair else words
    return Verdict(
        "refuted",
        "exact",
        task.network,
        entries=1,
        counterexample=_example(setting, "the shape", None, None, actual, claimed),
        diagnosis=words,
    )


def _example(
    setting: Setting,
    entry: str,
    left: float | None,
    right: float | None,
    left_shape: str,
    right_shape: str,
    point: int = 0,
) -> Counterexample:
    return Counterexample(
        entry,
        left,
        right,
        left_shape,
        right_shape,
        setting.architecture.network,
        setting.architecture.widths,
        setting.layer or None,
        0,
        point,
    )


def _judge_range(task: Task, claim: RangeClaim, places: list[Setting]) -> Verdict:
    if claim.about is None:
        raise ReadingError("expected an equation before the range of its index", claim.first.start)
    for setting in [*places, *_further(places, claim)]:
        found = ranges((claim.about.left, claim.about.right), setting)
        lengths = {
            length for (_, letter), length in found.sums.items() if letter == claim.letter
        } | {length for letter, length in found.free.items() if letter == claim.letter}
        if not lengths:
            raise ClaimError(
                "index range", f"the equation has no index {claim.letter}", claim.first
            )
        evaluator = Evaluator(
            real_world(setting.architecture, 1, 0), setting, Ranges({}, {}), task.tex
        )
        first, last = evaluator.value(claim.first), evaluator.value(claim.last)
        for length in lengths:
            if (first, last) != (0, length - 1):
                hint = (
                    "indices start at 0, so the last is d - 1"
                    if last == length
                    else f"index {claim.letter} runs from 0 to {length - 1}"
                )
                return Verdict(
                    "refuted",
                    "exact",
                    task.network,
                    entries=1,
                    diagnosis=hint,
                    counterexample=_example(
                        setting,
                        f"the last {claim.letter}",
                        float(length - 1),
                        float(last),
                        "1 × 1",
                        "1 × 1",
                    ),
                )
    return Verdict("proved", "exact", task.network, entries=2 * len(places), log10_error=-math.inf)


def unreadable(tex: str, fault: ReadingError, network: str) -> Verdict:
    """A verdict with the line, a caret under the place, and what was expected there."""
    line, column, text = place(tex, fault.position)
    caret = " " * column + "^"
    return Verdict(
        "unreadable",
        network=network,
        reason=f"line {line + 1}, column {column + 1}: {fault.message}\n{text}\n{caret}",
    )


# -- from TeX to tasks -----------------------------------------------------------------------------


def tasks(tex: str, network: str, subject: str | None = None, kind: str = "value") -> list[Task]:
    """The statements of a display or a table cell. Errors: `ReadingError`."""
    if len(tex) > MOST_CHARACTERS:
        raise ReadingError(f"a formula of more than {MOST_CHARACTERS} characters", 0)
    located = parse.statements(tex) if subject is None else _cell_statements(tex, subject, kind)
    found = []
    for one in located:
        line, column, _ = place(tex, one.position)
        found.append(Task(one.statement, tex, network, Claim(one.tex, line, column)))
    return found


def _cell_statements(tex: str, subject: str, kind: str) -> list[parse.Located]:
    about = parse.expression(subject)
    if kind == "shape":
        rows, columns = parse.shape(tex)
        return [
            parse.Located(
                ShapeClaim(about, rows, columns), f"{subject} : {tex.strip()}", rows.start
            )
        ]
    chain = parse.cell(tex)
    found = []
    first = chain[0]
    if not _same_quantity(first, about) or len(chain) == 1:
        about = _component_like(about, first)
        text = f"{subject} = {tex[first.start : first.end]}"
        found.append(parse.Located(Equation(about, first), text, first.start))
    for left, right in pairwise(chain):
        text = f"{tex[left.start : left.end]} = {tex[right.start : right.end]}"
        found.append(parse.Located(Equation(left, right), text, right.start))
    return found


def _same_quantity(first: Expr, about: Expr) -> bool:
    """Whether a cell begins with its subject, or with its components under letters."""
    if isinstance(first, Name) and isinstance(about, Name):
        letters = {index.letter for index in first.indices if isinstance(index, Index)}
        return (first.base, first.layer) == (about.base, about.layer) and (
            first.indices == about.indices or len(letters) == len(first.indices)
        )
    return first == about


def _component_like(about: Expr, first: Expr) -> Expr:
    """The subject in components where the cell is in components."""
    if isinstance(about, Listing):
        if not isinstance(first, Listing) or len(first.items) != len(about.items):
            return about
        items = zip(about.items, first.items, strict=True)
        return replace(about, items=tuple(_component_like(a, b) for a, b in items))
    letters = sorted(_free_letters(first))
    if isinstance(about, Name) and not about.indices and about.base != "ell" and letters:
        if isinstance(first, Name) and first.indices:
            return replace(about, indices=first.indices)
        if len(letters) == (2 if about.base == "W" else 1):
            return replace(about, indices=tuple(Index(letter) for letter in letters))
    return about


def _free_letters(node: Expr, bound: frozenset[str] = frozenset()) -> set[str]:
    if isinstance(node, Index):
        return {node.letter} - bound
    if isinstance(node, Sum):
        bound = bound | set(node.letters)
    return {letter for child in children(node) for letter in _free_letters(child, bound)}


def check(
    tex: str,
    network: str,
    *,
    subject: str | None = None,
    kind: str = "value",
    diagnose: bool = True,
) -> list[tuple[Claim, Verdict]]:
    """The verdict on every statement of one display or table cell.

    `tex`: the content of a display, or of a table cell if `subject` is given: the TeX of the
    quantity that the cell claims to equal, or (kind "shape") to have the shape of.
    `network`: one of `NETWORKS`. Never raises on any `tex`: what cannot be read has that verdict.
    """
    if network not in NETWORKS:
        raise ValueError(f"expected a network out of {', '.join(NETWORKS)}, got {network!r}")
    try:
        found = tasks(tex, network, subject, kind)
    except ReadingError as fault:
        line, column, _ = place(tex, fault.position)
        return [(Claim(tex.strip(), line, column), unreadable(tex, fault, network))]
    except RecursionError:
        return [(Claim(tex.strip(), 0, 0), unreadable(tex, _TOO_DEEP, network))]
    results = []
    for task in found:
        try:
            verdict = judge(task, diagnose)
        except EnginesDisagree as fault_:
            verdict = Verdict(
                "refuted", "exact", network, diagnosis=f"the two engines disagree: {fault_}"
            )
        results.append((task.claim, verdict))
    return results
