"""Values by another description of their column, and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.recode import gaps, recoded
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, Special, TimeColumn
from gansmith.data.table.time_format import TimeFormat

WORDS = tuple("abcdefg")
MISSING = ("", "?", None)


@given(st.permutations(WORDS), st.permutations(MISSING), st.sets(st.sampled_from(WORDS), min_size=1), st.data())
def test_words_are_found_by_their_spelling(words, missing, kept, data):
    flags = np.array(data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=30)), np.uint8)
    codes = np.array([data.draw(st.integers(0, 6)) for _ in flags], np.int32)
    parsed = ParsedColumn(np.where(flags > 0, np.int32(-1), codes), flags, np.zeros(len(flags), np.uint8))
    before = CategoryColumn(kind="category", name="x", values=WORDS, missing=MISSING)
    after = CategoryColumn(
        kind="category", name="y", values=tuple(w for w in words if w in kept), missing=tuple(missing)
    )
    found = recoded(parsed, before, after)
    for i, (code, flag) in enumerate(zip(codes, flags, strict=True)):
        if flag:
            assert after.missing[found.missing[i] - 1] == MISSING[flag - 1] and found.values[i] == -1
        elif WORDS[code] in kept:
            assert after.values[found.values[i]] == WORDS[code]
        else:
            assert found.values[i] == -1 and found.missing[i] == 0
    unknown = [not flag and WORDS[code] not in kept for code, flag in zip(codes, flags, strict=True)]
    assert gaps(found).tolist() == unknown
    again = recoded(found, after, before)
    sure = ~np.array(unknown)
    assert np.array_equal(again.values[sure], parsed.values[sure])
    assert np.array_equal(again.missing[sure], parsed.missing[sure])


def times(origin, *specials, missing=()):
    return TimeColumn(
        kind="date",
        name="t",
        format=TimeFormat(format="%Y-%m-%d"),
        origin=origin,
        low=origin,
        high="2030-01-01",
        specials=tuple(Special(text=text) for text in specials),
        missing=missing,
    )


def test_times_are_counted_from_another_day():
    parsed = ParsedColumn(
        np.array([0.0, 40.0, np.nan, 99.0, 98.0]),
        np.array([0, 0, 1, 0, 0], np.uint8),
        np.array([0, 0, 0, 1, 2], np.uint8),
    )
    before = times("2020-01-01", "2020-04-09", "2020-04-08", missing=("?",))
    found = recoded(parsed, before, times("2020-02-01", "2020-04-08", missing=("", "?")))
    assert np.array_equal(found.values, [-31.0, 9.0, np.nan, np.nan, 67.0], equal_nan=True)
    assert found.missing.tolist() == [0, 0, 2, 0, 0] and found.special.tolist() == [0, 0, 0, 0, 1]
    assert gaps(found).tolist() == [False, False, False, True, False]
    lost = recoded(parsed, before, times("2020-01-01", "2020-04-09", "2020-04-08"))
    assert gaps(lost).tolist() == [False, False, True, False, False]


def test_a_boolean_of_which_one_value_is_left_is_a_category():
    yes = CategoryColumn(kind="category", name="x", values=("yes",))
    parsed = ParsedColumn(np.array([0, 0], np.int32), *np.zeros((2, 2), np.uint8))
    assert recoded(parsed, yes, BooleanColumn(kind="boolean", name="x", values=("no", "yes"))).values.tolist() == [1, 1]
