"""Round numbers, dates and times along the axis of a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from gansmith.data.table.schema import NumberColumn, TimeColumn
from gansmith.data.table.time_format import DAY

__all__ = ["Tick", "log_ticks", "number_ticks", "ticks", "time_ticks"]

Tick = tuple[float, str]
"""A place in the units of the axis, and what is written there."""

YEAR = 12
_MONTHS = (1, 3, 6, *(YEAR * n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)))
_SECONDS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY, 7 * DAY, 14 * DAY)
_EPOCH = 1970 * YEAR
_CLOCK = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600)
_UNITS = ((DAY, "d"), (3600, "h"), (60, "min"), (1, "s"))


def ticks(column: NumberColumn | TimeColumn, low: float, high: float, log: bool, wanted: int = 4) -> list[Tick]:
    """Ticks of a column's axis between two of its values, three to about twice as many as wanted.

    There are fewer only where the axis is so short, or so near the limits of its units, that nothing in it is round.
    """
    found: list[Tick] = []
    for most in (wanted, wanted * 3 // 2, wanted * 2):
        if isinstance(column, TimeColumn):
            found = time_ticks(column, low, high, most)
        else:
            found = log_ticks(low, high, most) if log else number_ticks(low, high, most)
        if len(found) > 2:
            break
    return found


def number_ticks(low: float, high: float, wanted: int = 4) -> list[Tick]:
    """Round numbers, about `wanted` of them, with as many digits as tell them apart."""
    raw = (high - low) / wanted
    if not raw > 0 or not math.isfinite(raw):
        return []
    size: float = 10.0 ** math.floor(math.log10(raw))
    if not size:
        return []
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = [i * step for i in range(first, last + 1)] if last - first <= 4 * wanted else []
    spell = _speller(max(abs(low), abs(high)), step)
    return [(place, spell(place)) for place in places]


def log_ticks(low: float, high: float, wanted: int = 4) -> list[Tick]:
    """Powers of ten between two positive numbers, or their halves and fifths too where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, round((math.log10(high) - math.log10(low)) / wanted))
    for parts in ((1,), (1, 3), (1, 2, 5)):
        found = [float(f"{m}e{e}") for e in range(first, last + 1) if (e % every == 0 or len(parts) > 1) for m in parts]
        found = [place for place in found if low <= place <= high]
        if len(found) > 2:
            break
    return [(place, _speller(place, place)(place)) for place in found]


def time_ticks(column: TimeColumn, low: float, high: float, wanted: int = 4) -> list[Tick]:
    """Round instants, dates, times of day or durations; instants are those of UTC."""
    unit = DAY if column.unit == "days" else 1
    if column.kind == "duration":
        size, name = next(((s, n) for s, n in _UNITS if (high - low) * unit >= 2 * s), _UNITS[-1])
        found = number_ticks(low * unit / size, high * unit / size, wanted)
        return [(place * size / unit, f"{label} {name}") for place, label in found]
    start = column.start / column.format.rate
    ends = low * unit + start, high * unit + start
    if column.kind == "time":
        places = _multiples(*ends, next((s for s in _CLOCK if ends[1] - ends[0] <= s * wanted), 6 * 3600))
        return [(place - start, f"{place // 3600 % 24:02d}:{place // 60 % 60:02d}") for place in places]
    return [((place - start) / unit, label) for place, label in _instants(*ends, wanted)]


def _multiples(low: float, high: float, step: int) -> Iterator[int]:
    return iter(range(math.ceil(low / step) * step, math.floor(high) + 1, step))


def _instants(low: float, high: float, wanted: int) -> list[tuple[int, str]]:
    """Seconds since 1970 and their spelling as far as it tells them apart."""
    span = high - low
    step = next((s for s in _SECONDS if span <= s * wanted), None)
    if step is not None:
        days = np.datetime64(math.floor(low), "s").astype("M8[D]") == np.datetime64(math.floor(high), "s").astype(
            "M8[D]"
        )
        cut = slice(0, 10) if step >= DAY else slice(11, 19) if step < 60 else slice(11, 16) if days else slice(5, 16)
        return [(s, str(np.datetime64(s, "s"))[cut].replace("T", " ")) for s in _multiples(low, high, step)]
    months = next((m for m in _MONTHS if span <= m * 30.4 * DAY * wanted), _MONTHS[-1])
    first, last = (int(np.datetime64(math.floor(end), "s").astype("M8[M]").astype(int)) + _EPOCH for end in (low, high))
    found = []
    for month in range(-(-first // months) * months, last + 1, months):
        start = np.datetime64(month - _EPOCH, "M")
        second = int(start.astype("M8[s]").astype(int))
        if low <= second <= high:
            found.append((second, str(start)[: 4 if months >= YEAR else 7]))
    return found


def _speller(largest: float, step: float) -> Callable[[float], str]:
    """How numbers up to a size and a step apart are written."""
    if largest >= 1e9 or largest < 1e-3:
        digits = min(max(math.floor(math.log10(largest)) - math.floor(math.log10(step)), 0), 4)

        def scientific(value: float) -> str:
            mantissa, exponent = f"{value:.{digits}e}".split("e")
            return f"{mantissa}e{int(exponent)}" if value else "0"

        return scientific
    size, unit = (1e6, "M") if largest >= 1e6 else (1e3, "k") if largest >= 1e4 else (1.0, "")
    decimals = max(0, -math.floor(math.log10(step / size) + 1e-9))
    return lambda value: f"{value / size:.{decimals}f}{unit}" if value else "0"
