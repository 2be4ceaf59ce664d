"""How a table is read where the file leaves it open."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from gansmith.errors import InputError

__all__ = ["TableOptions"]


@dataclass(frozen=True)
class TableOptions:
    """What the user knows better than the sniffing does.

    Attributes:
        delimiter: The one character between values of a text file; None finds it.
        encoding: How a text file spells characters, e.g. `"cp1252"`; None finds it.
        header: Whether the first row of a text file or sheet holds the names of columns; None finds it.
        sheet: Name of the sheet of a workbook; None takes the first.
        missing: Further spellings of a missing value, e.g. `("-999", "unknown")`.
    """

    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    sheet: str | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            InputError: With every problem.
        """
        problems = []
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            problems.append(f"delimiter={self.delimiter!r} must be one character, and no quote or line end")
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                problems.append(f"encoding={self.encoding!r} is not known: give a name such as 'utf-8' or 'cp1252'")
        if problems:
            raise InputError(*problems)
