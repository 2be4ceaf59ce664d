"""How every recipe whose generator completes rows makes them."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from gansmith.core import Draw
from gansmith.nets.completion import complete
from gansmith.nets.tabular import RowGenerator
from gansmith.types import Batch

__all__ = ["completing"]


def completing(length: int) -> Draw:
    """The net `G` draws rows of so many tokens, also within limits, and says what rows cost."""
    return Draw(
        nats=_nats,
        make=partial(_complete, limits={}),
        noise={"noise": (length + 1,)},
        limited=_complete,
        uniform=True,
    )


def _complete(nets: Any, batch: Batch, limits: Any) -> Batch:
    return {"tokens": complete(nets["G"], batch["noise"], limits, batch.get("known"))}


def _nats(nets: Any, batch: Batch, noise: Batch) -> Tensor:
    generator: RowGenerator = nets["G"]
    share = 1 - sum(generator.given) / generator.length
    return share * generator.nats(batch["tokens"], *generator.following(noise["noise"]))
