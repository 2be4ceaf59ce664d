"""Writing samples of any kind: the place is checked first, and a folder appears at once or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gansmith.run.kinds._model import KindModel
from gansmith.run.sample import Truncation, Where
from gansmith.run.write_samples import check_place

__all__ = ["write_items"]


def write_items(
    model: KindModel[Any],
    n: int,
    out: str | Path,
    where: Where | None = None,
    seed: int = 0,
    truncation: Truncation = 1.0,
    tick: Callable[[float], None] = lambda share: None,
) -> Path:
    """Draw samples into `out`; memory does not grow with `n`.

    Args:
        model: What draws.
        n: How many.
        out: A file that ends in one of the kind's `places`, or a new folder.
        where: Conditions.
        seed: Sample i depends on it and i alone.
        truncation: As in `KindModel.sample`.
        tick: Told the share that is done.

    Raises:
        InputError: `out` can't be written or is taken, or a number is out of range.
    """
    path, kind = Path(out), model.kind
    check_place(path, kind.places, kind.place)
    kind.write(model, model.stream(n, where, seed, truncation), n, path, tick)
    return path
