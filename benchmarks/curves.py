"""Draws of real images measured as if they were samples: as they are, blurred, without a class, or of one class."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from gansmith.core import mix
from gansmith.data.embedded import fashion_path
from gansmith.data.image_codec import ImageCodec
from gansmith.data.open import open_images
from gansmith.data.split import split_images
from gansmith.errors import InputError
from gansmith.features.perceptual import Perceptual, embedded
from gansmith.metrics import MEASURES, Settings, evaluate_features
from gansmith.run.evaluation import Ruler
from gansmith.run.image_columns import CHUNK
from gansmith.run.judging import embedded_judge

__all__ = ["BLUR", "COLLAPSED", "COPIES", "METRICS", "Population", "blurred", "measured", "population"]

BLUR = 0.5
"""Standard deviation in pixels: hardly seen by the eye at 28 pixels."""

COPIES = ("real", "blurred", "a class less")
"""What is measured in the place of samples."""

COLLAPSED = ("real", "one class")
"""The same for a fault that is not slight."""

OF_A_MODEL = (
    *("path_length", "psnr", "ssim", "likeness", "cycle_psnr", "cycle_rough", "hidden", "label_kept", "label_reached"),
)
"""These need a generator: nothing can be said of sets of images alone."""

METRICS = tuple(name for name in MEASURES if name not in OF_A_MODEL)
"""All but those of a model, which real images have none of."""

SUBSETS = 10
"""Of the kernel distance by subsets: fewer than the usual 100, for time; its mean is the same."""


MOST_PAIRS = 1000
"""Samples up to which pairs are looked at: a mean of independent pairs holds no surprise beyond, and takes longest."""


@dataclass(frozen=True)
class Population:
    """All images that draws are made from.

    Attributes:
        image: Encoded images by copy, `(N, C, H, W)` each: `real` and `blurred`.
        rows: Features, logits and labels by copy.
        ruler: What measured them.
    """

    image: Mapping[str, Tensor]
    rows: Mapping[str, Mapping[str, Tensor]]
    ruler: Ruler

    def __len__(self) -> int:
        return len(self.image["real"])

    @property
    def perceptual(self) -> Perceptual:
        """How different two images look."""
        found = self.ruler.perceptual
        assert found is not None
        return found


def blurred(images: Tensor, std: float = BLUR) -> Tensor:
    """Images `(N, C, H, W)` through a Gaussian of `std` pixels, cut off at three deviations; edges are repeated."""
    reach = max(1, round(3 * std))
    line = torch.exp(-(torch.arange(-reach, reach + 1).float() / std).square() / 2)
    weights = (torch.outer(line, line) / line.sum() ** 2).expand(images.shape[1], 1, -1, -1)
    return F.conv2d(F.pad(images, [reach] * 4, mode="replicate"), weights, groups=images.shape[1])


@cache
def population(path: Path | None) -> Population:
    """The embedded images, or those of a file with the same classes, measured by the judge of the embedded ones.

    Raises:
        InputError: The images can't be read, or have other classes or channels.
    """
    own = open_images(fashion_path())
    train = own.subset(split_images(own).train)
    judge = embedded_judge(train.fingerprint)
    assert judge is not None  # it comes with the package
    images = own if path is None else open_images(path)
    codec = ImageCodec.fit(images)
    judge.check(codec)
    if images.labels is None:
        raise InputError(f"{path} has no classes, one of which is to be left out")
    ruler = Ruler.of(judge)
    parts = [
        codec.encode(images.images[s : s + 1000], images.labels[s : s + 1000]) for s in range(0, len(images), 1000)
    ]
    image, label = (torch.cat([part[name] for part in parts]) for name in ("image", "label"))
    copies = {"real": image, "blurred": blurred(image)}
    rows = {
        name: ruler.measure(
            {"image": x, "label": y} for x, y in zip(torch.split(pictures, 256), torch.split(label, 256), strict=True)
        )
        for name, pictures in copies.items()
    }
    return Population(copies, rows, ruler)


def measured(path: Path | None, n: int, draws: int, copies: Sequence[str] = COPIES, seed: int = 0) -> dict[str, Any]:
    """Every metric of every copy at n samples, n real images and n training images, draw by draw.

    The three sets are disjoint and drawn at random from one population, so that nothing but chance tells them apart
    where the copy is `real`; differences of disjoint draws vary as those of independent ones do. Where fewer than 4 n
    images are there, training images are left out, and the metrics that need them.

    Returns:
        `values` (by copy and metric, a number a draw), `images`, `seconds`.
    """
    begun = time.perf_counter()
    all_of = population(path)
    values: dict[str, dict[str, list[float]]] = {copy: {} for copy in copies}
    for draw in range(draws):
        order = torch.randperm(len(all_of), generator=torch.Generator().manual_seed(mix(seed, n, draw)))
        real, rest = order[:n], order[n:]
        train, rest = (rest[:n], rest[n:]) if 4 * n <= len(all_of) else (None, rest)
        for copy in copies:
            for name, value in _scores(all_of, copy, draw, n, real, train, rest).items():
                values[copy].setdefault(name, []).append(value)
    return {"values": values, "images": len(all_of), "seconds": time.perf_counter() - begun}


def _scores(
    all_of: Population, copy: str, draw: int, n: int, real: Tensor, train: Tensor | None, rest: Tensor
) -> dict[str, float]:
    """One copy of one draw; the class that is left out, or is all there is, is another one in each draw."""
    source = "blurred" if copy == "blurred" else "real"
    labels = all_of.rows["real"]["labels"]
    kind = labels[rest] == draw % (int(labels.max()) + 1)
    rest = rest[~kind] if copy == "a class less" else rest[kind] if copy == "one class" else rest
    fake = rest[:n]
    if len(fake) < n:
        return {}
    rows = {name: column[fake] for name, column in all_of.rows[source].items()}
    if n <= MOST_PAIRS:
        rows |= _distances(all_of, all_of.image[source][fake], labels[fake], draw)
    found = evaluate_features(
        {"features": all_of.rows["real"]["features"][real]},
        rows,
        train=None if train is None else all_of.rows["real"]["features"][train],
        metrics=[
            name
            for name in METRICS
            if set(MEASURES[name].needs["fake"]) <= set(rows)
            and (train is not None or "train" not in MEASURES[name].needs)
        ],
        settings=Settings(resamples=0, subsets=SUBSETS),
    )
    return {result.name: result.value for result in found.results}


def _distances(all_of: Population, images: Tensor, labels: Tensor, seed: int) -> dict[str, Tensor]:
    """Distances to a partner, and to one of the same class, out of one chunk each; NaN where there is none.

    As `gansmith.run.image_columns` has it, but an image goes through the network once, not twice.
    """
    network = all_of.perceptual.network
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    groups = {
        "pair_distance": [order],
        "class_pair_distance": [order[labels[order] == k] for k in torch.unique(labels)],
    }
    made = {}
    for name, parts in groups.items():
        made[name] = torch.full((len(images),), torch.nan, dtype=torch.float64)
        for rows in (rows for part in parts for rows in torch.split(part, CHUNK) if len(rows) > 1):
            place = embedded(network.maps(images[rows]))
            made[name][rows] = (place - place.roll(1, 0)).square().sum(1).double()
    return made
