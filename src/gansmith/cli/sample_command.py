"""`gansmith sample`."""

from __future__ import annotations

import argparse
from pathlib import Path

from gansmith.cli.latent_options import add_truncation, truncation_of
from gansmith.cli.options import parse_where
from gansmith.cli.parser import Command, positive, seed
from gansmith.errors import InputError

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="model folder, or run folder (then its best model)")
    parser.add_argument("-n", type=positive, default=64, metavar="N", help="how many (default: 64; 10k and 2M work)")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="label=Bag, age=18..30, smiling=yes, text='a red shoe', code=3; may be repeated",
    )
    parser.add_argument("--seed", type=seed, default=0, help="sample i depends on the seed and i alone (default: 0)")
    add_truncation(parser)
    parser.add_argument(
        "--out", required=True, metavar="PATH", help="a .png (one grid), a .npz, or a folder of PNG files"
    )
    parser.add_argument(
        "--columns", type=positive, default=None, help="images in a row of a grid (default: about square)"
    )
    parser.add_argument("--recipe", metavar="file.py", help="recipe file of a model whose recipe is not installed")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: one a core)")


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.show import screen
    from gansmith.run.hardware import set_threads
    from gansmith.run.model import Model
    from gansmith.run.write_samples import write_samples

    if args.columns is not None and Path(args.out).suffix.lower() != ".png":
        raise InputError("--columns goes with a grid: give --out a name that ends in .png, or leave it out")
    truncation = truncation_of(args)
    set_threads(args.threads)
    model = Model.load(args.model, args.recipe)
    with screen() as listener:
        path = write_samples(
            model,
            args.n,
            args.out,
            where=parse_where(args.where),
            seed=args.seed,
            truncation=truncation,
            columns=args.columns,
            tick=lambda share: listener({"event": "progress", "task": "sampling", "share": share}),
        )
    print(path)
    return 0


COMMAND = Command(
    "sample",
    "Make images with a trained model.",
    (
        "gansmith sample runs/demo -n 64 --out grid.png",
        "gansmith sample runs/demo -n 20 --where label=Bag --truncation 0.7 --out bags.png",
        "gansmith sample runs/demo -n 1000 --out folder/          one PNG an image, and labels.csv",
        "gansmith sample runs/demo -n 1M --seed 7 --out many.npz  streamed: memory does not grow",
    ),
    _configure,
    _run,
)
