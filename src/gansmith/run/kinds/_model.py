"""A trained model of any kind of items: loaded from a folder without running anything that the folder holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from gansmith import __version__
from gansmith.core import Draw, Draws, Game
from gansmith.data.item_codec import ItemCodec, encoded
from gansmith.data.items import Items
from gansmith.errors import InputError
from gansmith.recipes._conditions import classes_of, labels_of
from gansmith.recipes._recipe import Hp, Recipe
from gansmith.run.conditions import ROWS, load_rows
from gansmith.run.hardware import device_of
from gansmith.run.kinds._kind import Kind, Made
from gansmith.run.kinds._registry import find_kind
from gansmith.run.latent import placed
from gansmith.run.sample import CHUNK, Truncation, Where, draw
from gansmith.run.saved import Noting, Saved, drawing_of, write_model
from gansmith.types import Batch, count_rows

__all__ = ["KindModel"]

C = TypeVar("C", bound=ItemCodec)

PART = 32
"""Items that are made again at once."""


@dataclass(frozen=True)
class KindModel(Generic[C]):
    """A generator of sounds, tunes, texts, series, films or events, ready to sample.

    Attributes:
        kind: What it makes.
        recipe: The variant.
        hp: Its hyper-parameters.
        codec: From tensors to raw data and back.
        nets: The nets that sampling uses, in eval mode.
        drawing: How samples are made of noise and conditions.
        frequencies: Share of each class in the training data; empty without classes.
        provenance: Data fingerprint, versions, command, training samples.
        rows: Condition vectors of some training items, `(k, width)` each, where attributes are conditions.
    """

    kind: Kind[C]
    recipe: Recipe[Any]
    hp: Hp
    codec: C
    nets: Mapping[str, nn.Module]
    drawing: Draw
    frequencies: tuple[float, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        kind: Kind[C],
        recipe: Recipe[Any],
        hp: Hp,
        codec: C,
        game: Game,
        nets: Mapping[str, nn.Module],
        frequencies: tuple[float, ...],
        provenance: Mapping[str, Any],
        rows: Mapping[str, Tensor],
    ) -> KindModel[C]:
        """A model of a game's nets: those that its `draw` asks for. Raises `InputError` if it makes no samples."""
        drawing = drawing_of(recipe, game)
        noting = Noting(nets)
        with torch.no_grad():
            drawing.make(noting, {k: v.to(device_of(nets)) for k, v in _blank(drawing, codec).items()})
        kept = dict(rows) if drawing.conditions else {}
        return cls(kind, recipe, hp, codec, noting.used, drawing, frequencies, provenance, kept)

    def save(self, folder: Path) -> None:
        """Write the model folder, replacing what is there at once."""
        rows = {f"{ROWS}/{name}": value for name, value in self.rows.items()}
        codec, card = self.codec.to_json(), self.card()
        write_model(folder, self.recipe, self.hp, codec, self.nets, self.provenance, card, self.frequencies, rows)

    @classmethod
    def load(cls, path: str | Path, recipe: str | None = None) -> KindModel[Any]:
        """Read a model folder, or the model of a run folder; arguments and errors as `gansmith.load`."""
        return cls.read(Saved.of(path, recipe))

    @classmethod
    def read(cls, saved: Saved) -> KindModel[Any]:
        """The model of a folder whose description was read. Raises `InputError` where that is damaged."""
        kind = find_kind(str(saved.codec.get("kind")))
        codec = kind.codec_of(saved.codec)
        game = saved.game(codec.spec)
        drawing, frequencies = drawing_of(saved.recipe, game), tuple(saved.about["frequencies"])
        nets = saved.nets(game)
        if frequencies and len(frequencies) != len(codec.classes):
            raise InputError(f"{saved.folder / 'recipe.json'} is damaged: its frequencies are not those of the classes")
        rows = load_rows(saved.weights, codec) if drawing.conditions else {}
        return cls(kind, saved.recipe, saved.hp, codec, nets, drawing, frequencies, saved.provenance, rows)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names; empty for an unconditional model."""
        return self.codec.classes if "label" in self.drawing.conditions else ()

    @property
    def style_shape(self) -> tuple[int, int]:
        """It has no styles."""
        return 0, 0

    def lasting(self, length: int | None) -> KindModel[C]:
        """The same model for samples of another length than in training; None leaves that.

        Raises:
            InputError: Its recipe makes samples of one length only.
        """
        if length is None:
            return self
        if not self.drawing.paced:
            raise InputError(f"--length {length}: {self.recipe.id} makes {self.kind.things} of one length only")
        noise, name = self.drawing.noise, self.drawing.paced
        longer = replace(self.drawing, noise={**noise, name: (length, *noise[name][1:])})
        return replace(self, drawing=longer)

    @property
    def remakes(self) -> bool:
        """Whether it makes items of others, as a vocoder does, and not of noise."""
        return bool(self.drawing.given)

    @torch.no_grad()
    def remade(self, batch: Batch) -> Batch:
        """Encoded items as a model that `remakes` makes them again, on the CPU."""
        rows = {name: value.to(device_of(self.nets)) for name, value in batch.items()}
        given = rows if self.drawing.pose is None else self.drawing.pose(rows, Draws(0, count_rows(batch)))
        return {name: value.cpu() for name, value in self.drawing.make(self.nets, given).items()}

    def judged(self, real: Items, n: int, seed: int = 0) -> Iterator[Batch]:
        """Samples to be judged: `n` drawn at random, or the first real items, made again by a model that `remakes`."""
        if not self.remakes:
            yield from draw(self, n, seed=seed, chunk=CHUNK)
        for start in range(0, min(n, len(real)), PART) if self.remakes else ():
            yield self.remade(encoded(self.codec, real, start, min(start + PART, n)))

    def again(self, real: Items) -> Made:
        """Real items as a model that `remakes` makes them again."""
        made = _joined([self.decoded(batch) for batch in self.judged(real, len(real))])
        return Made(made.arrays, real.labels if self.codec.classes else None, again=True)

    @torch.no_grad()
    def make(self, noise: Batch, conditions: Batch, truncation: Truncation = 1.0) -> Batch:
        """Samples as tensors, from noise and conditions of the same leading dimension; truncation scales the noise."""
        factor = 1.0 if isinstance(truncation, Sequence) else truncation
        batch = placed(self, {name: value * factor for name, value in noise.items()}, conditions)
        return {**self.drawing.make(self.nets, batch), **conditions}

    def stream(
        self, n: int, where: Where | None = None, seed: int = 0, truncation: Truncation = 1.0, chunk: int = CHUNK
    ) -> Iterator[Made]:
        """Draw `n` samples, a part at a time; arguments as in `sample`, and `chunk` samples at once."""
        if self.remakes:
            raise InputError(f"{self.recipe.id} makes {self.kind.things} of others, not of noise: use gansmith apply")
        return (self.decoded(batch) for batch in draw(self, n, where, seed, truncation, chunk))

    def sample(self, n: int, where: Where | None = None, seed: int = 0, truncation: Truncation = 1.0) -> Made:
        """Draw `n` samples into memory.

        Args:
            n: How many.
            where: Conditions, e.g. `{"label": "seven"}`; what is not asked for comes as often as in the training data.
            seed: Sample i depends on the seed and i alone.
            truncation: Factor on the noise, in (0, 1]: below 1 samples are more typical and less varied.

        Returns:
            `arrays` as the kind's codec decodes them, and `labels`.

        Raises:
            InputError: A condition is unknown, or a number out of range.
        """
        return _joined(list(self.stream(n, where, seed, truncation)))

    def decoded(self, batch: Batch) -> Made:
        """Tensors as raw data, with what they were asked to be."""
        arrays, labels = self.codec.decode({name: value.cpu() for name, value in batch.items()})
        return Made(arrays, labels if self.classes else None)

    def card(self) -> str:
        """The model card: what it is, what it was made from, how to use it."""
        lines = [
            "---",
            "library_name: gansmith",
            f"tags: [gan, {self.kind.id}]",
            "---",
            f"# {self.recipe.id} on {self.provenance.get('data', {}).get('name', self.kind.things)}",
            "",
            self.recipe.title,
            "",
            f"One sample: {self.codec.describe()}.",
            f"Classes: {', '.join(self.classes)}." if self.classes else "Unconditional.",
            "",
            "```python",
            "import gansmith",
            "",
            "samples = gansmith.load('path/to/this/folder').sample(16, seed=0)",
            "```",
            "",
            f"Made with gansmith {__version__}. Training data, settings and versions: `provenance.json`; scores: "
            "`metrics.json` where the model was evaluated.",
        ]
        return "\n".join(lines) + "\n"


def _joined(parts: Sequence[Made]) -> Made:
    arrays = {name: np.concatenate([part.arrays[name] for part in parts]) for name in parts[0].arrays}
    labels = [part.labels for part in parts if part.labels is not None]
    return Made(arrays, np.concatenate(labels) if labels else None)


def _blank(drawing: Draw, codec: ItemCodec) -> dict[str, Tensor]:
    """One sample's noise, codes and what conditional nets are shown, of zeros."""
    noise = {name: torch.zeros(1, *shape) for name, shape in drawing.noise.items()}
    noise |= {name: code.at(torch.zeros(1)) for name, code in drawing.codes.items()}
    ids = labels_of(codec.spec) > 0
    shown = torch.zeros(1, dtype=torch.long) if ids else torch.zeros(1, classes_of(codec.spec))
    given = {name: torch.zeros(1, *field.shape) for name, field in drawing.given.items()}
    return noise | given | {name: shown for name in drawing.conditions}
