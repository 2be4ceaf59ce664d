"""Number and time columns: format, bounds, and values that stand apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.evidence import Evidence, Misfit
from gansmith.data.table.number_format import EXACT, NumberFormat, guess_number_format
from gansmith.data.table.schema import NumberColumn, Special, TimeColumn
from gansmith.data.table.specials import heavy_tail, values_apart
from gansmith.data.table.time_format import TimeFormat
from gansmith.data.table.time_guess import TimeGuess, guess_time
from gansmith.errors import InputError

__all__ = ["Readable", "number_column", "read_numbers", "read_times", "time_column"]

_LEADING_ZERO = r"^[+-]?0\d+$"
_LONGEST = 400
"""Characters of the longest number that is read; every float has fewer."""
_VAST = 1e300
"""Differences of larger numbers may not fit into a float."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Readable:
    """Values of a column that one format reads.

    Attributes:
        found: The values; further spellings of a missing one have been taken out.
        format: The format of numbers, or the kind and format of times.
        values: Numbers `(D,)`, or ticks.
        misfit: What the format does not read; None if it reads everything.
        codes: Whether some values have leading zeros, so that all are codes and no numbers.
        bad: Which values are not read `(D,)`.
    """

    found: Evidence
    format: NumberFormat | TimeGuess
    values: Floats
    bad: Mask
    misfit: Misfit | None = None
    codes: bool = False


def read_numbers(found: Evidence, format: NumberFormat | None = None) -> Readable | None:
    """Read a column as numbers; None if fewer than half of its values are numbers.

    Raises:
        InputError: For infinite numbers, for numbers beyond 1e300 (differences of them would be infinite), and for
            numbers of more than 400 characters.
    """
    format = format or found.profile.number or guess_number_format(found.text)
    if format is None or not len(found.text):
        return None
    found, values, bad = _read(found, format)
    codes = bool(arrow_compute().any(arrow_compute().match_substring_regex(found.text, _LEADING_ZERO)).as_py())
    _refuse_boundless(found, values)
    return Readable(found, format, values, bad, found.misfit(bad) if bad.any() else None, codes)


def read_times(found: Evidence, guess: TimeGuess | None = None) -> Readable | None:
    """Read a column as dates, times or durations; None if fewer than half of its values are any."""
    guess = guess or found.profile.time or guess_time(found.text, found.name)
    if guess is None or not len(found.text):
        return None
    found, ticks, bad = _read(found, guess.format)
    return Readable(found, guess, ticks.astype(np.float64), bad, found.misfit(bad) if bad.any() else None)


def _read(found: Evidence, format: Any) -> tuple[Evidence, Any, Mask]:
    """Read values; what they do not hold but may mean a missing value is taken out."""
    values, bad = format.read(found.text)
    if bad.any() and not bad.all():
        rest = found.without(bad)
        if rest is not None:
            return rest, values[~bad], bad[~bad]
    return found, values, bad


def _refuse_boundless(found: Evidence, values: Floats) -> None:
    pc = arrow_compute()
    infinite = np.isinf(values)
    vast = (np.abs(values) > _VAST) & ~infinite
    words = pc.match_substring_regex(found.text, r"(?i)^[+-]?inf(inity)?$").to_numpy(zero_copy_only=False)
    long = (pc.utf8_length(found.text).to_numpy() > _LONGEST) & ~np.isnan(values)
    problems = []
    kinds = (
        (long, "a number of {length:,} characters"),
        (infinite | words, "the infinite number {value}"),
        (vast & ~long, f"the number {{value}}, beyond {_VAST:g}, too large to reckon with"),
    )
    for which, what in kinds:
        at = np.flatnonzero(which)
        if len(at):
            value = found.text[int(at[0])].as_py()
            told = what.format(length=len(value), value=value[:20])
            (place,) = found.profile.places([int(found.first[at[0]])])
            problems.append(
                f"column {found.name!r} holds {told} ({place}; {int(found.counts[at].sum()):,} such rows): "
                "make them missing or finite"
            )
    if problems:
        raise InputError(*problems)


def number_column(found: Readable) -> NumberColumn | None:
    """The column of numbers that was read without misfit; None if it is whole numbers too large to be exact."""
    evidence, format = found.found, found.format
    assert isinstance(format, NumberFormat)
    format = _loosened(format, evidence)
    whole = format.whole
    bulk = _Bulk.of(evidence, format, found.values)
    if whole and max(abs(bulk.low), abs(bulk.high), np.abs(found.values).max()) > EXACT:
        return None
    lead = ("whole numbers, written with .0" if format.least else "whole numbers") if whole else _precision(format)
    if format.prefix or format.suffix:
        lead += f" with {(format.prefix or format.suffix).strip()!r}"
    tail = heavy_tail(bulk.values, bulk.counts)
    return NumberColumn(
        kind="integer" if whole else "decimal",
        reason="; ".join([lead, *bulk.told, *(["a heavy tail"] if tail else [])]),
        format=format,
        low=bulk.low,
        high=bulk.high,
        heavy_tail=tail,
        specials=bulk.specials,
        **evidence.common,
    )


@dataclass(frozen=True)
class _Bulk:
    """The values of a column without those that stand apart, which are told."""

    values: Floats
    counts: NDArray[np.int64]
    low: float
    high: float
    specials: tuple[Special, ...]

    @classmethod
    def of(cls, evidence: Evidence, format: NumberFormat | TimeFormat, known: Floats) -> _Bulk:
        text, counts, rows = evidence.weighted()
        values = known
        if not evidence.complete:
            read, bad = format.read(text)
            text, counts, values = text.filter(arrow().array(~bad)), counts[~bad], read[~bad].astype(np.float64)
        apart = values_apart(values, counts, rows)
        rest = np.ones(len(values), bool)
        rest[[a.at for a in apart]] = False
        special = values[~rest]
        seen = np.append(known, [evidence.profile.low, evidence.profile.high])
        seen = seen[np.isfinite(seen) & ~np.isin(seen, special)]
        specials = tuple(Special(text=text[a.at].as_py(), role=a.role, share=round(a.share, 6)) for a in apart)
        return cls(values[rest], counts[rest], float(seen.min()), float(seen.max()), specials)

    @property
    def told(self) -> list[str]:
        """The values apart, in words."""
        words = {"spike": "{text} in {share:.0%} of the rows", "code": "{text} lies apart ({share:.2%} of the rows)"}
        return [words[s.role].format(text=s.text, share=s.share) for s in self.specials]


def _loosened(format: NumberFormat, evidence: Evidence) -> NumberFormat:
    """A format that was found before all values were seen, checked against the drawn rows."""
    if evidence.complete:
        return format
    text, _, _ = evidence.weighted()
    again = guess_number_format(text)
    if (
        again is None
        or again == format
        or again.model_dump(include={"point", "thousands", "prefix", "suffix"})
        != (format.model_dump(include={"point", "thousands", "prefix", "suffix"}))
    ):
        return format
    wide = [f for f in (format, again) if f.style == "shortest"]
    digits = [f.digits for f in (format, again)]
    if not wide:
        wide = [again.model_copy(update={"style": "shortest", "least": 1 if 0 not in digits else 0})]
    return wide[0].model_copy(update={"digits": None if None in digits else max(d for d in digits if d is not None)})


def _precision(format: NumberFormat) -> str:
    if format.digits is None or format.style == "scientific":
        return "decimals of any size"
    many = f"{format.digits} digit{'' if format.digits == 1 else 's'} after the point"
    return f"decimals with {many}" if format.style == "fixed" else f"decimals with up to {many}"


def time_column(found: Readable) -> TimeColumn:
    """The column of times that was read without misfit."""
    evidence, guess = found.found, found.format
    assert isinstance(guess, TimeGuess)
    format = guess.format
    bulk = _Bulk.of(evidence, format, found.values)
    low, high = format.write(np.array([bulk.low, bulk.high]).astype(np.int64)).to_pylist()
    origin = ""
    if guess.kind in ("date", "datetime"):
        long = bulk.high - bulk.low >= EXACT / 4  # from its middle, half as far, every tick is still told apart
        second = np.datetime64(int((bulk.low + long * (bulk.high - bulk.low) / 2) // format.rate), "s")
        origin = str(second.astype("M8[D]") if guess.kind == "date" else second)
    spelt = "as in ISO 8601, such as P1DT2H" if format.format == "%i" else format.format
    reason = f"{guess.kind}s spelt {spelt}"
    if "z" in format.format:
        reason += f", at {format.zone}"
    if guess.doubt:
        reason += f" (or {guess.doubt}: the values fit both)"
    return TimeColumn(
        kind=guess.kind,
        reason="; ".join([reason, *bulk.told]),
        format=format,
        origin=origin,
        low=low,
        high=high,
        specials=bulk.specials,
        **evidence.common,
    )
