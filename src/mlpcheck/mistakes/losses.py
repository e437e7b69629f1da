"""Mistakes in the two losses and their gradients, apart from factors."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mlpcheck.mistakes.registry import Mistake, Option, before, options
from mlpcheck.truth.cases import Array
from mlpcheck.truth.passes import RIGHT, cross_entropy, entropy_slope, sigmoid

SEE = {"the loss of bce_loss": "eq:f03", "bce_loss": "eq:f04", "loss": "eq:a05", "dJd": "eq:c18-1",
       "": "eq:a03"}  # fmt: skip
SEE_BCE = {"dJdy_hat": "eq:f04", "": "eq:f03"}

MEAN, SLOPE = "difference.square().mean()", "2 * difference / difference.numel()"
LOG, LOG_REST = "torch.log(y_hat).clamp(min=-100)", "torch.log(1 - y_hat).clamp(min=-100)"
BCE, BCE_SLOPE = "-(y * log_y_hat + (1 - y) * log_rest).mean()", "(y_hat - y) / denominator /"
BOUND = "(y_hat * (1 - y_hat)).clamp(min=1e-12)"
# The elements of each loss, and those of its gradient.
ELEMENTS: dict[str, tuple[Any, Any]] = {
    "mse_loss": (lambda y, p: (p - y) ** 2, RIGHT["mse_loss dJdy_hat"]),
    "bce_loss": (cross_entropy, entropy_slope),
}


def _near(e: float) -> list[Option]:
    """A small number that is added to the values, or bounds them."""
    added, bounded = f"you add {e:g}", f"you bound the denominator below by {e:g}"
    each = f"{added} to each denominator, or bound each by that"
    kept = f"you keep y_hat {e:g} away from 0 and 1"
    if np.float32(1) - np.float32(e) == 1:
        kept += f", but in float32, PyTorch's usual precision, 1 - {e:g} is 1, and log(0) leads to "
        kept += "NaN unless something else bounds it"
    loss, slope, clip = "bce_loss loss", "bce_loss dJdy_hat", partial(np.clip, a_min=e, a_max=1 - e)
    return [
        Option(loss, lambda y, p: np.mean(-y * np.log(p + e) - (1 - y) * np.log(1 - p + e)), added),
        Option(loss, lambda y, p: np.mean(cross_entropy(y, clip(p))), kept),
        Option(slope, lambda y, p: -y / (p + e) + (1 - y) / (1 - p + e), each),
        Option(slope, lambda y, p: (p - y) / (p * (1 - p) + e), added),
        Option(slope, lambda y, p: entropy_slope(y, clip(p)), kept),
        Option(slope, lambda y, p: (p - y) / (clip(p) * (1 - clip(p))), kept),
        Option(slope, lambda y, p: (p - y) / np.maximum(p * (1 - p), e), bounded),
    ]


def _broadcast(how: str, flat: Callable[[Array], Array]) -> list[Option]:
    """A loss of y_hat or y flattened, and its gradient, over the size of y or of what results."""
    return [
        Option(f"{loss} {quantity}", lambda y, p, run=run, at=at: run(*at(y, p)), f"{name}.{how}")
        for loss, (element, slope) in ELEMENTS.items()
        for name, at in (("y_hat", lambda y, p: (y, flat(p))), ("y", lambda y, p: (flat(y), p)))
        for quantity, run in (
            ("loss", lambda y, p, run=element: np.mean(run(y, p))), ("dJdy_hat", slope),
            ("dJdy_hat", lambda y, p, run=slope: run(y, p) * y.size / run(y, p).size))
    ]  # fmt: skip


ROWS = (
    Mistake("swapped-arguments", "takes its arguments as (y_hat, y). The order is (y, y_hat).", SEE,
        [Option("bce_loss loss", lambda y, p: np.mean(cross_entropy(p, y))),
         Option("bce_loss loss", lambda y, p: np.mean(-p * np.log(y) - (1 - p) * np.log(1 - y))),
         Option("bce_loss dJdy_hat", lambda y, p: (y - p) / (y * (1 - y))),
         Option("bce_loss dJdy_hat", lambda y, p: entropy_slope(p, y))],
        [("def bce_loss(y, y_hat)", "def bce_loss(y_hat, y)")]),
    Mistake("broadcast", "{value} loses an axis, so that with one output every prediction is "
        "compared with every target, N x N differences for N. Leave y and y_hat in the shape "
        "(N, K).", SEE,
        [*_broadcast("squeeze()", np.squeeze), *_broadcast("reshape(-1)", np.ravel)],
        [("difference = y_hat - y\n", "difference = y_hat.squeeze() - y\n")]),
    Mistake("loss-not-squared", "{value}. The loss is the mean of the squares of y_hat - y, "
        "without a root.", SEE, [*options("mse_loss loss", {
            "the root of the mean": lambda y, p: np.sqrt(np.mean((p - y) ** 2)),
            "the root of the sum of the squares, as torch.norm has it":
                lambda y, p: np.linalg.norm(p - y),
            "torch.norm over N": lambda y, p: np.linalg.norm(p - y) / len(y),
            "torch.norm over N K": lambda y, p: np.linalg.norm(p - y) / y.size,
            "built on the absolute difference": lambda y, p: np.mean(np.abs(p - y)),
            "the mean of y_hat - y itself": lambda y, p: np.mean(p - y),
            "the square of a mean": lambda y, p: np.mean(p - y) ** 2,
        }), *options("mse_loss dJdy_hat", {
            "the gradient of torch.norm": lambda y, p: (p - y) / np.linalg.norm(p - y) * y.size,
            "built on the absolute difference": lambda y, p: np.sign(p - y),
        })], [(MEAN, MEAN + ".sqrt()")]),
    Mistake("loss-per-row", "{value}. The loss of a batch is one number.", SEE,
        [Option(f"{loss} loss", lambda y, p, run=run, axis=axis: np.mean(run(y, p), axis=axis),
                f"one number {each}") for loss, (run, _) in ELEMENTS.items()
         for axis, each in ((1, "a row"), (0, "a column"), ((), "an element"))],
        [(MEAN, "difference.square().mean(dim=1)")]),
    Mistake("loss-squared-gradient", "still has the square. The derivative of a square is "
        "2 (y_hat - y).", SEE, [Option("mse_loss dJdy_hat", lambda y, p: (p - y) ** 2)],
        [(SLOPE, "difference.square() / difference.numel()")]),
    Mistake("loss-gradient-summed", "summed or averaged over the batch. It has one row for each "
        "row of y_hat.", SEE,
        [Option(f"{loss} dJdy_hat", lambda y, p, taken=taken, slope=slope: taken(slope(y, p)))
         for loss, (_, slope) in ELEMENTS.items() for taken in (
            lambda d: d.sum(axis=0), lambda d: d.sum(), lambda d: d.mean(axis=0, keepdims=True),
            lambda d: d.mean(axis=0) * d.size, lambda d: d.mean())],
        [(SLOPE, f"({SLOPE}).sum(dim=0)")]),
    Mistake("loss-values-swapped", "returns the gradient first. The order is (loss, dJdy_hat).",
        SEE, example=[(f"{SLOPE}\n    return loss, dJdy_hat",
                       f"{SLOPE}\n    return dJdy_hat, loss")]),
    Mistake("brackets", "{value}, where a bracket is missing.", SEE,
        [*options("mse_loss dJdy_hat", {
            "2 y_hat - y for 2 (y_hat - y)": lambda y, p: 2 * p - y,
            "2 y_hat - y / (N K) for 2 (y_hat - y) / (N K)": lambda y, p: 2 * p * y.size - y,
            "y_hat - 2 y for 2 (y_hat - y)": lambda y, p: p - 2 * y,
        }), *options("mse_loss loss", {
            "y_hat - y^2 for (y_hat - y)^2": lambda y, p: np.mean(p - y**2),
        }), *options("bce_loss dJdy_hat", {
            "(y_hat - y) / y_hat * (1 - y_hat) for (y_hat - y) / (y_hat * (1 - y_hat))":
                lambda y, p: (p - y) / p * (1 - p),
            "y_hat - y / (y_hat * (1 - y_hat)) for (y_hat - y) / (y_hat * (1 - y_hat))":
                lambda y, p: p - y / (p * (1 - p)),
            "(1 - y) / 1 - y_hat for (1 - y) / (1 - y_hat)": lambda y, p: 1 - y - p - y / p,
        })], [(SLOPE, "(2 * y_hat - y) / difference.numel()")]),
    Mistake("bce-one-term", "{value} is missing. One term has y as a factor, the other 1 - y.",
        SEE_BCE, [*options("bce_loss loss", {
            "the term with 1 - y": lambda y, p: -np.mean(y * np.log(p)),
            "the term with y": lambda y, p: -np.mean((1 - y) * np.log(1 - p)),
            "the factor y, and with it the term with 1 - y,": lambda y, p: -np.mean(np.log(p)),
        }), *options("bce_loss dJdy_hat", {
            "the term with 1 - y": lambda y, p: -y / p,
            "the term with y": lambda y, p: (1 - y) / (1 - p),
            "the factor y, and with it the term with 1 - y,": lambda y, p: -1 / p,
            "the factor 1 - y, and with it the term with y,": lambda y, p: 1 / (1 - p),
            "the factor y, and 1 - y in the other term,": lambda y, p: 1 / (1 - p) - 1 / p,
        })], [(BCE, "-(y * log_y_hat).mean()"), (BCE_SLOPE, "-y / y_hat.clamp(min=1e-12) /")]),
    Mistake("bce-term-sign", "the term with 1 - y has the wrong sign. The loss adds the two terms, "
        "and the derivative of log(1 - y_hat) has a minus.", SEE_BCE,
        [Option("bce_loss loss", lambda y, p: -np.mean(y * np.log(p) - (1 - y) * np.log(1 - p))),
         Option("bce_loss dJdy_hat", lambda y, p: -y / p - (1 - y) / (1 - p))],
        [(BCE, BCE.replace("+", "-"))]),
    Mistake("bce-denominator", "the denominator is {value}. It is y_hat (1 - y_hat).", "eq:f04",
        options("bce_loss dJdy_hat", {
            "missing, as in the error at s of a sigmoid": lambda y, p: p - y,
            "y_hat alone": lambda y, p: (p - y) / p,
            "1 - y_hat alone": lambda y, p: (p - y) / (1 - p),
            "y_hat (1 + y_hat)": lambda y, p: (p - y) / (p * (1 + p)),
            "y_hat (y_hat - y)": lambda y, p: (p - y) / (p * (p - y)),
            "multiplied by, not divided by": lambda y, p: (p - y) * p * (1 - p),
        }), [(BOUND, "y_hat.clamp(min=1e-12)")]),
    Mistake("bce-mse", "that of the squared error, not of the cross-entropy.", SEE_BCE,
        [Option(f"bce_loss {of}", RIGHT[f"mse_loss {of}"]) for of in ("loss", "dJdy_hat")],
        [(BCE, "(y_hat - y).square().mean()")]),
    Mistake("bce-logits", "takes the sigmoid of y_hat, as BCEWithLogitsLoss does. Here y_hat is a "
        "probability already.", "eq:f03",
        [Option("bce_loss loss", lambda y, p: np.mean(cross_entropy(y, sigmoid(p)))),
         Option("bce_loss dJdy_hat", lambda y, p: entropy_slope(y, sigmoid(p))),
         Option("bce_loss dJdy_hat", lambda y, p: sigmoid(p) - y)],
        [before("    log_y_hat =", "y_hat = torch.sigmoid(y_hat)")]),
    Mistake("bce-saturated", "not finite where y_hat is exactly 0 or 1. As BCELoss does, bound "
        "each logarithm below by -100 and the denominator below by 1e-12.", "eq:bce-logarithms",
        example=[(LOG, LOG[:-16]), (LOG_REST, LOG_REST[:-16]), (BOUND, BOUND[:-17])]),
    Mistake("bce-epsilon", "differs from BCELoss where y_hat is (almost) 0 or 1: {value}. BCELoss "
        "bounds each logarithm below by -100, the denominator below by 1e-12, and changes nothing "
        "else.", "eq:bce-logarithms", [option for k in range(2, 17) for option in _near(10.0**-k)],
        [(LOG, "torch.log(y_hat + 1e-4)"), (LOG_REST, "torch.log(1 - y_hat + 1e-4)")]),
)  # fmt: skip
