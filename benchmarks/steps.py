"""What a step of SGD costs in time and memory, beside PyTorch, a plain script and the products.

Run it with `make bench`. One thread each, in one process. The contenders take turns step by step,
so that each meets the same load of the machine, in an order drawn anew each time: who runs finds
the caches as the one before has left them. Process time is compared as ratios of one turn.
"""

import os

THREADS = 1
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = str(THREADS)  # read when the libraries are loaded

import time  # noqa: E402
import tracemalloc  # noqa: E402
from collections.abc import Callable  # noqa: E402
from itertools import pairwise  # noqa: E402

import numpy as np  # noqa: E402
import plain  # noqa: E402
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from threadpoolctl import threadpool_info  # noqa: E402

from handgrad import SquaredError, backward, forward, random_network, sgd_step  # noqa: E402
from handgrad.reference import twin  # noqa: E402

torch.set_num_threads(THREADS)

# widths, points in a batch, turns
SIZES = [
    ([2, 3, 1], 1, 4000),
    ([20, 10, 5], 32, 4000),
    ([784, 128, 10], 64, 600),
    ([1024] * 3, 256, 60),
    ([1024] * 6, 1024, 9),
]
RATE = 1e-9  # so small that no size diverges
LOSS = SquaredError()
Array = NDArray[np.floating]


def name(widths: list[int]) -> str:
    """2-3-1, or 1024 x3 where all widths are equal."""
    equal = len(set(widths)) == 1
    return f"{widths[0]} x{len(widths)}" if equal else "-".join(map(str, widths))


def problem(widths: list[int], N: int, dtype: type):
    """A ReLU network with an identity at the end, and a batch."""
    activations = ["relu"] * (len(widths) - 2) + ["identity"]
    network = random_network(widths, activations, seed=0, dtype=dtype)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1]))
    return network, x.astype(dtype), y.astype(dtype)


def step(network, x: Array, y: Array):
    """Forward, loss gradient, backward, SGD."""
    trace = forward(network, x)
    gradients = backward(network, trace, LOSS.gradient(trace.y_hat, y))
    return sgd_step(network, gradients, RATE)


def contenders(widths: list[int], N: int, dtype: type) -> dict[str, Callable[[], object]]:
    """A step of each, and afterwards a check that all have gone the same way."""
    network, x, y = problem(widths, N, dtype)
    networks = [network]
    W, b = ([getattr(layer, part).copy() for layer in network.layers] for part in "Wb")
    model, x_torch, y_torch = twin(network), torch.tensor(x), torch.tensor(y)
    squared_error = torch.nn.MSELoss(reduction="sum")
    optimiser = torch.optim.SGD(model.parameters(), lr=RATE)
    trace = forward(network, x)
    delta = backward(network, trace, LOSS.gradient(trace.y_hat, y)).delta

    def by_hand() -> None:
        networks[0] = step(networks[0], x, y)

    def by_torch() -> None:
        optimiser.zero_grad()
        squared_error(model(x_torch), y_torch).backward()
        optimiser.step()

    def products() -> None:
        for L, layer in enumerate(network.layers, start=1):
            trace.z[L - 1] @ layer.W.T
            delta[L].T @ trace.z[L - 1]
            if L > 1:
                delta[L] @ layer.W

    def check() -> None:
        for L, layer in enumerate(networks[0].layers):
            tolerance = 1e-10 if dtype is np.float64 else 1e-4
            for other in (W[L], model[2 * L].weight.detach().numpy()):
                np.testing.assert_allclose(layer.W, other, rtol=tolerance, atol=tolerance)

    return {
        "handgrad": by_hand,
        "plain": lambda: plain.step(W, b, x, y, RATE),
        "torch": by_torch,
        "products": products,
        "check": check,
    }


def timed(functions: dict[str, Callable[[], object]], turns: int) -> dict[str, Array]:
    """The seconds of process time of each function in each turn."""
    seconds = {key: np.empty(turns) for key in functions}
    order = np.random.default_rng(2)
    for turn in range(-max(2, turns // 20), turns):  # the first ones warm up and are not kept
        for key in order.permutation(list(functions)):
            start = time.process_time()
            functions[key]()
            elapsed = time.process_time() - start
            if turn >= 0:
                seconds[key][turn] = elapsed
    return seconds


def quartiles(ratios: Array) -> str:
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    return f"{middle:5.2f} ({low:.2f} to {high:.2f})"


def times() -> None:
    print("One step: forward, loss gradient, backward, SGD. Ratios: median (quartiles).")
    print(f"{'size':12} {'N':>4} {'dtype':8} {'handgrad':>11}", end="  ")
    print(*(f"{'to ' + other:21}" for other in ("plain", "PyTorch", "products")))
    for widths, N, turns in SIZES:
        for dtype in (np.float64, np.float32):
            functions = contenders(widths, N, dtype)
            check = functions.pop("check")
            seconds = timed(functions, turns)
            check()
            ours = seconds.pop("handgrad")
            print(
                f"{name(widths):12} {N:4} {dtype.__name__:8} {np.median(ours) * 1e6:8.0f} us ",
                *(f"{quartiles(ours / theirs):21}" for theirs in seconds.values()),
                flush=True,
            )


def memory() -> None:
    """Bytes kept and the most in use during forward and backward, against what must be kept."""
    print("\nMemory of forward and backward, float64: s, z and delta of each layer, x, dW and db")
    print(f"{'size':12} {'N':>4} {'theory':>10} {'kept':>6} {'peak':>6}")
    for widths, N, _ in SIZES[2:]:
        network, x, y = problem(widths, N, np.float64)
        gradient = LOSS.gradient(forward(network, x).y_hat, y)
        parameters = sum((d_in + 1) * d_out for d_in, d_out in pairwise(widths))
        theory = 8 * (parameters + N * (widths[0] + 3 * sum(widths[1:])))
        tracemalloc.start()
        trace = forward(network, x)
        gradients = backward(network, trace, gradient)
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(gradients.W) == len(trace.s)
        print(f"{name(widths):12} {N:4} {theory / 2**20:6.1f} MiB", end=" ")
        print(f"{kept / theory:6.2f} {peak / theory:6.2f}")


def growth() -> None:
    """The exponent p where the time of a step grows like size^p, fitted over four sizes."""
    print("\nGrowth of a step's time, float64: exponent fitted / exponent of the products")
    sweeps = {
        "width (4 widths, 256 points)": ([[d] * 4 for d in (256, 512, 768, 1024)], [256] * 4, 2),
        "depth (width 256, 256 points)": ([[256] * (n + 1) for n in (2, 4, 8, 16)], [256] * 4, 1),
        "batch (4 widths of 256)": ([[256] * 4] * 4, [128, 256, 512, 1024], 1),
    }
    for label, (all_widths, batches, expected) in sweeps.items():
        problems = [problem(w, N, np.float64) for w, N in zip(all_widths, batches, strict=True)]
        functions = {str(i): lambda p=p: step(*p) for i, p in enumerate(problems)}
        medians = [np.median(seconds) for seconds in timed(functions, 12).values()]
        sizes = {
            "width": [w[0] for w in all_widths],
            "depth": [len(w) - 1 for w in all_widths],
            "batch": batches,
        }[label.split()[0]]
        exponent = np.polyfit(np.log(sizes), np.log(medians), 1)[0]
        print(f"{label:30} {exponent:.2f} / {expected}")


def main() -> None:
    blas = [
        f"{pool['internal_api']} {pool['num_threads']}"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    print(f"NumPy {np.__version__} (threads: {', '.join(blas)}),", end=" ")
    print(f"PyTorch {torch.__version__} (threads: {torch.get_num_threads()});", end=" ")
    print(f"{os.cpu_count()} cores, load {load}\n")
    times()
    memory()
    growth()


if __name__ == "__main__":
    main()
