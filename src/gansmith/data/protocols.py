"""What the rest of the toolkit asks of a codec: from raw data to tensors and back."""

from __future__ import annotations

from typing import Any, Protocol, Self, runtime_checkable

from gansmith.types import Batch, Json, Spec

__all__ = ["Codec"]


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
