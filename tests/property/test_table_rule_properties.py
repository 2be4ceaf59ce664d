"""Rules between columns: what is written keeps them, whatever the values; expressions are what Python says they are."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gansmith.data.table.expression_syntax import parse_expression
from gansmith.data.table.grid import as_written, grid_of
from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.open import open_table
from gansmith.data.table.parse import ParsedColumn, parse_column, render_column
from gansmith.data.table.reckoning import Value, rounded
from gansmith.data.table.render import render_table
from gansmith.data.table.rule_check import bounds_of
from gansmith.data.table.rule_expression import ExpressionCheck
from gansmith.data.table.rule_keeper import RuleKeeper
from gansmith.data.table.rule_kinds import ExpressionRule
from gansmith.data.table.rule_reading import read_rules
from gansmith.data.table.rule_sum import SumCheck
from gansmith.data.table.rules import RuleBook, check_rules
from gansmith.data.table.schema import CategoryColumn, NumberColumn, Special, TimeColumn
from gansmith.data.table.time_format import TimeFormat
from gansmith.errors import InputError

pa = pytest.importorskip("pyarrow")

few = settings(max_examples=25, deadline=None)
some = settings(max_examples=80, deadline=None)

FORMATS = [
    NumberFormat(digits=0),
    NumberFormat(digits=2),
    NumberFormat(digits=1, thousands=",", prefix="$"),
    NumberFormat(style="shortest", digits=3),
    NumberFormat(style="shortest", digits=4, least=1),
    NumberFormat(style="shortest", digits=None),
    NumberFormat(style="scientific", digits=3),
    NumberFormat(digits=17),
]
TIMES = [
    ("date", "%Y-%m-%d", "1990-01-01", "2030-12-31"),
    ("date", "%Y-%m", "1990-01", "2030-12"),
    ("date", "%d.%m.%y", "01.01.90", "31.12.30"),
    ("datetime", "%Y-%m-%d %H:%M:%S", "1990-01-01 00:00:00", "2030-12-31 23:59:59"),
    ("datetime", "%Y-%m-%dT%H:%M:%S.%3f%:z", "1990-01-01T00:00:00.000+00:00", "2030-12-31T00:00:00.000+00:00"),
    ("time", "%H:%M", "00:00", "23:59"),
    ("time", "%-I:%M %p", "12:00 AM", "11:59 PM"),
    ("duration", "%K:%M:%S", "0:00:00", "300:00:00"),
]


def numbers(format: NumberFormat, **more) -> NumberColumn:
    return NumberColumn(name="x", kind="decimal", format=format, low=-1e6, high=1e6, **more)


def times(at: int) -> TimeColumn:
    kind, format, low, high = TIMES[at]
    origin = {"date": "1990-01-01", "datetime": "1990-01-01T00:00:00"}.get(kind, "")
    return TimeColumn(name="t", kind=kind, format=TimeFormat(format=format), origin=origin, low=low, high=high)


def parsed(values) -> ParsedColumn:
    values = np.asarray(values, np.float64)
    return ParsedColumn(values, np.zeros(len(values), np.uint8), np.zeros(len(values), np.uint8))


def same(one: ParsedColumn, two: ParsedColumn) -> bool:
    return all(np.array_equal(getattr(one, f), getattr(two, f), f == "values") for f in ("missing", "special")) and (
        np.array_equal(one.values, two.values, equal_nan=one.values.dtype.kind == "f")
    )


def again(column, rows: ParsedColumn) -> ParsedColumn:
    found, bad = parse_column(render_column(rows, column), column)
    assert not bad.any()
    return found


@some
@given(st.sampled_from(FORMATS), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
@example(NumberFormat(digits=2), [-0.001, 2.675, 0.005, 1e6])
def test_numbers_are_known_as_they_will_be_written(format, values):
    column = numbers(
        format, specials=(Special(text="0"), Special(text="-999")), missing=("", "7", "7.00", "$1,000.0", None)
    )
    written = as_written(parsed([*values, 0, -999, 7, 1000]), column)
    assert same(again(column, written), written) and same(as_written(written, column), written)


@some
@given(st.integers(0, len(TIMES) - 1), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_times_are_known_as_they_will_be_written(at, shares):
    column = times(at)
    grid = grid_of(column)
    written = as_written(parsed(grid.low + np.array(shares) * (grid.high - grid.low)), column)
    assert same(again(column, written), written)
    assert ((written.values >= grid.low) & (written.values <= grid.high)).all()


def test_a_category_that_is_spelt_as_a_missing_one_is_missing():
    column = CategoryColumn(name="c", kind="category", values=("a", "?", "b"), missing=("", "?"))
    zero = np.zeros(3, np.uint8)
    written = as_written(ParsedColumn(np.array([0, 1, 2], np.int32), zero, zero), column)
    assert same(again(column, written), written) and written.missing.tolist() == [0, 2, 0]


def usual(value: float) -> bool:
    """Not so small that floats lose digits."""
    return value == 0 or abs(value) > 1e-200


@some
@given(st.sampled_from(FORMATS), st.lists(st.floats(-1e6, 1e6).filter(usual), min_size=1, max_size=20))
def test_numbers_next_to_a_number(format, values):
    check_neighbours(numbers(format), np.array(values))


@some
@given(st.integers(0, len(TIMES) - 1), st.lists(st.floats(0.05, 0.95), min_size=1, max_size=20))
def test_times_next_to_a_time(at, shares):
    grid = grid_of(times(at))
    check_neighbours(times(at), grid.low + np.array(shares) * (grid.high - grid.low))


def check_neighbours(column, values):
    grid = grid_of(column)
    down, up, below, above = grid.down(values), grid.up(values), grid.below(values), grid.above(values)
    assert (down <= values).all() and (up >= values).all() and (below < values).all() and (above > values).all()
    for found in (down, up, below, above):
        np.testing.assert_array_equal(grid.nearest(found), found)
    if getattr(column.format, "digits", 0) == 17:
        return  # digits beyond those of floats: what is found keeps its side, and more can't be said
    # there is nothing between: the one above what is below is the value itself, or what is above it
    np.testing.assert_array_equal(grid.up(np.nextafter(below, np.inf)), up)
    np.testing.assert_array_equal(grid.down(np.nextafter(above, -np.inf)), down)


COLUMNS = {
    "a": numbers(NumberFormat(digits=2)),
    "b": numbers(NumberFormat(digits=0)),
    "my col": numbers(NumberFormat(style="shortest", digits=None)),
    "c": CategoryColumn(name="c", kind="category", values=("red", "green", "it's", "1")),
    "d": CategoryColumn(name="d", kind="category", values=("green", "red", "blue", "1")),
}
COLUMNS = {name: column.model_copy(update={"name": name}) for name, column in COLUMNS.items()}
NAMES = {"a": "a", "b": "b", "`my col`": "z"}

constants = st.one_of(st.integers(-9, 9), st.floats(-100, 100).map(lambda x: round(x, 2))).map(
    lambda x: f"({x!r})" if x < 0 else repr(x)
)
atoms = st.one_of(st.sampled_from(list(NAMES)), constants)


def sums(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/%"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda x: f"-({x})"),
        st.tuples(inner, st.integers(0, 3)).map(lambda t: f"({t[0]}) ** {t[1]}"),
        inner.map(lambda x: f"abs({x})"),
        st.tuples(inner, inner, st.sampled_from(["min", "max"])).map(lambda t: f"{t[2]}({t[0]}, {t[1]})"),
        st.tuples(inner, st.integers(-2, 4)).map(lambda t: f"round({t[0]}, {t[1]})"),
    )


reckoned = st.recursive(atoms, sums, max_leaves=5)
signs = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
texts = st.one_of(
    st.tuples(st.sampled_from("cd"), st.sampled_from(["==", "!="]), st.sampled_from(["'red'", '"green"', "'1'"])).map(
        " ".join
    ),
    st.sampled_from(["c == d", "d != c", "c in ('red', \"it's\")", "d not in ['green', '1']", "'red' == c"]),
)
compared = st.one_of(
    st.tuples(reckoned, signs, reckoned).map(" ".join),
    st.tuples(reckoned, signs, reckoned, signs, reckoned).map(" ".join),
    st.tuples(reckoned, st.lists(constants, min_size=1, max_size=3)).map(lambda t: f"{t[0]} in ({', '.join(t[1])},)"),
    texts,
)
logic = st.recursive(
    compared,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda x: f"not ({x})"),
        st.tuples(inner, st.sampled_from(["==", "!="]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=4,
)


def in_python(text: str, row: dict[str, object]) -> bool | None:
    """What Python says of one row; None where it has no answer: a division by zero, a number beyond every float."""

    def checked(value):
        if not math.isfinite(value):
            raise OverflowError
        return value

    class Number(float):
        """A float whose results are checked as the rules do: what is not finite is no answer."""

    def answer(real):
        return lambda self, other: Number(checked(real(self, float(other))))

    for sign in ("add", "sub", "mul", "truediv", "mod", "radd", "rsub", "rmul", "rtruediv", "rmod", "pow"):
        setattr(Number, f"__{sign}__", answer(getattr(float, f"__{sign}__")))
    Number.__neg__ = lambda self: Number(-float(self))  # type: ignore[method-assign]
    Number.__abs__ = lambda self: Number(abs(float(self)))  # type: ignore[method-assign]
    Number.__round__ = lambda self, n=None: Number(checked(round(float(self), n or 0)))  # type: ignore[assignment]
    names = {name: Number(value) if isinstance(value, float) else value for name, value in row.items()}
    try:
        return bool(eval(text.replace("`my col`", "z"), {"__builtins__": {}, "abs": abs, "min": min, "max": max,
                                                         "round": round}, names))  # fmt: skip
    except (ZeroDivisionError, OverflowError):
        return None


@settings(max_examples=150, deadline=None)
@given(
    logic,
    st.lists(
        st.tuples(
            st.integers(-500, 500).map(lambda n: n / 100),
            st.integers(-5, 5),
            st.floats(-50, 50),
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        min_size=1,
        max_size=6,
    ),
)
@example("round(a, 1) == 1.2 or not (a / b > 2)", [(1.15, 0, 0.0, 0, 0), (1.25, 2, 0.0, 1, 1), (-2.5, -1, 3.5, 2, 2)])
def test_expressions_are_what_python_says(text, rows):
    assume(re.search(r"\b[abcd]\b|`", text))
    check = ExpressionCheck.bind(ExpressionRule(kind="expression", expression=text), COLUMNS)
    columns = {name: parsed([row[i] for row in rows]) for i, name in enumerate(("a", "b", "my col"))}
    zero = np.zeros(len(rows), np.uint8)
    for i, name in enumerate(("c", "d"), start=3):
        columns[name] = ParsedColumn(np.array([row[i] for row in rows], np.int32), zero, zero)
    found = check.holds(columns).tolist()
    for holds, row in zip(found, rows, strict=True):
        wanted = in_python(text, {"a": float(row[0]), "b": float(row[1]), "z": float(row[2]),
                                  "c": COLUMNS["c"].values[row[3]], "d": COLUMNS["d"].values[row[4]]})  # fmt: skip
        if wanted is not None:
            assert holds == wanted, (text, row)


@some
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30), st.integers(-3, 6))
@example([2.675, 1.115, 0.285, -5.015, 1e15 + 0.3, 12345.5, 50.0, 150.0, 250.0], 2)
@example([50.0, 150.0, 250.0, 149.99999999999997], -2)
def test_numbers_are_rounded_as_python_rounds(values, digits):
    found = rounded(Value(np.array(values), np.zeros(len(values), bool)), digits)
    assert found.data.tolist() == [round(v, digits) for v in values]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abx_ `'\"()[]{}.,:=<>!+-*/%@&|~^#\\\n0123456789erlmndfisoty", max_size=60))
def test_any_text_is_an_expression_or_refused(text):
    try:
        found = parse_expression(text)
    except InputError as error:
        assert len(error.problems) == 1 and "\n" not in str(error)
    else:
        assert found.columns


open_logic = st.recursive(
    st.sampled_from(["a > 0", "b <= 2", "not a == b", "isna(a)", "a < b < 3"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda x: f"not ({x})"),
    ),
    max_leaves=5,
)


def three_valued(text: str, a: float | None, b: float | None) -> bool | None:
    """The same by trying: open if what is missing could make it both true and false, part by part as SQL does."""

    def walk(node: ast.expr) -> bool | None:
        if isinstance(node, ast.BoolOp):
            parts = [walk(v) for v in node.values]
            word = isinstance(node.op, ast.Or)
            return word if word in parts else None if None in parts else not word
        if isinstance(node, ast.UnaryOp):
            inner = walk(node.operand)
            return None if inner is None else not inner
        if isinstance(node, ast.Call):
            return a is None
        said = ast.unparse(node)
        pairs = {"a < b < 3": [("a < b"), ("b < 3")]}.get(said, [said])
        found = []
        for pair in pairs:
            gone = ("a" in pair and a is None) or ("b" in pair and b is None)
            found.append(None if gone else bool(eval(pair, {}, {"a": a, "b": b})))
        return False if False in found else None if None in found else True

    return walk(ast.parse(text, mode="eval").body)


@some
@given(open_logic, st.sampled_from([None, -1.0, 1.0, 2.0]), st.sampled_from([None, 0.0, 2.0, 5.0]))
def test_what_is_missing_is_open(text, a, b):
    assume("a" in text.replace("isna", "").replace("and", "") or "b" in text)
    check = ExpressionCheck.bind(ExpressionRule(kind="expression", expression=text), COLUMNS)
    rows = {}
    for name, value in (("a", a), ("b", b)):
        gone = np.array([value is None], np.uint8)
        rows[name] = ParsedColumn(np.array([np.nan if value is None else value]), gone, np.zeros(1, np.uint8))
    assert check.holds(rows).tolist() == [three_valued(text, a, b) is not False]


ROWS = 240


def shop(seed: int):
    """A table whose real rows keep every rule of `RULES`, with missing values, and specials by chance."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 900, ROWS)
    parts = rng.multinomial(1000, [0.5, 0.3, 0.2], ROWS)
    cost = rng.integers(100, 9000, ROWS) / 100
    town = rng.integers(0, 4, ROWS)
    first = np.datetime64("2020-01-01")
    text = {
        "start": [str(first + int(s)) for s in start],
        "end": [str(first + int(s) + int(d)) for s, d in zip(start, rng.integers(3, 60, ROWS), strict=True)],
        "sent": [f"{first + int(s)} {h:02d}:{m:02d}" for s, h, m in zip(
            start, rng.integers(0, 24, ROWS), rng.integers(0, 60, ROWS), strict=True)],
        "cost": [f"{c:.2f}" for c in cost],
        "price": ["" if rng.random() < 0.1 else f"{2 * c + 1 + rng.integers(0, 500) / 10:.1f}" for c in cost],
        "p": [f"{p / 10:.1f}" for p in parts[:, 0]],
        "q": [f"{p / 10:.1f}" for p in parts[:, 1]],
        "r": [f"{p / 10:.1f}" for p in parts[:, 2]],
        "age": [str(a) for a in rng.integers(18, 90, ROWS)],
        "town": [("Bonn", "Ulm", "Rom", "")[t] for t in town],
        "land": [("DE", "DE", "IT", "DE")[t] for t in town],
        "stars": [("1", "2.5", "4")[s] for s in rng.integers(0, 3, ROWS)],
    }  # fmt: skip
    return open_table(pa.table({name: pa.array(values, pa.string()) for name, values in text.items()}))


RULES = [
    {"kind": "inequality", "left": "start", "right": "end", "offset": "-3 days"},
    {"kind": "inequality", "left": "start", "right": "sent"},
    {"kind": "inequality", "left": "cost", "right": "price", "factor": 0.5, "offset": -0.1, "strict": True},
    {"kind": "sum-to", "columns": ["p", "q", "r"], "total": 100},
    {"kind": "range", "column": "age", "low": 18, "high": 65.5},
    {"kind": "positive", "column": "price"},
    {"kind": "fixed-combinations", "columns": ["town", "land"]},
    {"kind": "one-of", "column": "town", "values": ["Bonn", "Rom"]},
    {"kind": "one-of", "column": "stars", "values": [1, 4]},
    {"kind": "unique", "columns": ["start", "cost", "age"]},
    {"kind": "expression", "expression": "age >= 21 or price < 400 or isna(price)"},
]
TABLES = [shop(0), shop(1)]


def noisy(table, noise: float):
    """Raw rows that know no rule: columns drawn each by itself, numbers with noise far finer than their digits."""

    def draw(n, seed, first):
        out = {}
        for place, (name, column) in enumerate(table.columns.items()):
            words = np.random.Philox(key=[seed, place], counter=[first, 0, 0, 0]).random_raw(4 * n).reshape(n, 4)
            rows = column.rows((words[:, 0] % np.uint64(len(table))).astype(np.int64))
            if rows.values.dtype.kind == "f":
                moved = rows.values + noise * ((words[:, 1] >> np.uint64(11)) * 2.0**-53 - 0.5)
                rows = replace(rows, values=np.where((rows.missing > 0) | (rows.special > 0), rows.values, moved))
            out[name] = rows
        return out

    return draw


def ruled(table, rules) -> RuleBook:
    schema = table.schema.model_copy(update={"rules": read_rules(rules, "rules")})
    check_rules(schema)
    return RuleBook.fit(replace(table, schema=schema))


@few
@given(
    st.integers(0, 1),
    st.sets(st.integers(0, len(RULES) - 1), min_size=1, max_size=5),
    st.integers(0, 2**63 - 1),
    st.sampled_from([0.0, 0.3, 20.0]),
    st.booleans(),
)
@example(0, set(range(len(RULES))), 0, 1.0, True)
def test_what_is_written_keeps_every_rule(which, chosen, seed, noise, mend):
    table = TABLES[which]
    rules = [dict(RULES[i]) for i in sorted(chosen)]
    if not mend and len(rules) < 3 and noise < 1:  # else too few raw rows keep them to be found
        rules = [{**r, "mend": False} if r["kind"] not in ("unique", "expression", "sum-to") else r for r in rules]
    book = ruled(table, rules)
    keeper = RuleKeeper(book, noisy(table, noise))
    rows = keeper.make(300, seed)
    text = render_table(table.schema, rows, typed=False)
    found = {}
    for column in table.schema.learnt:
        found[column.name], bad = parse_column(text[column.name].combine_chunks(), column)
        assert not bad.any()
    assert book.held(found).all()
    assert set(keeper.report.made.values()) == {1.0} and keeper.report.rows == 300
    one = RuleKeeper(book, noisy(table, noise)).make(50, seed, first=70)
    for name, column in one.items():
        assert same(column, rows[name].rows(slice(70, 120)))


@few
@given(st.integers(0, 2**32), st.lists(st.integers(1, 120), min_size=1, max_size=6))
def test_rows_do_not_depend_on_the_pieces(seed, pieces):
    book = ruled(TABLES[0], [RULES[0], RULES[2], RULES[6], RULES[10]])
    keeper = RuleKeeper(book, noisy(TABLES[0], 5.0))
    whole, at = keeper.make(sum(pieces), seed), 0
    for piece in pieces:
        part = keeper.make(piece, seed, at)
        for name, column in part.items():
            assert same(column, whole[name].rows(slice(at, at + piece)))
        at += piece


@some
@given(
    st.lists(st.tuples(*[st.integers(0, 10**4)] * 3), min_size=1, max_size=20),
    st.sampled_from([(0, 0, 0), (2, 2, 2), (0, 1, 3), (3, 0, 0)]),
    st.integers(200, 2500),
)
@example([(0, 6, 6)], (3, 0, 0), 351)
def test_sums_are_exact_after_mending(rows, digits, total):
    columns = {
        name: NumberColumn(name=name, kind="decimal", format=NumberFormat(digits=d), low=0, high=1000)
        for name, d in zip("pqr", digits, strict=True)
    }
    (rule,) = read_rules([{"kind": "sum-to", "columns": ["p", "q", "r"], "total": total}], "rules")
    check = SumCheck.bind(rule, columns, bounds_of(columns, (rule,)))
    values = np.array(rows) / 10
    raw = {name: as_written(parsed(np.minimum(values[:, i], 1000)), columns[name]) for i, name in enumerate("pqr")}
    found = check.mend(raw, np.zeros(len(rows)))
    found = {name: as_written(column, columns[name]) for name, column in found.items()}
    assert check.holds(found).all()
    units = sum(np.rint(found[name].values * 1000).astype(np.int64) for name in "pqr")
    assert (units == total * 1000).all()
    for name in "pqr":
        assert (found[name].values >= 0).all() and (found[name].values <= 1000).all()
