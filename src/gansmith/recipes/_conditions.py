"""What recipes read of the data: its image field, its conditions, and how samples are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from gansmith.core import Draw, Game, Scene, Styles, flow
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Spec

__all__ = [
    "CONDITIONS",
    "Conditioned",
    "classes_of",
    "condition_of",
    "draw_images",
    "image_field",
    "labels_of",
    "noise_styles",
    "shown",
    "unconditional",
]

Nets = Mapping[str, nn.Module]

VECTORS = ("attributes", "text")
CONDITIONS = ("label", *VECTORS)
"""Batch fields that are conditions. Where there are vectors, the label is a part of `attributes` too."""


def condition_of(batch: Mapping[str, Tensor | None]) -> Tensor | None:
    """What conditional nets are shown of a batch: attributes and text as one vector `(n, width)`, or class ids `(n,)`.

    None where the batch has no condition. `label` is looked at only where there are no vectors.
    """
    vectors = [value for value in map(batch.get, VECTORS) if value is not None]
    return torch.cat(vectors, 1) if vectors else batch.get("label")


class Conditioned(Scene):
    """A scene whose nets are shown a condition where the data has one."""

    label: Tensor | None = None
    attributes: Tensor | None = None
    text: Tensor | None = None

    drop = 0.0  # not annotated: it is a setting of the game (see `shown`), not a field of the batch

    @flow
    def condition(self) -> Tensor | None:
        """What conditional nets are shown: class ids `(n,)`, vectors `(n, width)`, or None.

        A share `drop` of the samples has the empty condition: the id -1, or zeros.
        """
        found = condition_of({"label": self.label, "attributes": self.attributes, "text": self.text})
        if found is None or self.drop == 0:
            return found
        keep = self.draws.uniform() >= self.drop
        return torch.where(keep, found, -1) if found.dtype == torch.long else found * keep.unsqueeze(1)


def shown(game: Game, spec: Spec, conditional: bool, drop: float) -> Game:
    """The game with conditions shown to its nets as the settings say.

    Args:
        game: Its scene is one of `Conditioned`, or is left as it is.
        spec: The fields that it was built for.
        conditional: Whether nets see conditions at all.
        drop: Share of samples whose condition is left empty in training, in [0, 1).

    Raises:
        InputError: Conditions are to be dropped, and there are none.
    """
    if drop and not (conditional and classes_of(spec)):
        raise InputError(f"drop_condition={drop:g} drops conditions, and this run has none: leave it out")
    if not issubclass(game.scene, Conditioned) or (conditional and not drop):
        return game
    changed = {"drop": drop} if conditional else {"condition": None}
    stages = game.stages
    if drop:  # who is shown a carried image must be shown the condition that it was made with
        carry = [{k: (*v, "condition") for k, v in stage.carry.items()} for stage in stages]
        stages = tuple(replace(stage, carry=c) for stage, c in zip(stages, carry, strict=True))
    return replace(game, scene=type(game.scene.__name__, (game.scene,), changed), stages=stages)


def unconditional(spec: Spec) -> Spec:
    """The fields without the conditions."""
    return {name: field for name, field in spec.items() if name not in CONDITIONS}


def image_field(spec: Spec) -> Field:
    """The image field of the data.

    Raises:
        InputError: The data has no images.
    """
    if "image" not in spec:
        raise InputError(f"this recipe makes images; the data has {', '.join(spec)}")
    return spec["image"]


def classes_of(spec: Spec) -> int:
    """Number of classes, or length of the condition vector where there are attributes or text; 0 without conditions."""
    return sum(spec[name].shape[0] for name in VECTORS if name in spec) or labels_of(spec)


def labels_of(spec: Spec) -> int:
    """Number of classes where class ids are what nets are shown; 0 where it is a vector, nothing, or a single class."""
    if "label" not in spec or any(name in spec for name in VECTORS):
        return 0
    classes = len(spec["label"].names)
    return classes if classes > 1 else 0


def draw_images(z_dim: int, classes: int, styles: Styles | None = None) -> Draw:
    """Sampling for generators from noise `z` and a condition to images.

    Args:
        z_dim: Length of the noise.
        classes: Number of classes, or length of the condition vector; 0 for none. The batch has it as `label`.
        styles: The generator's latent space; None where the noise itself is all there is (see `noise_styles`).
    """

    def make(nets: Nets, batch: Batch) -> Batch:
        image: Tensor = nets["G"](batch["z"], batch.get("label"))
        return {"image": image}

    return Draw(make, {"z": (z_dim,)}, ("label",) if classes else (), styles or noise_styles(z_dim))


def noise_styles(z_dim: int) -> Styles:
    """The noise `z` as a latent space of one layer around zero, read first by the linear layer `G.stem`."""

    def make(nets: Nets, styles: Tensor, batch: Batch) -> Batch:
        image: Tensor = nets["G"](styles[:, 0], batch.get("label"))
        return {"image": image}

    def affine(nets: Nets) -> tuple[Tensor, ...]:
        stem: nn.Linear = nets["G"].get_submodule("stem")  # type: ignore[assignment]
        return (stem.weight[:, :z_dim],)

    return Styles(
        map=lambda nets, batch: batch["z"][:, None],
        make=make,
        centre=lambda nets, batch: batch["z"].new_zeros(1, 1, z_dim),
        affine=affine,
        space="z",
    )
