"""`python -m benchmarks`."""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported: waiting threads must not spin

from benchmarks import BENCHMARKS, CELLS
from benchmarks.cells import Choice, outlook
from benchmarks.pages import write_pages
from benchmarks.record import RESULTS, ROOT, document, write
from benchmarks.table import Table
from gansmith.errors import GansmithError


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    long = ", ".join(name for name, always in BENCHMARKS.items() if not always)
    made = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure gansmith.")
    made.add_argument("name", nargs="*", help=f"{', '.join(BENCHMARKS)} (default: all but {long}, which take long)")
    made.add_argument("--quick", action="store_true", help="a smoke run: shows that it works, measures little")
    made.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the result files (default: benchmarks/results)"
    )
    made.add_argument("--write-docs", action="store_true", help="fill the pages of the documentation from the results")
    cells = made.add_argument_group(f"of {', '.join(CELLS)}, which go on where they stopped")
    cells.add_argument("--only", action="append", default=[], metavar="STAGE", help="compute this stage's cells only")
    cells.add_argument(
        "--minutes", type=float, metavar="M", help="begin no cell that would end later than in M minutes"
    )
    cells.add_argument(
        "--missing", action="store_true", help="say what is missing and how long it will take; run nothing"
    )
    cells.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="where a data set of these is",
    )
    cells.add_argument(
        "--fresh", action="store_true", help="compute again what is wanted, even where it is stored (with --only)"
    )
    return made


def chosen(asked: argparse.Namespace) -> Choice:
    """What of the cells is wanted; raises `ValueError` for data sets that are no `NAME=PATH`, or not there."""
    data = {}
    for word in asked.data:
        name, equals, path = word.partition("=")
        if not (name and equals and path):
            raise ValueError(f"--data {word!r}: write NAME=PATH")
        if not Path(path).exists():
            raise ValueError(f"--data {word}: there is no {path}")
        data[name] = Path(path).resolve()
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds") if asked.fresh else ""
    return Choice(tuple(asked.only), asked.minutes, data, since)


def problems(asked: argparse.Namespace, names: Sequence[str]) -> list[str]:
    """What was asked for and does not go together."""
    unknown = [name for name in asked.name if name not in BENCHMARKS]
    if unknown:
        return [f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}"]
    try:
        choice = chosen(asked)
    except ValueError as error:
        return [str(error)]
    cellular = [name for name in names if name in CELLS]
    if (choice != Choice() or asked.missing) and not cellular:
        return [f"--only, --minutes, --missing, --data and --fresh are for {', '.join(CELLS)}"]
    if asked.fresh and not choice.only:
        return ["--fresh throws away what was measured: say of what with --only STAGE"]
    stages = {job.stage for name in cellular for job in _module(name).jobs(asked.quick, choice)}
    return [
        f"no stage {stage!r}; there are: {', '.join(sorted(stages))}" for stage in choice.only if stage not in stages
    ]


def missing(name: str, quick: bool, choice: Choice) -> None:
    """Say what is missing of a benchmark of cells."""
    folder = (ROOT / "runs/benchmarks" if quick else RESULTS) / CELLS[name]
    print(f"{name}\n{outlook(choice.of(_module(name).jobs(quick, choice)), folder).text()}")


def _module(name: str) -> Any:
    return importlib.import_module(f"benchmarks.{name}")


def run_one(name: str, quick: bool, out: Path, choice: Choice) -> None:
    """Run one benchmark, print its tables, write its result file."""
    module = _module(name)
    title = (module.__doc__ or name).strip().splitlines()[0]
    print(f"--- {name}: {title}", file=sys.stderr, flush=True)
    before = time.perf_counter()
    found = module.run(quick, choice) if name in CELLS else module.run(quick)
    data = document(name, title, quick, found)
    path = write(out, data)
    print("\n\n".join(Table.from_json(table).text() for table in data["tables"]), end="\n\n", flush=True)
    print(f"--- {path.name} after {time.perf_counter() - before:.0f} s", file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for."""
    asked = parser().parse_args(arguments)
    names = asked.name or ([] if asked.write_docs else [name for name, always in BENCHMARKS.items() if always])
    wrong = problems(asked, names)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 2
    # a smoke run must not take the place of a measurement
    out = asked.out or (ROOT / "runs/benchmarks" if asked.quick else RESULTS)
    try:
        for name in names:
            if asked.missing:
                missing(name, asked.quick, chosen(asked))
            else:
                run_one(name, asked.quick, out, chosen(asked))
    except GansmithError as error:  # interrupted, most of all; what was computed is kept
        print(error, file=sys.stderr)
        return error.exit_code
    if asked.write_docs:
        print(f"pages: {', '.join(write_pages(asked.out or RESULTS))}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
