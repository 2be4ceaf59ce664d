"""Texts to rows of tokens and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from gansmith.data.item_codec import ItemCodec
from gansmith.data.items import Arrays, Items
from gansmith.data.reader import Labels
from gansmith.data.text.options import TextOptions
from gansmith.data.text.tokens import END, Tokens, choose_unit
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Json, Spec, Token

__all__ = ["TextCodec"]

MOST = {"characters": 256, "words": 64, "pieces": 64}
"""Most tokens of a text unless the user says so."""

WHOLE = 0.99
"""Share of training texts that are not cut."""

FORMAT = 1


@dataclass(frozen=True)
class TextCodec(ItemCodec):
    """Texts as `length` token numbers: 0 from the end on, 1 for what the vocabulary does not have.

    Attributes:
        tokens: The vocabulary.
        length: Tokens of a row; longer texts are cut.
        names: Class names by id; empty without classes.
    """

    tokens: Tokens
    length: int
    names: tuple[str, ...] = ()
    kind: ClassVar[str] = "text"

    @classmethod
    def fit(cls, items: Items, options: TextOptions) -> TextCodec:
        """Vocabulary and length of training texts. Raises `InputError` where they are all of one token."""
        texts: Sequence[str] = items.arrays["text"].tolist()
        unit = options.unit or choose_unit(texts, options.vocabulary)
        tokens = Tokens.fit(texts, unit, options.vocabulary)
        lengths = np.array([len(tokens.cut(text)) for text in texts])
        usual = min(MOST[unit], int(np.quantile(lengths, WHOLE, method="higher")))
        return cls(tokens, options.longest or max(2, usual), items.classes)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names by id."""
        return self.names

    @property
    def spec(self) -> Spec:
        """`tokens` `(length,)`, and `label` where there are classes."""
        words = len(self.tokens.words)
        field = Field((self.length,), "token", tokens=(Token(words),) * self.length)
        return {"tokens": field, **({"label": Field((), "label", names=self.names)} if self.names else {})}

    def encode(self, arrays: Arrays, labels: Labels | None = None) -> Batch:
        """Column `text` `(N,)` of str, and class ids, to token numbers."""
        rows = np.full((len(arrays["text"]), self.length), END, np.int64)
        for row, text in zip(rows, arrays["text"].tolist(), strict=True):
            found = self.tokens.encode(text)[: self.length]
            row[: len(found)] = found
        batch = {"tokens": torch.from_numpy(rows)}
        return batch if labels is None else {**batch, "label": torch.from_numpy(np.asarray(labels, np.int64))}

    def decode(self, batch: Batch) -> tuple[Arrays, Labels | None]:
        """Token numbers to column `text` and class ids."""
        texts = np.empty(len(batch["tokens"]), object)
        texts[:] = [self.tokens.decode(row) for row in batch["tokens"].numpy()]
        return {"text": texts}, batch["label"].numpy() if "label" in batch else None

    def to_json(self) -> dict[str, Json]:
        """For codec.json."""
        return {
            "kind": self.kind,
            "format": FORMAT,
            "tokens": self.tokens.to_json(),
            "length": self.length,
            "classes": list(self.names),
        }

    @classmethod
    def from_json(cls, data: Json) -> TextCodec:
        """What `to_json` wrote. Raises `InputError` if it isn't that."""
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise InputError("codec.json is no codec of texts that this gansmith reads")
        length, names = data.get("length"), data.get("classes")
        if not isinstance(length, int) or length < 2 or not isinstance(names, list):
            raise InputError("codec.json is damaged: its length or classes are none")
        return cls(Tokens.from_json(data.get("tokens")), length, tuple(map(str, names)))

    def describe(self) -> str:
        """`texts of up to 23 words out of 1,998`."""
        return f"texts of up to {self.length} {self.tokens.unit} out of {len(self.tokens.words) - 2:,}"
