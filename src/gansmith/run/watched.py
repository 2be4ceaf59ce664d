"""A source under watch: how long the game waits for it, and whether its numbers are numbers."""

from __future__ import annotations

import time

import torch

from gansmith.core import NotFinite, Source
from gansmith.types import Batch, Json

__all__ = ["Watched"]


class Watched:
    """Passes a source on.

    Args:
        source: Gives batches; its `close` is called where it has one.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._waited, self._since = 0.0, time.perf_counter()

    def __next__(self) -> Batch:
        """The next batch.

        Raises:
            NotFinite: A real number in it is infinite or none.
        """
        before = time.perf_counter()
        batch = next(self.source)
        self._waited += time.perf_counter() - before
        for name, value in batch.items():
            if value.is_floating_point() and not bool(torch.isfinite(value).all()):
                row = int((~torch.isfinite(value)).reshape(len(value), -1).any(1).nonzero()[0])
                raise NotFinite(f"the field {name} of row {row} of a batch", by="data")
        return batch

    def waiting(self) -> float:
        """Share of the time since the last call that the game waited for batches, in [0, 1]."""
        now = time.perf_counter()
        share = self._waited / max(now - self._since, 1e-9)
        self._waited, self._since = 0.0, now
        return share

    def state_dict(self) -> dict[str, Json]:
        """That of the source."""
        return self.source.state_dict()

    def load_state_dict(self, state: dict[str, Json]) -> None:
        """Go on from there."""
        self.source.load_state_dict(state)

    def close(self) -> None:
        """Close the source."""
        getattr(self.source, "close", lambda: None)()
