"""Makes the template book/homework/mlp.py from the reference solution: python generate.py"""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
REFERENCE = TESTS / "reference" / "mlp.py"
TEMPLATE = TESTS.parents[1] / "book" / "homework" / "mlp.py"

# What lies between the two marks is the student's part.
SOLUTION = re.compile(
    r"^(?P<indent> *)# solution: (?P<part>[^\n]+)\n.*?^(?P=indent)# end of solution\n", re.M | re.S
)


def template(reference: str) -> str:
    """The reference with each solution replaced by a NotImplementedError that names the part."""
    return SOLUTION.sub(r'\g<indent>raise NotImplementedError("\g<part>")\n', reference)


if __name__ == "__main__":
    TEMPLATE.write_text(template(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
