"""Whether a path holds a table of values rather than pictures."""

from __future__ import annotations

from pathlib import Path

from gansmith.data.layout import LABEL_FILE, is_picture
from gansmith.data.table.source import ARROW_ENDINGS, SHEET_ENDINGS, TEXT_ENDINGS, ending
from gansmith.data.table_files import open_table
from gansmith.errors import InputError

__all__ = ["is_table"]


def is_table(path: str | Path) -> bool:
    """Whether a path is a file with a table of values; False for what holds pictures, and for nothing.

    A Parquet or Arrow file with a column of bytes holds pictures.

    Raises:
        InputError: For the `labels.csv` of pictures that lie beside it, which is only read with them.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        return False
    kind = ending(path)
    if kind in TEXT_ENDINGS:
        if path.name == LABEL_FILE and _pictures_beside(path):
            raise InputError(f"{path}: says the classes of the pictures beside it: give the folder {path.parent}")
        return True
    if kind in ARROW_ENDINGS:
        try:
            return "image" not in open_table(path).kinds.values()
        except InputError:  # told by whoever reads it
            return kind not in (".parquet", ".arrow")
    return kind in SHEET_ENDINGS


def _pictures_beside(path: Path) -> bool:
    return any(is_picture(p.name) for pattern in ("*", "*/*") for p in path.parent.glob(pattern))
