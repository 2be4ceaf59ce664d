"""Which column of each of several tables usefulness is judged by."""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.data.related.database import Database
from gansmith.errors import InputError, nearest

__all__ = ["targets_of"]


def targets_of(database: Database, asked: str | None = None) -> Mapping[str, str]:
    """The column that learners predict, by table: the last that is learnt, but where another is asked for.

    Args:
        database: The tables.
        asked: A column, as `orders.amount`, or `amount` alone where one table only has it; None for no wish.

    Raises:
        InputError: No table learns such a column, or several do, with the names that say which.
    """
    columns = {name: [c.name for c in member.table.schema.learnt] for name, member in database.members.items()}
    found = {name: learnt[-1] for name, learnt in columns.items() if learnt}
    if asked is None:
        return found
    known = {f"{name}.{column}": (name, column) for name, learnt in columns.items() for column in learnt}
    meant = [asked] if asked in known else [full for full, (_, column) in known.items() if column == asked]
    if not meant:
        raise InputError(f"--target: no table has a column {asked!r} that is learnt{nearest(asked, _spoken(columns))}")
    if len(meant) > 1:
        raise InputError(f"--target: several tables have a column {asked!r}: say which, {' or '.join(meant)}")
    name, column = known[meant[0]]
    return {**found, name: column}


def _spoken(columns: Mapping[str, list[str]]) -> list[str]:
    """Every column by its own name, and behind its table's."""
    return [spoken for name, learnt in columns.items() for column in learnt for spoken in (column, f"{name}.{column}")]
