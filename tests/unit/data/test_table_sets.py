"""Whole tables: read, corrected, split, kept on the disk, and written again."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from gansmith.data.table import open as opening
from gansmith.data.table.open import open_table
from gansmith.data.table.options import TableOptions
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.recognise import is_table
from gansmith.data.table.render import render_table
from gansmith.data.table.schema import Schema
from gansmith.errors import InputError

pa = pytest.importorskip("pyarrow")

HEADER = "id,name,born,plan,spent,active,note,zip,country\n"


def lines(count=60, start=0):
    out = []
    for i in range(start, start + count):
        spent = "" if i % 9 == 0 else f"{(i * 37 % 101) + 0.25:.2f}"
        born = f"{1950 + i % 40}-0{i % 9 + 1}-1{i % 9}"
        note = f"customer {i} wrote a long and winding letter"
        name = f"{'Ann' if i % 2 else 'Bob'} Smith-{'abcdefghij'[i % 10]}"
        out.append(f"{i + 1},{name},{born},{('free', 'pro')[i % 2]},"
                   f"{spent},{'yes' if i % 3 else 'no'},{note},{i % 7:05d},US\n")  # fmt: skip
    return out


@pytest.fixture
def customers(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(HEADER + "".join(lines()))
    return path


def test_a_table_is_read_parsed_and_written(customers):
    table = open_table(customers)
    kinds = {c.name: c.kind for c in table.schema.columns}
    assert kinds == {
        "id": "identifier", "name": kinds["name"], "born": "date", "plan": "category", "spent": "decimal",
        "active": "boolean", "note": "text", "zip": "category", "country": "constant",
    }  # fmt: skip
    assert len(table) == 60 and table.source == str(customers) and any("free text" in w for w in table.warnings)
    spent = table.columns["spent"]
    assert np.isnan(spent.values[0]) and spent.missing[0] == 1 and spent.values[1] == 37.25 and spent.missing[1] == 0
    assert table.columns["plan"].values.dtype == np.int32 and table.columns["active"].values[:3].tolist() == [0, 1, 1]
    written = render_table(table.schema, table.columns, seed=3)
    source = [dict(zip(HEADER.strip().split(","), row.strip().split(","), strict=True)) for row in lines()]
    assert "note" not in written.column_names and written["id"].to_pylist()[0] == "61"
    for name in ("born", "plan", "spent", "active", "zip", "country"):
        assert written[name].to_pylist() == [row[name] for row in source]


def test_digests_know_content_only(customers, tmp_path):
    table = open_table(customers)
    order = np.random.default_rng(0).permutation(60)
    shuffled = tmp_path / "shuffled.csv"
    rows = lines()
    shuffled.write_text(HEADER + "".join(rows[i] for i in order) + "".join(lines(5, 90)))
    other = open_table(shuffled)
    assert np.array_equal(other.hashes[:60], table.hashes[order]) and other.fingerprint != table.fingerprint
    assert table.subset(order).fingerprint == table.fingerprint
    splits, again = table.split(), other.split()
    test = {table.hashes[i].tobytes() for i in splits.test}
    assert test <= {other.hashes[i].tobytes() for i in again.test}
    assert len(splits.train) + len(splits.val) + len(splits.test) == 60


def test_equal_rows_share_a_split(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,a,b\n" + "".join(f"{i + 1},{i % 25},{i % 5}.5\n" for i in range(100)))
    table = open_table(path)
    assert table.duplicates == 75 and "75 rows are there already in learnt values" in " ".join(table.warnings)
    splits = table.split()
    parts = [{table.hashes[i].tobytes() for i in part} for part in (splits.train, splits.val, splits.test)]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 25
    with pytest.raises(InputError, match=r"different rows .*are too few"):
        table.subset([0, 1, 25]).split()


def test_long_tables_are_mapped_and_found_again(customers, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "IN_MEMORY", 100)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = open_table(customers)
    assert isinstance(first.columns["spent"].values, np.memmap)
    monkeypatch.setattr(opening, "profile", None)
    again = open_table(customers)
    assert again.fingerprint == first.fingerprint and again.schema == first.schema and again.warnings == first.warnings
    for name, column in first.columns.items():
        np.testing.assert_array_equal(again.columns[name].values, column.values)
        np.testing.assert_array_equal(again.columns[name].missing, column.missing)
    (folder,) = (tmp_path / "cache/gansmith/tables").iterdir()
    (folder / "0.values").write_bytes(b"short")
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert open_table(customers).fingerprint == first.fingerprint


def test_a_schema_goes_to_a_file_and_back(customers, tmp_path):
    path = tmp_path / "schema.json"
    found = open_table(customers)
    found.schema.save(path)
    assert Schema.load(path) == found.schema
    text = path.read_text()
    Schema.load(path).save(path)
    assert path.read_text() == text and text.index('"name": "id"') < text.index('"name": "zip"')
    assert open_table(customers, schema=path).fingerprint == found.fingerprint
    assert open_table(customers, schema=found.schema).schema == found.schema


def edit(path, changes):
    data = json.loads(path.read_text())
    data["columns"] = [changes.get(c["name"], c) for c in data["columns"] if changes.get(c["name"], c) is not None]
    path.write_text(json.dumps(data))
    return path


def test_a_corrected_kind_needs_no_more_than_its_name(customers, tmp_path):
    path = tmp_path / "schema.json"
    open_table(customers).schema.save(path)
    edit(path, {
        "zip": {"name": "zip", "kind": "text"},
        "born": {"name": "born", "kind": "category"},
        "id": {"name": "id", "kind": "integer"},
        "spent": {"name": "spent", "kind": "decimal", "missing": [""], "low": -5},
    })  # fmt: skip
    table = open_table(customers, schema=path)
    kinds = {c.name: c.kind for c in table.schema.columns}
    assert kinds["zip"] == "text" and kinds["id"] == "integer" and len(table.schema.column("born").values) > 10
    assert table.schema.column("spent").low == -5 and table.schema.column("spent").high == 100.25


def test_everything_wrong_with_a_schema_is_told_at_once(customers, tmp_path):
    path = tmp_path / "schema.json"
    open_table(customers).schema.save(path)
    edit(path, {
        "plan": {"name": "plan", "kind": "integer"},
        "spent": {"name": "spent", "kind": "integer"},
        "born": {"name": "bron", "kind": "date"},
        "zip": {"name": "zip", "kind": "category", "values": ["00001", "00002"]},
        "active": {"name": "active", "kind": "date"},
        "note": {"name": "note", "kind": "boolean"},
    })  # fmt: skip
    with pytest.raises(InputError) as told:
        open_table(customers, schema=path)
    said = "\n".join(told.value.problems)
    for part in (
        "has no column 'bron'; did you mean 'born'",
        "says nothing of column 'born'",
        "column 'plan': kind 'integer' needs numbers, but it holds 'free', 'pro'",
        "column 'spent': kind 'integer' is contradicted by",
        "column 'zip': its values in the schema lack",
        "column 'active': no format of a date reads 'no', 'yes'",
        "column 'note': kind 'boolean' needs two values",
    ):
        assert part in said, said
    assert len(told.value.problems) == 7 and "line 2" in said


def test_files_that_are_no_schema(tmp_path):
    path = tmp_path / "schema.json"
    start = {"format": "gansmith-table-schema", "version": 1}
    for data, part in (
        ([], "is no schema of a table"),
        ({**start, "version": 9, "columns": []}, "has version 9"),
        ({**start, "columns": [{"name": "a", "kind": "integr"}]}, "unknown kind 'integr'; did you mean 'integer'"),
        ({**start, "columns": [{"kind": "text"}]}, "column 1 needs a name"),
        (
            {**start, "columns": [{"name": "a", "kind": "category", "low": 1}]},
            "kind 'category' has no low: remove them",
        ),
        (
            {**start, "columns": [{"name": "a", "kind": "text", "reson": ""}]},
            "unknown key 'reson'; did you mean 'reason'",
        ),
        ({**start, "columns": [{"name": "a", "kind": "text"}] * 2}, "column 'a' is there 2 times"),
        ({**start, "columns": [{"name": "a", "kind": "category", "values": []}]}, "column 'a': values"),
    ):
        path.write_text(json.dumps(data))
        with pytest.raises(InputError, match=part):
            Schema.load(path)
    path.write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        Schema.load(path)


def test_typed_tables_get_their_types_back():
    table = pa.table({
        "n": pa.array([1, None, 3, 4] * 5, pa.int16()),
        "x": pa.array([0.1, float("nan"), 1e300, -2.5] * 5),
        "w": pa.array([0.1, 7.25, 1e-9, -2.5] * 5, pa.float32()),
        "f": pa.array([True, False, None, True] * 5),
        "t": pa.array([0, 1_500_000, 5, 99] * 5, pa.timestamp("us", "Europe/Berlin")),
        "d": pa.array(["1.50", "2.25", None, "3.00"] * 5).cast(pa.decimal128(8, 2)),
        "l": pa.array([5, 6, None, 77] * 5, pa.duration("ms")),
    })  # fmt: skip
    found = open_table(table)
    assert found.source == "pyarrow Table" and len(found.schema.learnt) == 7
    written = render_table(found.schema, found.columns)
    assert written.schema.types == table.schema.types
    for name in table.column_names:
        expected = table[name].to_pylist()
        assert written[name].to_pylist() == [None if v != v else v for v in expected], name
    assert render_table(found.schema, found.columns, typed=False)["n"].to_pylist()[:2] == ["1", None]


def test_what_cannot_be_written_is_told():
    found = open_table(pa.table({"n": pa.array([1.5, 2.5, 9.5] * 5), "c": pa.array(["a", "b", "c"] * 5)}))
    n, c = found.columns["n"], found.columns["c"]
    with pytest.raises(InputError) as told:
        render_table(found.schema, {"m": n.rows(slice(2)), "c": c})
    assert len(told.value.problems) == 3
    bad = ParsedColumn(np.full(15, np.inf), n.missing, n.special)
    with pytest.raises(InputError, match="column 'n': some values are not finite"):
        render_table(found.schema, {"n": bad, "c": c})
    bad = ParsedColumn(np.full(15, 3, np.int32), c.missing, c.special)
    with pytest.raises(InputError, match="column 'c': codes must lie between 0 and 2, not 3 to 3"):
        render_table(found.schema, {"n": n, "c": bad})


def test_personal_data_is_replaced(monkeypatch):
    monkeypatch.setitem(sys.modules, "faker", None)
    mails = [f"p{i}@mail.example" for i in range(20)]
    found = open_table(pa.table({"mail": mails, "n": pa.array([i % 7 for i in range(20)])}))
    written = render_table(found.schema, found.columns, first=5)["mail"].to_pylist()
    assert written[0] == "person6@example.invalid" and len(set(written)) == 20 and not set(written) & set(mails)
    assert "column 'mail' holds personal data (e-mail: 100% of the values are e-mail addresses)" in found.warnings[0]


def test_nothing_to_learn_is_told():
    with pytest.raises(InputError, match="no column can be learnt"):
        open_table(pa.table({"a": [f"p{i}@mail.example" for i in range(20)], "b": ["k"] * 20}))


def test_tables_are_told_from_pictures(tmp_path, customers, tree, pixels, encoded):
    import pyarrow.parquet as pq

    root = tree({"1.png": pixels(0), "labels.csv": "file,label\n1.png,a\n"})
    assert is_table(customers) and not is_table(root) and not is_table(root / "1.png") and not is_table("nowhere.csv")
    with pytest.raises(InputError, match="says the classes of the pictures beside it: give the folder"):
        is_table(root / "labels.csv")
    (tmp_path / "labels.csv").write_text("a,b\n1,2\n")
    (tmp_path / "alone").mkdir()
    (tmp_path / "labels.csv").rename(tmp_path / "alone/labels.csv")
    assert is_table(tmp_path / "alone/labels.csv")
    pq.write_table(pa.table({"image": [encoded(pixels(0))]}), tmp_path / "i.parquet")
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "t.parquet")
    assert not is_table(tmp_path / "i.parquet") and is_table(tmp_path / "t.parquet")


def test_further_missing_spellings(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i % 4}\n" for i in range(20)) + "nobody,1\n")
    assert (
        open_table(path).warnings
        and open_table(path, options=TableOptions(missing=("nobody",))).columns["a"].missing[-1]
    )
