"""`gansmith inspect`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from gansmith.cli.options import add_data_options, add_json, add_modality, image_size
from gansmith.cli.parser import Command
from gansmith.errors import InputError

if TYPE_CHECKING:
    from gansmith.run.kinds._kind import Kind

__all__ = ["COMMAND"]

_OF_IMAGES = {
    "sheet": (None,),
    "image_size": (None,),
    "channels": (None,),
    "fit": ("crop",),
    "strict": (False,),
}
"""Options that act on images only, with what stands for not asking."""


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data",
        metavar="DATA",
        help="folder, zip, .npz, .npy, parquet or Arrow of images; or a table: .csv, .tsv, .xlsx, parquet, Arrow",
    )
    parser.add_argument("--sheet", metavar="FILE.png", help="write a contact sheet: a few images of each class")
    parser.add_argument(
        "--schema",
        metavar="FILE.json",
        help="of a table: write what its columns are; check that, where the file exists; of a folder of tables: which "
        "keys join them, too",
    )
    add_modality(parser)
    add_data_options(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.inspection import show_inspection
    from gansmith.cli.reading import parse_read, parse_table_read
    from gansmith.data.table.recognise import is_table
    from gansmith.run.kinds._registry import kind_of
    from gansmith.run.related_train import is_related

    kind = kind_of(args.data, args.modality)
    if kind is not None:
        return _items(args, *kind)
    if args.modality != "image" and is_table(args.data):
        given = [f"--{name.replace('_', '-')}" for name in _OF_IMAGES if getattr(args, name) not in _OF_IMAGES[name]]
        if given:
            raise InputError(*(f"{args.data}: is a table, and {name} is for images" for name in given))
        from gansmith.cli.table_inspection import show_table

        return show_table(args.data, parse_table_read(args.read), args.schema, args.json)
    if args.modality != "image" and is_related(args.data, args.schema):
        from gansmith.cli.related_results import inspect_tables

        return inspect_tables(args.data, parse_table_read(args.read), args.schema, args.json)
    if args.schema is not None:
        raise InputError(f"{args.data}: is no table, and --schema is for tables (.csv, .tsv, .xlsx, parquet, Arrow)")
    return show_inspection(
        args.data,
        image_size(args.image_size),
        args.channels,
        args.fit,
        args.strict,
        parse_read(args.read),
        args.sheet,
        args.json,
    )


def _items(args: argparse.Namespace, kind: Kind[Any], why: str) -> int:
    from gansmith.cli.item_inspection import show_items
    from gansmith.cli.reading import parse_item_read

    given = [f"--{name.replace('_', '-')}" for name in _OF_IMAGES if getattr(args, name) not in _OF_IMAGES[name]]
    given += ["--schema"] if args.schema is not None else []
    if given:
        raise InputError(*(f"{args.data}: holds {kind.things}, and {name} can't act on those" for name in given))
    return show_items(kind, args.data, parse_item_read(args.read, kind.options), why, args.json)


COMMAND = Command(
    "inspect",
    "Look at a data set. Images: counts, sizes, channels, classes, unreadable and duplicate images, and how they will "
    "be fitted. A table: what each column is, and why.",
    (
        "gansmith inspect photos/",
        "gansmith inspect photos.zip --image-size 64 --sheet sheet.png",
        "gansmith inspect customers.csv --schema schema.json",
        "gansmith inspect shop/ --schema relations.json    a folder of tables that keys join",
    ),
    _configure,
    _run,
)
