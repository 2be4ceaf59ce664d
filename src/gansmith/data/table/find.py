"""What each column of a table is, found from its values and its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from gansmith.data.reader import natural
from gansmith.data.table.arrow import arrow_compute
from gansmith.data.table.evidence import Evidence, Misfit
from gansmith.data.table.find_numbers import Readable, number_column, read_numbers, read_times, time_column
from gansmith.data.table.identifiers import find_identifier, identifier_pattern, named_key
from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.personal import find_personal
from gansmith.data.table.profile import TableProfile
from gansmith.data.table.schema import (
    BooleanColumn,
    CategoryColumn,
    Column,
    ConstantColumn,
    IdentifierColumn,
    NumberColumn,
    PersonalColumn,
    Schema,
    TextColumn,
)
from gansmith.data.table.time_format import TimeFormat
from gansmith.errors import InputError

__all__ = ["boolean_column", "category_column", "find_column", "find_schema", "say_misfit"]

_PAIRS = (
    ("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("0", "1"), ("0.0", "1.0"), ("off", "on"), ("nein", "ja"),
    ("nej", "ja"), ("nee", "ja"), ("non", "oui"), ("no", "si"), ("no", "sí"), ("no", "sì"), ("não", "sim"),
    ("nie", "tak"),    ("нет", "да"), ("falsch", "wahr"), ("faux", "vrai"), ("falso", "vero"), ("falso", "verdadero"),
)  # fmt: skip
_CODE_NAME = re.compile(
    r"(.*[ _\-.])?(code|class|type|category|cat|grade|group|status|level|zip|postal|plz|sex|gender|race|region|flag|"
    r"education|marriage|marital|pclass|cluster|segment|rating|rate)(s|[ _\-.].*)?$",
    re.IGNORECASE,
)
_AMOUNT_NAME = re.compile(r"num|count|years|total|amount", re.IGNORECASE)
_FEW = 20
_CODES = 10


@dataclass(frozen=True)
class Found:
    """A column, and sentences that the user should read."""

    column: Column
    warnings: tuple[str, ...] = ()


def find_schema(profile: TableProfile, missing: tuple[str, ...] = ()) -> tuple[Schema, tuple[str, ...]]:
    """What every column is, and warnings.

    Args:
        profile: The values of the table.
        missing: Spellings of a missing value beyond the usual ones.

    Raises:
        InputError: For infinite and for far too long numbers, in all columns at once.
    """
    found, problems = [], []
    for column in profile.columns:
        try:
            found.append(find_column(Evidence.of(column, more=missing)))
        except InputError as error:
            problems += [f"{profile.name}: {problem}" for problem in error.problems]
    if problems:
        raise InputError(*problems)
    return Schema(columns=tuple(f.column for f in found)), tuple(w for f in found for w in f.warnings)


def find_column(found: Evidence) -> Found:
    """What one column is. Raises `InputError` as `find_schema` does."""
    if not len(found.text):
        return Found(ConstantColumn(kind="constant", value=None, reason="every value is missing", **found.common))
    if len(found.text) == 1 and found.complete and not found.absent:
        return Found(
            ConstantColumn(
                kind="constant", value=found.text[0].as_py(), reason="one value in every row", **found.common
            )
        )
    boolean = boolean_column(found)
    if boolean is not None:
        return Found(boolean)
    personal = find_personal(found)
    if personal is not None:
        what, why = personal
        told = (f"column {found.name!r} holds personal data ({what}: {why}): not learnt, and replaced by inventions",)
        return Found(PersonalColumn(kind="personal", what=what, reason=why, **found.common), told)
    return _numbers(found) or _times(found) or _words(found)


def _numbers(found: Evidence) -> Found | None:
    read = read_numbers(found)
    if read is None:
        return None
    if read.codes:
        return _words(found, "digits with leading zeros are a code, no number")
    if read.misfit is not None:
        times = read_times(found)
        if times is not None and times.misfit is None:
            return Found(time_column(times))
        return _words(found, "types mix", read.misfit, "numbers")
    dates = read_times(found) if _eight_digits(read.values) else None
    if dates is not None and dates.misfit is None:
        return Found(time_column(dates))
    evidence = read.found
    key = _counts_rows(evidence, read.values)
    if key is not None:
        return Found(_identifier(evidence, key))
    column = number_column(read)
    if column is None:
        return _words(evidence, "whole numbers too large to be exact")
    code = _is_code(evidence, column)
    return Found(category_column(evidence, code)) if code else Found(column, _respelt(read, column.format))


def _eight_digits(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    return bool((values >= 19_000_101).all() and (values <= 21_001_231).all())


def _counts_rows(found: Evidence, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str | None:
    """Why whole numbers are keys; None if they are not."""
    if found.absent or not found.unique or len(values) < 3 or (values != np.rint(values)).any():
        return None
    named = named_key(found.name)
    low, high = min(values.min(), found.profile.low), max(values.max(), found.profile.high)
    dense = high - low == found.rows - 1
    if dense and (named or (low in (0, 1) and found.rows >= _FEW)):
        return f"counts the rows from {low:.0f} to {high:.0f}"
    return "every number is there once, and the column's name" if named else None


def _is_code(found: Evidence, column: NumberColumn) -> str:
    """Why whole numbers are codes of categories; empty if they are not."""
    many = len(found.text)
    if column.kind != "integer" or not found.complete or many > _FEW or found.present < 10 * many:
        return ""
    if _CODE_NAME.match(found.name) and not _AMOUNT_NAME.search(found.name):
        return f"{many} whole numbers, and the column's name says that they are codes"
    if column.low == 1 and column.high == many and many <= _CODES:
        return f"the numbers 1 to {many}, which may be codes"
    return f"2 different numbers, {found.text[0].as_py()} and {found.text[1].as_py()}" if many == 2 else ""


def _times(found: Evidence) -> Found | None:
    read = read_times(found)
    if read is None:
        return None
    if read.misfit is not None:
        return _words(found, "types mix", read.misfit, "dates or times")
    column = time_column(read)
    doubt = read.format.doubt  # type: ignore[union-attr]
    respelt = _respelt(read, column.format)
    if not doubt:
        return Found(column, respelt)
    told = f"column {found.name!r}: read as {column.format.format}, but the values fit {doubt} too"
    return Found(column, (f"{told}: correct the format in the schema if that is meant", *respelt))


def _respelt(read: Readable, format: NumberFormat | TimeFormat) -> tuple[str, ...]:
    """A warning on values that the format writes otherwise than they are spelt, such as `1.50` among `2.5`."""
    values: Any = read.values if isinstance(format, NumberFormat) else read.values.astype(np.int64)
    other = arrow_compute().not_equal(format.write(values), read.found.text).to_numpy(zero_copy_only=False)
    if not other.any():
        return ()
    at = int(np.flatnonzero(other)[0])
    pair = f"{read.found.text[at].as_py()!r} as {format.write(values[at : at + 1])[0].as_py()!r}"
    many = int(read.found.counts[other].sum())
    values_are = "value is" if many == 1 else "values are"
    return (f"column {read.found.name!r}: {many:,} {values_are} spelt unlike the others: written anew ({pair})",)


def _words(found: Evidence, why: str = "", misfit: Misfit | None = None, most: str = "") -> Found:
    """A column of text: keys, categories, or free text."""
    warnings: list[str] = []
    key = None if misfit is not None else find_identifier(found)
    if key is not None:
        return Found(_identifier(found, key))
    few = found.complete and (found.variety <= 0.5 or len(found.text) <= _FEW)
    prose = found.variety > 0.2 and len(found.text) > _FEW and _words_in(found) >= 5
    if misfit is not None and not (len(found.text) <= _FEW and misfit.count >= 0.01 * found.present):
        becomes = "a category" if few and not prose else "text, which is left out"
        warnings.append(
            f"column {found.name!r}: types mix: mostly {most}, but {say_misfit(found, misfit)}; it is taken "
            f"as {becomes}. "
            "Mend the values, or name them as missing ones"
        )
    if few and not prose:
        return Found(category_column(found, why), tuple(warnings))
    if not warnings:
        told = "free text" if _words_in(found) >= 3 else "nearly as many different values as rows, and is no key"
        warnings.append(f"column {found.name!r} holds {told}: it is not learnt and left out")
    what = f"{len(found.text):,} different values" if found.complete else "more than 100,000 different values"
    reason = ", ".join(w for w in (why, f"{what} in {found.present:,} rows") if w)
    return Found(
        TextColumn(kind="text", reason=reason, **found.common),
        tuple(warnings),
    )


def _words_in(found: Evidence) -> float:
    """Words in a value, on average over the first ones."""
    values = found.text.slice(0, 500).to_pylist()
    return sum(len(v.split()) for v in values) / len(values)


def _identifier(found: Evidence, why: str) -> IdentifierColumn:
    return IdentifierColumn(kind="identifier", reason=why, pattern=identifier_pattern(found), **found.common)


def boolean_column(found: Evidence) -> BooleanColumn | None:
    """A column of a known pair of spellings; None if it has other values."""
    if not found.complete or not 2 <= len(found.text) <= 3:
        return None
    values = found.text.to_pylist()
    if len(values) == 3:
        odd = np.array([not any(v.casefold() in pair for pair in _PAIRS) for v in values])
        rest = found.without(odd) if odd.sum() == 1 else None
        return boolean_column(rest) if rest is not None else None
    low = [v.strip().casefold() for v in values]
    pair = next((p for p in _PAIRS if set(p) == set(low)), None)
    if pair is None:
        return None
    no, yes = (values[low.index(p)] for p in pair)
    return BooleanColumn(kind="boolean", reason=f"the values {no} and {yes}", values=(no, yes), **found.common)


def category_column(found: Evidence, why: str = "") -> CategoryColumn:
    """A column of categories, in natural order."""
    values = tuple(sorted(found.text.to_pylist(), key=natural))
    reason = why or f"{len(values):,} different value{'' if len(values) == 1 else 's'} in {found.present:,} rows"
    return CategoryColumn(kind="category", reason=reason, values=values, **found.common)


def say_misfit(found: Evidence, misfit: Misfit) -> str:
    """Values that contradict a kind, with their places: `29 other values ('abc' in line 17)`."""
    places = found.profile.places(misfit.rows)
    told = ", ".join(f"{v[:30]!r} in {p}" for v, p in zip(misfit.values, places, strict=True))
    return f"{misfit.count:,} other value{'' if misfit.count == 1 else 's'} ({told})"
