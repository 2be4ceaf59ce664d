"""Reading `--read name=value`; apart from the other options because it imports the data layer."""

from __future__ import annotations

from dataclasses import fields

from gansmith.data.reader import ReadOptions
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError, nearest

__all__ = ["parse_read", "parse_table_read"]


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


def parse_table_read(words: list[str]) -> TableOptions:
    """`delimiter=;` words; `tab` names that character, and commas part the spellings of `missing`."""
    known = [field.name for field in fields(TableOptions)]
    problems, found = [], {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not value:
            problems.append(f"--read {word!r}: write name=value, e.g. --read encoding=cp1252")
        elif name not in known:
            problems.append(f"--read has no option {name!r} for tables{nearest(name, known)}")
        elif name == "header" and value not in ("yes", "no"):
            problems.append(f"--read {word}: should be yes or no")
        else:
            found[name] = value
    if problems:
        raise InputError(*problems)
    header = found.get("header")
    return TableOptions(
        delimiter="\t" if found.get("delimiter") in ("tab", "\\t") else found.get("delimiter"),
        encoding=found.get("encoding"),
        header=None if header is None else header == "yes",
        sheet=found.get("sheet"),
        missing=tuple(found["missing"].split(",")) if "missing" in found else (),
    )
