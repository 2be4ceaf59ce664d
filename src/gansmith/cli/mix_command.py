"""`gansmith mix`."""

from __future__ import annotations

import argparse

from gansmith.cli.latent_options import add_model, add_truncation, add_where, load_model, truncation_of
from gansmith.cli.options import parse_where
from gansmith.cli.parser import Command

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("--rows", required=True, metavar="SEEDS", help="7, 0-5, or 1,4,7:12 (sample 12 of seed 7)")
    parser.add_argument("--columns", required=True, metavar="SEEDS", help="likewise: these give the chosen styles")
    parser.add_argument(
        "--styles",
        default="coarse",
        metavar="LAYERS",
        help="layers that come from the columns: coarse, middle, fine (thirds), 0-3, coarse,6 (default: coarse)",
    )
    parser.add_argument("--out", required=True, metavar="FILE.png", help="the matrix, with its sources at the edges")
    add_where(parser, "which class; repeated: taken in turn by rows and columns")
    add_truncation(parser)


def _run(args: argparse.Namespace) -> int:
    from pathlib import Path

    from gansmith.apps.mixing import mix
    from gansmith.apps.points import seeds
    from gansmith.apps.sheets import check_picture, matrix
    from gansmith.cli.show import screen
    from gansmith.run.pictures import save_png

    check_picture(args.out)
    rows, columns = seeds(args.rows, "--rows"), seeds(args.columns, "--columns")
    truncation = truncation_of(args)
    model = load_model(args)
    with screen() as listener:
        mixed = mix(
            model,
            rows,
            columns,
            args.styles,
            parse_where(args.where),
            truncation,
            tick=lambda share: listener({"event": "progress", "task": "mixing", "share": share}),
        )
    save_png(matrix(mixed, model.codec.frame.value_range), Path(args.out))
    print(args.out)
    return 0


COMMAND = Command(
    "mix",
    "Mix styles: every row's picture with some of every column's styles, as a matrix.",
    (
        "gansmith mix runs/faces --rows 0-3 --columns 10-15 --out matrix.png",
        "gansmith mix runs/faces --rows 0-3 --columns 10-15 --styles fine --truncation 0.7 --out colours.png",
        "gansmith mix runs/faces --rows 1,5,9:3 --columns 2,4 --styles 2-4 --out matrix.png",
    ),
    _configure,
    _run,
)
