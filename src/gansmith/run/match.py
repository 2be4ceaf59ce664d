"""Models compared, whatever they make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gansmith.data.reader import ReadOptions
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError
from gansmith.run.assess_pictures import JudgedPictures
from gansmith.run.compare import compare
from gansmith.run.compare_pictures import compare_pictures
from gansmith.run.compare_tables import compare_tables
from gansmith.run.load import is_translator
from gansmith.run.log import Listener
from gansmith.run.matched import Matched
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
    second: str | Path | None = None,
    task: str | None = None,
    read: ReadOptions | TableOptions | None = None,
    listener: Listener | None = None,
) -> Matched:
    """Compare models of images, of a table, or from images to images.

    See `compare.compare`, `compare_tables.compare_tables` and `compare_pictures.compare_pictures`.

    Raises:
        InputError: As these do; some make images and others rows; or something is asked for that can't act on them.
    """
    rows = [path for path in models if holds_rows(path)]
    if rows and len(rows) < len(models):
        other = next(path for path in models if path not in rows)
        raise InputError(f"{rows[0]} makes rows of a table, and {other} does not: they can't be compared")
    translators = bool(models) and is_translator(models[0])
    if not translators and (second is not None or task is not None):
        raise InputError("--second and --task are for models from images to images")
    if not rows and target is not None:
        raise InputError("--target is for models of tables")
    shared: dict[str, Any] = {"seed": seed, "metrics": metrics, "recipes": recipes, "listener": listener}
    if rows:
        if features is not None or strict:
            raise InputError(f"{rows[0]} is a model of a table, and --features and --strict can act on images only")
        told = read if isinstance(read, TableOptions) else None
        return compare_tables(models, data, n=n, target=target, read=told, **shared)
    images = read if isinstance(read, ReadOptions) else None
    if translators:
        if data is None and (second is not None or task is not None):
            raise InputError("--second and --task say more of --data: give that, too")
        pictures = None if data is None else JudgedPictures(data, second, task, strict, images)
        return compare_pictures(models, pictures, features=features, **shared)
    return compare(models, data, n=n, features=features, strict=strict, read=images, **shared)
