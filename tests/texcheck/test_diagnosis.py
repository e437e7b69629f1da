"""Formulas as they are misprinted, each refuted with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from texcheck import check
from texcheck.diagnose import NOTHING_FITS
from texcheck.reader import read

ERRATA = Path(__file__).parents[2] / "book" / "errata.md"

START_AT_0 = "indices start at 0, so the last is d - 1"
MISPRINTS = [
    ("a04", r"\hat y = \max(0, s^{(2)})", "regression", "the wrong activation"),
    ("b05", r"\ell = (\hat y - \operatorname{I}(s^{(2)})) (\hat y - \operatorname{I}(s^{(2)}))^T",
     "regression", "is zero: both terms are the same"),
    ("b10", r"\ell_{MSE} = (\hat y - y)(\hat y - y)^T", "regression",
     "the transpose belongs to the first factor"),
    ("b14", r"y_k = g(s_k^{(2)})", "regression", r"$y_{k}$ stands where $\hat y_{k}$ should"),
    ("c01", r"b^{(2)} : d_{s^{(1)}} \times 1", "regression",
     "wrong layer superscript: $d_{s^{(1)}}$ should be $d_{s^{(2)}}$"),
    ("c02", r"\frac{\partial \ell}{\partial b^{(2)}} : 1 \times d_{s^{(1)}}", "regression",
     "wrong layer superscript"),
    ("c04", r"\frac{\partial \ell}{\partial W_{ij}^{(2)}} = \sum_{k,l} "
     r"\frac{\partial \ell}{\partial \hat y_k} \frac{\partial \hat y_k}{\partial s_l^{(2)}} "
     r"z_m^{(1)} \delta_{il} \delta_{jm}", "any",
     "index m is free on the right, but does not occur on the left; the sum over m is missing"),
    ("c05", r"\frac{\partial \ell}{\partial W^{(2)}} = \begin{pmatrix} "
     r"\frac{\partial \ell}{\partial W_{00}^{(2)}} & \cdots & "
     r"\frac{\partial \ell}{\partial W^{(2)}_{d_{s^{(2)}}0}} \end{pmatrix}", "any", START_AT_0),
    ("c07", r"\frac{\partial L}{\partial \hat y} = 2(\hat y - y)^T", "regression",
     r"the loss is $\ell$"),
    ("c08", r"\delta^{(2)} = 2 \begin{pmatrix} \hat y_0 - y_0 \\ \vdots \\ "
     r"\hat y_{d_{s^{(2)}}} - y_{d_{s^{(2)}}} \end{pmatrix}", "regression", START_AT_0),
    ("c10", r"\frac{\partial \ell}{\partial b_i^{(2)}} = \sum_{k,l} "
     r"\frac{\partial \ell}{\partial \hat y_k} \frac{\partial \hat y_k}{\partial s_l^{(2)}} "
     r"\frac{\partial}{\partial W_{ij}^{(2)}} "
     r"\left( \sum_m W_{lm}^{(2)} z_m^{(1)} + b_l^{(2)} \right)", "any",
     "differentiated by $W_{ij}^{(2)}$ where $b^{(2)}_{i}$ is meant"),
    ("c12", r"\frac{\partial \ell}{\partial W_{ij}^{(1)}} = \sum_n \delta_i^{(1)} x_j", "any",
     "nothing in it depends on n"),
    ("c14", r"\delta^{(1)} = \left[ \frac{\partial s^{(2)}}{\partial z^{(1)}} "
     r"\frac{\partial z^{(1)}}{\partial s^{(1)}} \right]^T", "any",
     r"the factor $\delta^{(2)}$ is missing"),
    ("c21", r"\delta^{(L)} = [W^{L+1} \frac{\partial z^{(L)}}{\partial s^{(L)}}]^T \delta^{(L+1)}",
     "deep", "a layer stands in parentheses"),
    ("c23", r"\frac{\partial \ell}{\partial W^{(1)}} = "
     r"x [[W^{(2)} I_{z^{(1)} \times s^{(1)}}]^T \delta^{(2)}]^T", "regression",
     "the activation's derivative is missing"),
    ("c28", r"s^{(L)} : 1 \times d_{s^{(L)}}", "deep", "the transpose of the right shape"),
    ("c28", r"s^{(L)} = 1 \times d_{s^{(L)}}", "deep", "a shape stands behind a colon"),
    ("c29", r"z^{(0)} = [\delta^{(L)}]^T", "deep", "no single small change makes it true"),
    ("c30", r"I^{+s^{(L)}} = \operatorname{diag}(\max(0, \operatorname{sign}(s^L)))", "deep",
     "a layer stands in parentheses"),
    ("d03", r"\frac{\partial \hat y_i}{\partial s_j^{(2)}} = \delta_{ij}, "
     r"\quad i = 0, \dots, d_{\hat y}", "regression", START_AT_0),
    ("e02", r"\delta^{(2)} = 2 (\hat y - y)", "sigmoid-mse",
     "the activation's derivative is missing"),
    ("e03", r"\sigma'(s_i^{(1)}) = \sigma(1 - \sigma(s_i^{(1)}))", "sigmoid-mse",
     r"the argument of $\sigma$ is missing"),
    ("f02", r"\delta^{(2)} = 2 (\hat y - y) \odot \hat y \odot (1 - \hat y)", "sigmoid-bce",
     "it is true of the network sigmoid-mse, not of sigmoid-bce"),
    ("f05", r"\frac{\partial \ell}{\partial \hat y} = \frac{1}{K} \begin{pmatrix} "
     r"\frac{\hat y_0 - y_0}{\hat y_0 (1 - \hat y_0)} & \dots & "
     r"\frac{\hat y_{d_y} - y_{d_y}}{\hat y_{d_y} (1 - \hat y_{d_y})} \end{pmatrix}",
     "sigmoid-bce", START_AT_0),
]  # fmt: skip

MISTAKES = [
    (r"\delta^{(2)} = 2(\hat y - y)^T", "a transpose too much"),
    (r"\frac{\partial \ell}{\partial W^{(1)}} = 2 x (\hat y - y) W^{(2)} "
     r"\frac{\partial z^{(1)}}{\partial s^{(1)}}", r"a transpose is missing at $(\hat y - y)$"),
    (r"\frac{\partial \ell}{\partial W^{(2)}} = \delta^{(2)} [z^{(1)}]^T",
     "the transpose of the right one"),
    (r"\frac{\partial \ell}{\partial \hat y} = (\hat y - y)^T", "off by the factor 2"),
    (r"\frac{\partial \ell}{\partial \hat y} = 4 (\hat y - y)^T", "off by the factor 1/2"),
    (r"\frac{\partial \ell}{\partial \hat y} = 2 (y - \hat y)^T", "off by the factor -1"),
    (r"\ell = \frac{1}{K} \lVert \hat y - y \rVert^2", "off by the factor K"),
    (r"\ell = K \lVert \hat y - y \rVert^2", "off by the factor 1/K"),
    (r"W_{ij}^{(2)} = z_j^{(1)}", "index i is free on the left"),
    (r"\frac{\partial \ell}{\partial W^{(L)}} = z^{(L)} [\delta^{(L)}]^T",
     "wrong layer superscript: $z^{(L)}$ should be $z^{(L-1)}$"),
    (r"\frac{\partial \ell}{\partial W^{(1)}} = 2 x (\hat y - y)^T W^{(2)}",
     r"the activation's derivative is missing: $\partial z^{(1)} / \partial s^{(1)}$"),
    (r"\delta_i^{(1)} = \sum_l \delta_l^{(2)} W_{li}^{(2)}",
     "the activation's derivative is missing"),
    (r"s^{(2)} = W^{(1)} z^{(1)} + b^{(2)}",
     "$W^{(1)}$ is 3 × 4 and $z^{(1)}$ is 3 × 1: they cannot be multiplied; "
     "wrong layer superscript: $W^{(1)}$ should be $W^{(2)}$"),
    (r"\delta_i^{(2)} = 2 (y_i - y_i)", r"$y_{i}$ stands where $\hat y_{i}$ should"),
    (r"s_i^{(1)} = W_{ij}^{(1)} x_j + b_i^{(1)}", "index j is free on the right"),
    (r"s^{(1)} = x W^{(1)} + b^{(1)}", "stand in the wrong order"),
    (r"\ell = \sum_k (\hat y_k + y_k)^2", "the sign of $y_k$ is wrong"),
    (r"z^{(3)} = s^{(3)}", "there is no $z$ of layer 3"),
    (r"\frac{\partial x}{\partial \hat y} = W^{(1)}", r"$x$ does not depend on $\hat y$"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tex", "network", "expected"),
    [case[1:] for case in MISPRINTS],
    ids=[case[0] for case in MISPRINTS],
)
def test_a_misprint_is_refuted_with_what_is_wrong(tex: str, network: str, expected: str) -> None:
    refuted = [verdict for _, verdict in check(tex, network) if verdict.status == "refuted"]
    assert len(refuted) == 1
    assert expected in refuted[0].diagnosis


@pytest.mark.parametrize(("tex", "expected"), MISTAKES)
def test_a_mistake_is_refuted_with_what_is_wrong(tex: str, expected: str) -> None:
    ((_, verdict),) = check(tex, "regression")
    assert verdict.status == "refuted"
    assert expected in verdict.diagnosis


def test_every_misprint_of_the_errata_but_one_is_told_what_is_wrong() -> None:
    untold = [
        item.label
        for item in read(ERRATA)
        if item.expect == "misprint"
        for _, verdict in check(item.tex, item.network)
        if verdict.status == "refuted" and NOTHING_FITS in verdict.diagnosis
    ]
    # z^{(0)} = [\delta^{(L)}]^T: what was meant, x, has nothing in common with it.
    assert untold == ["eq:err-c29-printed"]
