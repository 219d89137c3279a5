"""python -m durability: the long run. In a module of its own, because other processes import it by its name."""

import sys

from durability.long_run import main

if __name__ == "__main__":
    sys.exit(main())
