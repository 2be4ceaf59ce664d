"""Finding directions of a latent space: closed-form factorisation, principal components, labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.apps.directions import Directions
from gansmith.apps.layers import parse_layers
from gansmith.apps.points import vector
from gansmith.data.image_codec import ImageCodec
from gansmith.data.open import open_images
from gansmith.data.reader import Pixels
from gansmith.data.split import split_images
from gansmith.errors import InputError
from gansmith.limits import MOST_SAMPLES
from gansmith.run.judge import TrainedJudge
from gansmith.run.judging import judge_for
from gansmith.run.latent import from_styles, placed, styles_of, to_styles
from gansmith.run.log import Listener, Log
from gansmith.run.model import Model
from gansmith.run.sample import Where, inputs, whole
from gansmith.types import Batch, count_rows

__all__ = ["METHODS", "Method", "find_directions", "principal", "sefa"]

Method = Literal["sefa", "pca", "labels"]
METHODS: tuple[Method, ...] = ("sefa", "pca", "labels")
FEWEST = 20
"""Samples of a class, and of the others, below which their mean would be noise."""

ROUNDING = 1e-6
"""Deviations smaller than this share of the largest are rounding errors of float32, and no directions."""

Tick = Callable[[float], None]


def find_directions(
    model: Model,
    method: Method = "sefa",
    n: int = 8,
    layers: str = "all",
    where: Where | None = None,
    data: str | Path | None = None,
    samples: int = 2000,
    seed: int = 0,
    listener: Listener | None = None,
) -> Directions:
    """Directions along which a model's samples change, the strongest first.

    Args:
        model: What makes the samples.
        method: `sefa` (Shen & Zhou 2021): eigenvectors of A^T A, where A are the first linear maps that read the
            styles. `pca` (GANSpace, Harkonen et al. 2020): principal components of the styles; where the style is the
            noise itself, of the first layer's activations, carried back to the noise by least squares. `labels`: with
            `data`, how the styles of samples that a judge takes for a class differ from the others' on average;
            without, the model's own classes.
        n: Most directions; `labels` has one for each class.
        layers: The layers of styles that are looked at and moved: `coarse`, `middle`, `fine`, `0-3`, `all`.
        where: Conditions of the samples that are looked at.
        data: Labelled images of what the model makes, for `labels`: a judge is trained on them.
        samples: Samples that are looked at, for deviations along directions, components and labels; 100 or more.
        seed: Of these samples.
        listener: Told of progress.

    Raises:
        InputError: The model does not describe its latent space, or a method, layer, number or condition is none.
    """
    if method not in METHODS:
        raise InputError(f"there is no method {method!r}; known: {', '.join(METHODS)}")
    n, samples = whole(n, "n", 1, MOST_SAMPLES), whole(samples, "samples", 100, MOST_SAMPLES)
    if method == "labels" and data is None:
        return _conditions(model)
    styles_of(model)
    chosen = parse_layers(layers, model.style_shape[0])
    log = Log(listener)

    def tick(share: float) -> None:
        log.progress("looking at samples", share)

    if method == "labels":
        assert data is not None
        judge, names = _judge(model, data, log)
        return _labelled(model, judge, names, chosen, _parts(model, samples, where, seed, tick))
    parts = _parts(model, samples, where, seed, tick)
    if method == "pca":
        vectors, scales, ranks = _pca(model, chosen, n, parts)
    else:
        affine = styles_of(model).affine(model.nets)
        vectors, ranks = sefa([affine[layer] for layer in chosen], n)
        scales = (_styles(model, chosen, parts)[0] @ vectors.T).std(0)
    return _directions(model, method, [str(i) for i in range(len(vectors))], vectors, scales, ranks, chosen)


def sefa(maps: list[Tensor], n: int) -> tuple[Tensor, Tensor]:
    """Unit directions `(k, dim)` that linear maps `(out, dim)` enlarge most, and by how much `(k,)`.

    They maximise ||A v||^2, A being the maps on top of each other: the eigenvectors of A^T A with the largest
    eigenvalues (Shen & Zhou 2021, eq. 5-7). The largest entry of each is positive.
    """
    a = torch.cat([m.detach().cpu().double() for m in maps])
    values, vectors = torch.linalg.eigh(a.T @ a)
    return _signed(vectors.T.flip(0)[:n]), values.flip(0)[:n]


def principal(x: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components of rows `(m, d)`: unit directions `(k, d)`, deviations and shares of the variance `(k,)`.

    Only as many as have variance; the largest entry of each is positive.
    """
    centred = x.double() - x.double().mean(0)
    _, spread, vectors = torch.linalg.svd(centred, full_matrices=False)
    keep = min(n, int((spread > ROUNDING * spread[0]).sum()))
    variance = spread.square() / (len(x) - 1)
    return _signed(vectors[:keep]), variance[:keep].sqrt(), variance[:keep] / variance.sum()


def _signed(vectors: Tensor) -> Tensor:
    """The same lines, each pointing to where its largest entry is positive."""
    largest = vectors.gather(1, vectors.abs().argmax(1, keepdim=True))
    return vectors * largest.sign()


def _directions(
    model: Model, method: str, names: list[str], vectors: Tensor, scales: Tensor, ranks: Tensor, layers: tuple[int, ...]
) -> Directions:
    arrays = [t.cpu().numpy().astype(np.float32) for t in (vectors, scales, ranks)]
    return Directions(method, "", tuple(names), arrays[0], arrays[1], arrays[2], layers, model.recipe.id)


Parts = Iterator[tuple[Batch, Batch]]


def _parts(model: Model, samples: int, where: Where | None, seed: int, tick: Tick) -> Parts:
    """Noise and conditions of the samples that are looked at; conditions are checked at once."""
    parts = inputs(model, samples, where, seed)

    def ticking() -> Parts:
        done = 0
        for noise, conditions in parts:
            yield noise, conditions
            done += count_rows(noise)
            tick(done / samples)

    return ticking()


def _styles(model: Model, layers: tuple[int, ...], parts: Parts) -> tuple[Tensor, Tensor]:
    """Styles, averaged over the chosen layers, `(m, dim)`, and what conditions explain them, `(m, width)`."""
    found = [(_mean(model, layers, z, c), _shown(model, c, count_rows(z))) for z, c in parts]
    return torch.cat([w for w, _ in found]), torch.cat([c for _, c in found])


def _mean(model: Model, layers: tuple[int, ...], noise: Batch, conditions: Batch) -> Tensor:
    return to_styles(model, noise, conditions)[:, list(layers)].mean(1).double().cpu()


def _shown(model: Model, conditions: Batch, n: int) -> Tensor:
    """Conditions as numbers, with a one in front, `(n, 1 + width)`."""
    columns = [torch.ones(n, 1, dtype=torch.float64)]
    columns += [vector(model, name, value).double().cpu() for name, value in conditions.items()]
    return torch.cat(columns, 1)


def _left(x: Tensor, shown: Tensor) -> Tensor:
    """What a linear function of the conditions leaves unexplained of `x` `(m, d)`: classes are put on one centre."""
    weights: Tensor = torch.linalg.lstsq(shown, x, driver="gelsd").solution
    return x - shown @ weights


def _pca(model: Model, layers: tuple[int, ...], n: int, parts: Parts) -> tuple[Tensor, Tensor, Tensor]:
    """Components of the styles; of the first activations, where the style is the noise (Harkonen et al., 3.1-3.2)."""
    if styles_of(model).space == "w":
        return principal(_left(*_styles(model, layers, parts)), n)
    first = next(parts)
    reader = _second_reader(model, *first)
    styles, shown, activations = [], [], []
    for noise, conditions in chain([first], parts):
        styles.append(_mean(model, layers, noise, conditions))
        shown.append(_shown(model, conditions, len(styles[-1])))
        activations.append(_read_by(model, reader, noise, conditions))
    z, c = torch.cat(styles), torch.cat(shown)
    z, y = _left(z, c), _left(torch.cat(activations).double(), c)
    values, rotated = torch.linalg.eigh(y @ y.T)  # coordinates on the components, without the components
    keep = min(n, z.shape[1], int((values > ROUNDING**2 * values[-1]).sum()))
    coordinates = rotated.flip(1)[:, :keep]
    back = coordinates.T @ z  # least squares, eq. 3: coordinates are orthonormal
    return (
        _signed(F.normalize(back, dim=1)),
        (z @ F.normalize(back, dim=1).T).std(0),
        values.flip(0)[:keep] / values.sum(),
    )


def _second_reader(model: Model, noise: Batch, conditions: Batch) -> nn.Module | None:
    """The second layer with a matrix of weights that the noise reaches: it reads the first one's activations.

    None where there is a single layer, whose activations are the image.
    """
    reached: list[nn.Module] = []

    def note(module: nn.Module, given: tuple[object, ...]) -> None:
        if any(isinstance(x, Tensor) and x.requires_grad for x in given) and module not in reached:
            reached.append(module)

    weighted = [m for net in model.nets.values() for m in net.modules() if any(p.ndim > 1 for p in m.parameters(False))]
    hooks = [module.register_forward_pre_hook(note) for module in weighted]
    batch = placed(model, {k: v[:2] for k, v in noise.items()}, {k: v[:2] for k, v in conditions.items()})
    try:
        styles = styles_of(model).map(model.nets, batch).detach().requires_grad_()
        with torch.enable_grad():
            styles_of(model).make(model.nets, styles, batch)
    finally:
        for hook in hooks:
            hook.remove()
    return reached[1] if len(reached) > 1 else None


def _read_by(model: Model, reader: nn.Module | None, noise: Batch, conditions: Batch) -> Tensor:
    """What that layer reads when these samples are made, `(n, features)`."""
    read: list[Tensor] = []
    hook = reader.register_forward_pre_hook(lambda _, given: read.append(given[0])) if reader is not None else None
    try:
        made = from_styles(model, to_styles(model, noise, conditions), noise, conditions)
    finally:
        if hook is not None:
            hook.remove()
    return (read[0] if read else made["image"]).flatten(1).cpu()


def _conditions(model: Model) -> Directions:
    """Towards each class of a conditional model."""
    if not model.classes:
        raise InputError("this model has no classes of its own: name labelled images for the judge, --data my_images/")
    k = len(model.classes)
    ones = np.ones(k, np.float32)
    return Directions("labels", "label", model.classes, np.eye(k, dtype=np.float32), ones, ones, (0,), model.recipe.id)


def _judge(model: Model, data: str | Path, log: Log) -> tuple[TrainedJudge, tuple[str, ...]]:
    """A judge trained on labelled images, and the names of their classes."""
    images = open_images(
        data, fit=model.codec.frame, progress=lambda what, done, total: log.progress(what, done / max(total, 1))
    )
    codec = ImageCodec.fit(images)
    if not codec.classes:
        raise InputError(f"{data} has no classes: directions from labels take two or more")
    return judge_for(images.subset(split_images(images).train), codec, log), codec.classes


def _labelled(
    model: Model, judge: TrainedJudge, names: tuple[str, ...], layers: tuple[int, ...], parts: Parts
) -> Directions:
    """How styles of a class differ from the others', on average, each sample counted by the judge's probability."""
    styles, answers = [], []
    for noise, conditions in parts:
        styles.append(_mean(model, layers, noise, conditions))
        answers.append(_answers(model, judge, model.make(noise, conditions)))
    w, p = torch.cat(styles), torch.cat(answers)
    known = [k for k in range(len(names)) if min(p[:, k].sum(), (1 - p[:, k]).sum()) >= FEWEST]
    if not known:
        raise InputError(f"of {len(w):,} samples fewer than {FEWEST} are like any class of the data: give it others")
    p = p[:, known]
    gaps = (p / p.sum(0)).T @ w - ((1 - p) / (1 - p).sum(0)).T @ w
    vectors = F.normalize(gaps, dim=1)
    scales = (w @ vectors.T).std(0)
    ranks = gaps.norm(dim=1) / scales
    return _directions(model, "labels", [names[k] for k in known], vectors, scales, ranks, layers)


def _answers(model: Model, judge: TrainedJudge, made: Batch) -> Tensor:
    """The judge's probabilities `(n, classes)` of made images."""
    pixels: Pixels = model.codec.decode({"image": made["image"]})[0]
    image = model.codec.encode(pixels, np.zeros(len(pixels), np.int64))["image"]
    with torch.no_grad():
        found: Tensor = judge.net(image).double().softmax(1)
    return found
