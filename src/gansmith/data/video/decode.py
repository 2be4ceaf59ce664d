"""One file, or one folder of frames, to its frames one after the other: by Pillow, and by PyAV where it is there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from gansmith.data.decode import open_picture, read_picture
from gansmith.data.reader import Pixels, ReadOptions, UnreadableError
from gansmith.errors import GansmithError, InputError

__all__ = ["ANIMATED", "FILMS", "ClipHead", "frames_of", "head_of", "is_animated", "pyav"]

ANIMATED = frozenset({".gif", ".webp", ".png", ".apng"})
"""Endings (lower case) of pictures that may move: read by Pillow."""

FILMS = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv"})
"""Endings (lower case) of video files: read by PyAV, of the extra `video`."""

USUAL_MILLISECONDS = 100
"""How long a frame is shown where nothing says so."""

LONGEST = 50
"""Most frames that one frame of an animation counts as, however long it is held."""


@dataclass(frozen=True)
class ClipHead:
    """What the beginning of a clip says.

    Attributes:
        height: Rows.
        width: Columns.
        milliseconds: How long a frame is shown.
    """

    height: int
    width: int
    milliseconds: float


def pyav() -> Any:
    """The module `av`.

    Raises:
        InputError: It is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise InputError(
            'MP4, WebM and other video files need the extra video: pip install "gansmith[video]"'
        ) from error
    return av


def is_animated(path: Path) -> bool:
    """Whether a file is a picture of more than one frame; damaged files are not."""
    try:
        with Image.open(path) as image:
            return bool(getattr(image, "is_animated", False))
    except Exception:
        return False


def head_of(source: Path | tuple[Path, ...]) -> ClipHead:
    """Size and rate of a file, or of frames that are files of their own.

    Raises:
        UnreadableError: It is damaged, empty, or no clip.
        InputError: The extra is missing.
    """
    if isinstance(source, tuple):
        height, width = _still(source[0]).shape[:2]
        return ClipHead(height, width, USUAL_MILLISECONDS)
    try:
        if source.suffix.lower() in FILMS:
            with pyav().open(str(source)) as film:
                stream = film.streams.video[0]
                rate = float(stream.average_rate or stream.guessed_rate or 0)
                return ClipHead(stream.height, stream.width, 1000 / rate if rate else USUAL_MILLISECONDS)
        with Image.open(source) as image:
            return ClipHead(image.height, image.width, min(_durations(image)))
    except GansmithError:
        raise
    except Exception as error:  # decoders raise almost anything at hostile bytes
        raise _unreadable(source, error) from error


def frames_of(source: Path | tuple[Path, ...], every: int, most: int) -> Iterator[Pixels]:
    """Every so-many-th of the first `most` frames, `(H, W, 1 to 4)` uint8 each; what hides under clear pixels stays.

    Raises:
        UnreadableError: It is damaged; frames before that have been given.
        InputError: The extra is missing.
    """
    if isinstance(source, tuple):
        for path in source[:most:every]:
            yield _still(path)
        return
    frames = _film(source) if source.suffix.lower() in FILMS else _animation(source)
    try:
        for number, frame in enumerate(frames):
            if number >= most:
                return
            if number % every == 0:
                yield frame() if callable(frame) else frame
    except GansmithError:
        raise
    except Exception as error:
        raise _unreadable(source, error) from error


def _animation(path: Path) -> Iterator[Any]:
    with Image.open(path) as image:
        clear = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA")
        lasting = _durations(image)
        for frame, shown in zip(ImageSequence.Iterator(image), lasting, strict=True):
            for _ in range(min(LONGEST, max(1, round(shown / min(lasting))))):
                yield lambda frame=frame: np.asarray(frame.convert("RGBA" if clear else "RGB"))


def _durations(image: Image.Image) -> list[float]:
    """How long each frame is shown; animations hold a frame that does not change once, and show it for longer."""
    found = []
    for frame in ImageSequence.Iterator(image):
        frame.load()
        found.append(float(frame.info.get("duration") or USUAL_MILLISECONDS))
    image.seek(0)
    return found


def _film(path: Path) -> Iterator[Any]:
    with pyav().open(str(path)) as film:
        film.streams.video[0].thread_type = "AUTO"
        for frame in film.decode(video=0):
            yield lambda frame=frame: frame.to_ndarray(format="rgb24")


def _still(path: Path) -> Pixels:
    options = ReadOptions()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be read: {error.strerror or error}") from error
    try:
        return read_picture(open_picture(io.BytesIO(data), options), options)
    except UnreadableError as error:
        raise UnreadableError(f"frame {path.name}: {'empty file' if not data else error}") from error


def _unreadable(path: Path, error: Exception) -> UnreadableError:
    if isinstance(error, FileNotFoundError) or (path.is_file() and path.stat().st_size == 0):
        return UnreadableError("empty file" if path.is_file() else "no such file")
    if isinstance(error, IndexError):
        return UnreadableError("has no picture track")
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    reason = " ".join(said.split()).replace(str(path), "it") or type(error).__name__
    return UnreadableError(f"cannot be decoded: {reason[:160]}")
