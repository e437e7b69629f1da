"""The truth that submissions are held against, and the mistakes that explain their numbers."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpcheck import search
from mlpcheck.mistakes import at
from mlpcheck.search import ANY, DOUBLE, EXACT, RAISES, Tolerance
from mlpcheck.truth import cases, passes
from mlpcheck.truth.cases import Sizes

CLOSE = Tolerance(1e-10, 1e-14)
POINTS = {key: case.points[0] for key, case in cases.networks().items()}


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):  # wrong formulas overflow
        yield


@pytest.mark.parametrize("case", POINTS)
def test_without_a_mistake_the_passes_agree_with_autograd(case):
    point, one = POINTS[case], {case: POINTS[case]}
    assert CLOSE.close(passes.forward(point)[3], point.truth["y_hat"])
    for quantity in cases.GRADIENTS:
        results = {case: point.truth[quantity]}
        assert next(search.explanations(quantity, results, one, CLOSE)).mistakes == ()


@pytest.mark.parametrize("case", cases.losses())
def test_without_a_mistake_the_losses_agree_with_autograd(case):
    loss = cases.losses()[case]
    saturated = Tolerance(1e-8, 0) if loss.saturated else CLOSE  # PyTorch's 1e-12 is a float32
    value = passes.RIGHT[f"{loss.function} loss"](loss.y, loss.y_hat)
    assert CLOSE.close(np.asarray(value), loss.truth[f"{loss.function} loss"])
    slope = passes.RIGHT[f"{loss.function} dJdy_hat"](loss.y, loss.y_hat) / loss.y.size
    assert saturated.close(slope, loss.truth[f"{loss.function} dJdy_hat"])


def test_the_cases_cover_what_the_task_asks_for():
    pairs = {(p.f, p.g) for p in POINTS.values()}
    assert len(pairs) == 9
    assert {1, 10} < {len(p.x) for p in POINTS.values()}
    s1 = {case: passes.forward(p)[0] for case, p in POINTS.items()}
    assert all((s1[f"{f}-{g}-kink"] == 0).any() for f, g in pairs if "relu" in (f, g))
    assert all(np.abs(s1[f"{f}-{g}-large"]).max() > 750 for f, g in pairs)
    assert all(np.abs(s1[f"{f}-{g}-tiny"]).max() < 0.1 for f, g in pairs)


@pytest.mark.parametrize("step", passes.FORWARD)
def test_each_mistake_of_the_forward_pass_changes_a_number(step):
    for wrong, _ in at(step)[1:]:
        steps = [wrong if one == step else passes.RIGHT[one] for one in passes.FORWARD]

        def compare(case: str, steps=steps):
            truth = POINTS[case].truth["y_hat"]
            return search.ratio(lambda: passes.forward(POINTS[case], steps)[3], truth, DOUBLE)

        assert any(compare(case) not in (1, ANY) for case in POINTS)


@cache
def shown(case: str, layer: int, run: passes.Error) -> str:
    """The error of a layer in this case, rounded; an empty text where it cannot be computed."""
    try:
        point = POINTS[case]
        found = passes.delta2(point, run) if layer == 2 else passes.delta1(point, error1=run)
    except ValueError:
        return ""
    return str([f"{number:.7e}" for number in (found + 0.0).ravel().tolist()])


@pytest.mark.parametrize("layer", [1, 2])
def test_no_two_different_mistakes_in_an_error_look_the_same(layer):
    seen: dict[str, tuple] = {}
    for error, mistakes in search.errors("fg"[layer - 1]):
        runs = {c: getattr(error, p.f if layer == 1 else p.g) for c, p in POINTS.items()}
        signature = "".join(shown(case, layer, run) for case, run in runs.items())
        assert mistakes == seen.setdefault(signature, mistakes)


@settings(max_examples=60, deadline=None)
@given(
    c=st.sampled_from([1.0, -1.0, 2.0, 0.5, 0.1, 3.0]),
    a=st.integers(-1, 1),
    b=st.integers(-1, 1),
    quantity=st.sampled_from(cases.GRADIENTS),
)
def test_any_factor_is_found(c, a, b, quantity):
    ratios = []
    for point in POINTS.values():
        truth, sizes = point.truth[quantity], point.sizes
        scaled = c * float(sizes.N) ** a * float(sizes.K) ** b * truth
        found = search.ratio(lambda truth=truth: truth, scaled, DOUBLE)
        assert found is not None
        ratios += [(found, sizes)] if found == found else []  # not ANY
    assert search.factor(ratios, DOUBLE) == (pytest.approx(c), Sizes(a, b))


NUMBERS = np.array([[1.0, -2.0], [0.5, 4.0]])


@pytest.mark.parametrize(
    ("value", "predicted", "expected"),
    [
        (NUMBERS, NUMBERS, 1.0),
        (NUMBERS * -3, NUMBERS, -3.0),
        (NUMBERS + np.diag([0, 1e-3]), NUMBERS, None),
        (NUMBERS + np.array([[0, 1e-3], [0, 0]]), NUMBERS, None),  # one element in the middle
        (0 * NUMBERS, NUMBERS, None),
        (NUMBERS, 0 * NUMBERS, None),
        (0 * NUMBERS, 0 * NUMBERS, ANY),
        (1e-9 * NUMBERS, 2e-9 * NUMBERS, 0.5),  # small, and yet told apart
        (1e-300 * NUMBERS, 3e-300 * NUMBERS, ANY),  # too small for that
        (NUMBERS[None], NUMBERS, 1.0),  # an axis of length 1 too many
        (NUMBERS.ravel(), NUMBERS, None),
        (NUMBERS * np.nan, NUMBERS, None),
        (NUMBERS * np.nan, NUMBERS * np.nan, 1.0),
        (NUMBERS, NUMBERS * np.inf, None),
        (None, NUMBERS, ANY),
        (None, ValueError, RAISES),
        (NUMBERS, ValueError, None),
    ],
)
def test_the_ratio_of_what_is_given_and_what_is_predicted(value, predicted, expected):
    def predict():
        if predicted is ValueError:
            raise ValueError
        return predicted

    found = search.ratio(predict, value, EXACT)
    assert found == expected or (found is not None and expected is ANY and np.isnan(found))


@pytest.mark.parametrize(
    ("factor", "quantity", "said"),
    [
        ((1, -1, 0), "dJdW1", ["mean-again"]),
        ((1, 1, 0), "dJdW1", ["batch-factor"]),
        ((-1, 0, 0), "dJdW1", ["sign"]),
        ((0.5, -1, 0), "dJdW1", ["mean-again", "factor-two-missing"]),
        ((0.1, 1, 0), "mse_loss dJdy_hat", ["size-hardcoded a batch of 10"]),
        ((0.1, 1, 1), "mse_loss dJdy_hat",
         ["size-hardcoded a batch of 10", "wrong-divisor N alone"]),
        ((0.2, 0, 1), "bce_loss loss", ["size-hardcoded K = 5"]),
        ((1, 0, 1), "bce_loss loss", ["wrong-divisor N alone"]),
        ((1, 1, 0), "bce_loss loss", ["wrong-divisor K alone"]),
        ((1, 0, -1), "mse_loss loss", ["wrong-divisor N K and again by K"]),
        ((1, -1, 1), "mse_loss loss", ["wrong-divisor N^2"]),
        ((1, 0, -1), "dJdW1", ["width-factor divided by K"]),
        ((2, 1, 1), "bce_loss loss", ["not-averaged", "factor-two-extra"]),
        ((1 / np.log(10), 0, 0), "bce_loss loss", ["bce-base 10"]),
        ((0.7, -1, 0), "dJdW1", []),
    ],
)  # fmt: skip
def test_a_factor_says_what_was_done(factor, quantity, said):
    found = search.factor_mistakes(factor[0], Sizes(*factor[1:]), quantity)
    assert [f"{mistake.code} {mistake.value}".strip() for mistake in found] == said
