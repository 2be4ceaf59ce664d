"""Any path to the reader that understands it."""

from __future__ import annotations

from pathlib import Path

from gansmith.data.arrays import open_npy, open_npz
from gansmith.data.decode import EXTENSIONS
from gansmith.data.files import open_file, open_folder, open_zip
from gansmith.data.reader import COLUMNS, Reader, ReadOptions
from gansmith.data.table_files import TABLE_ENDINGS, is_table_folder
from gansmith.data.tables import open_tables
from gansmith.errors import InputError, nearest

__all__ = ["open_reader"]

_MAGIC = {b"PK\x03\x04": ".zip", b"PK\x05\x06": ".zip", b"PAR1": ".parquet", b"ARROW1": ".arrow", b"\x93NUMPY": ".npy"}


def open_reader(path: str | Path, options: ReadOptions | None = None) -> Reader:
    """Open a source of pictures, whatever it is stored in.

    Known are: a folder or a `.zip` archive of PNG, JPEG, WebP, TIFF, BMP, GIF and PNM files (see `layout.arrange`
    for classes, labels and splits), one such file, `.npz` and `.npy` arrays, `.parquet` and Arrow files, folders of
    them, and data sets saved to the disk by the `datasets` library.

    Args:
        path: The file or folder.
        options: How to read it; None for the defaults.

    Raises:
        InputError: If there is nothing, nothing readable, the format is not known, or an option can't act on it.
    """
    path = Path(path).expanduser()
    options = options or ReadOptions()
    if not path.exists():
        raise InputError(f"{path}: no such file or folder{_neighbour(path)}")
    if path.is_dir():
        return _tables(path, options) if is_table_folder(path) else open_folder(path, options)
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is empty")
    kind = _kind(path)
    if kind == ".zip":
        return open_zip(path, options)
    if kind == ".npz":
        options.only(("layout", *COLUMNS), str(path))
        return open_npz(path, options)
    if kind == ".npy":
        options.only(("layout",), str(path))
        return open_npy(path, options)
    if kind in TABLE_ENDINGS:
        return _tables(path, options)
    if kind in EXTENSIONS:
        return open_file(path, options)
    known = " ".join(sorted({".zip", ".npz", ".npy", *TABLE_ENDINGS, *EXTENSIONS}))
    raise InputError(f"{path}: unknown format {kind or '(no ending)'}: give a folder of pictures or one of {known}")


def _tables(path: Path, options: ReadOptions) -> Reader:
    options.only(("image_column", "label_column", *COLUMNS), str(path))
    return open_tables(path, options)


def _kind(path: Path) -> str:
    """The ending of the name where it is known, else what the first bytes say."""
    ending = path.suffix.lower()
    if ending in (".zip", ".npz", ".npy", *TABLE_ENDINGS) or ending in EXTENSIONS:
        return ending
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), ending)


def _neighbour(path: Path) -> str:
    """A hint at a file of a similar name in the same folder."""
    if not path.parent.is_dir():
        return ""
    hint = nearest(path.name, [p.name for p in path.parent.iterdir() if not p.name.startswith(".")])
    return hint if "did you mean" in hint else ""
