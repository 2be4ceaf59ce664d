"""How pictures of any size become arrays of one shape: what the user wishes, and what was settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from gansmith.data.reader import Pixels
from gansmith.data.resample import Box, convert_channels, convert_depth, resize
from gansmith.errors import InputError, nearest
from gansmith.types import Json

__all__ = ["Fill", "Fit", "FitOptions", "Mode"]

Mode = Literal["crop", "pad", "stretch"]
Fill = Literal["edge", "black", "white"]

_CHANNELS = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGBA"}
_DEPTHS = {8: "8-bit", 16: "16-bit", 32: "float"}


@dataclass(frozen=True)
class FitOptions:
    """What the user wishes of size, shape and channels; `survey.settle` turns it into a `Fit`.

    Attributes:
        mode: `crop` scales until the picture covers the target and cuts the rest off evenly (nothing is distorted and
            no border is learnt: the default), `pad` scales until it fits and fills the rest, `stretch` distorts.
        size: Height and width, or one number for a square, in pixels; None lets the pictures decide.
        channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; None lets the pictures decide.
        fill: What `pad` fills with: the `edge` pixels drawn out (the default: no hard border to learn), `black` or
            `white`.
    """

    mode: Mode = "crop"
    size: int | tuple[int, int] | None = None
    channels: int | None = None
    fill: Fill = "edge"

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            InputError: With every problem.
        """
        problems = []
        if self.mode not in get_args(Mode):
            problems.append(f"fit={self.mode!r} is not known{nearest(str(self.mode), get_args(Mode))}")
        if self.fill not in get_args(Fill):
            problems.append(f"fill={self.fill!r} is not known{nearest(str(self.fill), get_args(Fill))}")
        if self.channels is not None and self.channels not in _CHANNELS:
            problems.append(f"channels={self.channels} must be 1, 2, 3 or 4")
        pair = self.pair()
        if pair is not None and not all(4 <= s <= 8192 for s in pair):
            shown = "x".join(map(str, pair)) if isinstance(self.size, tuple) else self.size
            problems.append(f"image size {shown} must lie between 4 and 8192 pixels")
        if problems:
            raise InputError(*problems)

    def pair(self) -> tuple[int, int] | None:
        """Height and width wished for, or None."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size


@dataclass(frozen=True)
class Fit:
    """A settled policy: turns any picture into `(height, width, channels)` of one type.

    Attributes:
        height: Rows of every picture.
        width: Columns of every picture.
        channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
        bits: 8 (uint8), 16 (uint16) or 32 (float32).
        mode: As in `FitOptions`.
        fill: As in `FitOptions`.
        float_low: The float that means black, for pictures in floats (whether kept or converted to integers).
        float_high: The float that means white.
    """

    height: int
    width: int
    channels: int
    bits: int = 8
    mode: Mode = "crop"
    fill: Fill = "edge"
    float_low: float = 0.0
    float_high: float = 1.0

    @property
    def low(self) -> float:
        """The value of black: 0 for integers, `float_low` for floats."""
        return self.float_low if self.bits == 32 else 0.0

    @property
    def high(self) -> float:
        """The value of white: 255, 65535, or `float_high`."""
        return {8: 255.0, 16: 65535.0, 32: self.float_high}[self.bits]

    @property
    def value_range(self) -> tuple[float, float]:
        """The pixel values that are black and white."""
        return self.low, self.high

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every picture."""
        return self.height, self.width, self.channels

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[self.bits])

    def apply(self, raw: Pixels) -> Pixels:
        """Turn `(H, W, C)` of any size, 1 to 4 channels, uint8, uint16 or float32, into `shape` and `dtype`."""
        pixels = convert_depth(raw, self.bits, self.float_low, self.float_high)
        pixels = convert_channels(pixels, self.channels, self.low, self.high)
        if pixels.shape[:2] == (self.height, self.width):
            return pixels
        if self.mode == "pad":
            return self._padded(pixels)
        box = _centre(pixels.shape[0], pixels.shape[1], self.height, self.width) if self.mode == "crop" else None
        return resize(pixels, self.height, self.width, box, (self.low, self.high))

    def _padded(self, pixels: Pixels) -> Pixels:
        rows, columns = pixels.shape[:2]
        scale = min(self.height / rows, self.width / columns)
        rows = min(self.height, max(1, round(rows * scale)))
        columns = min(self.width, max(1, round(columns * scale)))
        inner = resize(pixels, rows, columns, value_range=(self.low, self.high))
        top, left = (self.height - rows) // 2, (self.width - columns) // 2
        margins = ((top, self.height - rows - top), (left, self.width - columns - left), (0, 0))
        if self.fill == "edge":
            return np.pad(inner, margins, mode="edge")
        out = np.full(self.shape, self.low if self.fill == "black" else self.high, dtype=self.dtype)
        if self.channels in (2, 4):
            out[..., -1] = self.high
        out[top : top + rows, left : left + columns] = inner
        return out

    def describe(self) -> str:
        """One phrase for people: `centre-cropped to a square, scaled to 64x64 with Lanczos, RGB, 8-bit`."""
        size = f"{self.width}x{self.height}"
        kind = f"{_CHANNELS[self.channels]}, {_DEPTHS[self.bits]}"
        if self.mode == "stretch":
            return f"stretched to {size} with Lanczos, {kind}"
        if self.mode == "pad":
            return f"scaled to fit {size} with Lanczos, the rest filled with {self.fill}, {kind}"
        shape = "a square" if self.width == self.height else f"{self.width}:{self.height}"
        return f"centre-cropped to {shape}, scaled to {size} with Lanczos, {kind}"

    def to_json(self) -> dict[str, Json]:
        """Every attribute by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> Fit:
        """The policy that `to_json` described.

        Raises:
            InputError: Naming every entry that is missing, unknown or of the wrong kind.
        """
        if not isinstance(data, Mapping):
            raise InputError("the description of a fit must be an object")
        problems = _json_problems(data)
        if problems:
            raise InputError(*problems)
        return cls(**{k: float(v) if k.startswith("float_") else v for k, v in data.items()})  # type: ignore[arg-type]


def _json_problems(data: Mapping[str, Json]) -> list[str]:
    whole = {"height": range(1, 65536), "width": range(1, 65536), "channels": range(1, 5), "bits": (8, 16, 32)}
    words = {"mode": get_args(Mode), "fill": get_args(Fill)}
    known = {*whole, *words, "float_low", "float_high"}
    problems = [f"fit: unknown entry {k!r}{nearest(k, known)}" for k in data if k not in known]
    problems += [f"fit: {k} is missing" for k in known if k not in data]
    for name, allowed in {**whole, **words}.items():
        value = data.get(name)
        if name in data and (isinstance(value, bool) or value not in allowed):
            problems.append(f"fit: {name}={value!r} is not possible")
    numbers = [data.get("float_low"), data.get("float_high")]
    if all(isinstance(n, int | float) for n in numbers) and not float(numbers[0]) < float(numbers[1]):  # type: ignore[arg-type]
        problems.append("fit: float_low must be less than float_high")
    problems += [f"fit: {k} must be a number" for k in ("float_low", "float_high") if isinstance(data.get(k), str)]
    return problems


def _centre(rows: int, columns: int, height: int, width: int) -> Box:
    """The largest box of the target's proportions in the middle of a picture."""
    scale = min(rows / height, columns / width)
    tall, wide = height * scale, width * scale
    left, top = (columns - wide) / 2, (rows - tall) / 2
    return left, top, min(left + wide, float(columns)), min(top + tall, float(rows))
