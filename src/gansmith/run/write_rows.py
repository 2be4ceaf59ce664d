"""Writing made rows: CSV, TSV, Parquet or Feather, a block at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.rule_keeper import RuleReport
from gansmith.errors import InputError
from gansmith.run.files import replacing
from gansmith.run.table_model import TableModel
from gansmith.run.table_where import Where

__all__ = ["KINDS", "write_rows", "writer_of"]

KINDS = (".csv", ".tsv", ".parquet", ".feather", ".arrow")


def write_rows(
    model: TableModel,
    n: int,
    out: str | Path,
    where: Where | None = None,
    seed: int = 0,
    tick: Callable[[float], None] = lambda share: None,
    told: Callable[[RuleReport], None] = lambda report: None,
) -> Path:
    """Make rows into a file; memory does not grow with `n`.

    Text files spell every value as the source does; the others have the types of the source's columns.

    Args:
        model: What makes them.
        n: How many.
        out: A .csv, .tsv, .parquet, .feather or .arrow file.
        where: As in `TableModel.sample`.
        seed: Row i depends on it and i alone.
        tick: Told the share that is done.
        told: Told at the end how the rows came to keep the table's rules, where it has any.

    Raises:
        InputError: `out` can't be written, or no row can be as asked for.
    """
    path = Path(out)
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise InputError(f"--out {path}: give a file that ends in {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    if path.is_dir():
        raise InputError(f"--out {path} is a folder; choose another name")
    parts = model.stream(n, where, seed, typed=kind not in KINDS[:2], told=told)
    with replacing(path) as temporary:
        _write(parts, temporary, kind, n, tick)
    return path


def _write(parts: Iterator[Any], path: Path, kind: str, n: int, tick: Callable[[float], None]) -> None:
    writer, done = None, 0
    try:
        for part in parts:
            if writer is None:
                writer = writer_of(path, kind, part.schema)
            writer.write_table(part)
            done += part.num_rows
            tick(done / n)
    finally:
        if writer is not None:
            writer.close()


def writer_of(path: Path, kind: str, schema: Any) -> Any:
    """What appends pyarrow tables of a schema to a file of one of `KINDS`; of text files every column is text."""
    if kind == ".parquet":
        from pyarrow import parquet

        return parquet.ParquetWriter(path, schema)
    if kind in KINDS[:2]:
        return _TextWriter(path, "\t" if kind == ".tsv" else ",", schema.names)
    return arrow().ipc.new_file(str(path), schema)


class _TextWriter:
    """Columns of text as lines; a value is quoted where it holds a delimiter, a quote or the end of a line."""

    def __init__(self, path: Path, delimiter: str, names: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._delimiter = delimiter
        self.write_table(arrow().table({str(i): [name] for i, name in enumerate(names)}))

    def write_table(self, table: Any) -> None:
        """Append rows."""
        columns = [self._quoted(column.combine_chunks()) for column in table.columns]
        lines = arrow_compute().binary_join_element_wise(*columns, self._delimiter)
        self._file.write("\n".join(lines.to_pylist()) + "\n")

    def _quoted(self, text: Any) -> Any:
        pc = arrow_compute()
        text = pc.fill_null(text, "")
        needs = pc.match_substring_regex(text, f'["\r\n{self._delimiter}]')
        doubled = pc.replace_substring(text, '"', '""')
        return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), text)

    def close(self) -> None:
        """Nothing more will come."""
        self._file.close()
