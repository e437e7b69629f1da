"""The network of the text at any depth: forward pass, backward pass and a step of SGD.

Layers are numbered L = 1 .. L_max as in the text. A point is an array (d,), a batch of N points an
array (N, d) with a point a row. Input that does not fit raises ValueError, or TypeError for a dtype
other than the network's; the message says what was expected, what was given, and in which layer.
What overflows raises ValueError too, so that every result is finite.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from handgrad.activations import Activation, activation
from handgrad.checks import (
    Array,
    all_finite,
    finite,
    fitting,
    float_dtype,
    floats,
    function,
    index,
    instance,
    like,
    per_layer,
    place,
    positive,
    quietly,
    short,
)


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
        if not isinstance(self.layers, Iterable):
            given = type(self.layers).__name__
            raise TypeError(f"network: expected a list of layers, given {given}")
        checked: list[Layer] = []
        for L, layer in enumerate(self.layers, start=1):
            checked.append(_checked(layer, f"layer {L}", checked))
        if not checked:
            raise ValueError("network: expected at least one layer, given none")
        object.__setattr__(self, "layers", tuple(checked))

    def __reduce__(self) -> tuple[type["Network"], tuple[Sequence[Layer]]]:
        # Copied and unpickled arrays are writable: a new network makes them read-only again.
        return Network, (self.layers,)

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
        if not index(L) or not 1 <= L <= self.depth:
            expected = f"expected a number from 1 to {self.depth}"
            raise ValueError(f"layer: {expected}, given {short(L)}")
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
    return _read_only(W, b, activation(layer.activation, f"{name}: activation"))


def _network(layers: list[Layer]) -> Network:
    """The network of layers that are checked, read-only and nobody else's: not copied again."""
    network = object.__new__(Network)
    object.__setattr__(network, "layers", tuple(layers))
    return network


def _read_only(W: Array, b: Array, f: Activation | str) -> Layer:
    W.setflags(write=False)
    b.setflags(write=False)
    return Layer(W, b, f)


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
    widths, activations = _listed(widths), _listed(activations)
    if not isinstance(widths, Sequence) or len(widths) < 2:
        expected = "a list of at least two, d_x and K"
        raise ValueError(f"widths: expected {expected}; given {short(widths)}")
    for width in widths:
        if not index(width) or width < 1:
            raise ValueError(f"widths: expected positive integers, given {short(width)}")
    ordered = isinstance(activations, Sequence) and not isinstance(activations, str)
    if not ordered or len(activations) != len(widths) - 1:
        expected = f"a list of {len(widths) - 1}, one less than widths"
        raise ValueError(f"activations: expected {expected}; given {short(activations)}")
    if not index(seed) or seed < 0:
        raise ValueError(f"seed: expected an integer from 0, given {short(seed)}")
    dtype = float_dtype(dtype, "dtype")
    rng = np.random.default_rng(seed)
    layers = []
    for L, f in enumerate(activations, start=1):
        d_in, d_out = widths[L - 1], widths[L]
        bound = 1 / np.sqrt(d_in)
        W, b = rng.uniform(-bound, bound, (d_out, d_in)), rng.uniform(-bound, bound, d_out)
        layers.append(Layer(W.astype(dtype), b.astype(dtype), f))
    return Network(layers)


def _listed(value: Any) -> Any:
    """An array as a list, anything else as it is."""
    return value.tolist() if isinstance(value, np.ndarray) else value


@dataclass(frozen=True, eq=False)
class Trace:
    """What a forward pass computed: s[L] for L = 1 .. L_max and z[L] for L = 0 .. L_max, z[0] = x.

    Each array has shape (d_L,), or (N, d_L) for a batch. Those of s are read-only.
    """

    s: dict[int, Array]
    z: dict[int, Array]

    @property
    def y_hat(self) -> Array:
        """The network's output z^(L_max)."""
        instance(self.s, dict, "trace: s")
        per_layer(self.z, len(self.s), "trace: z", first=0)
        return self.z[len(self.s)]


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of a loss, each in the shape of what it belongs to, for L = 1 .. L_max.

    W[L] is dl/dW^(L), shape (d_L, d_{L-1}), and b[L] dl/db^(L), shape (d_L,): sums over a batch.
    delta[L] is the error dl/ds^(L), shape (d_L,) or (N, d_L), read-only if `backward` computed it.
    `dl_dx` returns dl/dx.
    """

    W: dict[int, Array]
    b: dict[int, Array]
    delta: dict[int, Array]
    dl_dx: Callable[[], Array] = field(repr=False)

    @cached_property
    def x(self) -> Array:
        """dl/dx, in the shape of x: computed when it is first asked for, since SGD needs none."""
        function(self.dl_dx, "dl_dx")
        return self.dl_dx()


def forward(network: Network, x: ArrayLike) -> Trace:
    """Run x of shape (d_x,) or (N, d_x) through the network and keep every s^(L) and z^(L).

    Equation eq:deep-network: s^(L) = W^(L) z^(L-1) + b^(L) and z^(L) = f^(L)(s^(L)).
    """
    instance(network, Network, "network")
    x, W_1 = floats(x, "x").copy(), network.layers[0].W
    if x.ndim not in (1, 2) or x.shape[-1] != W_1.shape[1]:
        expected = f"shape ({W_1.shape[1]},) or (N, {W_1.shape[1]}), the inputs of layer 1"
        raise ValueError(f"x: expected {expected}; given {x.shape}")
    if x.dtype != W_1.dtype:
        raise TypeError(f"x: expected dtype {W_1.dtype}, that of layer 1; given {x.dtype}")
    return quietly(_forward, network, x)


def _forward(network: Network, x: Array) -> Trace:
    s: dict[int, Array] = {}
    z: dict[int, Array] = {0: x}
    for L, layer in enumerate(network.layers, start=1):
        s[L] = s_L = z[L - 1] @ layer.W.T + layer.b
        if not all_finite(s_L):
            # Its terms are not finite where z^(L-1) is not, so this is soon enough to look.
            _refuse_z(z, L - 1)
            finite(s_L, "s", L)
        s_L.setflags(write=False)  # an activation of your own must not change it
        z[L] = fitting(layer.f.value(s_L), s_L, "z", L)
    if not all_finite(z[network.depth]):
        _refuse_z(z, network.depth)
    return Trace(s, z)


def _refuse_z(z: dict[int, Array], L: int) -> None:
    finite(z[L], "z", L) if L else finite(z[0], "x")


def backward(network: Network, trace: Trace, dl_dy_hat: ArrayLike) -> Gradients:
    """The gradients of a loss, from dl/dy_hat in the shape of y_hat.

    The last error is dl/dy_hat times g'(s^(L_max)), elementwise because the Jacobian of an
    activation is diagonal: eq:c18-4.
    """
    check_trace(network, trace)
    last = network.depth
    dl_dy_hat = fitting(dl_dy_hat, trace.z[last], "dl_dy_hat")
    return quietly(lambda: _backward(network, trace, *_error(network, trace, last, dl_dy_hat)))


def backward_from_delta(network: Network, trace: Trace, delta_last: ArrayLike) -> Gradients:
    """The gradients of a loss, from the last error delta^(L_max) in the shape of y_hat.

    For a loss that gives this error itself, as `SigmoidCrossEntropy` does.
    """
    check_trace(network, trace)
    last = network.depth
    delta = like(delta_last, trace.z[last], "delta_last").copy()
    return quietly(lambda: _backward(network, trace, delta, _over_points(delta, last)))


def _backward(network: Network, trace: Trace, delta_last: Array, db_last: Array) -> Gradients:
    layers, depth = network.layers, network.depth
    numbers = range(1, depth + 1)  # all filled at once, so that the layers stand in order
    delta, b = dict.fromkeys(numbers, delta_last), dict.fromkeys(numbers, db_last)
    for L in range(depth - 1, 0, -1):
        # eq:c18-2: points are rows here, and delta @ W is the row of W^T delta.
        delta[L], b[L] = _error(network, trace, L, delta[L + 1] @ layers[L].W)
    W: dict[int, Array] = {}
    for L in numbers:
        # eq:c18-1 transposed to the shape of W; the product sums over a batch.
        W[L] = _rows(delta[L]).T @ _rows(trace.z[L - 1])
        delta[L].setflags(write=False)  # dl/dx is computed from delta^(1) later
        if not all_finite(W[L]):
            finite(W[L], "dl/dW", L)
    return Gradients(W, b, delta, partial(_dl_dx, delta[1], layers[0].W))


def _error(network: Network, trace: Trace, L: int, dl_dz: Array) -> tuple[Array, Array]:
    """delta^(L), the error of layer L: dl/dz^(L) times f'(s^(L)), elementwise; and dl/db^(L)."""
    f, s = network.layers[L - 1].f, trace.s[L]
    derivative = fitting(f.derivative(s), s, "derivative of z", L)
    delta: Array = dl_dz * derivative
    db = _rows(delta).sum(axis=0)  # eq:c26-1
    if all_finite(db):  # then so is delta, since the sum of its rows would not be
        return delta, db
    if network.depth == L:
        finite(dl_dz, "dl_dy_hat")
    # No error passes a unit whose derivative is 0, not even one that has overflowed.
    delta = finite(np.where(derivative == 0, 0, delta), "delta", L)
    return delta, _over_points(delta, L)


def _over_points(delta: Array, L: int) -> Array:
    """dl/db^(L): delta^(L) summed over the points of a batch, eq:c26-1."""
    return finite(_rows(delta).sum(axis=0), "dl/db", L)


def _rows(array: Array) -> Array:
    """A point as a batch of one, shape (1, d); a batch as it is."""
    return array if array.ndim == 2 else array[np.newaxis]


def _dl_dx(delta_1: Array, W_1: Array) -> Array:
    return finite(quietly(np.matmul, delta_1, W_1), "dl/dx")


def check_trace(network: Network, trace: Trace) -> None:
    """Refuse a trace whose layers, arrays, shapes or dtype are not those of the network."""
    instance(network, Network, "network")
    instance(trace, Trace, "trace")
    s, z, layers = trace.s, trace.z, network.layers
    per_layer(s, len(layers), "trace: s")
    per_layer(z, len(layers), "trace: z", first=0)
    W_1 = layers[0].W
    # () for a point, (N,) for a batch; what else there is does not fit a shape below.
    batch = z[0].shape[:-1][:1] if isinstance(z[0], np.ndarray) else ()
    _check_array(z[0], (*batch, W_1.shape[1]), W_1.dtype, "trace: z", 0)
    for L, layer in enumerate(layers, start=1):
        shape = batch + layer.b.shape
        _check_array(s[L], shape, W_1.dtype, "trace: s", L)
        _check_array(z[L], shape, W_1.dtype, "trace: z", L)


def _check_array(
    array: object, shape: tuple[int, ...], dtype: DTypeLike, where: str, L: int
) -> None:
    if type(array) is not np.ndarray:  # a masked array is another type, and hides elements
        given = type(array).__name__
        raise TypeError(f"{place(where, L)}: expected an ndarray, given {given}")
    if array.shape != shape:
        raise ValueError(f"{place(where, L)}: expected shape {shape}, given {array.shape}")
    if array.dtype != dtype:
        raise TypeError(f"{place(where, L)}: expected dtype {dtype}, given {array.dtype}")


def sgd_step(network: Network, gradients: Gradients, learning_rate: float) -> Network:
    """The network with W^(L) - learning_rate dl/dW^(L), and likewise b^(L), at every layer."""
    instance(network, Network, "network")
    instance(gradients, Gradients, "gradients")
    rate = positive(learning_rate, "learning_rate")  # as NumPy's double it would widen float32
    per_layer(gradients.W, network.depth, "gradients: W")
    per_layer(gradients.b, network.depth, "gradients: b")
    return quietly(_step, network, gradients, rate)


def _step(network: Network, gradients: Gradients, rate: float) -> Network:
    layers = []
    for L, layer in enumerate(network.layers, start=1):
        W = _moved(layer.W, gradients.W[L], rate, "dl/dW", L)
        b = _moved(layer.b, gradients.b[L], rate, "dl/db", L)
        layers.append(_read_only(W, b, layer.activation))
    return _network(layers)


def _moved(parameter: Array, gradient: ArrayLike, rate: float, where: str, L: int) -> Array:
    gradient = fitting(gradient, parameter, where, L)
    moved: Array = -rate * gradient
    moved += parameter
    if not all_finite(moved):
        finite(gradient, where, L)
        finite(moved, "the parameter after the step", L)
    return moved
