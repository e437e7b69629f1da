"""What a student may have written instead: each mistake as an option of one step of the network.

The passes below are the right ones, with every step replaceable. Of the options of a step the first
is the right one and has no mistakes. An option that does not fit the shapes raises ValueError, as
PyTorch raises RuntimeError. No option changes its arguments.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from mlpcheck.cases import Array, Loss, Point


class Mistake(NamedTuple):
    """A code of mlpcheck.diagnoses, and the value that its sentence needs."""

    code: str
    value: str = ""


Mistakes = tuple[Mistake, ...]


def _one(code: str, value: str = "") -> Mistakes:
    return (Mistake(code, value),)


# ------------------------------------------------------------------------------ forward

Function = Callable[[Array], Array]


def relu(s: Array) -> Array:
    return np.maximum(s, 0)


def sigmoid(s: Array) -> Array:
    """1 / (1 + exp(-s)), without overflow."""
    e = np.exp(-np.abs(s))
    return np.asarray(np.where(s >= 0, 1, e) / (1 + e))


def identity(s: Array) -> Array:
    return s


def _softmax(axis: int) -> Function:
    def softmax(s: Array) -> Array:
        e = np.exp(s - s.max(axis=axis, keepdims=True))
        return np.asarray(e / e.sum(axis=axis, keepdims=True))

    return softmax


RELUS: list[tuple[Function, Mistakes]] = [
    (relu, ()),
    (lambda s: np.where(s > 0, s, 0.01 * s), _one("relu-wrong", "0.01 s where s < 0")),
    (np.abs, _one("relu-wrong", "the absolute value")),
    (lambda s: np.minimum(s, 0), _one("relu-wrong", "min(0, s)")),
    (lambda s: np.clip(s, 0, 1), _one("relu-wrong", "a value that is cut off at 1")),
    (lambda s: (s > 0) * 1.0, _one("relu-wrong", "1 where s > 0, its derivative")),
    (lambda s: np.maximum(s, 1), _one("relu-wrong", "max(1, s)")),
    (identity, _one("relu-wrong", "s itself")),
    (sigmoid, _one("relu-wrong", "the sigmoid")),
]

SIGMOIDS: list[tuple[Function, Mistakes]] = [
    (sigmoid, ()),
    (lambda s: sigmoid(-s), _one("sigmoid-wrong", "1 / (1 + exp(s))")),
    (np.tanh, _one("sigmoid-wrong", "tanh(s)")),
    (lambda s: 1 / (1 - np.exp(-s)), _one("sigmoid-wrong", "1 / (1 - exp(-s))")),
    (lambda s: np.exp(-s) / (1 - np.exp(-s)), _one("sigmoid-wrong", "exp(-s) / (1 - exp(-s))")),
    (lambda s: 1 + np.exp(-s), _one("sigmoid-wrong", "1 + exp(-s), without 1 /")),
    (lambda s: 1 / 1 + np.exp(-s), _one("sigmoid-wrong", "1 / 1 + exp(-s), without brackets")),
    (lambda s: 1 / np.exp(-s), _one("sigmoid-wrong", "1 / exp(-s)")),
    (lambda s: np.exp(-s), _one("sigmoid-wrong", "exp(-s)")),
    (lambda s: sigmoid(s) * (1 - sigmoid(s)), _one("sigmoid-wrong", "its own derivative")),
    (_softmax(-1), _one("sigmoid-wrong", "a softmax over the units")),
    (_softmax(0), _one("sigmoid-wrong", "a softmax over the batch")),
    (identity, _one("sigmoid-wrong", "s itself")),
    (relu, _one("sigmoid-wrong", "the ReLU")),
    (lambda s: np.exp(s) / (1 + np.exp(s)), _one("sigmoid-overflow")),
]

IDENTITIES: list[tuple[Function, Mistakes]] = [
    (identity, ()),
    (sigmoid, _one("identity-wrong", "the sigmoid")),
    (relu, _one("identity-wrong", "the ReLU")),
]


def _linear(bias: float, transposed: bool) -> Callable[[Array, Array, Array], Array]:
    def linear(z: Array, W: Array, b: Array) -> Array:
        return z @ (W if transposed else W.T) + bias * b

    return linear


def _linears(L: int) -> list[tuple[Callable[[Array, Array, Array], Array], Mistakes]]:
    return [
        (_linear(1, False), ()),
        (_linear(0, False), _one("bias-missing", f"b{L}")),
        (_linear(-1, False), _one("bias-subtracted", f"b{L}")),
        (_linear(1, True), _one("weights-transposed", f"W{L}")),
    ]


LINEAR_1, LINEAR_2 = _linears(1), _linears(2)

Choice = Callable[[str, str], tuple[str, str]]
CHOICES: list[tuple[Choice, Mistakes]] = [
    (lambda f, g: (f, g), ()),
    (lambda f, g: ("identity", g), _one("activation-missing", "f")),
    (lambda f, g: (f, "identity"), _one("activation-missing", "g")),
    (lambda f, g: ("identity", "identity"), _one("activation-missing", "each of f and g")),
    (lambda f, g: (g, f), _one("activation-swapped", "f and g are swapped")),
    (lambda f, g: (f, f), _one("activation-swapped", "f is used in both layers")),
    (lambda f, g: (g, g), _one("activation-swapped", "g is used in both layers")),
    (lambda f, g: ("relu", g), _one("activation-fixed", "layer 1 has the ReLU")),
    (lambda f, g: ("sigmoid", g), _one("activation-fixed", "layer 1 has the sigmoid")),
    (lambda f, g: (f, "relu"), _one("activation-fixed", "layer 2 has the ReLU")),
    (lambda f, g: (f, "sigmoid"), _one("activation-fixed", "layer 2 has the sigmoid")),
    (lambda f, g: ("relu", "relu"), _one("activation-fixed", "both layers have the ReLU")),
    (lambda f, g: ("sigmoid", "sigmoid"), _one("activation-fixed", "both have the sigmoid")),
    (
        lambda f, g: ("relu", "identity"),
        _one("activation-fixed", "layer 1 has the ReLU, layer 2 nothing"),
    ),
    (
        lambda f, g: ("relu", "sigmoid"),
        _one("activation-fixed", "layer 1 has the ReLU, layer 2 the sigmoid"),
    ),
]

TIMES: list[tuple[tuple[int, int], Mistakes]] = [
    ((1, 1), ()),
    ((2, 1), _one("activation-twice", "f")),
    ((1, 2), _one("activation-twice", "g")),
    ((2, 2), _one("activation-twice", "each of f and g")),
]

# Whether b1 and b2 are added after the activation.
AFTER: list[tuple[tuple[bool, bool], Mistakes]] = [
    ((False, False), ()),
    ((True, False), _one("bias-after", "b1")),
    ((False, True), _one("bias-after", "b2")),
    ((True, True), _one("bias-after", "b1 and b2")),
]

OUTPUT: list[tuple[Function, Mistakes]] = [
    (identity, ()),
    (np.transpose, _one("output-transposed")),
]

FORWARD: tuple[list[tuple[Any, Mistakes]], ...] = (
    CHOICES, TIMES, LINEAR_1, LINEAR_2, AFTER, RELUS, SIGMOIDS, IDENTITIES, OUTPUT,
)  # fmt: skip


def forward(
    point: Point,
    choice: Choice = CHOICES[0][0],
    times: tuple[int, int] = (1, 1),
    linear_1: Callable[[Array, Array, Array], Array] = LINEAR_1[0][0],
    linear_2: Callable[[Array, Array, Array], Array] = LINEAR_2[0][0],
    after: tuple[bool, bool] = (False, False),
    relu: Function = relu,
    sigmoid: Function = sigmoid,
    identity: Function = identity,
    output: Function = identity,
) -> tuple[Array, Array, Array, Array]:
    """s1, z1, s2 and y_hat: eq:deep-network for two layers. The options are those of FORWARD."""
    functions = {"relu": relu, "sigmoid": sigmoid, "identity": identity}
    f, g = (functions[name] for name in choice(point.f, point.g))
    b1, late1 = (0 * point.b1, point.b1) if after[0] else (point.b1, 0)
    b2, late2 = (0 * point.b2, point.b2) if after[1] else (point.b2, 0)
    s1 = z1 = linear_1(point.x, point.W1, b1)
    for _ in range(times[0]):
        z1 = f(z1)
    s2 = y_hat = linear_2(z1 + late1, point.W2, b2)
    for _ in range(times[1]):
        y_hat = g(y_hat)
    return s1, z1, s2, output(y_hat + late2)


# ------------------------------------------------------------------------------ backward


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


def slope(name: str, s: Array) -> Array:
    """The derivative of an activation at s: eq:c19-1, eq:c20-1, eq:e03."""
    if name == "sigmoid":
        z = sigmoid(s)
        return z * (1 - z)
    return (s > 0) * 1.0 if name == "relu" else np.ones_like(s)


def slope_by_value(name: str, z: Array) -> Array:
    """The same from the activation's value: z > 0 for s > 0."""
    if name == "sigmoid":
        return z * (1 - z)
    return (z > 0) * 1.0 if name == "relu" else np.ones_like(z)


Factor = Callable[[Layer], Array]  # what dl/dz is multiplied by to give the error


def _slopes(
    name: str, code: str, named: list[tuple[Factor, Mistakes]], shown: dict[str, Factor]
) -> list[tuple[Factor, Mistakes]]:
    """The derivatives of one activation: the right one, and the wrong ones."""
    wrong = [(factor, _one(code, text)) for text, factor in shown.items()]
    return [(lambda a: slope(name, a.s), ()), *named, *wrong]


SLOPES: dict[str, list[tuple[Factor, Mistakes]]] = {
    "sigmoid": _slopes(
        "sigmoid", "sigmoid-derivative",
        [
            (lambda a: slope("sigmoid", a.z), _one("sigmoid-at-z")),
            (lambda a: a.s * (1 - a.s), _one("sigmoid-of-s")),
            (lambda a: np.ones_like(a.s), _one("derivative-missing", "the sigmoid")),
        ],
        {
            "z": lambda a: a.z,
            "1 - z": lambda a: 1 - a.z,
            "z (1 + z)": lambda a: a.z * (1 + a.z),
            "z - 1": lambda a: a.z - 1,
            "z (z - 1)": lambda a: a.z * (a.z - 1),
            "z^2": lambda a: a.z**2,
            "(1 - z)^2": lambda a: (1 - a.z) ** 2,
            "1 - z^2, that of tanh": lambda a: 1 - a.z**2,
            "z (1 - s)": lambda a: a.z * (1 - a.s),
            "s (1 - z)": lambda a: a.s * (1 - a.z),
        },
    ),
    "relu": _slopes(
        "relu", "relu-derivative",
        [
            (lambda a: (a.s >= 0) * 1.0, _one("relu-at-zero")),
            (lambda a: np.heaviside(a.s, 0.5), _one("relu-at-zero")),
        ],
        {
            "1 everywhere": lambda a: np.ones_like(a.s),
            "max(0, s), its value": lambda a: a.z,
            "1 where s < 0": lambda a: (a.s < 0) * 1.0,
            "1 where s <= 0": lambda a: (a.s <= 0) * 1.0,
            "sign(s)": lambda a: np.sign(a.s),
            "-1 where s <= 0": lambda a: np.where(a.s > 0, 1.0, -1.0),
            "0.01 where s < 0": lambda a: np.where(a.s > 0, 1.0, 0.01),
            "1 where the gradient from above is positive": lambda a: (a.dz > 0) * 1.0,
            "1 where s > 1": lambda a: (a.s > 1) * 1.0,
        },
    ),
    "identity": _slopes(
        "identity", "identity-derivative", [],
        {
            "0": lambda a: np.zeros_like(a.s),
            "s": lambda a: a.s,
            "that of the sigmoid": lambda a: slope("sigmoid", a.s),
            "that of the ReLU": lambda a: slope("relu", a.s),
        },
    ),
}  # fmt: skip

Error = Callable[[Layer], Array]


def _by_name(**factors: Factor) -> Error:
    """The right error, but for the activations that have another derivative here."""
    return lambda a: a.dz * (factors[a.name](a) if a.name in factors else slope(a.name, a.s))


def _each_activation() -> list[tuple[Error, Mistakes]]:
    """A wrong derivative of one activation, and then of two."""
    ones = [
        (_by_name(**{name: factor}), wrong)
        for name, factors in SLOPES.items()
        for factor, wrong in factors[1:]
    ]
    missing = {_one("derivative-missing", "the sigmoid"), _one("relu-derivative", "1 everywhere")}
    twos = [
        (_by_name(**{name: factor, other: second}), (*wrong, *wrong_too))
        for name, other in combinations(SLOPES, 2)
        for factor, wrong in SLOPES[name][1:]
        for second, wrong_too in SLOPES[other][1:]
        if {wrong, wrong_too} != missing  # that is no derivative at all
    ]
    return ones + twos


def _place(shown: str, factor: Factor) -> tuple[Error, Mistakes]:
    return lambda a: a.dz * factor(a), _one("derivative-wrong-place", f"{{layer}} is {shown}")


# {layer} stands for f or g, whichever layer the option is used in.
ERRORS: list[tuple[Error, Mistakes]] = [
    (_by_name(), ()),
    (lambda a: a.dz + 0, _one("derivative-missing", "{layer}")),
    (lambda a: a.dz * slope(a.other, a.s), _one("derivative-swapped", "{layer}")),
    (lambda a: a.dz * slope("relu", a.s), _one("derivative-fixed", "the ReLU")),
    (lambda a: a.dz * slope("sigmoid", a.s), _one("derivative-fixed", "the sigmoid")),
    (lambda a: a.dz * slope(a.name, a.s) ** 2, _one("derivative-twice", "{layer}")),
    _place("taken at s of the other layer", lambda a: slope(a.name, a.s_other)),
    _place("taken at z of the other layer", lambda a: slope_by_value(a.name, a.z_other)),
    _place("taken at x", lambda a: slope(a.name, a.x)),
    _place("taken at the gradient from above", lambda a: slope(a.name, a.dz)),
    _place("replaced by the activation itself", lambda a: a.z),
    (lambda a: slope(a.name, a.s), _one("derivative-not-multiplied")),
    *_each_activation(),
]


class Way(NamedTuple):
    """What leads back from layer 2 to layer 1: its error, and what it is computed from."""

    delta2: Array
    d: Array
    W1: Array
    W2: Array


def _einsum(a: Array, b: Array) -> Array:
    """The matrix product as einsum forms it: it repeats a summed axis of length 1."""
    return a @ (b if a.shape[1] > 1 else b.sum(axis=0, keepdims=True))


BACK: list[tuple[Callable[[Way], Array], Mistakes]] = [
    (lambda w: w.delta2 @ w.W2, ()),
    (lambda w: w.delta2, _one("weights-missing")),
    (lambda w: w.delta2.sum(axis=1, keepdims=True) + 0 * w.W2[:1], _one("weights-missing")),
    (lambda w: w.delta2 @ w.W2.T, _one("weights-not-transposed")),
    (lambda w: _einsum(w.delta2, w.W2.T), _one("weights-not-transposed")),
    (lambda w: w.delta2 @ w.W1, _one("wrong-weights")),
    (lambda w: w.delta2 @ w.W1.T, _one("wrong-weights")),
    (lambda w: w.d @ w.W2, _one("wrong-error")),
    (lambda w: w.d @ w.W2.T, _one("wrong-error") + _one("weights-not-transposed")),
]


class End(NamedTuple):
    """What a gradient is computed from: the error, and the arrays that may be taken for z."""

    delta: Array
    right: Array
    x: Array
    s1: Array
    z1: Array
    s2: Array
    y_hat: Array
    other: Array  # the right gradient of the other layer's parameter of the same kind


Final = Callable[[End], Array]


def _inputs(*names: str) -> list[tuple[Final, Mistakes]]:
    def product(name: str) -> Final:
        return lambda e: e.delta.T @ np.asarray(getattr(e, name))

    return [(product(name), _one("wrong-input", name)) for name in names]


def _weights(*wrong_inputs: str) -> list[tuple[Final, Mistakes]]:
    return [
        (lambda e: e.delta.T @ e.right, ()),
        (lambda e: e.right.T @ e.delta, _one("transposed")),
        *_inputs(*wrong_inputs),
        (lambda e: np.outer(e.delta[-1], e.right[-1]), _one("last-sample", "last")),
        (lambda e: np.outer(e.delta[0], e.right[0]), _one("last-sample", "first")),
        (lambda e: np.outer(e.delta.sum(0), e.right.sum(0)), _one("product-of-sums")),
        (lambda e: np.outer(e.delta.mean(0), e.right.mean(0)), _one("product-of-sums")),
        (lambda e: e.other, _one("keys-swapped")),
        (lambda e: np.zeros((e.delta.shape[1], e.right.shape[1])), _one("gradient-zero")),
    ]


WEIGHTS_2, WEIGHTS_1 = _weights("s1", "x", "y_hat", "s2"), _weights("z1", "s1", "y_hat")
BIASES: list[tuple[Final, Mistakes]] = [
    (lambda e: e.delta.sum(axis=0), ()),
    (lambda e: e.delta, _one("bias-not-summed")),
    (lambda e: e.delta[-1], _one("last-sample", "last")),
    (lambda e: e.delta[0], _one("last-sample", "first")),
    (lambda e: e.delta.sum(axis=1), _one("bias-wrong-axis")),
    (lambda e: np.full(e.delta.shape[1], e.delta.sum()), _one("bias-total")),
    (lambda e: e.delta.sum(), _one("bias-total")),
    (lambda e: e.other, _one("keys-swapped")),
    (lambda e: np.zeros(e.delta.shape[1]), _one("gradient-zero")),
]

# ------------------------------------------------------------------------------ losses

Pair = Callable[[Array, Array], Any]
EPSILONS = tuple(10.0**-k for k in range(3, 17))


def _cross_entropy(y: Array, y_hat: Array) -> Array:
    """The elements of eq:f03, as BCELoss bounds the logarithms."""
    return -y * np.maximum(np.log(y_hat), -100) - (1 - y) * np.maximum(np.log(1 - y_hat), -100)


def _entropy_slope(y: Array, y_hat: Array) -> Array:
    """The elements of eq:f04, as BCELoss bounds the denominator."""
    return (y_hat - y) / np.maximum(y_hat * (1 - y_hat), 1e-12)


def _clip(p: Array, e: float) -> Array:
    return np.clip(p, e, 1 - e)


def _near_loss(e: float) -> list[tuple[Pair, Mistakes]]:
    """The loss with a bound on y_hat, or with something added to it."""
    added, kept = _epsilon(e)
    return [
        (lambda y, p: np.mean(-y * np.log(p + e) - (1 - y) * np.log(1 - p + e)), added),
        (lambda y, p: np.mean(_cross_entropy(y, _clip(p, e))), kept),
    ]


def _near_slope(e: float) -> list[tuple[Pair, Mistakes]]:
    """The same for dJdy_hat."""
    added, kept = _epsilon(e)
    return [
        (lambda y, p: -y / (p + e) + (1 - y) / (1 - p + e), added),
        (lambda y, p: (p - y) / (p * (1 - p) + e), added),
        (lambda y, p: (_clip(p, e) - y) / (_clip(p, e) * (1 - _clip(p, e))), kept),
        (lambda y, p: (p - y) / (_clip(p, e) * (1 - _clip(p, e))), kept),
    ]


def _epsilon(e: float) -> tuple[Mistakes, Mistakes]:
    return (
        _one("bce-epsilon", f"you add {e:g}"),
        _one("bce-epsilon", f"you keep y_hat {e:g} away from 0 and 1"),
    )


# The mean of the elements, and other things that a loss may be; a factor is found separately.
LOSS: dict[str, list[tuple[Pair, Mistakes]]] = {
    "mse_loss": [
        (lambda y, p: np.mean((p - y) ** 2), ()),
        (lambda y, p: np.sqrt(np.mean((p - y) ** 2)), _one("loss-root")),
        (lambda y, p: np.sqrt(np.sum((p - y) ** 2)), _one("loss-root")),
        (lambda y, p: np.mean(np.abs(p - y)), _one("loss-absolute")),
        (lambda y, p: np.mean(p - y), _one("loss-not-squared")),
        (lambda y, p: np.mean(p - y) ** 2, _one("loss-not-squared")),
        (lambda y, p: np.mean((p - y) ** 2, axis=1), _one("loss-per-row", "one number a row")),
        (lambda y, p: np.mean((p - y) ** 2, axis=0), _one("loss-per-row", "one number a column")),
        (lambda y, p: (p - y) ** 2, _one("loss-per-row", "one number an element")),
    ],
    "bce_loss": [
        (lambda y, p: np.mean(_cross_entropy(y, p)), ()),
        (lambda y, p: np.mean(_cross_entropy(p, y)), _one("swapped-arguments")),
        (
            lambda y, p: np.mean(-p * np.log(y) - (1 - p) * np.log(1 - y)),
            _one("swapped-arguments"),
        ),
        (lambda y, p: -np.mean(y * np.log(p)), _one("bce-one-term", "1 - y")),
        (lambda y, p: -np.mean((1 - y) * np.log(1 - p)), _one("bce-one-term", "y")),
        (
            lambda y, p: -np.mean(y * np.log(p) - (1 - y) * np.log(1 - p)),
            _one("bce-term-sign"),
        ),
        (lambda y, p: np.mean((p - y) ** 2), _one("bce-mse")),
        (lambda y, p: np.mean(_cross_entropy(y, sigmoid(p))), _one("bce-logits")),
        (
            lambda y, p: np.mean(_cross_entropy(y, p), axis=1),
            _one("loss-per-row", "one number a row"),
        ),
        (
            lambda y, p: np.mean(_cross_entropy(y, p), axis=0),
            _one("loss-per-row", "one number a column"),
        ),
        (lambda y, p: _cross_entropy(y, p), _one("loss-per-row", "one number an element")),
        *(option for e in EPSILONS for option in _near_loss(e)),
    ],
}
SLOPE: dict[str, list[tuple[Pair, Mistakes]]] = {
    "mse_loss": [
        (lambda y, p: 2 * (p - y), ()),
        (lambda y, p: (p - y) ** 2, _one("loss-squared-gradient")),
        (lambda y, p: np.sign(p - y), _one("loss-absolute")),
        (lambda y, p: (2 * (p - y)).sum(axis=0), _one("loss-gradient-summed")),
        (lambda y, p: (2 * (p - y)).mean(axis=0, keepdims=True), _one("loss-gradient-summed")),
        (lambda y, p: (2 * (p - y)).sum(), _one("loss-gradient-summed")),
        (lambda y, p: (2 * (p - y)).mean(), _one("loss-gradient-summed")),
        (lambda y, p: 2 * (p - y).T, _one("transposed")),
        (lambda y, p: np.zeros_like(p), _one("gradient-zero")),
    ],
    "bce_loss": [
        (lambda y, p: _entropy_slope(y, p), ()),
        (lambda y, p: p - y, _one("bce-denominator")),
        (lambda y, p: (y - p) / (y * (1 - y)), _one("swapped-arguments")),
        (lambda y, p: _entropy_slope(p, y), _one("swapped-arguments")),
        (lambda y, p: 2 * (p - y), _one("bce-mse-gradient")),
        (lambda y, p: (p - y) / p, _one("bce-half-denominator", "y_hat alone")),
        (lambda y, p: (p - y) / (1 - p), _one("bce-half-denominator", "1 - y_hat alone")),
        (lambda y, p: (p - y) / (p * (1 + p)), _one("bce-half-denominator", "y_hat (1 + y_hat)")),
        (lambda y, p: -y / p, _one("bce-one-term", "1 - y")),
        (lambda y, p: (1 - y) / (1 - p), _one("bce-one-term", "y")),
        (lambda y, p: -y / p - (1 - y) / (1 - p), _one("bce-term-sign")),
        (lambda y, p: (p - y) * p * (1 - p), _one("bce-times-denominator")),
        (lambda y, p: _entropy_slope(y, sigmoid(p)), _one("bce-logits")),
        (lambda y, p: sigmoid(p) - y, _one("bce-logits")),
        (lambda y, p: _entropy_slope(y, p).sum(axis=0), _one("loss-gradient-summed")),
        (lambda y, p: _entropy_slope(y, p).sum(), _one("loss-gradient-summed")),
        (lambda y, p: _entropy_slope(y, p).T, _one("transposed")),
        (lambda y, p: np.zeros_like(p), _one("gradient-zero")),
        *(option for e in EPSILONS for option in _near_slope(e)),
    ],
}


def loss_value(case: Loss, option: Pair) -> Array:
    """A hypothesis for the loss."""
    return np.asarray(option(case.y, case.y_hat))


def loss_slope(case: Loss, option: Pair) -> Array:
    """A hypothesis for dJdy_hat, divided by the number of elements as the mean asks."""
    return np.asarray(option(case.y, case.y_hat)) / case.y.size
