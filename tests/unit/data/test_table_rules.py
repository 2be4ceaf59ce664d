"""Rules as a user gives them: read, shown, checked against the columns and against each other."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from gansmith.data.table.open import describe_table, open_table
from gansmith.data.table.rule_kinds import RULE_KINDS
from gansmith.data.table.rule_reading import read_rules
from gansmith.data.table.rules import RuleBook, check_rules, training_rates
from gansmith.data.table.schema import Schema
from gansmith.errors import InputError

pa = pytest.importorskip("pyarrow")

ALL = [
    {"kind": "inequality", "left": "cost", "right": "price", "strict": True, "factor": 0.5, "offset": -1.0},
    {"kind": "inequality", "left": "start", "right": "end", "offset": "-3 days", "mend": False},
    {"kind": "range", "column": "age", "low": 18.0, "high": 65.0},
    {"kind": "range", "column": "start", "high": "2021-01-01"},
    {"kind": "positive", "column": "price", "zero": True},
    {"kind": "one-of", "column": "plan", "values": ["free", "pro"]},
    {"kind": "unique", "columns": ["start", "age"]},
    {"kind": "fixed-combinations", "columns": ["plan", "active"]},
    {"kind": "sum-to", "columns": ["p", "q"], "total": 10.0, "within": 0.5},
    {"kind": "sum-to", "columns": ["p", "q"], "total": "cost"},
    {"kind": "expression", "expression": "age >= 18 or plan == 'free'"},
]
SAID = [
    "cost is less than 0.5 * price - 1",
    "start is at most end - 3 days",
    "age lies between 18 and 65",
    "start is at most 2021-01-01",
    "price is not negative",
    "plan is one of free, pro",
    "start and age together are never the same in two rows",
    "plan and active are combined as in a training row",
    "p and q sum to 10, within 0.5",
    "p and q sum to cost",
    "age >= 18 or plan == 'free' is true",
]


def shop():
    rng = np.random.default_rng(0)
    rows = 120
    part = rng.integers(0, 11, rows)
    day = np.datetime64("2020-01-01")
    start = rng.integers(0, 300, rows)
    return {
        "key": [f"K-{i:05d}" for i in range(rows)],
        "land": ["DE"] * rows,
        "start": [str(day + int(s)) for s in start],
        "end": [str(day + int(s) + 5) for s in start],
        "cost": [f"{c / 100:.2f}" for c in rng.integers(100, 900, rows)],
        "price": ["" if i % 10 == 0 else f"{p / 100:.2f}" for i, p in enumerate(rng.integers(3000, 9000, rows))],
        "age": [str(a) for a in rng.integers(18, 66, rows)],
        "p": [str(p) for p in part],
        "q": [str(10 - p) for p in part],
        "plan": [("free", "pro", "team")[i % 3] for i in range(rows)],
        "active": [("no", "yes")[i % 3 == 1] for i in range(rows)],
    }


@pytest.fixture(scope="module")
def table():
    return open_table(pa.table(shop()))


def ruled(table, *rules):
    schema = table.schema.model_copy(update={"rules": read_rules(list(rules), "rules")})
    return replace(table, schema=schema)


def problems(table, *rules) -> list[str]:
    with pytest.raises(InputError) as found:
        check_rules(ruled(table, *rules).schema, "s.json")
    assert all("\n" not in line for line in found.value.problems)
    return list(found.value.problems)


def test_rules_go_to_json_and_back():
    rules = read_rules(ALL, "rules")
    assert [rule.describe() for rule in rules] == SAID
    assert [rule.to_json() for rule in rules] == ALL
    assert read_rules(json.loads(json.dumps([rule.to_json() for rule in rules])), "rules") == rules
    assert {rule.kind for rule in rules} == set(RULE_KINDS)
    assert [rule.mends for rule in rules] == [True, False, *[True] * 4, False, *[True] * 3, False]


def test_rules_lie_beside_the_columns(table, tmp_path):
    rules = [r for r in ALL if r.get("total") != "cost"]
    schema = ruled(table, *rules).schema
    path = tmp_path / "schema.json"
    schema.save(path)
    assert json.loads(path.read_text())["rules"] == rules and Schema.load(path) == schema
    source = tmp_path / "shop.csv"
    names = list(shop())
    source.write_text("\n".join([",".join(names), *(",".join(row) for row in zip(*shop().values(), strict=True))]))
    found = open_table(source, path, cache=tmp_path / "cache")
    assert found.schema.rules == schema.rules and found.subset([1, 2]).schema.rules == schema.rules
    # the same parsed table lies in the cache, whatever the rules are
    data = json.loads(path.read_text())
    data["rules"] = data["rules"][:1]
    path.write_text(json.dumps(data))
    again = open_table(source, path, cache=tmp_path / "cache")
    assert len(again.schema.rules) == 1 and len(list((tmp_path / "cache").iterdir())) == 1
    assert describe_table(source, path)[1].rules == again.schema.rules
    assert open_table(source, again.schema).schema.rules == again.schema.rules
    assert "rules" not in table.schema.to_json()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "inequalty"}, "rule 1: unknown kind 'inequalty'; did you mean 'inequality'?"),
        ({"left": "a"}, "rule 1: needs a kind; known: expression"),
        ("a < b", "rule 1: needs a kind"),
        ({"kind": "range", "column": "a"}, "rule 1 (range): needs low, high, or both"),
        ({"kind": "range", "colunm": "a", "low": 1}, "unknown key 'colunm'; did you mean 'column'?"),
        ({"kind": "range", "column": "a", "low": True}, "low: must be a number or text"),
        ({"kind": "range", "column": "a", "low": float("nan")}, "low: must be a number or text"),
        ({"kind": "range", "column": "a", "low": 3, "high": 2}, "is empty: low is 3, and high is 2"),
        ({"kind": "inequality", "left": "a"}, "right: is needed"),
        ({"kind": "inequality", "left": "a", "right": "a"}, "left and right are the same column"),
        ({"kind": "inequality", "left": "a", "right": "b", "factor": 0}, "factor must not be 0"),
        ({"kind": "inequality", "left": "a", "right": "b", "strict": "yes"}, "strict: must be true or false"),
        ({"kind": "positive", "column": 3}, "column: must be text"),
        ({"kind": "one-of", "column": "a", "values": []}, "values: "),
        ({"kind": "one-of", "column": "a", "values": [None]}, "values: must be true or false or a number or text"),
        ({"kind": "unique", "columns": ["a", "a"]}, "columns: column 'a' is there twice"),
        ({"kind": "unique", "columns": "a"}, "columns: must be a list"),
        ({"kind": "unique", "columns": ["a"], "mend": True}, "unknown key 'mend'"),
        ({"kind": "fixed-combinations", "columns": ["a"]}, "columns: "),
        ({"kind": "sum-to", "columns": ["a", "b"], "total": "a"}, "'a' is the total and a part of it"),
        ({"kind": "sum-to", "columns": ["a", "b"], "total": 1, "within": -1}, "within: "),
        ({"kind": "expression", "expression": "a.b > 1"}, "an attribute (a dot) has no place in an expression"),
    ],
)
def test_what_is_no_rule_is_refused(rule, said):
    with pytest.raises(InputError) as found:
        read_rules([rule], "s.json")
    (line,) = found.value.problems
    assert line.startswith("s.json: rule 1") and said in line and "\n" not in line


def test_a_file_with_other_keys_is_refused(table, tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({**table.schema.to_json(), "rule": [], "rules": [{"kind": "rang"}]}))
    with pytest.raises(InputError) as found:
        open_table(pa.table(shop()), path)
    first, second = found.value.problems
    assert "unknown key 'rule'; did you mean 'rules'?" in first and "did you mean 'range'?" in second
    path.write_text(json.dumps({**table.schema.to_json(), "rules": {}}))
    with pytest.raises(InputError, match="rules must be a list"):
        Schema.load(path)


def test_rules_must_fit_the_columns(table):
    def one(**rule) -> str:
        (line,) = problems(table, rule)
        assert line.startswith(f"s.json: rule 1 ({rule['kind']}): ")
        return line

    assert "no column 'pric'; did you mean 'price'?" in one(kind="positive", column="pric")
    assert "column 'key' (identifier) is made anew" in one(kind="unique", columns=["key"])
    assert "column 'land' (constant) is the same in every row" in one(kind="one-of", column="land", values=["DE"])
    assert "'plan' is a category, and this rule needs numbers or times" in one(kind="range", column="plan", low=1)
    assert "only numbers and durations are positive" in one(kind="positive", column="start")
    assert "has no value 'fre'; did you mean 'free'?" in one(kind="one-of", column="plan", values=["fre", "pro"])
    assert "can't write 1.5 with its digits: it would be 2" in one(kind="one-of", column="age", values=[1.5])
    assert "'soon' is no date as column 'start' spells it, such as '2020-" in one(
        kind="range", column="start", low="soon"
    )
    assert "5 is no date" in one(kind="range", column="start", low=5)
    assert "'5' is no number" in one(kind="range", column="age", low="5")
    assert "lies behind" in one(kind="range", column="start", low="2020-02-01", high="2020-01-01")
    assert "they can't be compared" in one(kind="inequality", left="start", right="age")
    assert "'3 days' is a span of time" in one(kind="inequality", left="cost", right="age", offset="3 days")
    assert "'soon' is no span of time" in one(kind="inequality", left="start", right="end", offset="soon")
    assert "a date can't be multiplied by 2" in one(kind="inequality", left="start", right="end", factor=2)
    assert "is a category, and only numbers can be summed" in one(kind="sum-to", columns=["p", "plan"], total=3)
    assert "no sum is 10.5: the columns are whole numbers" in one(kind="sum-to", columns=["p", "q"], total=10.5)
    assert "did you mean 'age'?" in one(kind="expression", expression="agee > 3")
    assert "no column 'plam'" in one(kind="fixed-combinations", columns=["plam", "active"])


def test_every_problem_is_told_at_once(table):
    found = problems(
        table,
        {"kind": "one-of", "column": "plan", "values": ["fre", "teem"]},
        {"kind": "positive", "column": "x"},
        {"kind": "range", "column": "age", "low": 200},
        {"kind": "positive", "column": "cost"},
        {"kind": "positive", "column": "cost"},
    )
    assert [line.split(" (")[0] for line in found[:3]] == ["s.json: rule 1", "s.json: rule 1", "s.json: rule 2"]
    assert "the rule 'cost is positive' is there twice" in found[3] and "rule 3 (age is at least 200)" in found[4]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            [
                {"kind": "inequality", "left": "p", "right": "q", "strict": True},
                {"kind": "positive", "column": "age"},
                {"kind": "inequality", "left": "q", "right": "p"},
            ],
            ["rule 1 (p is less than q) and rule 3 (q is at most p) can't hold together"],
        ),
        (
            [
                {"kind": "inequality", "left": "start", "right": "end", "offset": "-3 days"},
                {"kind": "inequality", "left": "end", "right": "start", "offset": 2},
            ],
            ["rule 1 (start is at most end - 3 days) and rule 2 (end is at most start + 2) can't hold together"],
        ),
        (
            [{"kind": "range", "column": "age", "low": 70}],
            ["rule 1 (age is at least 70) can't hold: column 'age' goes from 18 to 65"],
        ),
        (
            [{"kind": "range", "column": "age", "low": 20.2, "high": 20.8}],
            ["rule 1 (age lies between 20.2 and 20.8) can't hold"],
        ),
        (
            [{"kind": "range", "column": "start", "low": "2023-01-01"}],
            ["rule 1 (start is at least 2023-01-01) can't hold: column 'start' goes from 2020-01-0"],
        ),
        (
            [{"kind": "range", "column": "p", "low": 6}, {"kind": "range", "column": "p", "high": 5}],
            ["rule 1 (p is at least 6) and rule 2 (p is at most 5) can't hold together"],
        ),
        (
            [
                {"kind": "range", "column": "age", "high": 20},
                {"kind": "inequality", "left": "p", "right": "age", "offset": -15},
                {"kind": "range", "column": "p", "low": 6},
            ],
            ["rule 1 (age is at most 20) and rule 2 (p is at most age - 15) and rule 3 (p is at least 6) can't hold"],
        ),
        (
            [
                {"kind": "one-of", "column": "plan", "values": ["free"]},
                {"kind": "one-of", "column": "plan", "values": ["pro", "team"]},
            ],
            ["rule 1 (plan is one of free) and rule 2 (plan is one of pro, team) can't hold together"],
        ),
        (
            [
                {"kind": "one-of", "column": "p", "values": [1, 9]},
                {"kind": "range", "column": "p", "low": 3, "high": 6},
            ],
            ["rule 1 (p is one of 1, 9) and rule 2 (p lies between 3 and 6) can't hold together"],
        ),
        (
            [{"kind": "one-of", "column": "p", "values": [50, 60]}],
            ["rule 1 (p is one of 50, 60) can't hold: column 'p' goes from 0 to 10"],
        ),
        (
            [{"kind": "sum-to", "columns": ["p", "q"], "total": 30}],
            ["rule 1 (p and q sum to 30) can't hold: the parts sum to 0 at least and 20 at most"],
        ),
        (
            [{"kind": "sum-to", "columns": ["p", "q"], "total": "price"}],
            ["the parts sum to 0 at least and 20 at most, and price lies between 3"],
        ),
        (
            [{"kind": "inequality", "left": "price", "right": "p", "factor": 2}],
            ["rule 1 (price is at most 2 * p) can't hold: price is 3"],
        ),
        (
            [
                {"kind": "range", "column": "age", "low": 70},
                {"kind": "inequality", "left": "p", "right": "q", "strict": True},
                {"kind": "inequality", "left": "q", "right": "p", "strict": True},
            ],
            ["rule 1 (age is at least 70)", "rule 2 (p is less than q) and rule 3 (q is less than p)"],
        ),
    ],
)
def test_rules_that_cannot_hold_are_found(table, rules, said):
    found = problems(table, *rules)
    assert len(found) >= len(said)
    for line in said:
        assert any(line in one for one in found), found


def test_rules_that_can_hold_pass(table):
    check_rules(ruled(table, *[r for r in ALL if r.get("total") != "cost"]).schema)
    check_rules(
        ruled(
            table,
            {"kind": "inequality", "left": "p", "right": "q"},
            {"kind": "inequality", "left": "q", "right": "p"},
            {"kind": "inequality", "left": "q", "right": "age", "offset": -8, "strict": True},
            {"kind": "range", "column": "age", "low": 18, "high": 18},
            {"kind": "one-of", "column": "p", "values": [5, 50]},
            {"kind": "sum-to", "columns": ["p", "q"], "total": 10},
        ).schema
    )


def test_how_many_real_rows_keep_each_rule(table):
    rules = (
        {"kind": "sum-to", "columns": ["p", "q"], "total": 10},
        {"kind": "range", "column": "p", "low": 1},
        {"kind": "fixed-combinations", "columns": ["plan", "active"]},
        {"kind": "unique", "columns": ["plan"]},
        {"kind": "expression", "expression": "price < 0 and age < 0 and not isna(price)"},
    )
    some = ruled(table, *rules)
    rates, told = training_rates(RuleBook.fit(some), some)
    zeros = int((table.columns["p"].values == 0).sum())
    assert list(rates.values()) == [1.0, pytest.approx(1 - zeros / 120), 1.0, 3 / 120, 0.0]
    assert told[0].startswith(f"rule 2 (p is at least 1): {zeros} of 120 real rows")
    assert "117 of 120 real rows (97.5%) break it, and no made row will" in told[1]
    assert told[2].endswith("every real row breaks it: is it meant so?") and len(told) == 3
    assert training_rates(RuleBook.fit(table), table) == ({}, ())


def test_combinations_are_kept_with_the_model(table):
    some = ruled(
        table, {"kind": "positive", "column": "cost"}, {"kind": "fixed-combinations", "columns": ["plan", "active"]}
    )
    book = RuleBook.fit(some)
    data = json.loads(json.dumps(book.to_json()))
    again = RuleBook.from_json(data, some.schema)
    assert again.texts == book.texts and again.to_json() == data
    assert data["combinations"][0]["combinations"] == {"plan": ["free", "pro", "team"], "active": ["no", "yes", "no"]}
    assert data["combinations"][0]["counts"] == [40, 40, 40]
    entry = data["combinations"][0]
    damaged = [None, {}, {"combinations": []}, {"combinations": [{}]}, {"combinations": [{**entry, "counts": [1]}]},
               {"combinations": [{**entry, "combinations": {"plan": ["no"] * 3, "active": ["no"] * 3}}]},
               {"combinations": [{**entry, "combinations": {"plan": [3], "active": ["no"] * 3}}]}]  # fmt: skip
    for bad in damaged:
        with pytest.raises(InputError, match="damaged"):
            RuleBook.from_json(bad, some.schema)


def test_too_many_combinations_are_refused(table, monkeypatch):
    monkeypatch.setattr("gansmith.data.table.rule_rows.MOST", 5)
    with pytest.raises(InputError, match="at most 5 can be kept: leave out a column"):
        RuleBook.fit(ruled(table, {"kind": "fixed-combinations", "columns": ["plan", "age"]}))
