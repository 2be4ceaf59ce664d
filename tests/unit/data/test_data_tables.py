"""Parquet, Arrow and data sets saved by the `datasets` library."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from gansmith.data.reader import ReadOptions, UnreadableError
from gansmith.data.sniff import open_reader
from gansmith.errors import InputError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

FEATURES = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}


@pytest.fixture
def table(pixels, encoded):
    def make(count=5, start=0, labels=None, struct=True, names=True):
        data = [encoded(pixels(start + i)) for i in range(count)]
        images = [{"bytes": d, "path": f"{i}.png"} for i, d in enumerate(data)] if struct else data
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())]) if struct else pa.binary()
        values = [i % 2 for i in range(count)] if labels is None else labels
        out = pa.table({"image": pa.array(images, kind), "label": pa.array(values)})
        meta = {"huggingface": json.dumps({"info": {"features": FEATURES}})} if names else None
        return out.replace_schema_metadata(meta)

    return make


def save_arrow(table, path, stream=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    opener = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as sink, opener(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def save_dataset(folder, tables, features=FEATURES):
    for i, part in enumerate(tables):
        save_arrow(part, folder / f"data-{i:05}.arrow")
    files = [{"filename": f"data-{i:05}.arrow"} for i in range(len(tables))]
    (folder / "state.json").write_text(json.dumps({"_data_files": files}))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))


@pytest.mark.parametrize("struct", [True, False])
def test_parquet_file(tmp_path, table, pixels, struct):
    pq.write_table(table(struct=struct), tmp_path / "a.parquet", row_group_size=2)
    reader = open_reader(tmp_path / "a.parquet")
    assert len(reader) == 5 and reader.classes == ("cat", "dog") and reader.labels.tolist() == [0, 1, 0, 1, 0]
    for i in (0, 4, 1, 1):
        assert np.array_equal(reader.read(i), pixels(i)) and reader.peek(i).channels == 3
    assert reader.names[4] == "row 4" and reader.split_of(0) is None
    reader.close()


@pytest.mark.parametrize("stream", [True, False])
def test_arrow_file_in_both_forms(tmp_path, table, pixels, stream):
    save_arrow(table(names=False), tmp_path / "a.arrow", stream)
    reader = open_reader(tmp_path / "a.arrow")
    assert reader.classes == ("0", "1") and np.array_equal(reader.read(3), pixels(3))


def test_folder_of_parquet_files_named_after_splits(tmp_path, table, pixels):
    (tmp_path / "data").mkdir()
    for split, start in (("train-00000-of-00001", 0), ("validation-00000", 5), ("test", 10)):
        pq.write_table(table(start=start), tmp_path / "data" / f"{split}.parquet")
    reader = open_reader(tmp_path)
    splits = [reader.split_of(i) for i in range(0, 15, 5)]
    assert splits == ["test", "train", "val"]
    assert np.array_equal(reader.read(splits.index("val") * 5), pixels(5))


def test_only_some_files_named_after_splits(tmp_path, table):
    for name in ("train", "other"):
        pq.write_table(table(), tmp_path / f"{name}.parquet")
    with pytest.raises(InputError, match=r"other.parquet is not named after a split"):
        open_reader(tmp_path)


def test_saved_dataset_and_dict(tmp_path, table, pixels):
    for split, start in (("train", 0), ("test", 10), ("extra", 20)):
        save_dataset(tmp_path / split, [table(start=start, names=False), table(start=start + 5, names=False)])
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test", "extra"]}))
    reader = open_reader(tmp_path)
    assert len(reader) == 20 and reader.classes == ("cat", "dog")
    assert [reader.split_of(i) for i in (0, 19)] == ["train", "test"]
    assert np.array_equal(reader.read(17), pixels(17))
    assert reader.notes == ("splits left out: extra (only train, validation and test are used)",)
    alone = open_reader(tmp_path / "train")
    assert len(alone) == 10 and alone.split_of(0) is None


def test_saved_datasets_that_are_broken(tmp_path, table):
    save_dataset(tmp_path, [table()])
    for state, message in (
        ({"_data_files": [{"filename": "../x.arrow"}]}, "leads out of the data set"),
        ({"_data_files": [{"filename": "none.arrow"}]}, r"are missing: .*none.arrow"),
        ({}, "none is named"),
        ({"_data_files": [], "_indices_files": [{}]}, "flatten_indices"),
        ([], "is not a JSON object"),
    ):
        (tmp_path / "state.json").write_text(json.dumps(state))
        with pytest.raises(InputError, match=message):
            open_reader(tmp_path)
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        open_reader(tmp_path)


def test_text_labels(tmp_path, table):
    pq.write_table(table(4, labels=["b", "a", "b", "c"]), tmp_path / "a.parquet")
    assert open_reader(tmp_path / "a.parquet").classes == ("a", "b", "c")


def test_missing_labels_are_named_and_can_be_ignored(tmp_path, table):
    path = tmp_path / "a.parquet"
    for labels in ([0, None, 1], [0, -1, 1]):
        pq.write_table(table(3, labels=labels), path)
        with pytest.raises(InputError, match=r"no label in row 1: remove them, or ignore labels"):
            open_reader(path)
    assert open_reader(path, ReadOptions(label_column="none")).labels is None


def test_columns_that_are_not_there(tmp_path, table):
    path = tmp_path / "a.parquet"
    pq.write_table(table(), path)
    with pytest.raises(InputError, match="image_column='imgae' is not a column of pictures; did you mean 'image'"):
        open_reader(path, ReadOptions(image_column="imgae"))
    with pytest.raises(InputError, match="label_column='lable' is not a column of labels; did you mean 'label'"):
        open_reader(path, ReadOptions(label_column="lable"))
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), path)
    with pytest.raises(InputError, match=r"no column holds encoded pictures .* a \(int64\), b \(string\)"):
        open_reader(path)


def test_several_columns_of_pictures(tmp_path, encoded, pixels, table):
    path = tmp_path / "a.parquet"
    data = [encoded(pixels(i)) for i in range(2)]
    pq.write_table(pa.table({"left": data, "right": data[::-1]}), path)
    with pytest.raises(InputError, match="say --read image_column= one of left, right"):
        open_reader(path)
    assert np.array_equal(open_reader(path, ReadOptions(image_column="right")).read(0), pixels(1))


def test_rows_without_bytes_are_unreadable(tmp_path):
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    rows = [{"bytes": None, "path": "x.png"}, None, {"bytes": b"bad", "path": None}]
    pq.write_table(pa.table({"image": pa.array(rows, kind)}), tmp_path / "a.parquet")
    reader = open_reader(tmp_path / "a.parquet")
    for index, reason in enumerate((r"only a path \(x.png\)", "the row is empty", "not a picture")):
        with pytest.raises(UnreadableError, match=reason):
            reader.read(index)


def test_damaged_and_empty_tables(tmp_path, table):
    (tmp_path / "a.parquet").write_bytes(b"PAR1nonsense")
    with pytest.raises(InputError, match="cannot be read as a table"):
        open_reader(tmp_path / "a.parquet")
    (tmp_path / "a.arrow").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot be read as a table"):
        open_reader(tmp_path / "a.arrow")
    pq.write_table(table(0, labels=pa.array([], pa.int64())), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="has no rows"):
        open_reader(tmp_path / "b.parquet")


def test_missing_pyarrow_names_the_command(tmp_path, table, monkeypatch):
    pq.write_table(table(), tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r'pip install "gansmith\[parquet\]"'):
        open_reader(tmp_path / "a.parquet")
