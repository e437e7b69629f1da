"""The network of the text at any depth: forward pass, backward pass and a step of SGD.

Layers are numbered L = 1 .. L_max as in the text. A point is an array (d,), a batch of N points an
array (N, d) with a point a row. Input that does not fit raises ValueError, or TypeError for a dtype
other than the network's; the message says what was expected, what was given, and in which layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from handgrad.activations import Activation, activation
from handgrad.checks import Array, finite, like


@dataclass(frozen=True, eq=False)
class Layer:
    """W of shape (d_out, d_in), b of shape (d_out,) and the activation or its name.

    `Network` checks its layers, because the message names the layer's number.
    """

    W: Array
    b: Array
    activation: Activation | str

    @property
    def f(self) -> Activation:
        """The text's f^(L), with `value` and `derivative`."""
        return activation(self.activation)


@dataclass(frozen=True, eq=False)
class Network:
    """Layers 1 .. L_max, float32 or float64 throughout; it keeps read-only copies of W and b."""

    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        checked: list[Layer] = []
        for L, layer in enumerate(self.layers, start=1):
            checked.append(_checked(layer, f"layer {L}", checked))
        if not checked:
            raise ValueError("network: expected at least one layer, given none")
        object.__setattr__(self, "layers", tuple(checked))

    @property
    def depth(self) -> int:
        """L_max, the number of layers."""
        return len(self.layers)

    @property
    def widths(self) -> tuple[int, ...]:
        """The lengths of z^(0) = x, z^(1), ..., z^(L_max) = y_hat."""
        return (self.layers[0].W.shape[1], *(len(layer.b) for layer in self.layers))

    def layer(self, L: int) -> Layer:
        """Layer number L = 1 .. L_max."""
        if L not in range(1, self.depth + 1):
            raise ValueError(f"layer: expected a number from 1 to {self.depth}, given {L}")
        return self.layers[L - 1]


def _checked(layer: Layer, name: str, before: list[Layer]) -> Layer:
    if not isinstance(layer, Layer):
        raise TypeError(f"{name}: expected a Layer, given {type(layer).__name__}")
    W = finite(layer.W, f"{name}: W").copy()
    if W.ndim != 2:
        raise ValueError(f"{name}: W: expected shape (d_out, d_in), given {W.shape}")
    if before and W.shape[1] != len(before[-1].b):
        expected = f"{len(before[-1].b)} columns, one for each output of the layer before"
        raise ValueError(f"{name}: W: expected {expected}; given shape {W.shape}")
    if before and W.dtype != before[0].W.dtype:
        raise TypeError(f"{name}: W: expected dtype {before[0].W.dtype}, given {W.dtype}")
    b = like(layer.b, W[:, 0], f"{name}: b").copy()
    W.flags.writeable = b.flags.writeable = False
    return Layer(W, b, activation(layer.activation, f"{name}: activation"))


def random_network(
    widths: Sequence[int],
    activations: Sequence[Activation | str],
    *,
    seed: int,
    dtype: DTypeLike = np.float64,
) -> Network:
    """A network with PyTorch's default initialisation: W and b uniform in ±1/sqrt(d_in).

    `widths` are d_x, d_1, ..., K, `activations` one for each layer. A float32 network is the
    float64 network of the same seed, rounded.
    """
    if isinstance(activations, str) or len(activations) != len(widths) - 1:
        expected = f"a list of {len(widths) - 1}, one less than widths"
        raise ValueError(f"activations: expected {expected}; given {activations!r}")
    for width in widths:
        if not isinstance(width, int | np.integer) or width < 1:
            raise ValueError(f"widths: expected positive integers, given {width!r}")
    rng = np.random.default_rng(seed)
    layers = []
    for d_in, d_out, f in zip(widths[:-1], widths[1:], activations, strict=True):
        bound = 1 / np.sqrt(d_in)
        W, b = rng.uniform(-bound, bound, (d_out, d_in)), rng.uniform(-bound, bound, d_out)
        layers.append(Layer(W.astype(dtype), b.astype(dtype), f))
    return Network(layers)


@dataclass(frozen=True, eq=False)
class Trace:
    """What a forward pass computed: s[L] for L = 1 .. L_max and z[L] for L = 0 .. L_max, z[0] = x.

    Each array has shape (d_L,), or (N, d_L) for a batch.
    """

    s: dict[int, Array]
    z: dict[int, Array]

    @property
    def y_hat(self) -> Array:
        """The network's output z^(L_max)."""
        return self.z[max(self.z)]


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of a loss, each in the shape of what it belongs to, for L = 1 .. L_max.

    W[L] is dl/dW^(L), shape (d_L, d_{L-1}), and b[L] dl/db^(L), shape (d_L,): sums over a batch.
    delta[L] is the error dl/ds^(L), shape (d_L,) or (N, d_L), and x is dl/dx.
    """

    W: dict[int, Array]
    b: dict[int, Array]
    delta: dict[int, Array]
    x: Array


@np.errstate(over="ignore", invalid="ignore")  # an overflow raises ValueError instead of a warning
def forward(network: Network, x: ArrayLike) -> Trace:
    """Run x of shape (d_x,) or (N, d_x) through the network and keep every s^(L) and z^(L).

    Equation eq:deep-network: s^(L) = W^(L) z^(L-1) + b^(L) and z^(L) = f^(L)(s^(L)).
    """
    x, d_x, dtype = finite(x, "x").copy(), network.widths[0], network.layers[0].W.dtype
    if x.ndim not in (1, 2) or x.shape[-1] != d_x:
        expected = f"shape ({d_x},) or (N, {d_x}), the inputs of layer 1"
        raise ValueError(f"x: expected {expected}; given {x.shape}")
    if x.dtype != dtype:
        raise TypeError(f"x: expected dtype {dtype}, that of layer 1; given {x.dtype}")
    s: dict[int, Array] = {}
    z: dict[int, Array] = {0: x}
    for L, layer in enumerate(network.layers, start=1):
        s[L] = finite(z[L - 1] @ layer.W.T + layer.b, f"layer {L}: s")
        z[L] = layer.f.value(s[L])
    return Trace(s, z)


def backward(network: Network, trace: Trace, dl_dy_hat: ArrayLike) -> Gradients:
    """The gradients of a loss, from dl/dy_hat in the shape of y_hat.

    The last error is dl/dy_hat times g'(s^(L_max)), elementwise because the Jacobian of an
    activation is diagonal: eq:c18-4.
    """
    dl_dy_hat = like(dl_dy_hat, trace.y_hat, "dl_dy_hat")
    derivative = network.layers[-1].f.derivative(trace.s[max(trace.s)])
    return backward_from_delta(network, trace, dl_dy_hat * derivative)


def backward_from_delta(network: Network, trace: Trace, delta_last: ArrayLike) -> Gradients:
    """The gradients of a loss, from the last error delta^(L_max) in the shape of y_hat.

    For a loss that gives this error itself, as `SigmoidCrossEntropy` does.
    """
    widths = tuple(trace.z[L].shape[-1] for L in sorted(trace.z))
    if widths != network.widths:
        raise ValueError(f"trace: expected widths {network.widths}, the network's; given {widths}")
    layers = range(1, network.depth + 1)
    delta = {network.depth: like(delta_last, trace.y_hat, "delta_last").copy()}
    for L in reversed(layers[:-1]):
        # eq:c18-2: points are rows here, and delta @ W is the row of W^T delta.
        derivative = network.layer(L).f.derivative(trace.s[L])
        delta[L] = (delta[L + 1] @ network.layer(L + 1).W) * derivative
    rows = {L: np.atleast_2d(delta[L]) for L in layers}
    return Gradients(
        # eq:c18-1 transposed to the shape of W; the product sums over a batch.
        W={L: rows[L].T @ np.atleast_2d(trace.z[L - 1]) for L in layers},
        b={L: rows[L].sum(axis=0) for L in layers},  # eq:c26-1
        delta={L: delta[L] for L in layers},
        x=delta[1] @ network.layer(1).W,
    )


def sgd_step(network: Network, gradients: Gradients, learning_rate: float) -> Network:
    """The network with W^(L) - learning_rate dl/dW^(L), and likewise b^(L), at every layer."""
    if not (isinstance(learning_rate, int | float | np.number) and 0 < learning_rate < np.inf):
        raise ValueError(f"learning_rate: expected a positive number, given {learning_rate!r}")
    rate = float(learning_rate)  # a NumPy scalar of double precision would widen float32
    if (given := len(gradients.W)) != network.depth:
        raise ValueError(f"gradients: expected {network.depth} layers, given {given}")
    layers = []
    for L, layer in enumerate(network.layers, start=1):
        dW = like(gradients.W[L], layer.W, f"layer {L}: dl/dW")
        db = like(gradients.b[L], layer.b, f"layer {L}: dl/db")
        layers.append(Layer(layer.W - rate * dW, layer.b - rate * db, layer.activation))
    return Network(layers)
