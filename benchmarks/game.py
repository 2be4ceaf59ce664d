"""The demo's game, and others of its recipe, on batches that cost nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import torch

from gansmith.core import Backend, Game, State
from gansmith.data.embedded import fashion_path
from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import ImageSet
from gansmith.data.open import open_images
from gansmith.data.split import split_images
from gansmith.recipes._recipe import Size
from gansmith.recipes._registry import find_recipe
from gansmith.run.model import Model
from gansmith.run.settings import resolve
from gansmith.types import Batch, Field, Json, Spec

__all__ = [
    "Cycle",
    "batches",
    "fashion",
    "game",
    "one_thread",
    "plain_images",
    "settings",
    "spec",
    "state",
    "untrained",
]

CLASSES = tuple("0123456789")
BATCHES = 16
TOTAL = 1_000_000
"""Horizon of the schedules: far enough that a benchmark moves them little, near enough that they do move."""


def spec(pixels: int, channels: int = 1, classes: int = 10) -> Spec:
    """Fields of square images, labelled where there is more than one class."""
    fields = {"image": Field((channels, pixels, pixels), head="tanh")}
    return fields | ({"label": Field((), "label", names=CLASSES[:classes])} if classes else {})


def settings(size: Size = "s", **given: Any) -> Any:
    """Hyper-parameters of the default recipe."""
    return resolve(find_recipe("r3gan"), size, given)


def game(fields: Spec, hp: Any, seed: int = 0) -> Game:
    """The game, with the same initial weights for the same seed."""
    torch.manual_seed(seed)
    return find_recipe("r3gan").game(fields, hp)


def batches(fields: Spec, batch: int, seed: int = 0) -> list[dict[str, torch.Tensor]]:
    """A few batches of noise in the form of images and labels."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for _ in range(BATCHES):
        one = {"image": torch.rand(batch, *fields["image"].shape, generator=generator) * 2 - 1}
        if "label" in fields:
            one["label"] = torch.randint(len(fields["label"].names), (batch,), generator=generator)
        made.append(one)
    return made


class Cycle:
    """A source that hands out the same few batches for ever."""

    def __init__(self, made: list[dict[str, torch.Tensor]]) -> None:
        self._made: Iterator[Batch] = cycle(made)

    def __next__(self) -> Batch:
        """The next batch."""
        return next(self._made)

    def state_dict(self) -> dict[str, Json]:
        """Nothing: a benchmark is not resumed."""
        return {}

    def load_state_dict(self, state: dict[str, Json]) -> None:
        """Nothing."""


def state(fields: Spec, hp: Any, backend: Backend, seed: int = 0) -> State:
    """The game in play on a cycle of batches, placed once beforehand."""
    placed = [dict(backend.put(batch)) for batch in batches(fields, hp.batch, seed)]
    return State(game(fields, hp, seed), Cycle(placed), seed, backend, TOTAL)


def fashion() -> tuple[ImageSet, ImageCodec]:
    """Training part of the embedded images, and the codec fitted to it."""
    images = open_images(fashion_path())
    train = images.subset(split_images(images).train)
    return train, ImageCodec.fit(train)


def plain_images(images: ImageSet, codec: ImageCodec, most: int | None = None) -> torch.Tensor:
    """The first images as tensors `(n, c, h, w)`, their labels left aside."""
    labels = None if images.labels is None else images.labels[:most]
    return codec.encode(images.images[:most], labels)["image"]


def untrained() -> Model:
    """A model as the demo would make it, before its first round."""
    _, codec = fashion()
    hp = settings()
    made = game(codec.spec, hp)
    nets = {name: net.eval().requires_grad_(False) for name, net in made.nets.items()}
    return Model.of(find_recipe("r3gan"), hp, codec, made, nets, (0.1,) * 10, {"data": {"name": "fashion"}})


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread, for as long as the block lasts."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
