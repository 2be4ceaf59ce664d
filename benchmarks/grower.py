"""A process of `benchmarks.growth`: `python -m benchmarks.grower WORDS FILE FOLDER` writes what it found to a file."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.game import TOTAL, Cycle, batches, spec
from benchmarks.measure import side_by_side, turns_in
from gansmith.core import Backend, State, play
from gansmith.data.image_codec import ImageCodec
from gansmith.data.open import open_images
from gansmith.data.source import ImageSource
from gansmith.data.split import split_images
from gansmith.recipes._registry import find_recipe
from gansmith.run.hardware import set_threads
from gansmith.run.settings import resolve

__all__ = ["main"]

SIDE, BATCH, CHUNK = 16, 64, 10_000


def training(words: Mapping[str, Any]) -> dict[str, Any]:
    """Speed of the recipe's game on colour images in memory."""
    recipe, backend = find_recipe(words["recipe"]), Backend(channels_last=True)
    hp = resolve(recipe, "s", {"batch": words["batch"]})
    fields = spec(words["pixels"], 3, 0)
    torch.manual_seed(0)
    source = Cycle([dict(backend.put(batch)) for batch in batches(fields, hp.batch)[:2]])
    state = State(recipe.game(fields, hp), source, 0, backend, TOTAL)
    lazy = max(term.every for stage in state.game.stages for turn in stage.turns for term in turn.terms.values())
    rounds = turns_in(partial(play, state, 1), words["seconds"] / 3, lazy)
    samples = state.clock.samples
    times = side_by_side({"play": partial(play, state, rounds)}, 3, warm_up=0)["play"]
    seen = (state.clock.samples - samples) / 3
    return {"rate": seen / times.each, "round": times.each / rounds}


def write_array(folder: Path, images: int) -> Path:
    """One .npy file of noise, written a piece at a time."""
    path = folder / "images.npy"
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(images, SIDE, SIDE))
    rng = np.random.default_rng(0)
    for start in range(0, images, CHUNK):
        stop = min(start + CHUNK, images)
        out[start:stop] = rng.integers(0, 256, (stop - start, SIDE, SIDE), dtype=np.uint8)
    out.flush()
    return path


def write_files(folder: Path, images: int) -> Path:
    """A folder of PNG files of noise."""
    path = folder / "images"
    path.mkdir()
    rng = np.random.default_rng(0)
    for i in range(images):
        Image.fromarray(rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)).save(path / f"{i:07d}.png")
    return path


def reading(words: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Seconds of opening a set for the first and the second time, and of a batch."""
    path = (write_array if words["form"] == "array" else write_files)(folder, words["images"])
    size = sum(p.stat().st_size for p in ([path] if path.is_file() else path.iterdir()))
    first, images = _opened(path)
    again, images = _opened(path)
    train = images.subset(split_images(images).train)
    source = ImageSource.of(train, ImageCodec.fit(train), batch=BATCH, seed=0)
    try:
        rounds = turns_in(lambda: next(source), words["seconds"])
        times = side_by_side({"batch": lambda: _read(source, rounds)}, 3, rounds)["batch"]
    finally:
        source.close()
    return {"bytes": size, "open": first, "again": again, "batch": times.each}


def _read(source: ImageSource, rounds: int) -> None:
    """Batches, none of them kept: their memory would count as that of reading."""
    for _ in range(rounds):
        next(source)


def _opened(path: Path) -> tuple[float, Any]:
    before = time.perf_counter()
    images = open_images(path)
    train = images.subset(split_images(images).train)
    ImageCodec.fit(train)
    return time.perf_counter() - before, images


def main(words: Mapping[str, Any], told: Path, folder: Path) -> None:
    """Measure and write."""
    threads = set_threads(None)
    found = reading(words, folder) if words["stage"] == "data" else training(words)
    told.write_text(json.dumps({**found, "threads": threads}), encoding="utf-8")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
