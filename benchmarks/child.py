"""Runs a command and says what it took: `python child.py COMMAND ...` prints seconds, processor seconds and memory.

A process inherits the peak memory of the one that starts it, so commands are started from here, which is small.
"""

import json
import os
import sys
import time


def main() -> int:
    """Run the command, its output going nowhere, and print what it took as JSON."""
    before = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.execvp(sys.argv[1], sys.argv[1:])
    _, status, usage = os.wait4(pid, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    took = {
        "wall": time.perf_counter() - before,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * unit,
        "code": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(took))
    return 0


if __name__ == "__main__":
    sys.exit(main())
