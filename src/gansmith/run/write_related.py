"""Writing made tables: a folder with a file a table, some families at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gansmith.data.table.source import ending
from gansmith.errors import InputError
from gansmith.run.files import replacing_folder
from gansmith.run.related_model import RelatedModel
from gansmith.run.table_where import Where
from gansmith.run.write_rows import KINDS, writer_of

__all__ = ["write_related"]

OTHERWISE = {".pq": ".parquet", ".ipc": ".arrow", ".tab": ".tsv", ".tsv.gz": ".tsv", ".tab.gz": ".tsv"}
"""Endings of sources that are written under another; text and workbooks that are not named here become .csv."""


def write_related(
    model: RelatedModel,
    n: int,
    out: str | Path,
    where: Where | None = None,
    seed: int = 0,
    tick: Callable[[float], None] = lambda share: None,
) -> Path:
    """Make tables into a folder, each in a file named and formatted as its source; memory does not grow with `n`.

    Args:
        model: What makes them.
        n: Rows of the table that all others belong to.
        out: A folder that is not there yet, or is empty.
        where: What those rows must be, as in `TableModel.sample`.
        seed: Family i depends on it and its number alone.
        tick: Told the share that is done.

    Raises:
        InputError: `out` is in the way, or no row can be as asked for.
    """
    folder = Path(out)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError(f"--out {folder}: several tables need a folder of their own; this is there and not empty")
    if folder.suffix.lower() in KINDS:
        raise InputError(f"--out {folder}: the model makes several tables: give the name of a folder for them")
    kinds = {table.name: _kind(table.file) for table in model.relations.tables}
    text = [name for name, kind in kinds.items() if kind in KINDS[:2]]
    parts = model.stream(n, where, seed, text)
    with replacing_folder(folder) as temporary:
        writers: dict[str, Any] = {}
        done, root = 0, model.relations.root.name
        try:
            for part in parts:
                for name, table in part.items():
                    if name not in writers:
                        writers[name] = writer_of(temporary / f"{name}{kinds[name]}", kinds[name], table.schema)
                    if table.num_rows:
                        writers[name].write_table(table)
                done += part[root].num_rows
                tick(done / n)
        finally:
            for writer in writers.values():
                writer.close()
    return folder


def _kind(file: str) -> str:
    """The ending of the made file of a source."""
    kind = ending(Path(file))
    kind = OTHERWISE.get(kind, kind)
    return kind if kind in KINDS else ".csv"
