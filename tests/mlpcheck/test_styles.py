"""Correct solutions pass without a finding, whatever their style."""

from pathlib import Path

import pytest

from mlpcheck.mistakes.registry import BACKWARD, FORWARD, TOP, before, each

HERE = Path(__file__).parent
STYLES = sorted((HERE / "styles").glob("*.py"))

# Right submissions in unusual dress: each is the reference solution with a few changes.
SLOPE = "2 * difference / difference.numel()"
MEAN = "difference.square().mean()"
GRADS = ("W1", "b1", "W2", "b2")
ZEROS = '{f"dJd{name}": torch.zeros_like(p) for name, p in self.parameters.items()}'
LOSS = "    return loss, dJdy_hat\n    # end of solution\n\n\ndef bce_loss"

DRESSES = {
    "a loss by NumPy's number": [(f"loss = {MEAN}", f"loss = __import__('numpy').float32({MEAN})")],
    "a loss as an array of one number": [(MEAN, f"{MEAN}.numpy()")],
    "a loss as a plain float": [(MEAN, f"float({MEAN})")],
    "results in a list": [(LOSS, LOSS.replace("loss, dJdy_hat\n", "[loss, dJdy_hat]\n"))],
    "an unused import that is missing": [before(TOP, "import pandas as pd, seaborn")],
    "an import that is tried": [
        before(TOP, "try:\n    import cupy\nexcept ImportError:\n    cupy = None")
    ],
    "a stand-in for Colab": [
        before(TOP, "try:\n    from google.colab import files\n    COLAB = True\n"
               "except Exception:\n    COLAB = False\nassert not COLAB")
    ],
    "matplotlib by argument": [("def mse_loss(", "def plot(losses):\n    import matplotlib.pyplot\n"
                                "    matplotlib.pyplot.plot(losses)\n\n\ndef mse_loss(")],
    "options behind the guard": [
        ("def mse_loss(", "def main():\n    import argparse\n    p = argparse.ArgumentParser()\n"
         "    p.add_argument('data')\n    p.parse_args()\n\n\ndef mse_loss(")
    ],
    "a module of PyTorch": [
        ("class MLP:", "class MLP(torch.nn.Module):"),
        ("        self.f_function = f_function\n",
         "        super().__init__()\n        self.f_function = f_function\n"),
    ],
    "slots of a dataclass": [before(TOP, "from dataclasses import dataclass"),
                             ("class MLP:", "@dataclass(init=False)\nclass MLP:")],
    "functions by name": [("def activation(name, s):", "def activation(name, s, /):")],
    "a dispatch by match": [("    if name == \"relu\":\n        return s.clamp(min=0)\n",
                             "    match name:\n        case 'relu':\n            "
                             "return s.relu()\n")],
    "the sigmoid by tanh": [("        return torch.sigmoid(s)\n    return s\n",
                             "        return 0.5 * (1 + torch.tanh(s / 2))\n    return s\n")],
    "the slope by where": [("return (s > 0).to(s.dtype)",
                            "return torch.where(s > 0, torch.ones_like(s), torch.zeros_like(s))")],
    "the slope by heaviside": [("return (s > 0).to(s.dtype)",
                                "return torch.heaviside(s, torch.zeros_like(s[:1, :1]))")],
    "linear of the library": [("s1 = x @ W1.T + b1", "s1 = torch.nn.functional.linear(x, W1, b1)")],
    "addmm": [("s2 = z1 @ W2.T + b2", "s2 = torch.addmm(b2, z1, W2.T)")],
    "tensordot": [("= delta1.T @ x", "= torch.tensordot(delta1, x, dims=([0], [0]))")],
    "a product of columns": [("= delta2.T @ z1", "= (delta2[:, :, None] * z1[:, None]).sum(0)")],
    "a bias by ones": [("= delta1.sum(dim=0)",
                        "= torch.ones(len(x), dtype=x.dtype) @ delta1")],
    "gradients into what is there": each(
        'self.grads["dJd*"] = ', 'self.grads["dJd*"][...] = ', *GRADS
    ),
    "gradients by update": [("        # end of solution\n\n    def clear",
                             "        self.grads.update(dict(self.grads))\n"
                             "        # end of solution\n\n    def clear")],
    "backward that returns its input's gradient": [
        ("        # end of solution\n\n    def clear",
         "        return delta1 @ self.parameters['W1']\n"
         "        # end of solution\n\n    def clear")
    ],
    "a cache of a tuple": [
        ('self.cache = {"x": x, "s1": s1, "z1": z1, "s2": s2}', "self.kept = (x, s1, z1, s2)"),
        ('(self.cache[name] for name in ("x", "s1", "z1", "s2"))', "self.kept"),
    ],
    "gradients of None after clearing": [
        (f"self.grads = {ZEROS}", "self.grads = dict.fromkeys(f'dJd{n}' for n in self.parameters)")
    ],
    "work without a record": [before(BACKWARD, "torch.set_grad_enabled(False)")],
    "numbers counted": [before(FORWARD, "self.calls = getattr(self, 'calls', 0) + 1")],
    "a check of the input": [
        before(FORWARD, "if x.dim() != 2:\n    raise ValueError(f'(N, in1), not {x.shape}')")
    ],
    "the mean by hand": [(MEAN, "(difference * difference).sum() / (y.shape[0] * y.shape[1])"),
                         (SLOPE, "(y_hat - y) * (2 / y.nelement())")],
    "the cross-entropy by xlogy": [
        ("-(y * log_y_hat + (1 - y) * log_rest).mean()",
         "-torch.add(y * log_y_hat, (1 - y) * log_rest).mean()")
    ],
    "the library's loss for the value": [
        ("-(y * log_y_hat + (1 - y) * log_rest).mean()",
         "torch.nn.functional.binary_cross_entropy(y_hat, y)")
    ],
}  # fmt: skip


def passes(result) -> bool:
    return result.verdict.codes == [] and result.verdict.score == 100


def test_there_are_five_styles():
    assert len(STYLES) >= 5


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.stem)
def test_the_style_passes(file, check_source):
    assert passes(check_source(file.read_text("utf-8")))


@pytest.mark.parametrize("name", DRESSES)
def test_the_dress_passes(name, check_source, reference):
    verdict = check_source(reference.changed(*DRESSES[name])).verdict
    assert verdict.score == 100
    assert verdict.codes == (["missing-import"] if "unused import" in name else [])


def test_there_are_thirty_dresses():
    assert len(DRESSES) >= 30


def test_the_reference_passes(check_source, reference):
    assert passes(check_source(reference.text))


def test_single_precision_passes(check_source, reference):
    source = reference.changed(
        ("(linear_1_out_features, linear_1_in_features)",
         "(linear_1_out_features, linear_1_in_features, dtype=torch.float32)"),
        ("(linear_1_out_features),", "(linear_1_out_features, dtype=torch.float32),"),
        ("(linear_2_out_features, linear_2_in_features)",
         "(linear_2_out_features, linear_2_in_features, dtype=torch.float32)"),
        ("(linear_2_out_features),", "(linear_2_out_features, dtype=torch.float32),"),
    )  # fmt: skip
    assert passes(check_source(source))


def test_computing_in_single_precision_and_returning_it_passes(check_source, reference):
    source = reference.changed(
        ("s1 = x @ W1.T", "s1 = x.float() @ W1.float().T"),
        ("s2 = z1 @ W2.T + b2", "s2 = z1 @ W2.float().T + b2.float()"),
        ("(delta2 @ W2)", "(delta2 @ W2.float())"),
        ("delta2 = dJdy_hat *", "delta2 = dJdy_hat.float() *"),
        ("= delta1.T @ x", "= delta1.T @ x.float()"),
        ("+ b1\n", "+ b1.float()\n"),
        ("difference = y_hat - y", "difference = y_hat.float() - y.float()"),
    )
    assert passes(check_source(source))


@pytest.mark.parametrize(
    "clearing",
    [
        "self.grads = {}; self.cache = {}",
        "self.grads = dict.fromkeys(('dJdW1', 'dJdb1', 'dJdW2', 'dJdb2')); self.cache = None",
    ],
)
def test_other_ways_of_clearing_pass(clearing, check_source, reference):
    line = (
        '        self.grads = {f"dJd{name}": torch.zeros_like(p) '
        "for name, p in self.parameters.items()}\n        self.cache = {}\n"
    )
    assert passes(check_source(reference.changed((line, f"        {clearing}\n"))))


def test_gradients_that_add_up_between_clearings_pass(check_source, reference):
    changes = [(f'self.grads["{q}"] =', f'self.grads["{q}"] +=') for q in
               ("dJdW1", "dJdb1", "dJdW2", "dJdb2")]  # fmt: skip
    assert passes(check_source(reference.changed(*changes)))


def test_everything_in_single_precision_passes_whatever_comes_in(check_source, reference):
    source = reference.text
    for name in ("x", "dJdy_hat"):
        source = source.replace(
            f"self, {name}):", f"self, {name}):\n        {name} = {name}.float()"
        )
    source = source.replace("y, y_hat):", "y, y_hat):\n    y, y_hat = y.float(), y_hat.float()")
    source = source.replace("_features)", "_features, dtype=torch.float32)")
    assert passes(check_source(source))


def test_settings_of_pytorch_pass(check_source, reference):
    settings = (
        "import torch\ntorch.manual_seed(3)\ntorch.set_printoptions(precision=8)\n"
        "torch.use_deterministic_algorithms(True)\ntorch.set_grad_enabled(False)\n"
    )
    assert passes(check_source(settings + reference.text))


def test_a_students_own_test_may_use_autograd(check_source, reference):
    test = """
def test():
    x = torch.ones(2, requires_grad=True)
    x.sum().backward()
    assert x.requires_grad  # torch.autograd.grad

test()
if __name__ == "__main__":
    raise SystemExit("not run")
"""
    assert passes(check_source(reference.text + test))


def test_printing_and_a_loss_that_is_a_plain_number_pass(check_source, reference):
    source = reference.changed(
        ("return loss, dJdy_hat\n    # end of solution\n\n\ndef bce",
         "print('loss', loss)\n    return loss.item(), dJdy_hat\n\n\ndef bce"),
    )  # fmt: skip
    assert passes(check_source(source))
