"""Captions as vectors: a frozen sentence encoder, centred and scaled on the training part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.attributes import Column
from gansmith.errors import InputError
from gansmith.features.text import TextEncoder, text_encoder
from gansmith.types import Json

__all__ = ["Captions", "fit_captions"]


@dataclass(frozen=True)
class Captions:
    """How captions become vectors. An empty caption is a vector of zeros: no condition.

    Sentences of one data set are much alike ("a photo of a ..."), so their mean is taken away, and what is left is
    scaled to a mean squared length of 1. No caption is kept.

    Attributes:
        encoder: Name of the text encoder (see `features.text`).
        hash: sha256 of its weights.
        mean: Mean vector of the training captions.
        scale: Root of the mean squared distance from it.
    """

    encoder: str
    hash: str
    mean: tuple[float, ...]
    scale: float

    @property
    def width(self) -> int:
        """Length of the vectors."""
        return len(self.mean)

    def load(self) -> TextEncoder:
        """The encoder.

        Raises:
            InputError: It is not installed, or has other weights.
        """
        found = text_encoder(self.encoder)
        if found.hash != self.hash or found.dim != self.width:
            raise InputError(
                f"the text encoder {self.encoder!r} here has other weights than the model was trained with"
            )
        return found

    def vector(self, texts: Sequence[str] | Column) -> NDArray[np.float32]:
        """Vectors `(N, width)` of N captions. Raises `InputError` as `load` does."""
        listed = [str(text) for text in texts]
        distinct = sorted(set(listed))
        vectors = self.load()(distinct).numpy().astype(np.float64)
        scaled = ((vectors - np.array(self.mean)) / self.scale).astype(np.float32)
        scaled[[not text.strip() for text in distinct]] = 0
        places = {text: i for i, text in enumerate(distinct)}
        return np.ascontiguousarray(scaled[[places[text] for text in listed]])

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        return {"encoder": self.encoder, "hash": self.hash, "mean": list(self.mean), "scale": self.scale}

    @classmethod
    def from_json(cls, data: Any) -> Captions:
        """What `to_json` described. Raises `InputError` where it is something else."""
        try:
            mean = tuple(float(v) for v in data["mean"])
            found = cls(str(data["encoder"]), str(data["hash"]), mean, float(data["scale"]))
        except (TypeError, KeyError, ValueError):
            raise InputError("codec: the description of the captions is damaged") from None
        if not np.isfinite(found.mean).all() or not np.isfinite(found.scale) or found.scale <= 0 or not mean:
            raise InputError("codec: the description of the captions is damaged")
        return found


def fit_captions(texts: Column, encoder: str) -> Captions | None:
    """The vectors of training captions; None where all captions mean the same to the encoder, or all are empty.

    Raises:
        InputError: The encoder is not known or not installed.
    """
    found = text_encoder(encoder)
    said = [str(text) for text in texts if str(text).strip()]
    if not said:
        return None
    vectors = found(said).numpy().astype(np.float64)
    mean = vectors.mean(0)
    scale = float(np.sqrt(((vectors - mean) ** 2).sum(1).mean()))
    if scale < 1e-6:
        return None
    return Captions(encoder=found.id, hash=found.hash, mean=tuple(float(v) for v in mean), scale=scale)
