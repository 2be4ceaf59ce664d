"""Any table, wherever it lies, as batches of text."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gansmith.data.table.arrow import arrow
from gansmith.data.table.as_text import as_text, stored_type, unsuitable
from gansmith.data.table.options import TableOptions
from gansmith.data.table.text_file import TextFile
from gansmith.data.table.workbook import read_sheet
from gansmith.errors import InputError, nearest

__all__ = ["ARROW_ENDINGS", "SHEET_ENDINGS", "TEXT_ENDINGS", "TableSource", "ending", "open_source"]

TEXT_ENDINGS = (".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz", ".tab.gz")
ARROW_ENDINGS = (".parquet", ".pq", ".feather", ".arrow", ".ipc")
SHEET_ENDINGS = (".xlsx", ".xlsm")

_ROWS = 65_536
_STREAM_MAGIC = b"\xff\xff\xff\xff"


@dataclass(frozen=True)
class TableSource:
    """A table that can be read from its start as often as needed, a batch at a time.

    Attributes:
        name: What it is called in messages: the path, or the type of the frame.
        columns: Names of the columns; all different, none empty.
        stored: Arrow type of each column as it is stored; None for text.
        stamp: A digest of the path, size and time of a file; None where the table is in memory.
        notes: Sentences on how it was read.
        dialect: Delimiter, encoding and header of a text file; empty otherwise.
    """

    name: str
    columns: tuple[str, ...]
    stored: tuple[str | None, ...]
    read: Callable[[], Iterator[Any]]
    places_of: Callable[[Sequence[int]], list[str]] | None = None
    stamp: str | None = None
    notes: tuple[str, ...] = ()
    dialect: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse names of columns that cannot be told apart.

        Raises:
            InputError: With every problem.
        """
        problems = []
        empty = [str(i + 1) for i, name in enumerate(self.columns) if not name]
        if empty:
            problems.append(f"{self.name}: column {', '.join(empty[:5])} has no name: give it one in the first row")
        twice = [repr(name) for name, count in Counter(self.columns).items() if count > 1 and name]
        if twice:
            problems.append(f"{self.name}: more than one column is called {', '.join(twice[:5])}: rename them")
        if len(self.columns) < 2 and not problems:
            problems.append(f"{self.name}: has one column ({self.columns[0]!r}), and a table needs two or more")
        if problems:
            raise InputError(*problems)

    def batches(self) -> Iterator[Any]:
        """Record batches with the columns as text; null where a typed source has no value. Raises `InputError`."""
        names = list(self.columns)
        record = arrow().RecordBatch
        for batch in self.read():
            for start in range(0, batch.num_rows, _ROWS):
                part = batch.slice(start, _ROWS)
                yield record.from_arrays([as_text(c) for c in part.columns], names=names)

    def places(self, rows: Sequence[int]) -> list[str]:
        """Where rows lie, for people: `line 17` of a text file, `row 17` elsewhere; the first row is 0 here."""
        return self.places_of(rows) if self.places_of is not None else [f"row {row + 1:,}" for row in rows]


def ending(path: Path) -> str:
    """The ending of a file's name in lower case, with what `.gz` packs: `.csv.gz`."""
    last = path.suffix.lower()
    return Path(path.stem).suffix.lower() + last if last == ".gz" else last


def open_source(data: Any, options: TableOptions | None = None) -> TableSource:
    """Open a table without reading its rows.

    Args:
        data: A path to a CSV, TSV (both also packed as `.gz`), Parquet, Feather, Arrow or Excel file; a pandas
            DataFrame; or any object with `__arrow_c_stream__`, such as a polars DataFrame or a pyarrow Table.
        options: What the user knows about a text file or workbook.

    Raises:
        InputError: If there is nothing, the format is not known or damaged, columns have no names of their own, or a
            package is missing.
    """
    options = options or TableOptions()
    if not isinstance(data, str | Path):
        return _in_memory(data)
    path = Path(data).expanduser()
    if not path.exists():
        raise InputError(f"{path}: no such file{_neighbour(path)}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder: give one file with a table")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is empty")
    kind = ending(path)
    if kind in ARROW_ENDINGS:
        return _arrow_file(path)
    if kind in SHEET_ENDINGS:
        names, batches, notes = read_sheet(path, options)
        return TableSource(str(path), names, (None,) * len(names), batches, stamp=_stamp(path, options), notes=notes)
    if kind not in TEXT_ENDINGS and kind not in (".txt", ".data", ".dat"):
        known = " ".join((*TEXT_ENDINGS, *ARROW_ENDINGS, *SHEET_ENDINGS))
        raise InputError(f"{path}: unknown kind of table {kind or '(no ending)'}: give one of {known}")
    file = TextFile(path, options)
    d = file.dialect
    return TableSource(
        str(path),
        d.columns,
        (None,) * len(d.columns),
        file.batches,
        file.places,
        _stamp(path, options),
        d.notes,
        (("delimiter", d.delimiter), ("encoding", d.encoding), ("header", "yes" if d.header else "no")),
    )


def _stamp(path: Path, options: TableOptions) -> str:
    status = path.stat()
    key = repr((str(path.resolve()), status.st_size, status.st_mtime_ns, options))
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def _neighbour(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    hint = nearest(path.name, [p.name for p in path.parent.iterdir() if not p.name.startswith(".")])
    return hint if "did you mean" in hint else ""


def _typed(name: str, schema: Any, read: Callable[[], Iterator[Any]], stamp: str | None = None) -> TableSource:
    """A source with Arrow types. Raises `InputError` for columns whose values cannot be one cell each."""
    bad = [f"{f.name!r} ({f.type})" for f in schema if unsuitable(f.type)]
    if bad:
        raise InputError(f"{name}: no table can be made of column {', '.join(bad[:5])}: leave it out")
    return TableSource(name, tuple(schema.names), tuple(stored_type(f.type) for f in schema), read, stamp=stamp)


def _arrow_file(path: Path) -> TableSource:
    pa = arrow()
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head == b"PAR1":
            schema, read = _parquet(path)
        else:
            schema, read = _ipc(path, head)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read as a table ({' '.join(str(error).split())[:160]})") from error
    return _typed(str(path), schema, _guarded(read, str(path)), _stamp(path, TableOptions()))


def _guarded(read: Callable[[], Iterator[Any]], name: str) -> Callable[[], Iterator[Any]]:
    """The same batches; what a damaged file raises becomes one sentence."""

    def batches() -> Iterator[Any]:
        try:
            yield from read()
        except (arrow().ArrowException, OSError) as error:
            raise InputError(f"{name}: is damaged ({' '.join(str(error).split())[:160]})") from error

    return batches


def _parquet(path: Path) -> tuple[Any, Callable[[], Iterator[Any]]]:
    import pyarrow.parquet as pq

    def read() -> Iterator[Any]:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(_ROWS, use_threads=False)

    with pq.ParquetFile(path) as file:
        return file.schema_arrow, read


def _ipc(path: Path, head: bytes) -> tuple[Any, Callable[[], Iterator[Any]]]:
    """Both forms of Arrow files, and Feather, which is one of them."""
    ipc = arrow().ipc

    def stream() -> Iterator[Any]:
        with ipc.open_stream(path) as reader:
            yield from reader

    def file() -> Iterator[Any]:
        with arrow().memory_map(str(path)) as mapped, ipc.open_file(mapped) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    streamed = head == _STREAM_MAGIC
    with ipc.open_stream(path) if streamed else ipc.open_file(path) as reader:
        return reader.schema, stream if streamed else file


def _in_memory(data: Any) -> TableSource:
    pa = arrow()
    name = f"{type(data).__module__.split('.')[0]} {type(data).__name__}"
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        return _frame(data, name)
    if isinstance(data, pa.RecordBatchReader):  # can be read only once
        data = data.read_all()
    if not hasattr(data, "__arrow_c_stream__"):
        raise InputError(f"{name}: is no table: give a path, a DataFrame, or an object with __arrow_c_stream__")
    schema = pa.RecordBatchReader.from_stream(data).schema
    return _typed(name, schema, lambda: iter(pa.RecordBatchReader.from_stream(data)))


def _frame(data: Any, name: str) -> TableSource:
    """A pandas DataFrame; columns of mixed objects are taken as text."""
    pa = arrow()
    columns = [str(c) for c in data.columns]
    if len(set(columns)) < len(columns) or "" in columns:
        return TableSource(name, tuple(columns), (None,) * len(columns), lambda: iter(()))

    def column(part: Any) -> Any:
        try:
            return pa.Array.from_pandas(part)
        except (pa.ArrowException, TypeError, ValueError):
            return pa.Array.from_pandas(part.map(str, na_action="ignore"))

    whole = [column(data.iloc[:, i]) for i in range(len(columns))]
    whole = [pa.chunked_array(c) if isinstance(c, list) else pa.chunked_array([c]) for c in map(_chunks, whole)]
    table = pa.table(whole, names=columns)
    return _typed(name, table.schema, lambda: iter(table.to_batches(_ROWS)))


def _chunks(column: Any) -> Any:
    return column.chunks if hasattr(column, "chunks") else column
