"""What goes wrong in a way that the user can mend, and how to say it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

__all__ = ["GansmithError", "InputError", "RunError", "nearest"]


class GansmithError(Exception):
    """An error whose message is meant for the user: one clear line that names the thing and the mend."""

    exit_code = 1


class RunError(GansmithError):
    """A run or a check failed although the input was good (exit code 1)."""


class InputError(GansmithError):
    """The input is bad: a path, an option, a value, a file (exit code 2).

    Attributes:
        problems: Every problem found, one clear line each.
    """

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        self.problems: Sequence[str] = problems
        super().__init__("\n".join(problems))


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a name that is not known: `"; did you mean 'dcgan'?"`, or the known names if none is near."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
