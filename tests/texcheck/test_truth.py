"""The truth of texcheck against PyTorch's autograd, and handgrad's gradients against the truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from handgrad import (
    BinaryCrossEntropy,
    Layer,
    Network,
    SquaredError,
    backward,
    dl_dy_hat,
    ds_dz,
    dy_hat_ds,
    dz_ds,
    forward,
)
from texcheck.network import ARCHITECTURES, Architecture, Quantity, World, real_world
from texcheck.numbers import Real

TOLERANCE = 1e-12
POINTS = 3
ALL = [one for group in ARCHITECTURES.values() for one in group]
TORCH = {"ReLU": torch.relu, "sigma": torch.sigmoid, "I": lambda s: s}
HANDGRAD = {"ReLU": "relu", "sigma": "sigmoid", "I": "identity"}
NAMES = [f"{one.network}-{'-'.join(map(str, one.widths))}" for one in ALL]


def number(value: object, point: int) -> float:
    return value.values[point] if isinstance(value, Real) else float(value)


def array(world: World, quantity: Quantity, point: int) -> np.ndarray:
    """A quantity at one point; vectors are columns."""
    return np.array([[number(entry, point) for entry in row] for row in world.values[quantity]])


def torch_forward(
    architecture: Architecture,
    values: dict[Quantity, torch.Tensor],
    held: Quantity | None = None,
) -> dict[Quantity, torch.Tensor]:
    """The same network in PyTorch; a held quantity keeps its value."""
    found = dict(values)
    for layer, activation in enumerate(architecture.activations, start=1):
        if held != ("s", layer):
            found["s", layer] = found["W", layer] @ found["z", layer - 1] + found["b", layer]
        if held != ("z", layer):
            found["z", layer] = TORCH[activation](found["s", layer])
    output, target = found["z", architecture.depth], found["y", 0]
    if architecture.loss == "MSE":
        found["ell", 0] = ((output - target) ** 2).sum()
    else:
        found["ell", 0] = torch.nn.functional.binary_cross_entropy(output, target)
    return found


def quantities(architecture: Architecture) -> list[Quantity]:
    layers = range(1, architecture.depth + 1)
    return [("z", 0), ("y", 0)] + [(letter, layer) for layer in layers for letter in "Wbsz"]


@pytest.mark.parametrize("architecture", ALL, ids=NAMES)
def test_every_value_and_every_derivative_is_autograd_s(architecture: Architecture) -> None:
    world = real_world(architecture, POINTS, 7)
    compared = 0
    for point in range(POINTS):
        tensors = {
            quantity: torch.tensor(array(world, quantity, point))
            for quantity in quantities(architecture)
        }
        for quantity, value in torch_forward(architecture, tensors).items():
            np.testing.assert_allclose(
                array(world, quantity, point), value.reshape(array(world, quantity, point).shape),
                rtol=TOLERANCE, atol=TOLERANCE,
            )  # fmt: skip
        for by in quantities(architecture):
            targets = [
                quantity
                for quantity in [*quantities(architecture), ("ell", 0)]
                if quantity != by and architecture.downstream(quantity, by)
            ]

            def downstream(
                value: torch.Tensor,
                by: Quantity = by,
                targets: list[Quantity] = targets,
                tensors: dict[Quantity, torch.Tensor] = tensors,
            ) -> tuple[torch.Tensor, ...]:
                found = torch_forward(architecture, {**tensors, by: value}, held=by)
                return tuple(found[quantity] for quantity in targets)

            jacobians = torch.autograd.functional.jacobian(downstream, tensors[by])
            columns = architecture.shape(by)[1]
            for quantity, jacobian in zip(targets, jacobians, strict=True):
                rows = architecture.shape(quantity)[0]
                ours = [
                    [
                        number(world.derivative(quantity, i, 0, by, component), point)
                        for component in range(architecture.shape(by)[0] * columns)
                    ]
                    for i in range(rows)
                ]
                np.testing.assert_allclose(
                    ours, jacobian.reshape(rows, -1), rtol=TOLERANCE, atol=TOLERANCE
                )
                compared += 1
    # Every layer's s, z and the loss lie downstream of something.
    assert compared > POINTS * 4 * architecture.depth


@pytest.mark.parametrize("architecture", ALL, ids=NAMES)
def test_handgrad_has_the_gradients_of_the_truth(architecture: Architecture) -> None:
    world = real_world(architecture, POINTS, 11)
    for point in range(POINTS):
        network = Network(
            [
                Layer(
                    array(world, ("W", L), point), array(world, ("b", L), point)[:, 0], HANDGRAD[f]
                )
                for L, f in enumerate(architecture.activations, start=1)
            ]
        )
        x, y = array(world, ("z", 0), point)[:, 0], array(world, ("y", 0), point)[:, 0]
        loss = SquaredError() if architecture.loss == "MSE" else BinaryCrossEntropy()
        trace = forward(network, x)
        gradients = backward(network, trace, loss.gradient(trace.y_hat, y))

        def truth(
            quantity: Quantity, by: Quantity, world: World = world, point: int = point
        ) -> np.ndarray:
            (rows, _), (height, width) = architecture.shape(quantity), architecture.shape(by)
            found = [
                number(world.derivative(quantity, i, 0, by, component), point)
                for i in range(rows)
                for component in range(height * width)
            ]
            return np.array(found).reshape(rows, height, width)

        def same(ours: np.ndarray, theirs: np.ndarray) -> None:
            np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)

        for L in range(1, architecture.depth + 1):
            same(gradients.W[L], truth(("ell", 0), ("W", L))[0])
            same(gradients.b[L], truth(("ell", 0), ("b", L))[0, :, 0])
            same(gradients.delta[L], truth(("ell", 0), ("s", L))[0, :, 0])
            same(dz_ds(network, trace, L), truth(("z", L), ("s", L))[:, :, 0])
            if L > 1:
                same(ds_dz(network, L), truth(("s", L), ("z", L - 1))[:, :, 0])
        same(gradients.x, truth(("ell", 0), ("z", 0))[0, :, 0])
        last = architecture.depth
        same(dy_hat_ds(network, trace), truth(("z", last), ("s", last))[:, :, 0])
        same(
            dl_dy_hat(loss, trace.y_hat, y), truth(("ell", 0), ("z", last))[0, :, 0].reshape(1, -1)
        )
