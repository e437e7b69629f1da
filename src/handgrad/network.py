"""The network of the text at any depth: forward pass, backward pass and a step of SGD.

Layers are numbered L = 1 .. L_max as in the text. One point is an array (d,), a batch of N points
an array (N, d) with a point a row. Everything stays in the network's dtype.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from handgrad.activations import Activation, activation
from handgrad.checks import Array, finite, floats, like


@dataclass(frozen=True, eq=False)
class Layer:
    """z^(L) = f^(L)(W^(L) z^(L-1) + b^(L)).

    W has shape (d_out, d_in), b has shape (d_out,). The activation may be given by its name. The
    network that takes the layer checks it, because an error should name the layer's number.
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
    """Layers 1 .. L_max in order. The parameters are read-only copies.

    Raises ValueError or TypeError, naming the layer, if a shape does not fit its layer or the layer
    before, if a dtype differs from layer 1's, or if a parameter is not finite.
    """

    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        checked: list[Layer] = []
        for L, layer in enumerate(self.layers, start=1):
            if not isinstance(layer, Layer):
                raise TypeError(f"layer {L}: expected a Layer, given {type(layer).__name__}")
            checked.append(_checked(layer, L, checked))
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
        """Layer number L = 1 .. L_max; ValueError for any other number."""
        if L not in range(1, self.depth + 1):
            raise ValueError(f"layer: expected a number from 1 to {self.depth}, given {L}")
        return self.layers[L - 1]


def _checked(layer: Layer, L: int, before: list[Layer]) -> Layer:
    W = finite(floats(layer.W, f"layer {L}: W"), f"layer {L}: W").copy()
    if W.ndim != 2:
        raise ValueError(f"layer {L}: W: expected shape (d_out, d_in), given {W.shape}")
    b = like(layer.b, W[:, 0], f"layer {L}: b").copy()
    if before and W.shape[1] != len(before[-1].b):
        raise ValueError(
            f"layer {L}: W: expected {len(before[-1].b)} columns, the outputs of layer {L - 1}; "
            f"given shape {W.shape}"
        )
    if before and W.dtype != before[0].W.dtype:
        raise TypeError(
            f"layer {L}: W: expected dtype {before[0].W.dtype}, that of layer 1; given {W.dtype}"
        )
    W.flags.writeable = b.flags.writeable = False
    return Layer(W, b, activation(layer.activation, f"layer {L}: activation"))


def random_network(
    widths: Sequence[int],
    activations: Sequence[Activation | str],
    *,
    seed: int,
    dtype: DTypeLike = np.float64,
) -> Network:
    """A network with PyTorch's default initialisation: W and b uniform in ±1/sqrt(d_in).

    `widths` are d_x, d_1, ..., K; `activations` has one entry for each layer. Equal seeds give
    equal networks; a float32 network is the float64 network rounded.
    """
    if isinstance(activations, str) or len(activations) != len(widths) - 1:
        raise ValueError(
            f"activations: expected a list of {max(len(widths) - 1, 0)}, one for each layer "
            f"between the widths {list(widths)}; given {activations!r}"
        )
    for i, width in enumerate(widths):
        if not isinstance(width, int | np.integer) or width < 1:
            raise ValueError(f"widths[{i}]: expected a positive integer, given {width!r}")
    rng = np.random.default_rng(seed)
    layers = []
    for d_in, d_out, f in zip(widths, widths[1:], activations, strict=False):
        bound = 1 / np.sqrt(d_in)
        W = rng.uniform(-bound, bound, (d_out, d_in)).astype(dtype)
        b = rng.uniform(-bound, bound, d_out).astype(dtype)
        layers.append(Layer(W, b, f))
    return Network(layers)


@dataclass(frozen=True, eq=False)
class Trace:
    """All that a forward pass computed: s[L] for L = 1 .. L_max, z[L] for L = 0 .. L_max.

    z[0] is x. Each array has shape (d_L,), or (N, d_L) for a batch.
    """

    s: dict[int, Array]
    z: dict[int, Array]

    @property
    def y_hat(self) -> Array:
        """The network's output z^(L_max)."""
        return self.z[len(self.s)]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of one loss, in the shapes of what they belong to, keyed by the layer's number L.

    W[L] is dl/dW^(L), shape (d_L, d_{L-1}); b[L] is dl/db^(L), shape (d_L,): a batch sums over its
    rows. delta[L] is the error dl/ds^(L), shape (d_L,) or (N, d_L); x is dl/dx in x's shape.
    """

    W: dict[int, Array]
    b: dict[int, Array]
    delta: dict[int, Array]
    x: Array


def forward(network: Network, x: ArrayLike) -> Trace:
    """Run x of shape (d_x,) or (N, d_x) through the network and keep every s^(L) and z^(L).

    Equations eq:b06 to eq:b09 at any depth: s^(L) = W^(L) z^(L-1) + b^(L), z^(L) = f^(L)(s^(L)).
    Raises ValueError or TypeError if x does not fit, and ValueError if a layer's s overflows.
    """
    d_x, dtype = network.widths[0], network.layers[0].W.dtype
    x = finite(floats(x, "x"), "x").copy()
    if x.ndim not in (1, 2) or x.shape[-1] != d_x:
        raise ValueError(
            f"x: expected shape ({d_x},) or (N, {d_x}), the inputs of layer 1; given {x.shape}"
        )
    if x.dtype != dtype:
        raise TypeError(f"x: expected dtype {dtype}, that of layer 1; given {x.dtype}")
    s: dict[int, Array] = {}
    z: dict[int, Array] = {0: x}
    for L in range(1, network.depth + 1):
        layer = network.layer(L)
        with np.errstate(over="ignore", invalid="ignore"):  # an overflow is reported as an error
            s[L] = finite(z[L - 1] @ layer.W.T + layer.b, f"layer {L}: s")
        z[L] = layer.f.value(s[L])
    return Trace(s, z)


def backward(network: Network, trace: Trace, dl_dy_hat: ArrayLike) -> Gradients:
    """Gradients of the loss, from dl/dy_hat in the shape of y_hat: what a loss's `gradient` gives.

    The last error is dl/dy_hat times g'(s^(L_max)) elementwise (eq:c18-4), since the Jacobian of an
    elementwise activation is diagonal. Raises ValueError or TypeError if the shapes do not fit.
    """
    _check_trace(network, trace)
    dl_dy_hat = like(dl_dy_hat, trace.y_hat, "dl_dy_hat")
    last = network.depth
    return backward_from_delta(
        network, trace, dl_dy_hat * network.layer(last).f.derivative(trace.s[last])
    )


def backward_from_delta(network: Network, trace: Trace, delta_last: ArrayLike) -> Gradients:
    """Gradients of the loss, from the last layer's error delta^(L_max) in the shape of y_hat.

    For a loss that is fused with the last activation and gives delta^(L_max) itself, such as
    `SigmoidCrossEntropy.error`. Raises ValueError or TypeError if the shapes do not fit.
    """
    _check_trace(network, trace)
    layers = range(1, network.depth + 1)
    delta = {network.depth: like(delta_last, trace.y_hat, "delta_last").copy()}
    for L in reversed(layers[:-1]):
        # eq:c18-2; one point is a 1-d array, for which W^T delta and delta @ W are the same.
        derivative = network.layer(L).f.derivative(trace.s[L])
        delta[L] = (delta[L + 1] @ network.layer(L + 1).W) * derivative
    rows = {L: np.atleast_2d(delta[L]) for L in layers}
    return Gradients(
        # eq:c18-1 transposed to the shape of W; the product sums over the rows of a batch.
        W={L: rows[L].T @ np.atleast_2d(trace.z[L - 1]) for L in layers},
        b={L: rows[L].sum(axis=0) for L in layers},  # eq:c26-1
        delta={L: delta[L] for L in layers},
        x=delta[1] @ network.layer(1).W,
    )


def _check_trace(network: Network, trace: Trace) -> None:
    given = tuple(trace.z[L].shape[-1] for L in sorted(trace.z))
    if given != network.widths:
        raise ValueError(
            f"trace: expected the widths {network.widths} of the network, given {given}"
        )


def sgd_step(network: Network, gradients: Gradients, learning_rate: float) -> Network:
    """The network after W^(L) - learning_rate dl/dW^(L), and the same for b^(L), at every layer.

    Raises ValueError or TypeError, naming the layer, if the gradients do not fit the network, and
    ValueError if the learning rate is not a positive number.
    """
    rate = float(learning_rate)
    if not (np.isfinite(rate) and rate > 0):
        raise ValueError(f"learning_rate: expected a positive number, given {learning_rate}")
    layers = []
    for L in range(1, network.depth + 1):
        if L not in gradients.W or L not in gradients.b:
            raise ValueError(
                f"layer {L}: expected gradients of W and b, given layers {sorted(gradients.W)}"
            )
        layer = network.layer(L)
        dW = like(gradients.W[L], layer.W, f"layer {L}: dl/dW")
        db = like(gradients.b[L], layer.b, f"layer {L}: dl/db")
        layers.append(Layer(layer.W - rate * dW, layer.b - rate * db, layer.activation))
    return Network(layers)
