"""`gansmith interpolate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from gansmith.cli.latent_options import add_model, add_truncation, add_where, load_model, truncation_of
from gansmith.cli.options import parse_where
from gansmith.cli.parser import Command, positive
from gansmith.errors import InputError

__all__ = ["COMMAND"]

STRIP, FILM = 9, 40
"""Pictures from one point to the next: in a strip, in an animation."""

FPS = 20.0


def _configure(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--out", required=True, metavar="PATH", help="a .png (a strip), a .gif, .webp or .apng, or a folder of frames"
    )
    parser.add_argument(
        "--from",
        dest="start",
        default="0",
        metavar="SEED|IMAGE",
        help="7: the first sample of seed 7; 7:12: its sample 12; an image, for recipes with an encoder (default: 0)",
    )
    parser.add_argument("--via", action="append", default=[], metavar="SEED|IMAGE", help="a stop; may be repeated")
    parser.add_argument(
        "--to", metavar="SEED|IMAGE", help="the end (default: 1; with --where-to the start, as another class)"
    )
    parser.add_argument(
        "--steps", type=positive, metavar="N", help=f"pictures between two stops (default: {STRIP}; moving: {FILM})"
    )
    add_where(parser, "which class; repeated: one for each stop (default: those that the seeds have)")
    parser.add_argument("--where-to", action="append", default=[], metavar="label=NAME", help="which class at the end")
    parser.add_argument("--space", choices=("z", "w"), help="arcs in the noise or lines in the styles (default: w)")
    parser.add_argument("--loop", action="store_true", help="go back to the start: an animation without a seam")
    parser.add_argument("--fps", type=float, help="frames a second of an animation (default: 20)")
    add_truncation(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.apps.film import FILMS, is_film, write_film
    from gansmith.apps.interpolation import count_frames, interpolate
    from gansmith.cli.show import screen

    if args.fps is not None and Path(args.out).suffix.lower() not in FILMS:
        raise InputError("--fps goes with an animation: give --out a name that ends in .gif, .webp or .apng")
    truncation = truncation_of(args)
    model = load_model(args)
    where_to = parse_where(args.where_to)
    end = args.to or (args.start if where_to else "1")
    names = [args.start, *args.via, end]
    steps = args.steps or (FILM if is_film(args.out) else STRIP)
    frames = interpolate(model, names, steps, parse_where(args.where), where_to, args.space, args.loop, truncation)
    with screen() as listener:
        path = write_film(
            frames,
            count_frames(len(names) - 1 + args.loop, steps, args.loop),
            args.out,
            FPS if args.fps is None else args.fps,
            model.codec.frame.value_range,
            tick=lambda share: listener({"event": "progress", "task": "drawing", "share": share}),
        )
    print(path)
    return 0


COMMAND = Command(
    "interpolate",
    "Move through what a model makes: from sample to sample, from class to class, from image to image.",
    (
        "gansmith interpolate runs/demo --from 3 --to 8 --out strip.png",
        "gansmith interpolate runs/demo --from 3 --where label=Bag --where-to label=Coat --out strip.png",
        "gansmith interpolate runs/demo --from 0 --via 1 --via 2 --to 3 --loop --out clip.gif",
        "gansmith interpolate runs/faces --from me.jpg --to you.jpg --steps 120 --out frames/  recipes with an encoder",
    ),
    _configure,
    _run,
)
