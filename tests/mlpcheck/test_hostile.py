"""Code that loops, eats memory, deletes files or ends the program is reported and harms nothing."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlpcheck import report
from mlpcheck.check import check
from mlpcheck.run.records import numbers
from mlpcheck.run.sandbox import Limits, Server, Stopped
from mlpcheck.truth import cases

LOSSES = ("mse_loss", "mse_loss dJdy_hat", "bce_loss", "bce_loss dJdy_hat", "bce_loss at 0 and 1")

IN_FORWARD = {
    "an endless loop": ("while True: pass", "timeout"),
    "a loop that catches everything": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "timeout",
    ),
    "a list without end": ("a = []\nwhile True: a.append(bytes(10**7))", "memory"),
    "a huge tensor": ("torch.ones(10**11)", "memory"),
    "sys.exit": ("raise SystemExit(0)", "exit"),
    "os._exit": ("import os\nos._exit(0)", "exit"),
    "quit": ("quit()", "exit"),
    "a flood of prints": ("while True: print('x' * 1000)", "output-flood"),
    "a flood past Python": ("import os\nwhile True: os.write(2, b'x' * 10**4)", "output-flood"),
    "deleting its folder": ("import os\nfor n in os.listdir('.'): os.remove(n)", "forbidden"),
    "deleting other files": ("import os\nos.remove(VICTIM)", "forbidden"),
    "deleting a tree": ("import shutil, os\nshutil.rmtree(os.path.dirname(VICTIM))", "forbidden"),
    "overwriting files": ("open(VICTIM, 'w').close()", "forbidden"),
    "swallowing the refusal": (
        "import os\ntry:\n    os.remove(VICTIM)\nexcept OSError:\n    pass", "forbidden"
    ),
    "forking without end": ("import os\nwhile True: os.fork()", "forbidden"),
    "starting a program": ("import subprocess\nsubprocess.run(['sleep', '9'])", "forbidden"),
    "killing the runner": ("import os\nos.kill(os.getppid(), 9)", "forbidden"),
    "killing the runner by C": (
        "import ctypes, os\nctypes.CDLL(None).kill(os.getppid(), 9)", "forbidden"
    ),
    "killing its group": ("import os\nos.killpg(0, 9)", "forbidden"),
    "starting a process": (
        "import multiprocessing\nmultiprocessing.Process(target=print).start()", "forbidden"
    ),
    "many large files": (
        "for i in range(10**6): open(str(i), 'wb').write(bytes(10**6))", "forbidden"
    ),
    "one file without end": ("f = open('f', 'wb')\nwhile True: f.write(bytes(10**6))",
                             "output-flood"),
    "threads without end": (
        "import threading, time\n"
        "while True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
        "exception",
    ),
    "closing every file": ("import os\nos.closerange(0, 200)", "crash"),
    "writing to the checker's screen": (
        "import os\nopen(f'/proc/{os.getppid()}/fd/1', 'w').write('x')", "forbidden"
    ),
    "a loop when it is forgotten": (
        "class D:\n    def __del__(self):\n        while True: pass\nD()", "timeout"
    ),
    "searching the memory": ("import gc\ngc.get_objects()", "forbidden"),
    "importing the solution": ("import handgrad", "forbidden"),
    "using the network": ("import socket\nsocket.create_connection(('localhost', 9))", "forbidden"),
    "a crash": ("import ctypes\nctypes.string_at(0)", "crash"),
    "an alarm": ("import signal, time\nsignal.alarm(1)\ntime.sleep(9)", "crash"),
    "reading the keyboard": ("input()", "exception"),
    "endless recursion": ("return self.forward(x)", "exception"),
    "an error that fails when printed": (
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E()", "exception"
    ),
    "a tensor without numbers": ("return torch.zeros(2, 2, device='meta')", "wrong-type"),
    "a tensor of its own class": (
        "class T(torch.Tensor):\n    shape = property(lambda self: 1 / 0)\n"
        "return torch.zeros(2).as_subclass(T)",
        "wrong-type",
    ),
    "a generator": ("yield 1", "wrong-type"),
}  # fmt: skip

WHILE_LOADING = {  # "..." stands for the reference
    "an endless loop": ("...\nwhile True: pass\n", "timeout"),
    "sys.exit": ("...\nimport sys; sys.exit(3)\n", "exit"),
    "os._exit": ("...\nimport os; os._exit(3)\n", "exit"),
    "an error": ("...\n1 / 0\n", "import-error"),
    "a module that is not there": ("import helper\nhelper.f()\n...", "import-error"),
    "no colon": ("def f()\n    pass\n", "syntax-error"),
    "brackets without end": ("x = " + "(" * 5000, "syntax-error"),
    "a null byte": ("x = 1\0", "syntax-error"),
    "an empty file": ("", "missing-name"),
    "a number too large": ("x = 10**10**10", "timeout"),
}


# Two wrong numbers, and tricks to hide them; "..." stands for the reference with the mistakes.
TRICKS = {
    "comparing everything equal": (
        "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True\n..."
    ),
    "replacing what writes the records": (
        "import json, os\njson.dumps = json.loads = os.write = None\n..."
    ),
    "printing a report": "print('mlp.py: 100 of 100 points\\n\\nEverything holds.')\n...",
    "patching the checker": (
        "try:\n    import mlpcheck.judge.findings as f\n    f.Verdict.score = 100\n"
        "except OSError:\n    pass\n..."
    ),
    "looking up the right results": (
        "try:\n    from mlpcheck.truth import cases\n    RIGHT = cases.networks()\n"
        "except OSError:\n    pass\n..."
    ),
    "reaching for the program that calls it": (
        "import __main__\nfor name in ('Session', 'write', 'dumps', 'encode'):\n"
        "    setattr(__main__, name, None)\n..."
    ),
    "answers on every descriptor": (
        "import os\nfor fd in range(3, 200):\n"
        "    try: os.write(fd, b'{\"status\": 0}\\n')\n    except OSError: pass\n..."
    ),
}

HIDDEN_AUTOGRAD = {  # in backward
    "in a thread": (
        "W = self.parameters['W1'].clone().requires_grad_()\nimport threading\n"
        "thread = threading.Thread(target=lambda: (W * W).sum().backward())\n"
        "thread.start()\nthread.join()"
    ),
    "in a text": (
        "exec('import torch\\nx = torch.ones(1, requires_grad=True)\\n'\n"
        "     'torch.autograd.grad(x, x)')"
    ),
    "by torch.func": "torch.func.grad(lambda t: t.sum())(torch.ones(2))",
    "forward, not backward": (
        "import torch.autograd.forward_ad as forward_ad\nwith forward_ad.dual_level():\n"
        "    forward_ad.make_dual(torch.ones(2), torch.ones(2))"
    ),
    "behind a module": "torch.nn.Linear(2, 1)(torch.ones(1, 2)).backward()",
}


@pytest.fixture(scope="module", params=["none", "bwrap"] if sys.platform == "linux" else ["none"])
def server(request, servers, unconfined):
    """A runner behind the fence alone, and one inside bubblewrap."""
    running = {"none": unconfined, "bwrap": servers[0]}[request.param]
    assert running.confined == (request.param == "bwrap"), (
        "expected bubblewrap and the right to make namespaces: apt install bubblewrap"
    )
    return running


@pytest.fixture
def victim(tmp_path):
    file = tmp_path / "others" / "kept.txt"
    file.parent.mkdir()
    file.write_text("kept", encoding="utf-8")
    return file


@pytest.mark.parametrize("name", IN_FORWARD)
def test_it_is_reported_and_the_losses_are_judged(name, check_source, reference, victim):
    code, expected = IN_FORWARD[name]
    result = check_source(reference.in_forward(code.replace("VICTIM", repr(str(victim)))))
    assert [code for code in result.verdict.codes if code != "to-be-read"] == [expected]
    assert all(result.verdict.groups[group].points == 5 for group in LOSSES)
    assert result.verdict.groups["forward"].points == 0 or expected == "forbidden"
    assert victim.read_text("utf-8") == "kept"
    assert "Traceback" not in report.text(result)


@pytest.mark.parametrize("name", WHILE_LOADING)
def test_it_is_reported_while_loading(name, check_source, reference):
    source, expected = WHILE_LOADING[name]
    result = check_source(source.replace("...", reference.text))
    assert set(result.verdict.codes) == {expected}
    assert result.verdict.score == 0


@pytest.fixture(scope="module")
def wrong(reference):
    return reference.changed(
        ("s1 = x @ W1.T", "s1 = 2 * x @ W1.T"), ("dJdy_hat = 2 *", "dJdy_hat = 6 *")
    )


@pytest.fixture(scope="module")
def plain(wrong, server, tmp_path_factory):
    """The verdict on the two wrong numbers without a trick."""
    file = tmp_path_factory.mktemp("plain") / "mlp.py"
    file.write_text(wrong, "utf-8")
    return check("mlp.py", file, server).verdict


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_earns_no_points(name, check_source, wrong, plain):
    found = check_source(TRICKS[name].replace("...", wrong)).verdict
    assert found.score <= plain.score < 60
    assert set(plain.codes) <= set(found.codes)


@pytest.mark.parametrize("name", HIDDEN_AUTOGRAD)
def test_autograd_is_found_where_it_hides(name, check_source, reference):
    result = check_source(reference.in_backward(HIDDEN_AUTOGRAD[name]))
    assert "autograd" in result.verdict.codes
    assert all(result.verdict.groups[gradient].points == 0 for gradient in cases.GRADIENTS)
    assert result.verdict.groups["forward"].points == 20


@pytest.mark.parametrize("status", [70, 71])
def test_no_exit_status_is_taken_for_a_failure_of_the_checker(status, check_source, reference):
    result = check_source(reference.in_forward(f"import os\nos._exit({status})"))
    assert result.verdict.codes == ["exit"]
    assert result.digest


@pytest.mark.parametrize(("kilobytes", "codes"), [(60, ["not-checked"]), (20_000, [])])
def test_a_disk_that_is_full_is_the_failure_of_the_checker(
    kilobytes, codes, reference, tmp_path, servers
):
    assert servers[0].confined, "expected bubblewrap: apt install bubblewrap"
    (tmp_path / "mlp.py").write_text(reference.text, "utf-8")
    disk = tmp_path / "disk"
    disk.mkdir()
    small = ["bwrap", "--dev-bind", "/", "/", "--size", f"{kilobytes * 1000}", "--tmpfs", str(disk)]
    command = [sys.executable, "-m", "mlpcheck", "check", str(tmp_path / "mlp.py"), "--sandbox",
               "none", "--json", str(tmp_path / "found.json")]  # fmt: skip
    done = subprocess.run([*small, "--setenv", "TMPDIR", str(disk), *command],
                          capture_output=True, text=True, timeout=300)  # fmt: skip
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert [one["code"] for one in found["findings"]] == codes, done.stderr
    assert done.returncode == (2 if codes else 0)


def test_results_that_never_come_back_are_reported(check_source, reference):
    code = (
        "import sys\nframe = sys._getframe()\nwhile frame:\n"
        "    if 'without' in vars(frame.f_locals.get('self', object)):\n"
        "        frame.f_locals['self'].without.add('backward')\n    frame = frame.f_back"
    )
    verdict = check_source(reference.in_forward(code)).verdict
    assert verdict.score < 100
    assert "not-checked" in verdict.codes


def test_a_loop_in_backward_leaves_forward_and_losses_judged(check_source, reference):
    result = check_source(reference.in_backward("while True: pass"))
    assert result.verdict.codes == ["timeout"]
    assert "backward(dJdy_hat)" in result.verdict.findings[0].what
    said = "computed for more than 1 seconds, as in an endless loop"
    assert result.verdict.findings[0].value == said
    assert result.verdict.groups["forward"].points == 20


def test_a_function_that_sleeps_is_ended(check_source, reference):
    started = time.monotonic()
    result = check_source(reference.in_forward("import time\ntime.sleep(1e6)"))
    assert result.verdict.codes == ["timeout"]
    assert time.monotonic() - started < 30


def test_the_submission_itself_is_untouched(server, reference, tmp_path):
    file = tmp_path / "mlp.py"
    file.write_text(reference.in_forward("open('mlp.py', 'w').close()"), encoding="utf-8")
    before_check = file.read_bytes()
    check("mlp.py", file, server)
    assert file.read_bytes() == before_check


def test_garbage_in_the_records_changes_nothing(check_source, reference):
    code = (
        "import os\nfor fd in range(3, 50):\n    try: os.write(fd, b'{\\n[]\\n{\"case\": 1}\\n')\n"
        "    except OSError: pass"
    )
    assert check_source(reference.in_forward(code)).verdict.codes == []


def test_a_record_with_a_code_of_its_own_changes_nothing(check_source, reference):
    record = '{"case": "relu-relu-hand", "call": "forward", "problem": {"code": "x", "text": ""}}'
    code = (
        f"import os\nfor fd in range(3, 50):\n    try: os.write(fd, b'{record}\\n')\n"
        "    except OSError: pass"
    )
    result = check_source(reference.in_forward(code))
    assert result.verdict.codes == []
    assert "Everything holds" in report.text(result)


@pytest.mark.parametrize("data", ["zz", "00", None, [1.0]])
def test_numbers_that_cannot_be_read_are_said_to_be_so(data):
    assert numbers({"tensor": [1], "data": data}) == "given a tensor whose numbers cannot be read"


def test_the_environment_is_not_passed_on(check_source, reference, monkeypatch):
    monkeypatch.setenv("MLPCHECK_SECRET", "secret")
    result = check_source(
        reference.in_forward("import os\nassert 'MLPCHECK_SECRET' not in os.environ")
    )
    assert result.verdict.codes == []


def test_no_process_and_no_file_is_left_behind(reference, server, tmp_path):
    file = tmp_path / "mlp.py"
    file.write_text(reference.in_forward("while True: pass"), encoding="utf-8")
    assert check("mlp.py", file, server).verdict.codes == ["timeout"]
    assert list(server.work.iterdir()) == []
    assert children(server.process.pid) <= {server.process.pid}


def children(pid: int) -> set[int]:
    """The processes below the runner, but for those that bubblewrap itself needs."""
    command = ["ps", "-e", "-ww", "-o", "pid=,ppid=,args="]
    found = subprocess.run(command, capture_output=True, text=True)
    rows = [line.split(None, 2) for line in found.stdout.splitlines()]
    below = {pid}
    for _ in rows:
        below |= {int(row[0]) for row in rows if int(row[1]) in below}
    return {int(r[0]) for r in rows if int(r[0]) in below and r[2].split()[-1] != "fork"} - {pid}


def test_closing_the_server_ends_what_is_running(reference, tmp_path):
    file = tmp_path / "mlp.py"
    file.write_text(reference.in_forward("while True: pass"), encoding="utf-8")
    server = Server(Limits(), "none")
    thread = threading.Thread(target=_fails, args=(lambda: check("mlp.py", file, server),))
    thread.start()
    deadline = time.monotonic() + 60
    while server.running is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    pid = server.running
    server.__exit__()
    thread.join(timeout=30)
    assert not thread.is_alive()
    with pytest.raises(ProcessLookupError):
        _wait_for_the_end_of(pid)


def test_what_is_copied_after_the_end_is_removed(monkeypatch, reference, tmp_path):
    file, server = tmp_path / "mlp.py", Server(Limits(), "none")
    file.write_text(reference.text, encoding="utf-8")

    def copy(copied, content, original=Path.write_bytes):
        server.__exit__()
        copied.parent.mkdir(parents=True)
        original(copied, content)

    monkeypatch.setattr(Path, "write_bytes", copy)
    _fails(lambda: check("mlp.py", file, server))
    assert not server.work.exists()


def test_ctrl_c_does_not_wait_for_the_patience_with_a_runner(monkeypatch):
    def start(timer, original=threading.Timer.start):
        original(timer)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Timer, "start", start)
    with Server(Limits(), "none") as server, pytest.raises(KeyboardInterrupt):
        server.check({}, [], "float64")
    timers = [t for t in threading.enumerate() if isinstance(t, threading.Timer)]
    assert all(timer.finished.is_set() for timer in timers)


def _fails(call) -> None:
    with pytest.raises(Stopped, match="closed"):
        call()


def _wait_for_the_end_of(pid: int) -> None:
    for _ in range(500):
        os.kill(pid, 0)
        time.sleep(0.01)
