"""The run layer's fixtures, and the program as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit/run"))

from run_fixtures import brief, data, finished, judge

from gansmith.run.events import read_events

__all__ = ["brief", "data", "finished", "judge"]


class Program:
    """`python -m gansmith ...` in a process group of its own.

    Args:
        words: What follows `python`; `-m gansmith` unless they start with `-m`.
        log: Where stdout and stderr go.
    """

    def __init__(self, words: list[str], log: Path) -> None:
        command = [sys.executable, *([] if words[0] == "-m" else ["-m", "gansmith"]), *words]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        self.out, self.err = log.with_suffix(".out"), log.with_suffix(".err")
        with self.out.open("w") as out, self.err.open("w") as err:
            # a shell in the background ignores Ctrl-C, and so would its children
            before = signal.signal(signal.SIGINT, signal.SIG_DFL)
            try:
                self.process = subprocess.Popen(command, stdout=out, stderr=err, env=env, start_new_session=True)
            finally:
                signal.signal(signal.SIGINT, before)

    def wait(self, seconds: float = 120) -> int:
        """The exit code."""
        return self.process.wait(seconds)

    def plays(self) -> bool:
        """Whether a run has begun or goes on."""
        said = self.err.read_text()
        return "run folder: " in said or "going on at " in said

    def until(self, done: Callable[[], Any], seconds: float = 60) -> bool:
        """Wait until something is so; False if the program ended before."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, self.err.read_text()
            if self.process.poll() is not None:
                return bool(done())
            time.sleep(0.005)
        return True

    def signal(self, number: int, group: bool = False) -> None:
        """Send a signal to the program, or to its whole group."""
        (os.killpg if group else os.kill)(self.process.pid, number)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[list[str]], Program]]:
    """Starts programs; what still runs at the end is killed."""
    tmp_path = tmp_path_factory.mktemp("programs")
    started: list[Program] = []

    def start(words: list[str]) -> Program:
        started.append(Program(words, tmp_path / f"program{len(started)}"))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.signal(9, group=True)
            one.wait()


@pytest.fixture(scope="session")
def count() -> Callable[[Path, str], int]:
    """How many events of a kind a run has logged."""
    return lambda run, kind: sum(e["event"] == kind for e in read_events(run / "events.jsonl"))
