"""Makes the template mlp.py from the reference solution, the page of mistakes from the registry:
python tests/mlpcheck/homework/generate.py
"""

import difflib
import re
from pathlib import Path

from mlpcheck.mistakes import CHAPTERS
from mlpcheck.mistakes.registry import PAGES, Changes, Mistake

TESTS = Path(__file__).parents[1]
HOMEWORK = TESTS.parents[1] / "book" / "homework"
REFERENCE = TESTS / "reference" / "mlp.py"
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

The page is made from the checker's own table, `src/mlpcheck/mistakes/`: a row there is a section here.
"""  # noqa: E501


def template(reference: str) -> str:
    """The reference with each solution replaced by a NotImplementedError that names the part."""
    return SOLUTION.sub(r'\g<indent>raise NotImplementedError("\g<part>")\n', reference)


def page(reference: str) -> str:
    """The page of mistakes: a section a row, with its sentence, its first example and its links."""
    parts = [HEAD.replace("{what}", "`{what}`").replace("{value}", "`{value}`")]
    for chapter, rows in CHAPTERS.items():
        parts.append(f"## {chapter}\n")
        parts += [_section(row, reference) for row in rows]
    return "\n".join(parts)


def _section(row: Mistake, reference: str) -> str:
    says = row.says if isinstance(row.says, str) else " / ".join(row.says.values())
    lines = [f"(mistake-{row.code})=", f"### `{row.code}`", ""]
    if says != "{value}":
        lines += ["> " + _plain(says), ""]
    if row.examples:
        lines += ["```diff", *_diff(reference, row.examples[0]), "```", ""]
    if links := _links(row):
        lines += [f"Read {links}.", ""]
    return "\n".join(lines)


def _plain(says: str) -> str:
    """The sentence with what Markdown would take for its own in code marks."""
    says = re.sub(r"\{(what|value)\}", r"`{\1}`", says)
    return re.sub(r"(?<![`\w])([\w.]*_[\w.()]*|\*+)(?!`)", r"`\1`", says)


def _diff(reference: str, changes: Changes) -> list[str]:
    changed = reference
    for old, new in changes:
        changed = changed.replace(old, new)
    lines = difflib.unified_diff(reference.splitlines(), changed.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _links(row: Mistake) -> str:
    sees = [row.see] if isinstance(row.see, str) else list(row.see.values())
    found = []
    for see in dict.fromkeys(filter(None, sees)):
        equation = f"{{eq}}`{see}`"
        found.append(equation if see.startswith("eq:") else f"[{see}](../{PAGES[see]}.md)")
    return ", ".join(found)


if __name__ == "__main__":
    text = REFERENCE.read_text(encoding="utf-8")
    TEMPLATE.write_text(template(text), encoding="utf-8")
    PAGE.write_text(page(text), encoding="utf-8")
