"""The losses against PyTorch's losses and autograd, also where they overflow or are clamped."""

import numpy as np
import pytest
import torch
from refusals import refused

from handgrad import BinaryCrossEntropy, SigmoidCrossEntropy, SquaredError, central_difference

CASES = [
    pytest.param(SquaredError("sum"), torch.nn.MSELoss(reduction="sum"), id="squared-sum"),
    pytest.param(SquaredError("mean"), torch.nn.MSELoss(reduction="mean"), id="squared-mean"),
    pytest.param(BinaryCrossEntropy(), torch.nn.BCELoss(), id="cross-entropy"),
    pytest.param(SigmoidCrossEntropy(), torch.nn.BCEWithLogitsLoss(), id="fused"),
]
EACH = pytest.mark.parametrize(("loss", "torch_loss"), CASES)
SHAPES = pytest.mark.parametrize("shape", [(1,), (4,), (1, 1), (1, 3), (5, 1), (5, 3)], ids=str)


def slope(loss, prediction, y):
    """The loss's derivative by its prediction, whatever the loss calls it."""
    fused = isinstance(loss, SigmoidCrossEntropy)
    return loss.error(prediction, y) if fused else loss.gradient(prediction, y)


def assert_as_torch(loss, torch_loss, prediction, y, rtol=1e-10):
    leaf = torch.tensor(prediction, requires_grad=True)
    expected = torch_loss(leaf, torch.tensor(y))
    expected.backward()
    value, gradient = loss.value(prediction, y), slope(loss, prediction, y)
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=rtol)
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=rtol, atol=1e-300)
    assert gradient.shape == prediction.shape
    assert value.dtype == gradient.dtype == prediction.dtype


@EACH
@SHAPES
def test_value_and_gradient_are_those_of_torch(loss, torch_loss, shape):
    rng = np.random.default_rng(1)
    assert_as_torch(loss, torch_loss, rng.uniform(0.01, 0.99, shape), rng.uniform(0, 1, shape))


@EACH
def test_float32_stays_float32(loss, torch_loss):
    rng = np.random.default_rng(2)
    prediction, y = rng.uniform(0.1, 0.9, (2, 4, 3)).astype(np.float32)
    assert_as_torch(loss, torch_loss, prediction, y, rtol=1e-5)


@EACH
@SHAPES
def test_gradient_is_the_slope_of_the_value(loss, torch_loss, shape):
    rng = np.random.default_rng(3)
    prediction, y = rng.uniform(0.1, 0.9, shape), rng.uniform(0, 1, shape)
    slopes = central_difference(lambda p: loss.value(p, y), prediction)
    np.testing.assert_allclose(slope(loss, prediction, y), slopes, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_at_zero_and_one_is_that_of_torch(dtype):
    y_hat = np.array([0, 0, 1, 1, 1e-14, 1e-30, 0.5], dtype=dtype)
    y = np.array([0, 1, 0, 1, 1, 0, 1], dtype=dtype)
    rtol = 1e-10 if dtype is np.float64 else 1e-6
    assert_as_torch(BinaryCrossEntropy(), torch.nn.BCELoss(), y_hat, y, rtol)


@pytest.mark.parametrize("right", [[0.0], [1.0], [0.0, 1.0]])
def test_cross_entropy_of_a_right_certainty_is_zero_without_a_sign(right):
    value = BinaryCrossEntropy().value(right, right)
    assert (value, np.signbit(value)) == (0, False)


def test_cross_entropy_of_a_wrong_certainty_is_one_hundred():
    assert BinaryCrossEntropy().value(np.array([0.0, 1.0]), np.array([1.0, 0.0])) == 100


@pytest.mark.parametrize("name", ["y_hat", "y"])
@pytest.mark.parametrize("outside", [-1e-9, 1.000001])
def test_cross_entropy_outside_zero_and_one_is_refused_as_in_torch(name, outside):
    good, bad = np.array([0.5, 0.5, 0.5]), np.array([0.5, outside, 0.5])
    y_hat, y = (bad, good) if name == "y_hat" else (good, bad)
    for function in (BinaryCrossEntropy().value, BinaryCrossEntropy().gradient):
        with refused(ValueError, f"{name}: expected numbers in [0, 1], given {outside} at [1]"):
            function(y_hat, y)
    with pytest.raises(RuntimeError, match="should be between 0 and 1"):
        torch.nn.BCELoss()(torch.tensor(y_hat), torch.tensor(y))


def test_fused_loss_is_stable_where_the_plain_formula_overflows():
    s = np.array([-1e4, -800.0, -40.0, 0.0, 40.0, 800.0, 1e4])
    y = np.array([1.0, 0.0, 1.0, 0.5, 0.0, 1.0, 0.0])
    with np.errstate(all="raise", under="ignore"):
        assert_as_torch(SigmoidCrossEntropy(), torch.nn.BCEWithLogitsLoss(), s, y)
    with pytest.raises(FloatingPointError), np.errstate(over="raise"):
        np.exp(-s)


def test_fused_loss_takes_every_y_as_torch_does():
    s, y = np.array([0.5, -2.0, 3.0]), np.array([1.1, -4.0, 1e30])
    assert_as_torch(SigmoidCrossEntropy(), torch.nn.BCEWithLogitsLoss(), s, y)


def test_fused_error_is_y_hat_minus_y_over_the_number_of_elements():
    s, y = np.zeros((2, 3)), np.ones((2, 3))
    np.testing.assert_array_equal(SigmoidCrossEntropy().error(s, y), np.full((2, 3), -0.5 / 6))


def test_squared_error_is_the_squared_norm_unless_the_mean_is_asked_for():
    y_hat, y = np.array([1.0, 2.0]), np.array([0.0, 4.0])
    assert SquaredError().value(y_hat, y) == 5
    assert SquaredError("mean").value(y_hat, y) == 2.5


def test_an_unknown_reduction_is_refused():
    for given, shown in (("none", "'none'"), (np.array(["sum"]), "array(['sum'], dtype='<U3')")):
        with refused(ValueError, f"reduction: expected 'sum' or 'mean', given {shown}"):
            SquaredError(given)


CONVERT = "convert with np.asarray(..., dtype=np.float64)"
HALF = np.full(2, 0.5)
BAD = [
    (HALF, np.full(3, 0.5), ValueError, "y: expected shape (2,), given (3,)"),
    (HALF, np.full((1, 2), 0.5), ValueError, "y: expected shape (2,), given (1, 2)"),
    (HALF, HALF.astype(np.float32), TypeError, "y: expected dtype float64, given float32"),
    (HALF, np.array([0, 1]), TypeError, f"y: expected float32 or float64, given int64; {CONVERT}"),
    (HALF, np.array([0.5, np.nan]), ValueError, "y: expected finite numbers, given nan at [1]"),
    (
        HALF,
        [[0.5], [0.5, 0.5]],
        ValueError,
        "y: expected a rectangular array, given [[0.5], [0.5, 0.5]]",
    ),
    (
        np.array([np.inf, 0.5]),
        HALF,
        ValueError,
        "{name}: expected finite numbers, given inf at [0]",
    ),
    (
        np.array(["a", "b"]),
        HALF,
        TypeError,
        f"{{name}}: expected float32 or float64, given <U1; {CONVERT}",
    ),
    (
        np.zeros((1, 1, 2)),
        HALF,
        ValueError,
        "{name}: expected shape (K,) or (N, K), given (1, 1, 2)",
    ),
    (
        np.zeros(0),
        np.zeros(0),
        ValueError,
        "{name}: expected at least one element, given shape (0,)",
    ),
    (
        np.float64(0.5),
        np.float64(0.5),
        ValueError,
        "{name}: expected shape (K,) or (N, K), given ()",
    ),
]


@EACH
@pytest.mark.parametrize(("prediction", "y", "error", "message"), BAD)
def test_input_that_does_not_fit_is_refused(loss, torch_loss, prediction, y, error, message):
    message = message.format(name="s" if isinstance(loss, SigmoidCrossEntropy) else "y_hat")
    for function in (loss.value, lambda p, y: slope(loss, p, y)):
        with refused(error, message):
            function(prediction, y)
