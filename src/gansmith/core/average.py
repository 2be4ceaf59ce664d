"""Exponential moving averages of weights."""

from __future__ import annotations

import torch

from gansmith.core.schedules import at
from gansmith.core.state import State

__all__ = ["average"]


@torch.no_grad()
def average(state: State, seen: int) -> None:
    """Move every averaged net towards the played one by the samples seen in this round; buffers are copied."""
    for name, ema in state.game.ema.items():
        mean, net = state.ema[name], state.game.nets[name]
        half_life = max(at(ema.half_life, state.clock), 1e-8)
        torch._foreach_lerp_(
            tuple(state.ema_params[name]), tuple(state.net_params[name]), 1 - 0.5 ** (seen / half_life)
        )
        for a, b in zip(mean.buffers(), net.buffers(), strict=True):
            a.copy_(b)
