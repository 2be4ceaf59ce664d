"""Parts of networks that bfloat16 does not reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

__all__ = ["in_full"]

Net = TypeVar("Net", bound=nn.Module)
More = ParamSpec("More")
Out = TypeVar("Out")


def in_full(method: Callable[Concatenate[Net, Tensor, More], Out]) -> Callable[Concatenate[Net, Tensor, More], Out]:
    """A network's method, computed in float32 (or what is finer) inside bfloat16 autocast too.

    For heads, since losses compare scores: a score of 20 has steps of 1/8 in bfloat16, so that real and made images
    tie. And for what has no quick kernel in bfloat16, such as the gradient of depthwise convolutions on a CPU.
    """

    @wraps(method)
    def exact(self: Net, x: Tensor, /, *more: More.args, **named: More.kwargs) -> Out:
        with torch.autocast(x.device.type, enabled=False):
            return method(self, x.to(torch.promote_types(x.dtype, torch.float32)), *more, **named)

    return exact
