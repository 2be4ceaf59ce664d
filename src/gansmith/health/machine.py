"""Rules on what carries the training: the delivery of data, and memory."""

from __future__ import annotations

from itertools import pairwise

from gansmith.health.diagnosis import Diagnosis, Evidence, Remedy
from gansmith.health.evidence import beyond, percent
from gansmith.health.history import History

__all__ = ["loader_bound", "memory_growth"]

WAITING = 0.5
FEWEST = 5

SWOLLEN, MUCH = 1.3, 300.0
"""Growth of memory after the first fifth of a run, as a factor and in MiB, that both mean a leak."""


def loader_bound(history: History) -> Diagnosis | None:
    """Training waits for data."""
    waiting = history.signal("waiting")
    if len(waiting) < FEWEST:
        return None
    share = waiting.after(0.3).mean
    if share < WAITING:
        return None
    return Diagnosis(
        "loader-bound",
        "watch",
        beyond(share, WAITING, 0.9),
        waiting.since(lambda v: v > WAITING),
        "Training waits for data instead of learning. Nothing is wrong with the game, it is only slow.",
        (Evidence("waiting", share, WAITING, f"{percent(share)} of the time goes into waiting for batches"),),
        (
            Remedy(
                "data", "keep the data on a quicker disk, or in one .npz or .parquet file instead of many small ones"
            ),
            Remedy("setting", "smaller images (--image-size), or fewer changes made to each (augment)"),
        ),
    )


def memory_growth(history: History) -> Diagnosis | None:
    """Memory grows from tenth to tenth of the run, when all of it should be in place."""
    parts = history.signal("memory").tenths[2:]
    if not parts or any(b <= a for a, b in pairwise(parts)):
        return None
    first, last = parts[0], parts[-1]
    if last < SWOLLEN * first or last - first < MUCH:
        return None
    return Diagnosis(
        "memory-growth",
        "watch",
        beyond(last / first, SWOLLEN, 3.0),
        None,
        "The process needs more and more memory. It will be stopped by the system when there is none left.",
        (Evidence("memory", last, SWOLLEN * first, f"it held {first:,.0f} MiB and now holds {last:,.0f} MiB"),),
        (
            Remedy(
                "setting", "in a recipe of your own: keep no tensors from round to round but in nets and optimisers"
            ),
            Remedy("time", "the same command goes on from the last checkpoint, in a new process"),
        ),
    )
