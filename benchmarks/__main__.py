"""`python -m benchmarks`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported: waiting threads must not spin

from benchmarks import BENCHMARKS
from benchmarks.pages import PAGE, write_page
from benchmarks.record import RESULTS, ROOT, document, write
from benchmarks.table import Table


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    long = ", ".join(name for name, always in BENCHMARKS.items() if not always)
    made = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure gansmith.")
    made.add_argument("name", nargs="*", help=f"{', '.join(BENCHMARKS)} (default: all but {long}, which takes hours)")
    made.add_argument("--quick", action="store_true", help="a smoke run: shows that it works, measures little")
    made.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the result files (default: benchmarks/results)"
    )
    made.add_argument("--write-docs", action="store_true", help="fill docs/benchmarks.md from the result files")
    return made


def run_one(name: str, quick: bool, out: Path) -> None:
    """Run one benchmark, print its tables, write its result file."""
    module = importlib.import_module(f"benchmarks.{name}")
    title = (module.__doc__ or name).strip().splitlines()[0]
    print(f"--- {name}: {title}", file=sys.stderr, flush=True)
    before = time.perf_counter()
    data = document(name, title, quick, module.run(quick))
    path = write(out, data)
    print("\n\n".join(Table.from_json(table).text() for table in data["tables"]), end="\n\n", flush=True)
    print(f"--- {path.name} after {time.perf_counter() - before:.0f} s", file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for."""
    asked = parser().parse_args(arguments)
    unknown = [name for name in asked.name if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    # a smoke run must not take the place of a measurement
    out = asked.out or (ROOT / "runs/benchmarks" if asked.quick else RESULTS)
    names = asked.name or ([] if asked.write_docs else [name for name, always in BENCHMARKS.items() if always])
    for name in names:
        run_one(name, asked.quick, out)
    if asked.write_docs:
        print(f"{PAGE.name}: {', '.join(write_page(asked.out or RESULTS))}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
