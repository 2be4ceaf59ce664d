"""A model folder becomes the model that it holds, whatever the kind of data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gansmith.data.table.codec import FORMAT as TABLE
from gansmith.data.translation.codec import KIND as TRANSLATION
from gansmith.errors import InputError
from gansmith.run.kinds._model import KindModel
from gansmith.run.kinds._registry import kind_names
from gansmith.run.model import Model
from gansmith.run.related_model import RelatedModel, holds_tables
from gansmith.run.saved import Saved, peek
from gansmith.run.table_model import TableModel
from gansmith.run.translation_model import TranslationModel

__all__ = ["for_sampling", "holds_items", "is_translator", "load", "load_images", "load_rows", "load_translator"]


def load(
    path: str | Path, recipe: str | None = None
) -> Model | TableModel | TranslationModel | RelatedModel | KindModel[Any]:
    """Read a model folder, or the model of a run folder.

    Args:
        path: Model folder or run folder.
        recipe: Recipe file of a model whose recipe is not installed. Code never comes from the model folder.

    Returns:
        A `Model` of images, a `TableModel`, a `RelatedModel` of several tables, a `TranslationModel` from images to
        images, or a `KindModel` of sounds, music, texts, series, videos or events.

    Raises:
        InputError: The folder holds no model, a damaged one, or one whose recipe is not installed.
    """
    if holds_tables(path) is not None:
        return RelatedModel.load(path, recipe)
    saved = Saved.of(path, recipe)
    if saved.codec.get("format") == TABLE:
        return TableModel.read(saved)
    if saved.codec.get("kind") in kind_names():
        return KindModel.read(saved)
    return TranslationModel.read(saved) if saved.codec.get("kind") == TRANSLATION else Model.read(saved)


def is_translator(path: str | Path) -> bool:
    """Whether a model folder, or the model of a run folder, is from images to images; no where there is no model."""
    return peek(path, "codec.json").get("kind") == TRANSLATION


def holds_items(path: str | Path) -> bool:
    """Whether a model folder, or the model of a run folder, makes sounds, music, texts, series, videos or events."""
    return peek(path, "codec.json").get("kind") in kind_names()


def for_sampling(path: str | Path, recipe: str | None = None) -> Model | TableModel:
    """The same where samples are made of noise. Raises `InputError` for a model from images to images, too."""
    found = load(path, recipe)
    if isinstance(found, TranslationModel):
        raise InputError(f"{path} makes images of your images, not of noise: use gansmith apply")
    if isinstance(found, RelatedModel):
        raise InputError(f"{path} is a model of several tables: this is for one, such as its folder {found.root}")
    if isinstance(found, KindModel):
        raise InputError(f"{path} is a model of {found.kind.things}: this is for models of images or of a table")
    return found


def load_images(path: str | Path, recipe: str | None = None) -> Model:
    """The same where only a model that makes images of noise will do. Raises `InputError` for others, too."""
    found = for_sampling(path, recipe)
    if isinstance(found, TableModel):
        raise InputError(f"{path} is a model of a table: this is for models of images")
    return found


def load_rows(path: str | Path, recipe: str | None = None) -> TableModel:
    """The same where only a model of one table will do. Raises `InputError` for others, too."""
    found = for_sampling(path, recipe)
    if isinstance(found, Model):
        raise InputError(f"{path} is a model of images: this is for models of a table")
    return found


def load_translator(path: str | Path, recipe: str | None = None) -> TranslationModel:
    """The same where only a model from images to images will do. Raises `InputError` for others, too."""
    found = load(path, recipe)
    if not isinstance(found, TranslationModel):
        what = "images" if isinstance(found, Model) else found.kind.things if isinstance(found, KindModel) else "rows"
        raise InputError(f"{path} makes {what} of noise: use gansmith sample")
    return found
