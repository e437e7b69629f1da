"""Hard input: PyTorch's result to 1e-10, or one clear error; no warning, and nothing modified."""

import copy
import dataclasses
import pickle
import re
import reprlib
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import refused

from handgrad import (
    Activation,
    BinaryCrossEntropy,
    Gradients,
    Layer,
    Network,
    SigmoidCrossEntropy,
    SquaredError,
    Trace,
    activation,
    backward,
    backward_from_delta,
    central_difference,
    compare,
    dl_dy_hat,
    ds_dz,
    dy_hat_ds,
    dz_ds,
    forward,
    identity,
    numerator_layout,
    random_network,
    relu,
    sgd_step,
    sigmoid,
)
from handgrad.reference import autograd_gradients, twin

NETWORK = random_network([2, 3, 1], ["relu", "identity"], seed=0)
X, Y = np.array([[0.5, -1.0], [2.0, 0.25]]), np.array([[1.0], [-1.0]])
TRACE = forward(NETWORK, X)
GRADIENTS = backward(NETWORK, TRACE, np.ones((2, 1)))
LOSSES = [SquaredError(), SquaredError("mean"), BinaryCrossEntropy(), SigmoidCrossEntropy()]
EVERY = settings(derandomize=True, deadline=None, max_examples=30)


def start(network, trace, y, loss):
    """The backward pass from a loss, whatever it starts from."""
    if isinstance(loss, SigmoidCrossEntropy):
        return backward_from_delta(network, trace, loss.error(trace.s[network.depth], y))
    return backward(network, trace, loss.gradient(trace.y_hat, y))


# Numbers of every magnitude. Those of one array are small integers times one power of two, so that
# sums are exact and the order in which a library adds does not decide where a ReLU opens.


@st.composite
def hard_arrays(draw, shape, dtype, largest=1000):
    if dtype == np.float32:
        largest = min(largest, 125)
    exponent = draw(st.one_of(st.integers(-4, 4), st.integers(-largest, largest)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return np.ldexp(rng.integers(-3, 4, shape).astype(dtype), exponent).astype(dtype)


def strided(array):
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def unaligned(array):
    raw = np.zeros(array.nbytes + 1, np.uint8)[1:]
    view = raw.view(array.dtype).reshape(array.shape)
    view[...] = array
    assert not view.flags.aligned
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


class Subclass(np.ndarray):
    """An array of another class, which computes like any other."""


LAYOUTS = {
    "as it is": lambda array: array,
    "reversed": lambda array: array[..., ::-1].copy()[..., ::-1],
    "strided": strided,
    "Fortran": np.asfortranarray,
    "unaligned": unaligned,
    "read-only": read_only,
    "subclass": lambda array: array.view(Subclass),
}
layouts = st.sampled_from(sorted(LAYOUTS)).map(LAYOUTS.get)


@st.composite
def hard_problems(draw):
    loss, depth = draw(st.sampled_from(LOSSES)), draw(st.integers(1, 8))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    widths = draw(st.lists(st.integers(1, 4), min_size=depth + 1, max_size=depth + 1))
    names = draw(st.lists(st.sampled_from(["identity", "relu", "sigmoid"]), min_size=depth))
    names = names[: depth - 1] + ([names[-1]] if isinstance(loss, SquaredError) else ["sigmoid"])
    layers = [
        Layer(
            draw(layouts)(draw(hard_arrays((d_out, d_in), dtype))),
            draw(layouts)(draw(hard_arrays((d_out,), dtype))),
            name,
        )
        for (d_in, d_out), name in zip(pairwise(widths), names, strict=True)
    ]
    batch = draw(st.sampled_from([(), (1,), (3,)]))
    x = draw(layouts)(draw(hard_arrays((*batch, widths[0]), dtype)))
    if isinstance(loss, BinaryCrossEntropy):
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        y = rng.integers(0, 3, (*batch, widths[-1])).astype(dtype) / 2
    else:
        y = draw(hard_arrays((*batch, widths[-1]), dtype))
    return layers, x, draw(layouts)(y), loss


def torch_run(layers, x, y, loss, rounded=lambda numbers: numbers):
    """PyTorch's numbers of the same network, whatever they are, by name; s and z as `rounded`."""
    leaf = lambda array: torch.tensor(np.array(array), requires_grad=True)  # noqa: E731
    functions = {"identity": lambda s: s * 1, "relu": torch.relu, "sigmoid": torch.sigmoid}
    z = leaf(x)
    kept = {"dl/dx": z}
    for L, layer in enumerate(layers, start=1):
        W, b = leaf(layer.W), leaf(layer.b)
        s = rounded(torch.nn.functional.linear(z, W, b))
        z = rounded(functions[layer.f.name](s))
        z = z.clamp(max=1) if layer.f.name == "sigmoid" else z
        s.retain_grad()
        z.retain_grad()
        kept |= {f"dl/dW^({L})": W, f"dl/db^({L})": b, f"delta^({L})": s, f"z^({L})": z}
    if not torch.isfinite(z).all():
        return {}, False
    y = torch.tensor(np.array(y))
    if isinstance(loss, SquaredError):
        value = torch.nn.functional.mse_loss(z, y, reduction=loss.reduction)
    elif isinstance(loss, BinaryCrossEntropy):
        value = torch.nn.functional.binary_cross_entropy(z, y)
    else:
        value = torch.nn.functional.binary_cross_entropy_with_logits(s, y)
    value.backward()
    finite = all(
        bool(torch.isfinite(tensor).all()) and bool(torch.isfinite(tensor.grad).all())
        for tensor in kept.values()
        if tensor.grad is not None
    )
    return {name: tensor.grad for name, tensor in kept.items() if "z" not in name}, finite


def spread(problem, expected):
    """How far PyTorch's numbers move, by name, if every number on the way is off by few roundings.

    Sums that cancel, or a ReLU that a rounding opens, move far: there the order of adding decides.
    """
    layers, x, y, loss = problem
    moved = dict.fromkeys(expected, 0.0)
    for seed in range(8):
        rng = np.random.default_rng(seed)

        def off(numbers, rng=rng):
            few = 16 * np.finfo(x.dtype).eps * rng.choice([-1, 1], tuple(numbers.shape))
            return numbers * (1 + (few if isinstance(numbers, np.ndarray) else torch.tensor(few)))

        double = [np.array(array, dtype=np.float64) for array in (x, y)]
        shaken = [
            Layer(off(layer.W.astype(np.float64)), off(layer.b.astype(np.float64)), layer.f)
            for layer in layers
        ]
        found, _ = torch_run(shaken, *double, loss, off)
        for name, array in expected.items():
            away = float((found[name] - array).abs().max()) if name in found else np.inf
            moved[name] = max(moved[name], np.inf if np.isnan(away) else away)
    return moved


@settings(derandomize=True, deadline=None, max_examples=150)
@given(hard_problems())
def test_every_result_is_torchs_or_an_error_where_torchs_is_not_finite(problem):
    layers, x, y, loss = problem
    before = copy.deepcopy([(layer.W, layer.b) for layer in layers]), x.copy(), y.copy()
    expected, finite = torch_run(layers, x, y, loss)
    message, computed = None, {}
    try:
        with np.errstate(all="raise", under="ignore"):
            network = Network(layers)
            trace = forward(network, x)
            gradients = start(network, trace, y, loss)
            computed["dl/dx"] = gradients.x
    except ValueError as error:
        message = str(error)
    if message:
        assert re.match(r"(layer \d: (s|delta|dl/d.): |dl/d)", message)
        assert "expected finite numbers, given" in message
        assert not finite, message
    else:
        for L in range(1, network.depth + 1):
            computed |= {f"dl/dW^({L})": gradients.W[L], f"dl/db^({L})": gradients.b[L]}
            computed[f"delta^({L})"] = gradients.delta[L]
        tolerance = 1e-10 if x.dtype == np.float64 else 1e-5
        moved = spread(problem, expected)
        for name, array in computed.items():
            assert array.dtype == x.dtype
            assert array.shape == tuple(expected[name].shape)
            largest = max(1.0, float(np.abs(array).max()))
            # A closed unit stops what PyTorch's inf * 0 does not, so PyTorch may have a NaN.
            if torch.isfinite(expected[name]).all():
                difference = np.abs(array / largest - expected[name].numpy() / largest)
                assert difference.max() < tolerance + 2 * moved[name] / largest, name
    after = [(layer.W, layer.b) for layer in layers], x, y
    for old, new in zip(before[0], after[0], strict=True):
        np.testing.assert_array_equal(old[0], new[0])
        np.testing.assert_array_equal(old[1], new[1])
    np.testing.assert_array_equal(before[1], after[1])
    np.testing.assert_array_equal(before[2], after[2])


@EVERY
@given(st.data())
def test_a_number_that_is_not_finite_is_refused_by_the_name_of_its_argument(data):
    bad = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))

    def spoilt(array):
        array = np.array(array)
        position = data.draw(st.integers(0, array.size - 1))
        array.flat[position] = bad
        return array, [int(i) for i in np.unravel_index(position, array.shape)]

    array, at = spoilt(X)
    with refused(ValueError, f"x: expected finite numbers, given {bad} at {at}"):
        forward(NETWORK, array)
    array, at = spoilt(np.full((2, 1), 0.5))
    message = f"expected finite numbers, given {bad} at {at}"
    with refused(ValueError, f"dl_dy_hat: {message}"):
        backward(NETWORK, TRACE, array)
    with refused(ValueError, f"delta_last: {message}"):
        backward_from_delta(NETWORK, TRACE, array)
    half = np.full((2, 1), 0.5)
    for loss in LOSSES:
        fused = isinstance(loss, SigmoidCrossEntropy)
        for function in (loss.value, loss.error if fused else loss.gradient):
            with refused(ValueError, f"{'s' if fused else 'y_hat'}: {message}"):
                function(array, half)
            with refused(ValueError, f"y: {message}"):
                function(half, array)
    for L, name in ((1, "W"), (2, "W"), (1, "b"), (2, "b")):
        arrays = dict(getattr(GRADIENTS, name))
        arrays[L], at = spoilt(arrays[L])
        broken = dataclasses.replace(GRADIENTS, **{name: arrays})
        message = f"layer {L}: dl/d{name}: expected finite numbers, given {bad} at {at}"
        with refused(ValueError, message):
            sgd_step(NETWORK, broken, 0.1)
        layers = [dataclasses.replace(layer) for layer in NETWORK.layers]
        array, at = spoilt(getattr(layers[L - 1], name))
        layers[L - 1] = dataclasses.replace(layers[L - 1], **{name: array})
        message = f"layer {L}: {name}: expected finite numbers, given {bad} at {at}"
        with refused(ValueError, message):
            Network(layers)


# One array is looked at and vouches for those that it was computed from: nothing may hide in a
# product with 0.


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("width", [1, 3, 70])
@pytest.mark.parametrize("batch", [(), (1,), (33,)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_not_finite_does_not_hide_behind_weights_that_are_0(bad, width, batch, dtype):
    W, b = np.zeros((width, width), dtype), np.zeros(width, dtype)
    spoilt = np.zeros((*batch, width), dtype)
    spoilt[..., -1] = bad
    at = f"{[0] * len(batch) + [width - 1]}"
    network = Network([Layer(W, b, "relu"), Layer(W, b, "identity")])
    with refused(ValueError, f"x: expected finite numbers, given {bad} at {at}"):
        forward(network, spoilt)
    own = Activation("own", lambda s: spoilt, np.zeros_like)
    network = Network([Layer(W, b, own), Layer(W, b, "identity")])
    with refused(ValueError, f"layer 1: z: expected finite numbers, given {bad} at {at}"):
        forward(network, np.zeros_like(spoilt))
    network = Network([Layer(W, b, "relu")])  # each unit is closed
    trace = forward(network, np.zeros_like(spoilt))
    with refused(ValueError, f"dl_dy_hat: expected finite numbers, given {bad} at {at}"):
        backward(network, trace, spoilt)


# An overflow is an error that says where, or no error at all where the true result is finite.


def layer(W, b, f="identity"):
    return Layer(np.array([[W]]), np.array([b]), f)


def test_a_closed_relu_stops_an_error_that_has_overflowed():
    network = Network([layer(1.0, -1.0, "relu"), layer(1e200, 0.0), layer(1e200, 0.0)])
    x, y = np.array([0.0]), np.array([1.0])
    trace = forward(network, x)
    with np.errstate(all="raise"):
        gradients = backward(network, trace, SquaredError().gradient(trace.y_hat, y))
    compare(gradients, autograd_gradients(network, x, y, SquaredError())).assert_close()
    assert gradients.delta[1] == gradients.x == [0]
    trace = forward(network, np.array([[0.0], [0.0]]))
    gradients = backward(network, trace, np.ones((2, 1)))
    np.testing.assert_array_equal(gradients.delta[1], [[0], [0]])
    assert gradients.W[1] == gradients.b[1] == [0]


def test_an_overflow_on_the_way_back_is_refused_in_its_layer():
    network = Network([layer(1.0, 0.0), layer(1e200, 0.0), layer(1e200, 0.0)])
    trace = forward(network, np.array([0.0]))
    with refused(ValueError, "layer 1: delta: expected finite numbers, given inf at [0]"):
        backward(network, trace, np.array([1.0]))
    network = Network([layer(1e200, 0.0)])
    trace = forward(network, np.array([1e100]))
    with refused(ValueError, "layer 1: dl/dW: expected finite numbers, given inf at [0, 0]"):
        backward(network, trace, np.array([1e300]))
    gradients = backward(network, forward(network, np.array([0.0])), np.array([-1e300]))
    with refused(ValueError, "dl/dx: expected finite numbers, given -inf at [0]"):
        gradients.x  # noqa: B018
    trace = forward(network, np.zeros((2, 1)))
    for function in (backward, backward_from_delta):
        with refused(ValueError, "layer 1: dl/db: expected finite numbers, given inf at [0]"):
            function(network, trace, np.full((2, 1), 1.7e308))


def test_a_loss_that_overflows_is_refused():
    far, zero = np.array([1e200]), np.array([0.0])
    with refused(ValueError, "loss: expected finite numbers, given inf"):
        SquaredError().value(far, zero)
    with refused(ValueError, "loss: expected finite numbers, given inf"):
        SquaredError("mean").value(far, zero)
    with refused(ValueError, "dl/dy_hat: expected finite numbers, given inf at [0]"):
        SquaredError().gradient(np.array([1.7e308]), -np.array([1.7e308]))
    with refused(ValueError, "loss: expected finite numbers, given inf"):
        SigmoidCrossEntropy().value(far, -far)


def test_a_step_that_overflows_is_refused():
    network = Network([layer(1.7e308, 0.0)])
    gradients = Gradients({1: -np.array([[1.7e308]])}, {1: np.zeros(1)}, {}, lambda: None)
    message = "the parameter after the step: expected finite numbers, given inf at [0, 0]"
    with refused(ValueError, f"layer 1: {message}"):
        sgd_step(network, gradients, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_and_the_smallest_numbers_pass(dtype):
    info = np.finfo(dtype)
    for number in (info.max / 4, info.tiny, info.smallest_subnormal):
        network = Network([Layer(np.ones((1, 1), dtype), np.zeros(1, dtype), "identity")])
        x = np.array([number], dtype)
        with np.errstate(all="raise", under="ignore"):
            trace = forward(network, x)
            gradients = backward(network, trace, x / x)
        assert trace.y_hat == x == gradients.W[1][0]


# What does not belong together, or is no array of real numbers at all.


def test_a_trace_of_another_kind_is_refused():
    single = random_network([2, 3, 1], ["relu", "identity"], seed=0, dtype=np.float32)
    trace = forward(single, X.astype(np.float32))
    message = "layer 0: trace: z: expected dtype float64, given float32"
    for function in (backward, backward_from_delta):
        with refused(TypeError, message):
            function(NETWORK, trace, np.ones((2, 1), np.float32))
    with refused(TypeError, message):
        dz_ds(NETWORK, trace, 1)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_trace_with_a_missing_or_a_wrong_entry_is_refused(lost):
    s = {L: array for L, array in TRACE.s.items() if lost != L}
    with refused(ValueError, f"trace: s: expected the layers 1 to 2, given [{3 - lost}]"):
        backward(NETWORK, Trace(s, TRACE.z), np.ones((2, 1)))
    with refused(ValueError, "trace: z: expected the layers 0 to 2, given [1, 2]"):
        backward(NETWORK, Trace(TRACE.s, TRACE.s), np.ones((2, 1)))
    with refused(TypeError, "trace: z: expected a dict, given list"):
        backward(NETWORK, Trace(TRACE.s, [1, 2]), np.ones((2, 1)))
    width = NETWORK.widths[lost]
    arrays = {
        "expected shape (2, {width}), given (1, {width})": np.ones((1, width)),
        "expected shape (2, {width}), given ({width},)": np.ones(width),
        "expected dtype float64, given float32": np.ones((2, width), np.float32),
        "expected an ndarray, given list": np.ones((2, width)).tolist(),
        "expected an ndarray, given NoneType": None,
    }
    for expected, array in arrays.items():
        message, error = expected.format(width=width), TypeError
        if "shape" in message:
            error = ValueError
        with refused(error, f"layer {lost}: trace: s: {message}"):
            backward(NETWORK, Trace({**TRACE.s, lost: array}, TRACE.z), np.ones((2, 1)))
        with refused(error, f"layer {lost}: trace: z: {message}"):
            backward(NETWORK, Trace(TRACE.s, {**TRACE.z, lost: array}), np.ones((2, 1)))


def test_a_trace_without_an_output_has_no_y_hat():
    expected = "trace: z: expected the layers 0 to 2, given"
    with refused(ValueError, f"{expected} [0, 1]"):
        Trace(TRACE.s, {0: X, 1: TRACE.z[1]}).y_hat  # noqa: B018
    with refused(ValueError, f"{expected} [1, 2]"):
        Trace(TRACE.s, TRACE.s).y_hat  # noqa: B018
    with refused(TypeError, "trace: z: expected a dict, given list"):
        Trace(TRACE.s, list(TRACE.z.values())).y_hat  # noqa: B018
    with refused(TypeError, "trace: s: expected a dict, given NoneType"):
        Trace(None, TRACE.z).y_hat  # noqa: B018


@pytest.mark.parametrize("L", [0, 1, 2])
@pytest.mark.parametrize("name", ["s", "z"])
def test_a_mask_in_a_trace_is_not_dropped(name, L):
    arrays = getattr(TRACE, name)
    if L in arrays:
        masked = {**arrays, L: np.ma.masked_less(arrays[L], 0)}
        message = f"layer {L}: trace: {name}: expected an ndarray, given MaskedArray"
        with refused(TypeError, message):
            backward(NETWORK, dataclasses.replace(TRACE, **{name: masked}), np.ones((2, 1)))


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (X.tolist(), TypeError, "expected an ndarray, given list"),
        (X[:, :1], ValueError, "expected shape (2, 2), given (2, 1)"),
        (X[np.newaxis], ValueError, "expected shape (1, 2), given (1, 2, 2)"),
        (X[0, 0], TypeError, "expected an ndarray, given float64"),
        (np.array(0.5), ValueError, "expected shape (2,), given ()"),
    ],
)
def test_a_trace_of_another_input_is_refused(x, error, message):
    with refused(error, f"layer 0: trace: z: {message}"):
        backward(NETWORK, Trace(TRACE.s, {**TRACE.z, 0: x}), np.ones((2, 1)))


POINT_GRADIENTS = backward(NETWORK, forward(NETWORK, X[0]), np.ones(1))


def listed(gradients, **others):
    """The same gradients as lists."""
    parts = {
        name: {L: array.tolist() for L, array in getattr(gradients, name).items()}
        for name in ("W", "b", "delta")
    }
    return Gradients(**{**parts, "dl_dx": lambda: gradients.x.tolist(), **others})


def test_gradients_as_lists_are_taken():
    lists = listed(POINT_GRADIENTS)
    compare(lists, POINT_GRADIENTS).assert_close()
    compare(numerator_layout(lists), numerator_layout(POINT_GRADIENTS)).assert_close()
    stepped, expected = (sgd_step(NETWORK, g, 0.1) for g in (lists, POINT_GRADIENTS))
    np.testing.assert_array_equal(stepped.layer(1).W, expected.layer(1).W)


@pytest.mark.parametrize("name", ["W", "b", "delta"])
def test_gradients_without_layers_are_refused(name):
    wrong = listed(POINT_GRADIENTS, **{name: [1, 2]})
    message = f"{name}: expected a dict, given list"
    with refused(TypeError, f"gradients: {message}"):
        numerator_layout(wrong)
    with refused(TypeError, f"gradients: {message}"):
        compare(wrong, POINT_GRADIENTS)
    with refused(TypeError, f"expected: {message}"):
        compare(POINT_GRADIENTS, wrong)
    if name != "delta":
        with refused(TypeError, f"gradients: {message}"):
            sgd_step(NETWORK, wrong, 0.1)


def test_gradients_that_have_no_numerator_layout_are_refused():
    given = "expected one point, shape (d,), given shape (2, 1)"
    with refused(ValueError, f"layer 1: dl/db: {given}"):
        numerator_layout(listed(POINT_GRADIENTS, b={1: np.ones((2, 1))}))
    with refused(ValueError, f"layer 2: delta: {given}"):
        numerator_layout(listed(POINT_GRADIENTS, delta={2: np.ones((2, 1))}))
    for shape in ((3,), (1, 3, 2)):
        expected = f"expected shape (d_out, d_in), given shape {shape}"
        with refused(ValueError, f"layer 1: dl/dW: {expected}"):
            numerator_layout(listed(POINT_GRADIENTS, W={1: np.ones(shape)}))
    no_floats = "expected float32 or float64, given int64; "
    hint = "convert with np.asarray(..., dtype=np.float64)"
    for name, part, integers in (
        ("dl/dW", "W", [[1]]),
        ("dl/db", "b", [1]),
        ("delta", "delta", [1]),
    ):
        with refused(TypeError, f"layer 2: {name}: {no_floats}{hint}"):
            numerator_layout(listed(POINT_GRADIENTS, **{part: {2: integers}}))
    ragged = "expected a rectangular array, given [[1.0], [1.0, 2.0]]"
    with refused(ValueError, f"layer 1: dl/dW: {ragged}"):
        numerator_layout(listed(POINT_GRADIENTS, W={1: [[1.0], [1.0, 2.0]]}))
    with refused(TypeError, f"x: {no_floats}{hint}"):
        numerator_layout(listed(POINT_GRADIENTS, dl_dx=lambda: [1, 2]))
    with refused(TypeError, "dl_dx: expected a function, given [1, 2]"):
        listed(POINT_GRADIENTS, dl_dx=[1, 2]).x  # noqa: B018


@pytest.mark.parametrize("name", ["W", "b"])
def test_gradients_with_a_missing_or_a_wrong_entry_are_refused(name):
    missing = dataclasses.replace(GRADIENTS, **{name: {1: getattr(GRADIENTS, name)[1]}})
    with refused(ValueError, f"gradients: {name}: expected the layers 1 to 2, given [1]"):
        sgd_step(NETWORK, missing, 0.1)
    right = getattr(NETWORK.layer(1), name)
    short = np.ones((1,) * right.ndim)  # would fit by broadcasting
    wrong = dataclasses.replace(GRADIENTS, **{name: {**getattr(GRADIENTS, name), 1: short}})
    expected = f"expected shape {right.shape}, given {short.shape}"
    with refused(ValueError, f"layer 1: dl/d{name}: {expected}"):
        sgd_step(NETWORK, wrong, 0.1)


def test_arguments_of_another_kind_are_refused_by_name():
    calls = [
        lambda: forward(X, NETWORK),
        lambda: twin(X),
        lambda: dz_ds(X, TRACE, 1),
        lambda: dy_hat_ds(X, TRACE),
        lambda: ds_dz(X, 1),
    ]
    for call in calls:
        with refused(TypeError, "network: expected a Network, given ndarray"):
            call()
    for function in (backward, backward_from_delta):
        with refused(TypeError, "network: expected a Network, given Trace"):
            function(TRACE, NETWORK, Y)
        with refused(TypeError, "trace: expected a Trace, given ndarray"):
            function(NETWORK, X, Y)
    with refused(TypeError, "network: expected a Network, given Gradients"):
        sgd_step(GRADIENTS, NETWORK, 0.1)
    with refused(TypeError, "gradients: expected a Gradients, given NoneType"):
        sgd_step(NETWORK, None, 0.1)
    with refused(TypeError, "gradients: expected a Gradients, given NoneType"):
        numerator_layout(None)
    message = "loss: expected SquaredError or BinaryCrossEntropy, whose input is y_hat; given "
    with refused(TypeError, f"{message}SigmoidCrossEntropy"):
        dl_dy_hat(SigmoidCrossEntropy(), Y[0], Y[0])


MASKED = np.ma.array([0.5, 0.5], mask=[False, True])


@pytest.mark.parametrize("masked", [MASKED, [MASKED, MASKED], (MASKED,), [[MASKED]]], ids=repr)
def test_a_mask_is_not_dropped(masked):
    message = (
        "expected an array without a mask, given a masked array; "
        "fill it or leave these elements out"
    )
    with refused(TypeError, f"x: {message}"):
        forward(NETWORK, masked)
    with refused(TypeError, f"y: {message}"):
        SquaredError().value(np.ones(2), masked)
    with refused(TypeError, f"relu: {message}"):
        relu.value(masked)
    with refused(TypeError, f"a: computed: {message}"):
        compare({"a": (masked, np.ones(2))})
    with refused(TypeError, f"a: expected: {message}"):
        compare({"a": (np.ones(2), masked)})
    with refused(TypeError, f"theta: {message}"):
        central_difference(np.sum, masked)


def test_a_tensor_that_requires_grad_is_refused_and_another_one_taken():
    tensor = torch.ones(2, dtype=torch.float64)
    np.testing.assert_array_equal(forward(NETWORK, tensor).z[0], np.ones(2))
    begin = re.escape("x: expected an array, given Tensor, which cannot be converted: ")
    with pytest.raises(TypeError, match=f"^{begin}.*detach"):
        forward(NETWORK, tensor.requires_grad_())


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([[1.0], [1.0, 2.0]], ValueError, "x: expected a rectangular array, given [[1.0], [1.0, "),
        (np.ones(2, complex), TypeError, "x: expected float32 or float64, given complex128; "),
        (np.ones(2, ">f8"), TypeError, "x: expected float32 or float64, given >f8; "),
        (np.ones(2, np.float16), TypeError, "x: expected float32 or float64, given float16; "),
        (np.ones(2, object), TypeError, "x: expected float32 or float64, given object; "),
        ([10**400, 1], TypeError, "x: expected float32 or float64, given object; "),
        (None, TypeError, "x: expected float32 or float64, given object; "),
    ],
)
def test_what_is_no_array_of_floats_is_refused(value, error, message):
    with pytest.raises(error) as caught:
        forward(NETWORK, value)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("function", [identity, relu, sigmoid], ids=lambda f: f.name)
def test_activations_of_no_elements_are_refused(function):
    with refused(ValueError, f"{function.name}: expected at least one element, given shape (0, 2)"):
        function.value(np.ones((0, 2)))


def test_a_target_in_any_order_has_a_reference():
    network = random_network([2, 2], ["identity"], seed=0)
    y = np.array([[1.0, 2.0], [3.0, 4.0]])[::-1, ::-1]
    trace = forward(network, X)
    by_hand = backward(network, trace, SquaredError().gradient(trace.y_hat, y))
    compare(by_hand, autograd_gradients(network, X, y, SquaredError())).assert_close()


NOT_POSITIVE = [0, -1, -0.5, np.nan, np.inf, -np.inf, True, np.True_, 1j, 1 + 0j, "1", None, [1]]


@pytest.mark.parametrize(
    "value",
    [*NOT_POSITIVE, 10**400, 10**5000, np.array(1.0), -(10**400)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_positive_number_is_refused(value):
    calls = {
        "learning_rate": lambda: sgd_step(NETWORK, GRADIENTS, value),
        "h": lambda: central_difference(np.sum, np.ones(2), value),
        "tolerance": lambda: compare({"a": (1, 1)}, tolerance=value),
    }
    shown = {10**5000: "something of type int"}.get(value) if isinstance(value, int) else None
    for name, call in calls.items():
        given = shown or reprlib.repr(value)
        with refused(ValueError, f"{name}: expected a positive number, given {given}"):
            call()


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.float64(0.5), np.int8(1)])
def test_every_kind_of_positive_number_is_taken(value):
    stepped = sgd_step(NETWORK, GRADIENTS, value)
    expected = NETWORK.layer(1).W - float(value) * GRADIENTS.W[1]
    np.testing.assert_array_equal(stepped.layer(1).W, expected)
    assert compare({"a": (1, 1)}, tolerance=value).tolerance == value
    central_difference(np.sum, np.ones(2), value)


# compare and central_difference


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(1j, "complex128"), ("1", "<U1"), (True, "bool"), (None, "object"), (10**400, "object")],
)
def test_only_real_numbers_are_compared(value, dtype):
    for pair, name in (((value, 1.0), "computed"), ((1.0, value), "expected")):
        with refused(TypeError, f"a: {name}: expected real numbers, given {dtype}"):
            compare({"a": pair})


def test_what_is_no_pair_is_refused():
    with refused(TypeError, "a: expected a pair (computed, expected), given 1"):
        compare({"a": 1})
    with refused(TypeError, "a: expected a pair (computed, expected), given (1, 2, 3)"):
        compare({"a": (1, 2, 3)})
    with refused(TypeError, "gradients: expected Gradients or a mapping of pairs, given list"):
        compare([1, 2])
    with refused(TypeError, "gradients: expected names of quantities, given 1"):
        compare({1: (1, 1)})


@pytest.mark.parametrize("name", ["W", "b", "delta"])
def test_gradients_that_lack_a_layer_are_not_compared(name):
    lacking = dataclasses.replace(GRADIENTS, **{name: {1: getattr(GRADIENTS, name)[1]}})
    with refused(ValueError, f"gradients: {name}: expected the layers 1 to 2, given [1]"):
        compare(lacking, GRADIENTS)
    message = f"expected: {name}: expected the layers 1 to 2, given [1]"
    if name == "W":  # which says how many there are
        message = "expected: b: expected the layers 1 to 1, given [1, 2]"
    for one in (GRADIENTS, lacking):
        with refused(ValueError, message):
            compare(one, lacking)


@pytest.mark.parametrize(
    ("computed", "expected", "difference"),
    [
        (1e308, -1e308, 2.0),
        (-1.5e12, -1e12, 0.5),
        (1e12, -1e12, 2.0),
        (np.float32(1e38), np.float32(-1e38), 2.0),
        (3, 4, 0.25),
        (np.uint8(1), np.uint8(3), 2 / 3),
        (np.float32(1), np.float32(3), 2 / 3),  # in double precision
    ],
)
def test_large_numbers_are_compared_relatively_whatever_their_sign(computed, expected, difference):
    with np.errstate(all="raise"):
        [row] = compare({"a": (computed, expected)}).rows
    assert row.difference == pytest.approx(difference, rel=1e-15)


def test_a_step_that_does_not_change_theta_is_refused():
    message = "h: expected a step that changes theta and stays finite, given"
    with refused(ValueError, f"{message} 1e-06 at [1], where theta is 1e+20"):
        central_difference(np.sum, np.array([0.0, 1e20]))
    with refused(ValueError, f"{message} 1e+308 at [0], where theta is 1.7e+308"):
        central_difference(np.sum, np.array([1.7e308]), 1e308)
    with refused(ValueError, f"{message} 1e+308 at [0], where theta is -1.7e+308"):
        central_difference(np.sum, np.array([-1.7e308]), 1e308)
    # Next to a power of two, rounding takes the step on one side alone.
    for theta in (1.0, -1.0):
        with refused(ValueError, f"{message} 9e-17 at [0], where theta is {theta}"):
            central_difference(np.sum, np.array([theta]), 9e-17)


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (
            lambda t: np.nan,
            ValueError,
            "function at theta [0] + h: expected finite numbers, given nan",
        ),
        (
            lambda t: 1j,
            TypeError,
            "function at theta [0] + h: expected float32 or float64, given complex128; "
            "convert with np.asarray(..., dtype=np.float64)",
        ),
        (
            lambda t: 1.0 if t[0] > 1 else 1,
            TypeError,
            "function at theta [0] - h: expected float32 or float64, given int64; "
            "convert with np.asarray(..., dtype=np.float64)",
        ),
        (
            lambda t: np.float32(1),
            TypeError,
            "function at theta [0] + h: expected dtype float64, given float32",
        ),
        (
            lambda t: np.ones(1 + (t[0] > 1)),
            ValueError,
            "function at theta [0] - h: expected the shape (2,) of its value at + h, given (1,)",
        ),
        (
            lambda t: 1.7e308 if t[0] > 1 else -1.7e308,
            ValueError,
            "slope at [0]: expected finite numbers, given inf",
        ),
    ],
)
def test_a_function_without_a_slope_is_refused(function, error, message):
    with refused(error, message):
        central_difference(function, np.ones(1))


def test_what_is_no_function_has_no_slope():
    with refused(TypeError, "function: expected a function, given 3"):
        central_difference(3, np.ones(1))


# Networks that cannot be, activations of your own, copies.


@pytest.mark.parametrize(
    ("given_layers", "message"),
    [
        (None, "network: expected a list of layers, given NoneType"),
        (3, "network: expected a list of layers, given int"),
        (NETWORK.layer(1), "network: expected a list of layers, given Layer"),
        ("ab", "layer 1: expected a Layer, given str"),
    ],
)
def test_what_are_no_layers_is_refused(given_layers, message):
    with refused(TypeError, message):
        Network(given_layers)


@pytest.mark.parametrize("name", [["relu"], None, 3, "tanh", np.array("relu")], ids=repr)
def test_what_is_no_activation_is_refused(name):
    known = "expected one of identity, relu, sigmoid"
    with pytest.raises(ValueError, match=f"^layer 1: activation: {known}, given "):
        Network([Layer(np.ones((1, 1)), np.ones(1), name)])
    with pytest.raises(ValueError, match=f"^activation: {known}, given "):
        activation(name)


WIDTHS = "widths: expected a list of at least two, d_x and K"


@pytest.mark.parametrize(
    ("widths", "activations", "seed", "message"),
    [
        ([], [], 0, f"{WIDTHS}; given []"),
        (None, [], 0, f"{WIDTHS}; given None"),
        ({2, 1}, ["relu"], 0, f"{WIDTHS}; given {{1, 2}}"),
        (np.array(2), ["relu"], 0, f"{WIDTHS}; given 2"),
        (np.ones((2, 1), int), ["relu"], 0, "widths: expected positive integers, given [1]"),
        (
            [2, 1],
            {"relu"},
            0,
            "activations: expected a list of 1, one less than widths; given {'relu'}",
        ),
        ([2, True], ["relu"], 0, "widths: expected positive integers, given True"),
        ([2, 1], None, 0, "activations: expected a list of 1, one less than widths; given None"),
        ([2, 1], "r", 0, "activations: expected a list of 1, one less than widths; given 'r'"),
        ([2, 1], ["relu"], -1, "seed: expected an integer from 0, given -1"),
        ([2, 1], ["relu"], None, "seed: expected an integer from 0, given None"),
        ([2, 1], ["relu"], True, "seed: expected an integer from 0, given True"),
    ],
)
def test_a_random_network_that_cannot_be_is_refused(widths, activations, seed, message):
    with refused(ValueError, message):
        random_network(widths, activations, seed=seed)


@pytest.mark.parametrize(
    ("dtype", "shown"),
    [(np.int64, "<class 'numpy.int64'>"), ("real", "'real'"), ("f2", "'f2'"), ([3], "[3]")],
)
def test_a_random_network_of_no_floats_is_refused(dtype, shown):
    with refused(TypeError, f"dtype: expected float32 or float64, given {shown}"):
        random_network([2, 1], ["relu"], seed=0, dtype=dtype)


def own(value, derivative=np.ones_like):
    f = Activation("own", value, derivative)
    return Network([Layer(np.ones((3, 2)), np.ones(3), f)])


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda s: s.sum(), ValueError, "expected shape (3,), given ()"),
        (lambda s: s[:1], ValueError, "expected shape (3,), given (1,)"),
        (lambda s: s.astype(np.float32), TypeError, "expected dtype float64, given float32"),
        (lambda s: s[:0], ValueError, "expected at least one element, given shape (0,)"),
        (
            lambda s: s.astype(int),
            TypeError,
            "expected float32 or float64, given int64; "
            "convert with np.asarray(..., dtype=np.float64)",
        ),
        (
            lambda s: np.ma.array(s),
            TypeError,
            "expected an array without a mask, given a masked array; "
            "fill it or leave these elements out",
        ),
    ],
)
def test_an_activation_of_your_own_that_does_not_fit_is_refused(wrong, error, message):
    with refused(error, f"layer 1: z: {message}"):
        forward(own(wrong), np.ones(2))
    network = own(np.tanh, wrong)
    trace = forward(network, np.ones(2))
    for function in (
        lambda: backward(network, trace, np.ones(3)),
        lambda: dz_ds(network, trace, 1),
    ):
        with refused(error, f"layer 1: derivative of z: {message}"):
            function()


def test_an_activation_of_your_own_cannot_change_the_trace():
    def in_place(s):
        s[:] = 0
        return s

    with pytest.raises(ValueError, match="read-only"):
        forward(own(in_place), np.ones(2))


def test_an_activation_of_your_own_that_is_not_finite_is_refused():
    with refused(ValueError, "layer 1: z: expected finite numbers, given inf at [0]"):
        forward(own(lambda s: 1 / (s - s)), np.ones(2))
    network = own(np.tanh, lambda s: np.full_like(s, np.nan))
    with refused(ValueError, "layer 1: delta: expected finite numbers, given nan at [0]"):
        backward(network, forward(network, np.ones(2)), np.ones(3))


def test_an_activation_that_is_no_function_is_refused():
    with refused(TypeError, "value: expected a function, given None"):
        Activation("own", None, np.cos)
    with refused(TypeError, "derivative: expected a function, given 3"):
        Activation("own", np.sin, 3)
    with refused(TypeError, "name: expected a string, given 3"):
        Activation(3, np.sin, np.cos)


class Unhashable:
    """A function that no dict takes as a key."""

    __hash__ = None

    def __call__(self, s):
        return s


@pytest.mark.parametrize("function", [np.tanh, Unhashable()], ids=["hashable", "unhashable"])
def test_an_activation_that_borrows_a_name_has_no_twin(function):
    fake = Activation("relu", function, function)
    expected = "expected handgrad's own identity, relu, sigmoid, given another one named 'relu'"
    with refused(ValueError, f"layer 1: activation: {expected}"):
        twin(random_network([1, 1], [fake], seed=0))


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))],
    ids=["copied", "deep-copied", "pickled"],
)
def test_a_network_that_is_copied_is_the_same_and_read_only(again):
    network = again(NETWORK)
    assert network.widths == NETWORK.widths
    for old, new in zip(NETWORK.layers, network.layers, strict=True):
        np.testing.assert_array_equal(old.W, new.W)
        np.testing.assert_array_equal(old.b, new.b)
        assert old.f == new.f
        assert not np.shares_memory(old.W, new.W)
        for array in (new.W, new.b):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 7
    compare(backward(network, forward(network, X), np.ones((2, 1))), GRADIENTS).assert_close()


@pytest.mark.parametrize("made", [GRADIENTS, numerator_layout(
    backward(NETWORK, forward(NETWORK, X[0]), np.ones(1))
)], ids=["by hand", "numerator layout"])  # fmt: skip
def test_gradients_that_are_pickled_are_the_same(made):
    compare(pickle.loads(pickle.dumps(made)), made).assert_close()


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (NETWORK, "layers"),
        (NETWORK.layer(1), "W"),
        (TRACE, "s"),
        (GRADIENTS, "W"),
        (relu, "value"),
        (SquaredError(), "reduction"),
        (BinaryCrossEntropy(), "anything"),
        (SigmoidCrossEntropy(), "anything"),
        (compare({"a": (1, 1)}), "rows"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_can_be_assigned_to_what_was_made(thing, name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, name, None)
