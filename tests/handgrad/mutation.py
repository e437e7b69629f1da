"""Breaks handgrad in small ways, one at a time, and says which of these no test has found.

Run it with `make mutation`. mutmut makes the mutants and notes which tests run which function
(`[tool.mutmut]` of pyproject.toml). Each mutant is then met by these tests, in a process of its
own, forked where all is imported and collected: mutmut itself starts pytest anew. It meets first
the test that found it in an earlier run, then the one that found the mutant before it, then the
quickest. So a run that was interrupted, or that comes after a new test, is soon where the last one
was.
A mutant that no test finds is expected in survivors.toml, with the reason why no test could.
"""

import gc
import json
import os
import resource
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from mutmut.configuration import config
from mutmut.mutation.diff_apply import get_diff_for_mutant

ROOT = Path(__file__).parents[2]
EXPECTED = Path(__file__).with_name("survivors.toml")
LEAST = 97  # percent
FOUND_BY = Path("found_by.tsv")  # in mutants/: each mutant that was found, and by which test
SECONDS = 30  # of processor time, beyond which a mutant runs forever

Change = tuple[str, str, str]  # the function, its line, and the line of the mutant


class Mutants:
    """A plugin of pytest that runs the tests once for each mutant, and keeps who survived."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        self.survivors: list[str] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        stats = json.loads(Path("mutmut-stats.json").read_text("utf-8"))
        tests_of, seconds = stats["tests_by_mangled_function_name"], stats["duration_by_test"]
        items = sorted(session.items, key=lambda item: seconds.get(item.nodeid, 0))
        FOUND_BY.touch()
        earlier = dict(line.split("\t") for line in FOUND_BY.read_text("utf-8").splitlines())
        gc.freeze()  # a collection would copy nearly all memory to each process anew
        for number, name in enumerate(self.names, start=1):
            found_by = set(tests_of.get(name.partition("__mutmut_")[0], ()))
            reader, writer = os.pipe()
            child = os.fork()
            if not child:
                os.environ["MUTANT_UNDER_TEST"] = name
                used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
                resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, used + SECONDS))
                for item in sorted(items, key=lambda item: item.nodeid != earlier.get(name)):
                    if item.nodeid in found_by and _fails(item):
                        os.write(writer, item.nodeid.encode())
                        os._exit(1)
                os._exit(0)
            status = os.waitpid(child, 0)[1]
            os.close(writer)
            if status == 0:
                self.survivors.append(name)
                print("survived:", name, flush=True)
            elif test := os.read(reader, 4096).decode():  # none of a mutant that ran forever
                # What has found one often finds the next.
                items.sort(key=lambda item: item.nodeid != test)
                if earlier.get(name) != test:
                    with FOUND_BY.open("a", encoding="utf-8") as notes:
                        print(name, test, sep="\t", file=notes)
            os.close(reader)
            if number % 100 == 0:
                print(f"{number} of {len(self.names)}", flush=True)
        return True


def _fails(item: pytest.Item) -> bool:
    try:
        return any(report.failed for report in runtestprotocol(item, log=False))
    except BaseException:  # an exit, and what pytest itself makes of broken code
        return True


def change(mutant: str) -> Change:
    """What a mutant changes, in words that stay when lines move."""
    lines = get_diff_for_mutant(mutant).splitlines()
    was = [line[1:].strip() for line in lines if line.startswith("-") and line[:3] != "---"]
    now = [line[1:].strip() for line in lines if line.startswith("+") and line[:3] != "+++"]
    return mutant.partition("__mutmut_")[0], " ".join(was), " ".join(now)


def main(pattern: str = "*") -> None:
    os.chdir(ROOT)
    # Those that are there would not know which tests run a function that is new.
    Path("mutants/mutmut-stats.json").unlink(missing_ok=True)
    # mutmut makes all mutants, and the statistics, before it runs the one that it is asked for.
    one = "handgrad.checks.x_index__mutmut_1"
    made = [sys.executable, "-m", "mutmut", "run", "--max-children=1", one]
    # It draws its progress, which says something only where it fails.
    if (run := subprocess.run(made, stdout=subprocess.PIPE, text=True)).returncode:
        sys.exit(run.stdout)
    names: list[str] = []
    for meta in sorted(Path("mutants/src/handgrad").glob("*.meta")):
        names += json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    mutants = Mutants(name for name in names if fnmatch(name, pattern))
    options = config().pytest_add_cli_args + config().pytest_add_cli_args_test_selection
    os.chdir("mutants")
    sys.path.insert(0, str(Path("src").absolute()))
    os.environ["MUTANT_UNDER_TEST"] = ""
    pytest.main(["-q", "-s", "--rootdir=.", *options], plugins=[mutants])
    os.chdir(ROOT)
    survivors = {name: change(name) for name in mutants.survivors}
    rows = tomllib.loads(EXPECTED.read_text("utf-8"))["survivor"]
    expected = {(row["function"], row["line"], row["mutant"]) for row in rows}
    new = {name: changed for name, changed in survivors.items() if changed not in expected}
    for name, changed in new.items():
        print(f"\nnot in survivors.toml: {name}\n", *changed, sep="\n  ")
    gone = expected - set(survivors.values()) if pattern == "*" else set()
    for changed in sorted(gone):
        print("\nfound, so not for survivors.toml:", *changed, sep="\n  ")
    found, total = len(mutants.names) - len(survivors), len(mutants.names)
    score = 100 * found / total
    print(f"\n{found} of {total} mutants found: {score:.1f} %, at least {LEAST} % expected")
    sys.exit(score < LEAST or bool(new or gone))


if __name__ == "__main__":
    main(*sys.argv[1:])
