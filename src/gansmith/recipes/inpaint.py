"""Inpainting: holes of an image are filled by gated convolutions; every patch of the filled image must look real."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, Draws, Game, Scene, Stage, Term, Turn, flow
from gansmith.nets.inpaint import Filled, InpaintDiscriminator, InpaintGenerator
from gansmith.objectives.adversarial import hinge_d, hinge_g
from gansmith.objectives.translation import absolute
from gansmith.recipes._conditions import image_field
from gansmith.recipes._families import contest
from gansmith.recipes._holes import Form, Holes
from gansmith.recipes._recipe import recipe
from gansmith.recipes._translation import TranslateHp, averages, mirrored, mover, posing
from gansmith.types import Batch, Field, Spec


class InpaintHp(TranslateHp):
    """Hyper-parameters of `inpaint`."""

    width: int = Setting(8, ge=2, le=1024, description="channels of the generator's first maps (paper: 24)")
    judge: int = Setting(16, ge=1, le=1024, description="channels of the discriminator's first map (paper: 64)")
    form: Form = Setting("strokes", description="what random holes are made of, where the data has no masks")
    holes: int = Setting(3, ge=1, le=64, description="boxes of an image's hole; of strokes one to so many")
    largest: float = Setting(
        0.4, gt=0, le=1, description="largest side of a box, as a share of the image's; strokes are up to 2/5 as wide"
    )
    coarse: float = Setting(1.0, ge=0, description="weight of the first network's mean absolute difference")
    fine: float = Setting(1.0, ge=0, description="weight of the second network's mean absolute difference")
    adversarial: float = Setting(1.0, ge=0, description="weight of passing for real")
    lr_g: float = Setting(1e-4, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(1e-4, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")


class Holed(Scene):
    """Images with holes, what both networks fill them with, and the scores of real and filled images."""

    G: InpaintGenerator
    D: nn.Module
    image: Tensor
    mask: Tensor | None = None

    mirror, holes = False, Holes()  # settings of the game

    @flow
    def coin(self) -> Tensor:
        """Uniform numbers `(n,)` that decide on mirroring."""
        return self.draws.uniform()

    @flow
    def whole(self) -> Tensor:
        """Real images."""
        return mirrored(self.image, self.coin) if self.mirror else self.image

    @flow
    def hole(self) -> Tensor:
        """1 where pixels are missing: the data's masks, or random ones."""
        if self.mask is None:
            return self.holes(self.draws, self.image)
        mask = self.mask.to(self.image.dtype)
        return mirrored(mask, self.coin) if self.mirror else mask

    @flow
    def filled(self) -> Filled:
        """What both networks make of the whole image."""
        filled: Filled = self.G(self.whole, self.hole)
        return filled

    @flow
    def guess(self) -> Tensor:
        """The first network's image."""
        return self.filled.coarse

    @flow
    def refined(self) -> Tensor:
        """The second network's image."""
        return self.filled.fine

    @flow
    def fake(self) -> Tensor:
        """Real images, their holes filled."""
        return torch.where(self.hole > 0, self.refined, self.whole)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images."""
        scores: Tensor = self.D(self.whole, self.hole)
        return scores

    @flow
    def d_fake(self) -> Tensor:
        """Scores of filled images."""
        scores: Tensor = self.D(self.fake, self.hole)
        return scores


def draw_filled(image: Field, holes: Holes, given: bool) -> Draw:
    """Filling the holes `mask` of a `source`; what is not missing stays as it is."""

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        source, mask = batch["source"], batch["mask"]
        return {"image": torch.where(mask > 0, nets["G"](source, mask).fine, source)}

    def pose(batch: Batch, draws: Draws) -> Batch:
        mask = batch["mask"] if given else holes(draws, batch["image"])
        return {"source": batch["image"] * (1 - mask.to(batch["image"].dtype)), "mask": mask}

    return Draw(make, given={"source": image, "mask": Field((1, *image.shape[1:]), "mask")}, pose=pose)


@recipe(
    "inpaint",
    "Fills holes of any form: a coarse guess, then a fine one that copies from what is known; each patch is judged.",
    InpaintHp,
    sizes={
        "s": {},
        "m": {"width": 16, "judge": 32, "batch": 8},
        "l": {"width": 24, "judge": 64, "batch": 16},
    },
    references=(
        "Yu et al. 2019, Free-Form Image Inpainting with Gated Convolution, arXiv:1806.03589",
        "Yu et al. 2018, Generative Image Inpainting with Contextual Attention, arXiv:1801.07892",
    ),
    tasks=("inpaint",),
    kind="translation",
)
def inpaint(spec: Spec, hp: InpaintHp) -> Game:
    """Build the game."""
    image = image_field(spec)
    g = {
        "adv": Term(lambda s: hinge_g(s.d_fake), hp.adversarial),
        "coarse": Term(lambda s: absolute(s.guess, s.whole), hp.coarse),
        "fine": Term(lambda s: absolute(s.refined, s.whole), hp.fine),
    }
    d = {"adv": Term(lambda s: hinge_d(s.d_real, s.d_fake))}
    channels, holes = image.shape[0], Holes(hp.form, hp.holes, hp.largest)
    return Game(
        {"G": InpaintGenerator(channels, hp.width, image.head), "D": InpaintDiscriminator(image.shape, hp.judge)},
        posing(Holed, mirror=hp.mirror, holes=holes),
        players={"D": mover(("D",), hp.lr_d, hp), "G": mover(("G",), hp.lr_g, hp)},
        stages=(Stage((Turn("D", d), Turn("G", g)), carry={"G": ("whole", "hole", "guess", "refined")}),),
        ema=averages(hp, "G"),
        draw=draw_filled(image, holes, "mask" in spec),
        contest=contest,
    )
