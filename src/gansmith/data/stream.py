"""Endless batches of what is served at places of a stream: made ahead in a thread, and resumed to the bit."""

from __future__ import annotations

import weakref
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import Pictures
from gansmith.data.prefetch import Prefetcher
from gansmith.errors import InputError
from gansmith.types import Batch, Json

__all__ = ["Maker", "Stream", "gather"]


class Maker(Protocol):
    """Makes any batch of a stream; holds no state, so that a thread may share it."""

    def make(self, seed: int, served: int) -> Batch:
        """This process's part of the global batch that starts at place `served` of the stream."""


class Stream:
    """Batches that follow each other for ever.

    Args:
        maker: Makes each of them.
        count: Pictures of an epoch.
        batch: Samples of the global batch, over all processes.
        seed: Decides everything random.
        prefetch: Batches made ahead in a thread; 0 makes each when asked for.
    """

    def __init__(self, maker: Maker, count: int, batch: int, seed: int, prefetch: int = 2) -> None:
        self._maker, self._count, self._batch = maker, count, batch
        self._seed, self._depth = seed, prefetch
        self._served = 0
        self._ahead: Prefetcher[Batch] | None = None
        self._ender: weakref.finalize[[], Stream] | None = None
        self._closed = False

    @property
    def served(self) -> int:
        """Samples handed out so far, over all ranks."""
        return self._served

    @property
    def epoch(self) -> float:
        """Passes over the data so far."""
        return self._served / self._count

    def __iter__(self) -> Self:
        """The source itself."""
        return self

    def __next__(self) -> Batch:
        """The next batch of this rank: `batch / world` samples.

        Raises:
            RuntimeError: After `close`.
            Exception: Whatever went wrong while the batch was made, in the thread or here.
        """
        if self._closed:
            raise RuntimeError("the source was closed")
        batch = self._maker.make(self._seed, self._served) if self._depth == 0 else self._prefetcher().get()
        self._served += self._batch
        return batch

    def _prefetcher(self) -> Prefetcher[Batch]:
        if self._ahead is None:
            maker, batch, seed, served = self._maker, self._batch, self._seed, self._served
            self._ahead = Prefetcher(lambda number: maker.make(seed, served + number * batch), self._depth)
            self._ender = weakref.finalize(self, self._ahead.stop)
        return self._ahead

    def state_dict(self) -> dict[str, Json]:
        """Where the source stands: samples handed out, the seed, and the number of pictures (to refuse other data)."""
        return {"served": self._served, "seed": self._seed, "images": self._count}

    def load_state_dict(self, state: dict[str, Json]) -> None:
        """Go on from a state, with its seed; the batches that follow are those that followed there.

        Raises:
            InputError: If the state is damaged, or was taken over another number of pictures.
        """
        served, seed, count = (state.get(k) for k in ("served", "seed", "images"))
        if not (isinstance(served, int) and isinstance(seed, int) and isinstance(count, int)) or served < 0:
            raise InputError("source: the saved state must have whole numbers 'served', 'seed' and 'images'")
        if count != self._count:
            raise InputError(
                f"source: the saved state is over {count:,} pictures, this data has {self._count:,}: "
                "resume with the data of the run, or start a new run from it"
            )
        self._stop()
        self._served, self._seed = served, seed

    def _stop(self) -> None:
        if self._ender is not None:
            self._ender()
        self._ahead = self._ender = None

    def close(self) -> None:
        """End the thread; the source cannot be used afterwards. Happens by itself when the source is collected."""
        self._stop()
        self._closed = True

    def __enter__(self) -> Self:
        """The source itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the source."""
        self.close()


def gather(images: Pictures, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Rows of an array; a mapped file is read in ascending order."""
    if not isinstance(images, np.memmap):
        return np.asarray(images[rows])
    order = np.argsort(rows, kind="stable")
    out = np.empty((len(rows), *images.shape[1:]), dtype=images.dtype)
    out[order] = images[rows[order]]
    return out
