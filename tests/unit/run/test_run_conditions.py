"""What samples are asked to be, and a run on data with attributes and captions."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from run_fixtures import SETTINGS, bands

from gansmith.core import Code
from gansmith.data.attributes import Attribute
from gansmith.data.captions import fit_captions
from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.data.reader import ReadOptions
from gansmith.errors import InputError
from gansmith.run.conditions import MOST_ROWS, kept_rows, wish
from gansmith.run.model import Model
from gansmith.run.request import Request
from gansmith.run.sample import sample
from gansmith.run.train import Run, train
from gansmith.run.write_samples import write_samples

AGE = Attribute("age", "number", (), 18, 90, 40, 10)
HAIR = Attribute("hair", "category", ("red", "fair"))
SMILING = Attribute("smiling", "flag")


def people(codes=None, rows: int = 400) -> SimpleNamespace:
    """A model of people whose red-haired are under 40 and smile."""
    rng = np.random.default_rng(0)
    red = rng.random(rows) < 0.3
    age = np.where(red, rng.uniform(18, 40, rows), rng.uniform(40, 90, rows))
    vectors = np.concatenate(
        [AGE.vector(age), HAIR.vector(np.where(red, "red", "fair")), SMILING.vector(red)], 1
    ).astype(np.float32)
    captions = fit_captions(np.array(["red hair", "fair hair", "an old man"]), "ngrams-32")
    text = captions.vector(np.where(red, "red hair", "fair hair"))
    frame = Fit.__new__(Fit)
    return SimpleNamespace(
        codec=ImageCodec(frame, (), (AGE, HAIR, SMILING), captions),
        drawing=SimpleNamespace(conditions=("label",), codes=codes or {}),
        classes=(),
        frequencies=(),
        rows={"attributes": torch.from_numpy(vectors), "text": torch.from_numpy(text)},
    )


def draw(model, n, where=None, seed=0):
    generators = [torch.Generator().manual_seed(1000 * seed + i) for i in range(n)]
    return wish(model, where or {}).conditions(range(n), generators)


def test_without_a_wish_conditions_come_as_in_training():
    model = people()
    given = draw(model, 3000)
    red = given["attributes"][:, 1]
    assert float(red.mean()) == pytest.approx(float(model.rows["attributes"][:, 1].mean()), abs=0.03)
    assert torch.equal(given["attributes"][:, 3] > 0, red > 0)  # what belongs together comes together
    assert "label" not in given


def test_the_rest_agrees_with_what_is_asked_for():
    given = draw(people(), 200, {"hair": "red"})["attributes"]
    assert (given[:, 1] == 1).all() and (given[:, 2] == 0).all()
    assert (given[:, 0] * 10 + 40 <= 40.01).all() and (given[:, 3] == 1).all()
    given = draw(people(), 200, {"age": "18..30"})["attributes"]
    ages = given[:, 0] * 10 + 40
    assert ages.min() >= 17.99 and ages.max() <= 30.01 and len(ages.unique()) > 20
    assert (given[:, 1] == 1).all()


def test_what_training_never_saw_together_can_be_asked_for():
    given = draw(people(), 300, {"hair": "red", "age": "80..90"})["attributes"]
    ages = given[:, 0] * 10 + 40
    assert (given[:, 1] == 1).all() and ages.min() >= 79.99 and ages.max() <= 90.01
    assert float(ages.mean()) == pytest.approx(85, abs=1)


def test_values_are_repeated_and_texts_are_encoded():
    model = people()
    given = draw(model, 5, {"hair": ["red", "fair"], "text": ["an old man"]})
    assert given["attributes"][:, 1].tolist() == [1, 0, 1, 0, 1]
    want = torch.from_numpy(model.codec.captions.vector(["an old man"]))
    assert torch.equal(given["text"], want.expand(5, -1))


def test_sample_i_depends_on_the_seed_and_i_alone():
    model = people({"c": Code(3)})
    whole = draw(model, 40, {"age": ["18..30", "50..60", 70]})
    generators = [torch.Generator().manual_seed(i) for i in range(30, 40)]
    some = wish(model, {"age": ["18..30", "50..60", 70]}).conditions(range(30, 40), generators)
    assert all(torch.equal(whole[name][30:], some[name]) for name in whole)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"hiar": "red"}, "no condition 'hiar'; did you mean 'hair'"),
        ({"label": 1}, "no condition 'label'"),
        ({"hair": "green"}, "no hair 'green': it is one of red, fair"),
        ({"age": "5..30"}, "age=5..30 lies outside the training data, which goes from 18 to 90"),
        ({"age": "young"}, "age=young: write a number, or a range such as 18..30"),
        ({"smiling": "maybe"}, "smiling=maybe: say yes or no"),
        ({"age": []}, "an empty list of 'age'"),
        ({"c": 3}, "c=3 is out of range: whole numbers go from 0 to 2"),
        ({"c": 1.5}, "c=1.5 is out of range"),
        ({"c": "0..2"}, "c=0..2: this code takes one whole number from 0 to 2"),
        ({"d": "-3..0"}, "d=-3..0 is out of range: numbers go from -2 to 2"),
        ({"d": "much"}, "d=much: write a number, or a range"),
    ],
    ids=str,
)
def test_wishes_that_can_not_be_met_are_named(where, message):
    with pytest.raises(InputError) as error:
        wish(people({"c": Code(3), "d": Code()}), where)
    assert message in str(error.value) and len(error.value.problems) == 1


def test_a_model_without_captions_takes_no_text():
    model = people()
    model.codec = ImageCodec(model.codec.frame, (), (AGE, HAIR, SMILING))
    model.rows.pop("text")
    with pytest.raises(InputError, match="no condition 'text'"):
        wish(model, {"text": "a red shoe"})


def test_a_missing_text_encoder_is_named(monkeypatch):
    model = people()
    gone = model.codec.captions.__class__("gone", "0" * 64, model.codec.captions.mean, 1.0)
    model.codec = ImageCodec(model.codec.frame, (), (AGE, HAIR, SMILING), gone)
    with pytest.raises(InputError, match="no text encoder is called 'gone'"):
        wish(model, {"text": "a red shoe"})
    assert draw(model, 2)["text"].shape == (2, 32)  # nothing needs it until a text is asked for
    other = model.codec.captions.__class__("ngrams-32", "0" * 64, model.codec.captions.mean, 1.0)
    model.codec = ImageCodec(model.codec.frame, (), (AGE, HAIR, SMILING), other)
    with pytest.raises(InputError, match="has other weights"):
        wish(model, {"text": "a red shoe"})


def test_codes_are_drawn_evenly_and_can_be_asked_for():
    model = people({"c": Code(4), "d": Code()})
    given = draw(model, 4000)
    assert (torch.bincount(given["c"], minlength=4) / 4000 - 0.25).abs().max() < 0.03
    assert given["d"].min() < -0.99 and given["d"].max() > 0.99
    given = draw(model, 100, {"c": ["3", 1], "d": "-2..-1"})
    assert given["c"][:4].tolist() == [3, 1, 3, 1] and given["c"].dtype == torch.long
    assert given["d"].min() >= -2 and given["d"].max() <= -1 and given["d"].dtype == torch.float32


def test_a_bounded_number_of_conditions_is_kept():
    rows = kept_rows({"text": np.arange(5000, dtype=np.float32)[:, None]})["text"]
    assert len(rows) == MOST_ROWS and rows[0] == 0 and rows[-1] == 4999
    assert len(kept_rows({"text": np.zeros((3, 2), np.float32)})["text"]) == 3


@pytest.fixture(scope="module")
def request_described(judge: Path, tmp_path_factory: pytest.TempPathFactory) -> Request:
    """A run on pictures with a class, attributes and captions."""
    folder = tmp_path_factory.mktemp("described")
    images, labels = bands()
    names = np.array(["dark", "mid", "light"])
    text = np.array([f"a {names[c]} picture" for c in labels])
    level = images.mean((1, 2, 3))
    np.savez(folder / "data.npz", images=images, labels=labels, names=names, text=text, level=level, odd=labels % 2)
    read = ReadOptions(attributes="level,odd", text_encoder="ngrams-16")
    settings = {**SETTINGS, "drop_condition": 0.1}
    return Request(
        folder / "data.npz", "gan", budget="64", out=folder / "run", judge=judge, read=read, settings=settings
    )


@pytest.fixture(scope="module")
def described(request_described: Request) -> Run:
    """It, finished."""
    return train(request_described)


def test_a_run_on_described_pictures(described: Run, tmp_path: Path) -> None:
    model = Model.load(described.folder.root)
    assert set(model.rows) == {"attributes", "text"}
    made = sample(model, 6, {"level": "60..100", "odd": "yes", "text": "a light picture", "label": "light"})
    assert made.labels is not None and made.labels.tolist() == [2] * 6
    assert made.attributes["odd"] == ["yes"] * 6 and all(60 <= float(v) <= 100 for v in made.attributes["level"])
    again = described.model.sample(4, seed=3)
    assert np.array_equal(again.images, model.sample(4, seed=3).images)
    assert not np.array_equal(
        model.sample(4, {"text": "a dark picture"}).images, model.sample(4, {"text": "a light picture"}).images
    )
    write_samples(model, 3, tmp_path / "made", where={"odd": "no"})
    with (tmp_path / "made" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "label", "level", "odd"] and {row["odd"] for row in rows} == {"no"}


def test_captions_are_not_kept_with_the_model(described: Run) -> None:
    for path in (described.folder.root / "model").iterdir():
        assert b"picture" not in path.read_bytes().replace(b"pictures", b""), path


def test_resuming_with_another_encoder_is_refused(described: Run, request_described: Request) -> None:
    other = replace(request_described, read=ReadOptions(attributes="level,odd", text_encoder="ngrams-32"))
    with pytest.raises(InputError, match="text encoder"):
        train(other)
