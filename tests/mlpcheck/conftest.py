"""What the tests of the checker share: a runner, and the reference solution with changes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcheck.check import Result, check
from mlpcheck.mistakes.registry import BACKWARD, FORWARD, before
from mlpcheck.run.sandbox import Limits, Server

HERE = Path(__file__).parent


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


@pytest.fixture(scope="session")
def server():
    with Server(Limits(call_seconds=1.0)) as running:
        yield running


@pytest.fixture
def check_source(server, tmp_path) -> Callable[[str], Result]:
    def checked(source: str) -> Result:
        file = tmp_path / "mlp.py"
        file.write_text(source, encoding="utf-8")
        return check("mlp.py", file, server)

    return checked
