"""Gradients by hand, in NumPy: the solutions of the book as code."""

from handgrad.activations import Activation, activation, identity, relu, sigmoid
from handgrad.comparison import Comparison, compare
from handgrad.differences import central_difference
from handgrad.jacobians import dl_dy_hat, ds_dz, dy_hat_ds, dz_ds, numerator_layout
from handgrad.losses import BinaryCrossEntropy, SigmoidCrossEntropy, SquaredError
from handgrad.network import (
    Gradients,
    Layer,
    Network,
    Trace,
    backward,
    backward_from_delta,
    forward,
    random_network,
    sgd_step,
)

__all__ = [
    "Activation", "BinaryCrossEntropy", "Comparison", "Gradients", "Layer", "Network",
    "SigmoidCrossEntropy", "SquaredError", "Trace", "activation", "backward",
    "backward_from_delta", "central_difference", "compare", "dl_dy_hat", "ds_dz", "dy_hat_ds",
    "dz_ds", "forward", "identity", "numerator_layout", "random_network", "relu", "sgd_step",
    "sigmoid",
]  # fmt: skip
