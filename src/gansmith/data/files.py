"""A reader of picture files, in a folder or in a zip archive."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import ImageFile

from gansmith.data.decode import MULTIPAGE, open_picture, page_count, peek_picture, read_picture
from gansmith.data.layout import arrange
from gansmith.data.reader import Labels, Peek, Pixels, ReadOptions, Split, UnreadableError
from gansmith.data.store import FolderStore, Store, ZipStore
from gansmith.errors import InputError

__all__ = ["FileReader", "open_file", "open_folder", "open_zip"]


class FileReader:
    """Pictures that lie in files, with classes and splits out of the folders or out of `labels.csv`.

    Every page of a TIFF is an item, named `file.tif#page1` and so on where there are several; only its header is
    read to count them. A multi-page file that is read page by page is opened once.

    Args:
        store: Where the files lie.
        options: How they are read.
        path: What the user gave, where that is not the store's path.

    Raises:
        InputError: As `layout.arrange` does.
    """

    def __init__(self, store: Store, options: ReadOptions, path: Path | None = None) -> None:
        self.path = path or store.path
        self._store = store
        self._options = options
        self._open: tuple[str, ImageFile.ImageFile] | None = None
        layout = arrange([e.path for e in store.entries], self._text, str(self.path), options)
        self.notes = layout.notes
        self.classes = layout.classes
        pages = [self._pages(file) for file in layout.files]
        self._items = [(f, p) for f, (file, n) in enumerate(zip(layout.files, pages, strict=True)) for p in range(n)]
        self._files = layout.files
        self._splits = layout.splits
        self.names = tuple(_item_name(layout.files[f], p, pages[f]) for f, p in self._items)
        self.labels: Labels | None = None
        if layout.labels is not None:
            self.labels = np.array([layout.labels[f] for f, _ in self._items], dtype=np.int64)
        self.columns = {name: column[[f for f, _ in self._items]] for name, column in layout.columns.items()}
        self.stamp = self._digest()

    def _text(self, path: str) -> str:
        try:
            return self._store.read(path).decode("utf-8-sig")
        except (UnreadableError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path}: {path} is not readable as UTF-8 text ({error})") from error

    def _pages(self, file: str) -> int:
        if PurePosixPath(file).suffix.lower() not in MULTIPAGE:
            return 1
        try:
            return page_count(self._image(file))
        except UnreadableError:  # counts as one item, whose reading then fails with the reason
            return 1

    def _digest(self) -> str:
        known = {e.path: e for e in self._store.entries}
        digest = hashlib.blake2b(digest_size=16)
        digest.update(repr((str(self.path.resolve()), self._options, self.classes)).encode())
        labels = None if self.labels is None else self.labels.tolist()
        digest.update(repr(([known[f] for f in self._files], labels, self._splits, self.names)).encode())
        return digest.hexdigest()

    def _image(self, file: str) -> ImageFile.ImageFile:
        """The opened picture; the last one is kept, for the pages that follow."""
        if self._open is None or self._open[0] != file:
            self._open = None
            self._open = (file, open_picture(io.BytesIO(self._store.read(file)), self._options))
        return self._open[1]

    def __len__(self) -> int:
        """Number of items, readable or not."""
        return len(self._items)

    def split_of(self, index: int) -> Split | None:
        """The split that the item's folder or row of the table gives."""
        return self._splits[self._items[index][0]]

    def peek(self, index: int) -> Peek:
        """Size, channels and type out of the file's header. Raises `UnreadableError`."""
        file, page = self._items[index]
        return peek_picture(self._image(self._files[file]), self._options, page)

    def read(self, index: int) -> Pixels:
        """Decoded pixels `(H, W, C)`. Raises `UnreadableError`."""
        file, page = self._items[index]
        try:
            return read_picture(self._image(self._files[file]), self._options, page)
        except UnreadableError:
            self._open = None
            raise

    def close(self) -> None:
        """Give open files back."""
        self._open = None
        self._store.close()


def _item_name(file: str, page: int, pages: int) -> str:
    return file if pages == 1 else f"{file}#page{page + 1}"


def open_folder(path: Path, options: ReadOptions) -> FileReader:
    """A reader of all pictures beneath a folder. Raises `InputError`."""
    return FileReader(FolderStore(path, options), options)


def open_zip(path: Path, options: ReadOptions) -> FileReader:
    """A reader of all pictures in a zip archive. Raises `InputError`."""
    store = ZipStore(path, options)
    try:
        return FileReader(store, options)
    except BaseException:
        store.close()
        raise


def open_file(path: Path, options: ReadOptions) -> FileReader:
    """A reader of one picture file; of all its pages if it is a TIFF. Raises `InputError`."""
    return FileReader(FolderStore(path.parent, options, only=path.name), options, path)
