"""Directions, encoding and reconstruction."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.decomposition import PCA

from gansmith.apps import find
from gansmith.apps.directions import Directions
from gansmith.apps.find import find_directions, principal, sefa
from gansmith.apps.reconstruction import distance, reconstruct, write_reconstructions
from gansmith.apps.sheets import direction_sheet
from gansmith.data.open import open_images
from gansmith.errors import InputError
from gansmith.run.model import Model
from gansmith.run.sample import inputs, sample

# --- finding directions


def test_sefa_is_the_eigenvectors_of_the_weights(styled: Model) -> None:
    maps = [m.weight for m in styled.nets["G"].maps]  # type: ignore[union-attr]
    a = np.concatenate([m.numpy().astype(np.float64) for m in maps[1:3]])
    values, vectors = np.linalg.eigh(a.T @ a)
    found, ranks = sefa(maps[1:3], 4)
    assert ranks.numpy() == pytest.approx(values[::-1][:4])
    for k in range(4):
        assert abs(found[k].numpy() @ vectors[:, -1 - k]) == pytest.approx(1)
        assert found[k].abs().max() == found[k].max()
    directions = find_directions(styled, "sefa", n=4, layers="1-2")
    assert directions.layers == (1, 2) and np.allclose(directions.vectors, found, atol=1e-6)


@pytest.mark.parametrize("method", ["sefa", "pca"])
def test_a_planted_direction_is_found(plain: Model, method: Any) -> None:
    """A generator that enlarges one direction of its noise ten times as much as all others."""
    torch.manual_seed(3)
    planted = torch.nn.functional.normalize(torch.randn(5), dim=0)
    rows = torch.linalg.qr(torch.randn(64, 5)).Q
    plain.nets["G"].stem.weight.data = 0.02 * rows @ (torch.eye(5) + 9 * torch.outer(planted, planted))  # type: ignore[union-attr]
    found = find_directions(plain, method, n=2, samples=1000)
    assert abs(found.vectors[0] @ planted.numpy()) > 0.999
    assert abs(found.vectors[1] @ planted.numpy()) < 0.1
    assert found.scales == pytest.approx(1, abs=0.1)  # noise has a deviation of one along any direction


def test_components_are_those_of_scikit_learn(styled: Model) -> None:
    w = styled.styles(500, seed=2)[:, 0].double()
    known = PCA(3).fit(w.numpy())
    vectors, scales, shares = principal(w, 3)
    assert scales.square().numpy() == pytest.approx(known.explained_variance_)
    assert shares.numpy() == pytest.approx(known.explained_variance_ratio_)
    for mine, theirs in zip(vectors.numpy(), known.components_, strict=True):
        assert abs(mine @ theirs) == pytest.approx(1)
    found = find_directions(styled, "pca", n=3, samples=500, seed=2)
    assert np.allclose(found.vectors, vectors, atol=1e-4) and np.allclose(found.scales, scales, rtol=1e-4)


def test_no_more_components_than_there_are() -> None:
    torch.manual_seed(0)
    flat = torch.randn(50, 2) @ torch.randn(2, 6)
    assert [len(part) for part in principal(flat, 5)] == [2, 2, 2]


def test_components_of_activations_go_back_to_noise_by_least_squares(classed: Model) -> None:
    """The second layer reads ReLU activations here; components by scikit-learn, least squares by NumPy."""

    class Deep(torch.nn.Module):
        def __init__(self, first: torch.nn.Module) -> None:
            super().__init__()
            torch.manual_seed(5)
            self.stem, self.embed = torch.nn.Linear(5, 12), torch.nn.Embedding(3, 12)
            self.out = torch.nn.Linear(12, 64)

        def forward(self, z: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
            return self.out(torch.relu(self.stem(z) + 5 * self.embed(label))).reshape(-1, 1, 8, 8)

    net = Deep(classed.nets["G"]).eval().requires_grad_(False)
    deep = replace(classed, nets={"G": net})
    found = find_directions(deep, "pca", n=3, samples=600)
    noise, conditions = (join(parts) for parts in zip(*inputs(deep, 600), strict=True))
    z, label = noise["z"].double().numpy(), conditions["label"].numpy()
    y = torch.relu(net.stem(noise["z"]) + 5 * net.embed(conditions["label"])).double().numpy()
    for k in range(3):  # the class is no direction: each class around its own mean
        z[label == k] -= z[label == k].mean(0)
        y[label == k] -= y[label == k].mean(0)
    x = PCA(3).fit_transform(y)
    back = np.linalg.lstsq(x, z, rcond=None)[0]
    for mine, theirs in zip(found.vectors, back / np.linalg.norm(back, axis=1, keepdims=True), strict=True):
        assert abs(mine @ theirs) == pytest.approx(1, abs=1e-4)


def join(parts: Any) -> dict[str, torch.Tensor]:
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def test_labels_lead_where_the_judge_sees_the_class(plain: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Brightness follows one direction of the noise, and the judge tells bright from dark."""
    goal = torch.nn.functional.normalize(torch.tensor([1.0, 2.0, 0.0, 0.0, -2.0]), dim=0)
    plain.nets["G"].stem.weight.data = 0.2 * goal.expand(64, 5).clone()  # type: ignore[union-attr]

    def net(image: torch.Tensor) -> torch.Tensor:
        bright = 20 * image.mean((1, 2, 3))
        return torch.stack([-bright, bright, torch.full_like(bright, -99)], 1)

    judge = SimpleNamespace(net=net)
    monkeypatch.setattr(find, "_judge", lambda model, data, log: (judge, ("dark", "bright", "never")))
    found = find_directions(plain, "labels", data="any")
    assert found.names == ("dark", "bright")  # the third class is never seen
    assert found.vectors[1] @ goal.numpy() > 0.99 and found.vectors[0] @ goal.numpy() < -0.99
    more = found.edit(plain, "bright", 2.0).sample(20).images.mean()
    assert more > plain.sample(20).images.mean() + 20


def test_a_judge_is_trained_on_labelled_images(plain: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gansmith.run.judging.LEAST", 200)
    monkeypatch.setattr("gansmith.run.judging.EPOCHS", 1)
    images = np.concatenate(
        [np.full((40, 8, 8, 1), v, np.uint8) + np.arange(40)[:, None, None, None] for v in (60, 150)]
    )
    labels = np.repeat([0, 1], 40)
    np.savez(tmp_path / "a.npz", images=images.astype(np.uint8), labels=labels, names=np.array(["dark", "bright"]))
    shares: list[str] = []
    found = find_directions(
        plain, "labels", data=tmp_path / "a.npz", samples=300, listener=lambda e: shares.append(e["task"])
    )
    assert set(found.names) <= {"dark", "bright"} and {"training the judge", "looking at samples"} <= set(shares)
    np.savez(tmp_path / "b.npz", images=images.astype(np.uint8))
    with pytest.raises(InputError, match="has no classes"):
        find_directions(plain, "labels", data=tmp_path / "b.npz")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "ica"}, "no method 'ica'"),
        ({"n": 0}, "n 0: give a whole number from 1 up"),
        ({"samples": 5}, "samples 5: give a whole number from 100 up"),
        ({"layers": "3"}, "layers 3: this model has 1 layer of styles, number 0"),
        ({"method": "labels"}, "no classes of its own.*--data"),
        ({"where": {"label": 1}}, "unconditional"),
        ({"method": "pca", "where": {"label": 1}}, "unconditional"),
    ],
    ids=str,
)
def test_what_can_not_be_found(plain: Model, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_directions(plain, **options)


def test_a_game_that_does_not_describe_its_space_says_so(plain: Model) -> None:
    bare = replace(plain, drawing=replace(plain.drawing, styles=None))
    for act in (lambda: find_directions(bare), lambda: bare.styles(2)):
        with pytest.raises(InputError, match="recipe toy does not describe its latent space"):
            act()


# --- editing


def test_an_edit_moves_the_noise_and_nothing_else(classed: Model) -> None:
    found = find_directions(classed, "sefa", n=3)
    edited = found.edit(classed, 1, 2.0)
    z, c = next(inputs(classed, 4, seed=6))
    moved = z["z"] + 2.0 * torch.from_numpy(found.scales[1] * found.vectors[1])
    torch.testing.assert_close(edited.make(z, c)["image"], classed.make({"z": moved}, c)["image"])
    near = edited.make(z, c, 0.5)["image"]
    torch.testing.assert_close(near, classed.make({"z": 0.5 * z["z"] + moved - z["z"]}, c)["image"])
    assert torch.equal(found.edit(classed, "1", 0.0).make(z, c)["image"], classed.make(z, c)["image"])
    assert np.array_equal(edited.sample(9, seed=6).labels, classed.sample(9, seed=6).labels)


def test_only_the_chosen_layers_are_edited(styled: Model) -> None:
    edited = find_directions(styled, "pca", n=2, layers="2").edit(styled, 0, 3.0)
    before, after = styled.sample(5).images, edited.sample(5).images
    changed = (before != after).any((0, 2, 3))
    assert changed[4:6].all() and not changed[:4].any() and not changed[6:].any()


def test_classes_are_directions_of_a_conditional_model(classed: Model) -> None:
    found = find_directions(classed, "labels")
    assert found.names == ("dark", "mid", "light")
    for name, strength in (("light", 1.0), ("mid", 0.0)):
        edited = found.edit(classed, name, strength).sample(6, {"label": "dark"}).images
        want = classed.sample(6, {"label": name if strength else "dark"}).images
        assert np.abs(edited.astype(int) - want).max() <= 1
    half = found.edit(classed, "light", 0.5).sample(6, {"label": "dark"}, truncation=0.8).images
    ends = [classed.sample(6, {"label": k}, truncation=0.8).images.astype(float) for k in (0, 2)]
    assert np.abs(half - (ends[0] + ends[1]) / 2).max() <= 1


def test_directions_are_saved_as_plain_arrays(styled: Model, classed: Model, tmp_path: Path) -> None:
    for model, method in ((styled, "pca"), (classed, "labels")):
        found = find_directions(model, method, samples=200)  # type: ignore[arg-type]
        again = Directions.load(found.save(tmp_path / "deep/d.npz"))
        assert (again.names, again.layers, again.method, again.field) == (
            found.names, found.layers, found.method, found.field,
        )  # fmt: skip
        assert np.array_equal(again.vectors, found.vectors) and np.array_equal(again.scales, found.scales)
        with np.load(tmp_path / "deep/d.npz", allow_pickle=False) as file:
            assert all(file[name].dtype != object for name in file.files)


def test_files_that_are_no_directions_are_refused(styled: Model, tmp_path: Path) -> None:
    good = find_directions(styled, "pca", samples=200).save(tmp_path / "good.npz")
    with np.load(good) as file:
        content = dict(file)
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", **{**content, "names": np.array([{}] * len(content["names"]), dtype=object)})
    np.savez(tmp_path / "short.npz", **{**content, "names": content["names"][:1]})
    np.savez(tmp_path / "newer.npz", **{**content, "format": np.array(9)})
    np.savez(tmp_path / "nan.npz", **{**content, "vectors": content["vectors"] * np.nan})
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:200])
    for name in ("text", "other", "pickled", "short", "newer", "nan", "cut", "none"):
        with pytest.raises(InputError, match=f"{name}.npz"):
            Directions.load(tmp_path / f"{name}.npz")
    for bad in ("d.txt", ".", "d"):
        with pytest.raises(InputError, match=r"ends in \.npz"):
            Directions.load(good).save(tmp_path / bad)


def test_edits_that_can_not_be(styled: Model, plain: Model, classed: Model) -> None:
    found = find_directions(styled, "pca", n=2, samples=200)
    for direction, strength, message in ((2, 1.0, "no direction '2'"), ("x", 1.0, "0 to 1"), (0, np.inf, "strength")):
        with pytest.raises(InputError, match=message):
            found.edit(styled, direction, strength)
    with pytest.raises(InputError, match="styles of length 6 in layer 3; this model has 1 layer of length 5"):
        found.edit(plain, 0, 1.0)
    with pytest.raises(InputError, match="change the condition 'label' of 3 values"):
        find_directions(classed, "labels").edit(plain, 0, 1.0)


def test_a_sheet_has_a_row_for_each_direction(styled: Model, classed: Model) -> None:
    shares: list[float] = []
    found = find_directions(styled, "pca", n=2, samples=200)
    picture = direction_sheet(styled, found, "4:1", [-2, 0, 2], tick=shares.append)
    assert shares == [0.5, 1.0]
    shown = np.asarray(picture)[-2 * 58 - 2 :, -3 * 58 - 2 :, 0]
    want = styled.sample(2, seed=4).images[1, ..., 0]
    for row in range(2):  # the middle column is the sample itself
        assert np.array_equal(shown[2 + 58 * row : 58 * row + 58 : 7, 60 : 60 + 56 : 7], want)
    assert (np.asarray(picture)[:18] < 100).any()  # heads are written
    with pytest.raises(InputError, match="no picture"):
        direction_sheet(styled, found, 0, [])
    classes = find_directions(classed, "labels")
    assert direction_sheet(classed, classes, 0, where={"label": "mid"}).size[1] > 3 * 58


# --- encoding


def test_codes_make_the_images_that_they_were_encoded_from(encoding: Model) -> None:
    made = sample(encoding, 7, {"label": [0, 2]}, seed=3)
    codes = encoding.encode(made.images, {"label": [0, 2]})
    z = next(inputs(encoding, 7, seed=3))[0]["z"]
    assert codes["z"].shape == (7, 5) and (codes["z"] - z).abs().max() < 0.1  # as far as 8 bits tell
    again = encoding.decode(codes, {"label": [0, 2]})
    assert np.abs(again.images.astype(int) - made.images).max() <= 1 and np.array_equal(again.labels, made.labels)


def test_styles_are_decoded_like_noise(styled: Model) -> None:
    assert np.array_equal(styled.decode(styled.styles(300, seed=1)).images, sample(styled, 300, seed=1).images)


def test_latents_of_another_shape_are_refused(styled: Model, encoding: Model) -> None:
    bad: list[Any] = [
        torch.zeros(2, 4, 7),
        torch.zeros(0, 4, 6),
        {"z": torch.zeros(2, 4)},
        {},
        {"y": torch.zeros(2, 5)},
    ]
    for latents in bad:
        with pytest.raises(InputError, match="don't fit this model"):
            styled.decode(latents)
    with pytest.raises(InputError, match="needs the condition 'label'"):
        encoding.decode({"z": torch.zeros(1, 5)})
    with pytest.raises(InputError, match="this codec takes uint8"):
        encoding.encode(np.zeros((1, 9, 8, 1), np.uint8), {"label": 0})


def pictures(model: Model, folder: Path, n: int = 5) -> Any:
    for i, (image, label) in enumerate(zip(*sample(model, n, {"label": [0, 1, 2]}, seed=8)[:2], strict=True)):
        place = folder / model.classes[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(place / f"{i}.png")
    return open_images(folder, fit=model.codec.frame)


@pytest.mark.parametrize("chunk", [2, 256])
def test_images_are_rebuilt_with_their_own_classes(encoding: Model, tmp_path: Path, chunk: int) -> None:
    images = pictures(encoding, tmp_path / "in")
    shares: list[float] = []
    parts = list(reconstruct(encoding, images, chunk=chunk, tick=shares.append))
    assert shares[-1] == 1.0 and len(parts) == -(-5 // chunk)
    for part in parts:
        assert np.abs(part.rebuilt.astype(int) - part.images).max() <= 1 and part.distances.max() < 0.004
    assert np.array_equal(next(reconstruct(encoding, tmp_path / "in", chunk=chunk)).rebuilt, parts[0].rebuilt)
    forced = list(reconstruct(encoding, images, {"label": "dark"}))
    assert max(part.distances.max() for part in forced) > 0.01


def test_distance_is_the_root_mean_square_share_of_the_range() -> None:
    a, b = np.zeros((2, 2, 2, 1), np.uint8), np.zeros((2, 2, 2, 1), np.uint8)
    b[0], b[1, 0, 0] = 255, 51
    assert distance(a, b, (0.0, 255.0)) == pytest.approx([1.0, 0.1])


def test_reconstructions_are_written(encoding: Model, tmp_path: Path) -> None:
    images = pictures(encoding, tmp_path / "in", 11)

    def write(out: Any, latents: Any = None) -> Any:
        parts = reconstruct(encoding, images, chunk=4)
        return write_reconstructions(encoding, parts, 11, out, latents)

    names, gaps = write(tmp_path / "out", tmp_path / "z.npz")
    with (tmp_path / "out/distances.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["image"] for r in rows] == list(names) == list(images.names)
    assert [float(r["distance"]) for r in rows] == pytest.approx(gaps, abs=1e-6)
    copy = np.asarray(Image.open(tmp_path / "out" / rows[7]["file"])).astype(int)
    assert np.abs(copy - np.asarray(images.images)[7, ..., 0]).max() <= 1
    with np.load(tmp_path / "z.npz", allow_pickle=False) as file:
        assert file["z"].shape == (11, 5) and file["names"].tolist() == list(names)
    write(tmp_path / "pairs.png")
    with Image.open(tmp_path / "pairs.png") as sheet:
        assert sheet.size[1] == 4 * 58 + 2  # 8 pairs, then 3
    for out, latents, message in (
        (tmp_path / "out", None, "not empty"), (tmp_path / "a.gif", None, "gif can't be written"),
        (None, tmp_path / "z.txt", "ends in .npz"), (None, tmp_path, "ends in .npz"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            write(out, latents)


def test_images_that_can_not_be_rebuilt(encoding: Model, classed: Model, tmp_path: Path) -> None:
    images = pictures(encoding, tmp_path / "in")
    with pytest.raises(InputError, match=r"no encoder.*recipes that can: aae, bigan"):
        reconstruct(classed, images)
    unknown = replace(images, classes=("dark", "mid", "purple"))
    with pytest.raises(InputError, match="doesn't know: purple"):
        reconstruct(encoding, unknown)
    with pytest.raises(InputError, match="have no classes: name one"):
        reconstruct(encoding, replace(images, labels=None, classes=()))
