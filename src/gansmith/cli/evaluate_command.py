"""`gansmith evaluate`."""

from __future__ import annotations

import argparse

from gansmith.cli.options import add_measuring, metric_names
from gansmith.cli.parser import Command

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="model folder, or run folder (its judge is used again)")
    parser.add_argument("data", metavar="DATA", help="images: folder, zip, .npz, .npy, parquet or Arrow")
    add_measuring(parser)
    parser.add_argument("--recipe", metavar="file.py", help="recipe file of a model whose recipe is not installed")


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.reading import parse_read
    from gansmith.cli.results import show_evaluation
    from gansmith.cli.show import print_json, screen
    from gansmith.run.assess import assess
    from gansmith.run.hardware import set_threads

    set_threads(args.threads)
    with screen(quiet=args.json) as listener:
        found = assess(
            args.model,
            args.data,
            n=args.n,
            seed=args.seed,
            features=args.features,
            metrics=metric_names(args.metrics),
            recipe=args.recipe,
            strict=args.strict,
            read=parse_read(args.read),
            listener=listener,
        )
    if args.json:
        print_json({**found.evaluation.to_json(), "notes": list(found.notes)})
        return 0
    show_evaluation(found.evaluation)
    for note in found.notes:
        print(f"note: {note}")
    return 0


COMMAND = Command(
    "evaluate",
    "Measure a model against images that it never saw.",
    (
        "gansmith evaluate runs/demo my_images/",
        "gansmith evaluate runs/photos photos/ --features efflite0 --metrics frechet,kernel,coverage",
        "gansmith evaluate runs/photos photos/ --features inception:pt_inception-2015-12-05.pth --json",
    ),
    _configure,
    _run,
)
