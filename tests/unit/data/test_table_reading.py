"""Tables out of every kind of file and frame, and what is said of bad ones."""

from __future__ import annotations

import gzip
import sys

import pytest

from gansmith.data.table import text_file
from gansmith.data.table.options import TableOptions
from gansmith.data.table.profile import profile
from gansmith.data.table.source import open_source
from gansmith.errors import InputError

pa = pytest.importorskip("pyarrow")
feather = pytest.importorskip("pyarrow.feather")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = "a,b\n1,x\n2,y\n"


def rows(source) -> list[tuple]:
    return [tuple(row.values()) for batch in source.batches() for row in batch.to_pylist()]


@pytest.fixture
def save(tmp_path):
    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiters_and_encodings_are_found(save, delimiter, encoding):
    text = f"name{delimiter}size\r\nÄpfel{delimiter}1,5\r\nBirnen{delimiter}2,5\r\n"
    if delimiter == ",":
        text = text.replace("1,5", '"1,5"').replace("2,5", '"2,5"')
    source = open_source(save(text.encode(encoding)))
    assert source.columns == ("name", "size") and rows(source) == [("Äpfel", "1,5"), ("Birnen", "2,5")]
    assert rows(source) == rows(source)
    assert bool(source.notes) == (encoding == "cp1252")


def test_packed_files_and_quoted_line_ends(save):
    source = open_source(save(gzip.compress(b'a\tb\n"x\ny"\t""\n"say ""hi"""\t2\n'), "t.tsv.gz"))
    assert rows(source) == [("x\ny", ""), ('say "hi"', "2")] and source.places([0, 1]) == ["line 2", "line 4"]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("age,city\n3,Rome\n4,Oslo\n", True),
        ("3,Rome\n4,Oslo\n5,Rome\n", False),
        ("x,y\nred,big\nblue,small\nred,small\n", True),
        ("red,big\nred,big\nblue,small\nred,small\n", False),
        ("2020-01-01,5\n2020-01-02,6\n", False),
        ("id,2020,2021\nx,5,6\ny,7,8\nz,1,2\n", False),
    ],
)
def test_headers_are_told_from_values(save, text, header):
    source = open_source(save(text))
    assert (source.columns[0] != "column_1") == header
    assert len(rows(source)) == text.count("\n") - header
    chosen = open_source(save(text), TableOptions(header=not header))
    assert (chosen.columns[0] != "column_1") != header


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,b\n", "names of columns, but no rows"),
        ("a,b\n1,2\n", "has one row"),
        ("a\n1\n2\n", r"has one column \('a'\)"),
        ("a,b\n1,2,3\n1,2\n\n4\n", "rows need 2 values, but line 2 has 3, line 5 has 1"),
        ("a,a\n1,2\n3,4\n", "more than one column is called 'a'"),
        ("a,\n1,2\n3,4\n", "column 2 has no name"),
        (b"a,b\n1,2\n3,\x004\n", "line 3 holds a NUL byte"),
        (b"\x1f\x8bnonsense", "cannot be read"),
        ("a,b\n1,2\n" + "9" * 9000 + ",1\n", "a row is longer than"),
        ('a,b\n1,2\n"' + "x,1\n" * 3000, "a row is longer than"),
    ],
)
def test_bad_files_are_one_sentence(save, monkeypatch, content, part):
    monkeypatch.setattr(text_file, "BLOCK", 4096)
    path = save(content)
    with pytest.raises(InputError, match=part) as told:
        profile(open_source(path))
    assert len(told.value.problems) == 1 and str(path) in str(told.value)


def test_wrong_choices_are_told(save):
    with pytest.raises(InputError, match="delimiter ';' gives the one column 'a,b': try delimiter=','"):
        open_source(save(ROWS), TableOptions(delimiter=";"))
    with pytest.raises(InputError, match="near line 3 the text is not utf-8: say how it is encoded"):
        profile(open_source(save("a,b\n1,x\n2,é\n".encode("latin-1")), TableOptions(encoding="utf-8")))
    with pytest.raises(InputError) as told:
        TableOptions(delimiter="::", encoding="utf-99")
    assert len(told.value.problems) == 2


def test_late_bytes_that_are_no_utf8(save, monkeypatch):
    monkeypatch.setattr("gansmith.data.table.dialect.HEAD", 1000)
    monkeypatch.setattr(text_file, "HEAD", 1000)
    content = b"a,b\n" + b"1,x\n" * 999 + "1,é\n".encode("latin-1")
    with pytest.raises(InputError, match=r"near line 1,001 the text is not utf-8"):
        profile(open_source(save(content)))


def test_paths_that_are_no_table(save, tmp_path):
    save(ROWS, "customers.csv")
    for path, part in (
        (tmp_path / "custmers.csv", "no such file; did you mean 'customers.csv'"),
        (tmp_path, "is a folder"),
        (save("x", "t.doc"), "unknown kind of table .doc"),
        (save("x", "t.parquet"), "cannot be read as a table"),
        (save(b"PAR1xxxx", "u.parquet"), "cannot be read as a table"),
        (save("x", "t.xlsx"), "cannot be read as an Excel workbook"),
    ):
        with pytest.raises(InputError, match=part):
            open_source(path)
    with pytest.raises(InputError, match="is no table: give a path"):
        open_source([1, 2])


TABLE = pa.table(
    {
        "n": pa.array([1, None, 3], pa.int16()),
        "x": pa.array([0.1, float("nan"), 1e300]),
        "f": pa.array([True, False, None]),
        "c": pa.array(["a", "b", "a"]).dictionary_encode(),
        "t": pa.array([0, 1_500_000, 5], pa.timestamp("us", "Europe/Berlin")),
        "d": pa.array(["1.50", "2.25", None]).cast(pa.decimal128(8, 2)),
        "l": pa.array([5, 6, None], pa.duration("ms")),
    }
)
TEXT = [
    ("1", "0.1", "true", "a", "1970-01-01 00:00:00.000000Z", "1.50", "5"),
    (None, None, "false", "b", "1970-01-01 00:00:01.500000Z", "2.25", "6"),
    ("3", "1e+300", None, "a", "1970-01-01 00:00:00.000005Z", None, None),
]


def save_stream(table, path):
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize("kind", ["parquet", "feather", "arrow", "stream", "table", "reader", "pandas"])
def test_typed_tables_become_text(tmp_path, kind):
    path = tmp_path / f"t.{kind if kind in ('parquet', 'feather') else 'arrow'}"
    if kind == "pandas":
        pytest.importorskip("pandas")
        frame = TABLE.select(["x", "c"]).to_pandas()
        frame["mixed"] = [1, "a", None]
        source = open_source(frame)
        assert rows(source) == [("0.1", "a", "1"), (None, "b", "a"), ("1e+300", "a", None)]
        return
    if kind == "stream":
        save_stream(TABLE, str(path))
    else:
        {"parquet": pq.write_table, "feather": feather.write_feather, "arrow": feather.write_feather}.get(
            kind, lambda *_: None
        )(TABLE, str(path))
    data = {"table": TABLE, "reader": TABLE.to_reader()}.get(kind, path)
    source = open_source(data)
    assert source.columns == tuple(TABLE.column_names) and rows(source) == TEXT and rows(source) == TEXT
    assert source.stored[0] == "int16" and source.stored[3] is None and source.places([1]) == ["row 2"]


def test_columns_without_cells_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no table can be made of column 'l' \(list<.*>\): leave it out"):
        open_source(pa.table({"a": [1, 2], "l": [[1], [2]]}))


def test_sheets_of_workbooks(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["name", "n", None], ["x", 1, None], [None, None, None], ["y", 2.5, None], [None, 3, None]):
        book.active.append(row)
    book.create_sheet("Other").append([1, 2])
    path = tmp_path / "t.xlsx"
    book.save(path)
    assert rows(open_source(path)) == [("x", "1"), ("y", "2.5"), (None, "3")]
    assert open_source(path, TableOptions(sheet="Other", header=False)).columns == ("column_1", "column_2")
    with pytest.raises(InputError, match="there is no sheet 'other'; did you mean 'Other'"):
        open_source(path, TableOptions(sheet="other"))


def test_missing_packages_name_the_command(save, monkeypatch):
    path = save("x", "t.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r'pip install "gansmith\[excel\]"'):
        open_source(path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r'pip install "gansmith\[tables\]"'):
        profile(open_source(save(ROWS)))
