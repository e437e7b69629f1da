"""The losses of the text, each with its gradient with respect to y_hat.

y_hat and y share one shape, (K,) for a point or (N, K) for a batch of N. A mean is taken over all
elements: 1/K for a point, 1/(N K) for a batch. Values are NumPy scalars of the input's dtype,
gradients have the shape of y_hat. ValueError or TypeError for input that is not finite float32 or
float64, or whose shapes or dtypes differ; ValueError for a value or a gradient that overflows.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from handgrad.activations import sigmoid
from handgrad.checks import Array, finite, finite_result, first, fitting, floats, quietly, short

Scalar = np.floating[Any]


def _pair(prediction: ArrayLike, y: ArrayLike, name: str) -> tuple[Array, Array]:
    checked = floats(prediction, name)
    if checked.ndim not in (1, 2):
        raise ValueError(f"{name}: expected shape (K,) or (N, K), given {checked.shape}")
    return checked, fitting(y, checked, "y")


@dataclass(frozen=True)
class SquaredError:
    """The squared norm of y_hat - y (eq:a05); `reduction` as PyTorch's MSELoss names it."""

    reduction: Literal["sum", "mean"] = "sum"

    def __post_init__(self) -> None:
        if not isinstance(self.reduction, str) or self.reduction not in ("sum", "mean"):
            given = short(self.reduction)
            raise ValueError(f"reduction: expected 'sum' or 'mean', given {given}")

    def value(self, y_hat: ArrayLike, y: ArrayLike) -> Scalar:
        """Equation eq:a05; for the mean, divided by the number of elements."""
        y_hat, y = _pair(y_hat, y, "y_hat")
        reduce = np.mean if self.reduction == "mean" else np.sum
        loss: Scalar = quietly(lambda: reduce(np.square(y_hat - y)))
        finite_result(np.asarray(loss), "loss", y_hat=y_hat, y=y)
        return loss

    def gradient(self, y_hat: ArrayLike, y: ArrayLike) -> Array:
        """Equation eq:c07-2: 2 (y_hat - y), divided by the number of elements for the mean."""
        y_hat, y = _pair(y_hat, y, "y_hat")
        slope = 2 / y_hat.size if self.reduction == "mean" else 2
        gradient = quietly(lambda: slope * (y_hat - y))
        return finite_result(gradient, "dl/dy_hat", y_hat=y_hat, y=y)


# PyTorch's lower bounds: of log in the value, and of y_hat (1 - y_hat) in the gradient's
# denominator, where PyTorch keeps the constant in single precision for float64 too.
_LEAST_LOG = -100.0
_LEAST_DENOMINATOR = float(np.float32(1e-12))


@dataclass(frozen=True)
class BinaryCrossEntropy:
    """Binary cross-entropy, the mean over all elements, as torch.nn.BCELoss computes it.

    Large but finite where y_hat is 0 or 1; ValueError if y_hat or y leaves [0, 1].
    """

    def value(self, y_hat: ArrayLike, y: ArrayLike) -> Scalar:
        """Equation eq:f03, with log bounded below by -100."""
        y_hat, y = self._probabilities(y_hat, y)
        log_y_hat = np.maximum(quietly(np.log, y_hat), _LEAST_LOG)  # log 0 = -inf is bounded too
        log_rest = np.maximum(quietly(np.log1p, -y_hat), _LEAST_LOG)
        return np.mean((y - 1) * log_rest - y * log_y_hat)  # 0, not -0, where all is right

    def gradient(self, y_hat: ArrayLike, y: ArrayLike) -> Array:
        """Equation eq:f04, with y_hat (1 - y_hat) bounded below by 1e-12."""
        y_hat, y = self._probabilities(y_hat, y)
        return (y_hat - y) / np.maximum(y_hat * (1 - y_hat), _LEAST_DENOMINATOR) / y_hat.size

    @staticmethod
    def _probabilities(y_hat: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        y_hat, y = _pair(y_hat, y, "y_hat")
        for name, array in (("y_hat", y_hat), ("y", y)):
            inside = (finite(array, name) >= 0) & (array <= 1)
            if not inside.all():
                given = first(array, ~inside)
                raise ValueError(f"{name}: expected numbers in [0, 1], given {given}")
        return y_hat, y


@dataclass(frozen=True)
class SigmoidCrossEntropy:
    """Sigmoid and binary cross-entropy in one, stable where the plain formulas overflow.

    Takes s = s^(L_max), not y_hat = sigma(s). As in PyTorch, y may leave [0, 1].
    """

    def value(self, s: ArrayLike, y: ArrayLike) -> Scalar:
        """Equation eq:f03 at y_hat = sigma(s), without the exponential of a large number."""
        s, y = _pair(s, y, "s")
        each = quietly(lambda: np.maximum(s, 0) - s * y + np.log1p(np.exp(-np.abs(s))))
        loss: Scalar = quietly(np.mean, each)
        finite_result(np.asarray(loss), "loss", s=s, y=y)
        return loss

    def error(self, s: ArrayLike, y: ArrayLike) -> Array:
        """delta^(L_max) = (y_hat - y)/K, eq:fused-error, where `backward_from_delta` starts."""
        s, y = _pair(s, y, "s")
        y_hat = sigmoid.value(finite(s, "s"))
        return (y_hat - finite(y, "y")) / s.size
