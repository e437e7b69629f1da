"""The book's own extensions can be imported."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "book" / "_ext"))
