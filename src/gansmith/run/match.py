"""Models compared, whatever they make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gansmith.data.item_options import ItemOptions
from gansmith.data.reader import ReadOptions
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError
from gansmith.run.assess_pictures import JudgedPictures
from gansmith.run.compare import compare
from gansmith.run.compare_pictures import compare_pictures
from gansmith.run.compare_tables import compare_tables
from gansmith.run.kinds._compare import compare_items
from gansmith.run.load import holds_items, is_translator
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
    read: ReadOptions | TableOptions | ItemOptions | None = None,
    listener: Listener | None = None,
) -> Matched:
    """Compare models of images, of a table, from images to images, or of another kind of data.

    See `compare.compare`, `compare_tables.compare_tables`, `compare_pictures.compare_pictures`; models of other
    kinds are compared by scores with intervals, as those of tables are.

    Raises:
        InputError: As these do; some make images and others rows; or something is asked for that can't act on them.
    """
    rows = [path for path in models if holds_rows(path)]
    if rows and len(rows) < len(models):
        other = next(path for path in models if path not in rows)
        raise InputError(f"{rows[0]} makes rows of a table, and {other} does not: they can't be compared")
    shared: dict[str, Any] = {"seed": seed, "metrics": metrics, "recipes": recipes, "listener": listener}
    if models and holds_items(models[0]):
        return _items(models, data, n, features, strict, target, second or task, read, shared)
    translators = bool(models) and is_translator(models[0])
    if not translators and (second is not None or task is not None):
        raise InputError("--second and --task are for models from images to images")
    if not rows and target is not None:
        raise InputError("--target is for models of tables")
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


def _items(
    models: Sequence[str | Path],
    data: str | Path | None,
    n: int,
    features: str | None,
    strict: bool,
    target: str | None,
    more: str | Path | None,
    read: ReadOptions | TableOptions | ItemOptions | None,
    shared: dict[str, Any],
) -> Matched:
    """Models of another kind of data; see `kinds._compare.compare_items`."""
    other = next((path for path in models if not holds_items(path)), None)
    if other is not None:
        raise InputError(f"{models[0]} and {other} make different kinds of data: they can't be compared")
    if features is not None or strict or target is not None or more is not None:
        raise InputError(
            f"{models[0]} makes no images and no rows: --features, --strict, --target, --second, --task can't act"
        )
    return compare_items(models, data, n=n, read=read if isinstance(read, ItemOptions) else None, **shared)
