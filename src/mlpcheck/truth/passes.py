"""The right passes of the network, with every step replaceable by what a student wrote instead.

RIGHT holds the right function of each step; a row of the registry offers others for the same step.
One that does not fit the shapes raises ValueError, as PyTorch raises RuntimeError. None changes its
arguments.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import torch

from mlpcheck.truth.cases import ACTIVATE, ACTIVATIONS, Array, Loss, Point


def activation(name: str, s: Array) -> Array:
    return np.asarray(ACTIVATE[name](torch.from_numpy(s)))


relu, sigmoid, identity = (partial(activation, name) for name in ACTIVATIONS)


def slope(name: str, s: Array) -> Array:
    """The derivative of an activation at s: eq:c19-1, eq:c20-1, eq:e03."""
    return slope_by_value(name, sigmoid(s) if name == "sigmoid" else s)


def slope_by_value(name: str, z: Array) -> Array:
    """The same from the activation's value: z > 0 for s > 0."""
    if name == "sigmoid":
        return z * (1 - z)
    return (z > 0) * 1.0 if name == "relu" else np.ones_like(z)


class Layer(NamedTuple):
    """What an error is computed from: activations, s and z, dl/dz, and s of the other layer."""

    name: str
    other: str
    s: Array
    z: Array
    dz: Array
    s_other: Array
    z_other: Array
    x: Array


class End(NamedTuple):
    """What a gradient is computed from: the error, and the arrays that may be taken for z."""

    delta: Array
    right: Array
    x: Array
    other: Array  # the gradient of the other layer's parameter of the same kind, by these errors
    s1: Array
    z1: Array
    s2: Array
    y_hat: Array


def cross_entropy(y: Array, y_hat: Array) -> Array:
    """The elements of eq:f03, as BCELoss bounds the logarithms."""
    return -y * np.maximum(np.log(y_hat), -100) - (1 - y) * np.maximum(np.log(1 - y_hat), -100)


def entropy_slope(y: Array, y_hat: Array) -> Array:
    """The elements of eq:f04, as BCELoss bounds the denominator."""
    return (y_hat - y) / np.maximum(y_hat * (1 - y_hat), 1e-12)


# The steps, and what is right at each. A loss's gradient is multiplied by the number of elements.
RIGHT: dict[str, Any] = {
    "choice": ("f", "g"), "times": (1, 1), "after": (False, False),
    "relu": relu, "sigmoid": sigmoid, "identity": identity, "output": identity,
    **{f"linear {L}": lambda z, W, b: z @ W.T + b for L in (1, 2)},
    **{f"slope of {name}": lambda a, name=name: slope(name, a.s) for name in ACTIVATIONS},
    "error": lambda a: a.dz * slope(a.name, a.s),
    "back": lambda delta2, p: delta2 @ p.W2,  # by the point p
    **{f"weights {L}": lambda e: e.delta.T @ e.right for L in (1, 2)},
    "bias": lambda e: e.delta.sum(axis=0),
    "mse_loss loss": lambda y, p: np.mean((p - y) ** 2),
    "bce_loss loss": lambda y, p: np.mean(cross_entropy(y, p)),
    "mse_loss dJdy_hat": lambda y, p: 2 * (p - y),
    "bce_loss dJdy_hat": entropy_slope,
}  # fmt: skip
ERROR, BACK = RIGHT["error"], RIGHT["back"]
FORWARD = ("choice", "times", "linear 1", "linear 2", "after", "relu", "sigmoid", "identity",
           "output")  # fmt: skip
# Those that lead to a quantity of the network; of a loss each has a step of its own name.
STEPS = {
    "y_hat": FORWARD, "dJdW2": ("error 2", "weights 2"), "dJdb2": ("error 2", "bias"),
    "dJdW1": ("error 2", "error 1", "back", "weights 1"),
    "dJdb1": ("error 2", "error 1", "back", "bias"),
}  # fmt: skip


def forward(point: Point, steps: Sequence[Any] = ()) -> tuple[Array, ...]:
    """s1, z1, s2 and y_hat: eq:deep-network for two layers; `steps` are those of FORWARD."""
    do = RIGHT | dict(zip(FORWARD, steps, strict=False))
    f, g = (do[getattr(point, name, name)] for name in do["choice"])
    late1, late2 = do["after"]  # whether b1 and b2 are added after the activation
    s1 = z1 = do["linear 1"](point.x, point.W1, (1 - late1) * point.b1)
    for _ in range(do["times"][0]):
        z1 = f(z1)
    s2 = y_hat = do["linear 2"](z1 + late1 * point.b1, point.W2, (1 - late2) * point.b2)
    for _ in range(do["times"][1]):
        y_hat = g(y_hat)
    return s1, z1, s2, do["output"](y_hat + late2 * point.b2)


# What a hypothesis gives in a case depends on few of its steps: those of the two activations. So
# errors and gradients are kept by these, and serve many hypotheses, and every submission.

Error = Callable[[Layer], Array]


class Errors(NamedTuple):
    """How the error of the layer behind f or g is computed, by what that activation is."""

    layer: str
    sigmoid: Error
    relu: Error
    identity: Error


values = cache(forward)  # the right s1, z1, s2 and y_hat, for a point alone


@cache
def delta2(p: Point, error: Error = ERROR) -> Array:
    """The error of layer 2, computed in this way: eq:c18-4."""
    s1, z1, s2, y_hat = values(p)
    return error(Layer(p.g, p.f, s2, y_hat, p.d, s1, z1, p.x))


@cache
def delta1(p: Point, error2: Error = ERROR, error1: Error = ERROR, back: Any = BACK) -> Array:
    """The error of layer 1, by the error of layer 2 and the way back from it: eq:c18-2."""
    s1, z1, s2, y_hat = values(p)
    return error1(Layer(p.f, p.g, s1, z1, back(delta2(p, error2), p), s2, y_hat, p.x))


@lru_cache(maxsize=1 << 18)
def gradient(name: str, p: Point, *steps: Any) -> Array:
    """A gradient by the steps of delta2 or delta1 and a last one: eq:c18-1, eq:c26-1."""
    *before, final = steps
    ends = [(delta2(p, before[0]), values(p)[1]), (delta1(p, *before), p.x)]
    (delta, z), (second, right) = ends if name.endswith("2") else reversed(ends)
    other = second.T @ right if "W" in name else second.sum(axis=0)
    return np.asarray(final(End(delta, z, p.x, other, *values(p))))


def predicted(name: str, case: Point | Loss, *steps: Any) -> Array:
    """A quantity by these steps, of an error those for the layer's activation."""
    steps = used(steps, case)
    if isinstance(case, Loss):
        result = np.asarray(steps[0](case.y, case.y_hat))
        return result if name.endswith(" loss") else result / case.y.size
    return forward(case, steps)[3] if name == "y_hat" else gradient(name, case, *steps)


def used(steps: tuple[Any, ...], case: Point | Loss) -> tuple[Any, ...]:
    """What counts of the steps in this case: of each error that of the layer's activation."""
    return tuple(getattr(s, getattr(case, s.layer)) if isinstance(s, Errors) else s for s in steps)
