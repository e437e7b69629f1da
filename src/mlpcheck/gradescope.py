"""Gradescope: its results.json, and the autograder that instructors upload as a zip.

It needs an image with Python 3.11 or later (Ubuntu 24.04 has 3.12). Gradescope runs each submission
in a container of its own: that is the sandbox.
"""

import json
import shlex
import shutil
from pathlib import Path

from mlpcheck import report
from mlpcheck.check import Result

SETUP = """\
#!/usr/bin/env bash
# Run once by Gradescope: installs Python's packages beside the system's own.
set -euo pipefail
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv
python3 -m venv /autograder/venv
# PyTorch's build for the CPU alone is much smaller.
/autograder/venv/bin/pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/cpu
/autograder/venv/bin/pip install --no-cache-dir numpy psutil tqdm
"""

RUN = """\
#!/usr/bin/env bash
# Run by Gradescope for each submission: checks mlp.py and writes results.json.
export PYTHONPATH=/autograder/source
/autograder/venv/bin/python -m mlpcheck check /autograder/submission \\
    --gradescope /autograder/results/results.json{more}
status=$?
# 1 says that something in the submission is wrong, which results.json says better.
[ "$status" -le 1 ]
"""


def write_autograder(folder: Path, book: str | None, weights: Path | None = None) -> None:
    """Write the autograder into a new folder; FileExistsError if there is something already."""
    folder.mkdir(parents=True)
    more = f" \\\n    --book {shlex.quote(book)}" if book else ""
    if weights is not None:
        shutil.copyfile(weights, folder / "weights.toml")
        more += " \\\n    --weights /autograder/source/weights.toml"
    for name, text in (("setup.sh", SETUP), ("run_autograder", RUN.replace("{more}", more))):
        file = folder / name
        file.write_text(text, encoding="utf-8", newline="\n")
        file.chmod(0o755)
    source = Path(__file__).parent
    shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))


def results(result: Result, book: str | None) -> str:
    """The text of results.json: a test for each group with its diagnoses, and the report."""
    verdict, tests, visible = result.verdict, [], {"visibility": "visible"}
    for name, group in verdict.groups.items():
        said = [f"{group.held} of {group.total} cases hold."] if group.total else []
        if not group.full:
            said += [report.sentence(f) for f in verdict.findings if name in f.groups]
            said += [f"{group.note}."] if group.note else []
        tests.append({
            "name": name, "score": group.points, "max_score": group.weight,
            "status": "passed" if group.full else "failed", "output": "\n".join(said), **visible,
        })  # fmt: skip
    return json.dumps({
        "score": verdict.score, "max_score": verdict.most, "stdout_visibility": "hidden",
        "output_format": "text", "output": report.text(result, book), "tests": tests, **visible,
    }, indent=1) + "\n"  # fmt: skip
