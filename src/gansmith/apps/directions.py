"""Directions of a latent space along which one thing changes: kept, saved, applied."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from gansmith.core import Draw
from gansmith.errors import InputError, nearest
from gansmith.run.conditions import entries_of
from gansmith.run.files import replacing
from gansmith.run.latent import styles_of
from gansmith.run.model import Model
from gansmith.run.sample import inputs, is_number, layers_of
from gansmith.types import Batch

__all__ = ["Directions", "check_file"]

FORMAT = 1
FAR = 10.0
"""Strengths beyond are tried on a sample at once; 5 is usually too much, and numbers overflow much later."""

FIELDS = ("format", "method", "field", "names", "vectors", "scales", "ranks", "layers", "recipe")


@dataclass(frozen=True)
class Directions:
    """Directions in the space of styles (of a plain generator: of its noise), or towards conditions.

    Attributes:
        method: How they were found: `sefa`, `pca` or `labels`.
        field: Empty for directions of styles; else the condition that they change.
        names: One for each: a number, or what it leads to.
        vectors: Unit vectors `(k, dim)`; for a condition the vector that strength 1 leads to.
        scales: How far strength 1 goes, `(k,)`: one standard deviation of the styles along the direction.
        ranks: What they are ordered by, `(k,)`: eigenvalues, shares of the variance, how much a label says of styles.
        layers: The layers of styles that they move.
        recipe: Of the model that they were found in.
    """

    method: str
    field: str
    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    scales: NDArray[np.float32]
    ranks: NDArray[np.float32]
    layers: tuple[int, ...]
    recipe: str

    def __len__(self) -> int:
        """Number of directions."""
        return len(self.names)

    def number(self, direction: int | str) -> int:
        """The number of a direction given by its number or name.

        Raises:
            InputError: There is none.
        """
        text = str(direction)
        if text in self.names:
            return self.names.index(text)
        if text.isdecimal() and int(text) < len(self):
            return int(text)
        raise InputError(f"no direction {text!r}: numbers go from 0 to {len(self) - 1}{nearest(text, self.names)}")

    def edit(self, model: Model, direction: int | str, strength: float) -> Model:
        """The model with everything that it makes moved along a direction; it samples as any model does.

        Args:
            model: The model in which they were found, or another of its architecture.
            direction: Its number or name.
            strength: In standard deviations of the styles, e.g. -3 to 3; towards a condition 0 (as it is) to 1 (there).

        Raises:
            InputError: The model has other styles, there is no such direction, or strength is no number, or so large
                that the pictures are none.
        """
        number = self.number(direction)
        if not is_number(strength) or not np.isfinite(strength):
            raise InputError(f"strength {strength!r}: give a number, e.g. -3 to 3")
        self.check(model)
        vector = torch.from_numpy(self.vectors[number])
        if self.field:
            edited = replace(model, drawing=_towards(model, self.field, vector, strength))
        else:
            shift = torch.zeros(model.style_shape)
            shift[list(self.layers)] = vector * float(self.scales[number]) * strength
            edited = replace(model, drawing=_moved(model, shift))
        if abs(strength) > FAR and not _finite(edited):
            raise InputError(f"strength {strength:g} is too large for this model: its pictures are no numbers then")
        return edited

    def check(self, model: Model) -> None:
        """Raise `InputError` unless they fit the model."""
        if self.field:
            if self.field not in model.drawing.conditions or self.vectors.shape[1] != len(model.classes):
                raise InputError(
                    f"these directions change the condition {self.field!r} of {self.vectors.shape[1]} values, which "
                    "this model has not"
                )
            return
        styles_of(model)
        layers, dim = model.style_shape
        if self.vectors.shape[1] != dim or max(self.layers) >= layers:
            raise InputError(
                f"these directions are for styles of length {self.vectors.shape[1]} in layer {max(self.layers)}; this "
                f"model has {layers_of(layers)} of length {dim}"
            )

    def save(self, path: str | Path) -> Path:
        """Write an `.npz` of plain arrays, which `load` reads without running anything in it.

        Raises:
            InputError: The file can't be written.
        """
        check_file(path)
        out = Path(path)
        content: dict[str, Any] = {"format": np.array(FORMAT)}
        content |= {name: np.array(getattr(self, name)) for name in FIELDS[1:]}
        with replacing(out) as temporary, temporary.open("wb") as file:
            np.savez(file, **content)
        return out

    @classmethod
    def load(cls, path: str | Path) -> Directions:
        """Read what `save` wrote.

        Raises:
            InputError: The file is missing, damaged or something else.
        """
        found = _arrays(Path(path))
        try:
            vectors, scales, ranks = (found[name].astype(np.float32) for name in ("vectors", "scales", "ranks"))
        except ValueError:
            raise InputError(f"{path} is damaged, or from another version") from None
        names, layers = found["names"].reshape(-1), found["layers"].reshape(-1)
        sizes = {len(names), len(vectors), scales.size, ranks.size}
        whole = vectors.ndim == 2 and len(sizes) == 1 and 0 not in sizes and np.isfinite(vectors).all()
        if (
            not whole
            or found["format"].tolist() != FORMAT
            or not len(layers)
            or layers.dtype.kind != "i"
            or layers.min() < 0
        ):
            raise InputError(f"{path} is damaged, or from another version")
        method, field, recipe = (str(found[name]) for name in ("method", "field", "recipe"))
        whole_names, numbers = tuple(map(str, names)), tuple(int(i) for i in layers)
        return cls(method, field, whole_names, vectors, scales.reshape(-1), ranks.reshape(-1), numbers, recipe)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file that `Directions.save` wrote."""
    mend = "give a file that gansmith edit --save wrote"
    if path.is_dir():
        raise InputError(f"{path} is a folder: {mend}")
    try:
        with path.open("rb") as source:
            if not zipfile.is_zipfile(source):
                raise InputError(f"{path} is no .npz file of directions: {mend}")
            source.seek(0)
            with np.load(source, allow_pickle=False) as file:
                if not set(FIELDS) <= set(file.files):
                    raise InputError(f"{path} holds other arrays than directions: {mend}")
                return {name: file[name] for name in FIELDS}
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}") from None
    except (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        raise InputError(f"{path} is damaged: {mend}") from None


def check_file(path: str | Path) -> None:
    """Raise `InputError` unless directions can be saved under this name."""
    if Path(path).suffix.lower() != ".npz" or Path(path).is_dir():
        raise InputError(f"{path}: directions are saved as a file whose name ends in .npz")


def _finite(model: Model) -> bool:
    """Whether a sample's picture is of finite numbers."""
    return bool(model.make(*next(inputs(model, 1)))["image"].isfinite().all())


Nets = Mapping[str, nn.Module]


def _moved(model: Model, shift: Tensor) -> Draw:
    """Sampling with `shift` `(layers, dim)` added to every style."""
    old = styles_of(model)

    def make(nets: Nets, styles: Tensor, batch: Batch) -> Batch:
        return old.make(nets, styles + shift.to(styles), batch)

    def draw(nets: Nets, batch: Batch) -> Batch:
        return make(nets, old.map(nets, batch), batch)

    return replace(model.drawing, make=draw, styles=replace(old, make=make))


def _towards(model: Model, field: str, goal: Tensor, strength: float) -> Draw:
    """Sampling with a condition moved towards `goal` `(width,)`.

    Where there are attributes or text too, nets are shown one vector of everything: only the class's part moves.
    """
    old = model.drawing
    places = [slice(start, stop) for attribute, start, stop in entries_of(model.codec) if attribute.name == field]
    place = places[0] if places and model.rows else slice(None)

    def changed(batch: Batch) -> dict[str, Tensor]:
        given = batch[field]
        shown = F.one_hot(given, len(goal)).float() if given.dtype == torch.long else given.clone()
        start = shown[:, place]
        shown[:, place] = start + strength * (goal.to(start) - start)
        return {**batch, field: shown}

    def on(act: Callable[..., Any]) -> Callable[..., Any]:
        """The same function of a changed batch, which comes last."""
        return lambda *given: act(*given[:-1], changed(given[-1]))

    styles = old.styles
    if styles is not None:
        styles = replace(styles, map=on(styles.map), make=on(styles.make), centre=on(styles.centre))
    return replace(old, make=on(old.make), styles=styles)
