"""What columns are found to be, and what is said of them."""

from __future__ import annotations

import json
import uuid

import numpy as np
import pytest

from gansmith.data.table import profile as profiles
from gansmith.data.table.find import find_schema
from gansmith.data.table.identifiers import make_identifiers
from gansmith.data.table.personal import luhn
from gansmith.data.table.profile import profile
from gansmith.data.table.schema import Schema
from gansmith.data.table.source import open_source
from gansmith.data.table.specials import heavy_tail, values_apart
from gansmith.errors import InputError

pa = pytest.importorskip("pyarrow")

N = 240


def every(*values: str) -> list[str]:
    return [values[i % len(values)] for i in range(N)]


def find(values, name="x", missing=()):
    """The column that is found in a list of texts, and the warnings."""
    table = pa.table(
        {name: pa.array(values, pa.string()), "other": pa.array(["u", "v"] * (len(values) // 2 + 1))[: len(values)]}
    )
    schema, warnings = find_schema(profile(open_source(table)), missing)
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema
    return schema.columns[0], " ".join(warnings)


def test_whole_numbers_written_with_a_point_stay_whole():
    column, _ = find([f"{i * 37 % 9001}.0" if i % 7 else "" for i in range(N)], "amount")
    assert column.kind == "integer"
    assert column.reason.startswith("whole numbers, written with .0")
    assert column.format.write(np.array([7231.9, 756.4])).to_pylist() == ["7232.0", "756.0"]
    assert find([f"{i % 97}.{5 * (i % 2)}" for i in range(N)])[0].kind == "decimal"
    assert find([f"{i % 97}.00" for i in range(N)])[0].kind == "decimal", "prices"
    assert find([f"{i + 2**53}.0" for i in range(N)])[0].kind != "integer", "a float has not so many whole numbers"


@pytest.mark.parametrize(
    ("values", "name", "kind"),
    [
        ([str(i % 97) for i in range(N)], "age", "integer"),
        ([f"{i % 97}.5" for i in range(N)], "x", "decimal"),
        (every("yes", "no"), "x", "boolean"),
        (every("True", "False"), "x", "boolean"),
        (every("ja", "nein"), "x", "boolean"),
        ([f"{i % 60} %" for i in range(N)], "x", "integer"),
        ([f"${i % 96 + 1},{i % 9}00.50" for i in range(N)], "x", "decimal"),
        (every("0", "1"), "x", "boolean"),
        (every("Y", "N", "unknown"), "x", "boolean"),
        (every("1", "2", "3", "4", "5"), "x", "category"),
        (every("0", "2", "3", "7"), "status", "category"),
        (every("0", "2", "3", "7"), "children", "integer"),
        (every("00501", "10001", "94105"), "x", "category"),
        (every("red", "green"), "x", "category"),
        (every("2020-01-05", "2021-12-31"), "x", "date"),
        (every("20200105", "20211231"), "x", "date"),
        (every("2020-01-05 00:00:00", "2021-12-31 00:00:00"), "x", "date"),
        (every("10:15", "23:59", "00:00"), "x", "time"),
        (every("2020-01-05T10:00:00.250+01:00", "2020-02-05T11:00:00.500+01:00"), "x", "datetime"),
        (every("30:15:00", "0:00:01", "1:00:00"), "x", "duration"),
        (every("30:15:00", "02:09:11", "00:00:01"), "x", "duration"),
        (every("P1DT2H", "PT45M", "PT0S", "P3DT1S"), "x", "duration"),
        ([str(i + 1) for i in range(N)], "row", "identifier"),
        ([str(i + 1) for i in range(N)], "x", "identifier"),
        ([f"C-{i + 100:05d}" for i in range(N)], "x", "identifier"),
        ([str(uuid.UUID(int=i * 7919**3)) for i in range(N)], "x", "identifier"),
        ([str(i * 37 % 1009) for i in range(N)], "x", "integer"),
        ([f"it is the story of number {i}, a long one" for i in range(N)], "x", "text"),
        ([f"p{i}@mail.example" for i in range(N)], "x", "personal"),
        ([f"Ann{chr(97 + i % 26)} Sm{chr(97 + i // 26)}th" for i in range(N)], "customer_name", "personal"),
        ([f"+49 30 {i + 1000000}" for i in range(N)], "x", "personal"),
        ([f"192.168.{i % 7}.{i % 250}" for i in range(N)], "x", "personal"),
        ([f"{i} High Street, London" for i in range(N)], "address", "personal"),
        (every("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"), "x", "personal"),
        (every("k"), "x", "constant"),
        ([None] * N, "x", "constant"),
        (every("k", ""), "x", "category"),
        ([str(2**60 + i % 100) for i in range(N)], "x", "category"),
    ],
)
def test_kinds(values, name, kind):
    column, _ = find(values, name)
    assert column.kind == kind and column.reason


def test_cards_are_told_by_their_checksum():
    numbers = [f"411111111111{i:03d}" for i in range(200)]
    good = [n + c for n in numbers for c in "0123456789" if luhn(n + c)]
    column, _ = find(good)
    assert len(good) == 200 and column.kind == "personal" and column.what == "card-number"
    assert find([n + "0" for n in numbers])[0].kind != "personal"


def test_missing_spellings_are_remembered():
    column, _ = find(["", "NA", None, "", *map(str, range(100, 196))])
    assert column.kind == "integer" and column.missing == ("", None, "NA")
    column, _ = find(every("unknown", "own", "rent"))
    assert column.kind == "category" and "unknown" in column.values
    column, _ = find([*map(str, range(100)), "unknown"])
    assert column.kind == "integer" and column.missing == ("unknown",)
    column, _ = find([*map(str, range(100)), "-999"], missing=("-999",))
    assert column.missing == ("-999",) and column.low == 0


def test_specials_heavy_tails_and_bounds():
    random = np.random.default_rng(0)
    bulk = random.normal(50, 10, 800).round().astype(int).astype(str).tolist()
    column, _ = find(bulk + ["999"] * 20 + ["-1"] * 20)
    assert {s.text: s.role for s in column.specials} == {"999": "code", "-1": "code"}
    assert column.low > 0 and column.high < 100 and column.positive and "999 lies apart" in column.reason
    amounts = (random.lognormal(3, 2, 400)).round(2)
    column, _ = find([f"{a:.2f}" for a in amounts] + ["0.00"] * 600)
    assert column.specials[0].role == "spike" and column.specials[0].share == 0.6 and column.heavy_tail
    column, _ = find(bulk)
    assert not column.specials and not column.heavy_tail


def test_plain_distributions_have_nothing_apart():
    for seed in range(5):
        random = np.random.default_rng(seed)
        for values in (random.poisson(3, 2000), random.geometric(0.2, 2000), random.normal(0, 1, 2000).round(2)):
            distinct, counts = np.unique(values.astype(float), return_counts=True)
            assert values_apart(distinct, counts, 2000) == [], (seed, distinct[:3])
    values, counts = np.unique(np.random.default_rng(0).standard_cauchy(2000), return_counts=True)
    assert heavy_tail(values, counts)


def test_mixed_types_are_told_with_their_places(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{i},u\n" for i in range(100)) + "abc,v\n" + '"a\nb",v\n7 up,v\n')
    schema, warnings = find_schema(profile(open_source(path)))
    assert schema.columns[0].kind == "text"
    assert (
        "mostly numbers, but 3 other values ('abc' in line 102, 'a\\nb' in line 103, '7 up' in line 105)" in warnings[0]
    )


def test_infinite_and_endless_numbers_are_refused_together(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,1\n2,inf\n3,4\n" + "9" * 500 + ",5\n1e999,6\n")
    with pytest.raises(InputError) as told:
        find_schema(profile(open_source(path)))
    first, second, third = told.value.problems
    assert "column 'x' holds a number of 500 characters (line 5; 1 such rows)" in first and str(path) in first
    assert "the infinite number" in second and "column 'y' holds the infinite number inf (line 3" in third


def test_numbers_too_large_to_take_differences_of_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1.5,1\n-1.7e308,2\n1e299,4\n")
    with pytest.raises(InputError, match=r"column 'x' holds the number -1.7e308, beyond 1e\+300.*line 3; 1 such"):
        find_schema(profile(open_source(path)))


def test_ambiguous_dates_are_told():
    column, warnings = find(every("01/02/2020", "03/04/2021"))
    assert column.kind == "date" and "the values fit" in warnings and column.format.format == "%m/%d/%Y"
    column, warnings = find(every("01/02/2020", "13/04/2021"))
    assert column.format.format == "%d/%m/%Y" and not warnings


def test_zones_with_summer_time_are_found():
    column, _ = find(every("2020-01-05T10:00:00+01:00", "2020-07-05T10:00:00+02:00"))
    assert column.kind == "datetime" and column.format.zone == "Europe/Berlin"


def test_odd_spellings_are_told():
    column, warnings = find([*(f"{i}.5" for i in range(50)), "60.50", "7"])
    assert column.kind == "decimal"
    assert "column 'x': 1 value is spelt unlike the others: written anew ('60.50' as '60.5')" in warnings


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(profiles, "MOST_DISTINCT", 50)


def big(values):
    """A table in many batches."""
    table = pa.table({"x": pa.array(values, pa.string()), "y": pa.array(["u", "v"] * (len(values) // 2))})
    return pa.Table.from_batches(table.to_batches(max_chunksize=40))


def test_long_columns_are_judged_without_counting_all(few):
    random = np.random.default_rng(1)
    for values, kind in (
        ([f"{v:.2f}" for v in random.normal(0, 100, 2000)], "decimal"),
        ([str(v) for v in random.integers(0, 10**6, 2000)], "integer"),
        ([str(i + 1) for i in range(2000)], "identifier"),
        ([f"word{v} and more" for v in random.integers(0, 10**6, 2000)], "text"),
        ([str(np.datetime64(int(v), "s")) for v in random.integers(0, 10**9, 2000)], "datetime"),
    ):
        seen = profile(open_source(big(values)))
        assert not seen.columns[0].complete
        schema, _ = find_schema(seen)
        column = schema.columns[0]
        assert column.kind == kind
        if kind in ("decimal", "integer"):
            assert column.low == min(map(float, values)) and column.high == max(map(float, values))


def test_late_odd_values_of_long_columns_are_seen(few):
    values = [f"{v:.2f}" for v in np.random.default_rng(1).normal(0, 100, 2000)]
    schema, _ = find_schema(profile(open_source(big([*values[:-2], "NA", "?"]))))
    assert schema.columns[0].kind == "decimal" and set(schema.columns[0].missing) == {"NA", "?"}
    schema, warnings = find_schema(profile(open_source(big([*values[:-1], "broken"]))))
    assert schema.columns[0].kind == "text" and "'broken' in row 2,000" in warnings[0]


@pytest.mark.parametrize(
    "values",
    [
        [f"C-{i + 100:05d}" for i in range(N)],
        [str(uuid.UUID(int=i * 7919**9 % 2**128)) for i in range(N)],
        [f"{'XYZ'[i % 3]}{i * 7919 % 9973:04d}-{'abcdefg'[i % 7]}" for i in range(N)],
        [str(i) for i in range(N)],
    ],
)
def test_new_keys_look_alike_and_differ(values):
    column, _ = find(values)
    assert column.kind == "identifier"
    new = make_identifiers(column.pattern, 1000, seed=1, avoid=values).to_pylist()
    assert len(set(new)) == 1000 and not set(new) & set(values)
    assert {len(v) for v in new} <= {len(v) + e for v in values for e in (0, 1)}
    again = make_identifiers(column.pattern, 1000, seed=1, avoid=values).to_pylist()
    other = make_identifiers(column.pattern, 1000, seed=2, avoid=values).to_pylist()
    assert new == again and (new == other) == (column.pattern.form == "counter")


def test_too_short_masks_are_told():
    column, _ = find([f"{chr(65 + i % 26)}{i // 26}" for i in range(N)])
    assert column.kind == "identifier"
    with pytest.raises(InputError, match="keys, too few for 5,000 rows"):
        make_identifiers(column.pattern, 5000, 0)
