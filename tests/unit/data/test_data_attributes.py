"""Attributes and captions: read, fitted, made vectors, shown."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.data.attributes import Attribute, as_columns, fit_attribute
from gansmith.data.captions import fit_captions
from gansmith.data.image_codec import ImageCodec
from gansmith.data.inspect import inspect
from gansmith.data.open import open_images
from gansmith.data.reader import ReadOptions
from gansmith.data.sniff import open_reader
from gansmith.data.source import ImageSource
from gansmith.errors import InputError

TABLE = """file,label,split,age,smiling,hair,id,text
a.png,x,train,20,yes,red,u1,a red one
b.png,y,train,30,no,blue,u2,a blue one
c.png,x,train,60,yes,red,u3,
d.png,y,,50,no,fair,u4,a fair one
"""


@pytest.fixture
def described(tree, pixels):
    return tree({f"{n}.png": pixels(i) for i, n in enumerate("abcd")} | {"labels.csv": TABLE})


def test_a_table_may_say_more_than_the_class(described):
    images = open_images(described)
    assert set(images.columns) == {"age", "smiling", "hair", "id", "text"}
    assert images.columns["age"].tolist() == [20, 30, 60, 50]
    assert images.columns["smiling"].tolist() == [True, False, True, False]
    assert images.columns["text"].tolist() == ["a red one", "a blue one", "", "a fair one"]
    assert images.subset([2, 0]).columns["hair"].tolist() == ["red", "red"]
    assert open_images(described, options=ReadOptions(attributes="none", text_column="none")).columns == {}
    chosen = open_images(described, options=ReadOptions(attributes="age,hair", text_column="id"))
    assert list(chosen.columns) == ["age", "hair", "text"] and chosen.columns["text"][0] == "u1"


def test_what_is_said_is_part_of_the_fingerprint(described):
    bare = open_images(described, options=ReadOptions(attributes="none", text_column="none"))
    assert bare.fingerprint != open_images(described).fingerprint
    table = described / "labels.csv"
    table.write_text("\n".join(line.rsplit(",", 6)[0] for line in TABLE.splitlines()))
    assert open_images(described).fingerprint == bare.fingerprint


def test_the_class_may_be_missing_where_there_is_more(described):
    (described / "labels.csv").write_text("file,text\na.png,one\nb.png,two\nc.png,three\nd.png,four\n")
    images = open_images(described)
    assert images.labels is None and images.columns["text"].tolist() == ["one", "two", "three", "four"]
    (described / "labels.csv").write_text("file,split\na.png,\nb.png,\nc.png,\nd.png,\n")
    with pytest.raises(InputError, match="missing: label"):
        open_images(described)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attributes": "aeg"}, "no column 'aeg'.*did you mean 'age'"),
        ({"text_column": "txet"}, "no column 'txet'.*did you mean 'text'"),
        ({"attributes": "hair"}, "'hair' has no value for b.png"),
    ],
)
def test_columns_that_can_not_be_meant_are_named(described, options, message):
    (described / "labels.csv").write_text(TABLE.replace("blue,", ","))
    with pytest.raises(InputError, match=message):
        open_images(described, options=ReadOptions(**options))


def test_what_is_not_asked_for_and_can_not_be_used_is_left_out_with_a_note(described):
    (described / "labels.csv").write_text(TABLE.replace("blue,", ","))
    images = open_images(described)
    assert "hair" not in images.columns
    assert any("'hair' has no value for b.png: left out of the conditions" in w for w in images.warnings)
    columns, notes = as_columns({"id": [f"u{i}" for i in range(101)]}, None, ["p"] * 101, False, "here")
    assert not columns and "101 different values" in notes[0]
    _, notes = as_columns({"a=b": ["1"]}, None, ["p"], False, "here")
    assert "a name that can't be" in notes[0]


def test_arrays_hold_attributes_under_names_that_are_asked_for(tmp_path, pixels):
    x = np.stack([pixels(i) for i in range(4)])
    path = tmp_path / "data.npz"
    np.savez(path, images=x, text=np.array([b"a", b"b", b"c", b"d"]), age=[1, 2, 3, 4], other=np.zeros(3))
    assert list(open_images(path).columns) == ["text"]
    images = open_images(path, options=ReadOptions(attributes="age"))
    assert images.columns["age"].tolist() == [1, 2, 3, 4] and images.columns["text"].tolist() == list("abcd")
    with pytest.raises(InputError, match=r"no column 'other' \(found text, age\)"):
        open_images(path, options=ReadOptions(attributes="other"))


def test_tables_hold_attributes_in_columns_that_are_asked_for(tmp_path, pixels, encoded):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "data.parquet"
    rows = {"image": [encoded(pixels(i)) for i in range(3)], "label": [0, 1, 0], "text": ["a", None, "c"]}
    pq.write_table(pa.table(rows | {"height": [1.5, 2.5, 3.5], "kind": ["x", "y", "x"]}), path)
    assert list(open_images(path).columns) == ["text"]
    images = open_images(path, options=ReadOptions(attributes="height,kind"))
    assert images.columns["height"].tolist() == [1.5, 2.5, 3.5] and images.columns["kind"].tolist() == ["x", "y", "x"]
    assert images.columns["text"].tolist() == ["a", "", "c"]


def test_vectors_are_one_hot_signs_and_deviations(described):
    images = open_images(described, options=ReadOptions(attributes="age,smiling,hair"))
    codec = ImageCodec.fit(images, "ngrams-32")
    names = ("label=x", "label=y", "age", "smiling", "hair=blue", "hair=fair", "hair=red")
    assert codec.spec["attributes"].names == names and codec.spec["text"].shape == (32,)
    vectors = codec.vectors(images)
    ages = np.array([20.0, 30, 60, 50])
    np.testing.assert_allclose(vectors["attributes"][:, 2], (ages - ages.mean()) / ages.std(), rtol=1e-6)
    assert vectors["attributes"][1].tolist()[3:] == [-1, 1, 0, 0] and vectors["attributes"][1, :2].tolist() == [0, 1]
    assert not vectors["text"][2].any()  # no caption, no condition
    said = vectors["text"][[0, 1, 3]]
    np.testing.assert_allclose(said.mean(0), 0, atol=1e-6)
    assert (said**2).sum(1).mean() == pytest.approx(1, abs=1e-5)
    batch = codec.encode(np.asarray(images.images), images.labels, vectors)
    assert set(batch) == set(codec.spec) and batch["label"].tolist() == [0, 1, 0, 1]
    assert codec.words(batch) == {
        "age": ["20", "30", "60", "50"],
        "smiling": ["yes", "no", "yes", "no"],
        "hair": ["red", "blue", "red", "fair"],
    }


def test_a_codec_with_attributes_comes_back_from_json(described):
    images = open_images(described)
    codec = ImageCodec.fit(images, "ngrams")
    text = json.dumps(codec.to_json())
    assert "one" not in text  # no caption is kept
    again = ImageCodec.from_json(json.loads(text))
    assert again == codec
    for name, value in codec.vectors(images).items():
        assert np.array_equal(again.vectors(images)[name], value)


@pytest.mark.parametrize(
    ("part", "change"),
    [("attributes", [{"name": "a"}]), ("attributes", 3), ("captions", {"encoder": "ngrams"}), ("captions", None)],
)
def test_damaged_descriptions_are_refused(described, part, change):
    described_codec = ImageCodec.fit(open_images(described), "ngrams").to_json()
    with pytest.raises(InputError, match="damaged"):
        ImageCodec.from_json({**described_codec, part: change})


def test_without_attributes_nothing_changes(tree, pixels):
    root = tree({f"{c}/{i}.png": pixels(i) for i, c in enumerate("xyxy")})
    codec = ImageCodec.fit(open_images(root))
    assert set(codec.spec) == {"image", "label"} and not codec.vectors(open_images(root))
    assert set(codec.to_json()) == {"kind", "version", "frame", "classes"}


def test_what_is_the_same_everywhere_is_no_attribute():
    assert fit_attribute("a", np.array([2.0, 2.0])) is None
    assert fit_captions(np.array(["same", "same"]), "ngrams") is None
    assert fit_captions(np.array(["", ""]), "ngrams") is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20).filter(lambda v: np.std(v) > 1e-3))
def test_numbers_come_back(values):
    attribute = fit_attribute("n", np.array(values))
    back = [float(w) for w in attribute.words(attribute.vector(np.array(values)))]
    np.testing.assert_allclose(back, values, rtol=1e-4, atol=1e-4 * np.abs(values).max())


def test_asking_for_values():
    age = Attribute("age", "number", (), 18, 90, 40, 10)
    assert age.range("18..30") == (18, 30) and age.range(25) == (25, 25)
    for asked, message in (
        ("30..18", "from the lower number to the higher one: 18..30"),
        ("17", "18 to 90"),
        ("old", "write a number"),
        ("nan", "outside"),
    ):
        with pytest.raises(InputError, match=message):
            age.range(asked)
    hair, smiling = Attribute("hair", "category", ("red", "fair")), Attribute("smiling", "flag")
    assert hair.value("red") == ["red"] and smiling.value("YES") == [True] and smiling.value(0) == [False]
    with pytest.raises(InputError, match=r"no hair 'rde'.*did you mean 'red'"):
        hair.value("rde")
    with pytest.raises(InputError, match="smiling=perhaps: say yes or no"):
        smiling.value("perhaps")


def test_the_source_serves_vectors_beside_their_pictures(described):
    images = open_images(described, options=ReadOptions(text_encoder="ngrams"))
    codec = ImageCodec.fit(images, "ngrams")
    batch = next(ImageSource.of(images, codec, batch=8, seed=0, prefetch=0))
    whole = codec.encode(np.asarray(images.images), images.labels, codec.vectors(images))
    for i in range(8):
        row = int((whole["image"] - batch["image"][i]).abs().sum((1, 2, 3)).argmin())
        for name in ("label", "attributes", "text"):
            assert np.array_equal(batch[name][i], whole[name][row])


def test_inspect_tells_attributes_and_captions(described):
    found = inspect(open_reader(described))
    assert found.attributes["age"] == "numbers from 20 to 60, mean 40"
    assert found.attributes["smiling"] == "yes (2), no (2)"
    assert found.captioned == 3 and found.captions[0] == "a red one"
    assert found.to_json()["attributes"] == found.attributes
