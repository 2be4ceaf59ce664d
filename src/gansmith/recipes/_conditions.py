"""What recipes read of the data: its image field, its conditions, and how samples are asked for."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from gansmith.core import Draw, Scene, Styles, flow
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Spec

__all__ = ["Conditioned", "classes_of", "draw_images", "image_field", "noise_styles"]

Nets = Mapping[str, nn.Module]


class Conditioned(Scene):
    """A scene whose nets are shown a condition where the data has one."""

    label: Tensor | None = None

    @flow
    def condition(self) -> Tensor | None:
        """What conditional nets are shown: class ids `(n,)`, vectors `(n, width)`, or None."""
        return self.label


def image_field(spec: Spec) -> Field:
    """The image field of the data.

    Raises:
        InputError: The data has no images.
    """
    if "image" not in spec:
        raise InputError(f"this recipe makes images; the data has {', '.join(spec)}")
    return spec["image"]


def classes_of(spec: Spec) -> int:
    """Number of classes of the data's labels; 0 where there are none or only one."""
    classes = len(spec["label"].names) if "label" in spec else 0
    return classes if classes > 1 else 0


def draw_images(z_dim: int, classes: int, styles: Styles | None = None) -> Draw:
    """Sampling for generators from noise `z` and labels to images.

    Args:
        z_dim: Length of the noise.
        classes: Number of classes; 0 for none.
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
    )
