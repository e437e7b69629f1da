"""The Jacobians of the text as matrices, for one point, in numerator layout.

Row i and column j of da/db hold da_i/db_j. The backward pass needs none of them, since it multiplies
elementwise; they are here to be looked at and to be tested.
"""

import numpy as np
from numpy.typing import ArrayLike

from handgrad.checks import Array
from handgrad.losses import Loss
from handgrad.network import Gradients, Network, Trace


def dz_ds(network: Network, trace: Trace, L: int) -> Array:
    """dz^(L)/ds^(L), the diagonal matrix of f^(L)' at s^(L), shape (d_L, d_L): eq:c19-2, eq:c20-2."""
    f = network.layer(L).f
    return np.diag(f.derivative(_one_point(trace.s[L], f"layer {L}: s")))


def dy_hat_ds(network: Network, trace: Trace) -> Array:
    """dy_hat/ds^(L_max), shape (K, K): eq:d03-2, eq:e05-2."""
    return dz_ds(network, trace, network.depth)


def ds_dz(network: Network, L: int) -> Array:
    """ds^(L)/dz^(L-1) = W^(L), shape (d_L, d_{L-1}): eq:c17-2."""
    return network.layer(L).W


def dl_dy_hat(loss: Loss, y_hat: ArrayLike, y: ArrayLike) -> Array:
    """dl/dy_hat as a row, shape (1, K): eq:c07-2, eq:f05."""
    return _one_point(loss.gradient(y_hat, y), "y_hat")[np.newaxis, :]


def numerator_layout(gradients: Gradients) -> Gradients:
    """The gradients in the text's shapes, eq:c18-1 and eq:c26-2, for one point.

    W[L] becomes (d_{L-1}, d_L), the transpose of the parameter's shape; b[L] a row (1, d_L);
    delta[L] a column (d_L, 1); x a row (1, d_x).
    """
    _one_point(gradients.x, "x")
    return Gradients(
        W={L: dW.T for L, dW in gradients.W.items()},
        b={L: db[np.newaxis, :] for L, db in gradients.b.items()},
        delta={L: delta[:, np.newaxis] for L, delta in gradients.delta.items()},
        x=gradients.x[np.newaxis, :],
    )


def _one_point(array: Array, where: str) -> Array:
    if array.ndim != 1:
        raise ValueError(f"{where}: expected one point, shape (d,), given shape {array.shape}")
    return array
