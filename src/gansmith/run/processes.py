"""Several processes started by `torchrun`: who am I, and how do we talk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import torch
import torch.distributed as dist

__all__ = ["Place", "joined"]


PATIENCE = timedelta(hours=6)
"""The others wait this long while process 0 trains the judge, evaluates or writes."""


class Place(NamedTuple):
    """This process among its fellows."""

    rank: int = 0
    world: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            dist.barrier()


@contextmanager
def joined() -> Iterator[Place]:
    """Join the processes that `torchrun` started, if it did; leave at the end what was joined here."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Place()
        return
    mine = not dist.is_initialized()
    if mine:
        # Its default arguments hold whichever group exists when it is first imported (torch's compiler does so, late):
        # that group's threads would outlive `destroy_process_group`, and abort a process at its exit.
        from torch.distributed.nn import functional  # noqa: F401

        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield Place(dist.get_rank(), dist.get_world_size())
    finally:
        if mine:
            dist.destroy_process_group()
