"""`gansmith compare`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gansmith.cli.options import add_measuring, metric_names
from gansmith.cli.parser import Command

if TYPE_CHECKING:
    from gansmith.run.compare import Match

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", metavar="MODEL", help="run folders or model folders, two or more")
    parser.add_argument("--data", metavar="DATA", help="images (default: those that all the runs were trained on)")
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
        match = compare(
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
        "gansmith compare runs/a runs/b --metrics coverage,kernel -n 10k --json",
    ),
    _configure,
    _run,
)
