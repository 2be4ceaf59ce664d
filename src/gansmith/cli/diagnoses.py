"""Diagnoses as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from gansmith.health import Diagnosis

__all__ = ["MARKS", "folded", "spoken"]

MARKS = {"well": "ok ", "watch": " ! ", "sick": "BAD"}
WIDTH = 110


def spoken(diagnoses: Sequence[Diagnosis], brief: bool = False) -> Iterator[str]:
    """Lines for people.

    Args:
        diagnoses: The most serious first.
        brief: What is so and what shows it, without remedies.
    """
    for diagnosis in diagnoses:
        since = f", since about {diagnosis.since:,} samples" if diagnosis.since and diagnosis.level != "well" else ""
        sure = f" ({diagnosis.confidence:.0%} sure{since})" if diagnosis.level != "well" else ""
        yield from folded(f"{MARKS[diagnosis.level]} {diagnosis.name}{sure}: {diagnosis.meaning}", "    ")
        for evidence in diagnosis.evidence:
            yield from folded(f"    - {evidence.text}", "      ")
        if not brief:
            for number, remedy in enumerate(diagnosis.remedies, 1):
                head = "what helps:" if number == 1 else " " * 11
                yield from folded(f"    {head} {number}. {remedy.text}", " " * 19)


def folded(text: str, indent: str) -> list[str]:
    """A text in lines of a terminal's width, indented from the second on."""
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent)
