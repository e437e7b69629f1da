"""A second opinion: evaluates the syntax tree in numbers, with autograd, and knows no terms.

A statement is evaluated on random networks of widths 1 to 6 and depths 1 to 6, at random points and
at points of small whole numbers, where the kinks of ReLU, sign and the absolute value lie. Every
value is a matrix (a number is 1 x 1); where there is no value stands NaN. Derivatives are those of
autograd, with the quantity that is differentiated by held: what lies before it is constant.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch

from texcheck import syntax as t

Tensor = torch.Tensor
TOLERANCE = 1e-10
MOST_TERMS = 700
_NAN = torch.tensor(float("nan"), dtype=torch.float64)


class NoOpinion(Exception):
    """The oracle cannot evaluate this: a size that nothing fixes, or a rare notation."""


class Meaningless(Exception):
    """The statement has no meaning at these widths: shapes that do not fit."""


def number(value: float) -> Tensor:
    return torch.tensor([[float(value)]], dtype=torch.float64)


def relu(s: Tensor) -> Tensor:
    return torch.relu(s)


def sigma(s: Tensor) -> Tensor:
    return torch.sigmoid(s)


def where_defined(good: Tensor, value: Tensor) -> Tensor:
    return torch.where(good, value, _NAN)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "ReLU": relu, "sigma": sigma, "I": lambda s: s, "tanh": torch.tanh,
    # an activation that no rule knows: what holds for every activation holds for it
    "odd": lambda s: torch.sin(1.3 * s) + 0.3 * s * s,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    **ACTIVATIONS,
    "sign": torch.sign,
    "exp": torch.exp,
    "log": lambda v: where_defined(v > 0, torch.log(torch.where(v > 0, v, 1.0))),
    "sqrt": lambda v: where_defined(v >= 0, torch.sqrt(torch.where(v > 0, v, 0.0))),
}
TWO_LAYERS = {
    "regression": (("ReLU", "I"), "MSE"),
    "sigmoid-mse": (("sigma", "sigma"), "MSE"),
    "sigmoid-bce": (("sigma", "sigma"), "BCE"),
}


@dataclass(frozen=True)
class World:
    """A network at one point: its numbers, what is held, the values of letters, of L and of s."""

    activations: tuple[str, ...]
    loss: str
    widths: tuple[int, ...]
    given: dict[tuple[str, int], Tensor]
    held: dict[tuple[str, int], Tensor] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)
    layer: int = 0
    scope: t.Node | None = None  # the whole statement: it says how far letters run

    @property
    def depth(self) -> int:
        return len(self.activations)

    def quantity(self, base: str, layer: int) -> Tensor:
        """x, y, W, b, s, z, delta, ell by forward computation from what is given or held."""
        key = (base, layer)
        if key in self.held:
            return self.held[key]
        if key in self.given:
            return self.given[key]
        if base == "s" and 1 <= layer <= self.depth:
            before = self.quantity("z", layer - 1)
            return self.quantity("W", layer) @ before + self.quantity("b", layer)
        if base == "z" and 1 <= layer <= self.depth:
            return ACTIVATIONS[self.activations[layer - 1]](self.quantity("s", layer))
        if base == "ell":
            return loss(self.loss, self.quantity("z", self.depth), self.quantity("y", 0))
        if base == "delta" and 1 <= layer <= self.depth:
            return self.jacobian(lambda w: w.quantity("ell", 0), ("s", layer)).mT
        raise Meaningless(f"no {base} of layer {layer}")

    def slopes(self, value: Callable[[World], Tensor], by: tuple[str, int]) -> Tensor:
        """Of each entry by each entry of what is differentiated by: four axes."""
        at = self.quantity(*by)

        def function(held: Tensor) -> Tensor:
            return value(replace(self, held={**self.held, by: held}))

        found = torch.autograd.functional.jacobian(function, at, create_graph=True)
        return torch.where(function(at).isnan()[:, :, None, None], _NAN, found)

    def jacobian(self, value: Callable[[World], Tensor], by: tuple[str, int]) -> Tensor:
        """Numerator layout; by a matrix, the layout of its transpose."""
        found = self.slopes(value, by)
        if found.shape[1] != 1 or (by[0] == "W" and found.shape[0] != 1):
            raise Meaningless("a derivative that is no matrix")
        return found[0, 0].mT if by[0] == "W" else found[:, 0, :, 0]


def loss(name: str, output: Tensor, target: Tensor) -> Tensor:
    if name == "MSE":
        return ((output - target) ** 2).sum().reshape(1, 1)
    log = FUNCTIONS["log"]
    each = target * log(output) + (1 - target) * log(1 - output)
    return -each.mean().reshape(1, 1)


@dataclass(frozen=True)
class Open:
    """An identity matrix, a bold 1 or 0, a unit vector: of whatever size fits beside it."""

    kind: str
    value: float = 1.0
    turned: bool = False

    def fitted(self, rows: int | None, columns: int | None) -> Tensor:
        size = columns if self.turned else rows
        size = size if size is not None and (self.kind != "I" or size) else columns
        if size is None:
            raise NoOpinion("a size that nothing fixes")
        if self.kind == "I":
            return torch.eye(size, dtype=torch.float64)
        column = torch.full((size, 1), self.value, dtype=torch.float64)
        if self.kind == "e":
            column = torch.zeros(size, 1, dtype=torch.float64)
            column[int(self.value), 0] = 1.0
        return column.mT if self.turned else column


Value = Tensor | Open


def is_number(value: Value) -> bool:
    return isinstance(value, Tensor) and value.shape == (1, 1)


def closed(value: Value) -> Tensor:
    if isinstance(value, Open):
        raise NoOpinion("a size that nothing fixes")
    return value


def product(a: Value, b: Value) -> Value:
    if isinstance(a, Open) and isinstance(b, Open):
        raise NoOpinion("two sizes that nothing fixes")
    if isinstance(a, Open):
        a = a.fitted(None if a.turned else b.shape[0], b.shape[0]) if not is_number(b) else a
    if isinstance(b, Open):
        b = b.fitted(closed(a).shape[1], closed(a).shape[1]) if not is_number(a) else b
    if is_number(a) or is_number(b):
        if isinstance(a, Open) or isinstance(b, Open):
            raise NoOpinion("a multiple of a size that nothing fixes")
        return a * b
    if a.shape[1] != b.shape[0]:
        raise Meaningless("a product that does not fit")
    return a @ b


def together(a: Value, b: Value, combine: Callable[[Tensor, Tensor], Tensor]) -> Value:
    """Entry by entry: of one shape, or a number beside anything."""
    if isinstance(a, Open) and isinstance(b, Open):
        raise NoOpinion("two sizes that nothing fixes")
    if isinstance(a, Open):
        a = a.fitted(*closed(b).shape)
    if isinstance(b, Open):
        b = b.fitted(*closed(a).shape)
    if a.shape != b.shape and not is_number(a) and not is_number(b):
        raise Meaningless("two shapes that differ")
    return combine(a, b)


# -- the tree --------------------------------------------------------------------------------------


def whole_number(node: t.Expr, world: World) -> int:
    """The value of an index, a length or L."""
    match node:
        case t.Number(value):
            return int(value)
        case t.Index(letter):
            if letter in world.letters:
                return world.letters[letter]
        case t.Length(of):
            return max(world.quantity(*key_of(of, world)).shape)
        case t.LayerCount(layer):
            return layer.at(world.layer, world.depth)
        case t.Add(terms):
            return sum(whole_number(term, world) for term in terms)
        case t.Negative(of):
            return -whole_number(of, world)
        case t.Product(factors):
            return math.prod(whole_number(factor, world) for factor in factors)
    raise NoOpinion(f"no whole number: {node}")


BASES = {"x": ("z", 0), "y": ("y", 0), "ell": ("ell", 0)}


def layer_of(name: t.Name, world: World) -> int:
    if name.base == "y_hat":
        return world.depth
    if name.base in BASES:
        return BASES[name.base][1]
    return name.layer.at(world.layer, world.depth) if name.layer else -1


def key_of(name: t.Name, world: World) -> tuple[str, int]:
    base = "z" if name.base == "y_hat" else BASES.get(name.base, (name.base,))[0]
    return base, layer_of(name, world)


def value(node: t.Expr, world: World) -> Value:
    """The value of a formula: a matrix, or of a size that its neighbour fixes."""
    rule = RULES.get(type(node))
    if rule is None:
        raise NoOpinion(type(node).__name__)
    return rule(node, world)


def tensor(node: t.Expr, world: World) -> Tensor:
    return closed(value(node, world))


def component(of: Tensor, indices: tuple[t.Expr, ...], world: World) -> Tensor:
    shape = of.shape if len(indices) == 2 else (max(of.shape),)
    if len(indices) == 1 and 1 not in of.shape:
        raise Meaningless("one index of a matrix")
    picks: list[slice] = []
    for index, size in zip(indices, shape, strict=True):
        if isinstance(index, t.Whole):
            picks.append(slice(None))
            continue
        at = whole_number(index, world)
        if not 0 <= at < size:
            raise Meaningless("an index out of its range")
        picks.append(slice(at, at + 1))
    if len(picks) == 1:
        return of[picks[0], :] if of.shape[1] == 1 else of[:, picks[0]]
    return of[picks[0], picks[1]]


def name(node: t.Name, world: World) -> Value:
    if node.variant and node.base == "ell":
        kind = node.variant.upper()
        return loss(kind, world.quantity("z", world.depth), world.quantity("y", 0))
    if node.base in ("s", "eta") and node.layer is None:
        return number(0.7) if node.base == "eta" else world.given["free", 0]
    if node.layer is None and node.base not in ("x", "y", "y_hat", "ell"):
        raise NoOpinion("a quantity without its layer")
    found = world.quantity(*key_of(node, world))
    return component(found, node.indices, world) if node.indices else found


def add(node: t.Add, world: World) -> Value:
    total: Value | None = None
    plain = None
    for term in node.terms:
        if isinstance(term, t.Dots):
            raise NoOpinion("dots in a sum")
        literal = all(isinstance(p, t.Number | t.Negative | t.Quotient) for p in t.walk(term))
        found = value(term, world)
        if total is not None:
            if isinstance(found, Tensor) and isinstance(total, Tensor):
                spread = literal or plain
                if found.shape != total.shape and not spread:
                    raise Meaningless("a sum of two shapes")
            found = together(total, found, lambda a, b: a + b)
        plain = literal and plain is not False
        total = found
    assert total is not None
    return total


def times(node: t.Times, world: World) -> Value:
    left, right = value(node.left, world), value(node.right, world)
    if node.sign in ("times", "*") and not (is_number(left) or is_number(right)):
        raise Meaningless("× between matrices")
    columns = all(isinstance(one, Tensor) and one.shape[1] == 1 for one in (left, right))
    if node.sign == "inner" or (columns and not (is_number(left) or is_number(right))):
        left, right = closed(left), closed(right)
        if left.shape != right.shape:
            raise Meaningless("an inner product that does not fit")
        return (left * right).sum().reshape(1, 1)
    return product(left, right)


def power(node: t.Power, world: World) -> Value:
    of = tensor(node.of, world)
    exponent = whole_number(node.exponent, world)
    if not node.elementwise and not is_number(of) and of.shape[0] != of.shape[1]:
        raise Meaningless("a power of a vector")
    if not node.elementwise and not is_number(of):
        return torch.linalg.matrix_power(of, exponent)
    return of**exponent if exponent >= 0 else where_defined(of != 0, of**exponent)


def quotient(node: t.Quotient, world: World) -> Value:
    def divided(top: Tensor, bottom: Tensor) -> Tensor:
        safe = torch.where(bottom == 0, 1.0, bottom)
        return where_defined(bottom != 0, top / safe)

    top, bottom = value(node.top, world), value(node.bottom, world)
    if not is_number(bottom) and is_number(top) and isinstance(bottom, Tensor):
        top = top * torch.ones_like(bottom)
    return together(top, bottom, divided)


def transpose(node: t.Transpose, world: World) -> Value:
    of = value(node.of, world)
    return replace(of, turned=not of.turned) if isinstance(of, Open) else of.mT


def sum_(node: t.Sum, world: World) -> Value:
    total: Value = number(0.0)
    for letters in assignments(node.letters, node.body, world, node.low, node.high):
        inside = replace(world, letters=letters)
        if all(bool(tensor(one, inside) == 1) for one in node.conditions):
            found = value(node.body, inside)
            total = found if total is None else together(total, found, lambda a, b: a + b)
    return total


def derivative(node: t.Derivative, world: World) -> Value:
    by, indices = key_of(node.by, world), node.by.indices
    if not indices:
        return world.jacobian(lambda inside: tensor(node.of, inside), by)
    if any(isinstance(index, t.Whole) for index in indices):
        raise NoOpinion("a derivative by a row or a column")
    found = world.slopes(lambda inside: tensor(node.of, inside), by)
    at = [whole_number(index, world) for index in indices]
    if len(at) != (2 if by[0] == "W" else 1):
        raise Meaningless("the wrong number of indices")
    if not all(0 <= n < size for n, size in zip(at, found.shape[2:], strict=False)):
        raise Meaningless("an index out of its range")
    return found[:, :, at[0], at[1] if len(at) == 2 else 0]


def gradient(node: t.Gradient, world: World) -> Value:
    if not is_number(tensor(node.of, world)):
        raise Meaningless("the gradient of what is no number")
    by = replace(node.by, indices=())
    whole = closed(derivative(t.Derivative(node.of, by), world)).mT
    return component(whole, node.by.indices, world) if node.by.indices else whole


def restricted(node: t.Restricted, world: World) -> Value:
    if node.by.indices:
        raise NoOpinion("a component that is given a value")
    raise NoOpinion("a value after the derivative")


def activation(function: t.Function, argument: t.Expr, world: World) -> str:
    """The name of the function that f, g or a name stands for."""
    if function.name not in ("f", "g"):
        return function.name
    if function.layer is not None:
        layer = function.layer.at(world.layer, world.depth)
    else:
        layers = {layer_of(part, world) for part in t.walk(argument) if isinstance(part, t.Name)}
        layer = world.depth if function.name == "g" else 1
        if world.depth > 2 or world.layer:
            layer = layers.pop() if len(layers) == 1 else layer
    if not 1 <= layer <= world.depth:
        raise Meaningless("no activation of this layer")
    return world.activations[layer - 1]


def sloped(function: Callable[[Tensor], Tensor], primes: int) -> Callable[[Tensor], Tensor]:
    """The function, differentiated so often, entry by entry."""
    if primes == 0:
        return function

    def slope(at: Tensor) -> Tensor:
        if not at.requires_grad:
            at = at.detach().requires_grad_()
        total = sloped(function, primes - 1)(at).sum()
        if not total.requires_grad:
            return torch.zeros_like(at)
        (found,) = torch.autograd.grad(total, at, create_graph=True, allow_unused=True)
        return torch.zeros_like(at) if found is None else found

    return slope


def apply(node: t.Apply, world: World) -> Value:
    function, arguments = node.function, node.arguments
    if any(isinstance(one, t.Dots) for one in arguments):
        raise NoOpinion("dots in a list")
    if function.name in ("MSE", "BCE", "loss"):
        output, target = (tensor(one, world) for one in arguments)
        return loss(world.loss if function.name == "loss" else function.name, output, target)
    if function.name == "Linear":
        layer = function.layer.at(world.layer, world.depth) if function.layer else 0
        weights, bias = world.quantity("W", layer), world.quantity("b", layer)
        return together(product(weights, tensor(arguments[0], world)), bias, lambda a, b: a + b)
    if function.name in ("max", "min"):
        return extreme(function.name, arguments, world)
    (argument,) = arguments
    of = tensor(argument, world)
    if function.name == "diag":
        if of.shape[1] != 1:
            raise Meaningless("diag of no column")
        return torch.diag(of[:, 0])
    if function.name == "tr":
        if of.shape[0] != of.shape[1]:
            raise Meaningless("the trace of no square")
        return of.trace().reshape(1, 1)
    chosen = FUNCTIONS.get(activation(function, argument, world))
    if chosen is None:
        raise NoOpinion(function.name)
    return sloped(chosen, function.primes)(of)


def extreme(kind: str, arguments: tuple[t.Expr, ...], world: World) -> Value:
    sign = 1 if kind == "max" else -1
    first, second = (value(one, world) for one in arguments)
    if isinstance(arguments[1], t.Number | t.Constant):
        first, second = second, first
    return together(first, second, lambda a, b: a + sign * torch.relu(sign * (b - a)))


def indicator(node: t.Indicator, world: World) -> Value:
    if node.relation in ("=", "neq"):
        same = whole_number(node.left, world) == whole_number(node.right, world)
        return number(same == (node.relation == "="))
    compare = {">": torch.gt, "<": torch.lt, "ge": torch.ge, "le": torch.le}[node.relation]

    def holds(a: Tensor, b: Tensor) -> Tensor:
        return where_defined(~(a + b).isnan(), compare(a, b).double())

    return together(value(node.left, world), value(node.right, world), holds)


def cases(node: t.Cases, world: World) -> Value:
    total: Value = number(float("nan"))
    left: Value = number(1.0)
    for one, condition in zip(node.values, node.conditions, strict=True):
        holds = left if condition is None else tensor(condition, world)
        if bool(((closed(left) == 0) & (holds == 1) & (closed(holds) == 1)).any()):
            raise Meaningless("two cases that hold at once")
        found = value(one, world)
        total = together(together(holds, found, lambda h, v: torch.where(h == 1, v, _NAN)), total,
                         lambda new, old: torch.where(new.isnan(), old, new))  # fmt: skip
        left = together(left, holds, lambda a, b: a * (1 - b))
    return total


def norm(node: t.Norm, world: World) -> Value:
    of = tensor(node.of, world)
    if node.subscript in ("1", "2") and 1 not in of.shape:
        raise Meaningless("such a norm of a matrix is another one")
    return torch.linalg.norm(of, 1 if node.subscript == "1" else None).reshape(1, 1)


def relu_diagonal(node: t.ReluDiagonal, world: World) -> Value:
    return torch.diag((tensor(node.of, world) > 0).double()[:, 0])


def identity(node: t.Identity, world: World) -> Value:
    if node.rows is None:
        return Open("I")
    rows = whole_number(node.rows, world)
    if node.columns is not None and whole_number(node.columns, world) != rows:
        raise Meaningless("an identity matrix that is not square")
    return torch.eye(rows, dtype=torch.float64)


def constant(node: t.Constant, world: World) -> Value:
    column = Open("1", float(node.value))
    return column if node.length is None else column.fitted(whole_number(node.length, world), None)


def chained(node: t.Product, world: World) -> Value:
    found = value(node.factors[0], world)
    for factor in node.factors[1:]:
        found = product(found, value(factor, world))
    return found


RULES: dict[type, Callable[..., Value]] = {
    t.Number: lambda node, world: number(float(node.value)),
    t.Index: lambda node, world: number(whole_number(node, world)),
    t.Length: lambda node, world: number(whole_number(node, world)),
    t.LayerCount: lambda node, world: number(whole_number(node, world)),
    t.Name: name,
    t.Local: lambda node, world: value(node.of, world),
    t.Kronecker: lambda node, world: number(
        whole_number(node.first, world) == whole_number(node.second, world)
    ),
    t.Unit: lambda node, world: Open("e", whole_number(node.index, world)),
    t.Constant: constant,
    t.Identity: identity,
    t.ReluDiagonal: relu_diagonal,
    t.Add: add,
    t.Negative: lambda node, world: -tensor(node.of, world),
    t.Product: chained,
    t.Times: times,
    t.Elementwise: lambda node, world: together(
        value(node.left, world), value(node.right, world), lambda a, b: a * b
    ),
    t.Quotient: quotient,
    t.Power: power,
    t.Transpose: transpose,
    t.Sum: sum_,
    t.Derivative: derivative,
    t.Gradient: gradient,
    t.Restricted: restricted,
    t.Function: lambda node, world: sloped(FUNCTIONS[activation(node, node, world)], node.primes)(
        number(0.3)
    ),
    t.Apply: apply,
    t.Component: lambda node, world: component(tensor(node.of, world), node.indices, world),
    t.Indicator: indicator,
    t.Cases: cases,
    t.Norm: norm,
    t.Absolute: lambda node, world: tensor(node.of, world).abs(),
}


# -- matrices with dots ----------------------------------------------------------------------------


def between(first: t.Expr, last: t.Expr, at: int) -> t.Expr:
    """The cell `at` places behind the first one, on the way to the last one."""
    if first == last:
        return first
    if isinstance(first, t.Number) and isinstance(last, t.Add | t.Length | t.Number):
        return t.Number(first.value + at)
    if type(first) is not type(last):
        raise NoOpinion("two cells of different forms")

    def step(a: object, b: object) -> object:
        if isinstance(a, tuple):
            return tuple(map(step, a, b))
        return between(a, b, at) if isinstance(a, t.Node) else a

    return replace(first, **{key: step(getattr(first, key), getattr(last, key))
                             for key in first.names})  # fmt: skip


def steps(first: t.Expr, last: t.Expr, world: World) -> int | None:
    """How many places lie from the first cell to the last one, if their indices say."""
    if isinstance(first, t.Number) and isinstance(last, t.Add | t.Length | t.Number):
        return whole_number(last, world) - int(first.value) if first != last else None
    found = (steps(a, b, world) for a, b in zip(first.parts, last.parts, strict=False))
    return next((one for one in found if one is not None), None)


def line(cells: list[t.Expr], size: int | None, world: World) -> list[t.Expr]:
    """A row or a column with its dots filled in."""
    at = next((n for n, cell in enumerate(cells) if isinstance(cell, t.Dots)), None)
    if at is None:
        return cells
    if at == 0 or at == len(cells) - 1:
        raise Meaningless("dots at the edge of a matrix")
    before, after = cells[:at], cells[at + 1 :]
    far = steps(before[0], after[-1], world)
    size = far + 1 if far is not None else size
    if size is None:
        raise NoOpinion("a size that nothing fixes")
    missing = size - len(before) - len(after)
    if missing < 0:
        raise NoOpinion("fewer entries than are written out")
    start = before[-1]
    return [*before, *(between(start, after[0], n) for n in range(1, missing + 1)), *after]


def written(node: t.Written, world: World) -> Value:
    if len({len(row) for row in node.rows}) != 1:
        raise Meaningless("rows of different lengths")
    rows = [list(row) for row in node.rows]
    dots = [n for n, row in enumerate(rows) if isinstance(row[0], t.Dots)]
    plain = [row for n, row in enumerate(rows) if n not in dots]
    if any(isinstance(cell, t.Blank) for row in rows for cell in row):
        raise NoOpinion("an empty cell")
    if not any(steps(row[0], row[-1], world) is not None for row in plain) and len(rows[0]) > 1:
        raise NoOpinion("a pattern along the diagonal")
    filled = [line(row, None, world) for row in plain]
    if len({len(row) for row in filled}) != 1:
        raise Meaningless("rows of different lengths")
    if dots:
        columns = [
            line([*column[: dots[0]], t.Dots("vdots"), *column[dots[0] :]], None, world)
            for column in zip(*filled, strict=True)
        ]
        if len({len(column) for column in columns}) != 1:
            raise Meaningless("columns of different lengths")
        filled = [list(row) for row in zip(*columns, strict=True)]
    parts = [[tensor(cell, world) for cell in row] for row in filled]
    heights = [{part.shape[0] for part in row} for row in parts]
    widths = {sum(part.shape[1] for part in row) for row in parts}
    if len(widths) > 1 or any(len(found) > 1 for found in heights):
        raise Meaningless("cells of sizes that do not fit")
    return torch.cat([torch.cat(row, dim=1) for row in parts], dim=0)


RULES[t.Written] = written


# -- letters and statements ------------------------------------------------------------------------


def sizes(letter: str, node: t.Node, world: World) -> set[int]:
    """How many values a letter has, by each place where it stands as an index."""
    found: set[int] = set()
    for part in free_parts(node, letter):
        if isinstance(part, t.Name) and part.indices:
            whole = world.quantity(*key_of(part, world))
            shape = whole.shape if len(part.indices) == 2 else (max(whole.shape),)
            found |= {
                size
                for index, size in zip(part.indices, shape, strict=False)
                if index == t.Index(letter)
            }
        if isinstance(part, t.Component) and t.Index(letter) in part.indices:
            world_at_0 = replace(world, letters=dict.fromkeys(letters_of(part), 0))
            shape = tensor(part.of, world_at_0).shape
            shape = shape if len(part.indices) == 2 else (max(shape),)
            found |= {
                size
                for index, size in zip(part.indices, shape, strict=True)
                if index == t.Index(letter)
            }
    return found


def free_parts(node: t.Node, letter: str) -> Iterator[t.Node]:
    """The parts of a formula in which a letter is not bound by a sum."""
    yield node
    for part in node.parts:
        if not (isinstance(part, t.Sum) and letter in part.letters):
            yield from free_parts(part, letter)


def letters_of(node: t.Node) -> set[str]:
    return {part.letter for part in t.walk(node) if isinstance(part, t.Index)}


def assignments(
    letters: tuple[str, ...],
    node: t.Node,
    world: World,
    low: t.Expr | None = None,
    high: t.Expr | None = None,
) -> Iterator[dict[str, int]]:
    """All values of some letters within a formula, beside those that have one."""
    ranges = []
    for letter in letters:
        if low is not None and high is not None:
            ranges.append(range(whole_number(low, world), whole_number(high, world) + 1))
            continue
        found = sizes(letter, node, world)
        for part in free_parts(
            node, letter
        ):  # a letter that is compared with another has its values
            if isinstance(part, t.Kronecker | t.Indicator) and letter in letters_of(part):
                for other in letters_of(part) - {letter}:
                    found |= sizes(other, node, world) or sizes(other, world.scope or node, world)
        if not found:
            raise NoOpinion(f"nothing says how far {letter} runs")
        if len(found) > 1:
            raise Meaningless(f"{letter} counts the entries of two lengths")
        ranges.append(range(found.pop()))
    if math.prod(map(len, ranges)) > MOST_TERMS:
        raise NoOpinion("too many terms")
    for chosen in itertools.product(*ranges):
        yield {**world.letters, **dict(zip(letters, chosen, strict=True))}


def holds(condition: t.Condition, world: World) -> bool:
    match condition:
        case t.Assume(function, assumed):
            return activation(function, function, world) == assumed.name
        case t.Range(letter, first, last):
            at = world.layer if letter == "L" else world.letters.get(letter, 0)
            end = at if last is None else whole_number(last, world)
            return whole_number(first, world) <= at <= end
        case t.Indicator():
            return bool(closed(indicator(condition, world)) == 1)


def claims(statement: t.Statement, world: World) -> bool:
    """Whether the statement holds in this world: for every value of its free letters."""
    world = replace(world, scope=statement)
    if isinstance(statement, t.Equation | t.Comparison):
        free = {
            part.letter
            for letter in letters_of(statement)
            for part in free_parts(statement, letter)
            if isinstance(part, t.Index) and part.letter == letter
        }
        for letters in assignments(tuple(sorted(free)), statement, world):
            here = replace(world, letters=letters)
            if all(holds(one, here) for one in statement.conditions) and not agree(statement, here):
                return False
        return True
    if isinstance(statement, t.ShapeClaim):
        if not all(holds(one, world) for one in statement.conditions):
            return True
        letters = dict.fromkeys(letters_of(statement.value), 0)
        of = tensor(statement.value, replace(world, letters=letters))
        rows, columns = (whole_number(one, world) for one in (statement.rows, statement.columns))
        return tuple(of.shape) == (rows, columns)
    if isinstance(statement, t.Update):
        slope = gradient(t.Gradient(t.Name("ell", None), statement.left), world)
        moved = tensor(statement.left, world) - 0.7 * closed(slope)
        return bool((moved - tensor(statement.right, world)).abs().max() < TOLERANCE)
    if isinstance(statement, t.RangeClaim) and statement.range.letter != "L":
        first, last = (
            whole_number(one, world) for one in (statement.range.first, statement.range.last)
        )
        runs = {
            size for one in statement.about for size in sizes(statement.range.letter, one, world)
        }
        return min(first, last) == 0 and runs == {max(first, last) + 1}
    raise NoOpinion(type(statement).__name__)


def agree(statement: t.Equation | t.Comparison, world: World) -> bool:
    left, right = value(statement.left, world), value(statement.right, world)
    if isinstance(left, Open) and isinstance(right, Open):
        raise NoOpinion("a size that nothing fixes")
    if isinstance(left, Open):
        left = left.fitted(*closed(right).shape)
    if isinstance(right, Open):
        right = right.fitted(*left.shape)
    if left.shape != right.shape:
        plain = any(isinstance(one, t.Number) for one in (statement.left, statement.right))
        if not plain:
            raise Meaningless("two shapes that differ")
        left, right = torch.broadcast_tensors(left, right)
    if isinstance(statement, t.Comparison):
        compare = {">": torch.gt, "<": torch.lt, "ge": torch.ge, "le": torch.le, "neq": torch.ne}
        return bool(compare[statement.relation](left, right).all())
    if bool((left.isnan() != right.isnan()).any()):
        return False
    if bool((left.isinf() | right.isinf()).any()):
        raise NoOpinion("too large a number")
    difference = torch.nan_to_num((left - right).abs())
    return bool((difference <= TOLERANCE * (1 + torch.nan_to_num(left.abs()))).all())


def worlds(statement: t.Statement, network: str, seed: int, count: int) -> Iterator[World]:
    """Random networks with the statement's layers: every one of some at small whole numbers."""
    draw = random.Random(seed)
    layers = [part.layer for part in t.walk(statement) if getattr(part, "layer", None)]
    general = any(layer.base for layer in layers) or any(
        isinstance(part, t.LayerCount) for part in t.walk(statement)
    )
    highest = max((layer.offset for layer in layers if not layer.base), default=0)
    least = 1 + max(
        (int(part.value) for part in t.walk(statement) if isinstance(part, t.Number)), default=0
    )
    dots = any(isinstance(part, t.Dots) for part in t.walk(statement))
    least = max(3 if dots else 1, min(least, 4) if least > 1 else 1)
    for n in range(count):
        kinds = [*TWO_LAYERS] if network == "any" else [network]
        if network == "any" and general:
            kinds.append("deep")
        kind = kinds[n % len(kinds)]
        if kind == "deep":
            # without L, the numbers of layers are those of a network of five
            depth = draw.randint(max(2, min(6, highest)), 6) if general else 5
            names = tuple(draw.choice(["ReLU", "sigma", "I", "tanh", "odd"]) for _ in range(depth))
            loss_name = "MSE"
        else:
            names, loss_name = TWO_LAYERS[kind]
        widths = tuple(draw.randint(least, max(6, least)) for _ in range(len(names) + 1))
        for layer in range(1, len(names) + 1) if general else (0,):
            world = World(
                assumed(statement, names, layer) if kind == "deep" else names,
                loss_name, widths, point(draw, widths, n % 2 == 1), layer=layer,
            )  # fmt: skip
            if general and not all(exists(part, world) for part in t.walk(statement)):
                continue
            yield world


def assumed(statement: t.Statement, names: tuple[str, ...], layer: int) -> tuple[str, ...]:
    """The activations, those of a condition as it says."""
    chosen = list(names)
    for one in statement.conditions:
        if isinstance(one, t.Assume) and one.function.layer is not None:
            at = one.function.layer.at(layer, len(names))
            if 1 <= at <= len(names) and one.value.name in ACTIVATIONS:
                chosen[at - 1] = one.value.name
    return tuple(chosen)


def exists(part: t.Node, world: World) -> bool:
    layer = getattr(part, "layer", None)
    if not isinstance(layer, t.Layer):
        return True
    least = 0 if getattr(part, "base", "") == "z" else 1
    return least <= layer.at(world.layer, world.depth) <= world.depth


def point(
    draw: random.Random, widths: tuple[int, ...], whole: bool
) -> dict[tuple[str, int], Tensor]:
    """What is given: x, y, every W and b, and a free number s; whole numbers at kinks."""

    def matrix(rows: int, columns: int) -> Tensor:
        entries = [
            draw.randint(-1, 2) if whole else draw.gauss(0, 1) for _ in range(rows * columns)
        ]
        return torch.tensor(entries, dtype=torch.float64).reshape(rows, columns)

    given = {("z", 0): matrix(widths[0], 1), ("y", 0): matrix(widths[-1], 1).sigmoid()}
    for layer, (columns, rows) in enumerate(itertools.pairwise(widths), start=1):
        given["W", layer], given["b", layer] = matrix(rows, columns), matrix(rows, 1)
    given["free", 0] = number(0 if whole and draw.random() < 0.5 else draw.gauss(0, 1))
    return given


def opinion(statement: t.Statement, network: str, seed: int = 0, count: int = 16) -> bool | None:
    """True where it holds in every world that was tried, False where not; None: no opinion."""
    tried = 0
    for world in worlds(statement, network, seed, count):
        try:
            if not claims(statement, world):
                return False
            tried += 1
        except NoOpinion:
            continue
        except Meaningless:
            return False
    return True if tried else None
