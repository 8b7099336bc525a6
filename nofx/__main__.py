"""``python -m nofx`` is ``nofx``."""

import sys

from nofx.cli import main

if __name__ == "__main__":
    sys.exit(main())
