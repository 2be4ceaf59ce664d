"""Clips as files: animations, video files, frames, and strips of frames as one picture."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from gansmith.data.reader import Pixels
from gansmith.data.video.decode import pyav
from gansmith.errors import InputError

__all__ = [
    "WRITTEN",
    "animation_bytes",
    "as_written",
    "enlarged",
    "side_by_side",
    "strip",
    "write_clip",
    "write_frames",
    "write_picture",
]

WRITTEN = (".gif", ".webp", ".png", ".mp4", ".webm")
"""Endings of files that clips are written to; `.png` is an animated PNG."""

_FORMATS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG"}
_CODECS = {".mp4": ("libx264", "yuv420p", {"crf": "18"}), ".webm": ("libvpx-vp9", "yuv420p", {"crf": "24", "b": "0"})}
_EVEN = 16
"""Video files repeat pixels until a side is at least this long, as encoders ask for."""


def enlarged(clip: Pixels, side: int) -> Pixels:
    """A clip `(T, H, W, C)` whose pixels are repeated a whole number of times, so that its short side nears `side`."""
    times = max(1, side // min(clip.shape[1:3]))
    return clip.repeat(times, 1).repeat(times, 2)


def _pictures(clip: Pixels) -> list[Image.Image]:
    return [Image.fromarray(frame[..., 0] if frame.shape[2] == 1 else frame) for frame in clip]


def animation_bytes(clip: Pixels, milliseconds: float, ending: str = ".webp") -> bytes:
    """An animation that repeats for ever, as bytes of a file.

    WebP and PNG keep every pixel; GIF has 256 colours for all frames, and shows a frame for a multiple of 10 ms.

    Args:
        clip: `(T, H, W, C)` uint8, grey or colour.
        milliseconds: How long a frame is shown.
        ending: `.gif`, `.webp` or `.png`.
    """
    first, *others = _pictures(clip)
    if ending == ".gif":
        first, *others = _one_palette([first, *others])
        milliseconds = max(20, round(milliseconds / 10) * 10)
    more = {".gif": {"disposal": 1, "optimize": False}, ".webp": {"lossless": True, "quality": 60}, ".png": {}}[ending]
    out = io.BytesIO()
    first.save(out, _FORMATS[ending], save_all=True, append_images=others, duration=round(milliseconds), loop=0, **more)
    return out.getvalue()


def _one_palette(frames: list[Image.Image]) -> list[Image.Image]:
    """Frames with the 256 colours that suit all of them, so that nothing flickers; grey stays grey."""
    if frames[0].mode == "L":
        return frames
    width, height = frames[0].size
    sheet = Image.new("RGB", (width, height * len(frames)))
    for place, frame in enumerate(frames):
        sheet.paste(frame, (0, place * height))
    palette = sheet.quantize(256, Image.Quantize.MEDIANCUT)
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]


def write_clip(path: Path, clip: Pixels, milliseconds: float) -> None:
    """Write a clip `(T, H, W, C)` uint8 to a file whose ending says how; see `WRITTEN`.

    Raises:
        InputError: The ending is not known, the extra is missing, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in WRITTEN:
        raise InputError(f"{path}: clips are written as {' '.join(WRITTEN)}, not {ending or 'a file without ending'}")
    try:
        if ending in _FORMATS:
            path.write_bytes(animation_bytes(clip, milliseconds, ending))
        else:
            _write_film(path, clip, milliseconds)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def as_written(clip: Pixels) -> Pixels:
    """A clip as a video file has it: in colour, sides even and of 16 pixels or more by repeating pixels and edges."""
    colour = np.repeat(clip, 3, axis=3) if clip.shape[3] == 1 else clip
    times = -(-_EVEN // min(clip.shape[1:3]))
    large = colour.repeat(times, 1).repeat(times, 2)
    return np.pad(large, ((0, 0), (0, large.shape[1] % 2), (0, large.shape[2] % 2), (0, 0)), mode="edge")


def _write_film(path: Path, clip: Pixels, milliseconds: float) -> None:
    av = pyav()
    name, pixels, options = _CODECS[path.suffix.lower()]
    shown = as_written(clip)
    with av.open(str(path), "w") as film:
        stream = film.add_stream(name, rate=Fraction(1000 / milliseconds).limit_denominator(1001), options=options)
        stream.height, stream.width, stream.pix_fmt = shown.shape[1], shown.shape[2], pixels
        for frame in shown:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        film.mux(stream.encode())


def write_frames(folder: Path, clip: Pixels) -> None:
    """Write every frame as `0001.png` and so on into a folder, which is made.

    Raises:
        InputError: It cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(_pictures(clip), 1):
            picture.save(folder / f"{number:04d}.png")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from error


def write_picture(path: Path, picture: Pixels) -> None:
    """Write one picture `(H, W, 3)` uint8 as PNG."""
    Image.fromarray(picture).save(path, "PNG")


def side_by_side(clips: Pixels, gap: int = 2) -> Pixels:
    """Clips that play at once, about as many across as down, as one clip `(T, H, W, C)` on white.

    Args:
        clips: `(N, T, H, W, C)` uint8.
        gap: White pixels between clips.
    """
    n, t, height, width, channels = clips.shape
    across = math.ceil(math.sqrt(n * height / width))
    down = -(-n // across)
    sheet = np.full((t, down * (height + gap) + gap, across * (width + gap) + gap, channels), 255, np.uint8)
    for number, clip in enumerate(clips):
        top, left = gap + number // across * (height + gap), gap + number % across * (width + gap)
        sheet[:, top : top + height, left : left + width] = clip
    return sheet


def strip(clips: Pixels, most: int = 16, gap: int = 2) -> Pixels:
    """Frames of clips side by side, a row a clip, as one picture `(H, W, 3)` uint8 on white.

    Args:
        clips: `(N, T, H, W, C)` uint8.
        most: Most frames of a row, taken evenly from the first to the last.
        gap: White pixels between frames.
    """
    taken = np.unique(np.linspace(0, clips.shape[1] - 1, min(most, clips.shape[1])).round().astype(int))
    shown = np.repeat(clips, 3, axis=4) if clips.shape[4] == 1 else clips
    n, height, width = len(shown), *shown.shape[2:4]
    sheet = np.full((n * (height + gap) + gap, len(taken) * (width + gap) + gap, 3), 255, np.uint8)
    for row in range(n):
        for column, frame in enumerate(taken):
            top, left = gap + row * (height + gap), gap + column * (width + gap)
            sheet[top : top + height, left : left + width] = shown[row, frame]
    return sheet
