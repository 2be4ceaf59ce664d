"""Reading `--read name=value`; apart from the other options because it imports the data layer."""

from __future__ import annotations

from dataclasses import fields

from gansmith.data.reader import ReadOptions
from gansmith.errors import InputError, nearest

__all__ = ["parse_read"]


def parse_read(words: list[str]) -> ReadOptions:
    """`layout=nhwc` words."""
    known = {field.name: field.default for field in fields(ReadOptions)}
    problems, found = [], {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not value:
            problems.append(f"--read {word!r}: write name=value, e.g. --read layout=nhwc")
        elif name not in known:
            problems.append(f"--read has no option {name!r}{nearest(name, known)}")
        elif isinstance(known[name], int) and not value.isdigit():
            problems.append(f"--read {word}: should be a whole number")
        else:
            found[name] = int(value) if isinstance(known[name], int) else value
    if problems:
        raise InputError(*problems)
    return ReadOptions(**found)  # type: ignore[arg-type]
