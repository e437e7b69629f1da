"""Central differences of functions whose derivatives are known."""

import numpy as np
import pytest
from refusals import refused

from handgrad import central_difference


def test_the_slope_of_a_number_has_the_shape_of_theta():
    theta = np.array([[0.3, -1.2, 2.0], [0.0, 5.0, -0.7]])
    slope = central_difference(lambda t: np.sum(t**3), theta)
    np.testing.assert_allclose(slope, 3 * theta**2, atol=1e-7)


def test_the_slope_of_a_vector_is_its_jacobian():
    A = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(central_difference(lambda t: A @ t, np.ones(3)), A, atol=1e-8)


def test_the_slope_at_a_single_number_is_a_number():
    slope = central_difference(np.exp, np.float64(1.0))
    assert slope.shape == ()
    assert slope == pytest.approx(np.e, abs=1e-8)


def test_a_smaller_step_is_more_exact_until_rounding_wins():
    errors = [
        abs(central_difference(np.exp, np.float64(0.0), h=h) - 1) for h in (1e-2, 1e-4, 1e-12)
    ]
    assert errors[0] > errors[1] < errors[2]
    # The error of the central difference is h^2/6 times the third derivative.
    assert errors[0] == pytest.approx(1e-4 / 6, rel=1e-3)


def test_a_function_may_write_each_value_into_the_same_array():
    value = np.empty(2)
    slope = central_difference(lambda t: np.multiply(t, 3, out=value), np.array([0.5, -1.0]))
    np.testing.assert_allclose(slope, 3 * np.eye(2), atol=1e-8)


def test_theta_is_not_changed():
    theta = np.ones(3)
    central_difference(lambda t: t.sum(), theta)
    np.testing.assert_array_equal(theta, np.ones(3))


NO_FLOATS = (
    "theta: expected float32 or float64, given int64; "
    "convert with np.asarray(..., dtype=np.float64)"
)


@pytest.mark.parametrize(
    ("theta", "h", "error", "message"),
    [
        (np.ones(2, np.float32), 1e-6, TypeError, "theta: expected dtype float64, given float32"),
        (np.ones(2, int), 1e-6, TypeError, NO_FLOATS),
        (np.array([np.nan]), 1e-6, ValueError, "theta: expected finite numbers, given nan at [0]"),
        (np.ones(2), 0.0, ValueError, "h: expected a positive number, given 0.0"),
        (np.ones(2), -1e-6, ValueError, "h: expected a positive number, given -1e-06"),
        (np.ones(2), np.nan, ValueError, "h: expected a positive number, given nan"),
    ],
)
def test_what_gives_no_slope_is_refused(theta, h, error, message):
    with refused(error, message):
        central_difference(np.sum, theta, h)
