"""`gansmith apply`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gansmith.cli.options import add_json, add_read
from gansmith.cli.parser import Command, positive

if TYPE_CHECKING:
    from gansmith.apps.places import Done
    from gansmith.data.reader import ReadOptions
    from gansmith.run.translation_model import TranslationModel

__all__ = ["COMMAND"]

Tick = Callable[[float], None]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="model folder, or run folder (then its best model)")
    parser.add_argument(
        "inputs", nargs="+", metavar="FILE|FOLDER", help="pictures of any size, or sounds, or folders of them"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of what is made (PNG or WAV, same names)")
    parser.add_argument(
        "--mask",
        metavar="PICTURE|FOLDER",
        help="what is missing, white on black: one for all, or one of the same name for each (default: what is "
        "transparent); for models that fill holes",
    )
    parser.add_argument(
        "--to", metavar="LABEL", help="the wanted domain, of models that know several (stargan); all: a folder for each"
    )
    parser.add_argument(
        "--style", metavar="PICTURE", help="an example of the wanted style, of models that take one (adain)"
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


def _pictures(args: argparse.Namespace) -> Callable[[Tick], Iterator[Done]]:
    from gansmith.apps.photos import apply_files, styled_by
    from gansmith.cli.reading import parse_read
    from gansmith.run.load import load_translator

    options = parse_read(args.read)
    more = {"mask": args.mask, "reverse": args.reverse, "tile": args.tile, "options": options}
    model = load_translator(args.model, args.recipe)
    if model.modalities:
        return _cases(args, model, options)
    model = model if args.style is None else styled_by(model, args.style, options)
    models = _toward(model, args.to, args.out)

    def files(tick: Tick) -> Iterator[Done]:
        for at, (out, to) in enumerate(models.items()):

            def part(share: float, at: int = at) -> None:
                tick((at + share) / len(models))

            yield from apply_files(to, args.inputs, out, tick=part, **more)

    return files


def _cases(args: argparse.Namespace, model: TranslationModel, options: ReadOptions) -> Callable[[Tick], Iterator[Done]]:
    from gansmith.apps.cases import complete_files
    from gansmith.errors import InputError

    asked = {"--mask": args.mask, "--to": args.to, "--style": args.style, "--reverse": args.reverse}
    if wrong := [name for name, value in asked.items() if value]:
        raise InputError(f"{', '.join(wrong)}: not for a model that completes modalities: it makes what files lack")
    if len(args.inputs) > 1:
        raise InputError("give one folder, with a sub-folder for each modality")
    return lambda tick: complete_files(model, args.inputs[0], args.out, tile=args.tile, options=options, tick=tick)


def _toward(model: TranslationModel, to: str | None, out: str) -> dict[Path, TranslationModel]:
    """The model of each folder that is written: one, or with `--to all` one for each domain."""
    if to != "all" or not model.domains or "all" in model.domains:
        return {Path(out): model if to is None else model.toward(to)}
    return {Path(out) / re.sub(r"[^\w .-]", "_", name): model.toward(name) for name in model.domains}


def _sounds(args: argparse.Namespace) -> Callable[[Tick], Iterator[Done]]:
    from gansmith.apps.sounds import apply_sounds
    from gansmith.errors import InputError
    from gansmith.run.kinds._model import KindModel

    asked = {
        "--mask": args.mask,
        "--to": args.to,
        "--style": args.style,
        "--reverse": args.reverse,
        "--tile": args.tile,
        "--read": args.read,
    }
    if wrong := [name for name, value in asked.items() if value]:
        raise InputError(f"{', '.join(wrong)}: for pictures only, and {args.model} is a model of other things")
    model = KindModel.load(args.model, args.recipe)
    return lambda tick: apply_sounds(model, args.inputs, args.out, name=args.model, tick=tick)


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.show import print_json, screen
    from gansmith.errors import InputError
    from gansmith.run.hardware import set_threads
    from gansmith.run.load import holds_items

    set_threads(args.threads)
    files = (_sounds if holds_items(args.model) else _pictures)(args)
    done = []
    with screen(quiet=args.json) as listener:

        def tick(share: float) -> None:
            listener({"event": "progress", "task": "applying", "share": share})

        for file in files(tick):
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
    "Translate, enlarge, mend, complete or restyle pictures of any size; or make sounds again with a vocoder.",
    (
        "gansmith apply runs/zebras horse.jpg --out made/",
        "gansmith apply runs/zebras zebras/ --reverse --out horses/     the other way, with cyclegan",
        "gansmith apply runs/animals cat.jpg --to dog --out dogs/        --to all: a folder for each domain",
        "gansmith apply runs/paintings photos/ --style monet.jpg --out made/",
        "gansmith apply runs/sharp photos/ --out large/ --tile 128      less memory",
        "gansmith apply runs/mend torn.jpg --mask holes.png --out mended/",
        "gansmith apply runs/scans cases/ --out made/                   cases/T1/, cases/T2/: makes what is missing",
        "gansmith apply runs/voice speech.wav bands.npy --out made/    with a vocoder (hifigan)",
    ),
    _configure,
    _run,
)
