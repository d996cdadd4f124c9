"""python3 -m compare: what scripts/compare runs."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
