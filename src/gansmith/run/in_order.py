"""Work on many small networks side by side: a thread for each core, each computing alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

__all__ = ["in_order"]

T = TypeVar("T")
M = TypeVar("M")


def in_order(make: Callable[[T], M], items: Iterable[T]) -> Iterator[M]:
    """What `make` makes of each item, in their order, as many at once as torch has threads.

    Operations on a few thousand rows gain little from several threads; several such computations do. And since each
    computes with one thread, results do not depend on how many there are.

    Args:
        make: Called in a thread; it must not change what others read.
        items: Taken as results are fetched, a few ahead.
    """
    threads = torch.get_num_threads()
    waiting: deque[Future[M]] = deque()
    with ThreadPoolExecutor(threads, "gansmith-rows", initializer=_alone) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(make, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _alone() -> None:
    torch.set_num_threads(1)
