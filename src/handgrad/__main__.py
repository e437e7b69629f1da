"""`python -m handgrad check mlp.py`: the checker of the homework, which is the package mlpcheck."""

import sys

from mlpcheck.cli import main

if __name__ == "__main__":
    sys.exit(main())
