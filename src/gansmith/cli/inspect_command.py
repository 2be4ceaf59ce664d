"""`gansmith inspect`."""

from __future__ import annotations

import argparse

from gansmith.cli.options import add_data_options, add_json, image_size
from gansmith.cli.parser import Command

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", metavar="DATA", help="folder, zip, .npz, .npy, parquet or Arrow of images")
    parser.add_argument("--sheet", metavar="FILE.png", help="write a contact sheet: a few images of each class")
    add_data_options(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.inspection import show_inspection
    from gansmith.cli.reading import parse_read

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


COMMAND = Command(
    "inspect",
    "Look at a data set: counts, sizes, channels, classes, unreadable and duplicate images, and how it will be fitted.",
    ("gansmith inspect photos/", "gansmith inspect photos.zip --image-size 64 --sheet sheet.png"),
    _configure,
    _run,
)
