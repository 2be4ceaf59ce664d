"""`gansmith sample`."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from gansmith.cli.latent_options import add_truncation, truncation_of
from gansmith.cli.options import parse_where
from gansmith.cli.parser import Command, positive, seed
from gansmith.errors import InputError

if TYPE_CHECKING:
    from gansmith.cli.show import Screen
    from gansmith.data.table.rule_keeper import RuleReport

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="model folder, or run folder (then its best model)")
    parser.add_argument(
        "-n",
        type=positive,
        default=64,
        metavar="N",
        help="how many (default: 64; 10k and 2M work); of several tables, rows of the one that all others belong to",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="label=Bag, age=18..30, smiling=yes, text='a red shoe', code=3; of a table any column: sex=F, "
        "income=1000.. (open range); may be repeated",
    )
    parser.add_argument("--seed", type=seed, default=0, help="sample i depends on the seed and i alone (default: 0)")
    add_truncation(parser)
    parser.add_argument(
        "--out",
        required=True,
        metavar="PATH",
        help="images: a .png (one grid), a .npz, or a folder; rows: a .csv, .tsv, .parquet, .feather; several tables: "
        "a new folder",
    )
    parser.add_argument(
        "--columns", type=positive, default=None, help="images in a row of a grid (default: about square)"
    )
    parser.add_argument(
        "--length",
        type=positive,
        default=None,
        metavar="N",
        help="frames of a clip, where the recipe can make longer ones than it was trained on (mocogan)",
    )
    parser.add_argument("--recipe", metavar="file.py", help="recipe file of a model whose recipe is not installed")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: one a core)")


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.show import screen
    from gansmith.run.hardware import set_threads
    from gansmith.run.load import for_sampling, holds_items
    from gansmith.run.related_model import holds_tables
    from gansmith.run.table_model import TableModel
    from gansmith.run.write_rows import write_rows
    from gansmith.run.write_samples import write_samples

    truncation = truncation_of(args)
    set_threads(args.threads)
    if args.length is not None and not holds_items(args.model):
        raise InputError(f"--length {args.length}: is for models of clips, and {args.model} makes none")
    if holds_tables(args.model):
        return _make_tables(args)
    if holds_items(args.model):
        return _make_items(args)
    model = for_sampling(args.model, args.recipe)
    where = parse_where(args.where)
    with screen() as listener:

        def tick(share: float) -> None:
            listener({"event": "progress", "task": "sampling", "share": share})

        if isinstance(model, TableModel):
            _refuse_for_tables(args)
            path = write_rows(model, args.n, args.out, where, args.seed, tick, partial(_say_rules, listener))
        else:
            if args.columns is not None and Path(args.out).suffix.lower() != ".png":
                raise InputError("--columns goes with a grid: give --out a name that ends in .png, or leave it out")
            path = write_samples(model, args.n, args.out, where, args.seed, truncation, args.columns, tick)
    print(path)
    return 0


def _make_tables(args: argparse.Namespace) -> int:
    from gansmith.cli.show import screen
    from gansmith.run.related_model import RelatedModel
    from gansmith.run.write_related import write_related

    _refuse_for_tables(args)
    model = RelatedModel.load(args.model, args.recipe)
    with screen() as listener:

        def tick(share: float) -> None:
            listener({"event": "progress", "task": "sampling", "share": share})

        folder = write_related(model, args.n, args.out, parse_where(args.where), args.seed, tick)
    for path in sorted(folder.iterdir()):
        print(path)
    return 0


def _make_items(args: argparse.Namespace) -> int:
    from gansmith.cli.show import screen
    from gansmith.run.kinds._model import KindModel
    from gansmith.run.kinds._write import write_items

    model = KindModel.load(args.model, args.recipe).lasting(args.length)
    truncation = truncation_of(args)
    if args.columns is not None or isinstance(truncation, list):
        raise InputError(f"{args.model} makes {model.kind.things}: --columns and --truncation-layers are for images")
    with screen() as listener:

        def tick(share: float) -> None:
            listener({"event": "progress", "task": "sampling", "share": share})

        began = perf_counter()
        path = write_items(model, args.n, args.out, parse_where(args.where), args.seed, truncation, tick)
        said = model.kind.told(model.codec, args.n, perf_counter() - began)
        if said:
            listener.say(said)
    print(path)
    return 0


def _say_rules(listener: Screen, report: RuleReport) -> None:
    """How the rows came to keep each rule."""
    for rule, share in report.raw.items():
        listener.say(f"rule: {rule}: {report.made[rule]:.1%} of rows keep it ({share:.1%} as they were first drawn)")


def _refuse_for_tables(args: argparse.Namespace) -> None:
    asked = [name for name in ("columns", "truncation", "truncation_layers") if getattr(args, name) is not None]
    if asked:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in asked)
        raise InputError(f"{args.model} is a model of a table, and {names} can act on images only")


COMMAND = Command(
    "sample",
    "Make images or rows with a trained model.",
    (
        "gansmith sample runs/demo -n 64 --out grid.png",
        "gansmith sample runs/demo -n 20 --where label=Bag --truncation 0.7 --out bags.png",
        "gansmith sample runs/demo -n 1000 --out folder/          one PNG an image, and labels.csv",
        "gansmith sample runs/demo -n 1M --seed 7 --out many.npz  streamed: memory does not grow",
        "gansmith sample runs/customers -n 10k --out rows.csv",
        "gansmith sample runs/customers -n 500 --where sex=F --where age=18..30 --out young_women.parquet",
        "gansmith sample runs/events -n 100k --where energy=50 --out made.csv    events for a parameter",
        "gansmith sample runs/shop -n 1000 --where region=north --out made/    several tables",
    ),
    _configure,
    _run,
)
