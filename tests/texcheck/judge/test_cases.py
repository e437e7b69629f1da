"""Cases under a sum, where an entry equals a sum: what is proved holds in numbers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from texcheck import check

# Each formula of the entry i, and its value for y and y_hat of the shape (K,) at every i.
ENTRIES = {
    r"y_i": lambda y, p: y,
    r"\hat y_i": lambda y, p: p,
    r"\sum_j y_j": lambda y, p: y.sum() + 0 * y,
    r"\sum_j \hat y_j": lambda y, p: p.sum() + 0 * y,
    "0": lambda y, p: 0 * y,
}
POINTS = [
    (np.array(values[:K]), np.array(values[K:]))
    for K in (1, 2, 3)
    for values in product((-1, 0, 1), repeat=2 * K)
]


@pytest.mark.parametrize("first", [r"\hat y_i", r"\sum_j \hat y_j"])
@pytest.mark.parametrize("second", [r"\sum_j y_j", "y_i"])
def test_a_sum_that_is_proved_to_be_0_is_0(first: str, second: str) -> None:
    """The sum over i of [first = second] [third = fourth] last, for every choice of these."""
    proved = 0
    for third, fourth, last in product(ENTRIES, ENTRIES, ("y_i", r"\hat y_i")):
        equal = [
            rf"(1 - \operatorname{{sign}}({a} - {b})^2)"
            for a, b in ((first, second), (third, fourth))
        ]
        ((_, verdict),) = check(rf"\sum_i {equal[0]} {equal[1]} {last} = 0", diagnose=False)
        if verdict.status != "proved":
            continue
        proved += 1
        for y, p in POINTS:
            one, two, three, four, value = (
                ENTRIES[tex](y, p) for tex in (first, second, third, fourth, last)
            )
            assert ((one == two) * (three == four) * value).sum() == 0, (third, fourth, last)
    assert proved
