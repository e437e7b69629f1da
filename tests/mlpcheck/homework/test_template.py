"""The template that students fill in is the reference solution without its solutions."""

import importlib.util
import re
from pathlib import Path

spec = importlib.util.spec_from_file_location("generate", Path(__file__).with_name("generate.py"))
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)

reference = generate.REFERENCE.read_text(encoding="utf-8")
template = generate.TEMPLATE.read_text(encoding="utf-8")


def test_the_template_is_generated_from_the_reference():
    command = ".venv/bin/python tests/mlpcheck/homework/generate.py"
    assert template == generate.template(reference), f"generate it again: {command}"


def test_each_part_to_fill_in_says_what_it_is():
    assert re.findall(r'raise NotImplementedError\("(.+)"\)', template) == [
        "the three activations",
        "the derivatives of the three activations",
        "the forward pass",
        "the backward pass",
        "the squared error and its gradient",
        "the binary cross-entropy and its gradient",
    ]


def test_nothing_of_a_solution_is_left_in_the_template():
    assert "solution" in reference
    assert "solution" not in template
    assert "return" not in re.sub(r'""".*?"""', "", template, flags=re.S)
