"""Rows that keep every rule: mended, drawn again, and the same however they are asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from gansmith.data.table import rule_keeper
from gansmith.data.table.open import open_table
from gansmith.data.table.parse import parse_column
from gansmith.data.table.render import render_table
from gansmith.data.table.rule_keeper import RuleKeeper
from gansmith.data.table.rule_reading import read_rules
from gansmith.data.table.rules import RuleBook
from gansmith.errors import InputError, RunError

pa = pytest.importorskip("pyarrow")

LESS = {"kind": "inequality", "left": "a", "right": "b"}
OLD = {"kind": "expression", "expression": "a > 60 or c == 'red'"}
ONCE = {"kind": "unique", "columns": ["a", "b", "c"]}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    rows = 300
    low = rng.integers(0, 90, rows)
    return open_table(
        pa.table(
            {
                "a": [str(v) for v in low],
                "b": [str(v) for v in np.minimum(low + rng.integers(0, 40, rows), 99)],
                "c": [("red", "green", "blue")[v] for v in rng.integers(0, 3, rows)],
            }
        )
    )


def ruled(table, *rules) -> RuleBook:
    return RuleBook.fit(
        replace(table, schema=table.schema.model_copy(update={"rules": read_rules(list(rules), "rules")}))
    )


class Drawn:
    """Columns of real rows drawn each by itself: row i depends on the seed and i alone."""

    def __init__(self, table):
        self.table, self.asked = table, []

    def __call__(self, n, seed, first):
        self.asked.append((n, seed, first))
        out = {}
        for place, (name, column) in enumerate(self.table.columns.items()):
            words = np.random.Philox(key=[seed, place], counter=[first, 0, 0, 0]).random_raw(4 * n)[::4]
            out[name] = column.rows((words % np.uint64(len(self.table))).astype(np.int64))
        return out


def values(rows):
    return np.stack([rows[name].values for name in "abc"], 1)


def test_rows_are_mended_and_drawn_again(table):
    book = ruled(table, LESS, OLD)
    keeper = RuleKeeper(book, Drawn(table))
    rows = keeper.make(2000, seed=1)
    assert book.held(rows).all() and {len(rows[n]) for n in "abc"} == {2000}
    raw = book.held(Drawn(table)(2000, 1, 0))
    found = keeper.report
    assert found.rows == 2000 and list(found.raw.values()) == pytest.approx(raw.mean(0).tolist())
    assert found.made == {"a is at most b": 1.0, "a > 60 or c == 'red' is true": 1.0}
    assert 0.1 < found.mended < 0.25 and 0.3 < found.redrawn < 0.7
    assert json.loads(json.dumps(found.to_json()))["redrawn"] == found.redrawn
    good = raw.all(1)
    assert np.array_equal(values(rows)[good], values(Drawn(table)(2000, 1, 0))[good])


def test_without_rules_rows_are_as_drawn(table):
    keeper = RuleKeeper(ruled(table), Drawn(table))
    assert np.array_equal(values(keeper.make(50, 3, 7)), values(Drawn(table)(50, 3, 7)))
    assert keeper.report.raw == {} and keeper.report.rows == 50 and list(keeper.blocks(0)) == []


@pytest.mark.parametrize("rules", [[LESS], [LESS, OLD], [LESS, OLD, ONCE], [ONCE]])
def test_a_row_depends_on_the_seed_and_its_number(table, rules, monkeypatch):
    monkeypatch.setattr(rule_keeper, "BLOCK", 64)
    book = ruled(table, *rules)
    whole = values(RuleKeeper(book, Drawn(table)).make(400, seed=5))
    for n, first in ((400, 0), (1, 0), (64, 64), (100, 30), (1, 399), (37, 170)):
        assert np.array_equal(values(RuleKeeper(book, Drawn(table)).make(n, 5, first)), whole[first : first + n])
    keeper, parts = RuleKeeper(book, Drawn(table)), []
    for first in range(0, 400, 33):
        parts += [values(part) for part in keeper.blocks(min(33, 400 - first), 5, first)]
    assert np.array_equal(np.concatenate(parts), whole) and keeper.report.rows == 400
    assert not np.array_equal(values(RuleKeeper(book, Drawn(table)).make(400, seed=6)), whole)


def test_how_many_spares_are_drawn_at_once_changes_nothing(table, monkeypatch):
    book = ruled(table, LESS, OLD, ONCE)
    whole = values(RuleKeeper(book, Drawn(table)).make(500, seed=5))
    draw = rule_keeper._Spares._draw
    monkeypatch.setattr(rule_keeper._Spares, "_draw", lambda self, wanted: draw(self, 1))
    assert np.array_equal(values(RuleKeeper(book, Drawn(table)).make(500, seed=5)), whole)


def test_spare_rows_and_luck_are_never_the_same_twice(table, monkeypatch):
    monkeypatch.setattr(rule_keeper, "BLOCK", 50)
    drawn = Drawn(table)
    RuleKeeper(ruled(table, OLD), drawn).make(200, seed=5)
    seeds = [seed for _, seed, first in drawn.asked if seed != 5 and first == 0]
    assert len(seeds) == len(set(seeds)) == 4 and all(0 <= seed < 2**63 for seed in seeds)
    luck = rule_keeper._luck(5, 1, 0, 1000, 2)
    assert np.array_equal(rule_keeper._luck(5, 1, 300, 50, 2), luck[300:350]) and len(np.unique(luck)) == 2000
    assert not np.isin(rule_keeper._luck(5, 2, 0, 1000, 2), luck).any()
    assert luck.min() >= 0 and luck.max() < 1 and abs(luck.mean() - 0.5) < 0.05


def test_unique_rows_are_unique_over_all_blocks(table, monkeypatch):
    monkeypatch.setattr(rule_keeper, "BLOCK", 50)
    book = ruled(table, {"kind": "unique", "columns": ["a", "c"]})
    keeper = RuleKeeper(book, Drawn(table))
    rows = keeper.make(200, seed=0)
    pairs = list(zip(rows["a"].values.tolist(), rows["c"].values.tolist(), strict=True))
    assert len(set(pairs)) == 200 and keeper.report.raw["a and c together are never the same in two rows"] < 0.8
    # rows are taken in order: one that repeats none before it stays as it was drawn
    raw = Drawn(table)(200, 0, 0)
    seen: set[tuple[float, int]] = set()
    for row, pair in enumerate(pairs):
        drawn = (raw["a"].values[row], raw["c"].values[row])
        assert pair == drawn if drawn not in seen else pair != drawn
        seen.add(pair)


def test_it_ends_when_nothing_fits(table):
    none = {"kind": "expression", "expression": "a + b > 500"}
    drawn = Drawn(table)
    with pytest.raises(InputError) as found:
        RuleKeeper(ruled(table, LESS, none), drawn).make(10)
    assert str(found.value) == (
        "rule 2 (a + b > 500 is true): no row was found for row 0 in 1,000 tries, most often because of this rule, "
        "which 0.00% of the raw rows keep: loosen it or what else is asked for, or train for longer"
    )
    assert sum(n for n, _, _ in drawn.asked) < 10_000
    colours = {"kind": "unique", "columns": ["c"]}
    assert len(RuleKeeper(ruled(table, colours), Drawn(table)).make(3)["c"]) == 3
    with pytest.raises(InputError, match=r"rule 1 \(c is never the same in two rows\).* row 3 in .*fewer rows"):
        RuleKeeper(ruled(table, colours), Drawn(table)).make(4)


def test_a_rare_row_is_found(table):
    rare = {"kind": "expression", "expression": "c == 'red' and a > 80 and b < 40"}
    keeper = RuleKeeper(ruled(table, rare), Drawn(table))
    rows = keeper.make(20)
    assert (rows["a"].values > 80).all() and (rows["b"].values < 40).all() and keeper.report.redrawn > 0.9


def test_pinned_columns_stay_as_drawn(table):
    book, drawn = ruled(table, LESS), Drawn(table)
    keeper = RuleKeeper(book, drawn, pinned=["a"])
    rows = keeper.make(500)
    raw = drawn(500, 0, 0)
    mended = rows["b"].values != raw["b"].values
    assert book.held(rows).all() and np.array_equal(rows["a"].values, raw["a"].values) and mended.any()
    both = RuleKeeper(book, drawn, pinned=["a", "b"])
    assert book.held(both.make(500)).all() and both.report.mended == 0 and both.report.redrawn > 0.2


def test_draws_of_other_digits_are_rounded_first(table):
    """0.4 is no more than 0 once it is written."""
    book = ruled(table, {"kind": "expression", "expression": "a > 0"}, {**LESS, "strict": True})

    def draw(n, seed, first):
        rows = Drawn(table)(n, seed, first)
        moved = {name: replace(rows[name], values=rows[name].values * 0.02 + 0.3) for name in "ab"}
        return {**rows, **moved}

    rows = RuleKeeper(book, draw).make(200)
    text = render_table(table.schema, rows, typed=False)
    found = {c.name: parse_column(text[c.name].combine_chunks(), c)[0] for c in table.schema.learnt}
    assert book.held(found).all() and (found["a"].values >= 1).all()


def test_a_broken_promise_is_noticed(table, monkeypatch):
    book = ruled(table, OLD)
    monkeypatch.setattr(RuleKeeper, "_good", lambda self, rows: np.ones(len(rows["a"]), bool))
    with pytest.raises(RunError, match="this is a mistake of gansmith"):
        RuleKeeper(book, Drawn(table)).make(100)
