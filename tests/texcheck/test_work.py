"""The work of a text has an end: calls of functions, counted, since time depends on the machine."""

from __future__ import annotations

import cProfile
import pstats

import pytest

from texcheck import check

MOST_CALLS = 8_000_000  # about a second


def nest(around: str, inside: str, depth: int) -> str:
    for _ in range(depth):
        inside = around.replace("...", inside)
    return inside


LONG = [
    ("any", nest("(...)^{3}", "x^T x", 19) + " = 0"),
    ("sigmoid-bce", nest(r"\lVert (...)^{\odot 2} \rVert x", "s^{(1)}", 12) + " = x"),
    ("regression", nest(r"\frac{\partial^2 (...)}{\partial x_0^2}", "x_i", 17) + " = x_0"),
    ("any", r" \\ ".join([" + ".join(f"|x_0 - {at}|" for at in range(40)) + " = 0"] * 3)),
    ("running", "7^{-99} " * 220 + r"\hat y \hat y^T = y y^T"),
    ("any", "x_{9999999} = x_0"),
    ("any", r"\nabla_{x}^2 \left(" + r"\lVert W^{(1)} x \rVert^2 " * 20 + r"\right) = I"),
    ("any", "x_{0} + x_{1} + " * 120 + r"\dots + x_{d_x-1} = 1"),
]


@pytest.mark.parametrize(("network", "tex"), LONG, ids=[tex[:30] for _, tex in LONG])
def test_a_text_and_its_causes_take_a_second_at_most(network: str, tex: str) -> None:
    assert len(tex) <= 2000
    with cProfile.Profile() as profile:
        check(tex, network)
    assert pstats.Stats(profile).total_calls < MOST_CALLS  # type: ignore[attr-defined]
