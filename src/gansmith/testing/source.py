"""Random data of any fields, resumable: enough to play any game for a few rounds."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.core import mix
from gansmith.types import Field, Json, Spec

__all__ = ["RandomSource"]


class RandomSource:
    """Batches of noise in the shape of a spec; batch i depends on the seed and i alone.

    Args:
        spec: Fields to make.
        batch: Samples a batch.
        seed: Of the noise.
    """

    def __init__(self, spec: Spec, batch: int, seed: int = 0) -> None:
        self.spec, self.batch, self.seed, self.index = spec, batch, seed, 0

    def __next__(self) -> dict[str, Tensor]:
        """The next batch."""
        generator = torch.Generator().manual_seed(mix(self.seed, "random source", self.index))
        self.index += 1
        return {name: self._make(field, generator) for name, field in self.spec.items()}

    def _make(self, field: Field, generator: torch.Generator) -> Tensor:
        if field.kind == "label":
            return torch.randint(len(field.names), (self.batch,), generator=generator)
        if field.kind == "token":
            sizes = torch.tensor([token.size for token in field.tokens])
            return (torch.rand(self.batch, len(sizes), generator=generator) * sizes).long()
        made = torch.rand(self.batch, *field.shape, generator=generator) * 2 - 1
        return (made > 0).float() if field.kind == "mask" else made

    def state_dict(self) -> dict[str, Json]:
        """Where the stream is."""
        return {"index": self.index}

    def load_state_dict(self, state: dict[str, Json]) -> None:
        """Continue from there."""
        index = state["index"]
        assert isinstance(index, int)
        self.index = index
