"""Why a statement is refuted: small changes are tried, one at a time, until one makes it true."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from types import UnionType
from typing import Any

from .equations import EnginesDisagree, judge_equation
from .evaluate import Evaluator
from .indices import ranges
from .latex import ReadingError
from .lengths import wrong_shape
from .network import NETWORKS, real_world
from .numbers import NoValue, Real, TooLarge
from .numerical import compare_numerically
from .pairs import pairs, pointwise, work
from .places import Setting, settings
from .syntax import (
    Add,
    Apply,
    Constant,
    Derivative,
    Elementwise,
    Equation,
    Expr,
    Function,
    Identity,
    Index,
    Kronecker,
    Layer,
    LayerCount,
    Length,
    Name,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    ReluDiagonal,
    ShapeClaim,
    Sum,
    Transpose,
    bare_functions,
    sides,
    substitute,
    walk,
)
from .tasks import Task
from .values import ClaimError

LONG = 30_000  # parts to evaluate, beyond which no changes are tried
NOTHING_FITS = "no single small change makes it true"
# A formula changed in one place, and what that change says about the original.
Change = tuple[str, Expr]


def diagnosis(task: Task, equation: Equation, fault: ClaimError | None) -> str:
    """What is wrong with a refuted equation, in words.

    `fault` is what made it meaningless, if it was that. Every repair named here has been tried:
    with it the equation is proved.
    """
    told = fault.message if fault is not None else ""
    if fault is not None and fault.kind in ("loss", "condition", "last index", "index count"):
        return told
    if fault is not None and fault.kind == "unknown name":
        return told
    if fault is not None and fault.kind == "tensor":
        return told
    if fault is not None and fault.kind == "free index" and _holds_for_all(task, equation):
        return f"{told}; it is true for every value, but both sides must name the same indices"
    repair = _repair(task, equation, fault)
    if fault is not None and fault.kind == "power":
        return told
    if isinstance(equation.right, Product) and all(
        isinstance(factor, Number | Length) for factor in equation.right.factors
    ):
        repair = repair or "a shape stands behind a colon, not behind ="
    if fault is not None and fault.kind in ("downstream", "layer", "function"):
        return f"{told}; {repair}" if repair else told
    return "; ".join(part for part in (told, repair or NOTHING_FITS) if part)


def shape_diagnosis(task: Task, claim: ShapeClaim) -> str:
    """What is wrong with a refuted shape: the layer of a length, or its order."""
    for message, changed in _lengths(claim.rows, task):
        if _has_shape(replace(claim, rows=changed), task):
            return message
    for message, changed in _lengths(claim.columns, task):
        if _has_shape(replace(claim, columns=changed), task):
            return message
    if _has_shape(replace(claim, rows=claim.columns, columns=claim.rows), task):
        return "the transpose of the right shape"
    return ""


def _has_shape(claim: ShapeClaim, task: Task) -> bool:
    try:
        return wrong_shape(claim, settings(claim, task.network), task.tex) is None
    except (ClaimError, ReadingError):
        return False


def _repair(task: Task, equation: Equation, fault: ClaimError | None) -> str:
    if fault is None and (factor := _factor(task, equation)):
        return factor
    if _is_long(task, equation):
        return ""
    for attempt in _ATTEMPTS:
        for message, changed in attempt(equation.right, task):
            if holds(replace(equation, right=changed), task):
                return message
    for attempt in _ATTEMPTS:
        for message, changed in attempt(equation.left, task):
            if holds(replace(equation, left=changed), task):
                return message
    for side in (equation.right, equation.left):
        for part in _everywhere(side, Add):
            first, *others = part.terms
            other = others[0] if len(others) == 1 else None
            if isinstance(other, Negative) and holds(Equation(first, other.of), task):
                return f"{_show(part, task)} is zero: both terms are the same"
    for network in NETWORKS[:3] if task.network in NETWORKS[:3] else ():
        if network != task.network and holds(equation, replace(task, network=network)):
            return f"it is true of the network {network}, not of {task.network}"
    return ""


def _is_long(task: Task, equation: Equation) -> bool:
    """Whether it would take seconds to try changes."""
    try:
        place = settings(equation, task.network)[0]
        return work(equation, ranges((equation.left, equation.right), place)) > LONG
    except (ClaimError, ReadingError):
        return False


def _holds_for_all(task: Task, equation: Equation) -> bool:
    """Whether a statement is true for every value of an index that one side alone has."""
    left, right = equation.left, equation.right
    padded = (
        Add((side, Product((Number(Fraction(0)), other))))
        for side, other in ((left, right), (right, left))
    )
    return holds(replace(equation, left=next(padded), right=next(padded)), task)


def holds(equation: Equation, task: Task) -> bool:
    """Whether an equation is proved; two floating-point points tell most of those that are not."""
    try:
        places = settings(equation, task.network)
        quick = places if len(places) < 3 else [places[0], places[-1]]
        for setting in quick:
            if compare_numerically(equation, setting, task.tex, points=2).difference:
                return False
        return judge_equation(task, equation, places).status == "proved"
    except (ClaimError, EnginesDisagree, ReadingError, NoValue, TooLarge, OverflowError):
        return False


# -- a constant factor -----------------------------------------------------------------------------


def _factor(task: Task, equation: Equation) -> str:
    """The constant by which the sides differ, if they do by a constant."""
    try:
        places = settings(equation, task.network)
        found = [(setting, _ratio(task, equation, setting)) for setting in places]
    except (ClaimError, ReadingError, NoValue, TooLarge, OverflowError):
        return ""
    if any(math.isnan(ratio) for _, ratio in found) or all(ratio == 1 for _, ratio in found):
        return ""
    for name, value in _constants(task):
        if all(abs(ratio - value(setting)) < 1e-8 * abs(ratio) for setting, ratio in found):
            return f"off by the factor {name}: the left side is {name} times the right side"
    return ""


def _constants(task: Task) -> Iterator[tuple[str, Callable[[Setting], float]]]:
    def number(value: Fraction) -> Callable[[Setting], float]:
        return lambda setting: float(value)

    def outputs(power: int, times: Fraction) -> Callable[[Setting], float]:
        return lambda setting: float(times) * float(setting.architecture.widths[-1]) ** power

    for value in (-1, 2, Fraction(1, 2), -2, Fraction(-1, 2)):
        yield str(value), number(Fraction(value))
    yield "K", outputs(1, Fraction(1))
    yield "1/K", outputs(-1, Fraction(1))
    yield "-K", outputs(1, Fraction(-1))
    yield "-1/K", outputs(-1, Fraction(-1))
    yield "K/2", outputs(1, Fraction(1, 2))
    yield "2/K", outputs(-1, Fraction(2))
    for value in (4, Fraction(1, 4), 3, Fraction(1, 3)):
        yield str(value), number(Fraction(value))

    def width(layer: int, power: int) -> Callable[[Setting], float]:
        return lambda setting: float(setting.architecture.widths[layer]) ** power

    for layer, name in ((0, "d_x"), (1, "d_{s^{(1)}}")):
        yield name, width(layer, 1)
        yield f"1/{name}", width(layer, -1)


def _ratio(task: Task, equation: Equation, setting: Setting) -> float:
    """left / right if it is the same everywhere; 1 where both vanish, else not a number."""
    found = ranges((equation.left, equation.right), setting)
    world = real_world(setting.architecture, 6, 1)
    evaluator = Evaluator(world, setting, found, task.tex, pointwise=pointwise(equation))
    ratios: list[float] = []
    for environment in found.environments():
        evaluator.at(environment)
        left, right = evaluator.value(equation.left), evaluator.value(equation.right)
        for _, a, b in pairs(left, right, equation):
            for p, q in zip(_list(a), _list(b), strict=True):
                if abs(p) < 1e-12 and abs(q) < 1e-12:
                    continue
                if abs(q) < 1e-12:
                    return math.nan
                ratios.append(p / q)
    if not ratios:
        return math.nan
    return ratios[0] if max(ratios) - min(ratios) <= 1e-8 * abs(ratios[0]) else math.nan


def _list(value: Any) -> list[float]:
    return value.values if isinstance(value, Real) else [float(value)] * 6


# -- changes in one place --------------------------------------------------------------------------


def _show(node: Expr, task: Task) -> str:
    """A part of the formula between dollar signs."""
    return f"${' '.join(task.tex[node.start : node.end].split())}$"


def _name(name: Name) -> str:
    """A name between dollar signs."""
    return f"${_tex(name)}$"


def _tex(name: Name) -> str:
    """A name as TeX."""
    base = {"y_hat": r"\hat y", "ell": r"\ell", "delta": r"\delta"}.get(name.base, name.base)
    layer = f"^{{({name.layer})}}".replace("L_max", r"L_{\max}") if name.layer else ""
    inside = "".join(index.letter if isinstance(index, Index) else "·" for index in name.indices)
    return base + layer + (f"_{{{inside}}}" if inside else "")


def _everywhere(whole: Expr, kinds: type | UnionType) -> Iterator[Any]:
    for part in walk(whole):
        if isinstance(part, kinds):
            yield part


def _loss_named_l(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Derivative):
        if isinstance(part.of, LayerCount):
            yield (
                r"$L$ is the layer's number; the loss is $\ell$",
                substitute(whole, part.of, Name("ell", None)),
            )


def _power_for_layer(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Power):
        if isinstance(part.of, Name) and part.of.layer is None:
            layer = _as_layer(part.exponent)
            if layer is not None:
                fixed = replace(part.of, layer=layer)
                yield (
                    f"a layer stands in parentheses: {_name(fixed)}",
                    substitute(whole, part, fixed),
                )


def _as_layer(exponent: Expr) -> Layer | None:
    match exponent:
        case LayerCount(layer):
            return layer
        case Number(value):
            return Layer("", int(value))
        case Add((LayerCount(layer), Number(value))):
            return replace(layer, offset=layer.offset + int(value))
        case Add((LayerCount(layer), Negative(Number(value)))):
            return replace(layer, offset=layer.offset - int(value))
    return None


def _transposes(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Transpose):
        yield (
            f"a transpose too much: {_show(part, task)} without it",
            substitute(whole, part, part.of),
        )
    if not isinstance(whole, Transpose):
        yield "the transpose of the right one: a transpose is missing", Transpose(whole)
    for part in _matrices(whole):
        yield (
            f"a transpose is missing at {_show(part, task)}",
            substitute(whole, part, Transpose(part, start=part.start, end=part.end)),
        )


def _moved_transposes(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Transpose):
        without = substitute(whole, part, part.of)
        for other in _matrices(without):
            if other is not part.of:
                yield (
                    f"the transpose stands at the wrong factor: it belongs to {_show(other, task)}",
                    substitute(without, other, Transpose(other)),
                )


def _matrices(whole: Expr) -> Iterator[Expr]:
    """The parts that may be a vector or a matrix and carry no transpose yet."""
    inside = {id(part.of) for part in walk(whole) if isinstance(part, Transpose)}
    under = _ids_inside(whole)
    for part in walk(whole):
        if id(part) in inside or id(part) in under:
            continue
        named = isinstance(part, Name) and not part.indices and part.base != "ell"
        if named or isinstance(
            part, Derivative | Add | Product | Apply | Identity | ReluDiagonal | Constant
        ):
            yield part


def _ids_inside(whole: Expr) -> set[int]:
    """What stands inside of a derivative or a length, where only a name can stand."""
    return {
        id(inner)
        for part in _everywhere(whole, Derivative | Length | Identity | ReluDiagonal)
        for inner in walk(part)
        if inner is not part
    }


def _sums(whole: Expr, task: Task) -> Iterator[Change]:
    letters = sorted({part.letter for part in _everywhere(whole, Index)})
    for letter in letters:
        yield f"the sum over {letter} is missing", Sum((letter,), None, None, whole)
    for part in _everywhere(whole, Sum):
        for letter in part.letters:
            for other in letters:
                if other not in part.letters:
                    right = tuple(other if one == letter else one for one in part.letters)
                    yield (
                        f"the sum runs over {letter} where {other} is meant",
                        substitute(whole, part, replace(part, letters=right)),
                    )
            rest = tuple(other for other in part.letters if other != letter)
            fewer = replace(part, letters=rest, low=None, high=None) if rest else part.body
            yield f"the sum over {letter} is too much", substitute(whole, part, fewer)


def _swapped(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Name):
        if len(part.indices) == 2 and part.indices[0] != part.indices[1]:
            yield (
                f"the two indices of {_show(part, task)} are swapped",
                substitute(whole, part, replace(part, indices=part.indices[::-1])),
            )
    for part in _everywhere(whole, Product):
        for at in range(len(part.factors) - 1):
            factors = list(part.factors)
            first, second = factors[at : at + 2]
            factors[at : at + 2] = second, first
            message = f"{_show(first, task)} and {_show(second, task)} stand in the wrong order"
            if second == Transpose(first):
                message = "an outer product, a matrix: the transpose belongs to the first factor"
            yield message, substitute(whole, part, replace(part, factors=tuple(factors)))


def _missing(whole: Expr, task: Task) -> Iterator[Change]:
    """A vector or a matrix of weights is missing in a product."""
    letters = {part.letter for side in sides(task.statement) for part in _everywhere(side, Index)}
    for layer in (None, Layer("", 1), Layer("L", -1)):
        base = Name("z" if layer else "x", layer)
        for letter in sorted(letters):
            name = replace(base, indices=(Index(letter),))
            yield f"the factor {_name(name)} is missing", Product((whole, name))
    for one, other in combinations(sorted(letters), 2):
        kronecker = Kronecker(Index(one), Index(other))
        yield rf"the factor $\delta_{{{one}{other}}}$ is missing", Product((kronecker, whole))
    for layer in (Layer("", 1), Layer("", 2), Layer("L", 0)):
        name = Name("z", layer)
        yield rf"the factor $\odot {_tex(name)}$ is missing", Elementwise(whole, name)
    if bare_functions(whole):
        yield r"the factor $\sigma$ is missing", Product((Function("sigma"), whole))
    names = [Name("x", None)]
    for layer in (Layer("", 1), Layer("", 2), Layer("L", -1), Layer("L", 1)):
        names += [Name(base, layer) for base in ("W", "z", "delta")]
    for name in names:
        message = f"the factor {_name(name)} is missing"
        yield message, Product((whole, name))
        for part in _everywhere(whole, Product):
            for at in range(len(part.factors) + 1):
                factors = (*part.factors[:at], name, *part.factors[at:])
                yield message, substitute(whole, part, replace(part, factors=factors))


def _indices(whole: Expr, task: Task) -> Iterator[Change]:
    letters = sorted({part.letter for part in _everywhere(whole, Index)})
    for part in _everywhere(whole, Name | Kronecker):
        for index in part.indices if isinstance(part, Name) else (part.first, part.second):
            if isinstance(index, Index):
                for letter in letters:
                    if letter != index.letter:
                        yield (
                            f"index {index.letter} of {_show(part, task)} should be {letter}",
                            substitute(whole, index, Index(letter)),
                        )


def _targets(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Name):
        if part.base in ("y", "y_hat"):
            right = replace(part, base="y_hat" if part.base == "y" else "y")
            yield (
                f"{_name(part)} stands where {_name(right)} should",
                substitute(whole, part, right),
            )


def _layers(whole: Expr, task: Task) -> Iterator[Change]:
    fixed = _ids_inside(whole)
    for part in _everywhere(whole, Name):
        for layer in _other_layers(part.layer):
            right = replace(part, layer=layer)
            yield (
                f"wrong layer superscript: {_show(part, task)} should be {_name(right)}",
                substitute(whole, part, right),
            )
        if part.base == "x":
            right = replace(part, base="z", layer=Layer("", 1))
            yield f"{_show(part, task)} should be {_name(right)}", substitute(whole, part, right)
        if part.base == "z" and part.layer and id(part) not in fixed:
            slopes = Apply(Function("f", part.layer, 1), (replace(part, base="s"),))
            yield (
                rf"the derivative $f'({_tex(replace(part, base='s'))})$ is meant "
                f"at {_show(part, task)}",
                substitute(whole, part, slopes),
            )
        if part.base == "y_hat":
            for layer in (Layer("", 2), Layer("L_max", 0)):
                right = replace(part, base="s", layer=layer)
                yield (
                    f"{_show(part, task)} should be {_name(right)}",
                    substitute(whole, part, right),
                )
        if part.base in ("s", "z", "delta", "b"):
            for base in ("s", "z"):
                if part.base != base:
                    right = replace(part, base=base)
                    yield (
                        f"{_show(part, task)} should be {_name(right)}",
                        substitute(whole, part, right),
                    )
    for part in _everywhere(whole, Derivative | ReluDiagonal | Apply):
        names = list(_everywhere(part, Name))
        layers = {name.layer for name in names}
        if isinstance(part, Apply) and part.function.layer in layers:
            names.append(part.function)
        if len(names) > 1 and len(layers) == 1:
            for layer in _other_layers(next(iter(layers))):
                changed: Expr = part
                for name in names:
                    changed = substitute(changed, name, replace(name, layer=layer))
                yield (
                    f"wrong layer superscript: {_show(part, task)} should be of layer {layer}",
                    substitute(whole, part, changed),
                )


def _renamed(whole: Expr, task: Task) -> Iterator[Change]:
    """A quantity that stands for another at every place."""
    named = {part for part in _everywhere(whole, Name) if part.base in ("s", "z", "y_hat")}
    for name in sorted(named, key=lambda name: name.start):
        for layer in (Layer("", 1), Layer("", 2), Layer("L", 0)):
            other = replace(name, base="z", layer=layer)
            changed = whole
            for part in [*_everywhere(whole, Name)]:
                if part == name:
                    changed = substitute(changed, part, other)
            yield f"{_name(name)} should be {_name(other)} at every place", changed


def _other_layers(layer: Layer | None) -> Iterator[Layer]:
    if layer is None:
        return
    for step in (1, -1):
        yield replace(layer, offset=layer.offset + step)
    if not layer.base:
        for number in range(4):
            if abs(number - layer.offset) > 1:
                yield Layer("", number)


def _activations(whole: Expr, task: Task) -> Iterator[Change]:
    """The derivative of an activation is missing, or another stands in its place."""
    layers = [Layer("", 1), Layer("", 2), Layer("L", 0), Layer("L", 1)]
    named = [part for side in sides(task.statement) for part in _everywhere(side, Name)]
    present = {part.layer for part in named if part.layer}
    applied = {id(part.function) for part in _everywhere(whole, Apply)}
    for layer in (layer for layer in layers if layer in present or not layer.base):
        s, z = Name("s", layer), Name("z", layer)
        jacobian = Derivative(z, s)
        text = rf"$\partial {_tex(z)} / \partial {_tex(s)}$"
        for part in _everywhere(whole, Identity | ReluDiagonal | Function):
            if isinstance(part, Function) and (part != Function("I") or id(part) in applied):
                continue
            yield (
                f"the activation's derivative is missing: {_show(part, task)} should be {text}",
                substitute(whole, part, jacobian),
            )
        for part in _everywhere(whole, Product):
            for at in range(len(part.factors) + 1):
                factors = (*part.factors[:at], jacobian, *part.factors[at:])
                yield (
                    f"the activation's derivative is missing: {text}",
                    substitute(whole, part, replace(part, factors=factors)),
                )
        for letter in sorted({part.letter for part in _everywhere(whole, Index)}):
            component = replace(s, indices=(Index(letter),))
            derivative = Derivative(replace(z, indices=(Index(letter),)), component)
            yield (
                "the activation's derivative is missing: "
                rf"$\partial {_tex(z)}_{letter} / \partial {_tex(s)}_{letter}$",
                Product((derivative, whole)),
            )
        slopes = Apply(Function("f", layer, 1), (s,))
        for part in _matrices(whole):
            yield (
                rf"the activation's derivative is missing: $\odot f'({_tex(s)})$",
                substitute(whole, part, Elementwise(part, slopes)),
            )


def _wrong_functions(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Apply):
        for inner in part.arguments:
            applied = next(_everywhere(inner, Apply), None)
            if applied and applied.function == part.function:
                yield (
                    f"the argument of {_show(part.function, task)} is missing "
                    f"before {_show(inner, task)}",
                    substitute(whole, part, Product((applied, inner))),
                )
            if part.function.name == "max" and isinstance(inner, Name):
                own = Function("f", inner.layer)
                yield (
                    f"the wrong activation: {_show(part, task)} should be "
                    rf"$f^{{({inner.layer})}}({_tex(inner)})$",
                    substitute(whole, part, Apply(own, (inner,))),
                )
        layers_of = {name.layer for name in _everywhere(part, Name) if name.layer}
        if part.function.name in ("ReLU", "sigma", "I") and len(layers_of) == 1:
            own = replace(part.function, name="f", layer=layers_of.pop())
            yield (
                rf"the wrong activation: {_show(part.function, task)} should be "
                rf"$f^{{({own.layer})}}{chr(39) * own.primes}$",
                substitute(whole, part.function, own),
            )
    for part in _everywhere(whole, Function):
        for name in ("ReLU", "sigma", "I"):
            if part.name in ("ReLU", "sigma", "I") and name != part.name:
                yield (
                    f"the wrong activation: {_show(part, task)} should be {name}",
                    substitute(whole, part, replace(part, name=name)),
                )


def _factors(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Product):
        for at, factor in enumerate(part.factors):
            rest = part.factors[:at] + part.factors[at + 1 :]
            fewer = rest[0] if len(rest) == 1 else replace(part, factors=rest)
            yield f"the factor {_show(factor, task)} is too much", substitute(whole, part, fewer)
    for part in _everywhere(whole, Add):
        for term in reversed(part.terms):
            flipped = term.of if isinstance(term, Negative) else Negative(term)
            yield f"the sign of {_show(term, task)} is wrong", substitute(whole, term, flipped)
    for part in _everywhere(whole, Number):
        for value in (0, 1, 2):
            if part.value != value:
                yield (
                    f"{_show(part, task)} should be {value}",
                    substitute(whole, part, Number(Fraction(value))),
                )


def _denominators(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Derivative):
        for base in "Wbsz":
            if part.by.base in "Wbsz" and base != part.by.base:
                for indices in {part.by.indices, part.by.indices[:1], part.by.indices[1:]}:
                    right = replace(part.by, base=base, indices=indices)
                    yield (
                        f"differentiated by {_show(part.by, task)} where {_name(right)} is meant",
                        substitute(whole, part.by, right),
                    )


def _lengths(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Length):
        for layer in _other_layers(part.of.layer):
            right = replace(part, of=replace(part.of, layer=layer))
            yield (
                f"wrong layer superscript: {_show(part, task)} should be $d_{{{_tex(right.of)}}}$",
                substitute(whole, part, right),
            )


def _squares(whole: Expr, task: Task) -> Iterator[Change]:
    two = Number(Fraction(2))
    for part in _everywhere(whole, Power):
        if part.exponent == two:
            yield (
                f"a vector has no square: its squared norm is meant at {_show(part, task)}",
                substitute(whole, part, replace(part, of=Norm(part.of))),
            )
    for part in _everywhere(whole, Norm):
        yield (
            f"the square of {_show(part, task)} is meant",
            substitute(whole, part, Power(part, two)),
        )


def _elementwise(whole: Expr, task: Task) -> Iterator[Change]:
    """A product, or a vector, where entries are multiplied or a diagonal matrix is meant."""
    for part in _everywhere(whole, Product):
        for first in range(1, len(part.factors)):
            head = part.factors[:first]
            product: Expr = head[0] if first == 1 else replace(part, factors=head)
            for factor in part.factors[first:]:
                product = Elementwise(product, factor)
            message = r"the product entry by entry, $\odot$, is meant before " + _show(
                part.factors[first], task
            )
            yield message, substitute(whole, part, product)
            if part is whole:
                yield (
                    r"a diagonal matrix of the products entry by entry is meant: "
                    r"$\operatorname{diag}(… \odot …)$",
                    Apply(Function("diag"), (product,)),
                )
    for part in _everywhere(whole, Constant):
        yield "the identity matrix is written $I$", substitute(whole, part, Function("I"))
    for part in (whole, *_everywhere(whole, Apply | Elementwise)):
        yield (
            rf"a diagonal matrix is meant: $\operatorname{{diag}}$ of {_show(part, task)}",
            substitute(whole, part, Apply(Function("diag"), (part,))),
        )


def _dashes(whole: Expr, task: Task) -> Iterator[Change]:
    for part in _everywhere(whole, Function):
        if part.name in ("f", "g", "sigma", "ReLU", "I"):
            primes = 0 if part.primes else 1
            is_meant = "the function, not its derivative," if part.primes else "the derivative"
            yield (
                f"{is_meant} is meant at {_show(part, task)}",
                substitute(whole, part, replace(part, primes=primes)),
            )


def _terms(whole: Expr, task: Task) -> Iterator[Change]:
    for layer in (Layer("", 1), Layer("", 2), Layer("L", 0)):
        name = Name("b", layer)
        indices = sorted({part.letter for part in _everywhere(whole, Index)})
        for one in (name, *(replace(name, indices=(Index(letter),)) for letter in indices)):
            yield f"the term {_name(one)} is missing", Add((whole, one))


def _orders(whole: Expr, task: Task) -> Iterator[Change]:
    """Factors of a product that stand at its other end, or an outer product turned round."""
    for part in _everywhere(whole, Product):
        for at, factor in enumerate(part.factors):
            rest = part.factors[:at] + part.factors[at + 1 :]
            for place in range(len(part.factors)):
                factors = (*rest[:place], factor, *rest[place:])
                where = f"in front of {_show(rest[place], task)}" if place < len(rest) else "last"
                yield (
                    f"the factor {_show(factor, task)} belongs {where}",
                    substitute(whole, part, replace(part, factors=factors)),
                )
        for at in range(len(part.factors) - 1):
            one, other = part.factors[at : at + 2]
            for left, right in ((other, Transpose(one)), (Transpose(other), one)):
                factors = (*part.factors[:at], left, right, *part.factors[at + 2 :])
                yield (
                    f"{_show(one, task)} and {_show(other, task)} stand in the wrong order, "
                    "and a transpose is missing",
                    substitute(whole, part, replace(part, factors=factors)),
                )


def _exchanged(whole: Expr, task: Task) -> Iterator[Change]:
    changed = whole
    for part in [*_everywhere(whole, Name)]:
        if part.base in ("y", "y_hat"):
            other = replace(part, base="y_hat" if part.base == "y" else "y")
            changed = substitute(changed, part, other)
    if changed is not whole:
        yield r"$y$ and $\hat y$ are exchanged", changed
    for part in _everywhere(whole, Apply):
        (argument, *others) = part.arguments
        if not others:
            flipped = argument.of if isinstance(argument, Negative) else Negative(argument)
            yield (
                f"the sign of the argument is wrong at {_show(part, task)}",
                substitute(whole, part, replace(part, arguments=(flipped,))),
            )


def _brackets(whole: Expr, task: Task) -> Iterator[Change]:
    """A sum, or a factor, that ends at the next + where it was meant to go on, or goes too far."""
    for part in _everywhere(whole, Sum):
        if isinstance(part.body, Add):
            for at in range(1, len(part.body.terms)):
                inside, outside = part.body.terms[:at], part.body.terms[at:]
                shorter = replace(part, body=replace(part.body, terms=inside))
                yield (
                    f"the sum goes too far: it ends before {_show(outside[0], task)}",
                    substitute(whole, part, Add((shorter, *outside))),
                )
    for part in _everywhere(whole, Add):
        first = part.terms[0]
        if isinstance(first, Product):
            inner = Add((first.factors[-1], *part.terms[1:]))
            yield (
                f"brackets are missing: {_show(first.factors[0], task)} multiplies the whole sum",
                substitute(whole, part, replace(first, factors=(*first.factors[:-1], inner))),
            )
        for at, term in enumerate(part.terms[:-1]):
            for total in _everywhere(term, Sum):
                if total.end == term.end:
                    body = Add((total.body, *part.terms[at + 1 :]))
                    longer = substitute(term, total, replace(total, body=body))
                    terms = (*part.terms[:at], longer)
                    yield (
                        f"the sum ends before {_show(part.terms[at + 1], task)}: "
                        "brackets are missing",
                        substitute(whole, part, replace(part, terms=terms)),
                    )


_ATTEMPTS = (
    _loss_named_l,
    _power_for_layer,
    _targets,
    _transposes,
    _sums,
    _dashes,
    _wrong_functions,
    _layers,
    _lengths,
    _squares,
    _elementwise,
    _activations,
    _swapped,
    _denominators,
    _factors,
    _brackets,
    _terms,
    _missing,
    _indices,
    _moved_transposes,
    _exchanged,
    _renamed,
    _orders,
)
