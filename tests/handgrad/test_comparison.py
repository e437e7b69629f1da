"""The comparison finds the largest difference, shows it stably, and fails when it should."""

import dataclasses
import re

import numpy as np
import pytest
import torch
from refusals import refused

from handgrad import SquaredError, backward, compare, forward, random_network
from handgrad.reference import autograd_gradients

NETWORK = random_network([3, 2, 1], ["relu", "identity"], seed=0)
X, Y = np.array([0.5, -0.25, 1.0]), np.array([2.0])


def gradients():
    trace = forward(NETWORK, X)
    return backward(NETWORK, trace, SquaredError().gradient(trace.y_hat, Y))


def test_gradients_become_rows_layer_by_layer_and_print_as_a_table():
    comparison = compare(gradients(), autograd_gradients(NETWORK, X, Y, SquaredError()))
    comparison.assert_close()
    assert repr(comparison) == str(comparison)
    assert str(comparison).splitlines() == [
        "quantity   shape   largest difference",
        "---------  ------  ------------------",
        "dl/dW^(1)  (2, 3)  < 1e-12",
        "dl/db^(1)  (2,)    < 1e-12",
        "delta^(1)  (2,)    < 1e-12",
        "dl/dW^(2)  (1, 2)  < 1e-12",
        "dl/db^(2)  (1,)    < 1e-12",
        "delta^(2)  (1,)    < 1e-12",
        "dl/dx      (3,)    < 1e-12",
    ]


@pytest.mark.parametrize("quantity", ["W", "b", "delta"])
@pytest.mark.parametrize("L", [1, 2])
def test_a_wrong_sign_is_found_in_its_row(quantity, L):
    right = gradients()
    arrays = {**getattr(right, quantity), L: -getattr(right, quantity)[L]}
    comparison = compare(dataclasses.replace(right, **{quantity: arrays}), right)
    name = f"delta^({L})" if quantity == "delta" else f"dl/d{quantity}^({L})"
    assert [row.quantity for row in comparison.rows if row.difference > 0] == [name]
    with pytest.raises(AssertionError, match=re.escape(name)):
        comparison.assert_close()


def test_a_wrong_gradient_of_x_is_found():
    right = gradients()
    with pytest.raises(AssertionError, match=r"dl/dx at \[\d\]"):
        compare(dataclasses.replace(right, dl_dx=lambda: right.x + 1e-9), right).assert_close()


def test_a_failure_names_quantity_position_and_both_values():
    computed, expected = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [3.5, 4.0]])
    comparison = compare({"s^(1)": (computed, expected), "z^(1)": (1.0, 1.0), "l": (2.0, 4.0)})
    assert str(comparison).splitlines()[2:] == [
        "s^(1)     (2, 2)  1.4e-01",
        "z^(1)     ()      < 1e-12",
        "l         ()      5.0e-01",
    ]
    with pytest.raises(AssertionError) as failure:
        comparison.assert_close()
    assert str(failure.value) == (
        "s^(1) at [1, 0]: computed 3.0, expected 3.5, difference 1.4e-01, tolerance 1e-12\n"
        "l at []: computed 2.0, expected 4.0, difference 5.0e-01, tolerance 1e-12"
    )


def test_small_values_are_compared_absolutely_and_large_ones_relatively():
    assert compare({"small": (1e-3, 2e-3)}).rows[0].difference == pytest.approx(1e-3)
    assert compare({"large": (1e12, 1.5e12)}).rows[0].difference == pytest.approx(1 / 3)


def test_a_difference_at_the_tolerance_is_not_close():
    comparison = compare({"a": (0.25, 0.0)}, tolerance=0.25)
    assert "2.5e-01" in str(comparison)
    with pytest.raises(AssertionError, match=r"tolerance 0\.25"):
        comparison.assert_close()
    below = compare({"a": (0.125, 0.0)}, tolerance=0.25)
    assert str(below).endswith("< 0.25")
    below.assert_close()


@pytest.mark.parametrize(
    ("computed", "expected"), [(np.nan, 0), (np.nan, np.nan), (np.inf, 0), (0, np.inf), (1, -1)]
)
def test_what_is_not_a_number_is_never_close(computed, expected):
    with pytest.raises(AssertionError, match=r"a at \[1\]: computed"):
        compare({"a": (np.array([0, computed]), np.array([0.0, expected]))}).assert_close()


def test_equal_infinities_are_close():
    compare({"a": (np.inf, np.inf)}).assert_close()


def test_tensors_and_numbers_are_compared_too():
    compare({"tensor": (np.ones(2), torch.ones(2)), "number": (2, np.float32(2))}).assert_close()


def test_html_is_a_table_with_the_same_cells_escaped():
    html = compare({"W^(1) <b>": (np.ones((2, 3)), np.ones((2, 3))), "e": (1.0, 2.0)})._repr_html_()
    names = ("quantity", "shape", "largest difference")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    assert html.splitlines() == [
        "<table>",
        "<thead>",
        f"<tr>{head}</tr>",
        "</thead>",
        "<tbody>",
        "<tr><td>W<sup>(1)</sup> &lt;b&gt;</td><td>(2, 3)</td><td>&lt; 1e-12</td></tr>",
        "<tr><td>e</td><td>()</td><td>5.0e-01</td></tr>",
        "</tbody>",
        "</table>",
    ]


def test_shapes_that_differ_are_refused():
    with refused(ValueError, "W: expected shape (2, 3), given (3, 2), its transpose"):
        compare({"W": (np.ones((3, 2)), np.ones((2, 3)))})
    with refused(ValueError, "b: expected shape (2,), given (1, 2)"):
        compare({"b": (np.ones((1, 2)), np.ones(2))})


def test_what_cannot_be_compared_is_refused():
    deep = random_network([3, 2, 2, 1], ["relu"] * 3, seed=0)
    other = backward(deep, forward(deep, X), np.ones(1))
    with refused(ValueError, "gradients: W: expected the layers 1 to 3, given [1, 2]"):
        compare(gradients(), other)
    with refused(TypeError, "expected: expected Gradients, given NoneType"):
        compare(gradients())
    with refused(TypeError, "expected: expected Gradients, given int"):
        compare(gradients(), 3)
    with refused(TypeError, "expected: expected None, since pairs hold what is expected"):
        compare({"a": (1, 1)}, gradients())
    with refused(ValueError, "compare: expected at least one quantity, given none"):
        compare({})
    with refused(ValueError, "a: expected at least one element, given shape (0,)"):
        compare({"a": (np.zeros(0), np.zeros(0))})
