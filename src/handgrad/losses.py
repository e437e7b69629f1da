"""The losses of the text, each with its gradient with respect to y_hat.

y_hat and y have one shape: (K,) for one point or (N, K) for a batch of N. A mean is taken over all
elements, as in PyTorch: 1/K for one point, 1/(N K) for a batch. Values are NumPy scalars of the
input's dtype; gradients have the shape of y_hat (the row of the text is `jacobians.dl_dy_hat`).
All raise ValueError or TypeError for input that is not finite float32 or float64 of one shape.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike

from handgrad.activations import sigmoid
from handgrad.checks import Array, finite, floats, like


class Loss(Protocol):
    """A loss l(y_hat, y) and its gradient dl/dy_hat."""

    def value(self, y_hat: ArrayLike, y: ArrayLike) -> np.floating[Any]: ...

    def gradient(self, y_hat: ArrayLike, y: ArrayLike) -> Array: ...


def _pair(prediction: ArrayLike, y: ArrayLike, name: str = "y_hat") -> tuple[Array, Array]:
    checked = finite(floats(prediction, name), name)
    if checked.ndim not in (1, 2):
        raise ValueError(f"{name}: expected shape (K,) or (N, K), given {checked.shape}")
    return checked, like(y, checked, "y")


@dataclass(frozen=True)
class SquaredError:
    """The squared norm of y_hat - y (eq:a05), summed or averaged over all elements."""

    reduction: Literal["sum", "mean"] = "sum"

    def __post_init__(self) -> None:
        if self.reduction not in ("sum", "mean"):
            raise ValueError(f"reduction: expected 'sum' or 'mean', given {self.reduction!r}")

    def value(self, y_hat: ArrayLike, y: ArrayLike) -> np.floating[Any]:
        y_hat, y = _pair(y_hat, y)
        return np.square(y_hat - y).sum() / self._count(y_hat)

    def gradient(self, y_hat: ArrayLike, y: ArrayLike) -> Array:
        """Equation eq:c07-2: 2 (y_hat - y), divided by the number of elements for the mean."""
        y_hat, y = _pair(y_hat, y)
        return 2 * (y_hat - y) / self._count(y_hat)

    def _count(self, y_hat: Array) -> int:
        return y_hat.size if self.reduction == "mean" else 1


# PyTorch's constants: log is clamped from below, and so is the denominator y_hat (1 - y_hat) of the
# gradient, whose bound PyTorch keeps in single precision also for float64.
_LEAST_LOG = -100.0
_LEAST_DENOMINATOR = float(np.float32(1e-12))


@dataclass(frozen=True)
class BinaryCrossEntropy:
    """Binary cross-entropy, averaged over all elements; what torch.nn.BCELoss computes.

    At y_hat = 0 and 1 value and gradient are PyTorch's, large but finite. ValueError if y_hat
    or y leaves [0, 1].
    """

    def value(self, y_hat: ArrayLike, y: ArrayLike) -> np.floating[Any]:
        """Equation eq:f03, with log clamped at -100."""
        y_hat, y = self._probabilities(y_hat, y)
        with np.errstate(divide="ignore"):  # log(0) = -inf is clamped
            log_y_hat = np.maximum(np.log(y_hat), _LEAST_LOG)
            log_rest = np.maximum(np.log1p(-y_hat), _LEAST_LOG)
        return -np.mean(y * log_y_hat + (1 - y) * log_rest)

    def gradient(self, y_hat: ArrayLike, y: ArrayLike) -> Array:
        """Equation eq:f04, with the denominator y_hat (1 - y_hat) clamped at 1e-12."""
        y_hat, y = self._probabilities(y_hat, y)
        denominator = np.maximum(y_hat * (1 - y_hat), _LEAST_DENOMINATOR)
        return (y_hat - y) / denominator / y_hat.size

    @staticmethod
    def _probabilities(y_hat: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        y_hat, y = _pair(y_hat, y)
        for name, array in (("y_hat", y_hat), ("y", y)):
            outside = array[(array < 0) | (array > 1)]
            if outside.size:
                raise ValueError(f"{name}: expected numbers in [0, 1], given {float(outside[0])}")
        return y_hat, y


@dataclass(frozen=True)
class SigmoidCrossEntropy:
    """Sigmoid and binary cross-entropy in one, from s = s^(L_max); stable where exp overflows.

    Takes the last layer's s, not y_hat = sigma(s); `error` is delta^(L_max) itself, the argument
    of `backward_from_delta`.
    """

    def value(self, s: ArrayLike, y: ArrayLike) -> np.floating[Any]:
        """Equation eq:f03 at y_hat = sigma(s), written without a logarithm of sigma."""
        s, y = _pair(s, y, "s")
        return np.mean(np.maximum(s, 0) - s * y + np.log1p(np.exp(-np.abs(s))))

    def error(self, s: ArrayLike, y: ArrayLike) -> Array:
        """The error of the last layer, dl/ds^(L_max) = (y_hat - y)/K, in the shape of s."""
        s, y = _pair(s, y, "s")
        return (sigmoid.value(s) - y) / s.size
