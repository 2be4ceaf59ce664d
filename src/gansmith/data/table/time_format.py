"""How a column spells dates, times of day, instants and durations: read text as ticks, write ticks as the same text."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, field_validator

from gansmith.data.table.arrow import arrow, arrow_compute

__all__ = ["DAY", "TimeFormat", "time_pattern"]

DAY = 86_400
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
         "December")  # fmt: skip
_CODE = re.compile(r"%(:z|-[mdHI]|0K|[1-9]f|[YymdHIMSpPbBzDKi%])")
_SIGNED_ZONE = re.compile(r"[+-]\d{2}:\d{2}")

Ticks = NDArray[np.int64]
Mask = NDArray[np.bool_]


class _Part(NamedTuple):
    """A piece of a format: the group that it fills, its pattern, and the width to which its number is padded."""

    group: str
    pattern: str
    width: int


_PARTS = {
    "Y": _Part("year", r"\d{4}", 4),
    "y": _Part("short", r"\d{2}", 2),
    "m": _Part("month", r"\d{2}", 2),
    "-m": _Part("month", r"[1-9]\d?", 0),
    "d": _Part("day", r"\d{2}", 2),
    "-d": _Part("day", r"[1-9]\d?", 0),
    "H": _Part("hour", r"\d{2}", 2),
    "-H": _Part("hour", r"0|[1-9]\d?", 0),
    "I": _Part("half", r"\d{2}", 2),
    "-I": _Part("half", r"[1-9]\d?", 0),
    "M": _Part("minute", r"\d{2}", 2),
    "S": _Part("second", r"\d{2}", 2),
    "D": _Part("days", r"-?\d{1,7}", 0),
    "K": _Part("hours", r"\d{1,9}", 0),
    "0K": _Part("hours", r"\d{2,9}", 2),
    "p": _Part("noon", "AM|PM", 0),
    "P": _Part("noon", "am|pm", 0),
    "b": _Part("name", "|".join(_MONTHS), 0),
    "B": _Part("name", "|".join(_LONG), 0),
    "z": _Part("offset", r"[+-]\d{4}", 0),
    ":z": _Part("offset", r"[+-]\d{2}:\d{2}", 0),
}


_LASTING = (
    r"P(?:(?P<days>\d{1,7})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)
"""A duration of ISO 8601 of days, hours, minutes and whole seconds."""


def _pieces(format: str) -> list[tuple[str, str]]:
    """(code, "") or ("", literal text), in order."""
    out, at = [], 0
    for found in _CODE.finditer(format):
        if found.start() > at:
            out.append(("", format[at : found.start()]))
        out.append(("", "%") if found[1] == "%" else (found[1], ""))
        at = found.end()
    return out + ([("", format[at:])] if at < len(format) else [])


@cache
def time_pattern(format: str) -> str:
    """A regular expression with named groups that a spelling in a format matches as a whole; see `TimeFormat`."""
    out = []
    for code, literal in _pieces(format):
        if not code:
            out.append(re.escape(literal))
        elif code == "i":
            out.append(_LASTING)
        elif code.endswith("f"):
            out.append(rf"(?P<fraction>\d{{{code[0]}}})")
        else:
            out.append(f"(?P<{_PARTS[code].group}>{_PARTS[code].pattern})")
    return f"^{''.join(out)}$"


class TimeFormat(BaseModel):
    """The spelling of the dates, times or durations of a column.

    Attributes:
        format: Codes of `strftime`: `%Y %y %m %d %H %I %M %S %p %b %B %z`; `%-d %-m %-H %-I` without a leading zero;
            `%3f` for a fraction of three digits; `%:z` for `+01:00`; `%P` for `am`; `%D` for a number of days and
            `%K` for a number of hours of a duration (`%0K` with two digits at least); `%i`, alone, for a duration of
            ISO 8601 such as `P1DT2H`. Everything else stands for itself.
        zone: Time zone in which instants with `%z` are written: `+01:00`, or a name such as `Europe/Berlin`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    zone: str = "+00:00"

    @field_validator("format")
    @classmethod
    def _known(cls, value: str) -> str:
        left = _CODE.sub("", value)
        if "%" in left or not _CODE.search(value):
            raise ValueError(f"{value!r} holds a code that is not known")
        groups = [_PARTS[c].group for c in _CODE.findall(value) if c != "%" and c in _PARTS]
        if len(set(groups)) < len(groups):
            raise ValueError(f"{value!r} says a part twice")
        if "i" in _CODE.findall(value) and value != "%i":
            raise ValueError(f"{value!r}: %i is a whole duration, nothing may stand beside it")
        return value

    @property
    def fraction(self) -> int:
        """Digits of a fraction of a second; a tick is one of the last digit."""
        found = re.search(r"%([1-9])f", self.format)
        return int(found[1]) if found else 0

    @property
    def rate(self) -> int:
        """Ticks in a second."""
        return int(10**self.fraction)

    def pattern(self) -> str:
        """A regular expression with named groups that a spelling matches as a whole."""
        return time_pattern(self.format)

    def read(self, text: Any) -> tuple[Ticks, Mask]:
        """Ticks `(N,)` since 1970-01-01 (or since midnight, or of a duration), and which text is no such time."""
        pa, pc = arrow(), arrow_compute()
        found = pc.extract_regex(text, self.pattern())
        good = pc.is_valid(found).to_numpy(zero_copy_only=False)
        fields = {}
        for name in (f.name for f in found.type):
            part = pc.fill_null(pc.struct_field(found, name), "0" if name not in _WORDS else "")
            part = part if name in _WORDS else pc.if_else(pc.equal(part, ""), "0", part)
            fields[name] = _WORDS[name](part) if name in _WORDS else part.cast(pa.int64()).to_numpy()
        days, fine = _days(fields, len(good))
        seconds, right = _seconds(fields, len(good))
        good = good & fine & right
        if self.format == "%i":
            good &= ~pc.match_substring_regex(text, "[PT]$").to_numpy(zero_copy_only=False)  # a span that says nothing
        total = (days * DAY + seconds - fields.get("offset", 0)) * self.rate + fields.get("fraction", 0)
        return np.where(good, total, 0), ~good

    def write(self, ticks: Ticks) -> Any:
        """An Arrow array of text out of ticks `(N,)`."""
        pa, pc = arrow(), arrow_compute()
        shift = np.zeros(len(ticks), np.int64)
        if re.search("%:?z", self.format):
            shift = self._offsets(ticks)
        seconds, fraction = np.divmod(ticks, self.rate)
        days, clock = np.divmod(seconds + shift, DAY)
        fields = _fields(days, clock, fraction, shift)
        if self.format == "%i":
            return _spell_duration(days, clock)
        columns = []
        for code, literal in _pieces(self.format):
            if not code:
                columns.append(pa.array(np.full(len(ticks), literal), pa.string()))
            elif code in ("p", "P"):
                words = pa.array(["AM", "PM"] if code == "p" else ["am", "pm"])
                columns.append(words.take(pa.array(fields["hour"] // 12)))
            elif code in ("b", "B"):
                columns.append(pa.array(_MONTHS if code == "b" else _LONG).take(pa.array(fields["month"] - 1)))
            elif code in ("z", ":z"):
                columns.append(_spell_offset(shift, ":" if code == ":z" else ""))
            else:
                part = _Part("fraction", "", int(code[0])) if code.endswith("f") else _PARTS[code]
                number = pa.array(fields[part.group]).cast(pa.string())
                columns.append(pc.utf8_lpad(number, part.width, "0") if part.width else number)
        return pc.binary_join_element_wise(*columns, "")

    def _offsets(self, ticks: Ticks) -> Ticks:
        """Seconds by which local time is ahead of UTC at each instant."""
        if _SIGNED_ZONE.fullmatch(self.zone):
            hours, minutes = self.zone[1:].split(":")
            ahead = (int(hours) * 60 + int(minutes)) * 60
            return np.full(len(ticks), -ahead if self.zone[0] == "-" else ahead, np.int64)
        pa, pc = arrow(), arrow_compute()
        instants = pa.array(ticks // self.rate).cast(pa.timestamp("s")).cast(pa.timestamp("s", self.zone))
        local = pc.local_timestamp(instants).cast(pa.int64()).to_numpy()
        return np.asarray(local - ticks // self.rate)


def _offset(text: Any) -> Ticks:
    """`+0130` or `+01:30` as seconds."""
    pa, pc = arrow(), arrow_compute()
    digits = pc.replace_substring_regex(text, "[^0-9]", "")
    number = pc.if_else(pc.equal(digits, ""), "0", digits).cast(pa.int64()).to_numpy()
    minus = pc.starts_with(text, "-").to_numpy(zero_copy_only=False)
    ahead = (number // 100 * 60 + number % 100) * 60
    return np.asarray(np.where(minus, -ahead, ahead))


def _month(text: Any) -> Ticks:
    pa, pc = arrow(), arrow_compute()
    known = pa.array(_MONTHS)
    return np.asarray(pc.fill_null(pc.index_in(pc.utf8_slice_codeunits(text, 0, 3), known), 0).to_numpy() + 1)


def _noon(text: Any) -> Ticks:
    lower = arrow_compute().utf8_lower(text)
    return np.asarray(arrow_compute().equal(lower, "pm").to_numpy(zero_copy_only=False).astype(np.int64))


_WORDS = {"offset": _offset, "name": _month, "noon": _noon}


def _days(fields: dict[str, Ticks], count: int) -> tuple[Ticks, Mask]:
    """Days since 1970-01-01 of dates, or the days of a duration, and which are possible."""
    if "days" in fields:
        return fields["days"], np.ones(count, bool)
    if not {"year", "short"} & set(fields):
        return np.zeros(count, np.int64), np.ones(count, bool)
    short = fields.get("short", np.zeros(count, np.int64))
    year = fields.get("year", np.where(short < 69, 2000, 1900) + short)
    month = fields.get("month", fields.get("name", np.ones(count, np.int64)))
    day = fields.get("day", np.ones(count, np.int64))
    possible = (month >= 1) & (month <= 12) & (day >= 1)
    months = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    start = months.astype("M8[M]")
    out = start.astype("M8[D]") + (day - 1)
    return out.astype(np.int64), possible & (out.astype("M8[M]") == start)


def _seconds(fields: dict[str, Ticks], count: int) -> tuple[Ticks, Mask]:
    """Seconds of a time of day or of a duration, and which are possible."""
    zero = np.zeros(count, np.int64)
    hour, good = fields.get("hour", zero), np.ones(count, bool)
    if "half" in fields:
        good = (fields["half"] >= 1) & (fields["half"] <= 12)
        hour = fields["half"] % 12 + 12 * fields.get("noon", zero)
    good = good & (hour < 24)
    hour = hour + fields.get("hours", zero)
    minute, second = fields.get("minute", zero), fields.get("second", zero)
    loose = fields.get("minutes", zero) * 60 + fields.get("seconds", zero)
    return (hour * 60 + minute) * 60 + second + loose, good & (minute < 60) & (second < 60)


def _fields(days: Ticks, clock: Ticks, fraction: Ticks, shift: Ticks) -> dict[str, Ticks]:
    """Every number that a format may ask for."""
    date = days.astype("M8[D]")
    month = date.astype("M8[M]")
    year = month.astype("M8[Y]").astype(np.int64) + 1970
    hour = clock // 3600
    return {
        "year": year,
        "short": year % 100,
        "month": month.astype(np.int64) % 12 + 1,
        "day": (date - month.astype("M8[D]")).astype(np.int64) + 1,
        "hour": hour,
        "half": (hour + 11) % 12 + 1,
        "minute": clock // 60 % 60,
        "second": clock % 60,
        "fraction": fraction,
        "days": days,
        "hours": days * 24 + hour,
    }


def _spell_duration(days: Ticks, clock: Ticks) -> Any:
    """Durations of ISO 8601: no part that is zero, but `PT0S` for nothing at all."""
    pa, pc = arrow(), arrow_compute()
    parts = []
    for number, letter in ((days, "D"), (clock // 3600, "H"), (clock // 60 % 60, "M"), (clock % 60, "S")):
        text = pc.binary_join_element_wise(pa.array(number).cast(pa.string()), letter, "")
        parts.append(pc.if_else(pa.array(number > 0), text, ""))
    time = pc.binary_join_element_wise("T", *parts[1:], "")
    whole = pc.binary_join_element_wise("P", parts[0], pc.if_else(pc.equal(time, "T"), "", time), "")
    return pc.if_else(pc.equal(whole, "P"), "PT0S", whole)


def _spell_offset(shift: Ticks, between: str) -> Any:
    pa, pc = arrow(), arrow_compute()
    minutes = np.abs(shift) // 60
    hours = pc.utf8_lpad(pa.array(minutes // 60).cast(pa.string()), 2, "0")
    rest = pc.utf8_lpad(pa.array(minutes % 60).cast(pa.string()), 2, "0")
    sign = pc.if_else(pa.array(shift < 0), "-", "+")
    return pc.binary_join_element_wise(pc.binary_join_element_wise(sign, hours, ""), rest, between)
