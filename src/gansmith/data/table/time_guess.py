"""Whether text spells dates, times, instants or durations, and in which format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.time_format import DAY, TimeFormat, time_pattern

__all__ = ["TimeGuess", "TimeKind", "guess_time"]

TimeKind = Literal["date", "time", "datetime", "duration"]

_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%-m/%-d/%Y", "%-d/%-m/%Y", "%d.%m.%Y", "%-d.%-m.%Y",
    "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y", "%d/%m/%y", "%-m/%-d/%y", "%-d/%-m/%y", "%d.%m.%y", "%d-%b-%Y", "%d-%b-%y",
    "%d %b %Y", "%-d %b %Y", "%b %d, %Y", "%b %-d, %Y", "%d %B %Y", "%-d %B %Y", "%B %d, %Y", "%B %-d, %Y", "%Y%m%d",
    "%Y-%m", "%b %Y", "%B %Y",
)  # fmt: skip
_CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%-I:%M:%S %p", "%-I:%M %p", "%-H:%M:%S", "%-H:%M")
_DURATIONS = ("%D days %H:%M:%S", "%0K:%M:%S", "%K:%M:%S")
_ZONES = ((re.compile("Z"), "Z"), (re.compile(r"[+-]\d{2}:\d{2}"), "%:z"), (re.compile(r"[+-]\d{4}"), "%z"))
_NAMED = (
    "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Europe/Moscow", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "Australia/Sydney", "Asia/Jerusalem",
)  # fmt: skip
_LIKE = re.compile(r"P[\dT]|-?\w{1,9}([-/.:, ]|$)")
_LASTING = re.compile(r"duration|elapsed|lap|runtime|length", re.IGNORECASE)
_TRIED = 50


@dataclass(frozen=True)
class TimeGuess:
    """A kind of time and its format.

    Attributes:
        kind: Date, time of day, instant or duration.
        format: How it is spelt.
        doubt: What else it could be; empty where nothing.
    """

    kind: TimeKind
    format: TimeFormat
    doubt: str = ""


def guess_time(text: Any, name: str = "") -> TimeGuess | None:
    """What most of some distinct values are as times; None if fewer than half are.

    Args:
        text: Arrow array of text without nulls.
        name: Name of the column, which tells durations from times of day.
    """
    first = text.slice(0, _TRIED).to_pylist()
    formats = dict.fromkeys(f for value in first[:5] + first[-1:] for f in _formats(value, name))
    few = text.slice(0, 1000)
    scored = []
    for candidate in formats:
        format = TimeFormat(format=candidate)
        ticks, bad = format.read(few)
        few_right = 1 - float(bad.mean())
        if few_right < 0.5:
            continue
        ticks, bad = format.read(text)
        scored.append((1 - float(bad.mean()), format, ticks[~bad], bad))
    if not scored or max(s[0] for s in scored) < 0.5:
        return None
    share, format, ticks, bad = max(scored, key=lambda s: s[0])
    if format.format == "%Y%m%d" and (share < 1 or ticks.min() < -25567 * DAY or ticks.max() > 47482 * DAY):
        return None  # eight digits are dates only if all lie between 1900 and 2100
    rivals = [f.format for s, f, _, _ in scored if s == share and f is not format]
    other = [f for f in rivals if set(f) == set(format.format) and f.replace("-", "") != format.format.replace("-", "")]
    kind = _kind(format)
    if kind == "datetime" and "z" not in format.format and not (ticks % (DAY * format.rate)).any():
        value = text.filter(arrow().array(~bad))[0].as_py()
        return TimeGuess("date", _dateless(format, value), other[0] if other else "")
    return TimeGuess(kind, _in_zone(format, text.filter(arrow().array(~bad))), other[0] if other else "")


def _formats(value: str, name: str) -> list[str]:
    """Every format that one value has."""
    if not _LIKE.match(value) or not any(c.isdigit() for c in value):
        return []
    out = [d for d in (*_DATES, "%i") if _fits(d, value)]
    lasting = _DURATIONS if _LASTING.search(name) else ()
    for clock in (*lasting, *_CLOCKS, *_DURATIONS):
        out += _tails(clock, value)
    for date, between in product(_DATES, "T "):
        found = re.match(time_pattern(date + between)[:-1], value)
        if found:
            rest = value[found.end() :]
            out += [date + between + tail for clock in _CLOCKS for tail in _tails(clock, rest)]
    return out


def _fits(format: str, value: str) -> bool:
    return re.match(time_pattern(format), value) is not None


def _tails(clock: str, value: str) -> list[str]:
    """A time of day with the fraction and zone that a value has behind it."""
    found = re.match(time_pattern(clock)[:-1], value)
    if not found:
        return []
    rest, out = value[found.end() :], clock
    fraction = re.match(r"([.,])(\d{1,9})", rest)
    if fraction and clock.endswith("%S"):
        out, rest = f"{out}{fraction[1]}%{len(fraction[2])}f", rest[fraction.end() :]
    if not rest:
        return [out]
    gap = " " if rest.startswith(" ") else ""
    return [out + gap + code for pattern, code in _ZONES if pattern.fullmatch(rest.removeprefix(" "))]


def _kind(format: TimeFormat) -> TimeKind:
    if re.search("%(D|0?K|i)", format.format):
        return "duration"
    dated = "%Y" in format.format or "%y" in format.format
    clocked = "%M" in format.format
    return "datetime" if dated and clocked else "date" if dated else "time"


def _dateless(format: TimeFormat, value: str) -> TimeFormat:
    """Instants that are all midnight are dates, with a midnight that stands for itself."""
    at = min(i for i in (format.format.find(c) for c in ("%H", "%I", "%-H", "%-I")) if i >= 0)
    date = format.format[:at]
    found = re.match(time_pattern(date)[:-1], value)
    assert found is not None
    return TimeFormat(format=date + value[found.end() :].replace("%", "%%"))


def _in_zone(format: TimeFormat, text: Any) -> TimeFormat:
    """The zone in which instants are written: their offset, or the first zone that has all of their offsets."""
    if "z" not in format.format:
        return format
    pc = arrow_compute()
    seen = pc.value_counts(pc.struct_field(pc.extract_regex(text, format.pattern()), "offset")).to_pylist()
    offsets = [e["values"] for e in sorted(seen, key=lambda e: -e["counts"])]
    spelt = offsets[0] if ":" in offsets[0] else f"{offsets[0][:3]}:{offsets[0][3:]}"
    fixed = format.model_copy(update={"zone": spelt})
    if len(offsets) == 1:
        return fixed
    ticks, _ = format.read(text)
    options = [fixed, *(format.model_copy(update={"zone": zone}) for zone in _NAMED)]
    right = [pc.sum(pc.equal(option.write(ticks), text)).as_py() or 0 for option in options]
    return options[int(np.argmax(right))]
