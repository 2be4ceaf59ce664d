"""`.npz` and `.npy`: names of arrays, axes, types, labels, and refusals."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from gansmith.data.embedded import fashion_path
from gansmith.data.reader import Peek, ReadOptions, UnreadableError
from gansmith.data.sniff import open_reader
from gansmith.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (12, 6, 7, 3), dtype=np.uint8)


@pytest.fixture
def npz(tmp_path):
    def write(compressed=True, **arrays):
        path = tmp_path / "data.npz"
        (np.savez_compressed if compressed else np.savez)(path, **arrays)
        return path

    return write


def labels_of(reader):
    return [reader.classes[i] for i in reader.labels]


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("key", ["images", "x", "arr_0", "anything"])
def test_whole_arrays_in_any_order_of_reading(npz, key, compressed):
    reader = open_reader(npz(compressed, **{key: X}))
    assert len(reader) == 12 and reader.labels is None and reader.names[3] == "row 3"
    for i in (0, 1, 5, 11, 2, 2, 0):
        assert np.array_equal(reader.read(i), X[i])
    assert reader.peek(0) == Peek(6, 7, 3, "uint8")
    reader.close()


def test_fortran_order_is_read_too(npz):
    reader = open_reader(npz(x=np.asfortranarray(X)))
    assert np.array_equal(reader.read(4), X[4])


@pytest.mark.parametrize(
    "keys",
    [
        {"train": ("x_train", "y_train"), "test": ("x_test", "y_test")},
        {
            "train": ("train_images", "train_labels"),
            "val": ("val_images", "val_labels"),
            "test": ("test_images", "test_labels"),
        },
    ],
)
def test_given_splits(npz, keys):
    arrays = {}
    for i, (x, y) in enumerate(keys.values()):
        arrays[x], arrays[y] = X[i * 4 : i * 4 + 4], np.array([[0], [1], [2], [1]])
    reader = open_reader(npz(**arrays, names=np.array(["a", "b", "c"])))
    assert [reader.split_of(i) for i in range(0, len(reader), 4)] == list(keys)
    assert labels_of(reader) == ["a", "b", "c", "b"] * len(keys)
    assert np.array_equal(reader.read(5), X[5]) and reader.names[5].endswith("row 1")


@pytest.mark.parametrize(
    ("array", "layout", "shape"),
    [
        (X[..., 0], None, (6, 7, 1)),
        (X.transpose(0, 3, 1, 2), None, (6, 7, 3)),
        (np.zeros((5, 3, 9, 3), np.uint8), "nhwc", (3, 9, 3)),
        (np.zeros((5, 3, 9, 2), np.uint8), "nchw", (9, 2, 3)),
        (np.zeros((5, 8, 8, 2), np.uint8), None, (8, 8, 2)),
    ],
)
def test_axes(npz, array, layout, shape):
    reader = open_reader(npz(x=array), ReadOptions(layout=layout))
    assert reader.read(1).shape == shape and reader.peek(1) == Peek(*shape, "uint8")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 3, 9, 3), np.uint8), r"shape \(5, 3, 9, 3\) is ambiguous: say --read layout=nhwc or layout=nchw"),
        (np.zeros((5, 8, 9, 7), np.uint8), "no channels: axis 1 or 3 must be 1 to 4"),
        (np.zeros((5, 8, 8, 8, 3), np.uint8), r"is not pictures: expected \(N, H, W\)"),
        (np.zeros((0, 8, 8, 3), np.uint8), "is not pictures"),
        (np.zeros((64, 64, 3), np.uint8), "looks like one picture"),
        (np.zeros((5, 8, 8), "U3"), "not pixels"),
        (np.zeros((5, 8, 8), np.complex64), "not pixels"),
    ],
)
def test_arrays_that_are_no_pictures(npz, array, message):
    with pytest.raises(InputError, match=message):
        open_reader(npz(x=array))


def test_layout_that_cannot_be(npz):
    with pytest.raises(InputError, match="the second axis"):
        open_reader(npz(x=X), ReadOptions(layout="nchw"))


@pytest.mark.parametrize(
    ("dtype", "top", "out"),
    [
        (bool, 1, "uint8"),
        (np.int64, 255, "uint8"),
        (np.int32, 4000, "uint16"),
        (">u2", 4000, "uint16"),
        (np.float64, 1, "float32"),
        (np.float16, 1, "float32"),
    ],
)
def test_types(npz, dtype, top, out):
    array = (RNG.random((4, 5, 5)) * (top + 0.999)).astype(dtype)
    reader = open_reader(npz(x=array))
    pixels = reader.read(2)
    assert pixels.dtype == out and reader.peek(2).dtype == out and pixels.dtype.isnative
    assert np.allclose(pixels[..., 0], array[2].astype(float) * (255 if dtype is bool else 1), atol=1e-3)


def test_numbers_that_no_picture_has(npz):
    bad = np.ones((3, 4, 4), np.float32)
    bad[1, 0, :2] = [np.nan, np.inf]
    reader = open_reader(npz(x=bad))
    assert reader.read(0).shape == (4, 4, 1)
    with pytest.raises(UnreadableError, match="2 pixels are NaN or infinite"):
        reader.read(1)
    with pytest.raises(UnreadableError, match="from -1 to 5 do not fit"):
        open_reader(npz(x=np.array([[[-1, 5]], [[0, 5]]]).repeat(6, 2))).read(0)


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        (np.array([3, 5, 3, 9]), None, ["3", "5", "3", "9"]),
        (np.array([0.0, 2.0, 1.0, 0.0]), ["x", "y", "z"], ["x", "z", "y", "x"]),
        (np.array(["b", "a", "b", "a"]), None, ["b", "a", "b", "a"]),
        (np.array([b"b", b"a", b"b", b"a"]), ["b", "a"], ["b", "a", "b", "a"]),
        (np.eye(4, dtype=int)[[2, 0, 1, 3]], None, ["2", "0", "1", "3"]),
        (np.array([True, False, True, True]), None, ["1", "0", "1", "1"]),
    ],
)
def test_labels(npz, labels, classes, expected):
    extra = {"names": np.array(classes)} if classes else {}
    assert labels_of(open_reader(npz(x=X[:4], y=labels, **extra))) == expected


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(3), r"3 labels in 'y' for 12 pictures in 'x'"),
        (np.arange(12) - 1, "row 0 has the negative label -1"),
        (np.arange(12), "row 2 has label 2, but there are only 2 names"),
        (np.arange(12) + 0.5, "must be whole numbers or text, found 0.5"),
        (np.ones((12, 3), int), "several labels a row"),
        (np.array([""] * 2 + ["a"] * 10), "no label in row 0, row 1"),
        (np.zeros((12, 2, 2)), "expected"),
        (np.array(7), "'y' is a single number"),
        (np.zeros(12, np.complex64), "cannot be read"),
    ],
)
def test_labels_that_do_not_match(npz, labels, message):
    with pytest.raises(InputError, match=message):
        open_reader(npz(x=X, y=labels, names=np.array(["a", "b"])))


def test_labels_for_some_splits_only(npz):
    with pytest.raises(InputError, match="no labels for x_test, though the other arrays have some"):
        open_reader(npz(x_train=X, y_train=np.zeros(12), x_test=X))


def test_python_objects_are_refused(npz, tmp_path):
    objects = np.array([{"a": 1}, None, 3], dtype=object)
    with pytest.raises(InputError, match="array 'x' holds Python objects, which are never loaded"):
        open_reader(npz(x=objects))
    np.save(tmp_path / "x.npy", objects)
    with pytest.raises(InputError, match="cannot be read as a numeric array"):
        open_reader(tmp_path / "x.npy")
    with pytest.raises(InputError, match="array 'y' holds Python objects"):
        open_reader(npz(x=X, y=np.array(["a"] * 12, dtype=object)))


def test_no_pictures_says_what_was_found(npz):
    with pytest.raises(InputError, match=r"looked for images, x, .*found bits \(8,\), shape \(3,\)"):
        open_reader(npz(bits=np.zeros(8), shape=np.zeros(3)))


def test_damaged_archives(tmp_path, npz):
    (tmp_path / "a.npz").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"not a readable \.npz"):
        open_reader(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x.npy", b"nonsense")
    with pytest.raises(InputError, match="array 'x' is damaged"):
        open_reader(tmp_path / "b.npz")
    path = npz(x=X)
    with zipfile.ZipFile(path) as archive:
        whole = archive.read("x.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", whole[:-5])
    with pytest.raises(InputError, match=r"its size is not that of its shape"):
        open_reader(path)


def test_rows_of_damaged_streams_are_unreadable(npz):
    path = npz(x=RNG.integers(0, 256, (100, 20, 20), dtype=np.uint8))
    data = bytearray(path.read_bytes())
    data[20_000:20_200] = bytes(200)
    path.write_bytes(bytes(data))
    reader = open_reader(path)
    assert reader.read(0).shape == (20, 20, 1)
    with pytest.raises(UnreadableError, match="cannot be unpacked"):
        reader.read(99)
    reader.close()


def test_pictures_beyond_the_limit_are_refused(npz):
    with pytest.raises(InputError, match="max_pixels"):
        open_reader(npz(x=X), ReadOptions(max_pixels=10))


def test_npy_is_mapped(tmp_path):
    np.save(tmp_path / "x.npy", X)
    reader = open_reader(tmp_path / "x.npy")
    assert np.array_equal(reader.read(7), X[7]) and len(reader) == 12


def test_stamp_follows_the_file(npz):
    before = open_reader(npz(x=X)).stamp
    assert open_reader(npz(x=X[:5])).stamp != before


def test_embedded_data():
    reader = open_reader(fashion_path())
    assert len(reader) == 4800 and len(reader.classes) == 10 and reader.split_of(4799) == "test"
