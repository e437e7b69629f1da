"""The activations against PyTorch, central differences and their limits."""

import numpy as np
import pytest
import torch
from refusals import refused

from handgrad import activation, central_difference, identity, relu, sigmoid

TORCH = {"identity": torch.nn.Identity(), "relu": torch.relu, "sigmoid": torch.sigmoid}
ALL = pytest.mark.parametrize("f", [identity, relu, sigmoid], ids=lambda f: f.name)
POINTS = np.array([[-800.0, -40.0, -3.2, -1e-9, -0.0], [0.0, 1e-9, 0.7, 40.0, 800.0]])


@ALL
def test_value_and_derivative_are_those_of_autograd_also_where_saturated(f):
    s = torch.tensor(POINTS, requires_grad=True)
    z = TORCH[f.name](s)
    z.sum().backward()
    np.testing.assert_allclose(f.value(POINTS), z.detach().numpy(), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(f.derivative(POINTS), s.grad.numpy(), rtol=1e-10, atol=1e-300)


@ALL
def test_derivative_is_the_slope_of_the_value(f):
    s = np.array([-3.0, -0.4, 0.3, 2.0])
    slopes = central_difference(f.value, s)
    np.testing.assert_allclose(slopes, np.diag(f.derivative(s)), atol=1e-9)


@ALL
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_and_the_shape_are_kept(f, dtype):
    s = POINTS.astype(dtype)
    for result in (f.value(s), f.derivative(s)):
        assert result.dtype == dtype
        assert result.shape == s.shape


@ALL
@pytest.mark.parametrize("number", [2.0, np.float32(2), np.array(-2.0)], ids=repr)
def test_of_a_number_they_are_arrays_too(f, number):
    for result in (f.value(number), f.derivative(number)):
        assert type(result) is np.ndarray
        assert result.shape == ()
        assert result.dtype == np.asarray(number).dtype


@ALL
def test_the_argument_is_neither_changed_nor_shared(f):
    s = POINTS.copy()
    f.value(s)[:] = 7
    f.derivative(s)[:] = 7
    np.testing.assert_array_equal(s, POINTS)


def test_relu_has_derivative_zero_at_its_kink():
    np.testing.assert_array_equal(relu.derivative(np.array([0.0, -0.0])), [0.0, 0.0])


def test_sigmoid_reaches_its_limits_without_overflow():
    with np.errstate(all="raise", under="ignore"):
        z = sigmoid.value(np.array([-np.inf, -1e308, 0.0, 1e308, np.inf]))
    np.testing.assert_array_equal(z, [0, 0, 0.5, 1, 1])


def test_sigmoid_keeps_the_digits_of_small_values():
    # Far left sigma(s) is exp(s) to the last digit.
    assert sigmoid.value(np.array([-700.0]))[0] == pytest.approx(np.exp(-700.0), rel=1e-14)


def test_a_name_finds_its_activation_and_an_activation_finds_itself():
    assert [activation(name) for name in ("identity", "relu", "sigmoid")] == [
        identity,
        relu,
        sigmoid,
    ]
    assert activation(relu) is relu


@pytest.mark.parametrize("name", ["tanh", "ReLU", "", None, 3])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    message = f"activation: expected one of identity, relu, sigmoid, given {name!r}"
    with refused(ValueError, message):
        activation(name)


@ALL
@pytest.mark.parametrize("bad", [np.array([1, 2]), np.array(["a"]), [True], [1j], None])
def test_what_is_not_float_is_refused(f, bad):
    given = f"given {np.asarray(bad).dtype}; convert with np.asarray(..., dtype=np.float64)"
    for function in (f.value, f.derivative):
        with refused(TypeError, f"{f.name}: expected float32 or float64, {given}"):
            function(bad)
