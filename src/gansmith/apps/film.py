"""Writing a row of pictures: a strip, an animation, a folder of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, features

from gansmith.data.grid import grid, write_image
from gansmith.data.reader import Pixels
from gansmith.errors import InputError
from gansmith.run.files import replacing, replacing_folder
from gansmith.run.pictures import save_png
from gansmith.run.write_samples import check_place

__all__ = ["FILMS", "is_film", "write_film"]

FILMS = {".gif": "GIF", ".webp": "WEBP", ".apng": "PNG"}
SIDE = 256
"""Pixels that the shorter side of an animation gets at least, by whole factors."""

ROW = 16
"""Pictures in a row of a strip."""

MOST_FRAMES = 2000
MOST_IN_STRIP = 1000
FASTEST = 50
"""Frames a second: viewers play quicker ones slowly."""

Tick = Callable[[float], None]


def is_film(out: str | Path) -> bool:
    """Whether this name means moving pictures (an animation or a folder of frames) and no strip."""
    return Path(out).suffix.lower() != ".png"


def write_film(
    frames: Iterator[Pixels],
    count: int,
    out: str | Path,
    fps: float = 20.0,
    value_range: tuple[float, float] = (0.0, 1.0),
    tick: Tick = lambda share: None,
) -> Path:
    """Write pictures in their order.

    Args:
        frames: `(height, width, channels)` each.
        count: How many they are.
        out: `.png`: a strip, in rows of 16; `.gif`, `.webp`, `.apng`: an animation that plays again and again; any
            other name: a folder of PNG files in full depth, which any video encoder reads.
        fps: Frames a second of an animation.
        value_range: The floats that are black and white.
        tick: Told the share that is done.

    Raises:
        InputError: `out` can't be written, or there are too many frames for its format.
    """
    path, kind = Path(out), Path(out).suffix.lower()
    check_place(path, (".png", *FILMS), ".png (a strip), .gif, .webp or .apng (an animation), or a folder of frames")
    if not 0 < fps <= FASTEST:
        raise InputError(f"--fps {fps:g}: give more than 0 and at most {FASTEST}")
    most = MOST_IN_STRIP if kind == ".png" else MOST_FRAMES if kind in FILMS else count
    if count > most:
        raise InputError(f"{count:,} pictures are too many for {path.name} (up to {most:,}); give a folder of frames")
    told = _telling(frames, count, tick)
    if kind == ".png":
        save_png(grid(np.stack(list(told)), min(count, ROW), value_range=value_range), path)
    elif kind in FILMS:
        _animation(told, path, FILMS[kind], fps, value_range)
    else:
        with replacing_folder(path) as folder:
            for number, frame in enumerate(told):
                write_image(frame, folder / f"{number:06d}.png", value_range)
    return path


def _telling(frames: Iterator[Pixels], count: int, tick: Tick) -> Iterator[Pixels]:
    for number, frame in enumerate(frames, start=1):
        yield frame
        tick(number / count)


def _animation(frames: Iterator[Pixels], path: Path, kind: str, fps: float, value_range: tuple[float, float]) -> None:
    if kind == "WEBP" and not features.check("webp"):
        raise InputError(f"{path.name}: this Pillow writes no WebP; give a .gif or .apng")
    first, *rest = [_enlarged(frame, value_range) for frame in frames]
    options = {"lossless": True} if kind == "WEBP" else {}
    with replacing(path) as temporary, temporary.open("wb") as file:
        first.save(file, kind, save_all=True, append_images=rest, duration=round(1000 / fps), loop=0, **options)


def _enlarged(frame: Pixels, value_range: tuple[float, float]) -> Image.Image:
    """A frame as 8-bit RGB, or grey where the data is: a palette of 256 then loses nothing."""
    scale = max(1, -(-SIDE // min(frame.shape[:2])))
    shown = grid(frame[None], 1, pad=0, scale=scale, value_range=value_range)
    return shown.convert("L") if frame.shape[2] == 1 else shown
