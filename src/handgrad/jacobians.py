"""The Jacobians of the text as matrices, for one point: row i and column j of da/db hold da_i/db_j.

The backward pass multiplies elementwise and needs none of them; they are here to be looked at.
ValueError for a batch and for a layer that is not there.
"""

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from handgrad.checks import Array, fitting, floats, instance, place
from handgrad.losses import BinaryCrossEntropy, SquaredError
from handgrad.network import Gradients, Network, Trace, check_trace


def dz_ds(network: Network, trace: Trace, L: int) -> Array:
    """dz^(L)/ds^(L), the diagonal matrix of f'(s^(L)), shape (d_L, d_L): eq:c19-2, eq:c20-2."""
    check_trace(network, trace)
    f, s = network.layer(L).f, _point(trace.s[L], "s", L)
    return np.diag(fitting(f.derivative(s), s, "derivative of z", L))


def dy_hat_ds(network: Network, trace: Trace) -> Array:
    """dy_hat/ds^(L_max), shape (K, K): eq:d03-2, eq:e05-2."""
    instance(network, Network, "network")
    return dz_ds(network, trace, network.depth)


def ds_dz(network: Network, L: int) -> Array:
    """ds^(L)/dz^(L-1) = W^(L), shape (d_L, d_{L-1}): eq:c17-2."""
    instance(network, Network, "network")
    return network.layer(L).W


def dl_dy_hat(loss: SquaredError | BinaryCrossEntropy, y_hat: ArrayLike, y: ArrayLike) -> Array:
    """dl/dy_hat as a row, shape (1, K): eq:c07-2, eq:f05."""
    if not isinstance(loss, SquaredError | BinaryCrossEntropy):
        expected = "expected SquaredError or BinaryCrossEntropy, whose input is y_hat"
        raise TypeError(f"loss: {expected}; given {type(loss).__name__}")
    return _point(loss.gradient(y_hat, y), "y_hat")[np.newaxis, :]


def numerator_layout(gradients: Gradients) -> Gradients:
    """The gradients of one point in the text's shapes: eq:c18-1, eq:c26-2.

    W[L] is (d_{L-1}, d_L), b[L] a row (1, d_L), delta[L] a column (d_L, 1), x a row (1, d_x). They
    are views: they share their elements with `gradients`.
    """
    instance(gradients, Gradients, "gradients")
    for name in ("W", "b", "delta"):
        instance(getattr(gradients, name), dict, f"gradients: {name}")
    row = _point(gradients.x, "x")[np.newaxis, :]
    return Gradients(
        W={L: _matrix(dW, "dl/dW", L).T for L, dW in gradients.W.items()},
        b={L: _point(db, "dl/db", L)[np.newaxis, :] for L, db in gradients.b.items()},
        delta={L: _point(d, "delta", L)[:, np.newaxis] for L, d in gradients.delta.items()},
        dl_dx=partial(np.asarray, row),
    )


def _matrix(value: ArrayLike, where: str, L: int) -> Array:
    array = floats(value, where, L)
    if array.ndim != 2:
        expected = f"expected shape (d_out, d_in), given shape {array.shape}"
        raise ValueError(f"{place(where, L)}: {expected}")
    return array


def _point(value: ArrayLike, where: str, L: int | None = None) -> Array:
    array = floats(value, where, L)
    if array.ndim != 1:
        expected = f"expected one point, shape (d,), given shape {array.shape}"
        raise ValueError(f"{place(where, L)}: {expected}")
    return array
