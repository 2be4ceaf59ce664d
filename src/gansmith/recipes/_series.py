"""What recipes of time series share: numbers and masks as one array that nets make and judge, and how it is drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.types import Batch, Spec

__all__ = ["apart", "hardened", "joined", "joint_shape"]


def joint_shape(spec: Spec) -> tuple[int, int]:
    """Channels, those of the mask among them where values can be missing, and steps."""
    channels, length = spec["signal"].shape
    return channels * (2 if "mask" in spec else 1), length


def joined(signal: Tensor, mask: Tensor | None) -> Tensor:
    """Numbers `(n, channels, length)`, and below them the mask as -1 (missing) and 1, where there is one."""
    return signal if mask is None else torch.cat([signal, mask.to(signal.dtype) * 2 - 1], 1)


def hardened(made: Tensor, masked: bool) -> Tensor:
    """What a net made, `(n, channels, length)`, as real data look: a mask of -1 and 1, and zeros where it is -1.

    Gradients flow as if the mask were the tanh that it is the sign of (straight through; Bengio et al. 2013).
    """
    if not masked:
        return made
    signal, raw = made.chunk(2, 1)
    soft = raw.tanh()
    hard = torch.where(soft > 0, 1.0, -1.0).to(soft.dtype) + (soft - soft.detach())
    return torch.cat([signal * (hard + 1) / 2, hard], 1)


def apart(made: Tensor, masked: bool) -> Batch:
    """The fields of what a net made."""
    if not masked:
        return {"signal": made}
    signal, mask = hardened(made, masked).chunk(2, 1)
    return {"signal": signal, "mask": (mask > 0).to(signal.dtype)}
