"""What a user may get wrong in Python: one line that names the argument, and no `TypeError`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gansmith.apps.directions import Directions
from gansmith.apps.find import find_directions
from gansmith.apps.interpolation import interpolate
from gansmith.apps.mixing import mix
from gansmith.apps.points import seeds
from gansmith.apps.reconstruction import reconstruct
from gansmith.apps.sheets import direction_sheet
from gansmith.core import Code
from gansmith.data.attributes import Attribute
from gansmith.errors import InputError
from gansmith.limits import MOST_SEED
from gansmith.recipes._conditions import draw_images
from gansmith.run.model import Model
from gansmith.run.sample import sample

SEEDS = "give a whole number from 0 up to 2^63 - 1"


def refusal(act: Callable[[], object]) -> str:
    """The one line that an act is refused with."""
    with pytest.raises(InputError) as error:
        act()
    assert len(error.value.problems) == 1 and "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("n", "options", "message"),
    [
        ("4", {}, "n '4': give a whole number from 1 up to 1,000,000,000,000"),
        (1.5, {}, "n 1.5: give a whole number"),
        (True, {}, "n True: give a whole number"),
        (-3, {}, "n -3: give a whole number from 1"),
        (10**13, {}, "n 10000000000000: give a whole number"),
        (2, {"truncation": "a"}, "truncation 'a': give a number from just above 0 to 1, or a list of them"),
        (2, {"truncation": "0.5"}, "truncation '0.5': give a number"),
        (2, {"truncation": None}, "truncation None: give a number"),
        (2, {"seed": None}, f"seed None: {SEEDS}"),
        (2, {"seed": "a"}, f"seed 'a': {SEEDS}"),
        (2, {"seed": 1.5}, f"seed 1.5: {SEEDS}"),
        (2, {"seed": -1}, f"seed -1: {SEEDS}"),
        (2, {"seed": MOST_SEED + 1}, f"seed {2**63}: {SEEDS}"),
        (2, {"where": "label=pear"}, "where='label=pear': give conditions by name, e.g. where={'label': 'Bag'}"),
        (2, {"where": ["pear"]}, "where=['pear']: give conditions by name"),
    ],
    ids=str,
)
def test_samples_that_can_not_be_drawn(classed: Model, n: Any, options: dict[str, Any], message: str) -> None:
    assert refusal(lambda: classed.sample(n, **options)).startswith(message)


def test_seeds_are_the_same_numbers_everywhere(plain: Model) -> None:
    last = sample(plain, 1, seed=MOST_SEED).images
    assert np.array_equal(sample(plain, np.int64(1), seed=np.int64(MOST_SEED)).images, last)  # type: ignore[arg-type]
    assert np.array_equal(next(interpolate(plain, [str(MOST_SEED), 1])), last[0])
    assert seeds(f"{MOST_SEED - 1}-{MOST_SEED}") == [str(MOST_SEED - 1), str(MOST_SEED)]
    for name in (-1, "-1", 2**63, 10**23, "-1:3", 10**3000):
        assert refusal(lambda name=name: interpolate(plain, [1, name])).endswith(SEEDS)  # type: ignore[misc]
    assert refusal(lambda: interpolate(plain, ["1:9999999999999", 2])).startswith("sample 9999999999999: give a whole")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,", "--rows '0,': a seed is missing before or after a comma"),
        ("", "--rows '': a seed is missing"),
        ("3-1", "--rows 3-1: a range goes from the lower number to the higher one: 1-3"),
        ("0-5000", "--rows 0-5000: a range holds up to 1000 seeds"),
        ("1,-1", f"--rows '1,-1': seed -1: {SEEDS}"),
        (f"{2**63 - 1}-{2**63}", f"--rows {2**63 - 1}-{2**63}: seed {2**63}: {SEEDS}"),
        ("x", "--rows 'x': 'x' is neither a seed"),
    ],
)
def test_lists_of_seeds_name_their_option(text: str, message: str) -> None:
    assert refusal(lambda: seeds(text, "--rows")).startswith(message)


def test_ways_that_python_can_not_go(plain: Model) -> None:
    assert refusal(lambda: interpolate(plain, [1, 2], steps="a")).startswith("steps 'a': give")  # type: ignore[arg-type]
    assert refusal(lambda: interpolate(plain, [1, 2], steps=1_000_001)).endswith("from 2 up to 1,000,000")
    assert refusal(lambda: interpolate(plain, "12")).startswith("names='12': give a list of seeds or pictures")
    assert "where='a=b'" in refusal(lambda: interpolate(plain, [1, 2], where="a=b"))  # type: ignore[arg-type]
    assert "where='a=b'" in refusal(lambda: interpolate(plain, [1, 2], where_to="a=b"))  # type: ignore[arg-type]


def test_mixtures_that_python_can_not_make(styled: Model) -> None:
    for option in ("rows", "columns"):
        for bad in ("0-3", 3):
            given: dict[str, Any] = {"rows": [0], "columns": [1], option: bad}
            said = refusal(lambda given=given: mix(styled, **given))  # type: ignore[misc]
            assert said == f"{option}={bad!r}: give a list of seeds or pictures, e.g. {option}=[0, 1]"
    assert mix(styled, [0], [1], styles=3).layers == (3,)  # type: ignore[arg-type]
    assert refusal(lambda: mix(styled, [0], [1], "3-1")).startswith("styles 3-1: a range goes from the lower number")
    assert refusal(lambda: mix(styled, [0], [1], "4")) == "styles 4: this model has 4 layers of styles, 0 to 3"


def test_a_missing_encoder_is_said_before_anything_else(classed: Model, tmp_path: Path) -> None:
    """Not the class of the picture, which would be asked for next, nor that the file is no picture."""
    (tmp_path / "a.png").write_text("no picture")
    pixels = np.zeros((8, 8, 1), np.uint8)
    for name in (pixels, tmp_path / "a.png"):
        assert "has no encoder" in refusal(lambda name=name: interpolate(classed, [name, 2]))  # type: ignore[misc]
    assert "has no encoder" in refusal(lambda: reconstruct(classed, tmp_path / "a.png"))


# --- directions


@pytest.mark.parametrize("strength", [1e300, -1e39, "a", None, True, float("nan"), float("inf")], ids=str)
def test_strengths_that_can_not_be(styled: Model, classed: Model, strength: Any) -> None:
    for model, method in ((styled, "pca"), (classed, "sefa"), (classed, "labels")):
        found = find_directions(model, method, n=1, samples=200)  # type: ignore[arg-type]
        assert refusal(lambda found=found, model=model: found.edit(model, 0, strength)).startswith("strength")  # type: ignore[misc]


def test_a_strength_whose_pictures_overflow_in_the_net_is_refused(classed: Model) -> None:
    """The noise itself is finite still."""
    bare = classed.drawing.styles
    assert bare is not None
    squared = replace(bare, make=lambda *given: {"image": bare.make(*given)["image"] ** 2})
    model = replace(classed, drawing=replace(classed.drawing, styles=squared))
    found = find_directions(model, "sefa", n=1, samples=200)
    said = "strength 1e+25 is too large for this model: its pictures are no numbers then"
    assert refusal(lambda: found.edit(model, 0, 1e25)) == said
    assert found.edit(model, 0, 1e5).sample(1).images.shape == (1, 8, 8, 1)


def test_large_strengths_that_still_are_pictures_are_taken(classed: Model) -> None:
    found = find_directions(classed, "sefa", n=1, samples=200)
    assert found.edit(classed, 0, 50.0).sample(1).images.shape == (1, 8, 8, 1)


def test_files_that_are_no_directions_are_said_in_our_words(styled: Model, tmp_path: Path) -> None:
    good = find_directions(styled, "pca", samples=200).save(tmp_path / "good.npz")
    with np.load(good) as file:
        content = dict(file)
    mend = "give a file that gansmith edit --save wrote"
    (tmp_path / "text").write_text("hello")
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", **{**content, "names": np.array([{}] * len(content["names"]), dtype=object)})
    np.savez(tmp_path / "words.npz", **{**content, "scales": np.array(["a"] * len(content["names"]))})
    np.savez(tmp_path / "formats.npz", **{**content, "format": np.array([1, 1])})
    for name, said in (
        ("", f" is a folder: {mend}"), ("text", f" is no .npz file of directions: {mend}"),
        ("array.npy", f" is no .npz file of directions: {mend}"),
        ("other.npz", f" holds other arrays than directions: {mend}"), ("pickled.npz", f" is damaged: {mend}"),
        ("words.npz", " is damaged, or from another version"), ("formats.npz", " is damaged, or from another version"),
    ):  # fmt: skip
        assert refusal(lambda name=name: Directions.load(tmp_path / name)) == f"{tmp_path / name}{said}"  # type: ignore[misc]


@pytest.fixture
def described(classed: Model) -> Model:
    """Shown a class and an age as one vector."""
    age = Attribute("age", "number", (), 18, 90, 40, 10)
    net = type(classed.nets["G"])(4).eval().requires_grad_(False)
    model = replace(classed, nets={"G": net}, drawing=draw_images(5, 4))
    attributes = (Attribute("label", "category", model.classes), age)
    rows = torch.cat([torch.eye(3).repeat(20, 1), torch.linspace(-1, 1, 60)[:, None]], 1)
    return replace(model, codec=replace(model.codec, attributes=attributes), rows={"attributes": rows})


def test_classes_are_directions_where_there_are_attributes_too(described: Model, tmp_path: Path) -> None:
    """The class moves, and the age that was asked for stays."""
    found = Directions.load(find_directions(described, "labels").save(tmp_path / "d.npz"))
    assert found.names == described.classes
    for age in (30, 45):
        dark, light = (described.sample(6, {"label": k, "age": age}).images.astype(int) for k in ("dark", "light"))
        assert np.abs(dark - light).max() > 3
        there = found.edit(described, "light", 1.0).sample(6, {"label": "dark", "age": age}).images
        half = found.edit(described, "light", 0.5).sample(6, {"label": "dark", "age": age}).images
        assert np.abs(there - light).max() <= 1 and np.abs(half - (dark + light) / 2).max() <= 1
    assert direction_sheet(described, found, 2, where={"age": 30}).size[1] > 3 * 58
    without = replace(described, codec=replace(described.codec, classes=(), attributes=described.codec.attributes[1:]))
    assert "no classes of its own" in refusal(lambda: find_directions(without, "labels"))


# --- conditions


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"age": "40..30"}, "age=40..30: a range goes from the lower number to the higher one: 30..40"),
        ({"c": "1..3"}, "c=1..3: this code takes one whole number from 0 to 9; for several repeat it, or give a list"),
        ({"c": "x"}, "c=x: this code takes one whole number from 0 to 9; for several repeat it, or give a list"),
        ({"c": 10}, "c=10 is out of range: whole numbers go from 0 to 9"),
        ({"c": "nan"}, "c=nan is out of range: whole numbers go from 0 to 9"),
        ({"d": "1..-1"}, "d=1..-1: a range goes from the lower number to the higher one: -1..1"),
    ],
    ids=str,
)
def test_ranges_are_refused_for_the_true_reason(described: Model, where: dict[str, object], message: str) -> None:
    coded = replace(described, drawing=replace(described.drawing, codes={"c": Code(10), "d": Code()}))
    assert refusal(lambda: coded.sample(2, where)) == message
