"""What is parsed is written back as it was spelt, for any values."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gansmith.data.table.find import find_schema
from gansmith.data.table.number_format import NumberFormat, guess_number_format
from gansmith.data.table.parse import parse_column, render_column
from gansmith.data.table.profile import profile
from gansmith.data.table.schema import LearntColumn
from gansmith.data.table.source import open_source
from gansmith.data.table.time_format import TimeFormat
from gansmith.data.table.time_guess import guess_time

pa = pytest.importorskip("pyarrow")

few = settings(max_examples=20, deadline=None)
floats = st.floats(-1e300, 1e300)
absent = st.sampled_from(["", "NA", "?", "null", None])


def back(values):
    """A learnt column, parsed and written; None if the column is not learnt."""
    table = pa.table({"x": pa.array(values, pa.string()), "y": pa.array(["u"] * len(values))})
    column = find_schema(profile(open_source(table)))[0].columns[0]
    if not isinstance(column, LearntColumn):
        return None
    parsed, bad = parse_column(table["x"].combine_chunks(), column)
    assert not bad.any() and len(parsed) == len(values)
    assert [m > 0 for m in parsed.missing] == [v in column.missing for v in values]
    return render_column(parsed, column).to_pylist()


@few
@given(st.lists(floats, min_size=2, max_size=30))
def test_floats_come_back(numbers):
    values = [repr(n) for n in numbers]
    assert back(values) in (values, None) and (len(set(values)) == 1 or back(values) is not None)


@few
@given(
    st.integers(0, 6), st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=30), st.lists(absent, max_size=5)
)
def test_decimals_with_odd_missing_spellings_come_back(digits, numbers, missing):
    values = [f"{n / 10**digits:.{digits}f}" for n in numbers]
    values = [v for v in values if not v.startswith("-0") or float(v)] or ["1", "2"]
    assert back(values + missing) in (values + missing, None)


@few
@given(st.integers(2, 8), st.lists(st.integers(0, 99), min_size=25, max_size=60))
def test_codes_with_leading_zeros_come_back(width, numbers):
    values = [str(n).zfill(width) for n in numbers]
    assert back(values * 2) in (values * 2, None)


@few
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=2, max_size=20))
def test_categories_come_back(words):
    values = words * 3
    assert back(values) in (values, None)


@few
@given(
    st.sampled_from([("", ""), ("$", ""), ("", " %"), ("", " km")]),
    st.sampled_from([("", "."), (",", "."), (".", ","), (" ", ","), ("'", ".")]),
    st.integers(1, 4),
    st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=20),
)
def test_numbers_with_signs_around_and_between_come_back(around, signs, digits, numbers):
    written = NumberFormat(digits=digits, prefix=around[0], suffix=around[1], thousands=signs[0], point=signs[1])
    values = [n / 10**digits for n in numbers]
    text = written.write(np.array(values))
    read, bad = written.read(text)
    assert not bad.any() and read.tolist() == [v + 0.0 for v in values]
    assert written.write(read).equals(text)
    guessed = guess_number_format(text)
    if len(numbers) > 4 and guessed is not None and not guessed.read(text)[1].any():
        assert guessed.write(guessed.read(text)[0]).equals(text)


FORMATS = (
    "%Y-%m-%d", "%d.%m.%Y", "%-d/%-m/%Y", "%d %b %Y", "%B %-d, %Y", "%Y%m%d", "%H:%M:%S", "%I:%M %p", "%-H:%M",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%3fZ", "%Y-%m-%d %H:%M:%S.%6f", "%d/%m/%Y %-I:%M %p",
    "%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %H:%M:%S.%6f %z", "%D days %H:%M:%S", "%K:%M:%S",
)  # fmt: skip
moments = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2099, 12, 31))


@few
@given(
    st.sampled_from(FORMATS),
    st.sampled_from(["+00:00", "-03:30", "+05:45"]),
    st.lists(moments, min_size=2, max_size=20),
)
@example(
    "%Y-%m-%d %H:%M:%S.%6f",
    "+00:00",
    [*[datetime.datetime(2000, 1, 1)] * 3, datetime.datetime(1935, 1, 1), datetime.datetime(2071, 3, 1, 0, 0, 0, 7)],
)
def test_times_come_back(format, zone, when):
    spelt = TimeFormat(format=format, zone=zone)
    ticks = (np.array(when, "M8[us]").astype(np.int64) // (10**6 // spelt.rate)).astype(np.int64)
    text = spelt.write(np.abs(ticks) if "%K" in format else ticks)
    read, bad = spelt.read(text)
    assert not bad.any() and spelt.write(read).equals(text)
    guessed = guess_time(text)
    assert guessed is not None
    found, bad = guessed.format.read(text)
    assert bad.any() or guessed.format.write(found).equals(text)
    values = text.to_pylist()
    assert back(values) in (values, None) and (len(set(values)) == 1 or back(values) is not None)


@few
@given(st.sampled_from(["Europe/Berlin", "America/New_York"]), st.lists(moments, min_size=2, max_size=12))
def test_instants_in_summer_and_winter_time_come_back(zone, when):
    spelt = TimeFormat(format="%Y-%m-%dT%H:%M:%S%:z", zone=zone)
    recent = [w.replace(year=2000 + w.year % 20) for w in when if (w.month, w.day) != (2, 29)]
    text = spelt.write(np.array(recent, "M8[s]").astype(np.int64))
    read, bad = spelt.read(text)
    assert not bad.any() and spelt.write(read).equals(text)
    values = text.to_pylist()
    assert back(values) == (values if len(set(values)) > 1 else None)


@few
@given(st.lists(st.one_of(floats.map(repr), absent, st.text(max_size=5), st.dates().map(str)), min_size=2, max_size=40))
def test_nothing_crashes(values):
    assert back(values) in (values, None)


@few
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_durations_come_back_and_mean_what_they_say(seconds):
    ticks = np.array(seconds)
    for format in ("%i", "%0K:%M:%S", "%K:%M:%S"):
        spelt = TimeFormat(format=format)
        text = spelt.write(ticks)
        again, bad = spelt.read(text)
        assert not bad.any() and (again == ticks).all()
        for said, span in zip(text.to_pylist(), seconds, strict=True):
            parts = {letter: int(n) for n, letter in re.findall(r"(\d+)([DHMS])", said)}
            if format == "%i":
                spans = {"D": 86400, "H": 3600, "M": 60, "S": 1}
                assert sum(n * spans[letter] for letter, n in parts.items()) == span
            else:
                hours, minutes, rest = map(int, said.split(":"))
                assert hours * 3600 + minutes * 60 + rest == span


def test_durations_of_iso_that_say_nothing_or_not_in_order_are_none():
    ticks, bad = TimeFormat(format="%i").read(pa.array(["P1DT2H", "PT90M", "P", "PT", "P1DT", "P2H", "1DT2H", "PT5"]))
    assert ticks[:2].tolist() == [93_600, 5_400] and bad.tolist() == [False, False] + [True] * 6
    with pytest.raises(ValueError, match="nothing may stand beside it"):
        TimeFormat(format="%i hours")
