"""Tables as aligned text and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Cell", "Table", "number"]

Cell: TypeAlias = "str | float | None"


def number(value: Cell) -> str:
    """A number with about three digits, a whole one with all; text as it is; nothing as a dash."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    digits = 2 if abs(value) < 10 else 1
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.{digits}f}"


@dataclass(frozen=True)
class Table:
    """A table and what it shows.

    Attributes:
        title: What it shows.
        columns: Headings.
        rows: Cells; numbers stay numbers.
        note: What one has to know to read it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {self.title!r} has {len(row)} cells for {len(self.columns)} columns")

    def text(self) -> str:
        """Columns aligned by spaces, numbers to the right."""
        cells = [list(self.columns), *([number(c) for c in row] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        right = self._right()
        lines = [
            "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
            for row in cells
        ]
        return "\n".join([self.title, *lines, *([self.note] if self.note else [])])

    def markdown(self) -> str:
        """The same for a page."""
        marks = ["---:" if right else "---" for right in self._right()]
        rows = [list(self.columns), marks, *([number(c) for c in row] for row in self.rows)]
        lines = ["| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in rows]
        return "\n".join([f"**{self.title}**", "", *lines, *(["", self.note] if self.note else [])])

    def _right(self) -> list[bool]:
        """Columns that hold numbers."""
        columns = [[row[i] for row in self.rows] for i in range(len(self.columns))]
        return [any(isinstance(c, int | float) for c in column) and str not in map(type, column) for column in columns]

    def to_json(self) -> dict[str, Any]:
        """For the result file."""
        rows = [list(row) for row in self.rows]
        return {"title": self.title, "columns": list(self.columns), "rows": rows, "note": self.note}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Table:
        """What `to_json` wrote."""
        return cls(data["title"], data["columns"], data["rows"], data["note"])
