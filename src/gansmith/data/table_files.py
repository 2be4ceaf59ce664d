"""Parquet and Arrow files: which ones belong to a data set, and their columns. The only user of pyarrow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.layout import SPLIT_NAMES, is_picture
from gansmith.data.reader import Split, natural
from gansmith.errors import InputError

__all__ = ["TABLE_ENDINGS", "Piece", "TableFile", "find_pieces", "is_table_folder", "names_beside", "open_table"]

TABLE_ENDINGS = (".parquet", ".arrow", ".feather", ".ipc")

_SAVED_DICT, _SAVED_STATE = "dataset_dict.json", "state.json"
_SPLIT_NAME = re.compile(r"(train|training|test|validation|valid|val)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """One file of a data set, and the split that its name or folder gives it."""

    path: Path
    split: Split | None


class TableFile:
    """One open Parquet or Arrow file, in chunks of rows.

    Attributes:
        path: The file.
        sizes: Rows of each chunk.
        kinds: What each column can serve as: `"image"`, `"label"` or `"other"`, by name.
        class_names: Class names of label columns that state them, by column.
    """

    def __init__(self, path: Path, schema: Any, sizes: Sequence[int], load: Callable[[int, str], Any]) -> None:
        self.path = path
        self.sizes = tuple(sizes)
        self.kinds = {f.name: _kind(f.type) for f in schema}
        self.types = {f.name: str(f.type) for f in schema}
        self.class_names = _stated_names(schema.metadata or {})
        self._load = load

    def chunk(self, number: int, column: str) -> Any:
        """A column of one chunk as an Arrow array; `chunk(...)[i].as_py()` is a value."""
        return self._load(number, column)

    def values(self, column: str) -> NDArray[Any]:
        """A whole column of labels: whole numbers or text; missing values are None in an object array.

        Raises:
            InputError: If the file is damaged.
        """
        try:
            listed = [v for n in range(len(self.sizes)) for v in self._load(n, column).to_pylist()]
        except Exception as error:  # damaged pages raise whatever the decompressor raises
            raise InputError(f"{self.path}: column {column!r} is damaged ({_line(error)})") from error
        if any(v is None for v in listed):
            return np.array(listed, dtype=object)
        return np.array(listed) if listed else np.empty(0, dtype=np.int64)


def is_table_folder(path: Path) -> bool:
    """Whether a folder is a saved data set, or holds tables and no pictures in its first two levels."""
    if (path / _SAVED_DICT).is_file() or (path / _SAVED_STATE).is_file():
        return True
    found = False
    for pattern in ("*", "*/*"):
        for entry in path.glob(pattern):
            if is_picture(entry.name):
                return False
            found = found or entry.suffix.lower() in TABLE_ENDINGS
    return found


def find_pieces(path: Path) -> tuple[list[Piece], list[str]]:
    """The table files of a data set in order, and sentences on what was left out.

    Args:
        path: A table file, a folder of them, or a folder that the `datasets` library saved.

    Raises:
        InputError: If files are missing, or only some of them are named after a split.
    """
    if path.is_file():
        return [Piece(path, None)], []
    if (path / _SAVED_DICT).is_file():
        return _saved_dict(path)
    if (path / _SAVED_STATE).is_file():
        return _saved(path, None), []
    files = sorted(
        (p for pattern in ("*", "*/*") for p in path.glob(pattern) if p.suffix.lower() in TABLE_ENDINGS),
        key=lambda p: natural(str(p)),
    )
    pieces = [Piece(p, _split_by_name(p, path)) for p in files]
    without = [p.path.name for p in pieces if p.split is None]
    if without and len(without) < len(pieces):
        raise InputError(f"{path}: {without[0]} is not named after a split (train, val, test), but other tables are")
    return pieces, []


def _split_by_name(file: Path, root: Path) -> Split | None:
    match = _SPLIT_NAME.match(file.name)
    if match:
        return SPLIT_NAMES[match[1].lower()]
    return SPLIT_NAMES.get(file.parent.name.lower()) if file.parent != root else None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(data, dict):
        raise InputError(f"{path}: is not a JSON object")
    return data


def _saved_dict(path: Path) -> tuple[list[Piece], list[str]]:
    names = [str(n) for n in _read_json(path / _SAVED_DICT).get("splits", [])]
    known = [n for n in names if n.lower() in SPLIT_NAMES]
    odd = [n for n in names if n not in known]
    if not known:
        raise InputError(f"{path}: holds no split named train, validation or test (found {', '.join(names) or 'none'})")
    pieces = [piece for n in known for piece in _saved(_inside(path, n), SPLIT_NAMES[n.lower()])]
    return pieces, [f"splits left out: {', '.join(odd)} (only train, validation and test are used)"] if odd else []


def _saved(path: Path, split: Split | None) -> list[Piece]:
    state = _read_json(path / _SAVED_STATE)
    if state.get("_indices_files") or state.get("_indices_data_files"):
        raise InputError(f"{path}: was saved with an index mapping: call flatten_indices() on it and save again")
    listed = [f.get("filename") for f in state.get("_data_files") or [] if isinstance(f, dict)]
    files = [_inside(path, name) for name in listed if isinstance(name, str)]
    missing = [str(f) for f in files if not f.is_file()]
    if missing or not files:
        raise InputError(f"{path}: the tables named in state.json are missing: {', '.join(missing) or 'none is named'}")
    return [Piece(f, split) for f in files]


def _inside(folder: Path, name: str) -> Path:
    """A file or folder directly in a folder; names that lead elsewhere are refused."""
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise InputError(f"{folder}: {name!r} leads out of the data set: refused")
    return folder / name


def open_table(path: Path) -> TableFile:
    """Open a Parquet or Arrow file without reading its rows.

    Raises:
        InputError: If pyarrow is missing, or the file is damaged.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise InputError(f'{path}: reading tables needs pyarrow: pip install "gansmith[parquet]"') from error
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head == b"PAR1":
            return _parquet(path, pq.ParquetFile(path))
        return _arrow(path, pa)
    except Exception as error:  # damaged files raise whatever the parser raises
        raise InputError(f"{path}: cannot be read as a table ({_line(error)})") from error


def _line(error: Exception) -> str:
    """The message of an error, in one line of bounded length."""
    return " ".join(str(error).split())[:160]


def _parquet(path: Path, file: Any) -> TableFile:
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    return TableFile(
        path, file.schema_arrow, sizes, lambda n, column: file.read_row_group(n, columns=[column]).column(column)
    )


def _arrow(path: Path, pa: Any) -> TableFile:
    """An Arrow file in either form, mapped: batches are views of the disk."""
    source = pa.memory_map(str(path))
    try:
        reader = pa.ipc.open_file(source)
        batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
    except pa.ArrowInvalid:
        source.seek(0)
        reader = pa.ipc.open_stream(source)
        batches = list(reader)
    return TableFile(path, reader.schema, [b.num_rows for b in batches], lambda n, column: batches[n].column(column))


def _kind(kind: Any) -> str:
    from pyarrow import types

    if types.is_struct(kind):
        inner = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
        return "image" if "bytes" in inner and _is_binary(inner["bytes"]) else "other"
    if _is_binary(kind):
        return "image"
    if types.is_dictionary(kind):
        return _kind(kind.value_type)
    text = types.is_string(kind) or types.is_large_string(kind)
    return "label" if text or types.is_integer(kind) or types.is_boolean(kind) else "other"


def _is_binary(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


def _stated_names(metadata: dict[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """Class names out of the `huggingface` entry of a schema."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return _names_of_features(features)


def _names_of_features(features: Any) -> dict[str, tuple[str, ...]]:
    """Class names of the `ClassLabel` columns of a description of features."""
    if not isinstance(features, dict):
        return {}
    return {
        column: tuple(str(n) for n in feature["names"])
        for column, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list)
    }


def names_beside(path: Path) -> dict[str, tuple[str, ...]]:
    """Class names out of the `dataset_info.json` beside a table, if there is one."""
    info = path.parent / "dataset_info.json"
    return _names_of_features(_read_json(info).get("features")) if info.is_file() else {}
