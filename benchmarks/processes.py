"""One process against two, for the same global batch.

Two processes of one thread each (`torchrun`) against one process of one thread and one of two: what is the better use
of two cores? All play the demo's game on the embedded images and take the same steps.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Times
from benchmarks.record import ROOT, Result
from benchmarks.table import Cell, Table

__all__ = ["run"]

LAYOUTS = {"1 process, 1 thread": (1, 1), "1 process, 2 threads": (1, 2), "2 processes, 1 thread each": (2, 1)}
BATCHES = (16, 32, 64)


def play(batch: int, processes: int, threads: int, rounds: int, repetitions: int) -> list[float]:
    """Seconds of each repetition."""
    torchrun = str(Path(sys.executable).with_name("torchrun"))
    launch = [torchrun, "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else [sys.executable]
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    words = [*launch, "-m", "benchmarks.worker", *map(str, (batch, rounds, repetitions))]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    found = [line for line in done.stderr.splitlines() if line.startswith("[")]
    if done.returncode or not found:
        raise RuntimeError(f"{' '.join(words[-4:])} failed:\n{done.stderr[-2000:]}")
    seconds: list[float] = json.loads(found[-1])
    return seconds


def run(quick: bool) -> Result:
    """All layouts in turn, several times, for every batch size."""
    starts, repetitions, images = (1, 2, 256) if quick else (3, 3, 768)
    times: dict[str, Times] = {}
    rows: list[list[Cell]] = []
    for batch in BATCHES[:1] if quick else BATCHES:
        rounds = max(4, images // batch // 4 * 4)
        seconds: dict[str, list[float]] = {name: [] for name in LAYOUTS}
        for _ in range(starts):
            for name, (processes, threads) in LAYOUTS.items():
                seconds[name] += play(batch, processes, threads, rounds, repetitions)
        found = {name: Times(tuple(s), tuple(s), rounds * batch) for name, s in seconds.items()}
        times |= {f"batch {batch}: {name}": t for name, t in found.items()}
        base = found["1 process, 1 thread"]
        rows.append([batch, base.rate, *(1 / t.over(base) for t in list(found.values())[1:])])
    columns = ["global batch", "1 process, 1 thread, images/s", *(f"{name}, times" for name in list(LAYOUTS)[1:])]
    table = Table("Processes and threads", columns, rows, "Times: speed as a multiple of one process with one thread.")
    return Result({"starts": starts, "repetitions a start": repetitions, "images a repetition": images}, [table], times)
