"""Commands run as a user runs them, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.record import ROOT

__all__ = ["GANSMITH", "PYTHON", "Took", "run_command"]

PYTHON = sys.executable
GANSMITH = Path(PYTHON).with_name("gansmith")
CHILD = Path(__file__).with_name("child.py")


class Took(NamedTuple):
    """What a command took.

    Attributes:
        wall: Seconds.
        cpu: Processor seconds of the command and what it waited for.
        peak: Largest memory of one process, in bytes.
    """

    wall: float
    cpu: float
    peak: int


def run_command(words: Sequence[str | Path], env: Mapping[str, str] | None = None, code: int = 0) -> Took:
    """Run a command in the root; raises `RuntimeError` with its messages unless it exits with `code`."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "OMP_WAIT_POLICY")}
    done = subprocess.run(
        [PYTHON, "-I", CHILD, *map(str, words)],
        cwd=ROOT,
        env=kept | dict(env or {}),
        capture_output=True,
        text=True,
        check=True,
    )
    took = json.loads(done.stdout)
    if took.pop("code") != code:
        raise RuntimeError(f"{' '.join(map(str, words))} failed:\n{done.stderr[-2000:]}")
    return Took(**took)
