"""Questions to the reader: data in the page, checked while the book is built, asked in the page.

A question is the directive ``{question}`` with its name and a YAML block:

    ```{question} P2
    kind: number            # or shape, choice, formula
    ask: What is $\\partial\\ell/\\partial W_{02}^{(2)}$?
    answer: dW2[2, 0]
    because: The weight is multiplied by $z_2^{(1)}$ …
    hints: [three of them]
    wrong:
      - answer: delta2[0]
        say: That is the rate for the bias …
    ```

The answer to a number or a shape is an expression in the names of the running network; nobody types
its value. A choice has ``choices`` and is answered by a letter. A formula gives the ``network``,
the ``left`` side, further right spellings (``also``) and what it may be made of (``allow``); a
wrong formula may give words that the prover's ``diagnosis`` must hold.

A prompt is the directive ``{predict}``: its argument asks, its body is shown on demand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from running_numbers import NumberError, evaluate, number
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from texcheck.page import judge

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

KINDS = ("number", "shape", "choice", "formula")
HINTS = 3
LETTERS = "abcde"
# How near an answer must come: the numbers of 1.2 are exact, those of 1.3 have four decimals.
EXACT, ROUNDED = 0.0005, 0.001


class QuestionError(ValueError):
    """A question that its author must mend; the message names it."""


@dataclass(frozen=True)
class Wrong:
    """A wrong answer that its author foresaw, and what to say to it."""

    answer: str
    say: str
    diagnosis: str = ""


@dataclass(frozen=True)
class Question:
    """The data of one question, as its author wrote it."""

    name: str
    kind: str
    ask: str
    answer: str
    because: str
    hints: tuple[str, ...]
    wrong: tuple[Wrong, ...]
    choices: tuple[str, ...] = ()
    network: str = ""
    left: str = ""
    also: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    rounded: bool = field(default=False)

    @property
    def tolerance(self) -> float:
        return ROUNDED if self.rounded else EXACT


def parse(name: str, text: str) -> Question:
    """The question of a YAML block. Raises :class:`QuestionError`."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise QuestionError(f"question {name}: expected YAML, got {error}") from error
    known = set(Question.__dataclass_fields__) - {"name"}
    if not isinstance(data, dict) or not data.keys() <= known:
        given = sorted(data.keys() - known) if isinstance(data, dict) else repr(data)
        raise QuestionError(f"question {name}: expected the keys {sorted(known)}, got {given}")
    needed = {"kind", "ask", "answer", "because", "hints", "wrong"}
    if missing := sorted(needed - data.keys()):
        raise QuestionError(f"question {name}: {', '.join(missing)} is missing")
    if data["kind"] not in KINDS:
        raise QuestionError(f"question {name}: expected a kind of {KINDS}, got {data['kind']!r}")
    if len(data["hints"]) != HINTS:
        raise QuestionError(f"question {name}: expected {HINTS} hints, got {len(data['hints'])}")
    try:
        wrong = tuple(
            Wrong(**{key: str(value) for key, value in one.items()}) for one in data["wrong"]
        )
    except TypeError as error:
        raise QuestionError(
            f"question {name}: a wrong answer has answer and say: {error}"
        ) from error
    texts = {key: tuple(map(str, data.get(key, ()))) for key in ("hints", "choices", "also")}
    texts["allow"] = tuple(filter(None, str(data.get("allow", "")).split(", ")))
    plain = {
        key: str(data.get(key, ""))
        for key in ("kind", "ask", "answer", "because", "network", "left")
    }
    return Question(
        name=name, wrong=wrong, rounded=bool(data.get("rounded", False)), **texts, **plain
    )


# Checking


def problems(question: Question) -> Iterator[str]:
    """What is wrong with a question: its answer must hold, and no wrong answer may."""
    try:
        rule = {"number": _numbers, "shape": _shapes, "choice": _choices, "formula": _formulas}
        for problem in rule[question.kind](question):
            yield f"question {question.name}: {problem}"
    except NumberError as error:
        yield f"question {question.name}: {error}"


def value(expression: str) -> float:
    found = evaluate(expression)
    if np.ndim(found) or not np.isfinite(found):
        raise NumberError(f"{expression}: expected a finite number, found {found}")
    return float(found)


def shape(expression: str) -> tuple[int, int]:
    lengths = [evaluate(length) for length in expression.split(",")]
    if len(lengths) != 2:
        raise NumberError(f"{expression}: expected two lengths, as in len(z1), 1")
    return int(lengths[0]), int(lengths[1])


def _numbers(question: Question) -> Iterator[str]:
    """Two answers, right or wrong, that a reader's rounding could confuse say nothing."""
    seen: dict[str, float] = {}
    for expression in (question.answer, *(one.answer for one in question.wrong)):
        here = value(expression)
        for other, there in seen.items():
            if abs(here - there) <= 2 * question.tolerance:
                yield f"the answers {other} and {expression} are both {number(here)}"
        seen[expression] = here


def _shapes(question: Question) -> Iterator[str]:
    shapes = [shape(one) for one in (question.answer, *(one.answer for one in question.wrong))]
    if len(set(shapes)) < len(shapes):
        yield f"two answers are the same shape: {shapes}"


def _choices(question: Question) -> Iterator[str]:
    letters = LETTERS[: len(question.choices)]
    if not 3 <= len(question.choices) <= len(LETTERS):
        yield f"expected 3 to {len(LETTERS)} choices, got {len(question.choices)}"
    answers = [question.answer, *(one.answer for one in question.wrong)]
    if sorted(answers) != list(letters):
        yield f"expected an answer or a reply to each of {', '.join(letters)}, got {answers}"


def _formulas(question: Question) -> Iterator[str]:
    for right in (question.answer, *question.also):
        *_, reply = judge(data(question), right)
        if not reply["right"]:
            yield f"the answer {right} is not accepted: {reply['says']}"
    for place, one in enumerate(question.wrong):
        *_, reply = judge(data(question), one.answer)
        if reply["right"]:
            yield f"the wrong answer {one.answer} is accepted"
        elif reply["wrong"] != place:
            yield f"the wrong answer {one.answer} gets the reply {reply['wrong']}, not its own"
        elif one.diagnosis not in reply["says"]:
            yield f"the diagnosis of {one.answer} is {reply['says']!r}, without {one.diagnosis!r}"


# In the page


def data(question: Question) -> dict[str, Any]:
    """What the page needs to judge an answer, without the words."""
    wrong = [one.answer for one in question.wrong]
    match question.kind:
        case "number":
            answers = [value(one) for one in (question.answer, *wrong)]
            return {"kind": "number", "answers": answers, "tolerance": question.tolerance}
        case "shape":
            return {"kind": "shape", "answers": [shape(one) for one in (question.answer, *wrong)]}
        case "choice":
            return {"kind": "choice", "answers": [question.answer, *wrong]}
        case _:
            return {
                "kind": "formula",
                "network": question.network,
                "left": question.left,
                "allow": list(question.allow),
                "answers": [question.answer, *wrong],
            }


def answer_text(question: Question) -> str:
    """The right answer as Markdown."""
    match question.kind:
        case "number":
            return number(value(question.answer)).replace("-", "−")
        case "shape":
            return "{} × {}".format(*shape(question.answer))
        case "choice":
            chosen = question.choices[LETTERS.index(question.answer)]
            return f"({question.answer}) {chosen}"
        case _:
            return f"${question.answer}$"


class Asked(nodes.General, nodes.Element):
    """A question in the page."""


class Fold(nodes.General, nodes.Element):
    """A part that is closed at first: a hint, an answer, what a prompt reveals."""


class Hidden(nodes.General, nodes.Element):
    """What the script shows in time: the left side of a formula, the reply to a wrong answer."""


class QuestionDirective(SphinxDirective):
    """``{question} NAME`` with a YAML block."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        try:
            question = parse(self.arguments[0], "\n".join(self.content))
            found = list(problems(question))
            if found:
                raise QuestionError("; ".join(found))
            return [self._built(question)]
        except (QuestionError, NumberError) as error:
            logger.warning("%s", error, location=self.get_location(), type="questions")
            return []

    def _built(self, question: Question) -> nodes.Element:
        name = nodes.make_id(f"q-{question.name}")
        asked = Asked(ids=[name], name=question.name, data=json.dumps(data(question)))
        self.state.document.note_explicit_target(asked)
        asked += self._read(f"**{question.name}.** {question.ask}")
        if question.choices:
            asked += self._read(
                "\n".join(f"- ({LETTERS[n]}) {one}" for n, one in enumerate(question.choices))
            )
        for count, hint in enumerate(question.hints, start=1):
            asked += Fold("", *self._read(hint), summary=f"Hint {count}", classes=["hint"])
        if question.left:
            asked += Hidden("", *self._read(f"${question.left} =$"), classes=["question-left"])
        answer = answer_text(question)
        stop = "" if answer.endswith(".") else "."
        says = self._read(f"{answer}{stop} {question.because}")
        asked += Fold("", *says, summary="Answer", classes=["answer"])
        for one in question.wrong:
            asked += Hidden("", *self._read(one.say), classes=["reply"])
        return asked

    def _read(self, text: str) -> list[nodes.Node]:
        """The nodes of a Markdown text; its numbers were filled in when the page was read."""
        box = nodes.Element()
        lines = StringList(text.split("\n"), self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, box)
        return list(box.children)


class PredictDirective(SphinxDirective):
    """``:::{predict} A question`` with what is then revealed."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        prompt = nodes.container(classes=["predict"])
        asked, _ = self.state.inline_text(self.arguments[0], self.lineno)
        prompt += nodes.paragraph("", "", *asked)
        reveal = Fold(summary="Show", classes=["reveal"])
        self.state.nested_parse(self.content, self.content_offset, reveal)
        prompt += reveal
        return [prompt]


def visit_asked(self: HTML5Translator, node: Asked) -> None:
    self.body.append(
        f'<section class="question" id="{node["ids"][0]}" '
        f'aria-label="Question {escape(node["name"])}" '
        f'data-question="{escape(node["data"], quote=True)}">\n'
    )


def depart_asked(self: HTML5Translator, node: Asked) -> None:
    self.body.append("</section>\n")


def visit_fold(self: HTML5Translator, node: Fold) -> None:
    classes = " ".join(node["classes"])
    self.body.append(f'<details class="{classes}"><summary>{escape(node["summary"])}</summary>\n')


def depart_fold(self: HTML5Translator, node: Fold) -> None:
    self.body.append("</details>\n")


def visit_hidden(self: HTML5Translator, node: Hidden) -> None:
    classes = " ".join(node["classes"])
    self.body.append(f'<div class="{classes}" hidden>\n')


def depart_hidden(self: HTML5Translator, node: Hidden) -> None:
    self.body.append("</div>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Asked, html=(visit_asked, depart_asked))
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.add_node(Hidden, html=(visit_hidden, depart_hidden))
    app.add_directive("question", QuestionDirective)
    app.add_directive("predict", PredictDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
