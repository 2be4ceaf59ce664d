"""What needs images, not only features: how different pairs of them look, and how fast they change between samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from gansmith.core import mix
from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import ImageSet
from gansmith.errors import InputError
from gansmith.features.perceptual import Perceptual
from gansmith.run.arcs import arcs
from gansmith.run.latent import from_styles, to_styles
from gansmith.run.model import Model
from gansmith.run.sample import inputs
from gansmith.types import Batch

__all__ = ["EPSILON", "IMAGE_COLUMNS", "made_columns", "partners", "real_columns"]

CHUNK = 64
"""Pairs at once: the maps of an image are some tens of thousands of numbers."""

EPSILON = 1e-4
"""Length of a step, as a share of the way from one sample to another; that of Karras et al. 2019."""

IMAGE_COLUMNS = {"pair_distance": "diversity", "class_pair_distance": "class_diversity", "path_step": "path_length"}
"""Columns of samples and the metrics that are means of them."""


def made_columns(
    model: Model,
    perceptual: Perceptual,
    n: int,
    seed: int,
    columns: Iterable[str],
    tick: Callable[[float], None] | None = None,
) -> dict[str, Tensor]:
    """Columns of `IMAGE_COLUMNS` for the samples that `draw(model, n, seed=seed)` makes.

    Sample i gets a partner that is drawn apart from it: `pair_distance` to the partner as it comes, with conditions of
    its own; `class_pair_distance` to the partner with sample i's conditions; `path_step` is the perceptual distance
    from sample i to the point a step further on the way to that second partner, divided by the step's square. Its way
    is a line through the styles of models that have any, else an arc through the noise; all other noise stays.

    Args:
        model: What makes images.
        perceptual: How different images look.
        n: Samples.
        seed: Theirs; the partners' follows from it.
        columns: Which ones.
        tick: Told the share that is done.

    Returns:
        Each column `(n,)` float64.

    Raises:
        InputError: Distances within a class are asked for, and the model has no classes.
    """
    wanted = tuple(columns)
    if "class_pair_distance" in wanted and not model.classes:
        raise InputError("class_diversity needs a model with classes; this one has none: ask for diversity")
    found: dict[str, list[Tensor]] = {name: [] for name in wanted}
    mine, others = (inputs(model, n, seed=s, chunk=CHUNK) for s in (seed, mix(seed, n)))
    done = 0
    with torch.no_grad():
        for (noise, shown), (noise_to, shown_to) in zip(mine, others, strict=True):
            image = model.make(noise, shown)["image"].float().cpu()
            if "pair_distance" in found:
                found["pair_distance"].append(perceptual(image, model.make(noise_to, shown_to)["image"].float().cpu()))
            if "class_pair_distance" in found:
                found["class_pair_distance"].append(
                    perceptual(image, model.make(noise_to, shown)["image"].float().cpu())
                )
            if "path_step" in found:
                start, stop = (_on_the_way(model, noise, noise_to, shown, t).float().cpu() for t in (0.0, EPSILON))
                found["path_step"].append(perceptual(start, stop) / EPSILON**2)
            done += len(image)
            if tick is not None:
                tick(done / n)
    return {name: torch.cat(parts) for name, parts in found.items()}


def _on_the_way(model: Model, noise: Batch, noise_to: Batch, shown: Batch, t: float) -> Tensor:
    """Images `(n, c, h, w)` at share t of the way from some samples to others."""
    styles = model.drawing.styles
    if styles is not None and styles.space == "w":
        start, end = (to_styles(model, z, shown).double() for z in (noise, noise_to))
        return from_styles(model, (start + t * (end - start)).float(), noise, shown)["image"]
    between = {}
    for name, value in noise.items():
        share = torch.full((len(value),), t, dtype=torch.float64)
        between[name] = arcs(value.flatten(1), noise_to[name].flatten(1), share).view_as(value)
    return model.make(between, shown)["image"]


def partners(labels: Tensor | None, n: int, seed: int) -> Tensor:
    """Another row at random for each of n, of its own label where labels `(n,)` are given; -1 where there is none."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    partner = torch.full((n,), -1)
    groups = [order] if labels is None else [order[labels[order] == label] for label in torch.unique(labels)]
    for group in groups:
        if len(group) > 1:
            partner[group] = group.roll(1)
    return partner


def real_columns(
    images: ImageSet, codec: ImageCodec, perceptual: Perceptual, columns: Iterable[str], seed: int = 0
) -> dict[str, Tensor]:
    """The distances of `made_columns` between real images: what samples that are like them would reach.

    Args:
        images: Real images.
        codec: Encodes them.
        perceptual: How different images look.
        columns: Which ones; a path, which images without a model have none of, is left out, and so are distances
            within classes where there are no classes.
        seed: Of the partners.

    Returns:
        Each column `(len(images),)` float64; NaN where an image is the only one of its class.
    """
    labels = None if images.labels is None else torch.as_tensor(images.labels)
    found = {}
    for name in columns:
        if name == "pair_distance" or (name == "class_pair_distance" and labels is not None):
            partner = partners(labels if name == "class_pair_distance" else None, len(images), seed)
            distance = torch.full((len(images),), torch.nan, dtype=torch.float64)
            for rows in torch.split((partner >= 0).nonzero().squeeze(1), CHUNK):
                distance[rows] = perceptual(*_pictures(images, codec, rows, partner[rows]))
            found[name] = distance
    return found


def _pictures(images: ImageSet, codec: ImageCodec, *rows: Tensor) -> Iterator[Tensor]:
    """Encoded images of some rows, once for each choice of rows."""
    for chosen in rows:
        places = chosen.numpy()
        labels = None if images.labels is None else images.labels[places]
        yield codec.encode(images.images[places], labels)["image"].float()
