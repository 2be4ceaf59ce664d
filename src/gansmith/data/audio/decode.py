"""A sound file of any format that is known, decoded."""

from __future__ import annotations

import io
from pathlib import PurePosixPath
from types import ModuleType

import numpy as np

from gansmith.data.audio.riff import Wave, read_wav
from gansmith.data.reader import UnreadableError
from gansmith.errors import InputError

__all__ = ["ENDINGS", "check_readable", "read_sound"]

PACKED = {".flac", ".ogg", ".mp3", ".opus", ".aif", ".aiff"}
"""Endings of what an extra package decodes."""

ENDINGS = PACKED | {".wav"}
"""Endings, in lower case, of files that hold sound."""


def check_readable(names: list[str]) -> None:
    """Raise `InputError` where files among these need a package that is not installed."""
    kinds = sorted({_ending(name) for name in names} & PACKED)
    if kinds and _soundfile() is None:
        shown = ", ".join(kind[1:].upper() for kind in kinds)
        raise InputError(f'reading {shown} needs the extra audio: pip install "gansmith[audio]"')


def read_sound(data: bytes, name: str) -> tuple[Wave, int]:
    """The sound `(channels, samples)` of a file's bytes, full scale at -1 and 1, and its samples a second.

    Args:
        data: The file.
        name: Its name, whose ending says what it is.

    Raises:
        UnreadableError: It is damaged, holds no sound at all, or holds what is no number.
    """
    found = _read_wav(data) if _ending(name) == ".wav" else _read_packed(data)
    sound, rate = found
    if not sound.shape[1]:
        raise UnreadableError("has no samples in it")
    if not np.isfinite(sound).all():
        raise UnreadableError("holds NaN or infinity")
    return sound, rate


def _read_wav(data: bytes) -> tuple[Wave, int]:
    try:
        return read_wav(data)
    except UnreadableError as error:
        if "not known" in str(error) and _soundfile() is not None:
            return _read_packed(data)
        raise


def _read_packed(data: bytes) -> tuple[Wave, int]:
    soundfile = _soundfile()
    assert soundfile is not None  # see check_readable
    try:
        sound, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        raise UnreadableError(f"cannot be decoded: {str(error).splitlines()[0][:160]}") from error
    return np.ascontiguousarray(sound.T), int(rate)


def _soundfile() -> ModuleType | None:
    try:
        import soundfile
    except (ImportError, OSError):  # an OSError where its library does not load
        return None
    found: ModuleType = soundfile
    return found


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
