"""Train the judge that comes with the package, on the training part of the embedded images.

Writes `src/gansmith/data/embedded/judge/` with the judge's accuracy on validation and test images.

    python scripts/train_judge.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from gansmith.data.embedded import fashion_path
from gansmith.data.image_codec import ImageCodec
from gansmith.data.open import open_images
from gansmith.data.split import split_images
from gansmith.run.judge import accuracy, save_judge, train_judge

OUT = Path(__file__).parents[1] / "src/gansmith/data/embedded/judge"
EPOCHS = 40


def main() -> None:
    """Train, measure, save."""
    torch.set_num_threads(1)  # the same bits wherever it runs on this kind of machine
    images = open_images(fashion_path())
    splits, codec = split_images(images), ImageCodec.fit(images)
    train = images.subset(splits.train)
    judge = train_judge(train, codec, samples=EPOCHS * len(train), tick=lambda share: print(f"\r{share:.0%}", end=""))
    scores = {}
    for name in ("val", "test"):
        part = images.subset(getattr(splits, name))
        batch = codec.encode(part.images[:], part.labels)
        scores[name] = round(accuracy(judge, batch["image"], batch["label"]), 4)
    print(f"\raccuracy on validation images {scores['val']:.3f}, on test images {scores['test']:.3f}")
    save_judge(replace(judge, info={**judge.info, "accuracy": scores}), OUT)


if __name__ == "__main__":
    main()
