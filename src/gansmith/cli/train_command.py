"""`gansmith train`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from gansmith.cli.options import TASKS, add_compute, add_data_options, add_json, add_modality, image_size
from gansmith.cli.parser import Command, positive, seed

if TYPE_CHECKING:
    from gansmith.run.request import Request

__all__ = ["COMMAND"]


class _Words(argparse.Action):
    """The words after the data: a second path, where the first of them is one, and settings."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None) -> None:
        """Tell them apart: a path has no equals sign, and is there or written with a slash."""
        words = list(values or ())
        first = words[0] if words else "="
        if "=" not in first and ("/" in first or os.path.exists(first)):
            namespace.second = words.pop(0)
        namespace.settings = words


def _add_data(parser: argparse.ArgumentParser) -> None:
    """What is trained on, and what is learnt from it."""
    parser.add_argument(
        "data",
        metavar="DATA",
        help="images: folder, zip, .npz, .npy, parquet or Arrow; a table: .csv, .tsv, .xlsx, parquet, Arrow; or a "
        "folder of tables that keys join",
    )
    parser.add_argument(
        "settings",
        nargs="*",
        default=[],
        action=_Words,
        metavar="[DATA2] name=value",
        help="of two domains, the folder of what is wanted; settings of the recipe",
    )
    parser.set_defaults(second=None)
    add_modality(parser)
    parser.add_argument(
        "--task",
        choices=(*TASKS, "image"),
        help="learn to make images of images: from pairs, two folders, a folder of domains or one of modalities, or to "
        "undo what is taken from photos (default: by the recipe and the data; image takes them as they are)",
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    _add_data(parser)
    parser.add_argument(
        "--recipe",
        metavar="NAME|file.py",
        help="GAN variant (default: r3gan for images, rowgan for tables, by --task from images to images; see "
        "gansmith recipes)",
    )
    parser.add_argument(
        "--budget",
        default=None,
        metavar="10m|200k",
        help="training time or real samples (default: 10m for images, 3m for tables)",
    )
    parser.add_argument("--size", choices=("s", "m", "l"), help="size of the networks (default: by device and data)")
    parser.add_argument(
        "--preset", metavar="NAME", help="a paper's configuration, for GPUs (see gansmith recipes NAME)"
    )
    parser.add_argument("--out", metavar="RUN", help="run folder (default: runs/<data>-<recipe>-<hash>)")
    parser.add_argument("--seed", type=seed, default=0, help="of all randomness (default: 0)")
    parser.add_argument("--judge", metavar="DIR", help="measure with this trained judge instead of a new one")
    parser.add_argument(
        "--autopilot",
        choices=("on", "off"),
        default="on",
        help="on (default): put right in play what the doctor finds wrong, and log it; off: only say it",
    )
    parser.add_argument("--from", dest="start", metavar="RUN", help="begin with the newest weights of another run")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    add_data_options(parser)
    tables = parser.add_argument_group("tables")
    tables.add_argument(
        "--schema",
        metavar="FILE.json",
        help="what the columns are; of several tables, which keys join them too (see gansmith inspect --schema)",
    )
    tables.add_argument(
        "--table", metavar="NAME", help="of several tables: learn only this one, as a part of the whole"
    )
    tables.add_argument(
        "--target", metavar="COLUMN", help="judge usefulness by this one (default: the last); of several, TABLE.COLUMN"
    )
    tables.add_argument(
        "--protect-outliers",
        type=positive,
        metavar="K",
        help="learn no value that fewer than K training rows (of several tables: families) share, nor numbers beyond "
        "the K-th from either end (default: all; 10 is usual)",
    )
    tables.add_argument(
        "--epsilon",
        type=float,
        metavar="E",
        help="learn with differential privacy of this strength (3 is usual, less is stronger); needs --schema",
    )
    tables.add_argument(
        "--delta", type=float, metavar="D", help="how probably that may fail (default: 1e-6, less for many rows)"
    )
    add_compute(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.reading import options_of
    from gansmith.cli.results import show_plan, show_run
    from gansmith.cli.show import screen
    from gansmith.run.related_train import is_related
    from gansmith.run.request import Request
    from gansmith.run.settings import parse_settings
    from gansmith.run.train import rehearse, train

    request = Request(
        args.data,
        modality=args.modality,
        second=args.second,
        task=args.task,
        recipe=args.recipe,
        size=args.size,
        preset=args.preset,
        settings=parse_settings(args.settings),
        budget=args.budget,
        out=args.out,
        seed=args.seed,
        image_size=image_size(args.image_size),
        channels=args.channels,
        fit=args.fit,
        strict=args.strict,
        device=args.device,
        precision=args.precision,
        micro=args.micro,
        threads=args.threads,
        judge=args.judge,
        start=args.start,
        autopilot=args.autopilot == "on",
        read=options_of(args.data, args.read, args.modality, args.recipe),
        schema=args.schema,
        target=args.target,
        protect_outliers=args.protect_outliers,
        table=args.table,
        epsilon=args.epsilon,
        delta=args.delta,
    )
    plain = args.table is None and args.second is None and args.modality in (None, "table")
    if plain and is_related(args.data, args.schema):
        return _tables(request, args.dry_run, args.json)
    with screen(quiet=args.json) as listener:
        if args.dry_run:
            plan, would = rehearse(request, listener)
            show_plan(plan, would, as_json=args.json)
            return 0
        run = train(request, listener)
    show_run(run, as_json=args.json)
    return 0


def _tables(request: Request, dry: bool, as_json: bool) -> int:
    """Several tables: as many runs, and one model."""
    from gansmith.cli.related_results import show_related_plan, show_related_run
    from gansmith.cli.show import screen
    from gansmith.run.related_train import rehearse_related, train_related

    with screen(quiet=as_json) as listener:
        if dry:
            show_related_plan(rehearse_related(request, listener), as_json)
            return 0
        run = train_related(request, listener)
    show_related_run(run, as_json)
    return 0


COMMAND = Command(
    "train",
    "Train a GAN on images, from images to images, or on a table. The same command goes on after an interruption.",
    (
        "gansmith train photos/                            choose everything, ten minutes",
        "gansmith train photos.zip --budget 2h --out runs/photos",
        "gansmith train digits.npz --recipe dcgan --budget 200k width=32 lr_g=1e-4",
        "gansmith train faces/ --recipe stylegan2 --preset paper256    as in the paper; needs GPUs",
        "gansmith train photos/ --from runs/photos --budget 5h    go on from a finished run with a new budget",
        "gansmith train photos/ --image-size 48x64 --fit pad --dry-run",
        "gansmith train customers.csv                      a table: three minutes",
        "gansmith train customers.csv --schema schema.json --target churned --budget 10m",
        "gansmith train customers.csv --protect-outliers 10    without values that give single rows away",
        "gansmith train customers.csv --schema schema.json --epsilon 3    with differential privacy",
        "gansmith train shop/                              a folder of tables that keys join",
        "gansmith train horses/ zebras/                    from one to the other, without pairs",
        "gansmith train pairs/                             input/ and target/, or both sides in each picture",
        "gansmith train photos/ --task upscale factor=4    also inpaint, denoise, colourise",
        "gansmith train scans/ --task complete             T1/, T2/, ... with equal names: any from the others",
        "torchrun --nproc-per-node 2 -m gansmith train photos/",
    ),
    _configure,
    _run,
)
