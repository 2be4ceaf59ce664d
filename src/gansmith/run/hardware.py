"""What the machine offers: device, cores, and the backend made from it."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import nn

from gansmith.core import Backend
from gansmith.errors import InputError, nearest

__all__ = [
    "ROWS_MADE",
    "Precision",
    "backend",
    "cores",
    "device_of",
    "memory_free",
    "memory_used",
    "out_of_memory",
    "precision_on",
    "set_threads",
]

Precision = Literal["auto", "fp32", "bf16"]

MOST_THREADS = 1024
CONVOLVED = ("image", "translation", "video", "audio")
"""Kinds of data whose networks are convolutions over many places."""

ROWS_MADE = "rows made"
"""Making rows of a table: a thousand at once, where training sees some hundred."""


def cores() -> int:
    """Cores that this process may really use: its affinity, bounded by the container's quota."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = Path("/sys/fs/cgroup/cpu.max")
    if quota.is_file():
        limit, _, period = quota.read_text().partition(" ")
        if limit.isdigit() and period.strip().isdigit():
            available = min(available, max(1, round(int(limit) / int(period))))
    return available


def memory_used() -> float:
    """Memory that this process holds, in MiB; where the system does not tell, the most it ever held."""
    pages = Path("/proc/self/statm")
    if pages.is_file():
        return round(int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
    return _most_held()


def memory_free() -> int | None:
    """Bytes that may still be taken: what the system has left, bounded by the container; None where nobody tells."""
    if not Path("/proc/meminfo").is_file():
        return None
    found = _told(Path("/proc/meminfo"), "MemAvailable")
    free = [] if found is None else [found]
    limit, used = (Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory.current"))
    if limit.is_file() and used.is_file() and limit.read_text().strip().isdigit():
        free.append(int(limit.read_text()) - int(used.read_text()))
    return max(0, min(free)) if free else None


def _told(file: Path, name: str) -> int | None:
    """Bytes that a file of the system gives under a name; None where it does not."""
    found = re.search(rf"^{name}:\s+(\d+) kB", file.read_text(), re.MULTILINE) if file.is_file() else None
    return int(found[1]) * 1024 if found else None


def _most_held() -> float:
    found = _told(Path("/proc/self/status"), "VmHWM")
    if found is not None:  # what `resource` tells on Linux includes the process that started this one
        return round(found / 2**20, 1)
    try:
        import resource
    except ImportError:  # Windows
        return math.nan
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


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


def precision_on(device: str, precision: Precision = "auto", kind: str = "image") -> Literal["fp32", "bf16"]:
    """What a precision means on a device for a kind of data.

    `auto` takes bfloat16 on a CPU that has matrix units for it (AMX), and for the networks of images, video and sounds
    also on one that only multiplies pairs of them (AVX512-BF16): convolutions gain by that, and so does making rows of
    a table; training small networks of rows and recurrent ones lose. On other CPUs and on GPUs `auto` is float32: there
    bfloat16 was not measured to be as good, or is no faster.

    Args:
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        precision: What was asked for.
        kind: Of the data, as recipes name it; `ROWS_MADE` where rows of a table are not learnt but made.

    Raises:
        InputError: There is no such precision.
    """
    if precision not in get_args(Precision):
        raise InputError(f"--precision {precision!r}{nearest(precision, get_args(Precision))}")
    if precision != "auto":
        return precision
    if _chosen(device).partition(":")[0] != "cpu":
        return "fp32"
    has = torch.cpu.get_capabilities()
    gains = has.get("amx_bf16", False) or (has.get("avx512_bf16", False) and kind in (*CONVOLVED, ROWS_MADE))
    return "bf16" if gains else "fp32"


def _chosen(device: str) -> str:
    """A device by its name; `auto` takes a GPU where there is one."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def backend(
    device: str = "auto", precision: Precision = "auto", micro: int | None = None, rank: int = 0, world: int = 1
) -> Backend:
    """The backend for a device: `auto` takes a GPU where there is one.

    Raises:
        InputError: The device is unknown or not there, or there is no such precision.
    """
    device = _chosen(device)
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
    bf16 = precision_on(device, precision) == "bf16"
    return Backend(device=torch.device(device), bf16=bf16, channels_last=True, micro=micro, rank=rank, world=world)


def device_of(nets: Mapping[str, nn.Module]) -> torch.device:
    """Where nets lie that lie together."""
    return next(p.device for net in nets.values() for p in net.parameters())


def _reproducible() -> None:
    """Same seed, same bits on a GPU too: only deterministic algorithms, and no choice among them by timing."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first matrix product is computed
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
