"""Whether a path holds sounds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath

from gansmith.data.audio.decode import ENDINGS
from gansmith.data.layout import hidden

__all__ = ["sounds_in"]

_LOOKED_AT = 2_000
"""Files of a folder that are looked at."""


def sounds_in(path: str | Path) -> str | None:
    """Why a path is taken for sounds (`1,200 of 1,201 files are .wav`), or None where it isn't.

    A folder is one of sounds if more of its files have the ending of a sound than any other ending that is no table.
    """
    path = Path(path).expanduser()
    if path.is_file():
        return f"a {path.suffix.lower()} file" if path.suffix.lower() in ENDINGS else None
    if not path.is_dir():
        return None
    kinds: Counter[str] = Counter()
    for file in path.rglob("*"):
        relative = file.relative_to(path).as_posix()
        if not hidden(relative) and file.is_file():
            kinds[PurePosixPath(relative).suffix.lower()] += 1
        if kinds.total() >= _LOOKED_AT:
            break
    kinds.pop(".csv", None)
    heard = {kind: count for kind, count in kinds.items() if kind in ENDINGS}
    others = [count for kind, count in kinds.items() if kind not in ENDINGS]
    if not heard or sum(heard.values()) <= max(others, default=0):
        return None
    return f"{sum(heard.values()):,} of {kinds.total():,} files are {' or '.join(sorted(heard))}"
