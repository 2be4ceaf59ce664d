"""`gansmith report`."""

from __future__ import annotations

import argparse

from gansmith.cli.parser import Command

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="run folder, finished or not")


def _run(args: argparse.Namespace) -> int:
    from gansmith.run.files import read_json
    from gansmith.run.folder import RunFolder
    from gansmith.run.related_report import write_related_report
    from gansmith.run.report import write_report

    folder = RunFolder.existing(args.run)
    record = read_json(folder.record)
    several = "tables" in record.get("data", {})
    print(write_related_report(folder, record) if several else write_report(folder))
    return 0


COMMAND = Command(
    "report",
    "Write a run's HTML report again: one file that needs nothing else.",
    ("gansmith report runs/demo",),
    _configure,
    _run,
)
