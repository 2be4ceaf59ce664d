"""Stopping on Ctrl-C or SIGTERM between two rounds, so that a checkpoint can be saved first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch
import torch.distributed as dist

from gansmith.core import Backend
from gansmith.errors import GansmithError

__all__ = ["Interrupted", "StopFlag", "stop_on_signals"]


class Interrupted(GansmithError):
    """The run was stopped by a signal after saving a checkpoint (exit code 130)."""

    exit_code = 130


class StopFlag:
    """Set by a signal, read between rounds.

    Attributes:
        signals: How many came.
        patient: Whether somebody reads the flag: a signal then waits for the end of the round. Otherwise, and when a
            second one comes, it stops at once.
    """

    def __init__(self) -> None:
        self.signals = 0
        self.patient = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        self.signals += 1
        if self.signals > 1 or not self.patient:
            raise KeyboardInterrupt

    @contextmanager
    def between_rounds(self) -> Iterator[None]:
        """Within the block a signal waits for `agreed`."""
        self.patient = True
        try:
            yield
        finally:
            self.patient = False

    def agreed(self, backend: Backend) -> bool:
        """Whether any process was asked to stop; all of them learn it in the same round."""
        if backend.world == 1:
            return self.signals > 0
        flag = torch.tensor([float(self.signals > 0)], device=backend.device)
        dist.all_reduce(flag)
        return bool(flag > 0)


@contextmanager
def stop_on_signals() -> Iterator[StopFlag]:
    """Handle SIGINT and SIGTERM within the block; outside the main thread nothing is changed."""
    flag = StopFlag()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    kept = {number: signal.signal(number, flag) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
