"""gansmith as a user meets it: `gansmith train FILE` and `gansmith sample RUN`, each in a process of its own.

The split into training, validation and test rows goes by content, and the file that contestants get holds what this
split calls training rows: taken as it is, a run would have next to no validation rows. One column gets another name in
the file that the command reads, which deals the rows anew: a fifth of what was given is kept back, as always.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.commands import PYTHON, Took, run_command
from benchmarks.record import ROOT
from benchmarks.tables.data import CACHE
from gansmith import __version__
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, Schema
from gansmith.errors import InputError
from gansmith.run.hardware import cores

__all__ = ["Condition", "Made", "Ours", "command", "fit_and_sample", "words"]

Condition = Mapping[str, str | tuple[float, float]]
"""By column: a category, or the least and the largest number."""


class Made(NamedTuple):
    """Rows that a contestant made.

    Attributes:
        rows: The CSV.
        seconds_fit: On the wall.
        seconds_sample: On the wall.
        facts: What else is known: processor seconds, threads, versions, memory.
    """

    rows: Path
    seconds_fit: float
    seconds_sample: float
    facts: Mapping[str, Any]


def command(arguments: Sequence[str | Path], threads: int = 0) -> Took:
    """Run `gansmith` of this checkout; with 0 threads it takes as many as it likes.

    Raises:
        InputError: It failed, with the last line that it said.
    """
    env = {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": str(threads or cores())}
    try:
        return run_command([PYTHON, "-m", "gansmith", *arguments], env)
    except RuntimeError as error:
        said = str(error).strip().splitlines()[-1]
        raise InputError(f"gansmith {arguments[0]}: {said}") from None


def words(condition: Condition, other: Mapping[str, str]) -> list[str]:
    """A condition as arguments of the command line, with the other names that some columns have."""
    found = []
    for name, value in condition.items():
        text = value if isinstance(value, str) else f"{value[0]:g}..{value[1]:g}"
        found += ["--where", f"{other.get(name, name)}={text}"]
    return found


class Ours:
    """A run of gansmith on one CSV.

    Args:
        train: The rows.
        schema: What they are.
        target: What people predict of them.
        seed: Of the run.
        threads: CPU threads; 0 for as many as gansmith likes.
        budget: For `--budget`; empty for what gansmith thinks right.
        epsilon: For `--epsilon`, with the schema that `gansmith inspect` writes taken for public; None without.
    """

    def __init__(
        self,
        train: Path,
        schema: Schema,
        target: str,
        seed: int,
        threads: int = 0,
        budget: str = "",
        epsilon: float | None = None,
    ) -> None:
        self.train, self.target, self.seed, self.threads, self.budget = train, target, seed, threads, budget
        self.epsilon = epsilon
        plain = [c.name for c in schema.learnt if c.name != target and not isinstance(c, BooleanColumn)]
        plain.sort(key=lambda name: isinstance(schema.column(name), CategoryColumn))  # numbers first
        self.other = {name: f"{name}_1" for name in plain[:1]}
        private = "" if epsilon is None else f"-epsilon-{epsilon:g}"
        name = f"{train.parent.name}-{seed}-{__version__}{budget and '-'}{budget}{private}"
        self.folder = CACHE / "gansmith" / name

    def fit(self) -> Took:
        """Train; a run that is complete is left as it is."""
        given = self.folder / "given.csv"
        if not given.is_file():
            given.parent.mkdir(parents=True, exist_ok=True)
            temporary = given.with_suffix(".tmp")
            _renamed(self.train, temporary, self.other)
            temporary.replace(given)
        budget = ["--budget", self.budget] if self.budget else []
        run: list[str | Path] = ["train", given, "--out", self.folder / "run", "--seed", str(self.seed)]
        run += ["--target", self.target]
        return command([*run, *budget, *self._private(given)], self.threads)

    def _private(self, given: Path) -> list[str | Path]:
        """What is said of privacy; the schema is written first."""
        if self.epsilon is None:
            return []
        schema = self.folder / "schema.json"
        if not schema.is_file():
            command(["inspect", given, "--schema", schema], self.threads)
        return ["--schema", schema, "--epsilon", f"{self.epsilon:g}"]

    def draw(self, n: int, out: Path, seed: int, where: Condition | None = None) -> Took:
        """Make rows; one column has its other name in the CSV."""
        chosen = words(where or {}, self.other)
        run: list[str | Path] = ["sample", self.folder / "run", "-n", str(n), "--seed", str(seed), *chosen]
        return command([*run, "--out", out], self.threads)

    def sample(self, n: int, out: Path, seed: int, where: Condition | None = None) -> Took:
        """Make rows with the columns' own names."""
        drawn = out.with_name(f"drawn-{out.name}")
        took = self.draw(n, drawn, seed, where)
        _renamed(drawn, out, {new: name for name, new in self.other.items()})
        drawn.unlink()
        return took


def _renamed(source: Path, out: Path, names: Mapping[str, str]) -> None:
    """Copy a CSV with other names in its first line."""
    with source.open(encoding="utf-8", newline="") as read, out.open("w", encoding="utf-8", newline="") as write:
        heads = next(csv.reader([read.readline()]))
        csv.writer(write, lineterminator="\n").writerow([names.get(head, head) for head in heads])
        while part := read.read(1 << 20):
            write.write(part)


def fit_and_sample(
    train_csv: Path,
    schema: Schema,
    target: str,
    seed: int,
    n: int,
    threads: int,
    budget: str = "",
    epsilon: float | None = None,
) -> Made:
    """Train and make rows with gansmith; an older run of the same place is no measure of time and goes."""
    ours = Ours(train_csv, schema, target, seed, threads, budget, epsilon)
    shutil.rmtree(ours.folder, ignore_errors=True)
    fit = ours.fit()
    out = ours.folder / "made.csv"
    sample = ours.sample(n, out, seed)
    facts = {
        "cpu_fit": fit.cpu,
        "cpu_sample": sample.cpu,
        "peak": max(fit.peak, sample.peak),
        "threads": threads or cores(),
        "versions": {"gansmith": __version__, "python": sys.version.split()[0]},
    }
    return Made(out, fit.wall, sample.wall, facts)
