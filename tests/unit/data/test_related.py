"""Several tables: what joins them is found and checked, families stay together, rows are flattened without loss."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.data.related.database import open_database
from gansmith.data.related.find import are_tables, find_relations
from gansmith.data.related.made_keys import made_keys
from gansmith.data.related.relations import Relations
from gansmith.data.related.rows import cut, real_rows, stacked
from gansmith.data.related.view import facts_of, flatten
from gansmith.data.table.schema import IdentifierPattern
from gansmith.errors import InputError
from related_tables import shop, written

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

CUSTOMERS = {"name": "customers", "file": "customers.csv", "key": "customer_id"}
ORDERS = {
    "name": "orders",
    "file": "orders.csv",
    "key": "order_id",
    "parent": "customers",
    "foreign_key": "customer_id",
    "order": "day",
}
ITEMS = {"name": "items", "file": "items.csv", "parent": "orders", "foreign_key": "order_id"}


def relations(*tables):
    return Relations.from_json({"format": "gansmith-relations", "version": 1, "tables": list(tables)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(shop(), tmp_path_factory.mktemp("related") / "shop")


@pytest.fixture(scope="module")
def database(folder):
    return open_database(folder, find_relations(folder)[0])


def test_what_joins_tables_is_found(folder):
    found, notes = find_relations(folder)
    told = [(t.name, t.key, t.parent, t.foreign_key, t.order) for t in found.tables]
    assert told == [
        ("customers", "customer_id", None, None, None),
        ("orders", "order_id", "customers", "customer_id", "day"),
        ("items", None, "orders", "order_id", None),
    ]
    assert not notes and Relations.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_key_is_told_by_its_table_too(tmp_path):
    tables = shop(40)
    tables["customers"] = tables["customers"].rename(columns={"customer_id": "id"})
    found, _ = find_relations(written(tables, tmp_path / "shop"))
    assert found.table("orders").foreign_key == "customer_id" and found.root.key == "id"


def test_only_a_folder_of_tables_is_taken_for_one(folder, tmp_path):
    assert are_tables(folder) and not are_tables(folder / "items.csv") and not are_tables(tmp_path)
    tables = shop(12)
    parts = written({"train": tables["items"], "test": tables["items"]}, tmp_path / "parts")
    assert not are_tables(parts)
    (folder.parent / "mixed").mkdir()
    mixed = written(tables, folder.parent / "mixed")
    (mixed / "a.png").write_bytes(b"")
    assert not are_tables(mixed)


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ([CUSTOMERS, {**ORDERS, "parent": "custmers"}], "no parent 'custmers'; did you mean 'customers'?"),
        ([CUSTOMERS, {**ORDERS, "parent": "orders"}], "is its own parent"),
        ([{**CUSTOMERS, "parent": "orders", "foreign_key": "x"}, ORDERS], "have each other for parents"),
        ([CUSTOMERS, {"name": "orders", "file": "orders.csv"}], "customers and orders have no parent"),
        ([{**CUSTOMERS, "key": "age"}, {**ITEMS, "parent": "customers"}, {**ITEMS}], "2 tables are called 'items'"),
        ([{"name": "customers", "file": "c.csv"}, ORDERS], "its parent 'customers' has no key"),
        ([CUSTOMERS], "1 table: related tables are two or more"),
        ([CUSTOMERS, {**ORDERS, "foreign_key": 3}], "foreign_key must be a name in quotes"),
        ([CUSTOMERS, {**ORDERS, "ordr": "x"}], "unknown key 'ordr'; did you mean 'order'?"),
        ([CUSTOMERS, {k: v for k, v in ORDERS.items() if k != "foreign_key"}], "parent and foreign_key go together"),
        ([{**CUSTOMERS, "order": "age"}, ORDERS], "rows without a parent are no sequence"),
        ([CUSTOMERS, {**ORDERS, "rules": [{"rule": "unique"}]}], "rules are kept in the table without a parent only"),
        ([{**CUSTOMERS, "name": "../x"}, {**ORDERS, "parent": "../x"}], "can't hold a slash"),
    ],
)
def test_relations_that_can_not_be_are_refused(tables, told):
    with pytest.raises(InputError, match=told.replace("?", "\\?")):
        relations(*tables)


def _lose(t):
    t["orders"].loc[t["orders"].index[:2], "customer_id"] = ["C9998", "C9999"]


def _forget(t):
    t["orders"].loc[t["orders"].index[:2], "customer_id"] = None


def _repeat(t):
    t["customers"].loc[5, "customer_id"] = t["customers"].loc[2, "customer_id"]


def _blank(t):
    t["customers"].loc[5, "customer_id"] = None


def _undated(t):
    t["orders"].loc[t["orders"].index[3], "day"] = None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_lose, "'customer_id' names no row of customers in 2 rows \\(line 2, line 3\\) \\(keys 'C9998', 'C9999'\\)"),
        (_forget, "names no row of customers in 2 rows .* \\(keys none\\)"),
        (_repeat, "key 'customer_id' must tell rows apart, .* of line 4 again in 1 row \\(line 7\\)"),
        (_blank, "key 'customer_id' is missing in 1 row \\(line 7\\)"),
        (_undated, "order 'day' is missing in 1 rows \\(line 5\\)"),
    ],
)
def test_keys_that_do_not_join_are_told_with_their_rows(tmp_path, change, told):
    tables = shop(40)
    change(tables)
    folder = written(tables, tmp_path / "shop")
    with pytest.raises(InputError, match=told):
        open_database(folder, relations(CUSTOMERS, ORDERS, ITEMS))


def test_an_order_must_be_numbers_or_times(folder):
    with pytest.raises(InputError, match="order 'paid' is a column of kind category"):
        open_database(folder, relations(CUSTOMERS, {**ORDERS, "order": "paid"}))


def test_a_table_that_nothing_joins_is_told(tmp_path):
    tables = shop(40) | {"notes": pd.DataFrame({"colour": ["red", "blue"] * 20, "size": [1.5, 2.5] * 20})}
    with pytest.raises(InputError, match=r"no key joins notes.csv .* \(no column of notes.csv tells its rows apart\)"):
        find_relations(written(tables, tmp_path / "shop"))


def test_a_table_that_is_there_twice_is_refused(tmp_path):
    tables = shop()
    folder = written({**tables, "more": tables["items"].sample(frac=1, random_state=0)}, tmp_path / "shop")
    found, _ = find_relations(folder)
    with pytest.raises(InputError, match=r"items\.csv and more\.csv hold the same rows: take one of them out") as told:
        open_database(folder, found)
    assert len(told.value.problems) == 1


@pytest.mark.parametrize(("name", "copy"), [("customers", "clients"), ("orders", "purchases"), ("items", "more")])
def test_a_copy_of_a_file_is_refused_before_links_are_looked_for(tmp_path, name, copy):
    tables = shop()
    folder = written({**tables, copy: tables[name]}, tmp_path / "shop")
    one, other = sorted((f"{name}.csv", f"{copy}.csv"))
    with pytest.raises(InputError, match=f"^{one} and {other} hold the same rows"):
        find_relations(folder)


def test_of_two_parents_one_is_taken_and_the_other_told(tmp_path):
    tables = shop(40)
    tables["kinds"] = pd.DataFrame({"kind": ["tv", "book"] + [f"k{i}" for i in range(20)], "tax": range(22)})
    with pytest.raises(
        InputError, match=r"items.kind holds keys of kinds.kind, but a table has one parent, here orders"
    ):
        find_relations(written(tables, tmp_path / "shop"))


def test_families_are_in_one_part(database, folder):
    members = database.members
    part = dict(zip(pd.read_csv(folder / "customers.csv").customer_id, members["customers"].part, strict=True))
    orders = pd.read_csv(folder / "orders.csv")
    assert np.array_equal(members["orders"].part, orders.customer_id.map(part))
    owner = dict(zip(orders.order_id, members["orders"].part, strict=True))
    assert np.array_equal(members["items"].part, pd.read_csv(folder / "items.csv").order_id.map(owner))
    assert set(members["orders"].part) == {0, 1, 2}


def test_who_is_in_training_depends_on_the_key_alone(database, tmp_path):
    more = shop(60)
    more["customers"] = more["customers"].sample(frac=1, random_state=3)
    other = open_database(written(more, tmp_path / "shop"), find_relations(tmp_path / "shop")[0])
    place = more["customers"].index.to_numpy()
    assert np.array_equal(other.members["customers"].part, database.members["customers"].part[place])


def test_flat_rows_hold_the_parent_and_the_row_before(database, folder):
    customers, orders = (pd.read_csv(folder / f"{name}.csv") for name in ("customers", "orders"))
    view, table = flatten(database, "orders")
    flat = pd.DataFrame({name: parsed.values for name, parsed in table.columns.items()})
    joined = orders.merge(customers, on="customer_id", how="left")
    assert np.array_equal(flat["customers.age"], joined["age"])
    assert np.array_equal(flat["customers.orders.rows"], orders.groupby("customer_id").amount.transform("size"))
    ranked = orders.assign(at=np.arange(len(orders))).sort_values(["customer_id", "day"], kind="stable")
    before = ranked.groupby("customer_id").shift(1)
    ranked["was"], ranked["since"] = before["amount"], before["day"]
    ranked["place"] = ranked.groupby("customer_id").cumcount()
    ranked = ranked.sort_values("at")
    assert np.array_equal(flat["place"], ranked["place"])
    assert np.array_equal(flat["previous.amount"], ranked["was"], equal_nan=True)
    step = (pd.to_datetime(ranked["day"]) - pd.to_datetime(ranked["since"])).dt.days
    assert np.array_equal(flat["day.step"], step, equal_nan=True)
    assert np.array_equal(np.isnan(flat["day"]), ~step.isna()) and view.given[0] == "customers.region"
    own = [c.name for c in view.schema.learnt if c.name not in view.given]
    assert own == ["day", "day.step", "amount", "paid", "items.rows"]


def test_facts_come_back_from_flat_rows(database):
    """Walking along the chains as sampling does gives the table again."""
    view, table = flatten(database, "orders")
    facts, member = facts_of(database, "orders")[1], database.members["orders"]
    first = np.flatnonzero(member.before < 0)
    found = view.facts({n: p.rows(first) for n, p in table.columns.items()}, None)
    assert all(np.array_equal(found[n].values, facts[n].values[first], equal_nan=True) for n in facts)
    later = np.flatnonzero(member.before >= 0)
    past = {n: p.rows(member.before[later]) for n, p in facts.items()}
    again = view.facts({n: p.rows(later) for n, p in table.columns.items()}, past)
    assert all(np.allclose(again[n].values, facts[n].values[later], equal_nan=True) for n in facts)
    parents = {n: p.rows(member.parent[later]) for n, p in facts_of(database, "customers")[1].items()}
    second = np.flatnonzero(member.place[later] == 1)
    given = view.follow(
        database.members["customers"].table.schema.model_copy(update={"columns": facts_of(database, "customers")[0]}),
        {n: p.rows(second) for n, p in parents.items()},
        {n: p.rows(second) for n, p in past.items()},
        1,
    )
    for name, parsed in given.items():
        real = table.columns[name].rows(later[second])
        assert np.array_equal(parsed.values, real.values, equal_nan=True), name
        assert np.array_equal(parsed.missing, real.missing), name


def test_names_that_can_not_be_told_apart_are_refused(tmp_path):
    tables = shop(40)
    tables["orders"] = tables["orders"].rename(columns={"paid": "customers.age"})
    folder = written(tables, tmp_path / "shop")
    with pytest.raises(InputError, match=r"'customers.age' can't be told from one of another table: rename it"):
        flatten(open_database(folder, relations(CUSTOMERS, ORDERS, ITEMS)), "orders")


def test_families_are_cut_and_stacked_whole(database):
    whole = real_rows(database, 0)
    count = len(whole["customers"])
    parts = [cut(database.relations, whole, rows) for rows in (np.arange(0, 7), np.arange(7, count))]
    again = stacked(database.relations, parts)
    for name, rows in whole.items():
        order = np.arange(len(rows)) if rows.parent is None else np.argsort(_root(whole, database, name), kind="stable")
        for column, parsed in rows.facts.items():
            mine, theirs = again[name].facts[column].values, parsed.values
            assert np.array_equal(np.sort(mine), np.sort(theirs)), (name, column)
        assert len(order) == len(again[name])
        if rows.parent is not None:
            parent = database.relations.table(name).parent
            key = next(iter(whole[parent].facts))
            pairs = (
                sorted(zip(t[parent].facts[key].values[t[name].parent], t[name].before < 0, strict=True))
                for t in (whole, again)
            )
            assert next(pairs) == next(pairs)


def _root(tables, database, name):
    rows = np.arange(len(tables[name]))
    while (about := database.relations.table(name)).parent is not None:
        rows, name = tables[name].parent[rows], about.parent
    return rows


@given(st.integers(0, 2**40), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_made_keys_never_come_twice(seed, parts):
    for mask in ("A99", r"X\9a9", "9999"):
        pattern, done, seen = IdentifierPattern(form="mask", mask=mask), 0, []
        for count in parts:
            seen += made_keys(pattern, count, seed, done).to_pylist()
            done += count
        assert len(set(seen)) == done
        assert seen == made_keys(pattern, done, seed).to_pylist()


def test_all_keys_of_a_mask_are_made_and_then_no_more():
    pattern = IdentifierPattern(form="mask", mask="9a")
    assert len(set(made_keys(pattern, 260, 1).to_pylist())) == 260
    with pytest.raises(InputError, match="has 260 keys, too few"):
        made_keys(pattern, 1, 1, first=260)
