"""Which pictures of two sources belong together: those of one name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from gansmith.data.reader import Reader, UnreadableError, some
from gansmith.errors import InputError

__all__ = ["check_names", "check_shapes", "stem"]

APART = 0.02
"""Most relative difference in proportions of a pair's two pictures: sizes are rounded when pictures are scaled."""


def stem(name: str) -> str:
    """A picture's name without its ending."""
    return str(PurePosixPath(name).with_suffix(""))


def check_names(one: Reader, other: Reader) -> None:
    """Refuse sources whose pictures don't pair up.

    Raises:
        InputError: With a line for each side that has pictures of its own, or names that are there twice.
    """
    names = [[stem(n) for n in reader.names] for reader in (one, other)]
    problems = []
    for reader, mine, theirs in ((one, names[0], names[1]), (other, names[1], names[0])):
        twice = sorted({n for n in mine if mine.count(n) > 1}) if len(set(mine)) < len(mine) else []
        if twice:
            problems.append(f"{reader.path}: several pictures are called {some(twice)}: a pair needs one of each name")
        alone = sorted(set(mine) - set(theirs))
        if alone:
            where = (other if reader is one else one).path
            problems.append(
                f"{reader.path}: {len(alone):,} pictures have no partner in {where}: {some(alone, 5)}; give both sides "
                "equal names, or --task unpaired"
            )
    if problems:
        raise InputError(*problems)


def check_shapes(one: Reader, other: Reader, pairs: Sequence[tuple[int, int]]) -> None:
    """Refuse pairs whose pictures have other proportions: what lies where would not be known. Raises `InputError`."""
    wrong = []
    for i, j in pairs:
        try:
            a, b = one.peek(i), other.peek(j)
        except UnreadableError:
            continue  # left out later, with its reason
        if abs(a.height * b.width - a.width * b.height) > APART * a.height * b.width:
            wrong.append(f"{one.names[i]} ({a.width}x{a.height} and {b.width}x{b.height})")
    if wrong:
        raise InputError(
            f"{one.path}: {len(wrong):,} pairs have pictures of different proportions: {some(wrong, 5)}; cut them alike"
        )
