"""Distances of pairs and steps along paths, on models whose latent spaces are known in closed form."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jvp

from gansmith.core import Draw, mix
from gansmith.data.open import open_images
from gansmith.errors import InputError
from gansmith.features.judge import Judge
from gansmith.features.judge_extractor import JudgeExtractor
from gansmith.features.pixels import Pixels
from gansmith.metrics import Settings
from gansmith.run.arcs import arcs
from gansmith.run.evaluation import Ruler, evaluate_model
from gansmith.run.image_columns import made_columns, partners, real_columns
from gansmith.run.model import Model
from gansmith.run.sample import draw, inputs


class Squared:
    """In the place of a perceptual distance: squared differences of pixels, whose limit a derivative gives."""

    id = hash = "squared"

    def __call__(self, images: Tensor, others: Tensor) -> Tensor:
        return (images.double() - others.double()).square().flatten(1).sum(1)


def columns(model: Model, *names: str, n: int = 70, seed: int = 3) -> dict[str, Tensor]:
    return made_columns(model, Squared(), n, seed, names)  # type: ignore[arg-type]


def stops(model: Model, n: int = 70, seed: int = 3) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Noise of samples and of their partners, and the samples' conditions."""
    ((start, shown),), ((end, _),) = (list(inputs(model, n, seed=s)) for s in (seed, mix(seed, n)))
    return start["z"], end["z"], shown


@pytest.mark.parametrize("name", ["plain", "classed"])
def test_steps_through_noise_are_the_derivative_along_the_arc(name: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(name)
    a, b, shown = stops(model)
    cosine = torch.nn.functional.cosine_similarity(a, b)[:, None]
    angle = torch.arccos(cosine)
    direction = angle / torch.sin(angle) * (b - cosine * a)  # of the arc at its start, where t is 0
    _, change = jvp(lambda z: model.drawing.make(model.nets, {"z": z, **shown})["image"], a, direction)
    want = change.double().square().flatten(1).sum(1)
    torch.testing.assert_close(columns(model, "path_step")["path_step"], want, rtol=0.03, atol=1e-5)


def test_steps_through_styles_are_the_derivative_along_the_line(styled: Model) -> None:
    a, b, _ = stops(styled)
    start, end = (styled.nets["G"].styles(z) for z in (a, b))
    _, change = jvp(styled.nets["G"].paint, start, end - start)
    want = change.double().square().flatten(1).sum(1)
    found = columns(styled, "path_step")["path_step"]
    torch.testing.assert_close(found, want, rtol=0.03, atol=1e-5)
    bare = replace(styled, drawing=Draw(styled.drawing.make, styled.drawing.noise))
    flat = columns(bare, "path_step")["path_step"]  # the same generator, its styles unknown: arcs through the noise
    assert not torch.allclose(found, flat, rtol=0.1)


def test_arcs_are_taken_row_by_row() -> None:
    a, b = torch.eye(3), torch.eye(3).roll(1, 0)
    b[2] = -a[2]
    found = arcs(a, b, torch.tensor([0.5, 1.0, 0.25]))
    half = math.sqrt(0.5)
    want = torch.tensor([[half, 0, half], [1, 0, 0], [0, 0, 0.5]])
    torch.testing.assert_close(found, want)


def test_pairs_are_of_samples_drawn_apart(classed: Model) -> None:
    found = columns(classed, "pair_distance", "class_pair_distance")
    _, b, shown = stops(classed)
    first = next(iter(draw(classed, 70, seed=3)))
    assert torch.equal(first["label"], shown["label"])
    same = classed.make({"z": b}, shown)["image"]
    want = (first["image"] - same).double().square().flatten(1).sum(1)
    torch.testing.assert_close(found["class_pair_distance"], want, rtol=1e-4, atol=1e-9)
    assert (found["pair_distance"] >= 0).all() and found["pair_distance"].shape == (70,)
    assert found["pair_distance"].mean() > found["class_pair_distance"].mean()
    again = columns(classed, "pair_distance", "class_pair_distance")
    assert all(torch.equal(again[name], found[name]) for name in found)


def test_classes_are_needed_for_pairs_within_them(plain: Model) -> None:
    assert set(columns(plain, "pair_distance")) == {"pair_distance"}
    with pytest.raises(InputError, match="class_diversity needs a model with classes"):
        columns(plain, "class_pair_distance")


def test_partners_are_others_and_of_the_same_label() -> None:
    labels = torch.tensor([0, 1, 0, 1, 0, 2, 1])
    mixed, within = partners(None, 7, 0), partners(labels, 7, 0)
    assert sorted(mixed.tolist()) == list(range(7)) and (mixed != torch.arange(7)).all()
    assert within[5] == -1, "the only one of its class has no partner"
    kept = torch.tensor([0, 1, 2, 3, 4, 6])
    assert (labels[within[kept]] == labels[kept]).all() and (within[kept] != kept).all()
    assert sorted(within[kept].tolist()) == kept.tolist(), "everyone is a partner once"
    assert partners(None, 1, 0).tolist() == [-1]


def pictures(path: Path, n: int = 31) -> Any:
    rng = np.random.default_rng(0)
    labels = np.r_[np.arange(n - 1) % 2, 2]
    np.savez(
        path,
        images=rng.integers(0, 256, (n, 8, 8, 1)).astype(np.uint8),
        labels=labels,
        names=np.array(["dark", "mid", "light"]),
    )
    return open_images(path)


def test_real_images_have_the_same_columns_but_no_path(classed: Model, tmp_path: Path) -> None:
    images = pictures(tmp_path / "p.npz")
    names = ("pair_distance", "class_pair_distance", "path_step")
    found = real_columns(images, classed.codec, Squared(), names)  # type: ignore[arg-type]
    assert set(found) == set(names[:2])
    encoded = classed.codec.encode(np.asarray(images.images), images.labels)["image"].double()
    partner = partners(torch.as_tensor(images.labels), len(images), 0)
    want = (encoded - encoded[partner]).square().flatten(1).sum(1)
    alone = partner < 0
    assert int(alone.sum()) == 1 and found["class_pair_distance"][alone].isnan().all()
    torch.testing.assert_close(found["class_pair_distance"][~alone], want[~alone], rtol=1e-5, atol=0)


def test_an_evaluation_measures_looks_only_when_asked(classed: Model, tmp_path: Path) -> None:
    images = pictures(tmp_path / "p.npz")
    torch.manual_seed(0)
    judge = JudgeExtractor(Judge((1, 8, 8), 3), "toy")
    ruler = Ruler(judge, judge)
    settings = ruler.settings("test", resamples=10)
    real = ruler.measure_images(images, classed.codec)
    names = ["kernel", "diversity", "class_diversity", "path_length"]
    shares: list[float] = []
    found = evaluate_model(classed, ruler, real, real, settings, 60, names, True, shares.append, images)
    assert found.names() == tuple(names)
    assert found["diversity"].protocol["extractor"] == "judge-toy-maps"
    assert {r.name for r in found.ceiling} == {"kernel", "diversity", "class_diversity"}
    assert {r.name: r.n_fake for r in found.ceiling}["class_diversity"] == 30, "one image is alone in its class"
    assert shares == sorted(shares) and shares[-1] == 1
    assert not {"diversity", "path_length"} & set(evaluate_model(classed, ruler, real, None, settings, 60).names())
    blind = Ruler(Pixels((1, 8, 8)))
    with pytest.raises(InputError, match="path_length: pixels-16 has no feature maps"):
        evaluate_model(classed, blind, {}, None, Settings(), 60, ["path_length"])
    assert Ruler(Pixels((1, 8, 8)), judge).perceptual is not None, "the judge's maps stand in"
