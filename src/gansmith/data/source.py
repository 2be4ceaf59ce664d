"""Endless batches of pictures that can be resumed to the bit and cut into ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_codec import ImageCodec, Vectors
from gansmith.data.image_set import ImageSet, Pictures
from gansmith.data.order import moves, rows_at
from gansmith.data.reader import Labels, Pixels
from gansmith.data.stream import Stream, gather
from gansmith.errors import InputError
from gansmith.types import Batch

__all__ = ["ImageSource"]


@dataclass(frozen=True)
class _Maker:
    """Makes any batch of the stream; holds no state, so that a thread may share it."""

    images: Pictures
    labels: Labels | None
    codec: ImageCodec
    batch: int
    rank: int
    world: int
    flip: bool
    shift: int
    vectors: Vectors

    def make(self, seed: int, served: int) -> Batch:
        """This rank's part of the global batch that starts at place `served` of the stream."""
        length = self.batch // self.world
        start = served + self.rank * length
        rows = rows_at(seed, start, length, len(self.images))
        pixels = gather(self.images, rows)
        if self.flip or self.shift:
            pixels = _moved(pixels, self.shift, *moves(seed, start, length, self.flip, self.shift))
        vectors = {name: values[rows] for name, values in self.vectors.items()}
        return self.codec.encode(pixels, None if self.labels is None else self.labels[rows], vectors)


class ImageSource(Stream):
    """Endless batches of pictures as tensors.

    The order of each epoch is a permutation made from the seed and the epoch's number; batches run across the ends
    of epochs, so no picture is dropped. A global batch is cut into `world` equal parts, one for each rank. Flips and
    shifts depend on the seed and the place in the stream, so joined ranks equal one process.

    Args:
        images: `(N, H, W, C)` pictures of the codec's shape and type.
        labels: Class ids `(N,)`, or None.
        codec: Turns pixels into tensors.
        batch: Samples of the global batch, over all ranks.
        seed: Any whole number; decides order, flips and shifts.
        rank: Number of this process.
        world: Number of processes; must divide `batch`.
        flip: Mirror half of the pictures left to right. Off by default: letters and digits must not be mirrored.
        shift: Most pixels by which a picture is shifted each way, its edge drawn out. 0 (the default) is none.
        prefetch: Batches made ahead in a thread; 0 makes each when asked for. The default of 2 hides decoding from a
            trainer and costs two batches of memory.
        vectors: Attributes and text of the pictures, `(N, width)` each, as the codec's `vectors` gives them.

    Raises:
        InputError: Naming every argument that cannot be meant.
    """

    def __init__(
        self,
        images: Pictures,
        labels: Labels | None,
        codec: ImageCodec,
        *,
        batch: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
        flip: bool = False,
        shift: int = 0,
        prefetch: int = 2,
        vectors: Vectors | None = None,
    ) -> None:
        _check(images, labels, codec, batch, rank, world, shift, prefetch)
        maker = _Maker(images, labels, codec, batch, rank, world, flip, shift, vectors or {})
        super().__init__(maker, len(images), batch, seed, prefetch)

    @classmethod
    def of(cls, images: ImageSet, codec: ImageCodec, *, batch: int, seed: int, **options: int) -> Self:
        """A source over a prepared set, with the options of the class."""
        labels = images.labels if codec.classes else None
        given = {"vectors": codec.vectors(images), **options}
        return cls(images.images, labels, codec, batch=batch, seed=seed, **given)  # type: ignore[arg-type]


def _check(
    images: Pictures,
    labels: Labels | None,
    codec: ImageCodec,
    batch: int,
    rank: int,
    world: int,
    shift: int,
    prefetch: int,
) -> None:
    problems = []
    if len(images) == 0:
        problems.append("there are no pictures to serve")
    if labels is not None and len(labels) != len(images):
        problems.append(f"{len(labels):,} labels for {len(images):,} pictures")
    if codec.classes and labels is None:
        problems.append("labels are missing, though the codec has classes")
    if world < 1 or not 0 <= rank < world:
        problems.append(f"rank={rank} of world={world} cannot be: 0 <= rank < world is needed")
    if batch < 1 or (world > 0 and batch % world):
        problems.append(f"batch={batch} must be a multiple of the {world} processes")
    if not 0 <= shift < max(2, min(images.shape[1:3])):
        problems.append(f"shift={shift} must lie between 0 and the size of a picture")
    if prefetch < 0:
        problems.append(f"prefetch={prefetch} must be 0 or more")
    if problems:
        raise InputError(*problems)


def _moved(
    pixels: Pixels, shift: int, flips: NDArray[np.bool_], down: NDArray[np.int64], right: NDArray[np.int64]
) -> Pixels:
    """Mirror and shift each picture; where it leaves the frame, its edge is drawn out."""
    out = pixels.copy()
    out[flips] = pixels[flips, :, ::-1]
    if shift == 0:
        return out
    height, width = pixels.shape[1:3]
    wide = np.pad(out, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="edge")
    for i, (top, left) in enumerate(zip(shift - down, shift - right, strict=True)):
        out[i] = wide[i, top : top + height, left : left + width]
    return out
