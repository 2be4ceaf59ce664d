"""Sequences of dates that step by months: found, learnt as months, and made to keep their day of the month."""

from __future__ import annotations

import calendar
import datetime

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gansmith.data.related.database import open_database
from gansmith.data.related.find import find_relations
from gansmith.data.related.relations import Relations
from gansmith.data.related.steps import Chains, find_step, months_of, steps_of
from gansmith.data.related.view import flatten
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import Schema, TimeColumn
from gansmith.data.table.time_format import TimeFormat
from gansmith.errors import InputError
from related_tables import accounts, written

pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

ORIGIN = datetime.date(1999, 3, 17)
DATE = TimeColumn(
    kind="date", name="t", format=TimeFormat(format="%Y-%m-%d"), origin=str(ORIGIN), low="1999-03-17", high="2030-01-01"
)


INSTANT = TimeColumn(
    kind="datetime",
    name="t",
    format=TimeFormat(format="%Y-%m-%d %H:%M"),
    origin="1999-03-17T23:59:00",
    low="1999-03-17 23:59",
    high="2030-01-01 23:59",
)


def date(month: int, day: int) -> datetime.date:
    """A day of a month since January of year 0, its last one where it has no such day; by the calendar module."""
    year, place = divmod(month, 12)
    return datetime.date(year, place + 1, min(day, calendar.monthrange(year, place + 1)[1]))


def parsed(dates, column=DATE) -> ParsedColumn:
    none, day = np.zeros(len(dates), np.uint8), 1 if column is DATE else 86_400
    return ParsedColumn(np.array([(one - ORIGIN).days * day for one in dates], float), none, none)


def dates(found: ParsedColumn):
    return [ORIGIN + datetime.timedelta(int(days)) for days in found.values]


def chained(lengths) -> Chains:
    owner = np.repeat(np.arange(len(lengths)), lengths)
    first = np.append(True, owner[1:] != owner[:-1])
    return Chains(owner, np.where(first, -1, np.arange(len(owner)) - 1))


sequences = st.lists(
    st.tuples(st.integers(1950 * 12, 2050 * 12), st.integers(1, 31), st.lists(st.integers(0, 40), max_size=6)),
    min_size=1,
    max_size=8,
)


def spread(found):
    """Dates of sequences that begin in a month, keep a day, and step by months."""
    return [date(month, day) for start, day, steps in found for month in start + np.cumsum([0, *steps])]


@given(sequences, st.sampled_from([1, 3, 12]), st.sampled_from([DATE, INSTANT]))
def test_sequences_of_months_are_found_and_come_back_from_their_parts(found, unit, kind):
    found = [(start, day, [unit * step for step in steps]) for start, day, steps in found]
    moved = [step for _, _, steps in found for step in steps if step]
    assume(len(moved) >= 3)
    column, chains = parsed(spread(found), kind), chained([1 + len(steps) for _, _, steps in found])
    step = find_step(kind, column, chains)
    assert months_of(step) == np.gcd.reduce(moved)
    parts = steps_of("t", step, Schema(columns=(kind,))).split(kind, column, chains)
    flat = {part.name: values for part, values in parts if values is not None}
    steps = steps_of("t", step, Schema(columns=tuple(part for part, _ in parts)))
    assert all((flat[name].missing > 0).tolist() == (~chains.first).tolist() for name in steps.begins)
    at = np.flatnonzero(chains.first)
    facts = steps.begin({name: values.rows(at) for name, values in flat.items()})
    while len(at):
        assert np.array_equal(facts["t"].values, column.values[at])
        going_on = np.isin(at, chains.before)
        at = at[going_on] + 1
        before = {name: values.rows(np.flatnonzero(going_on)) for name, values in facts.items()}
        facts = steps.go_on({name: values.rows(at) for name, values in flat.items()}, before)


@given(sequences, st.data())
def test_one_row_on_another_day_makes_steps_days_again(found, data):
    found = [(start, day, [*steps, 1, 1, 1]) for start, day, steps in found]
    days, chains = spread(found), chained([1 + len(steps) for _, _, steps in found])
    assert find_step(DATE, parsed(days), chains) is not None
    at = data.draw(st.integers(0, len(days) - 1))
    days[at] = days[at].replace(day=14 if days[at].day != 14 else 13)
    assert find_step(DATE, parsed(days), chains) is None


@given(
    st.floats(-10_000, 10_000),
    st.integers(1, 31),
    st.lists(st.integers(0, 30), max_size=8),
    st.sampled_from([1, 3]),
)
def test_whatever_is_made_keeps_to_one_day_of_the_month(drawn, day, steps, each):
    """A net draws any day between two first months; the steps are what it says."""
    begun = {"t": ParsedColumn(np.array([drawn]), *np.zeros((2, 1), np.uint8))}
    begun["t.day"] = ParsedColumn(np.array([float(day)]), *np.zeros((2, 1), np.uint8))
    going = steps_of("t", f"{each} months", Schema(columns=(DATE,)))
    facts = going.begin(begun)
    first = dates(facts["t"])[0]
    start = first.year * 12 + first.month - 1
    assert first == date(start, day)
    gaps = [abs((ORIGIN - date(month, 1)).days + drawn) for month in (start - 1, start, start + 1)]
    assert min(gaps) >= gaps[1] - 1  # it is the month that begins nearest, to the day
    for number, step in enumerate(steps):
        facts = going.go_on({"t.step": ParsedColumn(np.array([float(step)]), *np.zeros((2, 1), np.uint8))}, facts)
        assert dates(facts["t"]) == [date(start + each * sum(steps[: number + 1]), day)]


@pytest.mark.parametrize(
    ("found", "day"),
    [
        ([(24_000, 31, [1, 2, 1]), (24_001, 31, [])], 31),  # ends of months, one sequence of a last of February
        ([(24_000, 28, [1, 2, 1]), (24_061, 28, [])], 28),  # a sequence of nothing but 28 February 2005
        ([(24_000, 30, [2, 1, 1]), (24_001, 30, [])], 30),
        ([(24_003, 30, [2, 3, 2]), (24_001, 31, [])], 31),  # 30 April, 30 June, 30 September, 30 November
    ],
)
def test_a_last_day_is_told_from_a_day_by_the_other_sequences(found, day):
    chains = chained([1 + len(steps) for _, _, steps in found])
    parts = steps_of("t", "1 month", Schema(columns=(DATE,))).split(DATE, parsed(spread(found)), chains)
    assert [(part.kind, part.value) for part, _ in parts if part.name == "t.day"] == [("constant", str(day))]


def test_instants_at_different_times_of_day_or_in_another_zone_step_by_seconds():
    sequence, chains = parsed(spread([(24_000, 31, [1, 2, 1, 3])]), INSTANT), chained([5])
    assert find_step(INSTANT, sequence, chains) == "1 month"
    later = ParsedColumn(sequence.values + np.array([0, 60, 0, 0, 0]), sequence.missing, sequence.special)
    assert find_step(INSTANT, later, chains) is None
    for zone, step in (("+00:00", "1 month"), ("+01:00", None), ("Europe/Berlin", None)):
        format = TimeFormat(format="%Y-%m-%dT%H:%M%:z", zone=zone)
        assert find_step(INSTANT.model_copy(update={"format": format}), sequence, chains) == step


def test_a_few_steps_may_be_months_by_chance():
    assert find_step(DATE, parsed(spread([(24_000, 5, [1, 1])])), chained([3])) is None
    assert find_step(DATE, parsed(spread([(24_000, 5, [0, 0, 0, 0])])), chained([5])) is None
    assert find_step(DATE, parsed(spread([(24_000, 5, [2, 4, 6])])), chained([4])) == "2 months"


def opened(folder, **more):
    found = find_relations(folder)[0].to_json()
    entry = found["tables"][1] | more
    found["tables"][1] = {name: value for name, value in entry.items() if value is not None}
    return open_database(folder, Relations.from_json(found))


def test_a_table_of_statements_is_learnt_by_months(tmp_path):
    folder = written(accounts(50), tmp_path / "bank")
    database = opened(folder)
    assert database.relations.table("statements").step == "1 month"
    assert Relations.from_json(database.relations.to_json()) == database.relations
    view, table = flatten(database, "statements")
    assert [c.name for c in view.schema.columns if c.name not in view.given] == [
        "month", "month.day", "month.step", "balance"
    ]  # fmt: skip
    assert view.present(0) == ("month",) and view.present(1) == ("month.step",)
    assert set(np.unique(table.columns["month.step"].values)[:-1]) == {1.0, 2.0}
    days = opened(folder, step="any")
    assert days.relations.table("statements").step == "any"
    steps = flatten(days, "statements")[1].columns["month.step"].values
    assert {28.0, 30.0, 31.0} <= set(np.unique(steps)) and "month.day" not in flatten(days, "statements")[
        0
    ].schema.names


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"step": "5 months"}, "step '5 months': rows are not so many whole months apart by 'month' (but 1 month)"),
        ({"step": "monthly"}, "table 'statements': step 'monthly' must be a number of months, as '3 months', or 'any'"),
        ({"step": "1 month", "order": None}, "a step is that of an order"),
    ],
)
def test_a_step_that_rows_do_not_keep_is_refused(tmp_path, more, told):
    folder = written(accounts(50), tmp_path / "bank")
    with pytest.raises(InputError) as found:
        opened(folder, **more)
    assert told in str(found.value)


def test_months_asked_of_other_dates_are_refused(tmp_path):
    tables = accounts(50)
    tables["statements"].loc[3, "month"] = "2021-01-07"
    with pytest.raises(InputError, match=r"statements.csv: step '1 month': .* \(on one day of the month\): leave step"):
        opened(written(tables, tmp_path / "bank"), step="1 month")
