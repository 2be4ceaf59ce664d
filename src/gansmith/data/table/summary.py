"""What was found in a table, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gansmith.data.survey import Progress
from gansmith.data.table.open import describe_table, open_table
from gansmith.data.table.options import TableOptions
from gansmith.data.table.profile import TableProfile
from gansmith.data.table.rules import RuleBook, training_rates
from gansmith.data.table.schema import (
    BooleanColumn,
    CategoryColumn,
    Column,
    ConstantColumn,
    IdentifierColumn,
    NumberColumn,
    PersonalColumn,
    Schema,
    TimeColumn,
)
from gansmith.types import Json

__all__ = ["TableSummary", "say_values", "summarise_table"]

_SHOWN = 4
_WIDTH = 44


@dataclass(frozen=True)
class TableSummary:
    """What was found in a table.

    Attributes:
        source: The path, or the type of the frame.
        rows: Number of rows.
        schema: What the columns are.
        missing: Share of the rows without a value, in [0, 1], by column.
        rules: Share of the rows that keep each rule of the schema, in [0, 1], by what it demands.
        warnings: Sentences on what the user should know.
    """

    source: str
    rows: int
    schema: Schema
    missing: dict[str, float]
    rules: dict[str, float]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """The same for machines; the values of a category are all in the schema."""
        return {
            "source": self.source,
            "rows": self.rows,
            "missing": dict(self.missing),
            "schema": self.schema.to_json(),
            "rules": dict(self.rules),
            "warnings": list(self.warnings),
        }


def summarise_table(
    data: Any,
    schema: Schema | str | Path | None = None,
    options: TableOptions | None = None,
    progress: Progress | None = None,
) -> TableSummary:
    """Read a table once and tell what there is; see `open_table` for the arguments and errors.

    Where the schema has rules, the rows are parsed too, to count those that keep each of them.
    """
    seen, settled, warnings = describe_table(data, schema, options, progress)
    rates: dict[str, float] = {}
    if settled.rules:
        table = open_table(data, schema, options, progress=progress)
        rates, told = training_rates(RuleBook.fit(table), table)
        warnings = (*warnings, *told)
    return TableSummary(seen.name, seen.rows, settled, _missing(seen, settled), rates, warnings)


def _missing(seen: TableProfile, schema: Schema) -> dict[str, float]:
    out = {}
    for profile, column in zip(seen.columns, schema.columns, strict=True):
        words = set(column.missing)
        table = profile.distinct
        counts = (
            dict(zip(table["value"].to_pylist(), table["count"].to_pylist(), strict=True)) if words - {None} else {}
        )
        named = sum(counts.get(w, 0) + profile.odd[w] for w in words if w is not None)
        out[profile.name] = round((named + (profile.nulls if None in words else 0)) / seen.rows, 6)
    return out


def say_values(column: Column) -> str:
    """The values or the range of a column in a few words."""
    if isinstance(column, NumberColumn):
        return f"{column.low:,.10g} to {column.high:,.10g}"
    if isinstance(column, TimeColumn):
        return f"{column.low} to {column.high}"
    if isinstance(column, BooleanColumn | CategoryColumn):
        return _some(column.values)
    if isinstance(column, IdentifierColumn):
        pattern = column.pattern
        if pattern.form == "counter":
            return f"new: {pattern.prefix}{str(pattern.start).zfill(pattern.width)} ..."
        return f"new: {pattern.mask or pattern.form}"
    if isinstance(column, PersonalColumn):
        return column.what
    return repr(column.value) if isinstance(column, ConstantColumn) else ""


def _some(values: tuple[str, ...]) -> str:
    """The first values that fit, and how many more there are."""
    shown: list[str] = []
    for value in values[:_SHOWN]:
        if shown and len(", ".join([*shown, value])) > _WIDTH:
            break
        shown.append(value[:_WIDTH])
    more = len(values) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
