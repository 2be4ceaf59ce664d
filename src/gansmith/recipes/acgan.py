"""AC-GAN: the discriminator is not shown the condition, but reads it off real and made images."""

from __future__ import annotations

from typing import Any

from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Game, Term, flow
from gansmith.nets.auxiliary import ReadingDiscriminator
from gansmith.nets.light import LightGenerator
from gansmith.objectives.auxiliary import Part, category_loss, reading_loss
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._families import ADVERSARIAL, Generated, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec


class AcganHp(AdamHp):
    """Hyper-parameters of `acgan`."""

    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    read_real: float = Setting(1.0, ge=0, description="weight of reading real images, to the discriminator")
    read_fake: float = Setting(1.0, ge=0, description="weight of reading made images, to the discriminator")
    read_g: float = Setting(
        1.0, ge=0, description="weight of the condition being read off made images, to the generator"
    )


class Read(Generated):
    """Scores and readings of real and of made images."""

    D: ReadingDiscriminator

    @flow
    def real(self) -> tuple[Tensor, Tensor | None]:
        """Scores and readings of real images."""
        return self.D.both(self.see(self.image))

    @flow
    def made(self) -> tuple[Tensor, Tensor | None]:
        """Scores and readings of made images."""
        return self.D.both(self.see(self.fake))

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images."""
        return self.real[0]

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made images."""
        return self.made[0]


@recipe(
    "acgan",
    "The discriminator also names the class of every image, and the generator is paid for images whose class is seen.",
    AcganHp,
    sizes={"s": {"width": 16, "batch": 16, "lr_g": 1e-3, "lr_d": 5e-4}, "m": {"width": 32}, "l": {"width": 64}},
    references=("Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs, arXiv:1610.09585",),
)
def acgan(spec: Spec, hp: AcganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets = {
        "G": LightGenerator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": ReadingDiscriminator(image.shape, hp.width, classes),
    }
    d, g = ADVERSARIAL["nonsaturating"]
    if classes:
        parts = condition_parts(spec)

        def lost(read: Tensor | None, s: Any) -> Tensor:
            assert read is not None  # the terms are there only where the data has conditions
            return reading_loss(read, s.condition, parts) if parts else category_loss(read, s.condition)

        d = {**d, "read_real": Term(lambda s: lost(s.real[1], s), hp.read_real)}
        d["read_fake"] = Term(lambda s: lost(s.made[1], s), hp.read_fake)
        g = {**g, "read": Term(lambda s: lost(s.made[1], s), hp.read_g)}
    return duel(nets, (d, g), hp, classes, scene=Read)


def condition_parts(spec: Spec) -> list[Part]:
    """The parts of the condition vector; none where class ids are the condition.

    Entries that are named `colour=red` and `colour=blue` are one category; all others are numbers.
    """
    parts: list[Part] = []
    owners = (
        [name.split("=")[0] if "=" in name else "" for name in spec["attributes"].names] if "attributes" in spec else []
    )
    for i, owner in enumerate(owners):
        if parts and owner and owner == owners[i - 1]:
            parts[-1] = parts[-1]._replace(stop=i + 1)
        else:
            parts.append(Part("category" if owner else "numbers", i, i + 1))
    if "text" in spec:
        parts.append(Part("numbers", len(owners), len(owners) + spec["text"].shape[0]))
    return parts
