"""`gansmith demo`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gansmith.cli.options import add_compute, add_json
from gansmith.cli.parser import Command, seed
from gansmith.run.kinds._registry import kind_names

if TYPE_CHECKING:
    from gansmith.run.request import Request

__all__ = ["COMMAND"]


NEXT = (
    "sample {run} -n 20 --where label=Sneaker --out sneakers.png",
    "sample {run} -n 1000 --truncation 0.8 --out clothes",
    "train my_images/          (a folder, zip or .npz of your own)",
)

NEXT_TABLE = (
    "sample {run} -n 1000 --out penguins.csv",
    'sample {run} -n 20 --where species=Gentoo --where "body_mass_g=5000..5500" --out heavy.csv',
    "train my_table.csv        (a .csv, .xlsx or parquet of your own)",
)


def _configure(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--table",
        action="store_const",
        const="table",
        dest="kind",
        help="a table of penguins instead of images: half a minute",
    )
    for kind in kind_names():
        about = f"{kind} instead of images: a few minutes"
        what.add_argument(f"--{kind}", action="store_const", const=kind, dest="kind", help=about)
    parser.add_argument("--out", metavar="RUN", help="run folder (default: runs/demo, or runs/demo-table and so on)")
    parser.add_argument("--budget", default=None, metavar="4m|100k", help="shorter or longer than the default")
    parser.add_argument("--seed", type=seed, default=0, help="of all randomness (default: 0)")
    add_compute(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.results import show_run
    from gansmith.cli.show import screen
    from gansmith.run.train import train

    demo, after = _demo(args.kind)
    request = demo(
        args.budget,
        out=args.out or ("runs/demo" if args.kind is None else f"runs/demo-{args.kind}"),
        seed=args.seed,
        device=args.device,
        precision=args.precision,
        micro=args.micro,
        threads=args.threads,
    )
    with screen(quiet=args.json) as listener:
        run = train(request, listener)
    show_run(run, as_json=args.json)
    if not args.json:
        print()
        print("next, try:")
        for words in after:
            print(f"  {_program()} {words.format(run=run.folder.root).removeprefix('gansmith ')}")
    return 0


def _demo(kind: str | None) -> tuple[Callable[..., Request], Sequence[str]]:
    """What makes the request, and commands to try next."""
    from gansmith.run.demo import image_demo, item_demo, table_demo
    from gansmith.run.kinds._registry import find_kind

    if kind is None:
        return image_demo, NEXT
    if kind == "table":
        return table_demo, NEXT_TABLE
    found = find_kind(kind)
    return partial(item_demo, found), found.demo.after


def _program() -> str:
    """How the user calls this program from here: by its name, or by its path in an environment that is not active."""
    inside = sys.prefix != sys.base_prefix
    if not inside or os.environ.get("VIRTUAL_ENV") == sys.prefix:
        return "gansmith"
    script = Path(sys.executable).with_name("gansmith")
    return os.path.relpath(script) if script.is_relative_to(Path.cwd()) else str(script)


COMMAND = Command(
    "demo",
    "Train, judge and show a class-conditional GAN on embedded images of clothes (a part of Fashion-MNIST), or with "
    "--table a generator of rows on an embedded table (the Palmer penguins).",
    (
        "gansmith demo                                     two to four minutes on two cores",
        "gansmith demo --table                             a table, half a minute on two cores",
        "gansmith demo --budget 20k --out runs/quick       a quick look",
    ),
    _configure,
    _run,
)
