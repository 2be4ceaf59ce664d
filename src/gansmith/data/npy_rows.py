"""Rows of one array inside a `.npz` archive or a `.npy` file, read on demand."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gansmith.data.reader import UnreadableError
from gansmith.errors import InputError

__all__ = ["MemberRows", "Rows", "read_header"]


class Rows(Protocol):
    """The first axis of an array, one element at a time."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole array."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""

    def __getitem__(self, index: int, /) -> NDArray[Any]:
        """Element `index` of the first axis."""


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether it is Fortran order, and type, out of the head of a `.npy` stream.

    Raises:
        ValueError: If the stream is no array.
    """
    version = npy.read_magic(stream)
    if version == (1, 0):
        return npy.read_array_header_1_0(stream)
    if version == (2, 0):
        return npy.read_array_header_2_0(stream)
    raise ValueError(f"array format {version[0]}.{version[1]} is not known")


class MemberRows:
    """Rows of an array in a `.npz` archive, unpacked as they are asked for.

    Reading in order costs one pass over the archive and the memory of one row; going back starts again.

    Args:
        archive: The open archive.
        member: Name of the array, without `.npy`.
        path: The archive's path, for messages.

    Raises:
        InputError: If the member is damaged, holds Python objects or is not as long as its header says.
    """

    def __init__(self, archive: zipfile.ZipFile, member: str, path: Path) -> None:
        self._archive = archive
        self._entry = f"{member}.npy"
        self._where = f"{path}: array {member!r}"
        self._stream: IO[bytes] | None = None
        self._at = 0
        self._whole: NDArray[Any] | None = None
        try:
            with archive.open(self._entry) as stream:
                self.shape, self._fortran, self.dtype = read_header(stream)
                self._start = stream.tell()
        except Exception as error:  # a damaged archive raises whatever zlib, zipfile and the header's parser raise
            raise InputError(f"{self._where} is damaged ({error})") from error
        self._check()
        self._row_bytes = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=object))

    def _check(self) -> None:
        if self.dtype.hasobject:
            raise InputError(f"{self._where} holds Python objects, which are never loaded: save it as a numeric array")
        declared = self._archive.getinfo(self._entry).file_size - self._start
        if declared != self.dtype.itemsize * int(np.prod(self.shape, dtype=object)):
            raise InputError(f"{self._where} is damaged: its size is not that of its shape {self.shape}")

    def whole(self) -> NDArray[Any]:
        """The whole array, in memory.

        Raises:
            InputError: If the archive is damaged.
        """
        try:
            with self._archive.open(self._entry) as stream:
                return np.asarray(npy.read_array(stream, allow_pickle=False))
        except Exception as error:
            raise InputError(f"{self._where} is damaged ({error})") from error

    def __getitem__(self, index: int, /) -> NDArray[Any]:
        """Element `index` of the first axis. Raises `UnreadableError` if the archive is damaged."""
        if self._fortran:  # its rows are scattered over the stream
            self._whole = self.whole() if self._whole is None else self._whole
            return np.asarray(self._whole[index])
        size = self._row_bytes
        try:
            data = self._read(self._start + index * size, size)
        except Exception as error:
            self.close()
            raise UnreadableError(f"cannot be unpacked: {str(error)[:160]}") from error
        if len(data) != size:
            raise UnreadableError("the archive ends too early")
        return np.frombuffer(data, dtype=self.dtype).reshape(self.shape[1:])

    def _read(self, offset: int, size: int) -> bytes:
        if self._stream is None or offset < self._at:
            self.close()
            self._stream = self._archive.open(self._entry)
            self._at = 0
        if offset > self._at:
            self._stream.seek(offset)
        data = self._stream.read(size)
        self._at = offset + len(data)
        return data

    def close(self) -> None:
        """Close the stream; the next row opens it again."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
