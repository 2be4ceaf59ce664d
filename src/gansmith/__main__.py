"""`gansmith` and `python -m gansmith`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    # Before anything imports torch: waiting threads must not spin (see the decision record on threads).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from gansmith.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
