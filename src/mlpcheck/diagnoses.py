"""The diagnoses that the checker can give: a code, its sentence, and the book's page and equation.

In a sentence {what} is replaced by the quantities that are wrong, for example "dJdW1 and dJdb1",
and {value} by a number or a name that was found out from the student's results.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

GRADIENTS, SIGMOID = "regression/gradients", "classification/sigmoid"
LAYERS, ENTROPY = "regression/layers", "classification/cross_entropy"


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong, in a sentence, and where the book explains it.

    That is a page, and on it an equation by its label or a section by its heading.
    """

    sentence: str
    page: str = ""
    equation: str = ""
    section: str = ""


def _gradients(equation: str, sentence: str) -> Diagnosis:
    return Diagnosis(sentence, GRADIENTS, equation)


def _layers(equation: str, sentence: str) -> Diagnosis:
    return Diagnosis(sentence, LAYERS, equation)


def _steps(sentence: str) -> Diagnosis:
    return Diagnosis(sentence, LAYERS, section="The five steps")


def _sigmoid(equation: str, sentence: str) -> Diagnosis:
    return Diagnosis(sentence, SIGMOID, equation)


def _entropy(equation: str, sentence: str) -> Diagnosis:
    return Diagnosis(sentence, ENTROPY, equation)


# Mistakes in a factor. They are found in the gradients of MLP and in both results of the losses.
FACTORS = {
    "mean-again": _gradients(
        "eq:c18-1",
        "{what}: N times too small for a batch of N. You averaged over the batch, but dJdy_hat "
        "already carries the 1/N. Sum over the batch.",
    ),
    "batch-factor": _gradients(
        "eq:c18-1",
        "{what}: N times too large for a batch of N. You multiplied by the batch size. dJdy_hat "
        "already carries the right factor.",
    ),
    "outputs-factor": _gradients(
        "eq:c18-1",
        "{what}: K times too {value}, where K is the number of outputs. dJdy_hat already carries "
        "the right factor.",
    ),
    "over-n": _layers(
        "eq:a05",
        "{what}: K times too large. You divide by N, not by N K. The mean is taken over all "
        "elements, N rows times K columns.",
    ),
    "over-k": _layers(
        "eq:a05",
        "{what}: N times too large. You divide by K, not by N K. The mean is taken over all "
        "elements, N rows times K columns.",
    ),
    "not-averaged": _layers(
        "eq:a05",
        "{what}: N K times too large. You take the sum. The mean divides it by the number of "
        "elements, N K.",
    ),
    "averaged-twice": _layers(
        "eq:a05",
        "{what}: too small by the factor {value}. You divide by the number of rows or of "
        "elements twice.",
    ),
    "factor-two-missing": _gradients(
        "eq:c07-1",
        "{what}: half of what it should be. {value}",
    ),
    "factor-two-extra": _gradients(
        "eq:c07-1", "{what}: twice what it should be. There is one factor 2 too many."
    ),
    "sign": _gradients(
        "eq:c07-1",
        "{what}: the sign is flipped. {value}",
    ),
    "constant-factor": _gradients(
        "eq:c18-1", "{what}: {value} times what it should be, in every case that was tried."
    ),
    "batch-hardcoded": _gradients(
        "eq:c18-1",
        "{what}: works for a batch of {value} only. That number seems to be written into your "
        "code; take the batch size from the shape, as in x.shape[0].",
    ),
    "one-point-only": _gradients(
        "eq:c18-1",
        "{what}: works for one point only, not for a batch. x has a row for each point: "
        "(N, in1); the gradients are sums over the rows.",
    ),
    "width-hardcoded": _layers(
        "eq:a05",
        "{what}: works for {value} only. That number seems to be written into your code; take it "
        "from the shape.",
    ),
}

# Mistakes in the backward pass.
BACKWARD = {
    "transposed": _gradients(
        "eq:c18-1",
        "{what}: the transpose of the gradient. The book's gradient has the transposed shape of "
        "the weight; grads holds it in the weight's own shape, delta.T @ z.",
    ),
    "wrong-input": _gradients(
        "eq:c18-1",
        "{what}: the error is multiplied by {value}. The gradient of a weight is the error of its "
        "layer times the input of that layer: x for W1, z1 for W2.",
    ),
    "product-of-sums": _gradients(
        "eq:c18-1",
        "{what}: error and input are summed over the batch first, and multiplied then. Multiply "
        "them row by row, and sum the products: delta.T @ z.",
    ),
    "last-sample": _gradients(
        "eq:c18-1",
        "{what}: only the {value} row of the batch counts. The gradient of a batch is the sum over "
        "its rows; in a loop, add to the gradient (+=).",
    ),
    "bias-mean": _gradients(
        "eq:c26-1",
        "{what}: N times too small for a batch of N. The gradient of a bias is the sum of the "
        "errors over the batch, not their mean.",
    ),
    "bias-not-summed": _gradients(
        "eq:c26-1",
        "{what}: one row for each row of the batch. The gradient of a bias is the sum of the "
        "errors over the batch, in the shape of the bias.",
    ),
    "bias-wrong-axis": _gradients(
        "eq:c26-1",
        "{what}: summed over the units, not over the batch. Sum over dim=0, the rows.",
    ),
    "bias-total": _gradients(
        "eq:c26-1",
        "{what}: every element holds the sum over the batch and over all units. Sum over dim=0.",
    ),
    "derivative-missing": _gradients(
        "eq:c18-2",
        "{what}: the derivative of {value} is missing. The error is taken at s, before the "
        "activation, so it has the activation's derivative as a factor.",
    ),
    "derivative-swapped": _gradients(
        "eq:c18-2",
        "{what}: the derivative of the other layer's activation is used in place of that of "
        "{value}. Layer 1 has f, layer 2 has g.",
    ),
    "derivative-fixed": _gradients(
        "eq:c18-2",
        "{what}: always the derivative of {value}. Use the derivative of the activation that was "
        "asked for.",
    ),
    "derivative-twice": _gradients(
        "eq:c18-2", "{what}: the derivative of {value} is applied twice. Multiply by it once."
    ),
    "derivative-wrong-place": _gradients(
        "eq:c18-2",
        "{what}: the derivative of {value}. It is taken at s of the same layer, nowhere else.",
    ),
    "derivative-not-multiplied": _gradients(
        "eq:c18-2",
        "{what}: the error holds the activation's derivative alone; it lacks what comes from "
        "above, dJdy_hat or the error of layer 2.",
    ),
    "sigmoid-at-z": _sigmoid(
        "eq:e03",
        "{what}: the sigmoid's derivative is taken at z, not at s. Either sigmoid'(s), or "
        "z (1 - z) with z = sigmoid(s), but not sigmoid'(z).",
    ),
    "sigmoid-of-s": _sigmoid(
        "eq:e03",
        "{what}: the sigmoid's derivative is s (1 - s). It is z (1 - z) with z = sigmoid(s).",
    ),
    "sigmoid-derivative": _sigmoid(
        "eq:e03", "{what}: the sigmoid's derivative is {value}. It is z (1 - z)."
    ),
    "relu-at-zero": _gradients(
        "eq:c19-1",
        "{what}: the ReLU passes gradient at s = 0. Its derivative there is 0, as in PyTorch: use "
        "s > 0, not s >= 0.",
    ),
    "relu-derivative": _gradients(
        "eq:c19-1",
        "{what}: the ReLU's derivative is {value}. It is 1 where s > 0 and 0 elsewhere.",
    ),
    "identity-derivative": _gradients(
        "eq:c20-1", "{what}: the identity's derivative is {value}. It is 1 everywhere."
    ),
    "weights-missing": _gradients(
        "eq:c18-2",
        "{what}: the gradient of layer 1 lacks W2. The error of layer 2 comes back through W2.",
    ),
    "weights-not-transposed": _gradients(
        "eq:c18-2",
        "{what}: the error of layer 2 is multiplied by the transpose of what it should be. With "
        "a batch in rows it is delta2 @ W2, not delta2 @ W2.T.",
    ),
    "wrong-weights": _gradients(
        "eq:c18-2",
        "{what}: the error of layer 1 is computed with W1. It needs the weights of the next "
        "layer, W2.",
    ),
    "wrong-error": _gradients(
        "eq:c18-2",
        "{what}: starts from dJdy_hat, not from the error of layer 2. The derivative of g is lost "
        "on the way to layer 1.",
    ),
    "keys-swapped": _gradients(
        "eq:answer-c",
        "{what}: the other layer's gradient. Look at the names under which backward stores them.",
    ),
    "gradient-zero": _gradients(
        "eq:answer-c", "{what}: is zero, or was never set. backward has to store it in grads."
    ),
    "accumulates": _steps(
        "{what}: calling backward twice adds up. After clear_grad_and_cache() the gradients of "
        "the earlier batch are still in the sum.",
    ),
    "stale-cache": _steps(
        "{what}: after clear_grad_and_cache() and a new forward the values of the first forward "
        "are still used.",
    ),
    "not-cleared": _steps(
        "clear_grad_and_cache(): clears nothing in {value}. It sets the gradients to zero and "
        "empties the cache.",
    ),
    "shared-state": _steps(
        "{what}: two networks disturb each other. Keep parameters, grads and cache in self, not "
        "in the class or in the module.",
    ),
}

# Mistakes in the forward pass.
FORWARD = {
    "bias-missing": _layers("eq:a01", "{what}: {value} is not added."),
    "bias-subtracted": _layers("eq:a01", "{what}: {value} is subtracted, not added."),
    "bias-after": _layers(
        "eq:a01",
        "{what}: {value} is added after the activation. It belongs to s, before it: x @ W.T + b.",
    ),
    "parameters-copied": _layers(
        "eq:a01",
        "{what}: computed with copies of {value} from the time when the network was made. Read "
        "self.parameters when you need them.",
    ),
    "weights-transposed": _layers(
        "eq:a01", "{what}: {value} is used the wrong way round. With a batch in rows: x @ W.T + b."
    ),
    "activation-missing": _layers("eq:a02", "{what}: {value} is not applied."),
    "activation-swapped": _layers("eq:a02", "{what}: {value}. Layer 1 has f, layer 2 has g."),
    "activation-fixed": _layers("eq:a02", "{what}: {value}, whatever was asked for."),
    "activation-twice": _layers("eq:a02", "{what}: {value} is applied twice."),
    "relu-wrong": _layers("eq:a02", "{what}: the ReLU computes {value}. It is max(0, s)."),
    "output-transposed": _layers(
        "eq:a03", "{what}: the transpose of what it should be. It has one row for each point."
    ),
    "identity-wrong": _layers("eq:a04", "{what}: the identity computes {value}. It is s itself."),
    "sigmoid-wrong": _sigmoid(
        "eq:sigmoid-definition",
        "{what}: the sigmoid computes {value}. It is 1 / (1 + exp(-s)).",
    ),
    "sigmoid-overflow": _sigmoid(
        "eq:sigmoid-definition",
        "{what}: not a number where |s| is large. exp overflows and inf / inf is NaN. Write the "
        "sigmoid as 1 / (1 + exp(-s)) and its derivative as z (1 - z), or use torch.sigmoid.",
    ),
}

# Mistakes in the losses, apart from the factors above.
LOSSES = {
    "swapped-arguments": _layers(
        "eq:a05", "{what}: takes its arguments as (y_hat, y). The order is (y, y_hat)."
    ),
    "loss-root": _layers("eq:a05", "{what}: a square root is taken. There is none here."),
    "loss-absolute": _layers(
        "eq:a05", "{what}: built on the absolute difference. The loss squares the difference."
    ),
    "loss-not-squared": _layers(
        "eq:a05", "{what}: the mean of y_hat - y itself. The loss squares the difference."
    ),
    "loss-per-row": _layers("eq:a05", "{what}: {value}. The loss of a batch is one number."),
    "loss-squared-gradient": _layers(
        "eq:a05", "{what}: still has the square. The derivative of a square is 2 (y_hat - y)."
    ),
    "loss-gradient-summed": _layers(
        "eq:a05",
        "{what}: summed or averaged over the batch. It has one row for each row of y_hat.",
    ),
    "loss-values-swapped": _layers(
        "eq:a05", "{what}: returns the gradient first. The order is (loss, dJdy_hat)."
    ),
    "bce-base": _entropy("eq:f03", "{what}: the logarithm to base {value}. It is the natural one."),
    "bce-one-term": _entropy(
        "eq:f03", "{what}: the term with {value} is missing. Both targets, 0 and 1, cost."
    ),
    "bce-term-sign": _entropy(
        "eq:f03", "{what}: the two terms are subtracted from each other. They are added."
    ),
    "bce-denominator": _entropy(
        "eq:f04",
        "{what}: lacks the denominator y_hat (1 - y_hat). y_hat - y is the error at s of a "
        "sigmoid, not the derivative of the loss.",
    ),
    "bce-half-denominator": _entropy(
        "eq:f04", "{what}: the denominator is {value}. It is y_hat (1 - y_hat)."
    ),
    "bce-mse": _entropy("eq:f03", "{what}: the squared error, not the cross-entropy."),
    "bce-mse-gradient": _entropy("eq:f04", "{what}: the gradient of the squared error."),
    "bce-logits": _entropy(
        "eq:f03",
        "{what}: takes the sigmoid of y_hat, as BCEWithLogitsLoss does. Here y_hat is a "
        "probability already.",
    ),
    "bce-times-denominator": _entropy(
        "eq:f04", "{what}: multiplied by y_hat (1 - y_hat). It is divided by it."
    ),
    "bce-saturated": _entropy(
        "eq:bce-logarithms",
        "{what}: not finite where y_hat is exactly 0 or 1. As BCELoss does, bound each logarithm "
        "below by -100 and the denominator below by 1e-12.",
    ),
    "bce-epsilon": _entropy(
        "eq:bce-logarithms",
        "{what}: differs from BCELoss where y_hat is (almost) 0 or 1: {value}. BCELoss bounds each "
        "logarithm below by -100, the denominator below by 1e-12, and changes nothing else.",
    ),
}

# What keeps the code from being judged at all, or breaks the rules of the task.
CONDUCT = {
    "not-readable": Diagnosis("The submission cannot be read: {value}."),
    "not-checked": Diagnosis("The checker itself failed: {value}. Please report it."),
    "missing-file": Diagnosis(
        "The submission has no mlp.py: {value}. Hand in a Python file, not a notebook or archive."
    ),
    "syntax-error": Diagnosis("{value}"),
    "import-error": Diagnosis("Loading the file fails: {value}."),
    "missing-name": Diagnosis("{what}: is not there. {value}"),
    "wrong-arguments": Diagnosis("{what}: cannot be called as the task says. {value}"),
    "exception": Diagnosis("{what}: raises {value}."),
    "wrong-type": Diagnosis("{what}: {value}."),
    "wrong-shape": Diagnosis("{what}: {value}."),
    "wrong-dtype": Diagnosis("{what}: {value}."),
    "missing-key": Diagnosis("{what}: {value}."),
    "not-finite": Diagnosis("{what}: {value}."),
    "timeout": Diagnosis("{what}: did not end within {value}"),
    "exit": Diagnosis("{what}: ends the program ({value}). Remove the call."),
    "crash": Diagnosis("{what}: the process was killed ({value})."),
    "memory": Diagnosis("{what}: needs more memory than allowed ({value})."),
    "output-flood": Diagnosis("{what}: prints, or writes a file, without end. Remove that."),
    "forbidden": Diagnosis("{what}: {value}. The task needs no such thing, and it was refused."),
    "autograd": Diagnosis(
        "{what}: {value}. The task is to write the gradients without autograd.",
        GRADIENTS,
        "eq:answer-c",
    ),
    "changes-input": Diagnosis("{what}: changes {value} in place. Work on a copy."),
    "changes-parameters": Diagnosis(
        "{what}: changes {value}. forward and backward leave the parameters as they are."
    ),
}

# No hypothesis reproduces the numbers.
UNKNOWN = {
    "differs": Diagnosis("{what}: {value}"),
}

# What {value} is for a factor, by the quantity that has it.
SIGN = {
    "loss": "A loss is never negative.",
    "dJdy_hat": "It has y_hat - y in it, not y - y_hat.",
    "": "The chain rule has no minus in it.",
}
HALF = {
    "mse_loss": "A factor 2 is missing, or a factor 1/2 too many: the mean has no 1/2, and the "
    "derivative of a square is 2 (y_hat - y).",
    "": "There is a factor 1/2 too many.",
}


def place(code: str, what: Sequence[str]) -> Diagnosis:
    """The diagnosis of a code, with the place that fits the quantities it is given for."""
    diagnosis = DIAGNOSES[code]
    if what and diagnosis.page and all("bce_loss" in quantity for quantity in what):
        if diagnosis.page != ENTROPY:
            loss = any(quantity.startswith("the loss") for quantity in what)
            return replace(
                diagnosis, page=ENTROPY, equation="eq:f03" if loss else "eq:f04", section=""
            )
    elif code in FACTORS and not any("loss" in quantity for quantity in what):
        return replace(diagnosis, page=GRADIENTS, equation="eq:c18-1")
    return diagnosis


DIAGNOSES = {**CONDUCT, **FORWARD, **LOSSES, **FACTORS, **BACKWARD, **UNKNOWN}
