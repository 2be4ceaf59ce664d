"""`gansmith compare`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gansmith.cli.options import add_measuring, add_pairs, metric_names
from gansmith.cli.parser import Command
from gansmith.errors import InputError

if TYPE_CHECKING:
    from gansmith.run.compare import Match
    from gansmith.run.log import Listener

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", metavar="MODEL", help="run folders or model folders, two or more")
    parser.add_argument("--data", metavar="DATA", help="images (default: those that all the runs were trained on)")
    parser.add_argument(
        "--second", metavar="DATA2", help="of models from images to images: the folder of the wanted domain"
    )
    add_pairs(parser)
    add_measuring(parser)
    parser.add_argument(
        "--recipe",
        action="append",
        default=[],
        metavar="file.py",
        help="recipe file of a model whose recipe is not installed; may be repeated",
    )
    parser.add_argument("--out", metavar="PATH", help="report.html: a page with samples and curves; DIR: also as files")


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.reading import parse_read
    from gansmith.cli.show import print_json, screen
    from gansmith.run.compare import compare
    from gansmith.run.compare_report import check_out, write_comparison
    from gansmith.run.hardware import set_threads

    set_threads(args.threads)
    if args.out is not None:
        check_out(args.out)
    with screen(quiet=args.json) as listener:
        match = _translators(args, listener) or compare(
            args.models,
            args.data,
            n=args.n,
            seed=args.seed,
            features=args.features,
            metrics=metric_names(args.metrics),
            recipes=args.recipe,
            strict=args.strict,
            read=parse_read(args.read),
            listener=listener,
        )
        page = write_comparison(match, args.out, args.seed) if args.out is not None else None
    if args.json:
        print_json({**match.to_json(), "report": None if page is None else str(page)})
        return 0
    _show(match)
    if page is not None:
        print(f"\nreport:  {page}")
    return 0


def _translators(args: argparse.Namespace, listener: Listener) -> Match | None:
    """The comparison of models from images to images; None for others."""
    from gansmith.cli.reading import parse_read
    from gansmith.run.assess_pictures import Pictures
    from gansmith.run.compare_pictures import compare_pictures
    from gansmith.run.load import is_translator

    if not is_translator(args.models[0]):
        if args.second is not None or args.task is not None:
            raise InputError(f"{args.models[0]} is not from images to images, and --second and --task are for those")
        return None
    if args.data is None and (args.second is not None or args.task is not None):
        raise InputError("--second and --task say more of --data: give that, too")
    read = parse_read(args.read)
    return compare_pictures(
        args.models,
        None if args.data is None else Pictures(args.data, args.second, args.task, args.strict, read),
        seed=args.seed,
        features=args.features,
        metrics=metric_names(args.metrics),
        recipes=args.recipe,
        listener=listener,
    )


def _show(match: Match) -> None:
    """The verdicts, the scores, the differences and the runs."""
    from gansmith.cli.diagnoses import folded
    from gansmith.cli.show import print_table
    from gansmith.run.compare_cells import COURSE, course_cells, difference_cells, how_measured, score_cells

    for line in match.comparison.verdicts():
        print("\n".join(folded(line, "    ")))
    print()
    print_table(*score_cells(match.comparison))
    print("(*: the best; =: can't be told from it)\n")
    print_table(*difference_cells(match.comparison))
    if match.courses:
        print()
        print_table(list(COURSE), [course_cells(name, course) for name, course in match.courses.items()])
    print()
    for name, why in match.comparison.skipped.items():
        print(f"{name} was not compared: {why}")
    for note in (how_measured(match), *match.notes):
        print("\n".join(folded(f"note: {note}", "    ")))


COMMAND = Command(
    "compare",
    "Compare models on images that none of them was trained on: which is better, on what, and by more than chance.",
    (
        "gansmith compare runs/a runs/b  # on the data that both were trained on",
        "gansmith compare runs/a runs/b runs/c --data my_images/ --out comparison.html",
        "gansmith compare runs/cut runs/cyclegan --data horses/ --second zebras/",
        "gansmith compare runs/a runs/b --metrics coverage,kernel -n 10k --json",
    ),
    _configure,
    _run,
)
