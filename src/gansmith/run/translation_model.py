"""A trained translator: from an image of any size, kind and depth to what the net makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gansmith import __version__
from gansmith.core import Draw, Draws, Game
from gansmith.data.reader import Pixels
from gansmith.data.translation.codec import TranslationCodec
from gansmith.errors import InputError, nearest
from gansmith.recipes._recipe import Hp, Recipe
from gansmith.run.apply import Applied, Making, example
from gansmith.run.hardware import device_of
from gansmith.run.saved import Noting, Saved, drawing_of, write_model
from gansmith.types import Batch, Field

__all__ = ["TranslationModel"]

CHUNK = 32


@dataclass(frozen=True)
class TranslationModel:
    """Nets that make images of images, with everything needed to use and to judge them.

    Attributes:
        recipe: The variant.
        hp: Its hyper-parameters.
        codec: What was learnt, and on images of which form.
        nets: Those that translating uses, in eval mode.
        drawing: How images are made of what is given.
        provenance: Data fingerprint, versions, command, training samples.
    """

    recipe: Recipe[Any]
    hp: Hp
    codec: TranslationCodec
    nets: Mapping[str, nn.Module]
    drawing: Draw
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        recipe: Recipe[Any],
        hp: Hp,
        codec: TranslationCodec,
        game: Game,
        nets: Mapping[str, nn.Module],
        provenance: Mapping[str, Any],
    ) -> TranslationModel:
        """A model of a game's nets: those that its `draw` asks for, both ways.

        Raises:
            InputError: The game makes no samples.
        """
        drawing = drawing_of(recipe, game)
        used = [name for back in (False, True) for name in _used(drawing, codec, nets, back)]
        return cls(recipe, hp, codec, {name: nets[name] for name in dict.fromkeys(used)}, drawing, provenance)

    def save(self, folder: Path) -> None:
        """Write the model folder, replacing what is there at once."""
        write_model(folder, self.recipe, self.hp, self.codec.to_json(), self.nets, self.provenance, self.card())

    @classmethod
    def load(cls, path: str | Path, recipe: str | None = None) -> TranslationModel:
        """Read a model folder, or the model of a run folder.

        Args:
            path: Model folder or run folder.
            recipe: Recipe file of a model whose recipe is not installed. Code never comes from the model folder.

        Raises:
            InputError: The folder holds no model, a damaged one, or one whose recipe is not installed.
        """
        return cls.read(Saved.of(path, recipe))

    @classmethod
    def read(cls, saved: Saved) -> TranslationModel:
        """The model of a folder whose description was read. Raises `InputError` as `load`."""
        codec = TranslationCodec.from_json(saved.codec)
        game = saved.game(codec.spec)
        return cls(saved.recipe, saved.hp, codec, saved.nets(game), drawing_of(saved.recipe, game), saved.provenance)

    @property
    def task(self) -> str:
        """What it learnt: one of `gansmith.data.translation.task.Task`."""
        return self.codec.task

    @property
    def both_ways(self) -> bool:
        """Whether it also makes sources of images."""
        return self.drawing.back is not None

    @property
    def domains(self) -> tuple[str, ...]:
        """What it translates to, where it has to be told; empty where it makes one thing only."""
        return self.codec.spec["label"].names if "label" in self.drawing.given else ()

    def toward(self, domain: str) -> TranslationModel:
        """The model that translates to one domain alone, and is applied as any other.

        Raises:
            InputError: It knows no such domain, or is not told where to go.
        """
        if not self.domains:
            raise InputError(f"--to is for models of several domains; this one learnt: {self.task}")
        if domain not in self.domains:
            raise InputError(f"--to {domain}: no such domain{nearest(domain, self.domains)}")
        return self.bound({"label": torch.tensor([self.domains.index(domain)])})

    def styled(self, style: Pixels) -> TranslationModel:
        """The model that makes everything in the style of one example, and is applied as any other.

        Args:
            style: `(H, W, C)` or `(H, W)`, in uint8, uint16, or floats in [0, 1]; of any size. It is seen in the size
                that styles had in training.

        Raises:
            InputError: The model takes no example, or this is no image.
        """
        if "style" not in self.drawing.given:
            raise InputError(f"--style is for models that take an example; this one learnt: {self.task}")
        channels, *sides = self.drawing.given["style"].shape
        return self.bound({"style": example(style, channels, min(sides))})

    @property
    def modalities(self) -> tuple[str, ...]:
        """What the channels of its images are, where it completes them; else empty."""
        return self.codec.modalities

    def completing(self, *missing: str) -> TranslationModel:
        """The model that makes these modalities of the others, and is applied to images of all as channels.

        What an image has in the missing channels is not looked at; the others come out as they are.

        Args:
            missing: Names of modalities, at least one and not all.

        Raises:
            InputError: It completes no modalities, there is no such one, or none is left to make them of.
        """
        if "missing" not in self.drawing.given:
            raise InputError(f"completing is for models of several modalities; this one learnt: {self.task}")
        for name in missing:
            if name not in self.modalities:
                raise InputError(f"{name}: no such modality{nearest(name, self.modalities)}")
        if not 0 < len(set(missing)) < len(self.modalities):
            raise InputError(f"name what is missing, and not all of {', '.join(self.modalities)}")
        return self.bound({"missing": torch.tensor([[float(name in missing) for name in self.modalities]])})

    def bound(self, fixed: Batch) -> TranslationModel:
        """The model with some given fields fixed, of one row each, the same for every image."""
        draw = self.drawing.make

        def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
            source = batch["source"]
            rows = {name: v.to(source.device).expand(len(source), *v.shape[1:]) for name, v in fixed.items()}
            return draw(nets, {**batch, **rows})

        left = {name: field for name, field in self.drawing.given.items() if name not in fixed}
        return replace(self, drawing=replace(self.drawing, make=make, given=left, pose=None))

    def given(self, batch: Batch, seed: int = 0) -> Batch:
        """What samples are made from: the data's own fields, or what the game makes of its images.

        Args:
            batch: Of the data.
            seed: Of what is random in that: holes.
        """
        if self.drawing.pose is not None:
            return self.drawing.pose(batch, Draws(seed, len(batch["image"])))
        return {name: batch[name] for name in self.drawing.given}

    @torch.no_grad()
    def make(self, given: Batch, back: bool = False) -> Tensor:
        """Images `(n, c, h, w)` in [-1, 1] from what is given, on the CPU; nothing is drawn at random.

        Args:
            given: `source`, and `mask` where holes are filled; for the way back `image`.
            back: The other way.
        """
        draw = self._way(back)
        device, parts = device_of(self.nets), []
        for start in range(0, len(next(iter(given.values()))), CHUNK):
            rows = {name: values[start : start + CHUNK].to(device) for name, values in given.items()}
            made = draw(self.nets, rows)
            parts.append(made["source" if back else "image"].float().cpu())
        return torch.cat(parts)

    def apply(
        self,
        image: Pixels,
        mask: Pixels | None = None,
        *,
        reverse: bool = False,
        tile: int | None = None,
        tick: Callable[[float], None] | None = None,
    ) -> Pixels:
        """What the model makes of one image of any size.

        Alpha that the model does not know is kept (and enlarged with the image); 16-bit and float images come out
        as such. A model that mends keeps grey images grey.

        Args:
            image: `(H, W, C)` or `(H, W)`: grey, grey and alpha, RGB or RGBA, in uint8, uint16, or floats in [0, 1];
                with a channel for each modality for models that complete these.
            mask: Where holes are filled: `(H, W)`, what is above half of its range is missing. None takes what is
                transparent.
            reverse: From the wanted domain back, with recipes that learn both ways.
            tile: Side in pixels of the parts that it is made in; None chooses by the net: 256 where parts are exact,
                else the whole image where that takes less than 1 GiB, and parts of 512 beyond.
            tick: Told the share that is done.

        Returns:
            `(H', W', C')` of the same type.

        Raises:
            InputError: The image has another form, the mask is missing or has another size, or the memory that is free
                would not do.
        """
        return Applied(self, reverse, tile).to(image, mask, tick)

    def begin(
        self, image: Pixels, mask: Pixels | None = None, *, reverse: bool = False, tile: int | None = None
    ) -> Making:
        """The same in strips, so that what is made never has to be in memory as a whole.

        Arguments and errors are those of `apply`. Nothing large is computed before the first strip is asked for, but a
        network that normalises by statistics of the image sees an image that has to be cut made small, and its middle.
        """
        return Applied(self, reverse, tile).begin(image, mask)

    def check(self, reverse: bool = False, tile: int | None = None, masked: bool = False) -> None:
        """Refuse what it can't do, whatever the image: see `apply`. Raises `InputError`."""
        Applied(self, reverse, tile).check(masked)

    def _way(self, back: bool) -> Callable[[Mapping[str, nn.Module], Batch], Batch]:
        return self.drawing.back if back and self.drawing.back is not None else self.drawing.make

    def net(self, back: bool = False) -> nn.Module:
        """The net that makes images one way: what it declares of itself says how images may be cut."""
        return self.nets[self.net_name(back)]

    def net_name(self, back: bool = False) -> str:
        """The name of that net."""
        return _used(self.drawing, self.codec, self.nets, back)[0]

    def drawn(self, back: bool = False) -> Callable[[Mapping[str, nn.Module], Batch], Batch]:
        """What makes images of what is given, by nets that are handed in."""
        return self._way(back)

    def card(self) -> str:
        """The model card: what it is, what it was made from, how to use it."""
        lines = [
            "---",
            "library_name: gansmith",
            "tags: [gan, image-to-image]",
            "---",
            f"# {self.recipe.id} on {self.provenance.get('data', {}).get('name', 'images')}",
            "",
            self.recipe.title,
            "",
            f"Learnt: {self.task}{' of ' if self.modalities else ''}{', '.join(self.modalities)}. Images: "
            f"{self.codec.image.frame.describe()}.",
            "",
            "```console",
            "$ gansmith apply path/to/this/folder my_photos/ --out made/",
            "```",
            "",
            f"Made with gansmith {__version__}. Training data, settings and versions: `provenance.json`; scores: "
            "`metrics.json` where the model was evaluated.",
        ]
        return "\n".join(lines) + "\n"


def _used(drawing: Draw, codec: TranslationCodec, nets: Mapping[str, nn.Module], back: bool) -> list[str]:
    """The nets that one way asks for, found by going it once with zeros; none where there is no such way."""
    draw = drawing.back if back else drawing.make
    if draw is None:
        return []
    fields: Mapping[str, Field] = {"image": codec.spec["image"]} if back else drawing.given
    noting, device = Noting(nets), device_of(nets)
    with torch.no_grad():
        draw(noting, {name: torch.zeros(1, *field.shape, device=device) for name, field in fields.items()})
    return noting.names
