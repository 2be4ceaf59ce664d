"""Picture files through a translator: what a file says beside its pixels is kept, and one bad file stops no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile

from gansmith.apps.places import Done, Tick, files_in, jobs_of, made_files
from gansmith.data.decode import EXTENSIONS, deep_picture, open_picture, read_picture
from gansmith.data.deep import is_deep
from gansmith.data.png import write_png
from gansmith.data.reader import Pixels, ReadOptions, UnreadableError
from gansmith.data.resample import convert_depth
from gansmith.errors import InputError, nearest
from gansmith.run.apply import Making
from gansmith.run.files import replacing
from gansmith.run.translation_model import TranslationModel

__all__ = ["SMALLER", "Photo", "apply_files", "read_photo", "styled_by", "write_photo"]

ORIENTATION = 0x0112

SMALLER = "give a smaller --tile, or cut it into parts"
"""What mends a picture that is too large for the memory."""


@dataclass(frozen=True)
class Photo:
    """A picture file's content.

    Attributes:
        pixels: `(H, W, C)`, upright.
        icc: Its colour profile, if any.
        exif: What the camera said, without the orientation, which the pixels already have; None if nothing.
        note: What was lost in reading; empty for nothing.
    """

    pixels: Pixels
    icc: bytes | None = None
    exif: bytes | None = None
    note: str = ""


def read_photo(path: Path, options: ReadOptions | None = None) -> Photo:
    """Read a file.

    Raises:
        UnreadableError: It is no picture, damaged, too large, or holds several pictures.
    """
    options = options or ReadOptions()
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    with stream:
        image = open_picture(stream, options)
        count = getattr(image, "n_frames", 1)
        if count > 1:
            raise UnreadableError(f"holds {count} pictures (an animation, or pages): save the one that is meant")
        pixels, note = _pixels(image, path, options)
        icc = image.info.get("icc_profile")
        return Photo(pixels, icc if isinstance(icc, bytes) else None, _exif(image), note)


def _pixels(image: ImageFile.ImageFile, path: Path, options: ReadOptions) -> tuple[Pixels, str]:
    """Upright pixels, with all their bits where that can be had, and what was lost."""
    if not is_deep(image):
        return read_picture(image, options), ""
    with path.open("rb") as stream:
        deep = deep_picture(image, open_picture(stream, options))
    if deep is not None:
        return deep, ""
    with path.open("rb") as stream:
        return read_picture(open_picture(stream, options), options), "read as 8-bit: its 16 bits lie in separate planes"


def _exif(image: Image.Image) -> bytes | None:
    try:
        found = image.getexif()
        found.pop(ORIENTATION, None)
        return found.tobytes().removeprefix(b"Exif\0\0") if found else None
    except Exception:  # damaged EXIF data counts as none
        return None


def write_photo(path: Path, making: Making, like: Photo, tick: Tick | None = None) -> None:
    """Write a PNG at once or not at all, row by row, with what the file that it is made of said beside its pixels.

    A colour profile goes along where it is for so many channels; floats are written in 16 bits.
    """
    space = (like.icc or b"")[16:20]
    fits = space == (b"GRAY" if making.shape[2] < 3 else b"RGB ")
    strips = (convert_depth(s, 16, 0.0, 1.0) if s.dtype == np.float32 else s for s in making.strips(tick))
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("wb") as file:
        write_png(file, making.shape, strips, like.icc if fits else None, like.exif)


def apply_files(
    model: TranslationModel,
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    mask: str | Path | None = None,
    reverse: bool = False,
    tile: int | None = None,
    options: ReadOptions | None = None,
    tick: Tick | None = None,
) -> Iterator[Done]:
    """Apply a model to picture files, one after the other.

    Args:
        model: What translates.
        inputs: Files, and folders of files, which keep their places below `out`.
        out: Folder of the made pictures, PNG files of the same names.
        mask: For models that fill holes: a picture for all, or a folder with one of the same name for each.
        reverse: From the wanted domain back.
        tile: See `TranslationModel.apply`.
        options: Limits on files.
        tick: Told the share that is done.

    Raises:
        InputError: The model can't do that; an input or the mask is not there; there is no picture; or a picture
            would overwrite an input.
    """
    jobs = jobs_of(inputs, out, EXTENSIONS, ".png", "picture")
    model.check(reverse, tile, mask is not None)
    masks = None if mask is None else _Masks(Path(mask).expanduser(), options)

    def made(source: Path, target: Path, report: Tick | None) -> Sequence[str]:
        photo = read_photo(source, options)
        hole = None if masks is None else masks.of(source)
        making = model.begin(photo.pixels, hole, reverse=reverse, tile=tile)
        write_photo(target, making, photo, report)
        return photo.note, making.note

    return made_files([(*job, partial(made, *job)) for job in jobs], SMALLER, tick)


def styled_by(model: TranslationModel, style: str | Path, options: ReadOptions | None = None) -> TranslationModel:
    """The model that makes everything in the style of a picture file; see `TranslationModel.styled`.

    Raises:
        InputError: The file is not there or can't be read, or the model takes no example.
    """
    path = Path(style).expanduser()
    try:
        return model.styled(read_photo(path, options).pixels)
    except UnreadableError as error:
        raise InputError(f"--style {path}: {error}") from error


class _Masks:
    """Masks by the name of what they are for; one file is for all."""

    def __init__(self, path: Path, options: ReadOptions | None) -> None:
        if not path.exists():
            raise InputError(f"--mask {path}: no such file or folder")
        self._path, self._options = path, options
        self._all = None if path.is_dir() else self._read(path)
        self._files = {p.stem: p for p in _pictures(path)} if path.is_dir() else {}

    def of(self, source: Path) -> Pixels:
        """The mask of a picture. Raises `InputError` if there is none."""
        if self._all is not None:
            return self._all
        if source.stem not in self._files:
            raise InputError(f"{self._path} holds no mask called {source.stem!r}{nearest(source.stem, self._files)}")
        return self._read(self._files[source.stem])

    def _read(self, path: Path) -> Pixels:
        try:
            return read_photo(path, self._options).pixels
        except UnreadableError as error:
            raise InputError(f"the mask {path}: {error}") from error


def _pictures(folder: Path) -> list[Path]:
    return files_in(folder, EXTENSIONS)
