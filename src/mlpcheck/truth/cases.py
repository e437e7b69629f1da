"""The cases that a submission is run on, each with the right results by PyTorch's autograd.

All numbers are seeded, so every submission gets the same cases in every run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

ACTIVATE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu, "sigmoid": torch.sigmoid, "identity": lambda s: s
}  # fmt: skip
ACTIVATIONS = tuple(ACTIVATE)
PAIRS = tuple(product(ACTIVATIONS, repeat=2))
PARAMETERS = ("W1", "b1", "W2", "b2")
GRADIENTS = ("dJdW2", "dJdb2", "dJdW1", "dJdb1")  # in the order of the backward pass
# The calls on a network, each with what it is given of which point: of a usual case, and of a role.
PASS = (("forward", "x", 0), ("backward", "d", 0))
STEPS = {
    "again": (*PASS, ("clear_grad_and_cache", "", 0), ("forward", "x", 1), ("backward", "d", 1)),
    "two": (("forward", "x", 0), ("forward", "x", 1), ("backward", "d", 0)),
    "repeat": (("forward", "x", 0), ("forward", "x", 0)),
}
# Batch sizes, and widths in1, out1, out2. With equal widths a transposed matrix fits; elsewhere
# it raises an error. The last ones are tried on a third of the pairs, with each activation in each
# layer.
SIZES = (
    (4, (3, 3, 3)), (10, (3, 4, 2)), (1, (2, 5, 1)), (6, (4, 3, 5)), (1, (3, 2, 4)),
    (2, (5, 2, 3)), (13, (2, 3, 4)),
)  # fmt: skip
MORE = 4
# Parameters, x and dJdy_hat for pencil and paper; on the second one every matrix fits anywhere.
HAND = {
    "hand": (([[1, -1], [0.5, 2]], [0.5, -1], [[2, -1.5]], [0.25]),
             [[1, 2], [2, 0.5]], [[1], [-2]]),
    "square": (([[1, -1], [0.5, 2]], [0.5, -1], [[2, -1.5], [-1, 1]], [0.25, -0.5]),
               [[1, 2], [2, 0.5]], [[1, 0.5], [-2, 3]]),
}  # fmt: skip
# The same with pre-activations of about 1000, where exp overflows, of both signs in each layer.
LARGE = (
    ([[600, 300], [-500, 200], [300, -800]], [10, -20, 30], [[800, -900, 700], [-600, -400, 500]],
     [5, -5]), [[1, 2], [-2, 1], [1, -1], [-2, -0.5]], [[1, -1], [2, 1], [-1, 0.5], [0.5, 2]],
)  # fmt: skip


class Sizes(NamedTuple):
    """The lengths of a case: points, outputs, and for a network its other widths."""

    N: int
    K: int
    out1: int = 0
    in1: int = 0


@dataclass(frozen=True, eq=False)
class Point:
    """One forward and backward pass: activations, parameters and input, and the right results.

    x is (N, in1), d = dJdy_hat (N, out2); truth: the parameters, y_hat and the four gradients.
    """

    f: str
    g: str
    W1: Array
    b1: Array
    W2: Array
    b2: Array
    x: Array
    d: Array
    truth: dict[str, Array]
    saturated = False  # as a loss may be

    @property
    def sizes(self) -> Sizes:
        return Sizes(*self.d.shape, *self.W1.shape)


@dataclass(frozen=True)
class Network:
    """A case for MLP: networks, and the calls to be made on them. `points` are checked in order.

    Roles: "plain", "large", "tiny", "kink", "hand" have one point; "again" is a second
    pass after clearing, "two" a second network, both compared with the plain cases `twins`;
    "repeat" calls forward twice with the same input.
    """

    id: str
    role: str
    points: tuple[Point, ...]
    twins: tuple[str, ...] = ()

    def request(self) -> dict[str, Any]:
        """The case as plain data for the runner."""
        two, calls = self.role == "two", list[dict[str, Any]]()
        for call, name, i in STEPS.get(self.role, PASS):
            given = {"its input": getattr(self.points[i], name).tolist()} if name else {}
            calls.append({"call": call, "network": i * two, "given": given})
        parameters = [{name: getattr(point, name).tolist() for name in PARAMETERS}
                      for point in self.points[: 1 + two]]  # fmt: skip
        first = self.points[0]
        (b, a), c = first.W1.shape, len(first.b2)
        return {"id": self.id, "arguments": [a, b, first.f, b, c, first.g],
                "parameters": parameters, "calls": calls}  # fmt: skip


@dataclass(frozen=True)
class Loss:
    """A case for mse_loss or bce_loss. y and y_hat are (N, K); `saturated` has y_hat of 0 and 1."""

    id: str
    function: str
    y: Array
    y_hat: Array
    saturated: bool = False
    truth: dict[str, Array] = field(default_factory=dict)

    @property
    def sizes(self) -> Sizes:
        return Sizes(*self.y.shape)

    def request(self) -> dict[str, Any]:
        """The case as plain data for the runner."""
        given = {"y": self.y.tolist(), "y_hat": self.y_hat.tolist()}
        times = 1 + (self.y.shape == (4, 3))  # twice, to see whether it is random
        calls = [{"call": self.function, "network": 0, "given": given}] * times
        return {"id": self.id, "parameters": [], "calls": calls}


def point(f: str, g: str, parameters: Sequence[Any], x: Any, d: Any) -> Point:
    """A point with its truth by autograd."""
    numbers: Any = [np.array(a, dtype=np.float64) for a in (*parameters, x, d)]
    W1, b1, W2, b2, x, d = map(torch.tensor, numbers)
    leaves = [tensor.requires_grad_() for tensor in (W1, b1, W2, b2)]
    y_hat = ACTIVATE[g](ACTIVATE[f](x @ W1.T + b1) @ W2.T + b2)
    gradients = torch.autograd.grad(y_hat, leaves, d)
    truth = {f"dJd{name}": g.numpy() for name, g in zip(PARAMETERS, gradients, strict=True)}
    truth |= {"y_hat": y_hat.detach().numpy(), **dict(zip(PARAMETERS, numbers, strict=False))}
    return Point(f, g, *numbers, truth)  # type: ignore[call-arg]  # six arrays


def _random(f: str, g: str, widths: Sequence[int], N: int, seed: int, scale: float = 1) -> Point:
    rng = np.random.default_rng([seed, ACTIVATIONS.index(f), ACTIVATIONS.index(g), N, *widths])
    a, b, c = widths
    shapes = [(b, a), (b,), (c, b), (c,), (N, a)]
    numbers = [scale * rng.normal(size=shape) for shape in shapes]
    return point(f, g, numbers[:4], numbers[4], rng.normal(size=(N, c)))


@cache
def networks() -> dict[str, Network]:
    """All cases for MLP by id."""
    cases = []
    for (i, (f, g)), (j, (N, (a, b, c))) in product(enumerate(PAIRS), enumerate(SIZES)):
        if j < len(SIZES) - MORE or (i // 3 + i + j) % 3 == 0:
            one = _random(f, g, (a, b, c), N, 1)
            cases.append(Network(f"{f}-{g}-{N}-{a}{b}{c}", "plain", (one,)))
    for f, g in PAIRS:
        for name, numbers in HAND.items():
            cases.append(Network(f"{f}-{g}-{name}", "hand", (point(f, g, *numbers),)))
        tiny = _random(f, g, (3, 2, 4), 3, 2, scale=1e-2)
        cases.append(Network(f"{f}-{g}-tiny", "tiny", (tiny,)))
        cases.append(Network(f"{f}-{g}-large", "large", (point(f, g, *LARGE),)))
        if "relu" in (f, g):
            cases.append(Network(f"{f}-{g}-kink", "kink", (_kink(f, g),)))
    for f, g in (("relu", "identity"), ("sigmoid", "sigmoid")):
        new = partial(_random, f, g, (3, 4, 2))
        first, other, more, beside = new(5, 3), new(5, 4), new(7, 5), new(5, 8)
        same = partial(point, f, g, (first.W1, first.b1, first.W2, first.b2))
        second, third, stale = same(other.x, other.d), same(more.x, more.d), same(first.x, other.d)
        for name, role, points, twins in (
            ("first", "plain", (first,), ()), ("second", "plain", (second,), ()),
            ("third", "plain", (third,), ()), ("stale", "plain", (stale,), ()),
            ("again", "again", (first, second), ("first", "second", "stale")),
            ("longer", "again", (first, third), ("first", "third")),
            ("two", "two", (first, beside), ("first",)), ("repeat", "repeat", (first,), ()),
        ):  # fmt: skip
            names = tuple(f"{f}-{g}-{twin}" for twin in twins)
            cases.append(Network(f"{f}-{g}-{name}", role, points, names))
    return {case.id: case for case in cases}


def _kink(f: str, g: str) -> Point:
    """Pre-activations of exactly 0, where ReLU has its kink, in both layers."""
    W1, b1 = [[1, -1], [2, 1], [-1, 3]], [0, -3, 1]
    W2 = [[1, 2, 0], [2, -1, 1]]
    x = [[2, 2], [1, 1], [3, -1]]
    s1 = torch.tensor(x) @ torch.tensor(W1).T + torch.tensor(b1)
    # Whole numbers are added without rounding, so b2 cancels the first row in any order of terms.
    # The sigmoid rounds, so behind it only the first layer would have a kink.
    s2 = ACTIVATE[f](s1) @ torch.tensor(W2).T if f != "sigmoid" else torch.zeros(1, 2)
    return point(f, g, (W1, b1, W2, (-s2[0]).tolist()), x, [[1, 2], [-1, 3], [2, -2]])


@cache
def losses() -> dict[str, Loss]:
    """All cases for the losses by id."""
    rng, cases = np.random.default_rng(6), list[Loss]()

    def add(name: str, function: str, y: Any, y_hat: Any, saturated: bool = False) -> None:
        y, y_hat = np.array(y, dtype=np.float64), np.array(y_hat, dtype=np.float64)
        leaf = torch.tensor(y_hat, requires_grad=True)
        criterion = torch.nn.MSELoss() if function == "mse_loss" else torch.nn.BCELoss()
        loss = criterion(leaf, torch.tensor(y))
        (slope,) = torch.autograd.grad(loss, leaf)
        truth = {f"{function} loss": loss.detach().numpy(), f"{function} dJdy_hat": slope.numpy()}
        cases.append(Loss(f"{function}-{name}", function, y, y_hat, saturated, truth))

    for N, K in ((4, 3), (10, 2), (1, 1), (1, 3), (5, 1), (3, 5), (6, 6), (13, 2)):
        shape = (N, K)
        add(f"{N}x{K}", "mse_loss", rng.normal(size=shape), rng.normal(size=shape))
        y = rng.integers(0, 2, size=shape)
        add(f"{N}x{K}", "bce_loss", y, rng.uniform(0.05, 0.95, size=shape))
    add("soft", "bce_loss", rng.uniform(0.1, 0.9, (4, 3)), rng.uniform(0.05, 0.95, (4, 3)))
    add("hand", "mse_loss", [[1, 0], [0.5, 1]], [[0.5, 1], [2, -1]])
    add("hand", "bce_loss", [[1, 0], [0, 1]], [[0.5, 0.25], [0.8, 0.9]])
    add("large", "mse_loss", 1e3 * rng.normal(size=(4, 2)), 1e3 * rng.normal(size=(4, 2)))
    add("tiny", "mse_loss", 1e-3 * rng.normal(size=(4, 2)), 1e-3 * rng.normal(size=(4, 2)))
    add("equal", "mse_loss", [[1, 2], [3, 4]], [[1, 2], [3, 4]])
    add("right", "bce_loss", [[0, 1], [1, 0]], [[0, 1], [1, 0]], True)
    add("wrong", "bce_loss", [[0, 1], [1, 0]], [[1, 0], [1, 0.5]], True)
    add("mixed", "bce_loss", [[0, 1], [1, 0], [1, 1]], [[0, 0.5], [0, 0.25], [1, 0.8]], True)
    return {case.id: case for case in cases}


@cache
def requests() -> list[dict[str, Any]]:
    """All cases as plain data for the runner, losses first: they are quick."""
    return [c.request() for c in losses().values()] + [c.request() for c in networks().values()]
