"""What the machine offers: device, cores, and the backend made from it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

import torch

from gansmith.core import Backend
from gansmith.errors import InputError, nearest

__all__ = ["Precision", "backend", "cores", "out_of_memory", "set_threads"]

Precision = Literal["fp32", "bf16"]

MOST_THREADS = 1024


def cores() -> int:
    """Cores that this process may really use: its affinity, bounded by the container's quota."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = Path("/sys/fs/cgroup/cpu.max")
    if quota.is_file():
        limit, _, period = quota.read_text().partition(" ")
        if limit.isdigit() and period.strip().isdigit():
            available = min(available, max(1, round(int(limit) / int(period))))
    return available


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: torch raises plain ones of several kinds."""
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text


def set_threads(threads: int | None) -> int:
    """Set torch's threads (None: one a core, or what `OMP_NUM_THREADS` says) and return the number.

    A change of the number changes the order of sums, and with it the last bits of results; runs record it.
    """
    if threads is None:
        given = os.environ.get("OMP_NUM_THREADS", "")
        threads = int(given) if given.isdigit() and int(given) > 0 else cores()
    if threads < 1:
        raise InputError(f"--threads {threads}: give at least 1")
    if threads > MOST_THREADS:
        raise InputError(f"--threads {threads}: that is too many; this machine has {cores()} cores")
    torch.set_num_threads(threads)
    return threads


def backend(
    device: str = "auto", precision: Precision = "fp32", micro: int | None = None, rank: int = 0, world: int = 1
) -> Backend:
    """The backend for a device: `auto` takes a GPU where there is one.

    Raises:
        InputError: The device is unknown or not there, or can't compute in that precision.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind = device.partition(":")[0]
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if kind not in there or not re.fullmatch(r"[a-z]+(:[0-9]{1,4})?", device):
        raise InputError(f"--device {device!r}{nearest(device, ('auto', *there))}")
    if not there[kind]:
        raise InputError(f"--device {device}: there is no such device here; --device cpu always works")
    index = int(device.partition(":")[2] or 0)
    if kind == "cuda" and index >= torch.cuda.device_count():
        raise InputError(f"--device {device}: the last one here is cuda:{torch.cuda.device_count() - 1}")
    if micro is not None and micro < 1:
        raise InputError(f"--micro {micro}: give at least 1 sample")
    if kind == "cuda":
        _reproducible()
    if kind == "cuda" and world > 1 and ":" not in device:
        device = f"cuda:{int(os.environ.get('LOCAL_RANK', rank))}"
    return Backend(
        device=torch.device(device), bf16=precision == "bf16", channels_last=True, micro=micro, rank=rank, world=world
    )


def _reproducible() -> None:
    """Same seed, same bits on a GPU too: only deterministic algorithms, and no choice among them by timing."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first matrix product is computed
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
