"""BLEU of texts against many references, and of texts against each other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["bleu", "grams", "self_bleu"]

Words = Sequence[str]

SMOOTH = 0.1
"""What stands for no match at all (Chen and Cherry 2014, method 1), as the usual benchmark of texts has it."""


def grams(words: Words, n: int) -> Counter[tuple[str, ...]]:
    """How often each run of `n` words is there."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


class _References:
    """The most that any reference has of each run of words; and the second most, for leaving one text out."""

    def __init__(self, texts: Sequence[Words], n: int) -> None:
        self.first: dict[tuple[str, ...], tuple[int, int]] = {}
        self.second: dict[tuple[str, ...], int] = {}
        for owner, text in enumerate(texts):
            for gram, count in grams(text, n).items():
                most, _ = self.first.get(gram, (0, -1))
                if count > most:
                    self.second[gram] = most
                    self.first[gram] = (count, owner)
                elif count > self.second.get(gram, 0):
                    self.second[gram] = count

    def most(self, gram: tuple[str, ...], without: int) -> int:
        count, owner = self.first.get(gram, (0, -1))
        return self.second.get(gram, 0) if owner == without else count


def _scores(texts: Sequence[Words], others: Sequence[Words], n: int, apart: bool) -> NDArray[np.float64]:
    """BLEU-n of each text against the others; with `apart` text i is left out of its own references."""
    tables = [_References(others, size) for size in range(1, n + 1)]
    lengths = np.array([len(other) for other in others])
    found = np.zeros(len(texts))
    for i, text in enumerate(texts):
        if not text:
            continue
        logs = []
        for size, table in enumerate(tables, start=1):
            mine = grams(text, size)
            total = sum(mine.values())
            hits = sum(min(count, table.most(gram, i if apart else -1)) for gram, count in mine.items())
            logs.append(math.log((hits or SMOOTH) / max(total, 1)))
        known = np.delete(lengths, i) if apart else lengths
        near = int(known[np.lexsort((known, np.abs(known - len(text))))[0]])
        short = 0.0 if len(text) >= near else 1 - near / len(text)
        found[i] = math.exp(short + sum(logs) / n)
    return found


def bleu(texts: Sequence[Words], references: Sequence[Words], n: int = 3) -> NDArray[np.float64]:
    """BLEU-n of each text against all references together (Papineni et al. 2002), uniform weights, `(N,)` in [0, 1].

    Args:
        texts: Words of each text.
        references: Words of each real text, at least one.
        n: Longest run of words that is looked at.
    """
    return _scores(texts, references, n, False)


def self_bleu(texts: Sequence[Words], n: int = 3) -> NDArray[np.float64]:
    """BLEU-n of each text against all others (Zhu et al. 2018): high where they are much alike, `(N,)`.

    Args:
        texts: Words of each text, at least two.
        n: Longest run of words that is looked at.
    """
    return _scores(texts, texts, n, True)
