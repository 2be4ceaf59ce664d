"""Texts as whole numbers: characters, words, or pieces of words learnt by joining frequent neighbours."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from gansmith.data.text.options import Unit
from gansmith.errors import InputError
from gansmith.types import Json

__all__ = ["END", "UNKNOWN", "UNKNOWN_MARK", "Tokens", "choose_unit", "parts"]

END, UNKNOWN = 0, 1
"""The token behind the last one, and that of what the training texts don't have."""

UNKNOWN_MARK = "\N{REPLACEMENT CHARACTER}"
"""How the unknown is written."""

SHORT, FEW = 24, 120
"""Texts up to so many characters in the middle, of so many different ones at most, are made character by character."""

KNOWN = 0.95
"""Share of words that the vocabulary has to hold where texts are made word by word."""


def parts(text: str) -> list[str]:
    """Words and signs, each with the space before it: joined, they are the text again."""
    return re.findall(r"\s?\w+(?:['\N{RIGHT SINGLE QUOTATION MARK}]\w+)*|\s?[^\w\s]|\s", text)


def choose_unit(texts: Sequence[str], vocabulary: int) -> Unit:
    """What a token of these texts had better be: characters of short texts, words where few are rare, else pieces."""
    letters = {letter for text in texts for letter in text}
    if np.median([len(text) for text in texts]) <= SHORT and len(letters) <= FEW:
        return "characters"
    counts = Counter(part for text in texts for part in parts(text))
    kept = sum(count for _, count in counts.most_common(vocabulary))
    return "words" if kept >= KNOWN * sum(counts.values()) else "pieces"


@dataclass(frozen=True)
class Tokens:
    """A vocabulary, and how texts are cut by it.

    Attributes:
        unit: What a token is.
        words: What each token stands for, by its number; the first two are the end and the unknown, and empty.
        joins: Of pieces: which two are joined, in the order in which they were learnt.
    """

    unit: Unit
    words: tuple[str, ...]
    joins: tuple[tuple[str, str], ...] = ()

    @classmethod
    def fit(cls, texts: Sequence[str], unit: Unit, vocabulary: int) -> Tokens:
        """The vocabulary of training texts: the most frequent, equal ones in the order of their characters.

        Raises:
            InputError: There are fewer than two different tokens.
        """
        if len({letter for text in texts for letter in text}) < 2:
            raise InputError(f"all texts are made of one character, {texts[0][0]!r}: there is nothing to learn")
        units = [text if unit != "words" else parts(text) for text in texts]
        counts = Counter(token for text in units for token in text)
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        joins: tuple[tuple[str, str], ...] = ()
        if unit == "pieces":
            known = ranked[: max(2, vocabulary // 2)]
            joins = _joins(Counter(p for text in texts for p in parts(text)), set(known), vocabulary - len(known))
            ranked = known + [a + b for a, b in joins]
        elif unit == "words":
            ranked = ranked[:vocabulary]
        if len(ranked) < 2:
            raise InputError(f"all texts are made of one word, {ranked[0]!r}: there is nothing to learn")
        return cls(unit, ("", "", *dict.fromkeys(ranked)), joins)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words) if i > UNKNOWN}

    @cached_property
    def _ranks(self) -> dict[tuple[str, str], int]:
        return {pair: rank for rank, pair in enumerate(self.joins)}

    def cut(self, text: str) -> list[str]:
        """The tokens of a text, in order; joined they are the text."""
        if self.unit == "characters":
            return list(text)
        if self.unit == "words":
            return parts(text)
        return [piece for part in parts(text) for piece in self._pieces(part)]

    @cached_property
    def _pieces(self):  # type: ignore[no-untyped-def]
        @lru_cache(maxsize=50_000)
        def pieces(part: str) -> tuple[str, ...]:
            found, ranks = list(part), self._ranks
            while len(found) > 1:
                best = min(pairwise(found), key=lambda pair: ranks.get(pair, len(ranks)))
                if best not in ranks:
                    break
                found = _joined(found, best)
            return tuple(found)

        return pieces

    def encode(self, text: str) -> list[int]:
        """Token numbers of a text."""
        return [self._ids.get(word, UNKNOWN) for word in self.cut(text)]

    def decode(self, numbers: NDArray[np.int64]) -> str:
        """The text of token numbers up to the end."""
        found = []
        for number in numbers.tolist():
            if number == END:
                break
            found.append(UNKNOWN_MARK if number == UNKNOWN else self.words[number])
        return "".join(found)

    def to_json(self) -> dict[str, Json]:
        """For codec.json."""
        return {"unit": self.unit, "words": list(self.words), "joins": [list(pair) for pair in self.joins]}

    @classmethod
    def from_json(cls, data: Json) -> Tokens:
        """What `to_json` wrote. Raises `InputError` if it isn't that."""
        if not isinstance(data, dict) or data.get("unit") not in get_args(Unit):
            raise InputError("codec.json is damaged: its tokens are none")
        words, joins = data.get("words"), data.get("joins")
        if not isinstance(words, list) or not isinstance(joins, list) or len(words) < 4:
            raise InputError("codec.json is damaged: its tokens are none")
        pairs = [tuple(map(str, pair)) for pair in joins if isinstance(pair, list) and len(pair) == 2]
        return cls(data["unit"], tuple(map(str, words)), tuple(pairs))  # type: ignore[arg-type]


def _joined(found: list[str], pair: tuple[str, str]) -> list[str]:
    """The pieces with every neighbouring `pair` made one, from the left."""
    out: list[str] = []
    i = 0
    while i < len(found):
        if i + 1 < len(found) and (found[i], found[i + 1]) == pair:
            out.append(found[i] + found[i + 1])
            i += 2
        else:
            out.append(found[i])
            i += 1
    return out


def _joins(counts: Counter[str], known: set[str], most: int) -> tuple[tuple[str, str], ...]:
    """The most frequent neighbours joined one after the other (Sennrich et al. 2016), equal ones in their order."""
    words = {part: list(part) for part in counts}
    pairs: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], set[str]] = {}

    def note(part: str, sign: int) -> None:
        cut = words[part]
        for pair in pairwise(cut):
            pairs[pair] += sign * counts[part]
            if sign > 0:
                places.setdefault(pair, set()).add(part)

    for part in words:
        note(part, 1)
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(heap)
    made: list[tuple[str, str]] = []
    while len(made) < most and heap:
        count, best = heapq.heappop(heap)
        if -count != pairs[best] or count > -2:  # told again since then, or too rare
            continue
        changed: Counter[tuple[str, str]] = Counter()
        for part in sorted(places.pop(best)):
            changed.update(pairwise(words[part]))
            note(part, -1)
            words[part] = _joined(words[part], best)
            note(part, 1)
            changed.update(pairwise(words[part]))
        for pair in changed:
            heapq.heappush(heap, (-pairs[pair], pair))
        if all(letter in known for letter in best[0] + best[1]):
            made.append(best)
    return tuple(made)
