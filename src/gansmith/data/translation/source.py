"""Endless batches of views of one or two domains; both pictures of a pair are seen through one view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import Pictures
from gansmith.data.order import places, rows_at, seeds
from gansmith.data.reader import Pixels
from gansmith.data.stream import Stream, gather
from gansmith.data.translation.codec import TranslationCodec
from gansmith.errors import InputError
from gansmith.types import Batch

__all__ = ["TranslationSource", "views"]

APART = 2**63
"""What is added to the seed of an unpaired source's own order."""

Index = NDArray[np.int64]


@dataclass(frozen=True)
class _Maker:
    images: Pictures
    sources: Pictures | None
    labels: Index | None
    paired: bool
    codec: TranslationCodec
    batch: int
    rank: int
    world: int

    def make(self, seed: int, served: int) -> Batch:
        """This process's part of the global batch that starts at place `served` of the stream."""
        length = self.batch // self.world
        start = served + self.rank * length
        rows = rows_at(seed, start, length, len(self.images))
        images = self._seen(self.images, rows, seed, start, 0)
        sources = None
        if self.sources is not None:
            own = rows if self.paired else rows_at(seed + APART, start, length, len(self.sources))
            sources = self._seen(self.sources, own, seed, start, 0 if self.paired else 1)
        batch = self.codec.encode(images, sources, None if self.labels is None else self.labels[rows])
        return self.codec.with_source(batch, seeds(seed, start, length).tolist())

    def _seen(self, pictures: Pictures, rows: Index, seed: int, start: int, stream: int) -> Pixels:
        height, width = self.codec.image.frame.shape[:2]
        spare = (pictures.shape[1] - height, pictures.shape[2] - width)
        return views(gather(pictures, rows), height, width, *places(seed, start, len(rows), spare, stream))


class TranslationSource(Stream):
    """Endless batches of views of pictures.

    Order and views depend on the seed and the place in the stream alone: joined processes equal one, and a resumed run
    sees what it would have seen. An unpaired source has an order of its own; an epoch is one of the wanted domain.

    Args:
        images: `(N, H, W, C)` of the wanted domain, no smaller than the codec's view.
        sources: `(M, H, W, C)` of what is translated, `M = N` for pairs; None where it is made of the images.
        paired: Whether row i of both belongs together.
        codec: Turns views into tensors.
        batch: Samples of the global batch, over all processes.
        seed: Any whole number; decides order, views and noise.
        rank: Number of this process.
        world: Number of processes; must divide `batch`.
        prefetch: Batches made ahead in a thread; 0 makes each when asked for.
        labels: Of which domain each image is, `(N,)`; needed where the codec knows several.

    Raises:
        InputError: There are no pictures, pairs lack a side, or the batch can't be shared.
    """

    def __init__(
        self,
        images: Pictures,
        sources: Pictures | None,
        paired: bool,
        codec: TranslationCodec,
        *,
        batch: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
        prefetch: int = 2,
        labels: Index | None = None,
    ) -> None:
        if not len(images) or (sources is not None and not len(sources)):
            raise InputError("there are no pictures to train on")
        if paired and (sources is None or len(sources) != len(images)):
            raise InputError(f"{len(images):,} pictures and {0 if sources is None else len(sources):,} are no pairs")
        if batch < 1 or batch % world:
            raise InputError(f"batch={batch} can't be shared by {world} processes: choose a multiple")
        super().__init__(
            _Maker(images, sources, labels, paired, codec, batch, rank, world), len(images), batch, seed, prefetch
        )


def views(pixels: Pixels, height: int, width: int, top: Index, left: Index) -> Pixels:
    """Parts `(n, height, width, c)` of pictures `(n, H, W, c)` that begin at rows `top` and columns `left`."""
    shown = [picture[y : y + height, x : x + width] for picture, y, x in zip(pixels, top, left, strict=True)]
    return np.stack(shown)
