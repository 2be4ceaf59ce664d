"""Models compared, whatever they make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gansmith.data.reader import ReadOptions
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError
from gansmith.run.compare import Match, compare
from gansmith.run.compare_tables import TableMatch, compare_tables
from gansmith.run.log import Listener
from gansmith.run.saved import holds_rows

__all__ = ["match_models"]


def match_models(
    models: Sequence[str | Path],
    data: str | Path | None = None,
    *,
    n: int = 5000,
    seed: int = 0,
    features: str | None = None,
    metrics: Sequence[str] | None = None,
    recipes: Sequence[str] = (),
    strict: bool = False,
    target: str | None = None,
    read: ReadOptions | TableOptions | None = None,
    listener: Listener | None = None,
) -> Match | TableMatch:
    """Compare models of images (see `compare.compare`) or of a table (see `compare_tables.compare_tables`).

    Raises:
        InputError: As these do; some make images and others rows; or something is asked for that can't act on them.
    """
    rows = [path for path in models if holds_rows(path)]
    if rows and len(rows) < len(models):
        other = next(path for path in models if path not in rows)
        raise InputError(f"{rows[0]} makes rows of a table, and {other} does not: they can't be compared")
    if rows:
        if features is not None or strict:
            raise InputError(f"{rows[0]} is a model of a table, and --features and --strict can act on images only")
        given = read if isinstance(read, TableOptions) else None
        return compare_tables(
            models,
            data,
            n=n,
            seed=seed,
            metrics=metrics,
            recipes=recipes,
            target=target,
            read=given,
            listener=listener,
        )
    if target is not None:
        raise InputError("--target is for models of tables")
    return compare(
        models,
        data,
        n=n,
        seed=seed,
        features=features,
        metrics=metrics,
        recipes=recipes,
        strict=strict,
        read=read if isinstance(read, ReadOptions) else None,
        listener=listener,
    )
