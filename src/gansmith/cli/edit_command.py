"""`gansmith edit`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from gansmith.cli.latent_options import add_model, add_truncation, add_where, load_model, truncation_of
from gansmith.cli.options import add_json, parse_where
from gansmith.cli.parser import Command, positive, seed
from gansmith.errors import InputError

__all__ = ["COMMAND"]

SHOWN = 8
"""Directions that are looked for."""


def _configure(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    add_where(parser, "which class; repeated: taken in turn")
    parser.add_argument(
        "--seed",
        metavar="SEED",
        help="of the samples; on a sheet also 7:12, sample 12 of seed 7, or an image, for recipes with an encoder",
    )
    parser.add_argument("--out", metavar="PATH", help="the sheet (.png); edited samples: as gansmith sample --out")
    add_truncation(parser)
    find = parser.add_argument_group("finding directions")
    find.add_argument(
        "--directions",
        choices=("sefa", "pca", "labels"),
        help="sefa: of the weights; pca: of the styles; labels: of --data, or towards the model's own classes",
    )
    find.add_argument("--show", type=positive, metavar="N", help="how many (default: 8)")
    find.add_argument("--layers", help="of styles: coarse, middle, fine, 0-3 (default: all)")
    find.add_argument("--data", metavar="DATA", help="labelled images of what the model makes, for labels")
    find.add_argument("--save", metavar="FILE.npz", help="keep the directions")
    add_json(parser)
    edit = parser.add_argument_group("editing along them")
    edit.add_argument("--apply", metavar="FILE.npz", help="directions that were saved")
    edit.add_argument("--direction", metavar="N|NAME", help="which one; without, all of them on a sheet")
    edit.add_argument("--strength", type=float, metavar="X", help="in standard deviations, e.g. -3 to 3 (default: 2)")
    edit.add_argument("-n", type=positive, metavar="N", help="how many samples (default: 16)")


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.show import screen

    _check(args)
    with screen() as listener:

        def tick(task: str) -> Callable[[float], None]:
            return lambda share: listener({"event": "progress", "task": task, "share": share})

        if args.direction is not None:
            return _samples(args, tick("sampling"))
        return _sheet(args, listener, tick("drawing"))


def _check(args: argparse.Namespace) -> None:
    problems = _way_problems(args)
    if args.data and args.directions != "labels":
        problems.append("--data goes with --directions labels")
    if args.directions == "labels" and args.show is not None:
        problems.append("--show goes with --directions sefa or pca: labels have one direction for each class")
    if args.directions == "labels" and not args.data and args.layers is not None:
        problems.append("--layers goes with --data here: towards the model's own classes no styles are moved")
    if not args.out and not args.save and not args.json:
        problems.append("nothing would be kept: give --out sheet.png, or --save directions.npz")
    elif not args.out:
        problems += [f"{name} goes with --out: it is of the sheet" for name in _given(args, "seed", "truncation")]
    if problems:
        raise InputError(*problems)
    truncation_of(args)


def _way_problems(args: argparse.Namespace) -> list[str]:
    """What is wrong with what is to be done: to find directions, or to use some."""
    problems = []
    if bool(args.directions) == bool(args.apply):
        problems.append("give either --directions METHOD (find some) or --apply FILE.npz (use saved ones)")
    if args.direction is None and (args.strength is not None or args.n is not None):
        problems.append("--strength and -n go with --direction")
    if args.direction is not None and (not args.apply or not args.out):
        problems.append("--direction goes with --apply FILE.npz and --out")
    if args.apply:
        for_finding = _given(args, "show", "layers", "data", "save", "json")
        problems += [f"{name} goes with --directions, not with --apply" for name in for_finding]
    return problems


def _given(args: argparse.Namespace, *names: str) -> list[str]:
    """Those of these options that were given."""
    return [f"--{name}" for name in names if getattr(args, name) not in (None, False)]


def _sheet(args: argparse.Namespace, listener: Callable[..., None], tick: Callable[[float], None]) -> int:
    from pathlib import Path

    from gansmith.apps.directions import Directions, check_file
    from gansmith.apps.find import find_directions
    from gansmith.apps.sheets import check_picture, direction_sheet
    from gansmith.cli.show import print_json
    from gansmith.run.pictures import save_png

    if args.out:
        check_picture(args.out)
    if args.save:
        check_file(args.save)
    model, where = load_model(args), parse_where(args.where)
    if args.apply:
        found = Directions.load(args.apply)
    else:
        show, layers = args.show or SHOWN, args.layers or "all"
        found = find_directions(model, args.directions, show, layers, where, args.data, listener=listener)
    sheet = direction_sheet(model, found, args.seed or 0, None, where, truncation_of(args), tick) if args.out else None
    if args.save:  # after the sheet: what is wrong with its options is told before anything is written
        found.save(args.save)
    if sheet is not None:
        save_png(sheet, Path(args.out))
    if args.json:
        print_json(
            {
                "method": found.method,
                "layers": list(found.layers),
                "directions": [
                    {"number": i, "name": name, "scale": float(found.scales[i]), "rank": float(found.ranks[i])}
                    for i, name in enumerate(found.names)
                ],
            }
        )
    else:
        print("\n".join(path for path in (args.save, args.out) if path))
    return 0


def _samples(args: argparse.Namespace, tick: Callable[[float], None]) -> int:
    from gansmith.apps.directions import Directions
    from gansmith.run.write_samples import write_samples

    try:
        root = seed(args.seed or "0")
    except argparse.ArgumentTypeError as error:
        raise InputError(f"--seed {error} where samples are edited") from None
    model = load_model(args)
    edited = Directions.load(args.apply).edit(model, args.direction, 2.0 if args.strength is None else args.strength)
    count = 16 if args.n is None else args.n
    path = write_samples(edited, count, args.out, parse_where(args.where), root, truncation_of(args), tick=tick)
    print(path)
    return 0


COMMAND = Command(
    "edit",
    "Find directions along which one thing changes, look at them, and edit samples along them.",
    (
        "gansmith edit runs/demo --directions sefa --show 8 --out sheet.png --save directions.npz",
        "gansmith edit runs/demo --directions pca --where label=Bag --seed 7 --out sheet.png",
        "gansmith edit runs/demo --directions labels --out classes.png    towards each of the model's classes",
        "gansmith edit runs/faces --directions labels --data smiles/ --layers middle --out sheet.png --save smile.npz",
        "gansmith edit runs/demo --apply directions.npz --direction 3 --strength 2 -n 16 --out edited.png",
    ),
    _configure,
    _run,
)
