"""`gansmith evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gansmith.cli.options import add_measuring, add_pairs, metric_names
from gansmith.cli.parser import Command
from gansmith.errors import InputError

if TYPE_CHECKING:
    from gansmith.run.assess import Assessment
    from gansmith.run.log import Listener

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="model folder, or run folder (its judge is used again)")
    parser.add_argument(
        "data", metavar="DATA", help="images, a table or a folder of tables, as the model was trained on"
    )
    parser.add_argument(
        "second", nargs="?", metavar="DATA2", help="of a model from images to images: the folder of the wanted domain"
    )
    add_measuring(parser)
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="of a table: judge usefulness by this one (default: the last); of several, TABLE.COLUMN",
    )
    add_pairs(parser)
    parser.add_argument("--recipe", metavar="file.py", help="recipe file of a model whose recipe is not installed")


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.results import show_evaluation
    from gansmith.cli.show import print_json, screen
    from gansmith.run.hardware import set_threads
    from gansmith.run.related_model import holds_tables

    set_threads(args.threads)
    if holds_tables(args.model):
        return _tables(args)
    with screen(quiet=args.json) as listener:
        found = _assessed(args, listener)
    if args.json:
        print_json({**found.evaluation.to_json(), "notes": list(found.notes)})
        return 0
    show_evaluation(found.evaluation)
    for note in found.notes:
        print(f"note: {note}")
    return 0


def _tables(args: argparse.Namespace) -> int:
    """Several tables, each by its own scores."""
    from gansmith.cli.reading import parse_table_read
    from gansmith.cli.related_results import show_evaluations
    from gansmith.cli.show import print_json, screen
    from gansmith.run.assess_related import assess_related
    from gansmith.run.related_model import RelatedModel

    given = {"--metrics": args.metrics, "--features": args.features, "--strict": args.strict}
    refused = [name for name, value in given.items() if value]
    if refused:
        raise InputError(f"{args.model} is a model of several tables, and {', '.join(refused)} can't act on those")
    model = RelatedModel.load(args.model, args.recipe)
    with screen(quiet=args.json) as listener:
        found, notes = assess_related(
            model,
            args.data,
            n=args.n,
            seed=args.seed,
            target=args.target,
            read=parse_table_read(args.read),
            listener=listener,
        )
    if args.json:
        print_json({"tables": {name: scores.to_json() for name, scores in found.items()}, "notes": list(notes)})
        return 0
    show_evaluations(found)
    for note in notes:
        print(f"note: {note}")
    return 0


def _assessed(args: argparse.Namespace, listener: Listener) -> Assessment:
    from gansmith.cli.reading import parse_read, parse_table_read
    from gansmith.run.assess import assess
    from gansmith.run.assess_rows import assess_rows
    from gansmith.run.load import for_sampling, holds_items, is_translator
    from gansmith.run.table_model import TableModel

    names = metric_names(args.metrics)
    if is_translator(args.model):
        return _translated(args, names, listener)
    if args.second is not None or args.task is not None:
        raise InputError(f"{args.model} is not from images to images, and DATA2 and --task are for such models")
    if holds_items(args.model):
        return _items(args, names, listener)
    model = for_sampling(args.model, args.recipe)
    if not isinstance(model, TableModel):
        if args.target is not None:
            raise InputError(f"{args.model} is a model of images, and --target is for tables")
        return assess(
            args.model,
            args.data,
            n=args.n,
            seed=args.seed,
            features=args.features,
            metrics=names,
            recipe=args.recipe,
            strict=args.strict,
            read=parse_read(args.read),
            listener=listener,
        )
    if args.features is not None or args.strict:
        raise InputError(f"{args.model} is a model of a table, and --features and --strict can act on images only")
    read = parse_table_read(args.read)
    return assess_rows(
        model, args.data, n=args.n, seed=args.seed, metrics=names, target=args.target, read=read, listener=listener
    )


def _items(args: argparse.Namespace, names: list[str] | None, listener: Listener) -> Assessment:
    from gansmith.cli.reading import parse_item_read
    from gansmith.run.kinds._assess import assess_items
    from gansmith.run.kinds._model import KindModel

    model = KindModel.load(args.model, args.recipe)
    if args.features is not None or args.target is not None or args.strict:
        raise InputError(
            f"{args.model} makes {model.kind.things}, and --features, --target and --strict can't act here"
        )
    read = parse_item_read(args.read, model.kind.options)
    return assess_items(model, args.data, n=args.n, seed=args.seed, metrics=names, read=read, listener=listener)


def _translated(args: argparse.Namespace, names: list[str] | None, listener: Listener) -> Assessment:
    from gansmith.cli.reading import parse_read
    from gansmith.run.assess_pictures import JudgedPictures, assess_pictures
    from gansmith.run.load import load_translator

    if args.target is not None:
        raise InputError(f"{args.model} is from images to images, and --target is for tables")
    return assess_pictures(
        load_translator(args.model, args.recipe),
        JudgedPictures(args.data, args.second, args.task, args.strict, parse_read(args.read)),
        path=Path(args.model),
        seed=args.seed,
        features=args.features,
        metrics=names,
        listener=listener,
    )


COMMAND = Command(
    "evaluate",
    "Measure a model against images or rows that it never saw.",
    (
        "gansmith evaluate runs/demo my_images/",
        "gansmith evaluate runs/customers customers.csv --target churned",
        "gansmith evaluate runs/shop shop/ -n 1000                several tables; -n counts rows of the root",
        "gansmith evaluate runs/zebras horses/ zebras/",
        "gansmith evaluate runs/zebras partners/ --task pairs    what is wanted of each source is known",
        "gansmith evaluate runs/photos photos/ --features efflite0 --metrics frechet,kernel,coverage",
        "gansmith evaluate runs/photos photos/ --features inception:pt_inception-2015-12-05.pth --json",
    ),
    _configure,
    _run,
)
