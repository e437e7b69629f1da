"""Makes the template mlp.py from the reference solution, the page of mistakes from the registry:
.venv/bin/python tests/mlpcheck/homework/generate.py
"""

import difflib
import re
import tomllib
from pathlib import Path

from mlpcheck.mistakes import CHAPTERS
from mlpcheck.mistakes.registry import PAGES, Changes, Mistake, fitting

TESTS = Path(__file__).parents[1]
HOMEWORK = TESTS.parents[1] / "book" / "homework"
REFERENCE = TESTS / "reference" / "mlp.py"
FORMS = tomllib.loads((TESTS / "forms.toml").read_text(encoding="utf-8"))
# What is said of the file as a whole; every other sentence follows the quantities that show it.
WHOLE = {"not-readable", "not-checked", "missing-file", "syntax-error", "import-error",
         "missing-import", "to-be-read"}  # fmt: skip
MOST_VALUES = 20  # that are listed; where there are more, they are numbers
TEMPLATE, PAGE = HOMEWORK / "mlp.py", HOMEWORK / "mistakes.md"

# What lies between the two marks is the student's part.
SOLUTION = re.compile(
    r"^(?P<indent> *)# solution: (?P<part>[^\n]+)\n.*?^(?P=indent)# end of solution\n", re.M | re.S
)
HEAD = """\
(checker-codes)=
# What the checker can tell

After this page you know every mistake that [the checker](mlp.md) has a name for, what code makes it, and where this book explains it.

A mistake with a formula behind it is named only if it gives your numbers in every case. {what} stands for the quantities that show it, {value} for what the checker found
out. Each example shows the lines of a right solution that were changed, and gets this diagnosis and no other.

The page is made from the checker's own table, `src/mlpcheck/mistakes/`: a row there is a section here. Where a section has several sentences, the quantity that is wrong
decides which of them a report has.

**The page contains a solution:** together, the examples show most lines of one. [Write your own](mlp.md) first.
"""  # noqa: E501

# A calculation, a tuple or a name in a sentence, and what of these is code and no word.
NAME = r'[A-Za-z]\w*(?:\.[A-Za-z_]\w*)*(?:\["?\w+"?\])?(?:\(-?\w*\))?'
OPERAND = rf"(?:{NAME}|\d+(?:e-\d+)?)"
GROUP = rf"\({OPERAND}(?:(?: [-+*/@] |, ){OPERAND})*\)"
TERM = rf"(?:(?:(?:\w|\w+_\w+) )?{GROUP}|{OPERAND})"
CALCULATION = re.compile(rf"(?<![\w.`{{-]){TERM}(?: [-+*/@] {TERM})*(?![\w`}}])|\*+")
CODE = re.compile(r"_|[a-z]\.[a-zA-Z]|\b(?:[A-Zsz]|delta)\d\b|@|\*|^\w \(|\w [-+/] \w")


def template(reference: str) -> str:
    """The reference with each solution replaced by a NotImplementedError that names the part."""
    return SOLUTION.sub(r'\g<indent>raise NotImplementedError("\g<part>")\n', reference)


def page(reference: str) -> str:
    """The page of mistakes: a section a row, with its sentence, its example and its links."""
    parts = [HEAD.format(what="`{what}`", value="`{value}`")]
    for chapter, rows in CHAPTERS.items():
        parts.append(f"## {chapter}\n")
        parts += [_section(row, reference) for row in rows]
    return "\n".join(parts)


def _section(row: Mistake, reference: str) -> str:
    says = [row.says] if isinstance(row.says, str) else list(row.says.values())
    what = "" if row.code in WHOLE else "{what}: "
    lines = [f"(mistake-{row.code})=", f"### `{row.code}`", ""]
    lines += ["\n>\n".join(f"> {_plain(what + one)}" for one in says), ""]
    values = [*dict.fromkeys(o.value.replace("{layer}", "f or g") for o in row.predicts if o.value)]
    if 1 < len(values) <= MOST_VALUES:
        lines += ["`{value}` is one of these:", "", "```text", *values, "```", ""]
    if row.example:
        lines += ["```diff", *_diff(reference, row.example), "```", ""]
    if links := _links(row, reference):
        lines += [f"Read {links}.", ""]
    return "\n".join(lines)


def _plain(says: str) -> str:
    """The sentence with its code in code marks."""
    marked = CALCULATION.sub(lambda m: f"`{m[0]}`" if CODE.search(m[0]) else m[0], says)
    return re.sub(r"(?<!`)\{(what|value)\}", r"`{\1}`", marked)


def _diff(reference: str, changes: Changes) -> list[str]:
    changed = reference
    for old, new in changes:
        changed = changed.replace(old, new)
    lines = difflib.unified_diff(reference.splitlines(), changed.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _quantity(reference: str, place: str) -> str:
    """What a report would name if the line of this place were wrong."""
    before = reference[: reference.index(place)]
    line = before.rpartition("\n")[2] + place
    function = re.findall(r"^ *def (\w+)", before + place, re.M)[-1]
    if f"def {function}" in line:
        return function
    if function.endswith("_loss"):
        gradient = "dJdy_hat" in line or "denominator" in line
        return f"{'dJdy_hat' if gradient else 'the loss'} of {function}"
    return "dJdW1" if function == "backward" else "y_hat"


def _links(row: Mistake, reference: str) -> str:
    """Where to read about its forms, the one that is shown first: two places at most."""
    if isinstance(row.see, str):
        sees = [row.see]
    else:
        places = [old for changes in (row.example, *FORMS.get(row.code, ())) for old, _ in changes]
        sees = [fitting(row.see, [_quantity(reference, place)]) for place in places]
    found = []
    for see in list(dict.fromkeys(filter(None, sees)))[:2]:
        equation = f"{{eq}}`{see}`"
        found.append(equation if see.startswith("eq:") else f"[{see}](../{PAGES[see]}.md)")
    return ", ".join(found)


if __name__ == "__main__":
    text = REFERENCE.read_text(encoding="utf-8")
    TEMPLATE.write_text(template(text), encoding="utf-8")
    PAGE.write_text(page(text), encoding="utf-8")
