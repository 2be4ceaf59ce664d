"""Protection of outliers: what a codec may know, and that nothing rarer than k can come out of it."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import torch

from gansmith.data.table.codec import TableCodec
from gansmith.data.table.open import open_table
from gansmith.data.table.protect import Protection
from gansmith.data.table.render import render_table
from gansmith.errors import InputError

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

K = 5
SCHEMA = {
    "format": "gansmith-table-schema",
    "version": 1,
    "columns": [
        {"name": "town", "kind": "category"},
        {"name": "yes", "kind": "boolean"},
        {"name": "kids", "kind": "integer"},
        {"name": "pay", "kind": "decimal"},
        {"name": "day", "kind": "date"},
    ],
}


def people(seed: int, rows: int = 300):
    """A table with rare towns, rare numbers, a rare code, a rare day and rare spellings of a missing value."""
    rng = np.random.default_rng(seed)
    town = rng.choice(["Bonn", "Ulm", "Rome", "Köln"], rows, p=[0.6, 0.3, 0.08, 0.02]).astype(object)
    town[:3], town[3], town[4:20] = "Hof", "Ny", ""
    pay = rng.lognormal(3, 1, rows).round(2).astype(str).astype(object)
    pay[12:20], pay[23:60], pay[60:62] = "-999999", "", "NA"
    day = (np.datetime64("2020-01-01") + rng.integers(0, 400, rows)).astype(str).astype(object)
    day[7] = "1890-01-01"
    kids = rng.geometric(0.5, rows).astype(str)
    yes = np.where(np.arange(rows) < int(rng.integers(1, 12)), "yes", "no")
    order = rng.permutation(rows)
    return pd.DataFrame({"town": town, "yes": yes, "kids": kids, "pay": pay, "day": day}).iloc[order]


def protected(frame, tmp_path, least=K, rules=(), seed=0):
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    table = open_table(path, {**SCHEMA, "rules": list(rules)})
    protection = Protection.fit(table, least)
    return table, protection, TableCodec.protected(table, protection, seed)


def made_rows(codec, rows=4000, seed=0):
    """Rows of tokens drawn evenly: whatever the codec can say comes out, sooner or later."""
    rng = np.random.default_rng(seed)
    tokens = np.stack([rng.integers(0, token.size, rows) for token in codec.spec["tokens"].tokens], 1)
    (parsed,) = codec.decode({"tokens": torch.from_numpy(tokens)}, rng.random((rows, len(codec.columns))))
    return render_table(codec.schema, parsed, typed=False).to_pandas()


@pytest.mark.parametrize(("seed", "least"), [(0, 2), (1, 5), (2, 9), (3, 17), (4, 40)])
def test_no_value_that_comes_out_is_shared_by_fewer_rows(tmp_path, seed, least):
    frame = people(seed)
    _, _, codec = protected(frame, tmp_path, least)
    rows = made_rows(codec)
    for name in ("town", "yes", "kids"):
        counts = frame[name].value_counts()
        made = set(rows[name])
        assert made and all(counts[value] >= least for value in made)
    for name, read in (("pay", pd.to_numeric), ("day", pd.to_datetime)):
        missing = frame[name].isin(["", "NA"]).sum()
        assert missing >= least or not rows[name].isin(["", "NA"]).any()
        assert least <= 8 or not (rows[name] == "-999999").any()  # a code of 8 rows
        usual, made = (read(side[name][~side[name].isin(["", "NA", "-999999"])]) for side in (frame, rows))
        usual = np.sort(usual.to_numpy())
        assert len(made) and made.min() >= usual[least - 1] and made.max() <= usual[-least]


@pytest.mark.parametrize(("seed", "least"), [(0, 2), (1, 5), (2, 9), (3, 17)])
def test_where_rows_have_owners_no_value_is_shared_by_fewer_owners(tmp_path, seed, least):
    """Some own many rows: a value that one has in all of theirs is still theirs alone."""
    frame = people(seed, 600)
    owners = np.random.default_rng(seed).zipf(1.3, len(frame)) % 80
    frame.loc[owners == 1, ["town", "kids", "pay"]] = ["Selb", "31", "4242.42"]
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    table = open_table(path, SCHEMA)
    codec = TableCodec.protected(table, Protection.fit(table, least, owners), 0)
    rows, sharing = made_rows(codec), frame.assign(owner=owners)
    assert (owners == 1).sum() > 60 and "Selb" not in set(rows["town"]) and "4242" not in json.dumps(codec.to_json())
    for name in ("town", "yes"):
        shared = sharing.groupby(name).owner.nunique()
        assert len(rows) and all(shared[value] >= least for value in set(rows[name]))
    for name, read in (("kids", pd.to_numeric), ("pay", pd.to_numeric), ("day", pd.to_datetime)):
        usual, made = (side[~side[name].isin(["", "NA", "-999999"])] for side in (sharing, rows))
        lowest, highest = (getattr(read(usual[name]).groupby(usual.owner), end)() for end in ("min", "max"))
        low, high = read(made[name]).min(), read(made[name]).max()
        assert (lowest <= low).sum() >= least <= (highest >= high).sum()
        if name != "kids":  # nor is more cut off than must be: those of the low end have no part in the high one
            assert low <= lowest.nsmallest(2 * least + 1).iloc[-1] and high >= highest.nlargest(2 * least + 1).iloc[-1]


def test_a_codec_says_nothing_of_what_is_rare(tmp_path):
    _, protection, codec = protected(people(1), tmp_path, least=9)
    said = json.dumps(codec.to_json(), ensure_ascii=False)
    for rare in ("Hof", "Ny", "1890-", "-999999", '"NA"'):
        assert rare not in said
    assert "Bonn" in said and protection.changed["town"] >= 4
    assert TableCodec.from_json(codec.to_json()).least == 9
    assert "fewer than 9 training rows" in protection.describe() and "town" in protection.describe()


def test_parts_of_numbers_hold_enough_rows(tmp_path):
    table, protection, codec = protected(people(2, 2000), tmp_path, least=30)
    known = protection.known(table.columns, 0)["pay"]
    values = known.values[(known.missing == 0) & (known.special == 0)]
    edges = [edge for part in codec.columns["pay"].edges for edge in part]
    inside = [((values >= a) & (values <= b)).sum() for a, b in pairwise(edges) if a < b]
    assert len(inside) > 10 and min(inside) >= 30


def test_rare_values_follow_the_shares_of_the_others_and_missing_ones_stay(tmp_path):
    rng = np.random.default_rng(3)
    town = np.array(["a"] * 3000 + ["b"] * 1000 + [f"r{i}" for i in range(2000)], object)
    frame = people(3, 6000).assign(town=town)
    frame.loc[frame.sample(600, random_state=1).index, "town"] = ""
    table, protection, codec = protected(frame.sample(frac=1, random_state=2), tmp_path, seed=int(rng.integers(9)))
    known = protection.known(table.columns, 7)["town"]
    names = ["", *codec.schema.column("town").values]
    counts = dict(zip(names, np.bincount(known.values + 1), strict=True))
    stayed = frame["town"].value_counts()
    whole = stayed["a"] + stayed["b"] + stayed[""]
    for name in names:
        assert counts[name] / 6000 == pytest.approx(stayed[name] / whole, abs=0.02)
    again = protection.known(table.columns, 7)["town"]
    assert np.array_equal(known.values, again.values)
    assert not np.array_equal(known.values, protection.known(table.columns, 8)["town"].values)


def test_made_rows_by_the_schema_of_the_whole_table(tmp_path):
    table, protection, codec = protected(people(4), tmp_path)
    known = protection.known(table.columns, 0)
    whole = protection.restored(known)
    as_known = render_table(codec.schema, known, typed=False)
    assert render_table(table.schema, whole, typed=False).equals(as_known)


def test_spellings_of_missing_values_are_merged_where_one_is_rare(tmp_path):
    frame = people(5)
    _, _, codec = protected(frame, tmp_path)
    assert codec.schema.column("pay").missing == ("",)  # "NA" is in 2 rows
    frame["pay"] = np.where(frame["pay"] == "", "1.25", frame["pay"])  # 2 missing values are left
    _, _, codec = protected(frame, tmp_path)
    assert codec.schema.column("pay").missing == ()


def test_rules_with_protection(tmp_path):
    frame = people(6).assign(land="DE")
    frame.loc[frame["town"] == "Rome", "land"] = "IT"
    columns = [*SCHEMA["columns"], {"name": "land", "kind": "category"}]
    frame["land"] = frame["land"].where(frame["town"] != "", "")
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    rules = [
        {"kind": "one-of", "column": "town", "values": ["Bonn", "Ulm", "Rome", "Hof"]},
        {"kind": "fixed-combinations", "columns": ["town", "land"]},
    ]
    table = open_table(path, {**SCHEMA, "columns": columns, "rules": rules})
    codec = TableCodec.protected(table, Protection.fit(table, K), 0)
    assert codec.schema.rules[0].values == ("Bonn", "Ulm", "Rome")
    check = codec.rules.checks[1]
    assert check.counts.min() >= K
    known = render_table(codec.schema.model_copy(update={"columns": check.columns}), check.known, typed=False)
    pairs = set(zip(*known.to_pydict().values(), strict=True))
    assert ("Bonn", "DE") in pairs and ("Rome", "IT") in pairs
    assert ("Rome", "DE") not in pairs and ("Bonn", "IT") not in pairs  # no drawn value made a new pair


@pytest.mark.parametrize(
    ("least", "rules", "told"),
    [
        (200, [], r"column 'kids'|between 2 and half"),
        (1, [], r"--protect-outliers must lie between 2 and half of the 300 training rows"),
        (100, [], r"--protect-outliers 100: no value of column 'who' is shared by 100 training rows"),
        (K, [{"kind": "expression", "expression": "town != 'Hof'"}], r"'Hof'.*with --protect-outliers 5"),
        (K, [{"kind": "range", "column": "day", "high": "1900-01-01"}], r"can't hold.*with --protect-outliers 5"),
    ],
)
def test_what_can_not_be_protected_is_told_in_one_line(tmp_path, least, rules, told):
    frame = people(8).assign(who=[f"w{i % 30}" for i in range(300)])
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    columns = [*SCHEMA["columns"], {"name": "who", "kind": "category"}]
    table = open_table(path, {**SCHEMA, "columns": columns, "rules": rules})
    with pytest.raises(InputError, match=told) as error:
        TableCodec.protected(table, Protection.fit(table, least), 0)
    assert all("\n" not in line for line in error.value.problems)
