"""A trained model: loaded from a folder without running anything that the folder holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gansmith import __version__
from gansmith.core import Draw, Game
from gansmith.data.image_codec import ImageCodec
from gansmith.data.reader import Pixels
from gansmith.errors import InputError
from gansmith.recipes._conditions import classes_of, labels_of
from gansmith.recipes._recipe import Hp, Recipe
from gansmith.run.conditions import ROWS, load_rows
from gansmith.run.hardware import device_of
from gansmith.run.latent import decode, encode, from_styles, placed, style_shape, to_styles
from gansmith.run.sample import Samples, Truncation, Where, asked, check_truncation, inputs, sample
from gansmith.run.saved import Noting, Saved, drawing_of, write_model
from gansmith.types import Batch, Json

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """A generator ready to sample, with everything needed to use and to judge it.

    Attributes:
        recipe: The variant.
        hp: Its hyper-parameters.
        codec: From tensors to images and back.
        nets: The nets that sampling uses, in eval mode.
        drawing: How samples are made of noise and conditions.
        frequencies: Share of each class in the training data; empty without classes.
        provenance: Data fingerprint, versions, command, training samples.
        rows: Condition vectors of some training images, `(k, width)` each, where attributes or text are conditions:
            what samples are made of that are not asked to be anything.
    """

    recipe: Recipe[Any]
    hp: Hp
    codec: ImageCodec
    nets: Mapping[str, nn.Module]
    drawing: Draw
    frequencies: tuple[float, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        recipe: Recipe[Any],
        hp: Hp,
        codec: ImageCodec,
        game: Game,
        nets: Mapping[str, nn.Module],
        frequencies: tuple[float, ...],
        provenance: Mapping[str, Any],
        rows: Mapping[str, Tensor] | None = None,
    ) -> Model:
        """A model of a game's nets: those that its `draw` asks for to make samples, style and encode them.

        Raises:
            InputError: The game makes no samples.
        """
        drawing = drawing_of(recipe, game)
        noting = Noting(nets)
        with torch.no_grad():
            device = device_of(nets)
            blank = {k: v.to(device) for k, v in _blank(drawing, codec).items()}
            made = drawing.make(noting, blank)
            if drawing.styles is not None:
                drawing.styles.make(noting, drawing.styles.map(noting, blank), blank)
                drawing.styles.centre(noting, blank)
            if drawing.encode is not None:
                drawing.encode(noting, {**made, **{k: v for k, v in blank.items() if k in drawing.conditions}})
        kept = (rows or {}) if drawing.conditions else {}
        return cls(recipe, hp, codec, noting.used, drawing, frequencies, provenance, kept)

    def save(self, folder: Path) -> None:
        """Write the model folder, replacing what is there at once."""
        rows = {f"{ROWS}/{name}": value for name, value in self.rows.items()}
        codec, card = self.codec.to_json(), self.card()
        write_model(folder, self.recipe, self.hp, codec, self.nets, self.provenance, card, self.frequencies, rows)

    @classmethod
    def load(cls, path: str | Path, recipe: str | None = None) -> Model:
        """Read a model folder, or the model of a run folder.

        Args:
            path: Model folder or run folder.
            recipe: Recipe file of a model whose recipe is not installed. Code never comes from the model folder.

        Raises:
            InputError: The folder holds no model, a damaged one, or one whose recipe is not installed.
        """
        return cls.read(Saved.of(path, recipe))

    @classmethod
    def read(cls, saved: Saved) -> Model:
        """The model of a folder whose description was read. Raises `InputError` as `load`."""
        codec = ImageCodec.from_json(_json(saved.codec))
        game = saved.game(codec.spec)
        drawing, frequencies = drawing_of(saved.recipe, game), tuple(saved.about["frequencies"])
        nets = saved.nets(game)
        if frequencies and len(frequencies) != len(codec.classes):
            damaged = saved.folder / "recipe.json"
            raise InputError(f"{damaged} is damaged: its frequencies are not those of the classes")
        rows = load_rows(saved.weights, codec) if drawing.conditions else {}
        return cls(saved.recipe, saved.hp, codec, nets, drawing, frequencies, saved.provenance, rows)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names; empty for an unconditional model."""
        return self.codec.classes if "label" in self.drawing.conditions else ()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of its images as tensors."""
        channels, height, width = self.codec.spec["image"].shape
        return channels, height, width

    @cached_property
    def style_shape(self) -> tuple[int, int]:
        """Layers and length of styles: (1, z_dim) where the noise itself is the style, (0, 0) where there are none."""
        return style_shape(self, _blank(self.drawing, self.codec))

    @torch.no_grad()
    def make(self, noise: Batch, conditions: Batch, truncation: Truncation = 1.0) -> Batch:
        """Samples from given noise and conditions, as tensors; both have the same leading dimension.

        Truncation draws styles towards their centre; where a game describes no styles, the noise is scaled.
        """
        if truncation != 1.0 and self.drawing.styles is not None:
            made = from_styles(self, to_styles(self, noise, conditions, truncation), noise, conditions)
        else:
            factor = 1.0 if isinstance(truncation, Sequence) else truncation
            batch = placed(self, {name: value * factor for name, value in noise.items()}, conditions)
            made = self.drawing.make(self.nets, batch)
        return {**made, **conditions}

    def encode(self, images: Pixels, where: Where | None = None) -> dict[str, Tensor]:
        """The noise that would make these images, for recipes with an encoder; `decode` goes back.

        Args:
            images: `(n, height, width, channels)` of the shape and type that `sample` gives.
            where: Their conditions, e.g. `{"label": ["Bag", "Coat"]}`; needed by conditional models.

        Returns:
            Noise by name, `(n, ...)` each.

        Raises:
            InputError: The recipe has no encoder, the images have another shape, or a condition is missing.
        """
        conditions = asked(self, len(images), where)
        labels = np.zeros(len(images), np.int64)  # only pixels matter here: conditions come from `where`
        return encode(self, self.codec.encode(images, labels)["image"], conditions)

    def decode(self, latents: Tensor | Batch, where: Where | None = None) -> Samples:
        """Images from noise (by name, as `encode` gives it) or from styles `(n, layers, dim)`, as `styles` gives them.

        Args:
            latents: Noise or styles.
            where: Conditions; needed by conditional models.

        Raises:
            InputError: Noise or styles have another shape than the model's, or a condition is missing.
        """
        return decode(self, latents, where)

    def styles(self, n: int, where: Where | None = None, seed: int = 0, truncation: Truncation = 1.0) -> Tensor:
        """Styles `(n, layers, dim)` of the samples that `sample` draws with the same arguments.

        Raises:
            InputError: As `sample`; or the game does not describe its latent space.
        """
        check_truncation(truncation, self.style_shape[0])
        parts = inputs(self, n, where, seed)
        return torch.cat([to_styles(self, noise, conditions, truncation).cpu() for noise, conditions in parts])

    def sample(self, n: int, where: Where | None = None, seed: int = 0, truncation: Truncation = 1.0) -> Samples:
        """Draw `n` images into memory.

        Args:
            n: How many.
            where: Conditions: `{"label": "Bag"}` or its number, `{"age": "18..30"}`, `{"text": "a red shoe"}`, or a
                list of such values that is repeated. What is not asked for comes as often as in the training data.
            seed: Sample i depends on the seed and i alone.
            truncation: Factor on the distance from the average style (of a plain generator: on the noise), in (0, 1].
                Below 1 samples are more typical and less varied. A sequence has a factor for each layer of styles.

        Returns:
            `images` `(n, height, width, channels)` in the pixel type of the training images, and `labels` `(n,)`.

        Raises:
            InputError: A condition is unknown, or a number out of range.
        """
        return sample(self, n, where, seed, truncation)

    def card(self) -> str:
        """The model card: what it is, what it was made from, how to use it."""
        where = ", where={'label': 0}" if self.classes else ""
        lines = [
            "---",
            "library_name: gansmith",
            "tags: [gan, image-generation]",
            "---",
            f"# {self.recipe.id} on {self.provenance.get('data', {}).get('name', 'images')}",
            "",
            self.recipe.title,
            "",
            f"Images: {self.codec.frame.describe()}.",
            f"Classes: {', '.join(self.classes)}." if self.classes else "Unconditional.",
            "",
            "```python",
            "from gansmith import Model",
            "",
            f"samples = Model.load('path/to/this/folder').sample(16{where}, seed=0)",
            "```",
            "",
            f"Made with gansmith {__version__}. Training data, settings and versions: `provenance.json`; scores: "
            "`metrics.json` where the model was evaluated.",
        ]
        return "\n".join(lines) + "\n"


def _blank(draw: Draw, codec: ImageCodec) -> dict[str, Tensor]:
    """One sample's noise, codes and what conditional nets are shown, of zeros."""
    noise = {name: torch.zeros(1, *shape) for name, shape in draw.noise.items()}
    noise |= {name: code.at(torch.zeros(1)) for name, code in draw.codes.items()}
    ids = labels_of(codec.spec) > 0
    shown = torch.zeros(1, dtype=torch.long) if ids else torch.zeros(1, classes_of(codec.spec))
    return noise | {name: shown for name in draw.conditions}


def _json(data: dict[str, Any]) -> Json:
    return data
