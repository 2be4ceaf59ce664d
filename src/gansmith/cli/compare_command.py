"""`gansmith compare`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gansmith.cli.options import add_measuring, add_pairs, metric_names
from gansmith.cli.parser import Command

if TYPE_CHECKING:
    from gansmith.run.matched import Matched

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", metavar="MODEL", help="run folders or model folders, two or more")
    parser.add_argument("--data", metavar="DATA", help="images or a table (default: what all the runs were trained on)")
    parser.add_argument(
        "--second", metavar="DATA2", help="of models from images to images: the folder of the wanted domain"
    )
    add_pairs(parser)
    add_measuring(parser)
    parser.add_argument(
        "--target", metavar="COLUMN", help="of tables: judge usefulness by predicting this one (default: as the runs)"
    )
    parser.add_argument(
        "--recipe",
        action="append",
        default=[],
        metavar="file.py",
        help="recipe file of a model whose recipe is not installed; may be repeated",
    )
    parser.add_argument("--out", metavar="PATH", help="report.html: a page with samples and curves; DIR: also as files")


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.reading import read_for
    from gansmith.cli.show import print_json, screen
    from gansmith.run.compare_report import check_out, write_comparison
    from gansmith.run.hardware import set_threads
    from gansmith.run.match import match_models

    set_threads(args.threads)
    if args.out is not None:
        check_out(args.out)
    read = read_for(args.models[0], args.read)
    with screen(quiet=args.json) as listener:
        match = match_models(
            args.models,
            args.data,
            n=args.n,
            seed=args.seed,
            features=args.features,
            metrics=metric_names(args.metrics),
            recipes=args.recipe,
            strict=args.strict,
            target=args.target,
            second=args.second,
            task=args.task,
            read=read,
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


def _show(match: Matched) -> None:
    """The verdicts, the scores, the differences and the runs."""
    from gansmith.cli.diagnoses import folded
    from gansmith.cli.show import print_table
    from gansmith.run.compare_cells import COURSE, course_cells, difference_cells, score_cells

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
    for note in (match.how, *match.notes):
        print("\n".join(folded(f"note: {note}", "    ")))


COMMAND = Command(
    "compare",
    "Compare models on images or rows that none was trained on: which is better, on what, and by more than chance.",
    (
        "gansmith compare runs/a runs/b  # on the data that both were trained on",
        "gansmith compare runs/a runs/b runs/c --data my_images/ --out comparison.html",
        "gansmith compare runs/customers runs/private --target churned    models of one table",
        "gansmith compare runs/cut runs/cyclegan --data horses/ --second zebras/",
        "gansmith compare runs/wavegan runs/specgan    models of sounds, or of any other kind",
        "gansmith compare runs/a runs/b --metrics coverage,kernel -n 10k --json",
    ),
    _configure,
    _run,
)
