"""The running network of the book, 2-3-4: its data, and every number that the pages print.

Vectors are arrays (d,). Gradients of weights are in the text's numerator layout, (d_in, d_out), so
`dW2[j, i]` is row j, column i of the text. Hidden unit 1 is off at the point (x, y), and a ReLU
unit is never nearer to its kink than 0.5, so no number depends on the convention at 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from handgrad.activations import relu
from handgrad.checks import Array
from handgrad.jacobians import numerator_layout
from handgrad.losses import BinaryCrossEntropy, SquaredError
from handgrad.network import Gradients, Layer, Network, backward, forward, sgd_step

__all__ = [
    "PARTS",
    "W0",
    "W1",
    "W2",
    "Part",
    "U",
    "X",
    "Y",
    "b0",
    "b1",
    "b2",
    "deep_network",
    "network",
    "table",
    "values",
    "x",
    "y",
]  # fmt: skip


def _array(rows: Sequence[float] | Sequence[Sequence[float]]) -> Array:
    array = np.array(rows, dtype=np.float64)
    array.setflags(write=False)
    return array


x = _array([0.5, 3])
y = _array([0, 1, 0, 1])
W1 = _array([[-1, 0.5], [2, -0.5], [-2, 1.5]])
b1 = _array([1.5, -0.5, -2])
W2 = _array([[1, -0.5, -1], [1, -1.5, -2], [0.5, 2, -0.5], [1.5, -2, -1.5]])
b2 = _array([0.5, -1, -1.5, 1.5])

# A batch of N = 5, a point a row; the first is the running point.
X = _array([[0.5, 3], [2.5, 1], [-1.0, 2], [1.5, 4], [-0.5, -1]])
Y = _array([[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 1]])

# One ReLU layer in front, for "any number of layers": its output at U is x.
U = _array([1, -1, 2, -2, 0.5])
W0 = _array([[0.5, 1, 0.5, 0.5, 1], [1, -0.5, 0.5, -0.5, 1]])
b0 = _array([0.5, -1])


@dataclass(frozen=True)
class Part:
    """What differs between the parts of the homework; `eta` is the learning rate of the step."""

    f: str
    g: str
    loss: SquaredError | BinaryCrossEntropy
    eta: float


PARTS = {
    "1.2": Part("relu", "identity", SquaredError(), 0.05),
    "1.3a": Part("sigmoid", "sigmoid", SquaredError(), 1.0),
    "1.3b": Part("sigmoid", "sigmoid", BinaryCrossEntropy(), 1.0),
}


def _part(part: str) -> Part:
    if not isinstance(part, str) or part not in PARTS:
        raise ValueError(f"part: expected one of {', '.join(PARTS)}, given {part!r}")
    return PARTS[part]


def network(part: str = "1.2") -> Network:
    """The running network with the activations of `part`: "1.2", "1.3a" or "1.3b"."""
    chosen = _part(part)
    return Network([Layer(W1, b1, chosen.f), Layer(W2, b2, chosen.g)])


def deep_network() -> Network:
    """The network 5-2-3-4 of 1.2: the running network behind one more ReLU layer."""
    return Network([Layer(W0, b0, "relu"), *network().layers])


def _squared_length(gradients: Gradients) -> float:
    entries = [*gradients.W.values(), *gradients.b.values()]
    return float(sum(np.sum(np.square(array)) for array in entries))


def values(part: str = "1.2") -> dict[str, Array | float]:
    """Every number of a part by name, for the point (x, y).

    Data `x`, `y`, `W1`, `b1`, `W2`, `b2`, `K`, `N` and `eta`; forward `s1`, `z1`, `s2`, `y_hat`,
    `diff` (y_hat - y) and `loss`; backward `dl_dy_hat`, `g_slope`, `delta2`, `dl_dz1`, `f_slope`,
    `delta1`, `dW2`, `db2`, `dW1`, `db1`, `dx`, the Jacobian `dy_hat_dx` (4, 2) and `square`, the
    squared length of the gradient of all parameters. Behind one step of SGD: `W1_new`, `b1_new`,
    `W2_new`, `b2_new`, `y_hat_new`, `loss_new`. The batch, with the sum of
    its losses: `losses` (5,), `batch_loss`, `batch_s1` and `units_on` (5, 3), `batch_delta1`,
    `batch_delta2`, `batch_dW1`, `batch_db1`, `batch_dW2`, `batch_db2`. In 1.2 alone, the layer in
    front: `u`, `W0`, `b0`, `s0`, `delta0`, `dW0`.
    """
    chosen, net = _part(part), network(part)
    first, last = net.layers
    trace = forward(net, x)
    s1, s2, z1, y_hat = trace.s[1], trace.s[2], trace.z[1], trace.y_hat
    row = chosen.loss.gradient(y_hat, y)
    gradients = backward(net, trace, row)
    text = numerator_layout(gradients)
    delta2 = gradients.delta[2]
    stepped = sgd_step(net, gradients, chosen.eta)
    y_hat_new = forward(stepped, x).y_hat
    batch = forward(net, X)
    points = range(len(Y))
    each = [float(chosen.loss.value(batch.y_hat[n], Y[n])) for n in points]
    # The loss of the batch is the sum of the losses of its points.
    rows = np.stack([chosen.loss.gradient(batch.y_hat[n], Y[n]) for n in points])
    summed = backward(net, batch, rows)
    found: dict[str, Array | float] = {
        "x": x, "y": y, "W1": W1, "b1": b1, "W2": W2, "b2": b2,
        "K": float(len(y)), "N": float(len(X)), "eta": chosen.eta,
        "s1": s1, "z1": z1, "s2": s2, "y_hat": y_hat, "diff": y_hat - y,
        "loss": float(chosen.loss.value(y_hat, y)),
        "dl_dy_hat": row, "g_slope": last.f.derivative(s2), "delta2": delta2,
        "dl_dz1": delta2 @ W2, "f_slope": first.f.derivative(s1), "delta1": gradients.delta[1],
        "dW2": text.W[2], "db2": gradients.b[2], "dW1": text.W[1], "db1": gradients.b[1],
        "dx": gradients.x,
        "dy_hat_dx": np.diag(last.f.derivative(s2)) @ W2 @ np.diag(first.f.derivative(s1)) @ W1,
        "square": _squared_length(gradients),
        "W1_new": stepped.layer(1).W, "b1_new": stepped.layer(1).b,
        "W2_new": stepped.layer(2).W, "b2_new": stepped.layer(2).b,
        "y_hat_new": y_hat_new, "loss_new": float(chosen.loss.value(y_hat_new, y)),
        "losses": np.array(each), "batch_loss": sum(each),
        "units_on": relu.derivative(batch.s[1]), "batch_s1": batch.s[1],
        "batch_delta1": summed.delta[1], "batch_delta2": summed.delta[2],
        "batch_dW1": summed.W[1].T, "batch_db1": summed.b[1],
        "batch_dW2": summed.W[2].T, "batch_db2": summed.b[2],
    }  # fmt: skip
    if part == "1.2":
        deep, deep_trace = deep_network(), forward(deep_network(), U)
        in_front = backward(deep, deep_trace, row)
        found |= {
            "u": U, "W0": W0, "b0": b0, "s0": deep_trace.s[1],
            "delta0": in_front.delta[1], "dW0": in_front.W[1].T,
        }  # fmt: skip
    return found


def table() -> dict[str, dict[str, object]]:
    """All numbers of all parts as plain lists and floats, for JSON: part, then name."""
    return {
        part: {
            # A zero has no sign on a page, and no number of a page needs 12 decimals.
            name: (np.round(np.asarray(value), 12) + 0.0).tolist()
            for name, value in values(part).items()
        }
        for part in PARTS
    }
