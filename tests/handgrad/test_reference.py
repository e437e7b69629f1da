"""The PyTorch twin is the same network, and the reference refuses what it cannot compare."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from refusals import refused

from handgrad import (
    Activation,
    BinaryCrossEntropy,
    SigmoidCrossEntropy,
    SquaredError,
    forward,
    random_network,
)
from handgrad.reference import autograd_gradients, twin

NETWORK = random_network([3, 4, 2, 2], ["relu", "identity", "sigmoid"], seed=1)
X, Y = np.array([[0.5, -0.25, 1.0], [2.0, 0.0, -1.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])


def test_the_twin_has_the_modules_and_the_parameters_of_the_network():
    model = twin(NETWORK)
    kinds = [torch.nn.ReLU, torch.nn.Identity, torch.nn.Sigmoid]
    assert [type(m) for m in model[1::2]] == kinds
    sizes = [(linear.in_features, linear.out_features) for linear in model[::2]]
    assert sizes == [(3, 4), (4, 2), (2, 2)]
    for L, layer in enumerate(NETWORK.layers, start=1):
        np.testing.assert_array_equal(model[2 * L - 2].weight.detach(), layer.W)
        np.testing.assert_array_equal(model[2 * L - 2].bias.detach(), layer.b)
    y_hat = model(torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(y_hat, forward(NETWORK, X).y_hat, rtol=1e-10)


def test_the_twin_is_a_copy_and_leaves_torchs_random_numbers_alone():
    before = NETWORK.layer(1).W.copy()
    torch.manual_seed(0)
    state = torch.get_rng_state()
    model = twin(NETWORK)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        model[0].weight += 1
    np.testing.assert_array_equal(NETWORK.layer(1).W, before)


@pytest.mark.parametrize(
    ("loss", "torch_loss"),
    [
        (SquaredError(), torch.nn.MSELoss(reduction="sum")),
        (SquaredError("mean"), torch.nn.MSELoss()),
        (BinaryCrossEntropy(), torch.nn.BCELoss()),
        (SigmoidCrossEntropy(), torch.nn.BCELoss()),
    ],
)
def test_the_gradients_are_those_of_the_twin(loss, torch_loss):
    model, x = twin(NETWORK), torch.tensor(X, requires_grad=True)
    torch_loss(model(x), torch.tensor(Y)).backward()
    expected = autograd_gradients(NETWORK, X, Y, loss)
    for L in (1, 2, 3):
        linear = model[2 * L - 2]
        np.testing.assert_allclose(expected.W[L], linear.weight.grad, atol=1e-10)
        np.testing.assert_allclose(expected.b[L], linear.bias.grad, atol=1e-10)
    np.testing.assert_allclose(expected.x, x.grad, atol=1e-10)


def test_what_has_no_twin_is_refused():
    tanh = Activation("tanh", np.tanh, lambda s: 1 - np.tanh(s) ** 2)
    expected = "expected handgrad's own identity, relu, sigmoid, given another one named 'tanh'"
    with refused(ValueError, f"layer 2: activation: {expected}"):
        twin(random_network([1, 1, 1], ["relu", tanh], seed=0))


def test_the_fused_loss_needs_a_sigmoid_at_the_end():
    network = random_network([3, 2], ["relu"], seed=0)
    expected = "expected sigmoid for SigmoidCrossEntropy, given 'relu'"
    with refused(ValueError, f"layer 1: activation: {expected}"):
        autograd_gradients(network, X, Y, SigmoidCrossEntropy())


def test_input_that_does_not_fit_is_refused():
    inputs = "expected shape (3,) or (N, 3), the inputs of layer 1"
    with refused(ValueError, f"x: {inputs}; given (2, 2)"):
        autograd_gradients(NETWORK, X[:, :2], Y, SquaredError())
    with refused(ValueError, "y: expected shape (2, 2), given (2,)"):
        autograd_gradients(NETWORK, X, Y[0], SquaredError())
    with refused(TypeError, "loss: expected a loss of handgrad.losses, given L1Loss"):
        autograd_gradients(NETWORK, X, Y, torch.nn.L1Loss())


def test_the_package_itself_does_not_import_torch():
    code = "import sys, handgrad; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_torch_the_reference_names_the_extra_that_brings_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "handgrad.reference")
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    expected = r"^handgrad\.reference: expected PyTorch, which handgrad\[torch\] installs; "
    with pytest.raises(ModuleNotFoundError, match=expected) as caught:
        importlib.import_module("handgrad.reference")
    assert caught.value.name == "torch"
