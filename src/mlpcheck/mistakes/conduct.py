"""What keeps the code from being judged at all, or breaks the rules of the task.

These are found by what happens. `not-readable`, `not-checked` and `missing-file` need a situation
and no change of the code; the tests make it.
"""

from mlpcheck.mistakes.registry import BACKWARD, END, FORWARD, TOP, Mistake, before

ROWS = (
    Mistake("not-readable", "The submission cannot be read: {value}."),
    Mistake("not-checked", "The checker itself failed: {value}. It is no mistake of the "
        "submission, which keeps its points open. Please report it if it stays."),
    Mistake("missing-file", "The submission has no mlp.py: {value}. Hand in a Python file, not a "
        "notebook or archive."),
    Mistake("syntax-error", "The file is not valid Python. {value}", example=[("W2) *", "W2 *")]),
    Mistake("import-error", "Loading the file fails: {value}.",
        example=[before(TOP, "import my_layers\n\nlayer = my_layers.Linear(2, 3)")]),
    Mistake("missing-import", "The file imports {value}, which the checker does not have. That "
        "costs nothing as long as nothing uses it; what uses it fails.",
        example=[before(TOP, "import pandas as pd\nfrom google.colab import drive")]),
    Mistake("missing-name", "is not there. {value}", example=[("bce_loss(", "cross_entropy(")]),
    Mistake("wrong-arguments", "cannot be called as the task says. {value}",
        example=[("def backward(self, dJdy_hat):",
                  "def backward(self, y, y_hat):\n        dJdy_hat = mse_loss(y, y_hat)[1]")]),
    Mistake("exception", "raises {value}.",
        example=[before(BACKWARD, 'raise NotImplementedError("the backward pass")')]),
    Mistake("wrong-type", "{value}.", example=[("        return y_hat\n", "")]),
    Mistake("wrong-shape", "{value}.",
        example=[("= delta1.sum(dim=0)", "= delta1.sum(dim=0)[:, None]")]),
    Mistake("missing-key", "{value}.",
        example=[*((f'self.grads["dJd{n}"]', f'self.grads["d{n}"]') for n in ("W1", "b1")),
                 ('{f"dJd{name}": torch', '{f"d{name}": torch')]),
    Mistake("not-finite", "{value}.", example=[("(s > 0).to(s.dtype)", "s.clamp(min=0) / s")]),
    Mistake("timeout", "{value}.", example=[before(BACKWARD, "while True:\n    pass")]),
    Mistake("exit", "ends the program ({value}). Remove the call.",
        example=[("def mse_loss(", "raise SystemExit(0)\n\n\ndef mse_loss(")]),
    Mistake("crash", "the process crashed, or broke what the checker needs ({value}).",
        example=[before(FORWARD, "import os\n\nos.abort()")]),
    Mistake("memory", "needs more memory than allowed ({value}).",
        example=[before(FORWARD, "torch.ones(10**6, 10**6)")]),
    Mistake("output-flood", "prints, or writes a file, without end{value}. Remove that.",
        example=[before(FORWARD, 'for _ in range(10**9):\n    print("forward", x.tolist())')]),
    Mistake("forbidden", "{value}. The task needs no such thing, and it was refused.",
        example=[(TOP, 'import shutil\n\nimport torch\n\nshutil.rmtree(".")\n')]),
    Mistake("autograd", "{value}. The task is to write the gradients without autograd.",
        "eq:answer-c", example=[
            before("    difference =", "y_hat = y_hat.clone().requires_grad_()"),
            ("2 * difference / difference.numel()", "torch.autograd.grad(loss, y_hat)[0]")]),
    Mistake("to-be-read", "A person should read this file: it names {value}, by which autograd or "
        "the checker can be reached. That costs no points.", "eq:answer-c",
        example=[before(BACKWARD, "step = torch.complex(dJdy_hat, 1e-20 * dJdy_hat)")]),
    Mistake("changes-input", "changes {value} in place. Work on a copy.",
        example=[("difference = y_hat - y", "difference = y_hat.sub_(y)")]),
    Mistake("changes-parameters", "changes {value}. The training step alone does that.",
        example=[before(END, "for name, parameter in self.parameters.items():\n"
                  '    parameter -= 0.1 * self.grads[f"dJd{name}"]')]),
)  # fmt: skip

UNEXPLAINED = (
    Mistake("differs", "{value}",
        example=[("= delta1.T @ x\n", '= delta1.T @ x + 0.1 * self.parameters["W1"]\n')]),
)  # fmt: skip
