"""What each kind of rule says of rows, and how it mends them."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.data.table.grid import as_written
from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.parse import ParsedColumn, parse_column, render_column
from gansmith.data.table.rule_reading import read_rules
from gansmith.data.table.rule_rows import CombinationsCheck
from gansmith.data.table.rules import RuleBook, check_rules
from gansmith.data.table.schema import CategoryColumn, NumberColumn, Schema, Special, TimeColumn
from gansmith.data.table.table_set import TableSet
from gansmith.data.table.time_format import TimeFormat
from gansmith.errors import InputError

pa = pytest.importorskip("pyarrow")


def number(name, digits=0, low=0.0, high=100.0, **more):
    style = {"style": "shortest"} if digits is None else {}
    kind = "decimal" if digits is None or digits else "integer"
    format = NumberFormat(digits=digits, **style)
    return NumberColumn(name=name, kind=kind, format=format, low=low, high=high, **more)


def time(name, kind, format, low, high):
    origin = {"date": low, "datetime": low[:10] + "T00:00:00"}.get(kind, "")
    return TimeColumn(name=name, kind=kind, format=TimeFormat(format=format), origin=origin, low=low, high=high)


def category(name, *values, missing=("",)):
    return CategoryColumn(name=name, kind="category", values=values, missing=missing)


def parse(columns, **text):
    rows = {}
    for column in columns:
        rows[column.name], bad = parse_column(pa.array([str(v) for v in text[column.name]], pa.string()), column)
        assert not bad.any()
    return rows


def book(columns, *rules, real=None):
    schema = Schema(columns=columns, rules=read_rules(list(rules), "rules"))
    check_rules(schema)
    rows = parse(columns, **real) if real else {}
    count = len(next(iter(rows.values()))) if rows else 0
    return RuleBook.fit(TableSet(schema, rows, np.zeros((count, 16), np.uint8), "", (), ""))


def run(columns, rules, text, raw=None, pinned=(), luck=0.5, real=None):
    """Which rows keep the rules, and the rows after mending as text with whether they keep them then."""
    found = book(columns, *rules, real=real)
    rows = found.written(raw or parse(columns, **text))
    count = len(next(iter(rows.values())))
    before = found.held(rows).all(1).tolist()
    mended = found.mend(rows, np.full((count, len(rules)), luck), pinned)
    shown = {c.name: render_column(mended[c.name], c).to_pylist() for c in columns}
    for c in columns:  # what was mended is as it will be read again, special values among it
        again, _ = parse_column(pa.array(shown[c.name], pa.string()), c)
        for field in ("values", "missing", "special"):
            np.testing.assert_array_equal(getattr(mended[c.name], field), getattr(again, field))
    return before, shown, found.held(mended).all(1).tolist()


A, B = number("a"), number("b")
LESS = {"kind": "inequality", "left": "a", "right": "b"}


def test_an_inequality_moves_both_to_the_border():
    before, shown, after = run((A, B), [LESS], {"a": [3, 30, 7, 99], "b": [5, 10, 7, 0]})
    assert before == [True, False, True, False] and all(after)
    assert shown["a"] == ["3", "20", "7", "50"] and shown["b"] == ["5", "20", "7", "50"]


def test_a_strict_inequality_leaves_one_step():
    before, shown, after = run((A, B), [{**LESS, "strict": True}], {"a": [30, 7, 100, 0], "b": [10, 7, 100, 0]})
    assert before == [False] * 4 and all(after)
    assert shown["a"] == ["19", "6", "99", "0"] and shown["b"] == ["20", "7", "100", "1"]


def test_the_wider_column_moves_more():
    columns = (A, number("b", high=1000.0))
    _, shown, after = run(columns, [LESS], {"a": [90], "b": [10]})
    assert after == [True] and shown == {"a": ["89"], "b": ["89"]}


def test_an_inequality_keeps_ranges():
    columns = (A, number("b", high=20.0))
    rules = [LESS, {"kind": "range", "column": "a", "low": 15}]
    before, shown, after = run(columns, rules, {"a": [90, 10, 16], "b": [0, 19, 12]})
    assert not any(before) and all(after)
    assert shown == {"a": ["15", "15", "15"], "b": ["15", "19", "15"]}


def test_an_inequality_that_no_border_meets_leaves_the_row_alone():
    columns = (number("a", low=50.0), number("b", high=60.0))
    rule = {**LESS, "offset": -5}
    before, shown, after = run(columns, [rule], {"a": [90, 58], "b": [20, 60]})
    assert before == [False, False] and after == [True, True]
    _, shown, after = run(columns, [rule], {"a": [90], "b": [20]}, pinned=["a"])
    assert after == [False] and shown == {"a": ["90"], "b": ["20"]}


@pytest.mark.parametrize(("pinned", "shown"), [("a", ("30", "30")), ("b", ("10", "10")), ("ab", ("30", "10"))])
def test_pinned_columns_stay(pinned, shown):
    _, found, after = run((A, B), [LESS], {"a": [30], "b": [10]}, pinned=list(pinned))
    assert (found["a"][0], found["b"][0]) == shown and after == [pinned != "ab"]


def test_linear_inequalities_are_compared_as_decimals():
    columns = (number("a", 1), number("b", 1))
    rule = {**LESS, "offset": -0.1}
    before, _, _ = run(columns, [rule], {"a": [0.2, 0.3], "b": [0.3, 0.3]})
    assert before == [True, False] and not 0.2 <= 0.3 - 0.1
    rule = {**LESS, "factor": 3, "strict": True}
    before, _, _ = run(columns, [rule], {"a": [0.3, 0.2], "b": [0.1, 0.1]})
    assert before == [False, True] and 0.3 < 3 * 0.1


@pytest.mark.parametrize("factor", [2.0, 0.25, -1.5])
@pytest.mark.parametrize("strict", [True, False])
def test_linear_inequalities_are_mended(factor, strict):
    columns = (number("a", 2, low=-500), number("b", 1, low=-200))
    rng = np.random.default_rng(0)
    text = {"a": np.round(rng.uniform(-500, 100, 200), 2), "b": np.round(rng.uniform(-200, 100, 200), 1)}
    rule = {**LESS, "factor": factor, "offset": 7.25, "strict": strict}
    before, shown, after = run(columns, [rule], text)
    assert not all(before) and all(after)
    for i, held in enumerate(before):
        a, b = float(shown["a"][i]), float(shown["b"][i])
        assert -500 <= a <= 100 and -200 <= b <= 100
        if held:
            assert (a, b) == (text["a"][i], text["b"][i])
        else:
            assert -1e-9 <= factor * b + 7.25 - a < 0.25 * max(1, abs(factor))


def test_what_is_missing_breaks_no_comparison():
    columns = (number("a", missing=("",)), number("b", missing=("NA",)))
    before, shown, _ = run(columns, [LESS], {"a": ["", "50", ""], "b": ["3", "NA", "NA"]})
    assert before == [True] * 3 and shown == {"a": ["", "50", ""], "b": ["3", "NA", "NA"]}


def test_special_values_are_numbers_that_mending_leaves_alone():
    columns = (number("a", specials=(Special(text="999"),)), number("b", specials=(Special(text="0", role="spike"),)))
    before, shown, after = run(columns, [LESS], {"a": ["999", "999", "50", "50"], "b": ["50", "999", "0", "20"]})
    assert before == [False, True, False, False] and after == [False, True, False, True]
    assert shown == {"a": ["999", "999", "50", "35"], "b": ["50", "999", "0", "35"]}


def test_mending_may_end_at_a_special_value():
    columns = (number("a", specials=(Special(text="20", role="spike"),)), B)
    before, shown, after = run(columns, [LESS], {"a": [30], "b": [10]})
    assert before == [False] and after == [True] and shown == {"a": ["20"], "b": ["20"]}


DAY = time("start", "date", "%Y-%m-%d", "2020-01-01", "2022-12-31")
END = time("end", "date", "%d.%m.%Y", "01.06.2020", "31.12.2023").model_copy(update={"origin": "2020-06-01"})
SENT = time("sent", "datetime", "%Y-%m-%d %H:%M", "2020-01-01 00:00", "2022-12-31 23:59")
MONTH = time("month", "date", "%Y-%m", "2019-01", "2023-12").model_copy(update={"origin": "2019-01-01"})


def test_dates_of_any_format_are_compared():
    rule = {"kind": "inequality", "left": "start", "right": "end", "offset": "-3 days"}
    text = {"start": ["2020-06-01", "2020-06-01", "2021-03-10"], "end": ["04.06.2020", "03.06.2020", "01.02.2021"]}
    before, shown, after = run((DAY, END), [rule], text)
    assert before == [True, False, False] and all(after)
    assert shown["start"][0] == "2020-06-01" and shown["end"][0] == "04.06.2020"
    for start, end in list(zip(shown["start"], shown["end"], strict=True))[1:]:
        day = np.datetime64("-".join(reversed(end.split(".")))) - np.datetime64(start)
        assert day == np.timedelta64(3, "D")
    assert run((DAY, END), [{**rule, "offset": -3}], text)[1] == shown


def test_a_date_is_its_first_instant():
    rule = {"kind": "inequality", "left": "start", "right": "sent", "strict": True}
    text = {"start": ["2021-05-05"] * 3, "sent": ["2021-05-05 00:00", "2021-05-05 00:01", "2021-05-04 23:59"]}
    before, shown, after = run((DAY, SENT), [rule], text)
    assert before == [False, True, False] and all(after)
    assert run((SENT, DAY), [{"kind": "inequality", "left": "sent", "right": "start"}], text)[0] == [True, False, True]
    # a format that leaves out the day is the first of the month
    rule = {"kind": "inequality", "left": "start", "right": "month"}
    text = {"start": ["2021-05-05", "2021-05-01", "2021-06-30"], "month": ["2021-05", "2021-05", "2021-02"]}
    before, shown, after = run((DAY, MONTH), [rule], text)
    assert before == [False, True, False] and all(after) and shown["month"][0] in ("2021-05", "2021-06")


def test_times_and_durations():
    opens, closes = (time(n, "time", "%H:%M", "06:00", "23:59") for n in ("opens", "closes"))
    rule = {"kind": "inequality", "left": "opens", "right": "closes", "offset": "-30 minutes"}
    before, shown, after = run((opens, closes), [rule], {"opens": ["09:00", "20:00"], "closes": ["09:30", "10:00"]})
    assert (
        before == [True, False] and all(after) and shown == {"opens": ["09:00", "14:45"], "closes": ["09:30", "15:15"]}
    )
    planned, took = (time(n, "duration", "%K:%M:%S", "0:00:00", "99:00:00") for n in ("planned", "took"))
    rule = {"kind": "inequality", "left": "took", "right": "planned", "factor": 2}
    text = {"took": ["4:00:00", "4:00:01"], "planned": ["2:00:00", "2:00:00"]}
    before, shown, after = run((took, planned), [rule], text)
    assert before == [True, False] and all(after)
    rules = [{"kind": "range", "column": "took", "high": "3:00:00"}, {"kind": "positive", "column": "planned"}]
    before, shown, after = run((took, planned), rules, {"took": ["3:00:01", "1:00:00"], "planned": ["0:00:00"] * 2})
    assert (
        before == [False] * 2 and shown == {"took": ["3:00:00", "1:00:00"], "planned": ["0:00:01"] * 2} and all(after)
    )


def test_times_too_far_for_their_digits_are_refused():
    fine = time("fine", "datetime", "%Y-%m-%d %H:%M:%S.%9f", *["2020-01-01 00:00:00.000000000"] * 2)
    far = time("far", "date", "%Y-%m-%d", "2020-01-01", "2999-12-31")
    with pytest.raises(InputError, match="lie too far apart in digits and years"):
        book((fine, far), {"kind": "inequality", "left": "fine", "right": "far"})


def test_a_range_clips_to_what_can_be_written():
    columns = (number("a", 1), DAY)
    rules = [
        {"kind": "range", "column": "a", "low": 9.95, "high": 20.04},
        {"kind": "range", "column": "start", "high": "2021-01-01T12:00"},
    ]
    text = {"a": [9.9, 10.0, 20.1], "start": ["2021-01-02", "2021-01-01", "2022-02-02"]}
    before, shown, after = run(columns, rules, text)
    assert before == [False, True, False] and all(after)
    assert shown == {"a": ["10.0", "10.0", "20.0"], "start": ["2021-01-01"] * 3}


def test_rules_hold_of_what_is_written():
    """0.004 is above 0 and written as 0.00; 64.6 is below 65 and written as 65."""
    columns = (number("a", 2), B)
    rules = [{"kind": "positive", "column": "a"}, {"kind": "range", "column": "b", "high": 64.9}]
    zero = np.zeros(2, np.uint8)
    raw = {
        "a": ParsedColumn(np.array([0.004, 0.006]), zero, zero),
        "b": ParsedColumn(np.array([64.6, 64.4]), zero, zero),
    }
    before, shown, after = run(columns, rules, {}, raw)
    assert before == [False, True] and all(after) and shown == {"a": ["0.01", "0.01"], "b": ["64", "64"]}


def test_positive_without_a_last_digit_is_drawn_again():
    _, shown, after = run((number("a", None), B), [{"kind": "positive", "column": "a"}], {"a": [0, 3.5], "b": [1, 1]})
    assert after == [False, True] and shown["a"] == ["0", "3.5"]
    _, shown, after = run(
        (number("a", None), B), [{"kind": "positive", "column": "a", "zero": True}], {"a": [0], "b": [1]}
    )
    assert after == [True]


def test_one_of():
    columns = (number("a", 1, missing=("",)), category("c", "red", "green", "1"))
    rules = [
        {"kind": "one-of", "column": "a", "values": [1, 2.5, 90]},
        {"kind": "one-of", "column": "c", "values": ["red", 1]},
    ]
    text = {"a": ["1.0", "1.8", "50", "", "99"], "c": ["red", "1", "red", "", "green"]}
    before, shown, after = run(columns, rules, text)
    assert before == [True, False, False, True, False] and after == [True, True, True, True, False]
    assert shown == {"a": ["1.0", "2.5", "90.0", "", "90.0"], "c": ["red", "1", "red", "", "green"]}


PARTS = tuple(number(n, 1) for n in "pqr")


def test_sums_are_decimal():
    rule = {"kind": "sum-to", "columns": ["p", "q", "r"], "total": 0.6}
    before, shown, after = run(PARTS, [rule], {"p": [0.1, 0.1], "q": [0.2, 0.2], "r": [0.3, 0.4]})
    assert before == [True, False] and 0.1 + 0.2 + 0.3 != 0.6 and all(after)
    rule = {"kind": "sum-to", "columns": ["p", "q", "r"], "total": 100}
    text = {"p": [50, 10, 0, 0, 33.3], "q": [25, 10, 0, 50, 33.3], "r": [25, 20, 0, 0, 33.3]}
    before, shown, after = run(PARTS, [rule], text)
    assert before == [True, False, False, False, False] and all(after)
    assert [shown[n][1] for n in "pqr"] == ["25.0", "25.0", "50.0"]  # in proportion
    assert sorted(shown[n][2] for n in "pqr") == ["33.3", "33.3", "33.4"]
    assert [shown[n][3] for n in "pqr"] == ["0.0", "100.0", "0.0"]  # zeros stay
    assert sorted(shown[n][4] for n in "pqr") == ["33.3", "33.3", "33.4"]
    assert run(PARTS, [{**rule, "within": 0.1}], text)[0] == [True, False, False, False, True]


def test_a_total_column_with_fewer_digits_is_the_rounded_sum():
    total = number("t", 0, high=300.0)
    rule = {"kind": "sum-to", "columns": ["p", "q", "r"], "total": "t"}
    text = {"p": [1.1, 1.1, 90], "q": [1.2, 1.2, 90], "r": [1.3, 1.1, 90], "t": [4, 4, 100]}
    before, shown, after = run((*PARTS, total), [rule], text)
    assert before == [True, False, False] and all(after) and shown["t"] == ["4", "4", "100"]
    # the parts can't reach the total: it follows them
    text = {"p": [1], "q": [1], "r": [1], "t": [0]}
    parts = tuple(number(n, 1, low=1.0) for n in "pqr")
    _, shown, after = run((*parts, total), [rule], text)
    assert after == [True] and shown == {"p": ["1.0"], "q": ["1.0"], "r": ["1.0"], "t": ["3"]}
    _, shown, after = run((*parts, total), [rule], text, pinned=["t"])
    assert after == [False] and shown["t"] == ["0"]


def test_sums_with_pins_bounds_and_missing_parts():
    rule = {"kind": "sum-to", "columns": ["p", "q", "r"], "total": 100}
    parts = (number("p", 1, missing=("",)), number("q", 1, high=20.0), number("r", 2))
    text = {"p": ["", "10", "0"], "q": [20, 10, 10], "r": [5, 10, 0]}
    before, shown, after = run(parts, [rule], text)
    assert before == [True, False, False] and all(after)
    assert shown["q"][1:] == ["20.0", "20.0"] and shown["p"][1:] == ["40.0"] * 2 and shown["r"][1:] == ["40.00"] * 2
    _, shown, after = run(parts, [rule], text, pinned=["p"])
    assert shown["p"] == ["", "10.0", "0.0"] and after == [True, True, True] and shown["r"][1:] == ["70.00", "80.00"]


def test_sums_without_a_last_digit():
    parts = tuple(number(n, None) for n in "pqr")
    rng = np.random.default_rng(0)
    text = {n: [repr(float(v)) for v in rng.uniform(1, 30, 50)] for n in "pqr"}
    before, shown, after = run(parts, [{"kind": "sum-to", "columns": ["p", "q", "r"], "total": 60}], text)
    assert not any(before) and all(after)
    assert np.allclose([sum(float(shown[n][i]) for n in "pqr") for i in range(50)], 60, rtol=1e-9)


CITY, LAND = category("city", "Bonn", "Ulm", "Rom", missing=("", "NA")), category("land", "DE", "IT", "FR")
REAL = {"city": ["Bonn", "Ulm", "Ulm", "Ulm", "Rom", ""], "land": ["DE", "DE", "DE", "DE", "IT", "DE"]}
COMBINED = {"kind": "fixed-combinations", "columns": ["city", "land"]}


def test_combinations_are_those_of_training():
    text = {"city": ["Bonn", "Rom", "", "NA", "NA"], "land": ["DE", "IT", "DE", "DE", "IT"]}
    before, shown, after = run((CITY, LAND), [COMBINED], text, real=REAL)
    assert before == [True, True, True, True, False] and all(after)
    assert shown["city"][3] == "NA"  # any spelling of a missing value is missing


def test_a_combination_that_shares_most_is_taken_by_frequency():
    found = book((CITY, LAND), COMBINED, real=REAL)
    (check,) = found.checks
    assert isinstance(check, CombinationsCheck)
    rows = parse((CITY, LAND), city=["Rom"] * 1000, land=["DE"] * 1000)
    luck = (np.arange(1000)[:, None] + 0.5) / 1000
    mended = found.mend(rows, luck)
    names = [(None if c < 0 else CITY.values[c], LAND.values[k])
             for c, k in zip(mended["city"].values, mended["land"].values, strict=True)]  # fmt: skip
    shares = {pair: names.count(pair) / 1000 for pair in set(names)}
    # each shares one column: Rom in IT once, Bonn once, Ulm three times, missing once
    wanted = {("Rom", "IT"): 1 / 6, ("Bonn", "DE"): 1 / 6, ("Ulm", "DE"): 1 / 2, (None, "DE"): 1 / 6}
    assert shares == {pair: pytest.approx(share, abs=0.002) for pair, share in wanted.items()}
    pinned = found.mend(rows, luck, pinned=["city"])
    assert set(pinned["land"].values.tolist()) == {1} and set(pinned["city"].values.tolist()) == {2}
    france = parse((CITY, LAND), city=["Rom"], land=["FR"])
    assert not found.held(found.mend(france, np.zeros((1, 1)), pinned=["land"])).any()


def test_the_nearest_combination_shares_two_of_three():
    kind = category("kind", "big", "small")
    rule = {"kind": "fixed-combinations", "columns": ["city", "land", "kind"]}
    real = {"city": ["Bonn"] * 9 + ["Rom"], "land": ["DE"] * 9 + ["IT"], "kind": ["big"] * 9 + ["small"]}
    text = {"city": ["Rom", "Rom", "Bonn"], "land": ["IT", "DE", "IT"], "kind": ["big", "small", "big"]}
    for luck in (0.0, 0.999):
        before, shown, after = run((CITY, LAND, kind), [rule], text, luck=luck, real=real)
        assert not any(before) and all(after) and shown["city"] == ["Rom", "Rom", "Bonn"]


def test_combinations_of_numbers_and_dates():
    columns = (number("a", 1, specials=(Special(text="99"),)), DAY, LAND)
    real = {"a": [1.5, 2.5, 99], "start": ["2020-01-01", "2020-05-05", "2021-01-01"], "land": ["DE", "IT", "DE"]}
    rule = {"kind": "fixed-combinations", "columns": ["a", "start", "land"]}
    text = {"a": [1.5, 99, 99], "start": ["2020-01-01", "2021-01-01", "2020-05-05"], "land": ["DE", "DE", "IT"]}
    before, shown, after = run(columns, [rule], text, real=real)
    assert before == [True, True, False] and all(after) and shown["a"] == ["1.5", "99", "2.5"]


def test_unique_looks_at_earlier_rows():
    columns = (number("a", missing=("",)), B)
    found = book(columns, {"kind": "unique", "columns": ["a", "b"]})
    rows = parse(columns, a=["1", "1", "1", "", ""], b=[1, 2, 1, 3, 3])
    assert found.held(rows)[:, 0].tolist() == [True, True, False, True, True]
    mended = found.mend(rows, np.zeros((5, 1)))
    assert all(mended[n] is rows[n] or np.array_equal(mended[n].values, rows[n].values, True) for n in "ab")


def test_rules_are_mended_in_turns():
    rules = [LESS, {"kind": "inequality", "left": "b", "right": "c"}, {"kind": "range", "column": "b", "high": 50}]
    rng = np.random.default_rng(1)
    text = {n: rng.integers(0, 101, 300) for n in "abc"}
    before, _, after = run((A, B, number("c")), rules, text)
    assert sum(before) < 100 and sum(after) > 290


def test_mending_can_be_switched_off():
    before, shown, after = run((A, B), [{**LESS, "mend": False}], {"a": [30], "b": [10]})
    assert before == after == [False] and shown == {"a": ["30"], "b": ["10"]}


def test_a_time_that_no_text_can_say_moves_to_the_end():
    zero = np.zeros(3, np.uint8)
    found = as_written(ParsedColumn(np.array([1e7, -1e7, 5.5]), zero, zero), DAY)
    assert render_column(found, DAY).to_pylist() == ["2022-12-31", "2020-01-01", "2020-01-06"]
