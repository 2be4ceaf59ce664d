"""A kind of data as small as can be: waves of a class's frequency, in an `.npz` with `waves` and `labels`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from PIL import Image

from gansmith.data.item_codec import ItemCodec
from gansmith.data.item_options import ItemOptions
from gansmith.data.items import Items, digests
from gansmith.errors import InputError
from gansmith.metrics import known
from gansmith.metrics.kind_measure import KindMeasure
from gansmith.run.kinds._kind import Demo, Kind
from gansmith.run.modality import Shown
from gansmith.run.pictures import save_png
from gansmith.types import Field

LENGTH = 16
LOUD = KindMeasure("ripples", "loudness", "lower", "difference of mean loudness")
known.KIND_MEASURES["ripples"] = {"loudness": LOUD}  # type: ignore[index]


class Options(ItemOptions):
    pass


class RipplesCodec(ItemCodec):
    kind: ClassVar[str] = "ripples"

    def __init__(self, classes):
        self._classes = tuple(classes)

    @property
    def classes(self):
        return self._classes

    @property
    def spec(self):
        label = {"label": Field((), "label", names=self.classes)} if self.classes else {}
        return {"signal": Field((1, LENGTH), "real", head="tanh"), **label}

    def encode(self, arrays, labels=None):
        signal = torch.from_numpy(np.asarray(arrays["wave"], np.float32) / 127.0)[:, None]
        return {"signal": signal} if labels is None else {"signal": signal, "label": torch.from_numpy(labels)}

    def decode(self, batch):
        wave = (batch["signal"][:, 0].float() * 127).round().to(torch.int8).numpy()
        return {"wave": wave}, batch["label"].numpy() if "label" in batch else None

    def to_json(self):
        return {"kind": "ripples", "format": 1, "classes": list(self.classes)}

    @classmethod
    def from_json(cls, data):
        return cls(data["classes"])

    def describe(self):
        return f"{LENGTH} heights"


class Pond:
    id, hash = "pond", "0" * 16

    def features(self, batch):
        return torch.fft.rfft(batch["signal"][:, 0].float()).abs()

    def scores(self, sides, settings):
        value = float((sides.made["signal"].abs().mean() - sides.real["signal"].abs().mean()).abs())
        return [LOUD.result(value, (value, value), (len(sides.real["signal"]), len(sides.made["signal"])), settings)]

    def picture(self, made, place):
        path = place.with_suffix(".png")
        save_png(Image.fromarray((np.asarray(made.arrays["wave"], np.int16) + 128).astype(np.uint8)), path)
        return path

    def show(self, made, real, nearest, folder):
        self.picture(made, folder / "final")
        (folder / "words.txt").write_text(json.dumps(nearest.arrays["wave"][0].tolist()))
        return [Shown("final.png", "waves", "Made"), Shown("words.txt", "numbers", "The nearest")]


class Ripples(Kind):
    id, things, recipe = "ripples", "ripples", "none"
    places, place, budget = (".npz",), ".npz, or a folder", "96"
    samples, shown = 64, 6
    demo = Demo(lambda folder: ripples(folder / "ripples.npz"), "none", "96", "waves")

    def recognise(self, path: Path):
        if path.suffix != ".npz":
            return None
        return "taken for ripples, since it holds waves" if "wave" in np.load(path).files else None

    def open(self, path, options, progress, like=None):
        found = np.load(path)
        waves = found["wave"]
        if not len(waves):
            raise InputError(f"{path}: holds no waves")
        labels = found["label"] if "label" in found.files else None
        names = tuple(f"wave {i}" for i in range(len(waves)))
        return Items(
            {"wave": waves}, names, digests(waves), path, labels, ("slow", "fast") if labels is not None else ()
        )

    def fit(self, items, options):
        return RipplesCodec(items.classes)

    def codec_of(self, data):
        return RipplesCodec.from_json(data)

    def instrument(self, codec, train):
        return Pond()

    def write(self, model, parts, n, out, tick):
        np.savez(out, wave=np.concatenate([part.arrays["wave"] for part in parts]))
        tick(1.0)


def ripples(path: Path, n: int = 240) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, n)
    phase, time = rng.uniform(0, 6.28, (n, 1)), np.arange(LENGTH)
    wave = 100 * np.sin(phase + time * np.where(label == 0, 0.4, 1.3)[:, None]) * rng.uniform(0.6, 1, (n, 1))
    np.savez(path, wave=wave.round().astype(np.int8), label=label.astype(np.int64))
    return path


KIND = Ripples()
