"""What the pages of the homework say about the checker is what the checker does."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from mlpcheck import report
from mlpcheck.folder import COLUMNS
from mlpcheck.judge.findings import POINTS
from mlpcheck.mistakes import MISTAKES
from mlpcheck.mistakes.registry import fitting
from mlpcheck.run.runner import PATIENCE
from mlpcheck.run.runner.fence import MOST_WRITTEN
from mlpcheck.run.sandbox import LARGEST_FILE, MOST_FILES, Limits

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parents[1]
HOMEWORK = ROOT / "book" / "homework"

task = (HOMEWORK / "mlp.md").read_text(encoding="utf-8")
checking = (HOMEWORK / "checking.md").read_text(encoding="utf-8")
mistakes = (HOMEWORK / "mistakes.md").read_text(encoding="utf-8")


def first_cells(page: str, section: str) -> list[str]:
    """The code in the first column of the tables in a section and in what is below it."""
    level = section.split(" ")[0]
    text = page.split(f"{section}\n")[1]
    text = re.split(rf"^#{{1,{len(level)}}} ", text, flags=re.M)[0]
    return re.findall(r"^\| `([^`]+)`", text, re.M)


def test_the_report_on_the_page_is_what_the_checker_prints(check_source, reference):
    mistakes = tomllib.loads((TESTS / "combinations.toml").read_text(encoding="utf-8"))
    changes = mistakes["half-loss-and-no-output-derivative"]["changes"]
    assert f"```text\n{report.text(check_source(reference.changed(*changes)))}```" in task


@pytest.fixture(scope="module")
def made():
    spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("generate.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_mistakes_is_made_from_the_registry(made):
    command = ".venv/bin/python tests/mlpcheck/homework/generate.py"
    wanted = made.page(made.REFERENCE.read_text("utf-8"))
    assert made.PAGE.read_text("utf-8") == wanted, f"generate it again: {command}"


def test_the_page_of_mistakes_marks_whole_calculations_as_code():
    sentences = [line for line in mistakes.splitlines() if line.startswith(">")]
    codes = re.findall(r"`([^`]+)`", "\n".join(sentences))
    for expected in ("(y, y_hat)", "2 (y_hat - y)", "x @ W.T + b", "1 / (1 + exp(-s))", "y_hat"):
        assert expected in codes
    for code in codes:
        assert code.count("(") == code.count(")"), code
        assert code[-1] not in ".,:;", code
    for line in sentences:
        prose = re.sub(r"`[^`]+`", "CODE", line)
        assert not re.search(r"_|CODE [-+*/@] |[-+*/@] CODE", prose), line
        assert line.count("{what}") <= 1, line  # one sentence a quotation


@pytest.mark.parametrize(
    "code", [code for code, row in MISTAKES.items() if isinstance(row.see, dict)]
)
def test_the_first_place_to_read_is_the_one_that_the_report_of_the_example_names(
    code, check_source, reference
):
    section = mistakes.partition(f"(mistake-{code})=")[2].partition("\n(mistake-")[0]
    places = re.findall(r"\{eq\}`(.+?)`", section.rpartition("Read ")[2])
    assert 1 <= len(places) <= 2
    found = check_source(reference.changed(*MISTAKES[code].example)).verdict.findings
    assert places[0] in [fitting(MISTAKES[code].see, one.what) for one in found]


def test_the_rubric_has_the_checkers_points():
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \|", checking, re.M)
    assert [(name, int(points)) for name, points in rows] == list(POINTS.items())


def test_the_columns_of_the_table_are_those_of_the_csv_file():
    name, points, first, *others = first_cells(checking, "### The columns")
    groups = list(POINTS)
    assert f"| `{groups[0]}` to `{groups[-1]}` |" in checking
    assert [name, points, *groups, *others] == COLUMNS
    assert first == groups[0]


def test_the_limits_on_the_page_are_the_checkers():
    limits = Limits()
    assert f"may compute for {limits.call_seconds:g} seconds" in checking
    assert f"or wait for {PATIENCE * limits.call_seconds:g} seconds" in checking
    assert f"the whole run may take {limits.seconds} seconds" in checking
    assert f"or more than {MOST_WRITTEN} files in it" in checking
    assert f"grow by {limits.memory_bytes // 2**20} MiB" in checking
    assert f"After {limits.output_bytes // 10**6} MB of output" in checking
    assert f"{LARGEST_FILE // 10**6} MB, and a folder {MOST_FILES} Python files" in checking
