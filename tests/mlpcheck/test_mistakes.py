"""Each row's examples, and several mistakes at once, get the diagnoses that fit and no other."""

import tomllib
from pathlib import Path

import pytest

from mlpcheck import report
from mlpcheck.check import check
from mlpcheck.judge.findings import UNTRIED
from mlpcheck.mistakes import MISTAKES
from mlpcheck.mistakes.registry import BACKWARD, END, FORWARD, INIT, before, fitting

HERE = Path(__file__).parent
FORMS = tomllib.loads((HERE / "forms.toml").read_text(encoding="utf-8"))
EXAMPLES = {  # by code the example of the row, and other forms of the mistake
    code: [row.example, *FORMS.pop(code, ())] for code, row in MISTAKES.items() if row.example
}
COMBINATIONS = tomllib.loads((HERE / "combinations.toml").read_text(encoding="utf-8"))
SEEDED = {
    f"{code} {number}": ({code}, changes)
    for code, examples in EXAMPLES.items()
    for number, changes in enumerate(examples, start=1)
} | {name: (set(one["expect"]), one["changes"]) for name, one in COMBINATIONS.items()}
WHOLE = {"syntax-error", "import-error", "missing-import", "to-be-read"}  # of no quantity
FREE = {"missing-import", "to-be-read"}  # what costs no points
CLEARS = '        self.grads = {f"dJd'
NUMERIC = {row.code for row in MISTAKES.values() if row.predicts}


@pytest.mark.parametrize("name", SEEDED)
def test_the_mistake_gets_its_diagnosis_and_no_other(name, check_source, reference):
    expected, changes = SEEDED[name]
    result = check_source(reference.changed(*changes))
    assert set(result.verdict.codes) == expected
    assert (result.verdict.score < 100) == expected.isdisjoint(FREE)
    told = set().union(*(finding.groups for finding in result.verdict.findings))
    for group, one in result.verdict.groups.items():
        assert one.full or one.note or group in told  # no point is lost in silence
    for finding in result.verdict.findings:
        sentence = report.sentence(finding)
        assert bool(finding.what) == (finding.code not in WHOLE)
        assert "{" not in sentence.split(": ", 1)[0]
        assert "{value}" not in sentence
        if finding.code in NUMERIC:  # shown by an example
            assert any(line.startswith("expected") for line in finding.detail), finding
            assert finding.detail[-1].startswith("yours"), finding


def test_there_are_many():
    assert len(SEEDED) > 150
    assert FORMS == {}  # all have a row


EPSILONS = [
    "you add 0.0001",
    "you keep y_hat 0.001 away from 0 and 1",
    "you keep y_hat 1e-08 away from 0 and 1, but in float32",
    "you bound the denominator below by 1e-09",
]


@pytest.mark.parametrize(("number", "says"), [*enumerate(EPSILONS)])
def test_a_bound_is_not_an_addition(number, says, check_source, reference):
    result = check_source(reference.changed(*EXAMPLES["bce-epsilon"][number]))
    assert all(says in report.sentence(finding) for finding in result.verdict.findings)


VALUES = {  # what is found out, in the order of the examples
    "wrong-divisor": ["divided by N alone", "divided by N alone", "divided by K alone",
        "divided by N K and again by N", "divided by N^2", "divided by N and then multiplied by K"],
    "size-hardcoded": ["for a batch of 10", "for a batch of 10", "for a batch of 10", "for K = 5"],
    "width-factor": ["divided by K", "divided by in1", "divided by out1"],
    "sigmoid-derivative": ["is 1 - z.", "is z (1 - s).", "is s (1 - s)."],
    "derivative-other": ["the other layer's", "the other layer's", "that of the ReLU"],
    "derivative-wrong-place": ["of g is taken at the gradient from above",
        "of the ReLU is taken at s of the other layer",
        "of the sigmoid is taken at z of the other layer",
        "of the ReLU is taken at s of the other layer", "of g is applied twice",
        "of g lacks what comes from above"],
    "wrong-weights": ["as the sum over the outputs, without W2", "computed without W2", "with W1."],
    "bias-wrong-axis": ["summed over the units", "one sum over the batch and over all units"],
    "loss-not-squared": ["the root of the mean", "as torch.norm has it", "torch.norm",
        "absolute difference", "the mean of y_hat - y itself"],
    "bce-denominator": ["is y_hat alone", "is y_hat (y_hat - y)", "is multiplied by",
        "is missing"],
    "bce-one-term": ["the term with 1 - y is missing", "the factor y, and with it the term"],
    "wrong-type": ["given None", "given ndarray", "returns one value", "is int64"],
}  # fmt: skip


@pytest.mark.parametrize("code", VALUES)
def test_a_row_of_several_mistakes_says_which_one_it_is(code, check_source, reference):
    for says, changes in zip(VALUES[code], EXAMPLES[code], strict=True):
        findings = check_source(reference.changed(*changes)).verdict.findings
        assert findings
        assert all(says in report.sentence(finding) for finding in findings)


SLOPE_1 = "activation_derivative(self.f_function, s1)"
SHOWN = {  # beside the mean, which costs more: another mistake, and what its own example must have
    "s (1 - s)": (EXAMPLES["sigmoid-derivative"][2], "g = sigmoid"),
    "sigmoid'(z)": (EXAMPLES["sigmoid-at-z"][0], "g = sigmoid"),
    "s >= 0": (EXAMPLES["relu-at-zero"][0], "b1 = [0, -3, 1]"),  # with which an s is 0
    "s (1 - s) in layer 1": ([(f"* {SLOPE_1}", "* (s1 * (1 - s1) if self.f_function == 'sigmoid' "
                               f"else {SLOPE_1})")], "f = sigmoid, g = relu"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_each_of_two_mistakes_is_shown_where_it_changes_a_number(name, check_source, reference):
    changes, has = SHOWN[name]
    source = reference.changed(*EXAMPLES["mean-again"][0], *changes)
    mean, other = check_source(source).verdict.findings
    assert mean.code == "mean-again"
    assert mean.detail[0].startswith("f = relu, g = relu, x = [[1, 2], [2, 0.5]]")
    assert has in " ".join(other.detail)


def test_a_factor_is_shown_where_it_is_not_1(check_source, reference):
    changes = *EXAMPLES["sigmoid-derivative"][2], *EXAMPLES["width-factor"][0]
    width, other = check_source(reference.changed(*changes)).verdict.findings
    assert "dJdy_hat = [[1, 0.5], [-2, 3]]" in width.detail[0]  # K is 2
    assert "g = sigmoid, x = [[1, 2], [2, 0.5]], dJdy_hat = [[1], [-2]]" in other.detail[0]


@pytest.mark.parametrize("code", ["bias-not-summed", "transposed"])
def test_what_does_not_fit_into_grads_gets_its_diagnosis_beside_the_error(
    code, check_source, reference
):
    source = reference.changed(*EXAMPLES[code][0]).replace('"] = delta', '"] += delta')
    source = source.replace('"] = x.T', '"] += x.T').replace('"] = z1.T', '"] += z1.T')
    verdict = check_source(source).verdict
    assert set(verdict.codes) == {"exception", code}
    assert ", as it adds to grads" in verdict.findings[0].value
    assert verdict.groups["dJdW2"].held < verdict.groups["dJdW2"].total / 4


def test_the_line_of_the_function_is_named(check_source, reference):
    line = reference.text[: reference.text.index("    def backward")].count("\n") + 1
    result = check_source(reference.changed(*EXAMPLES["derivative-missing"][0]))
    assert result.verdict.findings[0].line.startswith(f"backward, line {line}")


def test_the_line_that_stores_the_gradient_is_named(check_source, reference):
    line = reference.text[: reference.text.index('self.grads["dJdW2"] =')].count("\n") + 1
    result = check_source(reference.changed(*EXAMPLES["transposed"][1]))
    assert result.verdict.findings[0].line.endswith(f", which stores dJdW2 in line {line}")


def test_the_helper_that_the_function_calls_is_named(check_source, reference):
    line = reference.text[: reference.text.index("def activation_derivative")].count("\n") + 1
    result = check_source(reference.changed(*EXAMPLES["relu-derivative"][0]))
    said = f", which calls activation_derivative, line {line}"
    assert result.verdict.findings[0].line.endswith(said)


def test_a_helper_that_is_not_called_is_not_named(check_source, reference):
    alias = ("class MLP:", "slope = activation_derivative\n\n\nclass MLP:")
    uses = [(f"activation_derivative(self.{f}_", f"slope(self.{f}_") for f in "fg"]
    wrong = reference.changed(*EXAMPLES["relu-derivative"][0], alias, *uses)
    assert "calls" not in check_source(wrong).verdict.findings[0].line


def test_gradients_under_other_names_are_named(check_source, reference):
    source = reference.text.replace('self.grads["dJd', 'self.grads["')
    said = " ".join(report.text(check_source(source)).split())
    assert "What it stores as W1, b1, W2 and b2, nothing reads." in said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("def forward(", "def foward(", "forward(x): is not there. The task asks for it. There is "
         "one called foward."),
        ("def backward(", "def backwards(", "There is one called backwards."),
        ("self.cache", "self._cache", "self.cache: is not there. The task asks for this attribute. "
         "There is one called _cache."),
        ("self.parameters", "self.params", "self.parameters: is not there. The task asks for this "
         "attribute. There is one called params."),
        # Not bce_loss, which is alike: it is another of those that are asked for.
        ("def mse_loss(", "def squared_error(", "outside of the class. Points:"),
    ],
)  # fmt: skip
def test_what_a_missing_name_may_have_meant_is_said(old, new, says, check_source, reference):
    result = check_source(reference.text.replace(old, new))
    assert result.verdict.codes == ["missing-name"]
    assert says in " ".join(report.text(result).split())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (before(END, "self.grads = list(self.grads.values())"),
         "backward(dJdy_hat): self.grads is a list, not a dict."),
        (before(INIT, "self.clear_grad_and_cache = lambda: 0\nself.parameters = [1]"),
         "self.parameters: a list, not a dict."),
    ],
)  # fmt: skip
def test_what_is_no_dict_is_said_once(change, says, check_source, reference):
    result = check_source(reference.changed(change))
    assert says in " ".join(report.text(result).split())
    assert result.verdict.codes.count("wrong-type") == 1


def test_what_an_error_hides_is_told(check_source, reference):
    source = reference.changed(("(delta2 @ W2) *", "(delta2 @ W2.T) *"))
    said = " ".join(report.text(check_source(source)).split())
    assert "in the others backward fails before storing it" in said


def test_a_call_that_needs_what_is_missing_says_so(check_source, reference):
    source = "import pandas\n" + reference.in_forward("pandas.DataFrame()")
    said = " ".join(report.text(check_source(source)).split())
    assert "forward(x): raises ModuleNotFoundError: No module named 'pandas'" in said
    assert "Loading the file fails" not in said


def test_many_sizes_are_told_by_their_bound(check_source, reference):
    both = (EXAMPLES[code][at] for code, at in (("bias-missing", 1), ("one-point-only", 0)))
    result = check_source(reference.changed(*(change for example in both for change in example)))
    assert "for a batch of at least 2." in report.text(result)


def test_each_sentence_fits_any_quantity():
    assert all(fitting(row.says, ("y_hat",)) for row in MISTAKES.values())


def test_the_numbers_of_an_example_look_different(check_source, reference):
    changes = ((f"torch.log({p}).clamp(min=-100)", f"torch.log({p} + 1e-7)")
               for p in ("y_hat", "1 - y_hat"))  # fmt: skip
    (finding,) = check_source(reference.changed(*changes)).verdict.findings
    assert finding.detail[-2].split()[1:] != finding.detail[-1].split()[1:]


def test_nan_in_few_cases_does_not_hide_what_is_wrong_in_most(check_source, reference):
    source = reference.changed(("        return y_hat\n", "        return y_hat.half().to(x)\n"))
    assert check_source(source).verdict.codes == ["differs"]


@pytest.mark.parametrize("last", ["        return y_hat\n", "    return loss, dJdy_hat\n"])
def test_a_missing_return_is_told_in_a_sentence(last, check_source, reference):
    source = reference.text.replace(last, "", 1)
    assert "None; a return may be missing." in " ".join(report.text(check_source(source)).split())


def test_a_loss_inside_the_class_is_asked_for_outside(check_source, reference):
    at = reference.text.index("def mse_loss")
    method = reference.text[at:].replace("\n", "\n    ").rstrip(" ")
    said = " ".join(report.text(check_source(f"{reference.text[:at]}    {method}")).split())
    assert "is not there. The task asks for such a function outside of the class. In mse" in said


def test_what_is_wrong_forward_leads_to_the_forward_pass(check_source, reference):
    source = reference.changed(("        return y_hat\n", "        return -y_hat\n"))
    said = " ".join(report.text(check_source(source)).split())
    assert "y_hat: -1 times what it should be" in said
    assert "See equation (layers 3): book/regression/layers.md" in said


def test_a_hundredth_is_a_known_bound(check_source, reference):
    source = reference.changed(before("    log_y_hat =", "y_hat = y_hat.clamp(0.01, 0.99)"))
    assert "you keep y_hat 0.01 away from 0 and 1." in " ".join(
        report.text(check_source(source)).split()
    )


@pytest.mark.parametrize(
    "flood",
    [
        "\nprint('y' * 2_000_000)\n",
        "\nfor i in range(30_000):\n    print('step', i, 'loss', 0.1)\n",
    ],
)
def test_a_flood_while_loading_is_blamed_on_loading(flood, check_source, reference):
    verdict = check_source(reference.text + flood * 2).verdict
    assert verdict.codes == ["output-flood"]
    assert verdict.findings[0].what == ("loading the file",)


ENDED = {  # by a place and code before it: what is said of the end, and what is not tried after it
    "a loop in one case": (
        before(BACKWARD, "if len(dJdy_hat) == 13:\n    while True: pass"),
        "computed for more than 1 seconds, as in an endless loop, for a batch of 13.",
        "dJdW2, dJdb2, dJdW1, dJdb1 and clearing",
    ),
    "a loop for one activation": (
        before(FORWARD, 'if self.g_function == "sigmoid":\n    while True: pass'),
        "computed for more than 1 seconds, as in an endless loop, for g = sigmoid.",
        "forward, dJdW2, dJdb2, dJdW1, dJdb1 and clearing",
    ),
    "a loop while clearing": (
        (CLEARS, f"        while getattr(self, 'cache', 0): pass\n{CLEARS}"),
        "computed for more than 1 seconds, as in an endless loop, in a second pass.",
        "clearing",
    ),
    "a flood in a loss": (
        before("    log_y_hat =", 'if len(y) == 13:\n    print("y" * 10**7)'),
        "without end (",
        "bce_loss, bce_loss dJdy_hat and bce_loss at 0 and 1",
    ),
    "an exit in one case": (
        before(BACKWARD, "if len(dJdy_hat) == 13:\n    raise SystemExit(1)"),
        "(SystemExit: 1 (line 94), for a batch of 13)",
        "",
    ),
    "a network that is not made": (
        before(INIT, "if linear_1_in_features == 5:\n    raise ValueError"),
        "MLP(...): raises ValueError (line 69).",
        "forward, dJdW2, dJdb2, dJdW1 and dJdb1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDED)
def test_what_is_not_tried_after_a_call_was_ended_is_said(name, check_source, reference):
    change, says, untried = ENDED[name]
    result = check_source(reference.changed(change))
    said = " ".join(report.text(result).split())
    assert len(result.verdict.findings) == 1
    assert says in said
    assert (f"{untried}: {UNTRIED}." in said) == bool(untried)
    assert said.count(UNTRIED) == bool(untried)
    assert result.verdict.score < 100


def test_a_flood_of_one_call_costs_no_other(check_source, reference):
    source = reference.changed(("    difference =", "    print('m' * 200_000)\n    difference ="))
    verdict = check_source(source).verdict
    assert verdict.codes == ["output-flood"]
    assert verdict.findings[0].what == ("mse_loss(y, y_hat)",)
    assert verdict.groups["forward"].full


@pytest.mark.parametrize("new", ["dJdy_hat.squeeze()", "dJdy_hat[None]"])
def test_the_gradient_of_a_loss_has_the_shape_of_y_hat(new, check_source, reference):
    at = "2 * difference / difference.numel()\n    return loss, dJdy_hat"
    verdict = check_source(
        reference.changed((at, at.replace("loss, dJdy_hat", f"loss, {new}")))
    ).verdict
    assert verdict.codes == ["wrong-shape"]
    assert "expected the shape (N, K) = " in verdict.findings[0].value


def test_a_mistake_in_both_losses_counts_in_both(check_source, reference):
    sums = [("difference.square().mean()", "difference.square().sum()"),
            ("* log_rest).mean()", "* log_rest).sum()")]  # fmt: skip
    (finding,) = check_source(reference.changed(*sums)).verdict.findings
    assert finding.code == "not-averaged"
    assert finding.shares == {"mse_loss": 1, "bce_loss": 1}


def test_a_file_without_end_is_told_in_a_sentence(check_source, reference):
    source = reference.in_forward("with open('f', 'wb') as f:\n    f.write(bytes(10**8))")
    said = " ".join(report.text(check_source(source)).split())
    assert "without end (OSError: [Errno 27] File too large (line " in said


def test_a_wrong_sign_inside_the_cross_entropy_is_told_where_it_is(check_source, reference):
    slope = "(y_hat - y) / denominator / y_hat.numel()"
    wrong = "-(y / y_hat + (1 - y) / (1 - y_hat)).clamp(max=1e12) / y_hat.numel()"
    said = report.text(check_source(reference.changed((slope, wrong))))
    assert "the term with 1 - y has the wrong sign" in " ".join(said.split())


@pytest.mark.parametrize("new", ["torch.zeros(1).expand({})", "torch.zeros(1).broadcast_to({})"])
def test_a_parameter_that_shares_its_numbers_is_replaced(new, check_source, reference):
    width = "linear_1_out_features"
    verdict = check_source(
        reference.changed((f"torch.randn({width}),", new.format(width) + ","))
    ).verdict
    assert (verdict.score, verdict.codes) == (100, [])


def test_gradients_cleared_before_they_are_stored_are_not_blamed_on_it(check_source, reference):
    zero = "    def zero_grad(self):\n        self.grads = {}\n\n    def backward("
    source = reference.changed(
        ("    def backward(", zero), before(BACKWARD, "self.zero_grad()")
    ).replace('self.grads["dJd', 'self.grads["d')
    verdict = check_source(source).verdict
    assert "cleared-at-once" not in verdict.codes
    assert "missing-key" in verdict.codes


def test_a_cache_emptied_first_is_told_with_its_error(check_source, reference):
    source = reference.changed(before(BACKWARD, "self.clear_grad_and_cache()"))
    verdict = check_source(source).verdict
    assert verdict.codes == ["exception"]
    assert "KeyError" in verdict.findings[0].value


def test_a_copy_of_the_weights_is_no_shared_state(check_source, reference):
    source = reference.changed(
        before(INIT, 'self.W2 = self.parameters["W2"].clone()'),
        ("(delta2 @ W2)", "(delta2 @ self.W2)"),
    )
    assert "shared-state" not in check_source(source).verdict.codes


def test_an_error_for_several_outputs_is_told(check_source, reference):
    source = reference.changed(("(delta2 @ W2)", "(delta2 * W2)"))
    verdict = check_source(source).verdict
    assert "exception" in verdict.codes
    assert "RuntimeError" in " ".join(finding.value for finding in verdict.findings)


def test_names_of_the_students_own_are_no_doors(check_source, reference):
    source = reference.text.replace("delta1", "gc")
    assert check_source(source).verdict.codes == []
    assert check_source(f"import gc\n{source}").verdict.codes == ["to-be-read"]
    builtin = f"complex = complex\nstep = complex(0, 1e-20)\n{reference.text}"
    assert check_source(builtin).verdict.codes == ["to-be-read"]


def test_a_refusal_while_loading_says_what_to_do(check_source, reference):
    said = report.text(check_source(f"from handgrad.running import W1\n{reference.text}"))
    assert 'Put what runs outside functions under if __name__ == "__main__":' in " ".join(
        said.split()
    )


def test_an_umlaut_in_the_first_line_is_no_wrong_coding(server, tmp_path, reference):
    (tmp_path / "mlp.py").write_bytes(b"# J\xfcrgen\n" + reference.text.encode())
    (finding,) = check("mlp.py", tmp_path / "mlp.py", server).verdict.findings
    assert "The byte 0xfc in line 1 is not UTF-8." in finding.value
