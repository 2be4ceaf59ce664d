"""Where and how numbers are computed: device, precision, memory format, micro-batches, processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor, nn

from gansmith.types import Batch

__all__ = ["Backend", "BackendError", "is_batch_coupled"]


class BackendError(ValueError):
    """The backend can't do what is asked of it on this machine or for this game."""


@dataclass(frozen=True)
class Backend:
    """Device, precision and share of the work of this process.

    Attributes:
        device: Where nets and batches live.
        dtype: Type of weights and real numbers.
        bf16: Run nets in bfloat16 autocast, also where a penalty differentiates through a gradient: its rounding is no
            larger there than elsewhere. Weights, optimisers and averages stay in `dtype`.
        channels_last: Keep 4-d weights and batches channels last, which convolutions on CPU and tensor cores prefer.
        micro: Most rows computed at once; None computes the whole batch. Results are those of the whole batch.
        rank: This process, from 0.
        world: Number of processes.
    """

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.float32
    bf16: bool = False
    channels_last: bool = False
    micro: int | None = None
    rank: int = 0
    world: int = 1

    def place(self, net: nn.Module) -> nn.Module:
        """Move a net to the device, type and memory format."""
        net.to(device=self.device, dtype=self.dtype)
        if self.channels_last:
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub lacks the keyword-only form
        return net

    def put(self, batch: Batch) -> dict[str, Tensor]:
        """Move a batch to the device; real numbers to the type; 4-d fields to the memory format."""
        return {name: self._put(value) for name, value in batch.items()}

    def _put(self, value: Tensor) -> Tensor:
        dtype = self.dtype if value.is_floating_point() else value.dtype
        form = torch.channels_last if self.channels_last and value.ndim == 4 else torch.preserve_format
        return value.to(self.device, dtype, non_blocking=True, memory_format=form)

    def precision(self) -> AbstractContextManager[object]:
        """The autocast context that terms are computed in."""
        if not self.bf16:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def pieces(self, rows: int) -> Iterator[slice]:
        """Row ranges of the micro-batches of a local batch."""
        step = self.micro or rows
        for start in range(0, rows, step):
            yield slice(start, min(start + step, rows))

    def reduce(self, params: list[nn.Parameter]) -> None:
        """Average gradients over processes by one flat all-reduce after backward.

        A wrapper that reduces from hooks waits for parameters that a lone gradient penalty never touches; a plain
        reduction has no such case. The message has the same size whatever the processes computed: a parameter
        without gradient counts as zero, and stays without where no process has one.
        """
        if self.world == 1:
            return
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in params]
        present = torch.tensor([p.grad is not None for p in params], device=self.device, dtype=self.dtype)
        flat = torch.cat([*(g.reshape(-1) for g in grads), present])
        dist.all_reduce(flat)
        *parts, count = torch.split(flat / self.world, [*(p.numel() for p in params), len(params)])
        for p, g, part, some in zip(params, grads, parts, count.tolist(), strict=True):
            p.grad = g.copy_(part.view(g.shape)) if some else None

    def mean(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Average named scalars over processes."""
        if self.world == 1 or not values:
            return dict(values)
        stacked = torch.stack([v.detach().float() for v in values.values()])
        dist.all_reduce(stacked)
        return dict(zip(values, stacked / self.world, strict=True))

    def agree_on(self, buffers: Iterable[Tensor]) -> None:
        """Make buffers the same in every process: the mean of real numbers, process 0's of others."""
        if self.world > 1:
            with torch.no_grad():
                for b in buffers:
                    _exchange(b, self.world if b.is_floating_point() else None)

    def start_alike(self, nets: Iterable[nn.Module]) -> None:
        """Give every process the weights and buffers of process 0."""
        if self.world > 1:
            with torch.no_grad():
                for net in nets:
                    for tensor in (*net.parameters(), *net.buffers()):
                        _exchange(tensor, None)


def _exchange(tensor: Tensor, world: int | None) -> None:
    """Overwrite a tensor by its mean over `world` processes, or by process 0's."""
    flat = tensor.detach().clone(memory_format=torch.contiguous_format)
    if world is None:
        dist.broadcast(flat, 0)
    else:
        dist.all_reduce(flat)
        flat /= world
    tensor.copy_(flat)


def is_batch_coupled(net: nn.Module) -> bool:
    """Whether a net normalises over the batch, so that one sample's output depends on the others."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())
