"""Directions of a latent space along which one thing changes: kept, saved, applied."""

from __future__ import annotations

import zipfile
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
from gansmith.run.files import replacing
from gansmith.run.latent import styles_of
from gansmith.run.model import Model
from gansmith.types import Batch

__all__ = ["Directions", "check_file"]

FORMAT = 1
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
            InputError: The model has other styles, there is no such direction, or strength is no number.
        """
        number = self.number(direction)
        if not np.isfinite(strength):
            raise InputError(f"strength {strength:g} should be a number")
        self.check(model)
        if self.field:
            return replace(model, drawing=_towards(model, self.field, torch.from_numpy(self.vectors[number]), strength))
        shift = torch.zeros(model.style_shape)
        shift[list(self.layers)] = torch.from_numpy(self.vectors[number] * self.scales[number]) * strength
        return replace(model, drawing=_moved(model, shift))

    def check(self, model: Model) -> None:
        """Raise `InputError` unless they fit the model."""
        if self.field:
            if self.field not in model.drawing.conditions or self.vectors.shape[1] != len(model.classes) or model.rows:
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
                f"model has {layers} layers of length {dim}"
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
        try:
            with Path(path).open("rb") as source, np.load(source, allow_pickle=False) as file:
                found = {name: file[name] for name in FIELDS}
        except FileNotFoundError:
            raise InputError(f"{path} does not exist") from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{path} does not hold directions that gansmith edit saved: {error}") from None
        vectors, scales, ranks = (found[name].astype(np.float32) for name in ("vectors", "scales", "ranks"))
        names, layers = found["names"].reshape(-1), found["layers"].reshape(-1)
        sizes = {len(names), len(vectors), scales.size, ranks.size}
        whole = vectors.ndim == 2 and len(sizes) == 1 and 0 not in sizes and np.isfinite(vectors).all()
        if not whole or found["format"] != FORMAT or not len(layers) or layers.dtype.kind != "i" or layers.min() < 0:
            raise InputError(f"{path} is damaged, or from another version")
        method, field, recipe = (str(found[name]) for name in ("method", "field", "recipe"))
        whole_names, numbers = tuple(map(str, names)), tuple(int(i) for i in layers)
        return cls(method, field, whole_names, vectors, scales.reshape(-1), ranks.reshape(-1), numbers, recipe)


def check_file(path: str | Path) -> None:
    """Raise `InputError` unless directions can be saved under this name."""
    if Path(path).suffix.lower() != ".npz" or Path(path).is_dir():
        raise InputError(f"{path}: directions are saved as a file whose name ends in .npz")


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
    """Sampling with a condition moved towards `goal` `(width,)`."""
    old = model.drawing

    def changed(batch: Batch) -> dict[str, Tensor]:
        given = batch[field]
        start = F.one_hot(given, len(goal)).float() if given.dtype == torch.long else given
        return {**batch, field: start + strength * (goal.to(start) - start)}

    def on(act: Callable[..., Any]) -> Callable[..., Any]:
        """The same function of a changed batch, which comes last."""
        return lambda *given: act(*given[:-1], changed(given[-1]))

    styles = old.styles
    if styles is not None:
        styles = replace(styles, map=on(styles.map), make=on(styles.make), centre=on(styles.centre))
    return replace(old, make=on(old.make), styles=styles)
