"""What made images are worth to a classifier that has few real ones: accuracy with them and without."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cells import Choice, Job, spoken
from benchmarks.record import ROOT
from benchmarks.table import Cell, Table
from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import ImageSet

__all__ = ["jobs", "tables"]

STAGE = "fewshot"
DATA = "clothing64"
RECIPE, AUGMENT = "r3gan", {"augment": "ada", "flip": True}
SHOTS, SEEDS = (20, 50), (0, 1, 2)
MADE = 10
"""Made images for each real one."""

SAMPLES, SHOWN, PIXELS = 60_000, 20_000, 32
"""Training samples of the GAN (about 10 minutes on two cores), images that a classifier is shown, and their side."""


def few(images: ImageSet, rows: np.ndarray[Any, Any], shots: int, seed: int) -> ImageSet:
    """So many training images of each class."""
    assert images.labels is not None
    rng = np.random.default_rng(seed)
    kept = [rng.permutation(rows[images.labels[rows] == c])[:shots] for c in range(len(images.classes))]
    return images.subset(np.sort(np.concatenate(kept)))


def compute(path: Path, shots: int, seed: int, samples: int, shown: int) -> dict[str, Any]:
    """Train a GAN on few images, a classifier on these, and one on these and made ones; test both."""
    import gansmith
    from gansmith.data.open import open_images
    from gansmith.data.split import split_images
    from gansmith.run.judge import accuracy, train_judge

    images = open_images(path, PIXELS)
    splits = split_images(images)
    real = few(images, np.asarray(splits.train), shots, seed)
    test = images.subset(splits.test)
    codec = ImageCodec(images.fit, images.classes)
    folder = ROOT / "runs/translate" / f"few-{shots}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "few.npz", images=np.asarray(real.images), labels=np.asarray(real.labels))
    begun = time.perf_counter()
    run = gansmith.train(
        folder / "few.npz",
        RECIPE,
        budget=samples,
        out=folder / f"run-{samples}",
        seed=seed,
        request={"autopilot": False},
        **AUGMENT,
    )
    wall = time.perf_counter() - begun
    labels = np.asarray(real.labels)
    asked = np.repeat(labels, MADE)
    made = run.model.sample(len(asked), where={"label": asked.tolist()}, seed=seed).images
    both = replace(
        real,
        images=np.concatenate([np.asarray(real.images), made.astype(np.asarray(real.images).dtype)]),
        labels=np.concatenate([labels, asked]),
    )
    encoded = codec.encode(np.asarray(test.images), np.asarray(test.labels))
    found = {}
    for name, seen in (("real alone", real), ("real and made", both), ("made alone", None)):
        shown_to = seen or replace(real, images=made.astype(np.uint8), labels=asked)
        judge = train_judge(shown_to, codec, samples=shown, seed=seed)
        found[name] = accuracy(judge, encoded["image"], encoded["label"])
    return {"scores": found, "wall seconds": wall, "test images": len(test), "classes": len(images.classes)}


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """A cell for each count of images and each seed; the first seed of all comes first."""
    path, made = choice.data.get(DATA), []
    why = "" if path is not None else f"no path of {DATA}: give --data {DATA}=PATH"
    samples, shown = (400, 640) if quick else (SAMPLES, SHOWN)
    for seed in SEEDS[:1] if quick else SEEDS:
        for shots in SHOTS[:1] if quick else SHOTS:
            identity = {"few": shots, "seed": seed, "data": DATA, "recipe": RECIPE, "samples": samples, "shown": shown}
            work = partial(compute, path or Path(), shots, seed, samples, shown)
            made.append(Job(STAGE, f"{shots} images a class, seed {seed}", identity, 900.0, work, why))
    return made


def tables(results: Sequence[Mapping[str, Any] | None], asked: Sequence[Job]) -> list[Table]:
    """Accuracy by what the classifier saw, and the gain, seed by seed."""
    rows: list[list[Cell]] = []
    names = ("real alone", "real and made", "made alone")
    for shots in dict.fromkeys(job.identity["few"] for job in asked):
        mine = [r for r, job in zip(results, asked, strict=True) if job.identity["few"] == shots]
        done = [r["scores"] for r in mine if r is not None and "broke" not in r]
        if not done:
            rows.append([shots, "missing", *[None] * 4])
            continue
        gains = [100 * (s["real and made"] - s["real alone"]) for s in done]
        rows.append([shots, f"{len(done)} of {len(mine)}", *(spoken([100 * s[n] for s in done]) for n in names)])
        rows[-1].append(f"{statistics.fmean(gains):+.1f}")
    title = f"Few shots: accuracy (%) on real test images of {DATA}, {PIXELS} pixels"
    note = (
        f"{RECIPE} with augmentation, trained on the few images alone, then {MADE} made images for each real one. "
        "Every classifier is shown as many images. Mean and deviation over seeds, each with other images."
    )
    return [Table(title, ["real images a class", "seeds", *names, "gain, points"], rows, note)]
