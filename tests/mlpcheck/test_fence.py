"""Each sentence of the page about what is refused holds, or does not where it says so."""

import glob
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlpcheck import __main__ as cli
from mlpcheck import report
from mlpcheck.check import check
from mlpcheck.folder import line
from mlpcheck.run import sandbox
from mlpcheck.run.runner import PACKAGES
from mlpcheck.run.sandbox import LARGEST_FILE, MOST_FILES, Limits, confined

PAGE = Path(__file__).parents[2] / "book" / "homework" / "checking.md"


def promises(section: str) -> list[str]:
    """The first words of the lines in a section's list."""
    text = PAGE.read_text("utf-8").split(f"### {section}\n")[1].split("\n#")[0]
    return [re.sub(r"\s+", " ", line)[:24] for line in re.findall(r"^- (.+)$", text, re.M)]


# What forward does, by the promise that it tries; and the code that it gets.
TRIED = {
    "A submission is copied t": ("open('mlp.py', 'w').close()", None),
    "Memory may grow by 512 M": ("torch.ones(10**9)", "memory"),
    "After 1 MB of output the": ("while True: print('x' * 10**4)", "output-flood"),
    "Reading from the keyboar": ("input()", "exception"),
    "Deleting files, starting": ("import sqlite3\nsqlite3.connect('x')", "forbidden"),
    "Writing outside of its f": ("torch.save(x, '/tmp/mlpcheck-test')", "forbidden"),
    "Importing or reading `ha": ("open(PACKAGE).read()", "forbidden"),
    "`requires_grad`, `backwa": ("x.clone().requires_grad_().sum().backward()", "autograd"),
    "What leads to autograd o": ("x.grad_fn", "to-be-read"),
    "Control characters in it": ("raise ValueError('\\x1b[31mred\\a')", "exception"),
}
MORE = {
    "starting a program past Python": (
        "import _posixsubprocess as p\np.fork_exec([b'/bin/true'], [b'/bin/true'], *range(21))",
        "forbidden",
    ),
    "torch.from_file": ("torch.from_file('/tmp/mlpcheck-x', shared=True, size=4)", "forbidden"),
    "saving in its own folder": ("torch.save(x, 'x.pt')", None),
    "a complex step": ("x + 1e-20j", "to-be-read"),
    "the frame of its caller": ("import sys\nsys._getframe().f_back", "to-be-read"),
}
# The other promises, and more that the lines above make: the tests that try them, and the names of
# hostile cases.
ELSEWHERE = {
    "A call may compute for 4": {"an endless loop", "test_a_function_that_sleeps_is_ended",
                                 "test_time_is_blamed_on_the_call_that_used_it"},
    "A file may have 1 MB, an": {"test_a_large_file_and_too_many_files_are_not_read"},
    "What it prints reaches n": {"test_what_is_printed_is_seen_nowhere"},
    "Deleting files, starting": {"deleting other files", "starting a program", "killing its group",
                                 "using the network", "killing the runner by C"},
    "Writing outside of its f": {"overwriting files", "many large files"},
    "Importing or reading `ha": {"importing the solution"},
    "`requires_grad`, `backwa": {"test_autograd_is_found_where_it_hides", "by torch.func",
                                 "test_a_students_own_test_may_use_autograd"},
    "The numbers that come ba": {"test_a_trick_earns_no_points"},
    "When its check is over, ": {"test_no_process_and_no_file_is_left_behind",
                                 "test_a_process_that_leaves_its_group_is_ended"},
    "When the checker itself ": {"test_a_signal_leaves_no_copy_and_no_process_behind"},
}  # fmt: skip
INSIDE = ("It can write to its own ", "Of your disk it sees the", "It has no network.",
          "It sees no process but i")  # fmt: skip


def test_each_promise_of_the_page_is_tried():
    assert sorted(promises("The fence")) == sorted({*TRIED, *ELSEWHERE})
    assert sorted(promises("Inside bubblewrap")) == sorted(INSIDE)  # test_bubblewrap_holds
    texts = "".join(p.read_text("utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    names = set().union(*ELSEWHERE.values())
    there = {n for n in names if f"def {n}(" in texts or re.search(rf'^    "{n}": ', texts, re.M)}
    assert there == names


@pytest.mark.parametrize("name", [*TRIED, *MORE])
def test_the_fence_holds(name, check_source, reference):
    code, expected = {**TRIED, **MORE}[name]
    package = repr(str(PACKAGES / "mlpcheck" / "truth" / "cases.py"))
    result = check_source(reference.in_forward(code.replace("PACKAGE", package)))
    codes = [c for c in result.verdict.codes if c != "to-be-read" or c == expected]
    assert codes == ([expected] if expected else [])
    assert expected not in (None, "to-be-read") or result.verdict.score == 100
    for text in (report.text(result), line(result)):
        assert "".join(text.split("\n")).isprintable()


def test_a_large_file_and_too_many_files_are_not_read(server, tmp_path, reference):
    many, large = tmp_path / "many", tmp_path / "large.py"
    many.mkdir()
    for number in range(MOST_FILES):
        (many / f"{number}.py").write_text("", "utf-8")
    (many / "mlp.py").write_text(reference.text, "utf-8")
    large.write_text("#" * (LARGEST_FILE + 1), "utf-8")
    for path in (many, large):
        assert check("x", path, server).verdict.codes == ["not-readable"]


def test_what_is_printed_is_seen_nowhere(check_source, reference, capfd):
    result = check_source(reference.in_forward("print('seen'); import os; os.write(2, b'seen')"))
    assert "seen" not in report.text(result) + "".join(capfd.readouterr())


def test_time_is_blamed_on_the_call_that_used_it(check_source, server, reference, monkeypatch):
    monkeypatch.setattr(server, "limits", Limits(call_seconds=1, seconds=3))
    result = check_source(reference.in_forward("import time\ntime.sleep(0.4)"))
    pause = result.verdict.findings[0]
    assert (pause.code, pause.what) == ("timeout", ("forward(x)",))
    assert "the whole run took 3 seconds" in pause.value


ESCAPE = """\
import os, socket, glob
seen = {}
for name, path in PATHS.items():
    seen[name] = os.path.exists(path)
seen["processes"] = len([p for p in os.listdir("/proc") if p.isdigit()])
places = {"etc": "/etc/x", "usr": "/usr/x", "root": "/x", "tmp": "/tmp/mlpcheck-probe"}
for name, place in places.items():
    try:
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY)); seen[name] = True
    except OSError as error:
        seen[name] = error.strerror
try:
    socket.create_connection(("PEER"), timeout=2).close(); seen["network"] = True
except OSError as error:
    seen["network"] = error.strerror
"""


@pytest.fixture
def probe(tmp_path, monkeypatch):
    """What code sees inside bubblewrap that no refusal of Python's holds back."""
    work, other, site = tmp_path / "work", tmp_path / "other.py", tmp_path / "site"
    work.mkdir()
    (site / "handgrad").mkdir(parents=True)
    for name in ("numbers.py", "handgrad/network.py"):
        (site / name).write_text("", "utf-8")
    monkeypatch.setattr(sandbox, "PACKAGES", site)  # as if the checker were installed
    monkeypatch.setenv("LD_LIBRARY_PATH", str(site))  # among what Python needs
    other.write_text("secret", "utf-8")
    listener = socket.create_server(("127.0.0.1", 0))
    paths = {"other": str(other), "checker": str(PACKAGES / "mlpcheck" / "check.py"),
             "solution": str(PACKAGES / "handgrad"), "home": str(Path(__file__)),
             "needed": str(site / "numbers.py"),
             "installed": str(site / "handgrad" / "network.py")}  # fmt: skip
    code = f"PATHS = {paths!r}\n{ESCAPE}".replace('("PEER")', repr(listener.getsockname()))
    code += "import torch, json\nopen('mine', 'w').write('x'); seen['own'] = True\n"
    code += "print(json.dumps(seen))"
    command = confined([sys.executable, "-I", "-c", code], work.resolve())
    with listener:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_bubblewrap_holds(probe):
    hidden = ("other", "checker", "solution", "home", "installed")
    assert not any(probe[name] for name in hidden)
    assert probe["needed"] is True
    assert probe["own"] is True
    assert probe["tmp"] is True  # its own
    assert not Path("/tmp/mlpcheck-probe").exists()
    refused = {probe["etc"], probe["usr"], probe["root"]}
    assert refused <= {"Read-only file system", "No such file or directory", "Permission denied"}
    assert probe["network"] is not True
    assert probe["processes"] <= 3


def test_without_bubblewrap_the_code_can_read_what_you_can(reference, tmp_path, server, unconfined):
    other, file = tmp_path / "other.py", tmp_path / "mlp.py"
    other.write_text("secret", "utf-8")
    code = f"assert open({str(other)!r}).read() == 'secret'"
    file.write_text(reference.in_forward(code), "utf-8")
    assert server.confined
    assert check("x", file, unconfined).verdict.codes == []
    assert check("x", file, server).verdict.codes == ["exception"]


def test_what_asks_for_bubblewrap_stops_without_it(reference, tmp_path, monkeypatch, capsys):
    (tmp_path / "mlp.py").write_text(reference.text, "utf-8")
    monkeypatch.setattr(sandbox, "works", lambda: False)
    assert cli.main(["check", str(tmp_path / "mlp.py"), "--sandbox", "bwrap"]) == 2
    assert "expected bubblewrap's bwrap" in capsys.readouterr().err


@pytest.mark.usefixtures("shared")
def test_the_first_line_of_a_class_says_what_holds_it(reference, tmp_path, capsys):
    (tmp_path / "ada.py").write_text(reference.text, "utf-8")
    for name, words in {"auto": "inside bubblewrap", "none": "behind the fence alone"}.items():
        assert cli.main(["check", str(tmp_path), "--sandbox", name]) == 0
        assert capsys.readouterr().out.startswith(f"1 submissions, each run {words}\n")


NUMERICALLY = """\
for name, parameter in self.parameters.items():
    gradient = self.grads[f"dJd{name}"] = torch.zeros_like(parameter)
    for i in range(parameter.numel()):
        ends = []
        for step in (1e-6, -1e-6):
            kept = parameter.view(-1)[i].item()
            parameter.view(-1)[i] += step
            ends.append((self.forward(self.cache["x"]) * dJdy_hat).sum())
            parameter.view(-1)[i] = kept
        gradient.view(-1)[i] = (ends[0] - ends[1]) / 2e-6
return"""


def test_finite_differences_fail_at_the_kink_and_at_large_numbers(check_source, reference):
    verdict = check_source(reference.in_backward(NUMERICALLY)).verdict
    assert verdict.codes == ["differs", "relu-at-zero"]
    assert 95 < verdict.score < 100


@pytest.mark.parametrize(
    ("name", "sent"), [("none", signal.SIGTERM), ("bwrap", signal.SIGINT)], ids=str
)
def test_a_signal_leaves_no_copy_and_no_process_behind(name, sent, reference, tmp_path):
    file, temporary = tmp_path / "mlp.py", tmp_path / "temporary"
    temporary.mkdir()
    file.write_text(reference.in_forward("import time\ntime.sleep(100)"), "utf-8")
    running = subprocess.Popen(
        [sys.executable, "-m", "mlpcheck", "check", str(file), "--sandbox", name],
        env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    # glob.glob, as a folder may go away meanwhile.
    while not glob.glob(f"{temporary}/mlpcheck-*/*/submission.records"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(sent)
    assert running.wait(timeout=60) == 2
    assert list(temporary.iterdir()) == []
    left = subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True).stdout
    assert str(temporary) not in left


ORPHAN = """
import os, time
from mlpcheck.run.runner.server import prctl, sweep
prctl(36, 1)
if (pid := os.fork()) == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        time.sleep(100)
    os._exit(0)
os.waitpid(pid, 0)
sweep()
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("none is left")
"""


def test_a_process_that_leaves_its_group_is_ended():
    command = [sys.executable, "-c", ORPHAN]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "none is left\n"
