"""How long a user waits for an answer: commands that compute nothing, and the first sample of a model.

Each command runs in a process of its own, in turn with the others. An interpreter that does nothing and one that
imports torch stand beside them: no command can be faster than the first, and none that computes than the second.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.commands import GANSMITH, PYTHON, run_command
from benchmarks.game import untrained
from benchmarks.measure import Times, median, side_by_side
from benchmarks.record import Result
from benchmarks.table import Cell, Table

__all__ = ["run"]


def commands(folder: Path) -> dict[str, list[str | Path]]:
    """What is timed, by the name it has in the table."""
    model = folder / "model"
    return {
        "python -c pass": [PYTHON, "-c", "pass"],
        "import gansmith": [PYTHON, "-c", "import gansmith"],
        "gansmith --version": [GANSMITH, "--version"],
        "gansmith --help": [GANSMITH, "--help"],
        "gansmith train --help": [GANSMITH, "train", "--help"],
        "gansmith recipes": [GANSMITH, "recipes"],
        "import torch": [PYTHON, "-c", "import torch"],
        "gansmith sample MODEL -n 1": [GANSMITH, "sample", model, "-n", "1", "--out", folder / "one.png"],
    }


def run(quick: bool) -> Result:
    """Time all commands in turn."""
    repetitions = 2 if quick else 7
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        untrained().save(folder / "model")
        asked = commands(folder)
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}

        def timed(which: str) -> None:
            found = run_command(asked[which])
            took[which].append((found.wall, found.cpu))

        side_by_side({which: lambda which=which: timed(which) for which in asked}, repetitions)  # type: ignore[misc]
    times = {
        which: Times(tuple(w for w, _ in pairs[1:]), tuple(c for _, c in pairs[1:]), 1) for which, pairs in took.items()
    }
    rows: list[list[Cell]] = [[which, t.each, median(t.cpu)] for which, t in times.items()]
    columns = ["command", "wall, s", "cpu, s"]
    table = Table("Seconds until a command is done", columns, rows, "Medians; the files are cached.")
    return Result({"repetitions": repetitions}, [table], times)
