"""A model folder becomes the model that it holds, whatever the kind of data."""

from __future__ import annotations

from pathlib import Path

from gansmith.data.table.codec import FORMAT as TABLE
from gansmith.errors import InputError
from gansmith.run.model import Model
from gansmith.run.saved import Saved
from gansmith.run.table_model import TableModel

__all__ = ["load", "load_images"]


def load(path: str | Path, recipe: str | None = None) -> Model | TableModel:
    """Read a model folder, or the model of a run folder.

    Args:
        path: Model folder or run folder.
        recipe: Recipe file of a model whose recipe is not installed. Code never comes from the model folder.

    Returns:
        A `Model` of images, or a `TableModel`.

    Raises:
        InputError: The folder holds no model, a damaged one, or one whose recipe is not installed.
    """
    saved = Saved.of(path, recipe)
    return TableModel.read(saved) if saved.codec.get("format") == TABLE else Model.read(saved)


def load_images(path: str | Path, recipe: str | None = None) -> Model:
    """The same where only images will do. Raises `InputError` for a model of a table, too."""
    found = load(path, recipe)
    if isinstance(found, TableModel):
        raise InputError(f"{path} is a model of a table: this is for models of images")
    return found
