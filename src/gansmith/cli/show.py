"""Showing a run's events on a terminal: bars, the discriminator's meter, plain lines where there is no terminal."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

__all__ = ["Screen", "meter", "print_json", "print_table", "screen"]

METER_OVER = 5
"""Ticks whose mean the discriminator's meter shows."""

PLAIN_EVERY = 10
"""Without a terminal, one line for every tenth tick."""

SHOWN = ("kernel", "precision", "recall", "coverage", "accuracy")
"""Scores of an evaluation that have a place on the line."""


class Screen:
    """Shows events on stderr; stdout stays free for results.

    Args:
        console: Where to write.
        progress: The bars; None where there is no terminal.
    """

    def __init__(self, console: Console, progress: Progress | None) -> None:
        self.console, self.progress = console, progress
        self._tasks: dict[str, TaskID] = {}
        self._ticks = 0
        self._status = ""
        self._contests: deque[float] = deque(maxlen=METER_OVER)

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show one event."""
        getattr(self, f"_on_{event['event']}", lambda _: None)(event)

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _on_progress(self, event: Mapping[str, Any]) -> None:
        if self.progress is None:
            return
        name, share = event["task"], event["share"]
        if name not in self._tasks:
            self._tasks[name] = self.progress.add_task(name, total=1.0, status="")
        self.progress.update(self._tasks[name], completed=share, status=self._status if name == "training" else "")
        if share >= 1 and name != "training":
            self.progress.remove_task(self._tasks.pop(name))

    def _on_start(self, event: Mapping[str, Any]) -> None:
        data = event["data"]
        splits = data["splits"]
        self.say(
            f"{data['name']}: {data['items']:,} {data['of']} ({splits['train']:,} train, {splits['val']:,} validation, "
            f"{splits['test']:,} test)" + (f", {len(data['classes'])} classes" if data["classes"] else "")
        )
        for warning in data["warnings"]:
            self.say(f"note: {warning}")
        self.say(f"recipe {event['recipe']}, size {event['size']}, {event['total']:,} samples ({event['budget']})")
        self.say(f"run folder: {event['folder']}")
        self.say(f"again, with every choice spelt out: {event['command']}")

    def _on_resume(self, event: Mapping[str, Any]) -> None:
        self.say(f"going on at {event['samples']:,} of {event['total']:,} samples in {event['folder']}")

    def _on_note(self, event: Mapping[str, Any]) -> None:
        self.say(f"note: {event['text']}")

    def _on_round(self, event: Mapping[str, Any]) -> None:
        values = event["values"]
        losses = " ".join(f"{name} {value:.2f}" for name, value in values.items() if "/" in name)
        if "contest" in values:
            self._contests.append(values["contest"])
        contest = [f"D {meter(sum(self._contests) / len(self._contests))}"] if self._contests else []
        self._status = "  ".join([f"{event['rate']:,.0f}/s", *contest, losses])
        if self.progress is None and self._ticks % PLAIN_EVERY == 0:
            self.say(f"{event['samples']:>10,} samples  {self._status}")
        self._ticks += 1

    def _on_evaluation(self, event: Mapping[str, Any]) -> None:
        scores = "  ".join(f"{name} {event['scores'][name]:.3f}" for name in SHOWN if name in event["scores"])
        self.say(f"{event['samples']:>10,} samples  {scores}{'  (best so far)' if event['best'] else ''}")

    def _on_diagnosis(self, event: Mapping[str, Any]) -> None:
        for name, meaning in zip(event["names"], event["meaning"], strict=True):
            self.say(f"{event['samples']:>10,} samples  {name}: {meaning}")
        if not event["names"]:
            self.say(f"{event['samples']:>10,} samples  nothing is wrong any more")

    def _on_treatment(self, event: Mapping[str, Any]) -> None:
        self.say(f"{event['samples']:>10,} samples  autopilot, for {event['of']}: {event['text']}")


def meter(share: float, width: int = 11) -> str:
    """How often the discriminator is right, with a mark at 50%: `[.....|..o..] 73%`."""
    if not 0 <= share <= 1:  # not measured
        return f"[{'?' * width}]"
    cells = ["·"] * width
    cells[width // 2] = "|"
    cells[min(width - 1, int(share * width))] = "●"
    return f"[{''.join(cells)}] {share:.0%}"


@contextmanager
def screen(quiet: bool = False) -> Iterator[Screen]:
    """A screen on stderr; bars where it is a terminal."""
    console = Console(stderr=True, quiet=quiet)
    if not console.is_terminal or quiet:
        yield Screen(console, None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Screen(console, progress)


def print_json(data: Any) -> None:
    """Results for machines, on stdout."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """Results for people, on stdout: columns that line up in any terminal, and when piped."""
    table = [header, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    sys.stdout.flush()
