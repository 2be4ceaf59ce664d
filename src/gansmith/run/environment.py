"""Whether this machine and installation are fit to train: what is there, and what would make it faster."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path

import torch

from gansmith import __version__
from gansmith.health import Level
from gansmith.run.hardware import cores, precision_on

__all__ = ["Check", "environment", "extras"]

GIB = 2**30
LITTLE_DISK, LITTLE_MEMORY = 2.0, 2.0
"""GiB below which a run may not fit."""


@dataclass(frozen=True)
class Check:
    """One thing about the machine.

    Attributes:
        name: What was looked at.
        level: `sick` where training can't work, `watch` where it suffers.
        text: What was found.
        mend: What to do; empty where nothing is to be done.
    """

    name: str
    level: Level
    text: str
    mend: str = ""

    def to_json(self) -> dict[str, str]:
        """As a dictionary."""
        return asdict(self)


def environment(folder: Path) -> list[Check]:
    """Look at everything that training depends on.

    Args:
        folder: Where runs would be written.
    """
    return [_versions(), _threads(), _device(), _memory(), _disk(folder), *_extras()]


def _versions() -> Check:
    system = f"{platform.system()} {platform.machine()}"
    text = f"gansmith {__version__}, torch {torch.__version__}, Python {platform.python_version()}, {system}"
    return Check("versions", "well", text)


def _threads() -> Check:
    text = f"{cores()} of {os.cpu_count()} cores may be used"
    policy = os.environ.get("OMP_WAIT_POLICY", "not set")
    if policy.upper() != "PASSIVE" and cores() > 1:
        mend = "set OMP_WAIT_POLICY=PASSIVE before Python starts: waiting threads then leave the cores to others"
        return Check("cores", "watch", f"{text}; OMP_WAIT_POLICY is {policy}", mend)
    return Check("cores", "well", text)


def _device() -> Check:
    if torch.cuda.is_available():
        names = ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
        return Check("device", "well", f"CUDA: {names}")
    if torch.backends.mps.is_available():
        return Check("device", "well", "Apple GPU (MPS)")
    images, rows = precision_on("cpu"), precision_on("cpu", kind="table")
    means = images if images == rows else f"{images} for images, video, sounds and for making rows, {rows} for all else"
    return Check("device", "well", f"CPU; --precision auto means {means}")


def _memory() -> Check:
    info = Path("/proc/meminfo")
    found = re.search(r"MemAvailable:\s+(\d+) kB", info.read_text()) if info.is_file() else None
    if found is None:
        return Check("memory", "well", "how much is free is not known on this system")
    free = int(found[1]) * 1024 / GIB
    if free < LITTLE_MEMORY:
        mend = "use --micro 8 or a smaller batch, and images of fewer pixels (--image-size)"
        return Check("memory", "watch", f"{free:.1f} GiB are free", mend)
    return Check("memory", "well", f"{free:.1f} GiB are free")


def _disk(folder: Path) -> Check:
    there = next(p for p in (folder.resolve(), *folder.resolve().parents) if p.exists())
    if not os.access(there, os.W_OK):
        return Check("disk", "sick", f"{there} can't be written", "choose another folder with --out")
    free = shutil.disk_usage(there).free / GIB
    if free < LITTLE_DISK:
        return Check("disk", "watch", f"{free:.1f} GiB are free in {there}", "make room, or choose another --out")
    return Check("disk", "well", f"{free:.1f} GiB are free in {there}")


def _extras() -> Iterator[Check]:
    for extra, packages in extras().items():
        missing = [name for name in packages if not _installed(name)]
        mend = f'pip install "gansmith[{extra}]"' if missing else ""
        yield Check(f"extra {extra}", "well", f"not installed: {', '.join(missing)}" if missing else "installed", mend)


def extras() -> dict[str, list[str]]:
    """Packages of each extra that users may want, as the installed package declares them."""
    found: dict[str, list[str]] = {}
    for line in requires("gansmith") or ():
        match = re.match(r"([A-Za-z0-9._-]+).*extra == ['\"]([a-z]+)['\"]", line)
        if match and match[2] not in ("all", "dev", "docs") and match[1] != "gansmith":
            found.setdefault(match[2], []).append(match[1])
    return found


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
