"""What the rest of the toolkit asks of data: a codec (raw to tensors and back) and a source (endless batches)."""

from __future__ import annotations

from typing import Any, Protocol, Self, runtime_checkable

from gansmith.types import Batch, Json, Spec

__all__ = ["Codec", "Source"]


@runtime_checkable
class Codec(Protocol):
    """Raw data to tensors and back: the only place that knows a modality.

    `encode` takes what `decode` returns, so that `codec.encode(*codec.decode(batch))` is the batch again.
    """

    @property
    def spec(self) -> Spec:
        """The fields of an encoded batch by name."""

    def encode(self, *raw: Any, **named: Any) -> Batch:
        """Raw columns of `N` samples to tensors whose leading dimension is `N`."""

    def decode(self, batch: Batch) -> tuple[Any, ...]:
        """Tensors back to raw columns; the inverse of `encode` on the grid of values that raw data can take."""

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs to build the same codec."""

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """The codec that `to_json` described."""


@runtime_checkable
class Source(Protocol):
    """Endless batches of real data that can go on where they stopped, bit for bit."""

    def __next__(self) -> Batch:
        """The next batch; never raises `StopIteration`."""

    def state_dict(self) -> dict[str, Json]:
        """Where the source stands, counting only batches that were handed out."""

    def load_state_dict(self, state: dict[str, Json]) -> None:
        """Go on from where `state` was taken."""
