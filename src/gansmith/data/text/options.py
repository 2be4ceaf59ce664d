"""How texts are read where the file leaves it open."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Literal

from gansmith.data.item_options import ItemOptions
from gansmith.errors import InputError

__all__ = ["Split", "TextOptions", "Unit"]

Unit = Literal["characters", "words", "pieces"]
Split = Literal["lines", "blocks", "files"]


@dataclass(frozen=True)
class TextOptions(ItemOptions):
    """What the user knows better than the reading does.

    Attributes:
        encoding: How the file spells characters, e.g. `cp1252`; None takes UTF-8 (or UTF-16 where the file says so).
        item: What one text is: each of the `lines`, the `blocks` between empty lines, or whole `files`; None takes the
            lines of a file, and the files of a folder.
        column: Column of a `.csv` or `.tsv` file that holds the texts.
        label: Column that holds their classes; None for none.
        unit: What a token is: `characters`, `words`, or `pieces` of words; None lets the texts decide.
        longest: Most tokens of a text; longer ones are cut. None takes what holds 99 of 100 texts, at most 256
            characters or 64 words or pieces.
        vocabulary: Most different words or pieces. The default of 2,000 keeps networks small; rarer words are spelt by
            pieces with `unit=pieces`; with words they are read as unknown and never written.
    """

    encoding: str | None = None
    item: Split | None = None
    column: str | None = None
    label: str | None = None
    unit: Unit | None = None
    longest: int | None = None
    vocabulary: int = 2_000

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            InputError: With every problem.
        """
        problems = []
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                problems.append(f"encoding={self.encoding!r} is not known: give a name such as utf-8 or cp1252")
        if self.longest is not None and not 2 <= self.longest <= 4096:
            problems.append(f"longest={self.longest} is out of range: 2 to 4096 tokens")
        if not 8 <= self.vocabulary <= 100_000:
            problems.append(f"vocabulary={self.vocabulary} is out of range: 8 to 100,000")
        if problems:
            raise InputError(*problems)
