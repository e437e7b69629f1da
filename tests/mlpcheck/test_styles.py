"""Correct solutions pass without a finding, whatever their style."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
STYLES = sorted((HERE / "styles").glob("*.py"))


def passes(result) -> bool:
    return result.verdict.codes == [] and result.verdict.score == 100


def test_there_are_five_styles():
    assert len(STYLES) >= 5


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.stem)
def test_the_style_passes(file, check_source):
    assert passes(check_source(file.read_text("utf-8")))


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
