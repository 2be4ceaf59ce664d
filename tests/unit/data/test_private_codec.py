"""What a private run reads and counts: rows by a public schema, intervals by noisy counts, batches by coins."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.data.split import split_by_content
from gansmith.data.table.open_public import open_public
from gansmith.data.table.poisson_source import PoissonSource
from gansmith.data.table.private_codec import MOST_LEVELS, _halved, count_levels, private_codec
from gansmith.errors import InputError

COLUMNS = [
    {"name": "town", "kind": "category", "values": ["Bonn", "Köln", "Ulm"], "missing": ["?"]},
    {"name": "age", "kind": "integer", "format": {"digits": 0}, "low": 0, "high": 99},
    {"name": "gain", "kind": "decimal", "format": {"digits": 2}, "low": 0, "high": 10_000},
    {"name": "day", "kind": "date", "format": {"format": "%Y-%m-%d"}, "origin": "2020-01-01", "low": "2020-01-01",
     "high": "2021-12-31", "specials": [{"text": "9999-12-31", "share": 0.5}]},
    {"name": "yes", "kind": "boolean", "values": ["n", "y"], "reason": "seen in 41 rows"},
]  # fmt: skip


def schema_file(tmp_path: Path, columns=None, **more) -> Path:
    path = tmp_path / "schema.json"
    columns = COLUMNS if columns is None else columns
    path.write_text(json.dumps({"format": "gansmith-table-schema", "version": 1, "columns": columns, **more}))
    return path


def table_file(tmp_path: Path, n: int = 4000, odd: tuple[str, ...] = ()) -> Path:
    rng = np.random.default_rng(0)
    lines = ["town,age,gain,day,yes"]
    for i in range(n):
        town = ["Bonn", "Köln", "Ulm", "?"][i % 4]
        gain = "0" if i % 10 else f"{rng.exponential(900):.2f}"
        day = "9999-12-31" if i % 7 == 0 else str(np.datetime64("2020-01-01") + int(rng.integers(0, 700)))
        lines.append(f"{town},{int(rng.normal(40, 10))},{gain},{day},{'ny'[i % 2]}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join([*lines, *odd]) + "\n", encoding="utf-8")
    return path


def test_rows_are_clipped_or_left_out_one_by_one(tmp_path):
    odd = ("Trier,40,0,2020-05-05,n", "Ulm,x,0,2020-05-05,n", "Ulm,140,-3,1999-05-05,y")
    found = open_public(table_file(tmp_path, 500, odd), schema_file(tmp_path))
    plain = open_public(table_file(tmp_path, 500), schema_file(tmp_path))
    assert len(found) == len(plain) + 1
    assert any("2 of 503 rows do not fit the schema" in warning for warning in found.warnings)
    last = {name: column.values[-1] for name, column in found.columns.items()}
    assert (last["age"], last["gain"], last["day"], last["yes"]) == (99, 0, 0, 1)
    for name, column in plain.columns.items():
        assert np.array_equal(column.values, found.columns[name].values[:-1], equal_nan=True)


def test_nothing_that_was_counted_in_rows_stays_in_the_schema(tmp_path):
    text = json.dumps(open_public(table_file(tmp_path, 500), schema_file(tmp_path)).schema.to_json())
    assert "share" not in text and "41 rows" not in text


def test_a_schema_that_leaves_something_open_is_refused_with_every_gap(tmp_path):
    columns = [{k: v for k, v in c.items() if k not in ("values", "low")} for c in COLUMNS]
    with pytest.raises(InputError) as error:
        open_public(table_file(tmp_path, 50), schema_file(tmp_path, columns))
    text = "\n".join(error.value.problems)
    for gap in ("'town': values", "'age': low", "'gain': low", "'day': low", "'yes': values"):
        assert gap in text
    with pytest.raises(InputError, match="says nothing of column 'yes'"):
        open_public(table_file(tmp_path, 50), schema_file(tmp_path, COLUMNS[:-1]))
    rules = [{"kind": "fixed-combinations", "columns": ["town", "yes"]}]
    with pytest.raises(InputError, match="read off the rows"):
        open_public(table_file(tmp_path, 50), schema_file(tmp_path, rules=rules))
    low = [{**c, "low": float("inf")} if c["name"] == "age" else c for c in COLUMNS]
    with pytest.raises(InputError, match="'age': low and high must be finite"):
        open_public(table_file(tmp_path, 50), schema_file(tmp_path, low))


def test_the_codec_finds_shared_values_and_keeps_to_the_public_range(tmp_path):
    table = open_public(table_file(tmp_path), schema_file(tmp_path))
    codec = private_codec(table, 4.0, 7)
    gain = codec.columns["gain"]
    assert 0.0 in gain.atoms  # nine rows in ten
    assert count_levels(table.schema) == 7 + MOST_LEVELS + 10
    within = np.random.default_rng(0).random((len(table), len(codec.columns)))
    again = codec.decode(codec.encode(table.columns), within)[0]
    ages, days = again["age"].values, again["day"]
    assert ages.min() >= 0 and ages.max() <= 99 and np.array_equal(ages, np.rint(ages))
    usual = days.special == 0
    assert days.values[usual].min() >= 0 and days.values[usual].max() < 731
    assert np.array_equal(days.special, table.columns["day"].special)
    for name in ("town", "yes"):
        assert np.array_equal(again[name].values, table.columns[name].values)
    for name in ("age", "gain"):
        real, made = table.columns[name].values, again[name].values
        grid = np.unique(real)
        assert max(abs((real <= v).mean() - (made <= v).mean()) for v in grid) < 0.05


def test_the_codec_follows_from_noisy_counts_and_nothing_else(tmp_path):
    """With noise that drowns all counts, the codec no longer depends on rows: nothing of them gets past the noise."""
    one, other = table_file(tmp_path, 3000), tmp_path / "other.csv"
    lines = one.read_text(encoding="utf-8").splitlines()
    other.write_text("\n".join([lines[0], *["Ulm,77,5000.00,2021-03-03,y"] * 3000]) + "\n", encoding="utf-8")
    schema = schema_file(tmp_path)
    found = [private_codec(open_public(path, schema), 1e6, 3).to_json() for path in (one, other)]
    assert found[0] == found[1]
    assert private_codec(open_public(one, schema), 4.0, 3).to_json() != found[0]


def test_a_row_is_in_one_count_of_every_halving(tmp_path, monkeypatch):
    """The sensitivity that the noise is made for: one more row changes each level's counts by one in all."""
    levels: list[np.ndarray] = []
    real = np.searchsorted

    def noted(ordered, halves):
        levels.append(real(ordered, halves))
        return levels[-1]

    class Silent:
        def standard_normal(self, n):
            return np.zeros(n)

    monkeypatch.setattr(np, "searchsorted", noted)
    rng = np.random.default_rng(1)
    values = rng.integers(0, 1000, 400)
    _halved(values, 1000, 10, 3.0, 0.0, Silent())
    for ends in levels:
        assert (ends[1:, 0] >= ends[:-1, 1]).all()  # no cell is counted twice
    assert 2 <= len(levels) <= 10


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 10**6), max_size=50),
    st.integers(1, 10**6 + 1),
    st.floats(0, 5),
    st.floats(0.5, 20),
    st.integers(0, 99),
)
def test_intervals_cover_every_cell_once(values, cells, spread, least, seed):
    at = np.clip(np.array(values, np.int64), 0, cells - 1)
    levels = min(MOST_LEVELS, math.ceil(math.log2(cells))) if cells > 1 else 0
    leaves = _halved(at, cells, levels, least, spread, np.random.default_rng(seed))
    assert leaves[0][0] == 0 and leaves[-1][1] == cells
    assert all(a[1] == b[0] for a, b in itertools.pairwise(leaves))
    assert all(first < behind for first, behind in leaves)


def test_every_row_is_taken_by_a_coin_of_its_own():
    rows = {"tokens": torch.arange(200)[:, None]}
    source = PoissonSource(rows, 20, 2**200 + 5)
    taken = torch.zeros(2000, 200)
    for batch in range(2000):
        taken[batch, next(source)["tokens"][:, 0]] = 1
    shares = taken.mean(0)
    assert float((shares - 0.1).abs().max()) < 5 * math.sqrt(0.09 / 2000)
    sizes = taken.sum(1)
    assert float(sizes.var()) == pytest.approx(200 * 0.09, rel=0.15)  # a binomial's: rows don't know of each other
    together = torch.corrcoef(taken.T).fill_diagonal_(0)
    assert float(together.abs().max()) < 6 / math.sqrt(2000)


def test_batches_may_be_empty_and_go_on_from_a_checkpoint():
    rows = {"tokens": torch.arange(30)[:, None]}
    source = PoissonSource(rows, 1, 9)
    assert 0 in {len(next(source)["tokens"]) for _ in range(20)}
    again = PoissonSource(rows, 1, 10)
    again.load_state_dict(source.state_dict())
    assert all(torch.equal(next(source)["tokens"], next(again)["tokens"]) for _ in range(9))
    with pytest.raises(InputError, match="does not fit 29 rows"):
        PoissonSource({"tokens": torch.arange(29)}, 1, 9).load_state_dict(source.state_dict())
    with pytest.raises(InputError, match="more than the 30 training rows"):
        PoissonSource(rows, 31, 9)


def test_where_a_row_goes_depends_on_that_row_alone():
    hashes = np.random.default_rng(0).integers(0, 256, (300, 16), dtype=np.uint8)
    whole, part = split_by_content(hashes), split_by_content(hashes[100:])
    for name in ("train", "val", "test"):
        mine = getattr(whole, name)
        assert np.array_equal(mine[mine >= 100] - 100, getattr(part, name))
