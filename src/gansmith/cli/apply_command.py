"""`gansmith apply`."""

from __future__ import annotations

import argparse

from gansmith.cli.options import add_json, add_read
from gansmith.cli.parser import Command, positive

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="model folder, or run folder (then its best model)")
    parser.add_argument("inputs", nargs="+", metavar="PICTURE|FOLDER", help="pictures of any size, or folders of them")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the made pictures (PNG, same names)")
    parser.add_argument(
        "--mask",
        metavar="PICTURE|FOLDER",
        help="what is missing, white on black: one for all, or one of the same name for each (default: what is "
        "transparent); for models that fill holes",
    )
    parser.add_argument("--reverse", action="store_true", help="from the wanted domain back (cyclegan)")
    parser.add_argument(
        "--tile",
        type=positive,
        metavar="N",
        help="side in pixels of the parts that a picture is made in: less memory (default: by the model)",
    )
    parser.add_argument("--recipe", metavar="file.py", help="recipe file of a model whose recipe is not installed")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: one a core)")
    add_read(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.apps.photos import apply_files
    from gansmith.cli.reading import parse_read
    from gansmith.cli.show import print_json, screen
    from gansmith.errors import InputError
    from gansmith.run.hardware import set_threads
    from gansmith.run.load import load_translator

    set_threads(args.threads)
    options = parse_read(args.read)
    model = load_translator(args.model, args.recipe)
    done = []
    with screen(quiet=args.json) as listener:

        def tick(share: float) -> None:
            listener({"event": "progress", "task": "applying", "share": share})

        more = {"mask": args.mask, "reverse": args.reverse, "tile": args.tile, "options": options}
        for file in apply_files(model, args.inputs, args.out, tick=tick, **more):
            done.append(file)
            if file.problem:
                listener.say(f"gansmith: {file.source}: {file.problem}")
            for note in file.notes:
                listener.say(f"note: {file.source}: {note}")
    bad = [file for file in done if file.problem]
    if len(bad) == len(done):
        told = [f"{file.source}: {file.problem}" for file in bad] if args.json else []  # else they were told above
        raise InputError(*told, "nothing was made")
    if args.json:
        rows = [
            {"source": str(f.source), "made": f.made and str(f.made), "problem": f.problem, "notes": f.notes}
            for f in done
        ]
        print_json({"files": rows, "made": len(done) - len(bad), "failed": len(bad)})
    else:
        for file in done:
            if file.made is not None:
                print(file.made)
    return 1 if bad else 0


COMMAND = Command(
    "apply",
    "Translate, enlarge, mend or restyle pictures of any size with a model trained from images to images.",
    (
        "gansmith apply runs/zebras horse.jpg --out made/",
        "gansmith apply runs/zebras zebras/ --reverse --out horses/     the other way, with cyclegan",
        "gansmith apply runs/sharp photos/ --out large/ --tile 128      less memory",
        "gansmith apply runs/mend torn.jpg --mask holes.png --out mended/",
    ),
    _configure,
    _run,
)
