"""One column of a table in a picture: its bins and rows, its axis, its words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from table_pictures import (
    RNG,
    category,
    codes,
    number,
    numbers,
    of_class,
    outline,
    panels,
    said,
    schema,
    sizes,
    time,
)

from gansmith.data.table.schema import Special
from gansmith.run.table_axis import log_ticks, number_ticks, ticks
from gansmith.run.table_charts import column_panels
from gansmith.run.table_distribution import FINE, difference, distribution
from gansmith.run.table_svg import clipped, legible, percent, shade, width_of

# --- one column


def test_values_of_a_category_are_pairs_of_bars_as_long_as_their_shares() -> None:
    column = category(values=("x", "y", "z"))
    real, made = codes([0] * 50 + [1] * 30 + [2] * 15 + [-1] * 5), codes([0] * 10 + [1] * 25 + [2] * 5)
    (drawn,) = panels(column_panels(schema(column), {"c": real}, {"c": made}))
    lengths = {side: np.array(sizes(of_class(drawn, side), "width")) for side in ("real", "made")}
    unit = lengths["real"][0] / 0.5
    assert lengths["real"] == pytest.approx(np.array([0.5, 0.3, 0.15, 0.05]) * unit, abs=0.02)
    assert lengths["made"] == pytest.approx(np.array([0.25, 0.625, 0.125]) * unit, abs=0.02)
    assert [w for w in said(drawn) if w in ("x", "y", "z", "missing")] == ["x", "y", "z", "missing"]
    assert {"50%", "30%", "15%", "5.0%", "25%", "62%", "12%", "0%"} <= set(said(drawn))


def test_bins_are_bars_as_tall_as_their_shares() -> None:
    column = number(digits=0, low=0, high=4)
    real = numbers(np.repeat([0, 1, 2, 3, 4], [10, 20, 40, 20, 10]))
    made = numbers(np.repeat([0, 2, 4, 9], [25, 50, 15, 10]))  # 9 lies beyond: it counts in the last bin
    (drawn,) = panels(column_panels(schema(column), {"n": real}, {"n": made}))
    bars, (line,) = of_class(drawn, "real"), of_class(drawn, "made")
    heights = np.array(sizes(bars, "height"))
    unit = heights[2] / 0.4
    assert heights == pytest.approx(np.array([0.1, 0.2, 0.4, 0.2, 0.1]) * unit, abs=0.05)
    assert outline(line)[1] == pytest.approx(np.array([0.25, 0, 0.5, 0, 0.25]) * unit, abs=0.05)
    assert len(set(np.round(sizes(bars, "width"), 1))) == 1


def test_areas_on_a_log_axis_are_shares() -> None:
    column = number(digits=0, low=1, high=1e5, heavy_tail=True)
    real = np.maximum(1, np.rint(np.exp(RNG.normal(2, 1.6, 4000))))
    made = np.maximum(1, np.rint(np.exp(RNG.normal(2.5, 1.6, 1500))))
    found = distribution(column, numbers(real))
    (drawn,) = panels(column_panels(schema(column), {"n": numbers(real)}, {"n": numbers(made)}))
    assert found.log and "integer, log axis" in said(drawn)
    widths, heights = outline(of_class(drawn, "made")[0])
    bars = of_class(drawn, "real")
    areas = np.array(sizes(bars, "width")) * sizes(bars, "height")
    shares = found.real[: found.bins]
    assert areas / areas.sum() == pytest.approx(shares[shares > 0], abs=2e-3)
    made_areas = np.array(widths) * heights
    assert made_areas / areas.sum() == pytest.approx(found.shares(numbers(made))[: found.bins], abs=2e-3)
    assert np.allclose(found.edges % 1, 0.5)  # between two whole numbers


def test_special_and_missing_values_have_bars_of_their_own() -> None:
    specials = (Special(text="-99"), Special(text="0", role="spike"))
    column = number(digits=1, low=1, high=50, specials=specials, missing=("NA", "?"))
    values = np.r_[np.full(20, -99.0), np.full(300, 0.0), np.full(80, np.nan), RNG.uniform(1, 50, 600)]
    flags = np.r_[np.full(20, 1), np.full(300, 2), np.zeros(680)]
    found = distribution(column, numbers(values, flags))
    assert found.labels == ("= 0", "= -99", "other specials", "missing")
    assert found.real[found.bins :].tolist() == [0.3, 0.02, 0, 0.08] and found.edges[0] > 0
    assert found.real.sum() == pytest.approx(1)
    (drawn,) = panels(column_panels(schema(column), {"n": numbers(values, flags)}, {"n": numbers(np.ones(10))}))
    assert [w for w in said(drawn) if w in found.labels] == ["= 0", "= -99", "missing"]
    rows = of_class(drawn, "real")[-3:]
    assert np.array(sizes(rows, "width")) / sizes(rows[:1], "width") == pytest.approx([1, 0.02 / 0.3, 0.08 / 0.3], 0.02)


def test_bins_hold_equally_many_spellings_and_every_row() -> None:
    found = distribution(number(digits=0, low=1990, high=2023), numbers(np.arange(1990, 2024).repeat(10)))
    per = np.diff(found.edges)
    assert np.all(per[:-1] == per[0]) and np.allclose(found.real[: found.bins] / per, 1 / 34)
    ages = RNG.normal(40, 12, 5000).round(1)
    found = distribution(number(digits=1), numbers(ages))
    assert found.bins <= FINE.bins and np.allclose(
        np.diff(found.edges) * 10 % 1, np.round(np.diff(found.edges) * 10 % 1)
    )
    assert found.real.sum() == pytest.approx(1) and found.edges[0] > ages.min() and found.edges[-1] < ages.max()
    assert found.real[0] == pytest.approx(np.mean(ages < found.edges[1]))
    assert found.real[found.bins - 1] == pytest.approx(np.mean(ages >= found.edges[-2]))


@pytest.mark.parametrize(("rows", "bins"), [(4, 8), (36, 12), (5000, FINE.bins)])
def test_few_rows_have_few_bins(rows: int, bins: int) -> None:
    assert distribution(number(digits=None), numbers(RNG.normal(0, 1, rows))).bins == bins


def test_bins_of_dates_hold_whole_days() -> None:
    found = distribution(time(), numbers(np.arange(45).repeat(4)))
    assert np.allclose(found.edges % 1, 0.5) and np.allclose(found.real[: found.bins] / np.diff(found.edges), 1 / 45)


@pytest.mark.parametrize("value", [0.0, 3.25, -1e300, 1e-300, 1e300])
@pytest.mark.parametrize("digits", [0, 2, None])
def test_a_constant_column_is_one_bar_between_two_empty_bins(value: float, digits: int | None) -> None:
    value = value if digits is None or abs(value) > 1e9 else round(value, digits)
    column = number(digits=digits, low=min(value, 0), high=max(value, 0), heavy_tail=True)
    real = numbers(np.full(9, value))
    found = distribution(column, real)
    assert found.bins == 3 and found.real[:3].tolist() == [0, 1, 0] and np.all(np.diff(found.edges) > 0)
    beyond = numbers([value - abs(value) - 9, value, value + abs(value) * 0.5 + 9])
    assert found.shares(beyond)[:3].tolist() == pytest.approx([1 / 3] * 3)
    panels(column_panels(schema(column), {"n": real}, {"n": beyond}))


def test_a_column_without_a_usual_value_has_rows_only() -> None:
    column = number(specials=(Special(text="0"),))
    real = numbers([0, 0, np.nan, np.nan], [1, 1, 0, 0])
    found = distribution(column, real)
    assert found.bins == 0 and found.labels == ("= 0", "other values", "missing")
    assert found.shares(numbers([0, 1, 2, np.nan], [1, 0, 0, 0])).tolist() == [0.25, 0.5, 0.25]
    (drawn,) = panels(column_panels(schema(column), {"n": real}, {"n": numbers([3.0])}))
    assert len(of_class(drawn, "made")) == 1 and "other values" in said(drawn)


def test_heavy_tails_do_not_flatten_the_bulk() -> None:
    cauchy = number(digits=4, low=-1e6, high=1e6, heavy_tail=True)
    found = distribution(cauchy, numbers(RNG.standard_cauchy(5000)))
    assert not found.log and found.edges[-1] < 20 and found.real[: found.bins].max() < 0.3
    wide = number(digits=None, low=1e-200, high=1e300, heavy_tail=True)
    found = distribution(wide, numbers(np.exp(np.clip(RNG.normal(0, 250, 5000), -690, 690))))
    assert found.log and np.all(np.diff(np.log(found.edges)) > 0) and found.real[: found.bins].max() < 0.2
    assert found.at(found.edges) == pytest.approx(np.arange(found.bins + 1) / found.bins)
    assert found.shares(numbers([-1.0, 0.0, 1e299]))[0] == pytest.approx(2 / 3)  # what has no logarithm is below
    bulk = number(digits=0, low=1, high=99, heavy_tail=True)
    assert not distribution(bulk, numbers(np.clip(RNG.normal(40, 8, 999).round(), 1, 99))).log


def test_many_categories_are_the_most_frequent_and_the_others() -> None:
    column = category(values=[f"v{i}" for i in range(1000)])
    values = np.r_[np.arange(1000), np.repeat(np.arange(500, 508), np.arange(10, 18))]
    found = distribution(column, codes(values))
    assert found.shown == tuple(range(507, 499, -1)) and found.labels[-2:] == ("992 other values", "missing")
    assert found.real[-2] == pytest.approx(992 / len(values))
    (drawn,) = panels(column_panels(schema(column), {"c": codes(values)}, {"c": codes([0, 999, 500])}))
    assert len(of_class(drawn, "real")) == 9 and len(of_class(drawn, "made")) == 2
    assert distribution(category(values="abcdefghi"), codes(range(9))).shown == tuple(range(9))  # no "1 other value"


def test_difference_is_the_share_of_rows_that_would_have_to_move() -> None:
    found = distribution(category(values="ab"), codes([0] * 6 + [1] * 4))
    assert difference(found, found.shares(codes([0] * 3 + [1] * 7))) == pytest.approx(0.3)
    assert difference(found, found.shares(codes([-1]))) == 1
    assert difference(found, found.real) == 0


# --- axes and words


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 10, ["0", "5", "10"]), (-2.7, 2.7, ["-2", "0", "2"]), (1990, 2023, ["1990", "2000", "2010", "2020"]),
        (0, 4e5, ["0", "100k", "200k", "300k", "400k"]), (0.1, 0.4, ["0.1", "0.2", "0.3", "0.4"]),
        (0, 3.1e9, ["0", "1e9", "2e9", "3e9"]), (1e-9, 4e-9, ["1e-9", "2e-9", "3e-9", "4e-9"]),
    ],
)  # fmt: skip
def test_ticks_are_round_numbers(low: float, high: float, labels: list[str]) -> None:
    assert [label for _, label in number_ticks(low, high)] == labels


def test_ticks_of_a_log_axis_are_powers_or_their_parts() -> None:
    assert [label for _, label in log_ticks(0.5, 2e4)] == ["1", "10", "100", "1000", "10k"]
    assert [label for _, label in log_ticks(3, 60)] == ["3", "10", "30"]
    assert [label for _, label in log_ticks(40, 600)] == ["50", "100", "200", "500"]
    assert len(log_ticks(1e-300, 1e300)) <= 8


@pytest.mark.parametrize(
    ("kind", "low", "high", "first"),
    [
        ("date", 0, 9000, "2000"), ("date", 10, 200, "2000-02"), ("date", 1, 20, "2000-01-06"),
        ("datetime", 0, 86400 * 3, "2000-01-01"), ("datetime", 3600, 7300, "01:00"), ("datetime", 5, 50, "00:00:15"),
        ("datetime", 80000, 100000, "01-01 23:00"), ("time", 100, 80000, "06:00"), ("duration", 0, 400, "0 min"),
    ],
)  # fmt: skip
def test_times_are_labelled_as_times(kind: str, low: float, high: float, first: str) -> None:
    formats = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%d %H:%M:%S", "time": "%H:%M", "duration": "%K:%M:%S"}
    found = ticks(time(kind=kind, format=formats[kind]), low, high, log=False)
    assert found[0][1] == first and all(low <= place <= high for place, _ in found) and len(found) <= 13
    assert len({label for _, label in found}) == len(found)


def test_ticks_of_an_axis_that_is_too_short_are_none() -> None:
    assert number_ticks(1.0, 1.0) == [] and number_ticks(0, math.inf) == []
    assert ticks(time(kind="datetime", format="%Y-%m-%d %H:%M:%S"), 0.1, 0.2, log=False) == []


def test_words_are_cut_to_their_room() -> None:
    assert clipped("short", 100, 10) == "short" and width_of("漢", 10) == 10
    cut = clipped("a very long name of a column", 60, 10)
    assert cut.endswith("…") and width_of(cut, 10) <= 62 and legible("a\tb\n c") == "a b c"
    shares = (0, 0.0004, 0.004, 0.0994, 0.0999, 0.5, 0.994, 0.9999, 1)
    assert [percent(s) for s in shares] == ["0%", "<.1%", "0.4%", "9.9%", "10%", "50%", "99.4%", "99.9%", "100%"]
    assert shade(-2) == "s-10" and shade(0.04) == "s0" and shade(0.46) == "s5"
