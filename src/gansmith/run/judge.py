"""The judge: a small classifier trained on the run's own training images, whose features measure the samples.

It is trained by the same loop as everything else, as a game of one player. Data without labels gets a judge that
tells by how many quarter turns an image was rotated (Gidaris et al. 2018), which needs no labels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gansmith.core import Backend, Game, Player, Scene, Stage, State, Term, Turn, flow, play, progress
from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import ImageSet
from gansmith.data.source import ImageSource
from gansmith.errors import InputError
from gansmith.features.judge import Judge
from gansmith.nets.layout import crop
from gansmith.run.files import read_json, replacing_folder, sha256, write_json
from gansmith.types import Clock

__all__ = ["TrainedJudge", "accuracy", "load_judge", "save_judge", "train_judge"]

TASKS = ("classes", "turns")
TURNS = 4
LR, WARM_UP, SMOOTHING, SHIFT = 3e-3, 0.05, 0.1, 2
"""Found on the validation images of the embedded set; see `scripts/train_judge.py`."""


@dataclass(frozen=True)
class TrainedJudge:
    """A judge and what is known about it.

    Attributes:
        net: The classifier, frozen, in eval mode.
        info: Task (`classes` or `turns`), training data's fingerprint, samples, accuracies, settings.
    """

    net: Judge
    info: Mapping[str, Any]

    @property
    def knows_classes(self) -> bool:
        """Whether its answers are the data's classes."""
        return bool(self.info["task"] == "classes")

    def check(self, codec: ImageCodec) -> None:
        """Refuse data that this judge can't measure.

        Raises:
            InputError: The data has other channels, or other classes than the judge knows.
        """
        channels, classes = codec.spec["image"].shape[0], len(codec.classes)
        if self.net.shape[0] != channels:
            raise InputError(f"the judge is for images of {self.net.shape[0]} channels, these have {channels}")
        if self.knows_classes and classes and self.net.head.out_features != classes:
            raise InputError(f"the judge knows {self.net.head.out_features} classes, the data has {classes}")


class _Quiz(Scene):
    J: Judge
    image: Tensor
    label: Tensor | None = None

    @flow
    def question(self) -> tuple[Tensor, Tensor]:
        """Images and what should be answered: their class, or by how many quarter turns they were rotated."""
        if self.label is not None:
            return self.image, self.label
        turns = self.draws.integers(TURNS)
        return _turn(self.image, turns), turns

    @flow
    def loss(self) -> Tensor:
        image, answer = self.question
        return F.cross_entropy(self.J(image), answer, label_smoothing=SMOOTHING)


def _turn(image: Tensor, turns: Tensor) -> Tensor:
    """The central square of each image, rotated by its quarter turns."""
    side = min(image.shape[-2:])
    square = crop(image, side, side)
    return torch.stack([torch.rot90(x, int(k), (1, 2)) for x, k in zip(square, turns, strict=True)])


def _game(net: Judge) -> Game:
    def rate(clock: Clock) -> float:
        done = progress(clock)
        return LR * min(1.0, (done + 1e-3) / WARM_UP) * (1 + math.cos(math.pi * done)) / 2

    optim = partial(torch.optim.AdamW, lr=LR, betas=(0.9, 0.99), weight_decay=0.05)
    players = {"judge": Player(("J",), optim, schedule={"lr": rate})}
    return Game({"J": net}, _Quiz, players, (Stage((Turn("judge", {"quiz": Term(lambda s: s.loss)}),)),))


def train_judge(
    images: ImageSet,
    codec: ImageCodec,
    *,
    samples: int,
    flip: bool = True,
    seed: int = 0,
    tick: Callable[[float], None] | None = None,
) -> TrainedJudge:
    """Train a judge on training images.

    Args:
        images: Training images; without labels the judge learns quarter turns.
        codec: The run's codec.
        samples: Training images shown in total.
        flip: Mirror images at random.
        seed: Seed of weights and order.
        tick: Told the share that is done, now and then.
    """
    spec = codec.spec["image"]
    labelled = bool(codec.classes)
    classes = len(codec.classes) if labelled else TURNS
    torch.manual_seed(seed)
    net = Judge((spec.shape[0], spec.shape[1], spec.shape[2]), classes)
    batch = min(64, len(images))
    source = ImageSource.of(images, codec, batch=batch, seed=seed, flip=flip, shift=SHIFT)
    state = State(_game(net), source, seed, Backend(channels_last=True), total=samples)
    try:
        while state.clock.samples < samples:
            play(state, min(20, -(-(samples - state.clock.samples) // batch)))
            if tick is not None:
                tick(state.clock.samples / samples)
    finally:
        source.close()
    info = {"task": "classes" if labelled else "turns", "fingerprint": images.fingerprint, "samples": samples}
    settings = {"batch": batch, "flip": flip, "shift": SHIFT, "seed": seed, "lr": LR, "label_smoothing": SMOOTHING}
    net.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # as it will be when it is read back
    return TrainedJudge(net.eval().requires_grad_(False), {**info, "settings": settings})


def accuracy(judge: TrainedJudge, image: Tensor, label: Tensor) -> float:
    """Share of encoded images `(n, c, h, w)` whose class the judge names."""
    with torch.no_grad():
        right = [
            judge.net(x).argmax(1) == y for x, y in zip(torch.split(image, 256), torch.split(label, 256), strict=True)
        ]
    return float(torch.cat(right).double().mean())


def save_judge(judge: TrainedJudge, folder: Path) -> None:
    """Write `judge.safetensors` and `judge.json` (with the hash of the weights)."""
    with replacing_folder(folder) as temporary:
        tensors = {k: v.contiguous() for k, v in judge.net.state_dict().items() if v.is_floating_point()}
        save_file(tensors, temporary / "judge.safetensors")
        digest = sha256(temporary / "judge.safetensors")
        shape, classes = _sizes(judge.net)
        write_json(temporary / "judge.json", {**judge.info, "shape": shape, "classes": classes, "sha256": digest})


def load_judge(folder: Path) -> TrainedJudge:
    """Read a judge.

    Raises:
        InputError: A file is missing or changed.
    """
    info = read_json(folder / "judge.json")
    weights = folder / "judge.safetensors"
    if not weights.is_file() or sha256(weights) != info.get("sha256"):
        raise InputError(f"{weights} is missing or was changed")
    net = _blank(info, folder)
    try:
        missing, unexpected = net.load_state_dict(load_file(weights), strict=False)
    except (RuntimeError, SafetensorError) as error:
        raise InputError(f"{weights} does not fit judge.json: {str(error).splitlines()[0]}") from error
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
        raise InputError(f"{weights} holds another network's weights")
    return TrainedJudge(net.eval().requires_grad_(False), info)


def _blank(info: Mapping[str, Any], folder: Path) -> Judge:
    """An untrained judge of the recorded sizes."""
    shape, classes = info.get("shape"), info.get("classes")
    sizes = [*shape, classes] if isinstance(shape, list) and len(shape) == 3 else []
    if not sizes or not all(isinstance(s, int) and 0 < s < 100_000 for s in sizes) or info.get("task") not in TASKS:
        raise InputError(f"{folder / 'judge.json'} is damaged: it does not say what the judge is")
    return Judge((sizes[0], sizes[1], sizes[2]), sizes[3])


def _sizes(net: Judge) -> tuple[list[int], int]:
    head: nn.Linear = net.head
    return list(net.shape), head.out_features
