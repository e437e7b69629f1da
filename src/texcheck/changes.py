"""Small changes of a formula, one at a time, each with what it says about the original.

They are what students and printers get wrong; `diagnose` tries them in the order of `ATTEMPTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from types import UnionType
from typing import Any, TypeAlias

from .syntax import (
    Add,
    Apply,
    Constant,
    Derivative,
    Elementwise,
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
    Sum,
    Transpose,
    bare_functions,
    sides,
    substitute,
    walk,
)
from .tasks import Task

# A formula changed in one place, and what that change says about the original.
Change: TypeAlias = tuple[str, Expr]


def show(node: Expr, task: Task) -> str:
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


def everywhere(whole: Expr, kinds: type | UnionType) -> Iterator[Any]:
    for part in walk(whole):
        if isinstance(part, kinds):
            yield part


def _loss_named_l(whole: Expr, task: Task) -> Iterator[Change]:
    for part in everywhere(whole, Derivative):
        if isinstance(part.of, LayerCount):
            yield (
                r"$L$ is the layer's number; the loss is $\ell$",
                substitute(whole, part.of, Name("ell", None)),
            )


def _power_for_layer(whole: Expr, task: Task) -> Iterator[Change]:
    for part in everywhere(whole, Power):
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
    for part in everywhere(whole, Transpose):
        yield (
            f"a transpose too much: {show(part, task)} without it",
            substitute(whole, part, part.of),
        )
    if not isinstance(whole, Transpose):
        yield "the transpose of the right one: a transpose is missing", Transpose(whole)
    for part in _matrices(whole):
        yield (
            f"a transpose is missing at {show(part, task)}",
            substitute(whole, part, Transpose(part, start=part.start, end=part.end)),
        )


def _moved_transposes(whole: Expr, task: Task) -> Iterator[Change]:
    for part in everywhere(whole, Transpose):
        without = substitute(whole, part, part.of)
        for other in _matrices(without):
            if other is not part.of:
                yield (
                    f"the transpose stands at the wrong factor: it belongs to {show(other, task)}",
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
        for part in everywhere(whole, Derivative | Length | Identity | ReluDiagonal)
        for inner in walk(part)
        if inner is not part
    }


def _sums(whole: Expr, task: Task) -> Iterator[Change]:
    letters = sorted({part.letter for part in everywhere(whole, Index)})
    for letter in letters:
        yield f"the sum over {letter} is missing", Sum((letter,), None, None, whole)
    for part in everywhere(whole, Sum):
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
    for part in everywhere(whole, Name):
        if len(part.indices) == 2 and part.indices[0] != part.indices[1]:
            yield (
                f"the two indices of {show(part, task)} are swapped",
                substitute(whole, part, replace(part, indices=part.indices[::-1])),
            )
    for part in everywhere(whole, Product):
        for at in range(len(part.factors) - 1):
            factors = list(part.factors)
            first, second = factors[at : at + 2]
            factors[at : at + 2] = second, first
            message = f"{show(first, task)} and {show(second, task)} stand in the wrong order"
            if second == Transpose(first):
                message = "an outer product, a matrix: the transpose belongs to the first factor"
            yield message, substitute(whole, part, replace(part, factors=tuple(factors)))


def _missing(whole: Expr, task: Task) -> Iterator[Change]:
    """A vector or a matrix of weights is missing in a product."""
    letters = {part.letter for side in sides(task.statement) for part in everywhere(side, Index)}
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
        for part in everywhere(whole, Product):
            for at in range(len(part.factors) + 1):
                factors = (*part.factors[:at], name, *part.factors[at:])
                yield message, substitute(whole, part, replace(part, factors=factors))


def _indices(whole: Expr, task: Task) -> Iterator[Change]:
    letters = sorted({part.letter for part in everywhere(whole, Index)})
    for part in everywhere(whole, Name | Kronecker):
        for index in part.indices if isinstance(part, Name) else (part.first, part.second):
            if isinstance(index, Index):
                for letter in letters:
                    if letter != index.letter:
                        yield (
                            f"index {index.letter} of {show(part, task)} should be {letter}",
                            substitute(whole, index, Index(letter)),
                        )


def _targets(whole: Expr, task: Task) -> Iterator[Change]:
    for part in everywhere(whole, Name):
        if part.base in ("y", "y_hat"):
            right = replace(part, base="y_hat" if part.base == "y" else "y")
            yield (
                f"{_name(part)} stands where {_name(right)} should",
                substitute(whole, part, right),
            )


def _layers(whole: Expr, task: Task) -> Iterator[Change]:
    fixed = _ids_inside(whole)
    for part in everywhere(whole, Name):
        for layer in _other_layers(part.layer):
            right = replace(part, layer=layer)
            yield (
                f"wrong layer superscript: {show(part, task)} should be {_name(right)}",
                substitute(whole, part, right),
            )
        if part.base == "x":
            right = replace(part, base="z", layer=Layer("", 1))
            yield f"{show(part, task)} should be {_name(right)}", substitute(whole, part, right)
        if part.base == "z" and part.layer and id(part) not in fixed:
            slopes = Apply(Function("f", part.layer, 1), (replace(part, base="s"),))
            yield (
                rf"the derivative $f'({_tex(replace(part, base='s'))})$ is meant "
                f"at {show(part, task)}",
                substitute(whole, part, slopes),
            )
        if part.base == "y_hat":
            for layer in (Layer("", 2), Layer("L_max", 0)):
                right = replace(part, base="s", layer=layer)
                yield (
                    f"{show(part, task)} should be {_name(right)}",
                    substitute(whole, part, right),
                )
        if part.base in ("s", "z", "delta", "b"):
            for base in ("s", "z"):
                if part.base != base:
                    right = replace(part, base=base)
                    yield (
                        f"{show(part, task)} should be {_name(right)}",
                        substitute(whole, part, right),
                    )
    for part in everywhere(whole, Derivative | ReluDiagonal | Apply):
        names = list(everywhere(part, Name))
        layers = {name.layer for name in names}
        if isinstance(part, Apply) and part.function.layer in layers:
            names.append(part.function)
        if len(names) > 1 and len(layers) == 1:
            for layer in _other_layers(next(iter(layers))):
                changed: Expr = part
                for name in names:
                    changed = substitute(changed, name, replace(name, layer=layer))
                yield (
                    f"wrong layer superscript: {show(part, task)} should be of layer {layer}",
                    substitute(whole, part, changed),
                )


def _renamed(whole: Expr, task: Task) -> Iterator[Change]:
    """A quantity that stands for another at every place."""
    named = {part for part in everywhere(whole, Name) if part.base in ("s", "z", "y_hat")}
    for name in sorted(named, key=lambda name: name.start):
        for layer in (Layer("", 1), Layer("", 2), Layer("L", 0)):
            other = replace(name, base="z", layer=layer)
            changed = whole
            for part in [*everywhere(whole, Name)]:
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
    named = [part for side in sides(task.statement) for part in everywhere(side, Name)]
    present = {part.layer for part in named if part.layer}
    applied = {id(part.function) for part in everywhere(whole, Apply)}
    for layer in (layer for layer in layers if layer in present or not layer.base):
        s, z = Name("s", layer), Name("z", layer)
        jacobian = Derivative(z, s)
        text = rf"$\partial {_tex(z)} / \partial {_tex(s)}$"
        for part in everywhere(whole, Identity | ReluDiagonal | Function):
            if isinstance(part, Function) and (part != Function("I") or id(part) in applied):
                continue
            yield (
                f"the activation's derivative is missing: {show(part, task)} should be {text}",
                substitute(whole, part, jacobian),
            )
        for part in everywhere(whole, Product):
            for at in range(len(part.factors) + 1):
                factors = (*part.factors[:at], jacobian, *part.factors[at:])
                yield (
                    f"the activation's derivative is missing: {text}",
                    substitute(whole, part, replace(part, factors=factors)),
                )
        for letter in sorted({part.letter for part in everywhere(whole, Index)}):
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
    for part in everywhere(whole, Apply):
        for inner in part.arguments:
            applied = next(everywhere(inner, Apply), None)
            if applied and applied.function == part.function:
                yield (
                    f"the argument of {show(part.function, task)} is missing "
                    f"before {show(inner, task)}",
                    substitute(whole, part, Product((applied, inner))),
                )
            if part.function.name == "max" and isinstance(inner, Name):
                own = Function("f", inner.layer)
                yield (
                    f"the wrong activation: {show(part, task)} should be "
                    rf"$f^{{({inner.layer})}}({_tex(inner)})$",
                    substitute(whole, part, Apply(own, (inner,))),
                )
        layers_of = {name.layer for name in everywhere(part, Name) if name.layer}
        if part.function.name in ("ReLU", "sigma", "I") and len(layers_of) == 1:
            own = replace(part.function, name="f", layer=layers_of.pop())
            yield (
                rf"the wrong activation: {show(part.function, task)} should be "
                rf"$f^{{({own.layer})}}{chr(39) * own.primes}$",
                substitute(whole, part.function, own),
            )
    for part in everywhere(whole, Function):
        for name in ("ReLU", "sigma", "I"):
            if part.name in ("ReLU", "sigma", "I") and name != part.name:
                yield (
                    f"the wrong activation: {show(part, task)} should be {name}",
                    substitute(whole, part, replace(part, name=name)),
                )


def _factors(whole: Expr, task: Task) -> Iterator[Change]:
    for part in everywhere(whole, Product):
        for at, factor in enumerate(part.factors):
            rest = part.factors[:at] + part.factors[at + 1 :]
            fewer = rest[0] if len(rest) == 1 else replace(part, factors=rest)
            yield f"the factor {show(factor, task)} is too much", substitute(whole, part, fewer)
    for part in everywhere(whole, Add):
        for term in reversed(part.terms):
            flipped = term.of if isinstance(term, Negative) else Negative(term)
            yield f"the sign of {show(term, task)} is wrong", substitute(whole, term, flipped)
    for part in everywhere(whole, Number):
        for value in (0, 1, 2):
            if part.value != value:
                yield (
                    f"{show(part, task)} should be {value}",
                    substitute(whole, part, Number(Fraction(value))),
                )


def _denominators(whole: Expr, task: Task) -> Iterator[Change]:
    for part in everywhere(whole, Derivative):
        for base in "Wbsz":
            if part.by.base in "Wbsz" and base != part.by.base:
                for indices in {part.by.indices, part.by.indices[:1], part.by.indices[1:]}:
                    right = replace(part.by, base=base, indices=indices)
                    yield (
                        f"differentiated by {show(part.by, task)} where {_name(right)} is meant",
                        substitute(whole, part.by, right),
                    )


def lengths(whole: Expr, task: Task) -> Iterator[Change]:
    for part in everywhere(whole, Length):
        for layer in _other_layers(part.of.layer):
            right = replace(part, of=replace(part.of, layer=layer))
            yield (
                f"wrong layer superscript: {show(part, task)} should be $d_{{{_tex(right.of)}}}$",
                substitute(whole, part, right),
            )


def _squares(whole: Expr, task: Task) -> Iterator[Change]:
    two = Number(Fraction(2))
    for part in everywhere(whole, Power):
        if part.exponent == two:
            yield (
                f"a vector has no square: its squared norm is meant at {show(part, task)}",
                substitute(whole, part, replace(part, of=Norm(part.of))),
            )
    for part in everywhere(whole, Norm):
        yield (
            f"the square of {show(part, task)} is meant",
            substitute(whole, part, Power(part, two)),
        )


def _elementwise(whole: Expr, task: Task) -> Iterator[Change]:
    """A product, or a vector, where entries are multiplied or a diagonal matrix is meant."""
    for part in everywhere(whole, Product):
        for first in range(1, len(part.factors)):
            head = part.factors[:first]
            product: Expr = head[0] if first == 1 else replace(part, factors=head)
            for factor in part.factors[first:]:
                product = Elementwise(product, factor)
            message = r"the product entry by entry, $\odot$, is meant before " + show(
                part.factors[first], task
            )
            yield message, substitute(whole, part, product)
            if part is whole:
                yield (
                    r"a diagonal matrix of the products entry by entry is meant: "
                    r"$\operatorname{diag}(… \odot …)$",
                    Apply(Function("diag"), (product,)),
                )
    for part in everywhere(whole, Constant):
        yield "the identity matrix is written $I$", substitute(whole, part, Function("I"))
    for part in (whole, *everywhere(whole, Apply | Elementwise)):
        yield (
            rf"a diagonal matrix is meant: $\operatorname{{diag}}$ of {show(part, task)}",
            substitute(whole, part, Apply(Function("diag"), (part,))),
        )


def _dashes(whole: Expr, task: Task) -> Iterator[Change]:
    for part in everywhere(whole, Function):
        if part.name in ("f", "g", "sigma", "ReLU", "I"):
            primes = 0 if part.primes else 1
            is_meant = "the function, not its derivative," if part.primes else "the derivative"
            yield (
                f"{is_meant} is meant at {show(part, task)}",
                substitute(whole, part, replace(part, primes=primes)),
            )


def _terms(whole: Expr, task: Task) -> Iterator[Change]:
    for layer in (Layer("", 1), Layer("", 2), Layer("L", 0)):
        name = Name("b", layer)
        indices = sorted({part.letter for part in everywhere(whole, Index)})
        for one in (name, *(replace(name, indices=(Index(letter),)) for letter in indices)):
            yield f"the term {_name(one)} is missing", Add((whole, one))


def _orders(whole: Expr, task: Task) -> Iterator[Change]:
    """Factors of a product that stand at its other end, or an outer product turned round."""
    for part in everywhere(whole, Product):
        for at, factor in enumerate(part.factors):
            rest = part.factors[:at] + part.factors[at + 1 :]
            for place in range(len(part.factors)):
                factors = (*rest[:place], factor, *rest[place:])
                where = f"in front of {show(rest[place], task)}" if place < len(rest) else "last"
                yield (
                    f"the factor {show(factor, task)} belongs {where}",
                    substitute(whole, part, replace(part, factors=factors)),
                )
        for at in range(len(part.factors) - 1):
            one, other = part.factors[at : at + 2]
            for left, right in ((other, Transpose(one)), (Transpose(other), one)):
                factors = (*part.factors[:at], left, right, *part.factors[at + 2 :])
                yield (
                    f"{show(one, task)} and {show(other, task)} stand in the wrong order, "
                    "and a transpose is missing",
                    substitute(whole, part, replace(part, factors=factors)),
                )


def _exchanged(whole: Expr, task: Task) -> Iterator[Change]:
    changed = whole
    for part in [*everywhere(whole, Name)]:
        if part.base in ("y", "y_hat"):
            other = replace(part, base="y_hat" if part.base == "y" else "y")
            changed = substitute(changed, part, other)
    if changed is not whole:
        yield r"$y$ and $\hat y$ are exchanged", changed
    for part in everywhere(whole, Apply):
        (argument, *others) = part.arguments
        if not others:
            flipped = argument.of if isinstance(argument, Negative) else Negative(argument)
            yield (
                f"the sign of the argument is wrong at {show(part, task)}",
                substitute(whole, part, replace(part, arguments=(flipped,))),
            )


def _brackets(whole: Expr, task: Task) -> Iterator[Change]:
    """A sum, or a factor, that ends at the next + where it was meant to go on, or goes too far."""
    for part in everywhere(whole, Sum):
        if isinstance(part.body, Add):
            for at in range(1, len(part.body.terms)):
                inside, outside = part.body.terms[:at], part.body.terms[at:]
                shorter = replace(part, body=replace(part.body, terms=inside))
                yield (
                    f"the sum goes too far: it ends before {show(outside[0], task)}",
                    substitute(whole, part, Add((shorter, *outside))),
                )
    for part in everywhere(whole, Add):
        first = part.terms[0]
        if isinstance(first, Product):
            inner = Add((first.factors[-1], *part.terms[1:]))
            yield (
                f"brackets are missing: {show(first.factors[0], task)} multiplies the whole sum",
                substitute(whole, part, replace(first, factors=(*first.factors[:-1], inner))),
            )
        for at, term in enumerate(part.terms[:-1]):
            for total in everywhere(term, Sum):
                if total.end == term.end:
                    body = Add((total.body, *part.terms[at + 1 :]))
                    longer = substitute(term, total, replace(total, body=body))
                    terms = (*part.terms[:at], longer)
                    yield (
                        f"the sum ends before {show(part.terms[at + 1], task)}: "
                        "brackets are missing",
                        substitute(whole, part, replace(part, terms=terms)),
                    )


# In this order, so that the likelier mistake is named first.
ATTEMPTS: tuple[Callable[[Expr, Task], Iterator[Change]], ...] = (
    _loss_named_l,
    _power_for_layer,
    _targets,
    _transposes,
    _sums,
    _dashes,
    _wrong_functions,
    _layers,
    lengths,
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
