"""What the tests of handgrad share: an error and its whole message."""

from contextlib import contextmanager

import numpy as np
import pytest


@contextmanager
def refused(error, message):
    """The whole message, and that nothing was said by a warning first."""
    with pytest.raises(error) as caught, np.errstate(all="raise", under="ignore"):
        yield
    assert str(caught.value) == message
