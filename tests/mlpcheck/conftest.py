"""What the tests of the checker share: a runner, and the reference solution with changes."""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from threading import Lock

import pytest

from mlpcheck import __main__ as cli
from mlpcheck import folder
from mlpcheck.check import Result, check
from mlpcheck.mistakes.registry import BACKWARD, FORWARD, before
from mlpcheck.run import sandbox
from mlpcheck.run.sandbox import Limits, Server

HERE = Path(__file__).parent
LIMITS = Limits(call_seconds=1.0)


class Reference:
    """The reference solution, and what becomes of it."""

    text = (HERE / "reference" / "mlp.py").read_text(encoding="utf-8")

    def changed(self, *changes: tuple[str, str]) -> str:
        """The reference with each text, which must occur once, replaced."""
        source = self.text
        for old, new in changes:
            assert source.count(old) == 1, old
            source = source.replace(old, new)
        return source

    def in_forward(self, code: str) -> str:
        """The reference with this code at the beginning of forward."""
        return self.changed(before(FORWARD, code))

    def in_backward(self, code: str) -> str:
        """The reference with this code at the beginning of backward."""
        return self.changed(before(BACKWARD, code))


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference()


class Kept:
    """A runner that tests share: who closes it leaves it running for the next."""

    def __init__(self, server: Server) -> None:
        self.server, self.free = server, Lock()

    def check(self, *given):
        with self.free:
            return self.server.check(*given)

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def servers():
    """Two runners that have imported PyTorch, in bubblewrap where it works."""
    with Server(LIMITS) as one, Server(LIMITS) as two:
        yield one, two


@pytest.fixture(scope="session")
def unconfined():
    """A runner behind the fence alone."""
    with Server(LIMITS, "none") as running:
        yield running


@pytest.fixture(scope="session")
def server(servers):
    return servers[0]


@pytest.fixture(scope="module")
def shared(servers):
    """In the tests of the module every command uses the runners that are there."""
    both = cycle([Kept(server) for server in servers])
    with pytest.MonkeyPatch.context() as patch:
        for place in (sandbox, cli, folder):
            patch.setattr(place, "Server", lambda *_: next(both))
        yield


@pytest.fixture
def check_source(server, tmp_path) -> Callable[[str], Result]:
    def checked(source: str) -> Result:
        file = tmp_path / "mlp.py"
        file.write_text(source, encoding="utf-8")
        return check("mlp.py", file, server)

    return checked
