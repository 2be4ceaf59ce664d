"""What made texts have taken over from the training texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Corpus", "copied_share", "longest_copies", "new_grams"]

Words = Sequence[str]

BETWEEN, APART = "\x1f", "\x1e"
"""What stands between words, and between texts, of the joined training texts."""


class Corpus:
    """Training texts, to be asked for runs of words.

    Args:
        texts: Words of each.
    """

    def __init__(self, texts: Sequence[Words]) -> None:
        self._joined = APART.join(BETWEEN + BETWEEN.join(text) + BETWEEN for text in texts)

    def has(self, words: Words) -> bool:
        """Whether some text has these words one after the other."""
        return BETWEEN + BETWEEN.join(words) + BETWEEN in self._joined

    def spans(self, text: Words, least: int = 1) -> list[tuple[int, int]]:
        """The runs of a text that some training text has and that can't be made longer, as (first, one past the last).

        Args:
            text: Words.
            least: Words that a run needs.
        """
        found: list[tuple[int, int]] = []
        stop = 0
        for start in range(len(text)):
            stop = max(stop, start)
            before = stop
            while stop < len(text) and self.has(text[start : stop + 1]):
                stop += 1
            if stop > before and stop - start >= least:
                found.append((start, stop))
        return found


def copied_share(texts: Sequence[Words], training: Sequence[Words]) -> NDArray[np.float64]:
    """1 for each text that is a training text word for word, else 0, `(N,)`."""
    known = {tuple(text) for text in training}
    return np.array([float(tuple(text) in known) for text in texts])


def new_grams(texts: Sequence[Words], training: Sequence[Words], n: int = 4) -> NDArray[np.float64]:
    """Share of each text's runs of `n` words that no training text has, `(N,)`; 0 for texts that are shorter."""
    known = {tuple(text[i : i + n]) for text in training for i in range(len(text) - n + 1)}
    found = []
    for text in texts:
        mine = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        found.append(sum(gram not in known for gram in mine) / len(mine) if mine else 0.0)
    return np.array(found)


def longest_copies(texts: Sequence[Words], corpus: Corpus) -> NDArray[np.float64]:
    """The longest run of words that a text shares with some training text, as a share of the text, `(N,)`."""
    longest = [max((stop - start for start, stop in corpus.spans(text)), default=0) for text in texts]
    return np.array([run / max(len(text), 1) for run, text in zip(longest, texts, strict=True)])
