"""The most memory that commands take, and that it does not grow with the work.

Training longer, drawing more and judging must stay within what the networks and the data need.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.commands import GANSMITH, PYTHON, run_command
from benchmarks.measure import median
from benchmarks.record import Result
from benchmarks.table import Cell, Table
from gansmith.data.embedded import fashion_path

__all__ = ["run"]

Words = list[str | Path]


def commands(folder: Path, quick: bool) -> dict[str, Words]:
    """What is measured, by the name it has in the table; a run comes before what uses it."""
    few, many, short, long = (200, 2_000, "320", "640") if quick else (1_000, 20_000, "2k", "8k")
    sample: Words = [GANSMITH, "sample", folder / f"run-{short}"]
    return {
        "import torch": [PYTHON, "-c", "import torch"],
        f"demo --budget {short}": [GANSMITH, "demo", "--budget", short, "--out", folder / f"run-{short}"],
        f"demo --budget {long}": [GANSMITH, "demo", "--budget", long, "--out", folder / f"run-{long}"],
        f"sample -n {few:,} (.npz)": [*sample, "-n", str(few), "--out", folder / "few.npz"],
        f"sample -n {many:,} (.npz)": [*sample, "-n", str(many), "--out", folder / "many.npz"],
        "evaluate": [GANSMITH, "evaluate", folder / f"run-{short}", fashion_path()],
    }


def run(quick: bool) -> Result:
    """Run every command a few times, in folders of their own."""
    repetitions = 1 if quick else 3
    peaks: dict[str, list[int]] = {}
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as name:
            for command, words in commands(Path(name), quick).items():
                peaks.setdefault(command, []).append(run_command(words).peak)
    base, *_ = peaks.values()
    rows: list[list[Cell]] = [
        [command, median(found) / 1e6, (median(found) - median(base)) / 1e6] for command, found in peaks.items()
    ]
    table = Table("Peak memory", ["command", "MB", "MB above importing torch"], rows, "Resident memory of the process.")
    return Result({"repetitions": repetitions}, [table], numbers={"peak bytes": peaks})
