"""A judge that is trained on the wanted domain's own images: where no other network is there, or to tell classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gansmith.data.image_codec import ImageCodec
from gansmith.run.judge import TrainedJudge, train_judge
from gansmith.run.log import Log
from gansmith.run.translation_data import TranslationData

__all__ = ["named", "own_judge"]

SAMPLES, TELLING = 2_000, 6_000
"""Images that a judge is trained with, and one that has to tell classes."""


def own_judge(data: TranslationData, log: Log, classes: bool = False) -> TrainedJudge:
    """Train a judge on the middles of the wanted domain's training images.

    Args:
        data: Of the run.
        log: For progress.
        classes: Whether it learns to tell the classes that both domains have.
    """
    seen, fit = data.images["train"], data.codec.image.frame
    top, left = ((seen.shape[i] - side) // 2 for i, side in enumerate((fit.height, fit.width)))
    pixels = np.asarray(seen.images)[:, top : top + fit.height, left : left + fit.width]
    kept = replace(seen, images=np.ascontiguousarray(data.codec.single(pixels)), fit=fit)
    if not classes:
        kept = replace(kept, labels=None, classes=())
    codec, samples = ImageCodec(fit, kept.classes), TELLING if classes else SAMPLES
    return train_judge(kept, codec, samples=samples, tick=lambda share: log.progress("training the judge", share))


@torch.no_grad()
def named(judge: TrainedJudge, images: Tensor) -> Tensor:
    """The class that a judge sees in each of the images `(n, c, h, w)`."""
    return torch.cat([judge.net(part).argmax(1) for part in torch.split(images, 64)])
