"""`gansmith doctor`."""

from __future__ import annotations

import argparse
from pathlib import Path

from gansmith.cli.options import add_json
from gansmith.cli.parser import Command
from gansmith.errors import InputError

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run",
        metavar="RUN",
        nargs="?",
        help="run folder (finished, broken off, or training now), or a log of events .jsonl",
    )
    parser.add_argument("--self", action="store_true", help="examine this machine and installation instead of a run")
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    if args.self == (args.run is not None):
        raise InputError("doctor: give a run folder, or --self for this machine")
    return _machine(args.json) if args.self else _history(args.run, args.json)


def _history(run: str, as_json: bool) -> int:
    from gansmith.cli.diagnoses import spoken
    from gansmith.cli.show import print_json
    from gansmith.health import diagnose
    from gansmith.run.history import history_at

    several = Path(run) / "tables"
    if several.is_dir() and not (Path(run) / "events.jsonl").is_file():
        listed = ", ".join(str(place) for place in sorted(several.iterdir()))
        raise InputError(f"{run} is a run on several tables, each with a history of its own: give one of {listed}")
    history = history_at(run)
    found = diagnose(history)
    if as_json:
        diagnoses = [d.to_json() for d in found]
        print_json({"run": run, "finished": history.finished, "treated": history.treated, "diagnoses": diagnoses})
    else:
        seen = max((series.samples[-1] for series in history.signals.values() if series), default=0)
        state = "" if history.finished else ", not finished"
        print(f"{run}: {seen:,} of {history.total or seen:,} samples{state}")
        for line in history.treated:
            print(f"    autopilot, for {line}")
        for line in spoken(found):
            print(line)
    return int(any(d.level == "sick" for d in found))


def _machine(as_json: bool) -> int:
    from gansmith.cli.diagnoses import MARKS
    from gansmith.cli.show import print_json
    from gansmith.run.environment import environment

    checks = environment(Path("runs"))
    if as_json:
        print_json({"checks": [check.to_json() for check in checks]})
    else:
        for check in checks:
            print(f"{MARKS[check.level]} {check.name}: {check.text}" + (f" ({check.mend})" if check.mend else ""))
    return int(any(check.level == "sick" for check in checks))


COMMAND = Command(
    "doctor",
    "Say what is wrong with a run, what shows it, and what helps. Exit code 1 where something is.",
    (
        "gansmith doctor runs/demo",
        "gansmith doctor runs/photos --json",
        "gansmith doctor other/events.jsonl",
        "gansmith doctor --self",
    ),
    _configure,
    _run,
)
