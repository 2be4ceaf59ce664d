"""WAV files: the chunks of RIFF (Microsoft & IBM 1991), whole numbers of 8 to 32 bits and floats, in and out.

The standard library's module knows neither floats nor the extensible header that 24-bit and many-channel files have.
"""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.data.reader import UnreadableError

__all__ = ["Wave", "read_wav", "wav_bytes"]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN_SIZE = (0, 0xFFFFFFFF)
"""What programs write that can't go back and fill the size in."""

Wave = NDArray[np.float32]
"""Sound `(channels, samples)` with full scale at -1 and 1."""


@dataclass(frozen=True)
class _Format:
    code: int
    channels: int
    rate: int
    bits: int


def read_wav(data: bytes) -> tuple[Wave, int]:
    """The sound of a WAV file and its rate in samples a second.

    Raises:
        UnreadableError: It is no WAV file, is cut short, or holds compressed sound.
    """
    if data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        raise UnreadableError("is no WAV file (it does not begin with RIFF and WAVE)")
    form: _Format | None = None
    for name, size, start in _chunks(data):
        if name == b"fmt ":
            form = _format(data[start : start + size])
        elif name == b"data":
            if form is None:
                break
            return _samples(data, start, size, form), form.rate
    raise UnreadableError(f"has no {'sound' if form else 'format'} in it: the file is damaged or cut short")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, size and start of each chunk."""
    place = 12
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        yield name, size, place + 8
        place += 8 + size + size % 2


def _format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise UnreadableError("has a damaged header")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= 26:
        (code,) = struct.unpack_from("<H", chunk, 24)
    if not 1 <= channels <= 64 or not 0 < rate <= 1_000_000:
        raise UnreadableError(f"has a damaged header ({channels} channels at {rate:,} samples a second)")
    return _Format(code, channels, rate, bits)


def _samples(data: bytes, start: int, size: int, form: _Format) -> Wave:
    known = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}
    if form.bits not in known.get(form.code, ()):
        raise UnreadableError(f"holds sound in a way that is not known here (format {form.code}, {form.bits} bits)")
    there = len(data) - start
    if size in _UNKNOWN_SIZE:
        size = there
    frame = form.channels * form.bits // 8
    if size > there:
        raise UnreadableError(f"is cut short: {there // frame:,} of {size // frame:,} samples are there")
    raw = memoryview(data)[start : start + size - size % frame]
    return np.ascontiguousarray(_numbers(raw, form).reshape(-1, form.channels).T)


def _numbers(raw: memoryview, form: _Format) -> Wave:
    if form.code == _FLOAT:
        floats: Wave = np.frombuffer(raw, f"<f{form.bits // 8}").astype(np.float32)
        return floats
    if form.bits == 8:  # the only one without a sign
        return np.asarray((np.frombuffer(raw, np.uint8) - 128.0) / 128, np.float32)
    if form.bits == 24:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return np.asarray(wide.view("<i4").ravel() / 2.0**31, np.float32)
    return np.asarray(np.frombuffer(raw, f"<i{form.bits // 8}") / 2.0 ** (form.bits - 1), np.float32)


def wav_bytes(sound: NDArray[np.int16], rate: int) -> bytes:
    """A WAV file of 16-bit sound.

    Args:
        sound: `(channels, samples)`.
        rate: Samples a second.
    """
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.ascontiguousarray(sound.T).astype("<i2").tobytes())
    return out.getvalue()
