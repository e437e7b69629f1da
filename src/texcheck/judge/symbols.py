"""Edits of one symbol: an index, a layer, a quantity, a number, a function."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from .. import syntax as t
from ..networks.representatives import counted_layer
from ..writing import tex
from .scope import FIRST, FROM_0, SECOND, Change, Changes, Scope, every, name, opposite

_SHOULD_BE = "{part} should be {new}"
_WRONG_LAYER = "wrong layer superscript: {part} should be "
_WRONG_ACTIVATION = f"the wrong activation: {_SHOULD_BE}"
_OUTPUT = {"y": "y_hat", "y_hat": "y"}
_OTHERS: dict[str, tuple[str, ...]] = {"max": ("min",), "min": ("max",)}
_OTHERS |= dict.fromkeys(("ReLU", "sigma", "I"), ("ReLU", "sigma", "I"))


def bounds(whole: t.Expr, scope: Scope) -> Changes:
    """The first or last value of a sum, or the last entry of a written-out vector."""
    for part in every(whole, t.Sum):
        if part.low is not None and part.high is not None:
            runs = f"runs from {scope.show(part.low)} to {scope.show(part.high)}"
            for says, right in (
                (f"{runs}, not over all values: {FROM_0}", replace(part, low=None, high=None)),
                ("begins one later", replace(part, low=t.Add((part.low, t.ONE)))),
                (f"ends one earlier: {FROM_0}", replace(part, high=one_less(part.high))),
            ):
                yield Change(f"the sum over {part.letters[0]} {says}", part, right)
    for matrix in every(whole, t.Written):
        inside = (i for part in every(matrix, t.Name) for i in part.indices)
        less = t.replaced(matrix, ((i, one_less(i)) for i in inside if isinstance(i, t.Length)))
        yield Change(f"the last index is one too high: {FROM_0}", matrix, less)
    for index in (i for part in every(whole, t.Name) for i in part.indices):
        if isinstance(index, t.Length | t.Add):
            yield Change(f"the index {{part}} is one too high: {FROM_0}", index, one_less(index))


def one_less(node: t.Expr) -> t.Expr:
    return t.Add((node, t.Negative(t.ONE)))


def swapped_indices(whole: t.Expr, scope: Scope) -> Changes:
    """The two indices of a matrix."""
    for part in every(whole, t.Name, t.Component):
        if len(part.indices) == 2 and part.indices[0] != part.indices[1]:
            turned = replace(part, indices=part.indices[::-1])
            yield Change("the two indices of {part} are swapped", part, turned)


def other_indices(whole: t.Expr, scope: Scope) -> Changes:
    """Another letter, or another number, at one place; no number that dots go on from."""
    dotted = _dotted(whole)
    for part in every(whole, t.Name, t.Kronecker, t.Component):
        for index in t.indices_of(part):
            others: list[t.Expr] = []
            if isinstance(index, t.Index):
                others = [replace(index, letter=x) for x in scope.letters if x != index.letter]
            elif isinstance(index, t.Number) and id(part) not in dotted:
                nearby = (index.value + 1, index.value - 1)
                others = [replace(index, value=value) for value in nearby if value >= 0]
            for right in others:
                says = f"index {tex(index)} of {scope.show(part)} should be {tex(right)}"
                yield Change(says, index, right)


def _dotted(whole: t.Expr) -> set[int]:
    """The parts of matrices with dots."""
    matrices = (one for one in every(whole, t.Written) if any(every(one, t.Dots)))
    return {id(part) for one in matrices for part in one.nodes}


def other_layers(layer: t.Layer | None) -> Iterator[t.Layer]:
    """The neighbouring layers, then those of a network of three."""
    if layer is None:
        return
    for step in (1, -1):
        if layer.base or layer.offset + step >= 0:
            yield replace(layer, offset=layer.offset + step)
    if not layer.base:
        yield from (t.Layer("", n) for n in range(4) if abs(n - layer.offset) > 1)


def _fixed(whole: t.Expr) -> set[int]:
    """The names that stand under d/d or in a length: other edits change them."""
    under = {id(part.by) for part in every(whole, t.Derivative, t.Gradient, t.Restricted)}
    return under | {id(part.of) for part in every(whole, t.Length)}


def layers(whole: t.Expr, scope: Scope) -> Changes:
    """A wrong layer at one name or function, or at all names of a derivative or an activation."""
    for part in t.outside_lengths(whole):
        if isinstance(part, t.Name | t.Function):
            for layer in other_layers(part.layer):
                yield Change(f"{_WRONG_LAYER}{{new}}", part, replace(part, layer=layer))
    for group in every(whole, t.Derivative, t.ReluDiagonal, t.Apply):
        named: list[t.Name | t.Function] = list(every(group, t.Name))
        found = {one.layer for one in named}
        if isinstance(group, t.Apply) and group.function.layer in found:
            named.append(group.function)
        if len(named) < 2 or len(found) != 1:
            continue
        for layer in other_layers(found.pop()):
            changed = t.replaced(group, ((one, replace(one, layer=layer)) for one in named))
            yield Change(f"{_WRONG_LAYER}of layer {layer}", group, changed)


def letters_of_layers(whole: t.Expr, scope: Scope) -> Changes:
    """A layer as a power, without parentheses."""
    powers = [p for p in every(whole, t.Power) if isinstance(p.of, t.Name) and p.of.layer is None]
    pairs = ((power, counted_layer(power.exponent)) for power in powers)
    layered = [(p, replace(p.of, layer=n)) for p, n in pairs if n and (n.base or n.offset >= 0)]
    for part, fixed in layered:
        yield Change("a layer stands in parentheses: {new}", part, fixed)
    if len(layered) > 1:
        says = "layers stand in parentheses, as in $W^{(1)}$"
        yield Change(says, whole, t.replaced(whole, layered))


def lengths(whole: t.Expr, scope: Scope) -> Changes:
    """A length of another layer."""
    for part in every(whole, t.Length):
        others = [replace(part.of, layer=layer) for layer in other_layers(part.of.layer)]
        other = t.Name("x" if part.of.base != "x" else "y_hat", None)
        for right in map(t.Length, others or [other]):
            yield Change(f"{_WRONG_LAYER}{{new}}" if part.of.layer else _SHOULD_BE, part, right)


def quantities(whole: t.Expr, scope: Scope) -> Changes:
    """A quantity that stands for another: y for ŷ, s for z, x for z."""
    fixed, measured = _fixed(whole), {id(part.of) for part in every(whole, t.Length)}
    kinds = every(whole, t.Derivative, t.ReluDiagonal)
    inside = {id(part) for one in kinds for part in one.of.nodes}
    for part in every(whole, t.Name):
        for right in _meant(part, scope.general) if id(part) not in measured else ():
            if right.base == "delta" and id(part) in inside:
                continue  # no rule says what its derivative is
            both = _OUTPUT.get(part.base) == right.base
            yield Change("{part} stands where {new} should" if both else _SHOULD_BE, part, right)
        if part.base == "z" and part.layer and id(part) not in fixed:
            s = (replace(part, base="s"),)
            slopes = t.Apply(t.Function("f", part.layer, 1), s)
            yield Change(f"the derivative $f'({tex(*s)})$ is meant at {{part}}", part, slopes)


def _meant(part: t.Name, general: bool) -> Iterator[t.Name]:
    """The quantities that a name may stand for by mistake."""
    if part.base in _OUTPUT:
        yield replace(part, base=_OUTPUT[part.base])
    if part.base == "x" and not general:
        yield from (replace(part, base=base, layer=FIRST) for base in "sz")
    if part.base == "y_hat":
        yield replace(part, base="s", layer=t.Layer("L_max", 0) if general else SECOND)
    if part.base in ("s", "z") and part.layer == FIRST:
        yield replace(part, base="x", layer=None)
    if part.base in ("s", "z", "delta", "b"):
        yield from (replace(part, base=base) for base in "sz" if base != part.base)
    if part.base == "s":
        yield replace(part, base="delta")


def exchanged(whole: t.Expr, scope: Scope) -> Changes:
    """y and ŷ exchanged everywhere; one quantity for another everywhere; the sign inside of f."""
    names = list(every(whole, t.Name))
    outputs = [(y, replace(y, base=_OUTPUT[y.base])) for y in names if y.base in _OUTPUT]
    if outputs:
        yield Change(r"$y$ and $\hat y$ are exchanged", whole, t.replaced(whole, outputs))
    named = {part for part in names if part.base in ("s", "z", "y_hat")}
    for one in sorted(named, key=lambda one: one.start):
        for layer in (t.Layer("L", 0),) if scope.general else (FIRST, SECOND):
            other = replace(one, base="z", layer=layer)
            changed = t.replaced(whole, ((part, other) for part in names if part == one))
            yield Change(f"{{part}} should be {name(other)} at every place", one, changed, whole)
    for call in every(whole, t.Apply):
        if len(call.arguments) == 1:
            argument = call.arguments[0]
            says = "the sign of the argument is wrong at {part}"
            yield Change(says, call, opposite(argument), argument)


def denominators(whole: t.Expr, scope: Scope) -> Changes:
    """A derivative by another quantity than the one that is meant."""
    dotted = _dotted(whole)
    for part in every(whole, t.Derivative, t.Gradient):
        for base in "Wbsz" if id(part) not in dotted else "":
            own = part.by.indices
            for inside in dict.fromkeys((own, own[:1], own[1:])):
                fits = len(inside) in (0, 1 + (base == "W")) and bool(inside) == bool(own)
                if part.by.base in "Wbsz" and base != part.by.base and fits:
                    right = replace(part.by, base=base, indices=inside)
                    yield Change("differentiated by {part} where {new} is meant", part.by, right)


def relations(whole: t.Expr, scope: Scope) -> Changes:
    """A comparison that is strict, or one that is not: at 0 they differ, where ReLU' is 0."""
    strict = {"ge": ">", ">": "ge", "le": "<", "<": "le"}
    for part in every(whole, t.Indicator):
        if part.relation in strict:
            right = replace(part, relation=strict[part.relation])
            yield Change(f"{_SHOULD_BE}: ReLU's slope at 0 is 0", part, right)


def dashes(whole: t.Expr, scope: Scope) -> Changes:
    """The function for its derivative, or the reverse."""
    for part in every(whole, t.Function):
        if part.name in ("f", "g", "sigma", "ReLU", "I", "tanh"):
            meant = "the function, not its derivative," if part.primes else "the derivative"
            right = replace(part, primes=0 if part.primes else 1)
            yield Change(f"{meant} is meant at {{part}}", part, right)


def wrong_functions(whole: t.Expr, scope: Scope) -> Changes:
    """Another activation, or a function without its argument."""
    for part in every(whole, t.Apply):
        for inner in part.arguments:
            applied = next(every(inner, t.Apply), None)
            if applied and applied.function == part.function:
                shown = scope.show(part.function)
                says = f"the argument of {shown} is missing before {scope.show(inner)}"
                yield Change(says, part, t.Product((applied, inner)))
            if part.function.name == "max" and isinstance(inner, t.Name) and inner.layer:
                own = t.Apply(t.Function("f", inner.layer), (inner,))
                yield Change(_WRONG_ACTIVATION, part, own)
        found = {one.layer for one in every(part, t.Name) if one.layer}
        if part.function.name in ("ReLU", "sigma", "I", "tanh") and len(found) == 1:
            own_f = replace(part.function, name="f", layer=found.pop())
            yield Change(_WRONG_ACTIVATION, part.function, own_f)
    for function in every(whole, t.Function):
        for other in _OTHERS.get(function.name, ()):
            if other != function.name:
                yield Change(_WRONG_ACTIVATION, function, replace(function, name=other))


def missing_functions(whole: t.Expr, scope: Scope) -> Changes:
    """A function of the statement that a quantity lacks."""
    fixed = _fixed(whole)
    for function in dict.fromkeys(every(scope.statement, t.Function)):
        for bare in every(whole, t.Name) if function.name in ("sigma", "ReLU", "f", "g") else ():
            applied = t.Apply(replace(function, primes=0), (bare,))
            if bare.base in ("s", "x") and id(bare) not in fixed:
                yield Change("the function is missing at {part}: {new}", bare, applied)
    sides = (*scope.statement.parts, *every(whole, t.Norm))
    number = any(isinstance(x, t.Norm) or getattr(x, "base", "") == "ell" for x in sides)
    for layer in scope.layers if not (number or isinstance(whole, t.Apply)) else ():
        applied = t.Apply(t.Function("f", layer), (whole,))
        yield Change("the activation is missing", whole, applied)


def of_the_running_network(whole: t.Expr) -> Changes:
    """K where the running network's 4 stands, which is for a diagnosis alone."""
    for part in every(whole, t.Number):
        if part.value == 4:
            says = "{part} is K of the running network alone: write {new}"
            yield Change(says, part, t.Length(t.Name("y_hat", None)))


def numbers(whole: t.Expr, scope: Scope) -> Changes:
    """Another number."""
    inside = {id(i) for part in every(whole, t.Name, t.Kronecker) for i in t.walk(part)}
    low = {id(part.exponent): 1 for part in every(whole, t.Power)}  # 0^0 is a convention
    for part in every(whole, t.Number):
        if id(part) not in inside:
            for value in dict.fromkeys(map(Fraction, (low.get(id(part), 0), 1, 2, part.value + 1))):
                if value != part.value:
                    what = "the exponent {part}" if id(part) in low else "{part}"
                    yield Change(f"{what} should be {value}", part, replace(part, value=value))
