"""The Jacobians of the text against autograd, central differences and the backward pass."""

import numpy as np
import pytest
import torch
from refusals import refused

from handgrad import (
    BinaryCrossEntropy,
    SquaredError,
    backward,
    central_difference,
    dl_dy_hat,
    ds_dz,
    dy_hat_ds,
    dz_ds,
    forward,
    numerator_layout,
    random_network,
)
from handgrad.reference import twin

ACTIVATIONS = ["relu", "sigmoid", "identity", "relu", "sigmoid"]
NETWORK = random_network([3, 4, 1, 5, 4, 2], ACTIVATIONS, seed=3)
X, Y = np.array([0.7, -1.2, 0.4]), np.array([0.0, 1.0])
TRACE = forward(NETWORK, X)
LAYERS = pytest.mark.parametrize("L", range(1, 6))


def torch_jacobian(module, at):
    return torch.autograd.functional.jacobian(module, torch.tensor(at)).numpy()


@LAYERS
def test_dz_ds_is_the_jacobian_of_the_activation(L):
    expected = torch_jacobian(twin(NETWORK)[2 * L - 1], TRACE.s[L])
    np.testing.assert_allclose(dz_ds(NETWORK, TRACE, L), expected, atol=1e-10)
    slopes = central_difference(NETWORK.layer(L).f.value, TRACE.s[L])
    np.testing.assert_allclose(dz_ds(NETWORK, TRACE, L), slopes, atol=1e-8)


@LAYERS
def test_ds_dz_is_the_jacobian_of_the_linear_layer(L):
    expected = torch_jacobian(twin(NETWORK)[2 * L - 2], TRACE.z[L - 1])
    np.testing.assert_allclose(ds_dz(NETWORK, L), expected, atol=1e-10)


def test_dy_hat_ds_is_the_last_layers_dz_ds():
    expected = torch_jacobian(torch.nn.Sigmoid(), TRACE.s[5])
    np.testing.assert_allclose(dy_hat_ds(NETWORK, TRACE), expected, atol=1e-10)


@pytest.mark.parametrize("loss", [SquaredError(), SquaredError("mean"), BinaryCrossEntropy()])
def test_dl_dy_hat_is_a_row_of_slopes(loss):
    row = dl_dy_hat(loss, TRACE.y_hat, Y)
    assert row.shape == (1, 2)
    slopes = central_difference(lambda y_hat: loss.value(y_hat, Y), TRACE.y_hat)
    np.testing.assert_allclose(row[0], slopes, atol=1e-8)


@pytest.mark.parametrize("loss", [SquaredError(), BinaryCrossEntropy()])
def test_the_product_of_the_jacobians_is_the_texts_gradient(loss):
    """The chain of the text, eq:c14-2 at any depth, in numerator layout."""
    gradients = backward(NETWORK, TRACE, loss.gradient(TRACE.y_hat, Y))
    text = numerator_layout(gradients)
    chain = dl_dy_hat(loss, TRACE.y_hat, Y) @ dy_hat_ds(NETWORK, TRACE)
    for L in range(5, 0, -1):
        column = TRACE.z[L - 1][:, np.newaxis]
        np.testing.assert_allclose(text.b[L], chain, rtol=1e-10)
        np.testing.assert_allclose(text.delta[L], chain.T, rtol=1e-10)
        np.testing.assert_allclose(text.W[L], column @ chain, rtol=1e-10)
        chain = chain @ ds_dz(NETWORK, L)
        if L > 1:
            chain = chain @ dz_ds(NETWORK, TRACE, L - 1)
    np.testing.assert_allclose(text.x, chain, rtol=1e-10)


def test_numerator_layout_has_the_texts_shapes():
    text = numerator_layout(backward(NETWORK, TRACE, np.ones(2)))
    for L, (d_in, d_out) in enumerate(zip(NETWORK.widths, NETWORK.widths[1:], strict=False), 1):
        assert text.W[L].shape == (d_in, d_out)
        assert text.b[L].shape == (1, d_out)
        assert text.delta[L].shape == (d_out, 1)
    assert text.x.shape == (1, 3)


def test_a_batch_is_refused():
    x, y = np.ones((2, 3)), np.ones((2, 2))
    trace = forward(NETWORK, x)
    gradients = backward(NETWORK, trace, y)
    calls = {
        "layer 1: s: {}, given shape (2, 4)": lambda: dz_ds(NETWORK, trace, 1),
        "layer 5: s: {}, given shape (2, 2)": lambda: dy_hat_ds(NETWORK, trace),
        "y_hat: {}, given shape (2, 2)": lambda: dl_dy_hat(SquaredError(), trace.y_hat, y),
        "x: {}, given shape (2, 3)": lambda: numerator_layout(gradients),
    }
    for message, call in calls.items():
        with refused(ValueError, message.format("expected one point, shape (d,)")):
            call()


def test_a_layer_that_is_not_there_is_refused():
    with refused(ValueError, "layer: expected a number from 1 to 5, given 6"):
        dz_ds(NETWORK, TRACE, 6)
    with refused(ValueError, "layer: expected a number from 1 to 5, given 0"):
        ds_dz(NETWORK, 0)
