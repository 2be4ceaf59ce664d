"""How clips are read where their source leaves something open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from gansmith.data.fit import Mode
from gansmith.data.item_options import ItemOptions
from gansmith.errors import InputError, nearest

__all__ = ["MOST", "USUAL_FRAMES", "ClipLayout", "VideoOptions"]

USUAL_FRAMES = 16
"""Most frames of a clip where nobody asks for a number: trains in minutes on a CPU."""

MOST = 512
"""Most frames of a clip."""

ClipLayout = Literal["nthwc", "ntchw", "ncthw"]
"""Axes of an array of clips: n clips, t frames, h rows, w columns, c channels."""


@dataclass(frozen=True)
class VideoOptions(ItemOptions):
    """How clips are read.

    Attributes:
        frames: Frames of every clip, 2 to 512. None (the default): what nine tenths of the clips have, at most 16.
        every: Take every so-many-th frame: 2 halves the rate and doubles the time that a clip shows.
        step: Frames taken between the beginnings of two windows of a long clip. None (the default): the length of a
            window, so that windows do not overlap.
        size: Side in pixels, 8 to 256. None (the default): clips of one size keep it up to 64 pixels; otherwise a
            square of the median short side, at most 64.
        fit: `crop` scales a frame until it covers the square and cuts the rest off (the default), `pad` scales until
            it fits and fills up with the edge, `stretch` distorts.
        channels: 1 grey, 3 colour. None (the default): grey where every frame is grey.
        layout: Axes of an array of clips; None finds them.
        max_frames: Most frames that are read of one file. The default of 10,000 is five and a half minutes at 30
            frames a second.
    """

    frames: int | None = None
    every: int = 1
    step: int | None = None
    size: int | None = None
    fit: Mode = "crop"
    channels: int | None = None
    layout: ClipLayout | None = None
    max_frames: int = 10_000

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            InputError: With every problem.
        """
        problems = []
        if self.frames is not None and not 2 <= self.frames <= MOST:
            problems.append(f"frames={self.frames} must lie between 2 and {MOST}")
        for name in ("every", "step", "max_frames"):
            value = getattr(self, name)
            if value is not None and value < 1:
                problems.append(f"{name}={value} must be 1 or more")
        if self.size is not None and not 8 <= self.size <= 256:
            problems.append(f"size={self.size} must lie between 8 and 256 pixels")
        if self.channels not in (None, 1, 3):
            problems.append(f"channels={self.channels} must be 1 (grey) or 3 (colour)")
        for name, known in (("fit", get_args(Mode)), ("layout", get_args(ClipLayout))):
            value = getattr(self, name)
            if value is not None and value not in known:
                problems.append(f"{name}={value!r} is not known{nearest(str(value), known)}")
        if problems:
            raise InputError(*problems)
