"""Truncation, interpolation and mixing."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gansmith.apps.film import write_film
from gansmith.apps.interpolation import count_frames, interpolate, lerp, slerp
from gansmith.apps.layers import parse_layers
from gansmith.apps.mixing import mix
from gansmith.apps.points import point, points, seeds
from gansmith.apps.sheets import GAP, matrix
from gansmith.core import mix as seed_of
from gansmith.errors import InputError
from gansmith.run.model import Model
from gansmith.run.sample import draw, inputs, sample
from gansmith.run.write_samples import write_samples

NUMBERS = st.floats(-50, 50, width=32)


def noise(seed: int, i: int = 0, z: int = 5) -> torch.Tensor:
    """The noise of one sample, drawn by hand."""
    return torch.randn(z, generator=torch.Generator().manual_seed(seed_of(seed, i)))


def frames(model: Model, *names: object, **options: object) -> np.ndarray:
    return np.stack(list(interpolate(model, names, **options)))  # type: ignore[arg-type]


# --- truncation


@pytest.mark.parametrize("t", [0.3, 0.7, 1.0])
def test_truncation_of_noise_is_the_factor_that_it_always_was(plain: Model, classed: Model, t: float) -> None:
    z = torch.stack([noise(4, i) for i in range(9)])
    made = next(draw(plain, 9, seed=4, truncation=t))["image"]
    assert torch.equal(made, plain.nets["G"](z * t))
    both = next(draw(classed, 9, {"label": [0, 2]}, 4, t))
    assert torch.equal(both["image"], classed.nets["G"](z * t, both["label"]))
    undescribed = replace(plain, drawing=replace(plain.drawing, styles=None))
    assert torch.equal(next(draw(undescribed, 9, seed=4, truncation=t))["image"], made)


def test_styles_are_truncated_towards_their_centre_by_layer(styled: Model) -> None:
    z = torch.stack([noise(0, i) for i in range(6)])
    w = torch.tanh(styled.nets["G"].mapping(z)).detach()  # type: ignore[operator]
    near = 0.1 + 0.6 * (w - 0.1)
    torch.testing.assert_close(styled.styles(6, truncation=0.6), near[:, None].expand(-1, 4, -1))
    for wrong in ("a", 0, (0.5,) * 5):
        with pytest.raises(InputError, match="truncation"):
            styled.styles(6, truncation=wrong)
    some = styled.styles(6, truncation=(0.6, 1.0, 0.6))
    assert torch.allclose(some[:, 0], near) and torch.equal(some[:, 1], w) and torch.equal(some[:, 3], w)
    image = next(draw(styled, 6, truncation=(0.6,)))["image"]
    full = next(draw(styled, 6))["image"]
    assert torch.equal(image[:, :, 2:], full[:, :, 2:]) and not torch.allclose(image[:, :, :2], full[:, :, :2])


@pytest.mark.parametrize("t", [0, 1.1, (), (0.5,) * 5, (0.5, 0)])
def test_truncation_out_of_range_is_refused(styled: Model, t: object) -> None:
    with pytest.raises(InputError, match="truncation"):
        draw(styled, 2, truncation=t)  # type: ignore[arg-type]


def test_a_plain_generator_has_one_layer(plain: Model) -> None:
    assert plain.style_shape == (1, 5)
    with pytest.raises(InputError, match=r"2 layers \(--truncation-layers 2\): this model has 1 layer of styles"):
        draw(plain, 2, truncation=(0.5, 0.5))


# --- arcs and lines


@given(st.floats(0.05, 3.0), st.floats(0, 1), st.floats(0.1, 9), st.floats(-3, 3))
@settings(max_examples=50, deadline=None)
def test_slerp_turns_evenly_on_a_circle(angle: float, t: float, radius: float, start: float) -> None:
    """In the plane the point at t has turned by t times the angle, and keeps its distance."""
    a, b = ([radius * math.cos(x), radius * math.sin(x)] for x in (start, start + angle))
    found = slerp(*(torch.tensor(x, dtype=torch.float64) for x in (a, b, [t])))[0]
    want = [radius * math.cos(start + t * angle), radius * math.sin(start + t * angle)]
    assert found.tolist() == pytest.approx(want, abs=1e-9 * max(1, radius) / math.sin(angle))


@given(st.lists(NUMBERS, min_size=3, max_size=3), st.lists(NUMBERS, min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_ends_are_exact(a: list[float], b: list[float]) -> None:
    start, end = torch.tensor(a), torch.tensor(b)
    for way in (slerp, lerp):
        found = way(start, end, torch.tensor([0.0, 1.0]))
        assert torch.equal(found[0], start) and torch.equal(found[1], end) and found.dtype == start.dtype


def test_slerp_keeps_the_length_of_noise_that_a_line_loses() -> None:
    a, b = noise(0, z=512), noise(1, z=512)
    middle = torch.tensor([0.5])
    assert slerp(a, b, middle).norm() == pytest.approx(float((a.norm() + b.norm()) / 2), rel=0.05)
    assert lerp(a, b, middle).norm() < 0.8 * a.norm()


@pytest.mark.parametrize("b", [[2.0, 0.0], [-1.0, 0.0], [0.0, 0.0]], ids=["same way", "opposite", "zero"])
def test_where_there_is_no_one_arc_slerp_is_the_line(b: list[float]) -> None:
    a, end, t = torch.tensor([1.0, 0.0]), torch.tensor(b), torch.tensor([0.25, 0.5])
    assert torch.allclose(slerp(a, end, t), lerp(a, end, t)) and slerp(a, end, t).isfinite().all()


# --- ways through a model


def test_a_way_starts_and_ends_at_the_samples_of_its_seeds(plain: Model, classed: Model, styled: Model) -> None:
    for model in (plain, classed, styled):
        found = frames(model, 3, "8:2", 5, steps=4)
        assert len(found) == count_frames(2, 4, False) == 7
        ends = [sample(model, 1, seed=3).images[0], sample(model, 3, seed=8).images[2], sample(model, 1, seed=5).images]
        for frame, end in zip(found[[0, 3, 6]], ends, strict=True):
            assert np.abs(frame.astype(int) - end).max() <= 1


def test_between_seeds_the_noise_turns(plain: Model) -> None:
    a, b = noise(3), noise(8)
    angle = torch.arccos(a @ b / a.norm() / b.norm())
    z = (torch.sin(0.25 * angle) * b + torch.sin(0.75 * angle) * a) / torch.sin(angle)
    want = plain.decode({"z": z[None]}).images[0]
    assert np.abs(frames(plain, 3, 8, steps=5)[1].astype(int) - want).max() <= 1


def test_styles_go_straight_unless_noise_is_asked_for(styled: Model) -> None:
    w = [styled.styles(1, seed=s) for s in (3, 8)]
    want = styled.decode(0.5 * w[0] + 0.5 * w[1]).images[0]
    straight, turned = frames(styled, 3, 8, steps=3), frames(styled, 3, 8, steps=3, space="z")
    assert np.abs(straight[1].astype(int) - want).max() <= 1
    assert np.array_equal(straight[[0, 2]], turned[[0, 2]]) and not np.array_equal(straight[1], turned[1])


def test_a_loop_comes_back_without_showing_its_start_twice(plain: Model) -> None:
    closed, open_way = frames(plain, 1, 2, steps=5, loop=True), frames(plain, 1, 2, 1, steps=5)
    assert len(closed) == count_frames(2, 5, True) == 8
    assert np.array_equal(closed, open_way[:8]) and np.array_equal(open_way[8], open_way[0])


def test_classes_are_mixed_on_the_way(classed: Model) -> None:
    found = frames(classed, 3, 3, steps=5, where={"label": "dark"}, where_to={"label": "light"})
    table = classed.nets["G"].table.weight  # type: ignore[union-attr]
    for k, frame in enumerate(found):
        row = (1 - k / 4) * table[0] + k / 4 * table[2]
        flat = classed.nets["G"].stem(noise(3)) + row  # type: ignore[operator]
        want = ((flat.detach().reshape(8, 8) + 1) / 2 * 255).numpy()
        assert np.abs(frame[..., 0] - want).max() <= 1
    turns = frames(classed, 3, 3, steps=5, where={"label": ["dark", "light"]})
    assert np.array_equal(turns, found)


def test_long_ways_are_cut_into_parts(plain: Model) -> None:
    found = frames(plain, 1, 2, steps=200)
    assert len(found) == 200 and np.abs(found[100].astype(int) - frames(plain, 1, 2, steps=200)[100]).max() == 0
    short = frames(plain, 1, 2, steps=2)
    assert np.abs(found[[0, -1]].astype(int) - short).max() <= 1


def test_ways_between_pictures(encoding: Model, tmp_path: Path) -> None:
    pixels = sample(encoding, 2, {"label": ["mid", "mid"]}, seed=9).images
    Image.fromarray(pixels[0, ..., 0]).save(tmp_path / "a.png")
    found = frames(encoding, tmp_path / "a.png", pixels[1], steps=3, where={"label": "mid"})
    assert np.abs(found[[0, 2]].astype(int) - pixels).max() <= 1
    with pytest.raises(InputError, match="needs the condition 'label'"):
        frames(encoding, tmp_path / "a.png", 2)


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ((1,), {}, "2 points or more; 1 given"),
        ((1, 2), {"steps": 1}, "steps 1: give a whole number from 2 up to 1,000,000"),
        ((1, "x"), {}, "'x' is neither a seed"),
        ((1, 2), {"space": "w"}, "has no space w.*recipes that can: .*stylegan2"),
        ((1, 2), {"space": "y"}, "no space 'y'"),
        ((1, 2), {"where": {"label": 0}}, "unconditional"),
        ((1, 2), {"truncation": 2.0}, "truncation 2"),
        ((1, np.zeros((8, 8, 1), np.uint8)), {}, "has no encoder.*recipes that can: .*vae-gan"),
    ],
    ids=str,
)
def test_ways_that_are_none(plain: Model, names: tuple[object, ...], options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        interpolate(plain, names, **options)  # type: ignore[arg-type]


def test_points_are_the_samples_that_they_name(classed: Model) -> None:
    found = point(classed, "7:12")
    z, conditions = next(inputs(classed, 13, seed=7))
    assert torch.equal(found.noise["z"][0], z["z"][12]) and found.conditions["label"][0] == conditions["label"][12]
    turns = points(classed, [1, 2, 3], {"label": ["light", "dark"]})
    assert [int(p.conditions["label"]) for p in turns] == [2, 0, 2]


def test_seeds() -> None:
    assert seeds("0-3, 7,9:12") == ["0", "1", "2", "3", "7", "9:12"]
    for bad in ("", "x", "3-1", "0-5000", "1,,2", "1.5"):
        with pytest.raises(InputError, match="seeds"):
            seeds(bad)


# --- files of pictures in a row


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_animations(tmp_path: Path, name: str, channels: int) -> None:
    rng = np.random.default_rng(0)
    shown = rng.integers(0, 255, (5, 6, 9, channels)).astype(np.uint8)
    shares: list[float] = []
    path = write_film(iter(shown), 5, tmp_path / name, fps=10, tick=shares.append)
    with Image.open(path) as film:
        assert film.n_frames == 5 and min(film.size) >= 256 and film.info.get("loop") == 0
        film.seek(3)
        film.load()
        assert film.info["duration"] == 100
        if channels == 1:  # exact: grey needs no more than 256 colours
            scale = film.size[0] // 9
            small = np.asarray(film.convert("L"))[scale // 2 :: scale, scale // 2 :: scale]
            assert np.array_equal(small, shown[3, ..., 0])
    assert shares == [0.2, 0.4, 0.6, 0.8, 1.0]


def test_strips_and_frames(tmp_path: Path, plain: Model) -> None:
    strip = write_film(interpolate(plain, [1, 2], 5), 5, tmp_path / "deep/strip.png")
    with Image.open(strip) as picture:
        assert picture.size[0] > 4 * picture.size[1]
    folder = write_film(interpolate(plain, [1, 2], 5), 5, tmp_path / "frames")
    found = [np.asarray(Image.open(p)) for p in sorted(folder.iterdir())]
    assert np.array_equal(np.stack(found)[..., None], frames(plain, 1, 2, steps=5))


@pytest.mark.parametrize(
    ("name", "count", "fps", "message"),
    [
        ("a.mp4", 5, 20, "mp4 can't be written; give a .png"),
        ("a.gif", 5001, 20, "too many for a.gif"),
        ("a.png", 1001, 20, "too many for a.png"),
        ("a.gif", 5, 0, "--fps 0"),
        ("a.gif", 5, 51, "--fps 51"),
        ("full", 5, 20, "not empty"),
        ("dir.gif", 5, 20, "is a folder"),
    ],
)
def test_films_that_can_not_be(tmp_path: Path, name: str, count: int, fps: float, message: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "dir.gif").mkdir()
    with pytest.raises(InputError, match=message):
        write_film(iter([]), count, tmp_path / name, fps)


# --- mixing


def test_a_picture_mixed_with_itself_is_itself(styled: Model) -> None:
    found = mix(styled, [3, 4], [3, 4], "middle")
    for k, seed in enumerate((3, 4)):
        assert np.array_equal(found.images[k, k], sample(styled, 1, seed=seed).images[0])


def test_each_layer_comes_from_where_it_should(styled: Model) -> None:
    """Each layer of the toy paints two rows of pixels, so that a mixture can be read off."""
    found = mix(styled, [0, 1, 2], [5, "6:1"], "0,2-3")
    assert found.layers == (0, 2, 3) and found.images.shape == (3, 2, 8, 8, 1)
    for i in range(3):
        for j in range(2):
            assert np.array_equal(found.images[i, j, 2:4], found.rows[i, 2:4])
            assert np.array_equal(np.delete(found.images[i, j], [2, 3], 0), np.delete(found.columns[j], [2, 3], 0))


def test_the_edges_are_plain_samples(styled: Model) -> None:
    found = mix(styled, ["0:3", 1], [5, 6], "fine", truncation=0.7)
    assert np.array_equal(found.rows[0], sample(styled, 4, truncation=0.7).images[3])
    assert np.array_equal(found.columns[1], sample(styled, 1, seed=6, truncation=0.7).images[0])
    picture = matrix(found)
    cell = 58
    assert picture.size == (3 * cell + 4 + GAP, 3 * cell + 4 + GAP)
    assert picture.getpixel((cell // 2, cell // 2)) == (255, 255, 255)  # the corner is empty
    shown = np.asarray(picture)[:, :, :1]
    top = cell + 2 + GAP + 2  # the first row's source: margins, the columns' sources, the gap
    assert np.array_equal(shown[top : top + 56 : 7, 2:58:7], found.rows[0])
    assert np.array_equal(shown[2:58:7, top : top + 56 : 7], found.columns[0])
    assert np.array_equal(shown[top : top + 56 : 7, top : top + 56 : 7], found.images[0, 0])


def test_mixing_takes_several_layers(plain: Model, styled: Model) -> None:
    with pytest.raises(InputError, match=r"a single layer of styles.*recipes that can: .*stylegan2"):
        mix(plain, [0], [1])
    for rows, styles, message in (([0], "corse", "did you mean 'coarse'"), ([], "all", "0 rows")):
        with pytest.raises(InputError, match=message):
            mix(styled, rows, [1], styles)


@given(st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_thirds_are_all_layers_once(layers: int) -> None:
    words = [w for w in ("coarse", "middle", "fine") if layers >= 3]
    parts = [parse_layers(w, layers) for w in words]
    assert not parts or sum(parts, ()) == tuple(range(layers)) == parse_layers("all", layers)
    assert not parts or max(map(len, parts)) - min(map(len, parts)) <= 1


def test_layers_by_number() -> None:
    assert parse_layers("5,0-2,1", 6) == (0, 1, 2, 5)
    for bad, message in (("6", "has 6 layers"), ("3-1", "layers"), ("-1", "layers"), ("", "layers"), ("x", "known")):
        with pytest.raises(InputError, match=message):
            parse_layers(bad, 6)
    with pytest.raises(InputError, match="none is in there"):
        parse_layers("coarse", 1)


def test_samples_of_an_edited_or_styled_model_are_written_alike(styled: Model, tmp_path: Path) -> None:
    path = write_samples(styled, 5, tmp_path / "a.npz", truncation=(0.5, 0.5))
    with np.load(path) as found:
        assert np.array_equal(found["images"], sample(styled, 5, truncation=(0.5, 0.5)).images)
