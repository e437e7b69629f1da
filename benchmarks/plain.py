"""One step of SGD as a plain NumPy script writes it: nothing is named, kept, checked or copied."""

import numpy as np
from numpy.typing import NDArray


def step(
    W: list[NDArray[np.floating]],
    b: list[NDArray[np.floating]],
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    rate: float,
) -> None:
    """Change W and b by one step on the squared error of a batch; ReLU, and identity at the end."""
    last, s, z = len(W) - 1, [], [x]
    for L in range(last + 1):
        s.append(z[L] @ W[L].T + b[L])
        z.append(np.maximum(s[L], 0) if W[L + 1 :] else s[L])
    delta = 2 * (z[-1] - y)
    for L in range(last, -1, -1):
        dW, db = delta.T @ z[L], delta.sum(axis=0)
        if L > 0:
            delta = (delta @ W[L]) * (s[L - 1] > 0)
        W[L] = W[L] - rate * dW
        b[L] = b[L] - rate * db
