"""Reads declared networks and losses.

Invariants:

- A definition is closed: a loss is a formula in y_hat, which z of the last layer may stand for, and
  y alone; a network's lines have the fixed form s = W z + b, z = f(s) for the layers 1, 2, ... in
  order, or once for every L.
- A definition is made once: no name stands for two things, and an unknown name is an error.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from .. import reading
from .. import syntax as t
from ..algebra.budget import NoRule
from ..networks.network import ACTIVATIONS, Case, Loss, Network, Values
from ..reading import BOOK, CannotRead, Names
from .formula import elaborate
from .matrix import Misfit
from .scope import Scope


class DefinitionError(ValueError):
    """A declaration that does not have the form of one."""


@cache
def declared() -> tuple[dict[str, Loss], dict[str, Network]]:
    """The losses and networks that the package keeps."""
    text = resources.files("texcheck.networks").joinpath("declared.toml").read_text("utf-8")
    data = tomllib.loads(text, parse_float=Fraction)
    losses = {name: loss_of(name, tex) for name, tex in data["losses"].items()}
    networks: dict[str, Network] = {}
    for name, lines in data["networks"].items():
        if "like" in lines:
            networks[name] = _with_values(name, networks[lines["like"]], lines["values"])
        else:
            networks[name] = network_of(name, losses=losses, **lines)
    return losses, networks


def network_named(name: str) -> Network:
    """A network that the package declares. Raises ValueError for an unknown name."""
    networks = declared()[1]
    if name not in networks:
        raise ValueError(f"expected a network ({', '.join(networks)}), got {name!r}")
    return networks[name]


def loss_of(name: str, tex: str, names: Names = BOOK, depth: int = 0) -> Loss:
    """A loss from its displayed equation, of so many layers, 0 for any. Raises DefinitionError."""
    equation = _equation(tex, names)
    last = [("z", layer) for layer in (t.Layer("L_max", 0), t.Layer("", depth))]  # it is y_hat
    zs = [p for p in equation.right.nodes if isinstance(p, t.Name) and (p.base, p.layer) in last]
    right = t.replaced(equation.right, ((z, replace(z, base="y_hat", layer=None)) for z in zs))
    if equation.left != t.Name("ell", None) or equation.conditions:
        raise DefinitionError(rf"expected \ell on the left, and no condition: {tex}")
    for part in t.walk(right):
        match part:
            case t.Name(base="y" | "y_hat", layer=None):
                continue
            case t.Name() | t.Derivative() | t.Gradient() | t.LayerCount() | t.Restricted():
                raise DefinitionError(f"expected y_hat and y alone on the right: {tex}")
            case t.Function(name="f" | "g" | "MSE" | "BCE" | "loss" | "Linear"):
                raise DefinitionError(f"expected a function that is known: {tex}")
    scope = Scope(Case(1), {})
    try:
        number = elaborate(scope, right).is_number
    except (Misfit, NoRule) as error:
        raise DefinitionError(f"{tex}: {error}") from error
    if not number or scope.letters:
        raise DefinitionError(f"expected a number, and no free index: {tex}")
    return Loss(name, right)


def network_of(
    name: str,
    lines: Sequence[str],
    loss: Sequence[str],
    losses: Mapping[str, Loss],
    numbered: int = 0,
    names: Names = BOOK,
) -> Network:
    """A network from its lines. `loss` names losses, "" is any. Raises DefinitionError."""
    for one in {*loss} - {"", *losses}:
        raise DefinitionError(f"expected a declared loss, got {one!r}")
    found = tuple(losses[one] if one else None for one in loss)
    equations = [_equation(tex, names) for tex in lines]
    every = t.Layer("L", 0)
    if len(equations) == 2 and getattr(equations[0].left, "layer", None) == every:
        named = _activation(equations[0], equations[1], every, False)
        shared = not any(isinstance(p, t.Function) and p.layer for p in equations[1].nodes)
        return Network(name, None, (named,), found, numbered, shared=shared)
    if len(equations) % 2 or not equations:
        raise DefinitionError(r"expected two lines a layer, and at most a loss in \hat y and y")
    depth = len(equations) // 2
    activations = tuple(
        _activation(first, second, t.Layer("", at + 1), at + 1 == depth)
        for at, (first, second) in enumerate(zip(equations[::2], equations[1::2], strict=True))
    )
    applied = [one.right.function for one in equations[1::2] if isinstance(one.right, t.Apply)]
    if t.Function("f") in applied and [one.name for one in applied].count("f") > 1:
        raise DefinitionError("expected the layer of each f, as in f^{(1)}")
    layered = any(one.layer for one in applied)
    return Network(name, depth, activations, found, numbered, layered=layered)


def _equation(tex: str, names: Names) -> t.Equation:
    try:
        statements = reading.read(tex, names)
    except CannotRead as error:
        raise DefinitionError(f"{tex}: {error}") from error
    if len(statements) != 1 or not isinstance(statements[0], t.Equation):
        raise DefinitionError(f"expected one equation: {tex}")
    return statements[0]


def _activation(first: t.Equation, second: t.Equation, layer: t.Layer, last: bool) -> str:
    """The activation of a layer, "" for any; both lines must have the fixed form.

    A bare g is that of the last layer; of two layers, a bare f is that of the first.
    """
    below = t.Layer(layer.base, layer.offset - 1)
    inputs = [t.Name("z", below), *([t.Name("x", None)] if layer.offset == 1 else [])]
    s, bias, weight = (t.Name(letter, layer) for letter in "sbW")
    sums = [t.Add((t.Product((weight, one)), bias)) for one in inputs]
    if first.left != s or first.right not in sums or first.conditions or second.conditions:
        raise DefinitionError(f"expected s = W z + b of layer {layer}")
    outputs = [t.Name("z", layer), *([t.Name("y_hat", None)] if last else [])]
    if second.left in outputs:
        match second.right:
            case t.Name() as inner if inner == s:
                return "I"
            case t.Apply(t.Function(name=name, layer=at, primes=0), (inner,)) if inner == s:
                if name in ACTIVATIONS and at is None:
                    return name
                bare = last if name == "g" else not (last and layer.offset == 2)
                if name in ("f", "g") and (at == layer or (at is None and bare)):
                    return ""
    raise DefinitionError(f"expected z = f(s) of layer {layer}")


def _with_values(name: str, like: Network, data: Mapping[str, Any]) -> Network:
    """A network with its numbers: x and y, and W and b of each layer."""
    values: Values = {}
    for key, rows in data.items():
        place = ("z", 0) if key == "x" else (key[0], int(key[1:] or 0))
        values[place] = tuple(tuple(Fraction(one) for one in row) for row in rows)
    widths = (len(values["z", 0]), *(len(values["b", at + 1]) for at in range(like.depth or 0)))
    return Network(name, like.depth, like.activations, like.losses, 0, widths, values)
