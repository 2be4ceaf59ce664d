"""`gansmith doctor`."""

from __future__ import annotations

import argparse

from gansmith.cli.options import add_json
from gansmith.cli.parser import Command

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run",
        metavar="RUN",
        help="run folder (finished, broken off, or training now), or a log of events .jsonl",
    )
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.diagnoses import spoken
    from gansmith.cli.show import print_json
    from gansmith.health import diagnose
    from gansmith.run.history import history_at

    history = history_at(args.run)
    found = diagnose(history)
    if args.json:
        diagnoses = [d.to_json() for d in found]
        print_json({"run": args.run, "finished": history.finished, "diagnoses": diagnoses})
    else:
        seen = max((series.samples[-1] for series in history.signals.values() if series), default=0)
        print(
            f"{args.run}: {seen:,} of {history.total or seen:,} samples{'' if history.finished else ', not finished'}"
        )
        for line in spoken(found):
            print(line)
    return 1 if any(d.level == "sick" for d in found) else 0


COMMAND = Command(
    "doctor",
    "Say what is wrong with a run, what shows it, and what helps. Exit code 1 where something is.",
    ("gansmith doctor runs/demo", "gansmith doctor runs/photos --json", "gansmith doctor other/events.jsonl"),
    _configure,
    _run,
)
