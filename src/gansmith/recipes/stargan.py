"""StarGAN: one translator between several domains, which is told where to go and must find the way back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, Draws, Game, Scene, Stage, Term, Turn, flow
from gansmith.errors import InputError
from gansmith.nets.domains import DomainDiscriminator, DomainTranslator
from gansmith.objectives.adversarial import nonsaturating_d, nonsaturating_g
from gansmith.objectives.auxiliary import category_loss
from gansmith.objectives.penalties import zero_centred
from gansmith.objectives.translation import absolute
from gansmith.recipes._conditions import image_field
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._translation import TranslateHp, averages, mirrored, mover, posing
from gansmith.types import Batch, Spec


class StarganHp(TranslateHp):
    """Hyper-parameters of `stargan`."""

    batch: int = Setting(8, ge=1, le=65536, description="real samples a round, over all processes (paper: 16)")
    blocks: int = Setting(3, ge=1, le=64, description="residual blocks of the generator (paper: 6)")
    mask: bool = Setting(True, description="keep of the image what a learnt mask says (GANimation); paper: false")
    cycle: float = Setting(10.0, ge=0, description="weight of coming back to the image from the wanted domain")
    domain: float = Setting(1.0, ge=0, description="weight of being seen as the wanted domain, to the generator")
    gamma: float = Setting(1.0, ge=0, description="weight of the slope of the scores at real images (R1)")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")


class Domains(Scene):
    """Images of several domains, the domain that each is to go to, and what is made and seen of it."""

    G: DomainTranslator
    D: DomainDiscriminator
    image: Tensor
    label: Tensor

    mirror = False  # a setting of the game

    @flow
    def a(self) -> Tensor:
        """Real images."""
        return mirrored(self.image, self.draws.uniform()) if self.mirror else self.image

    @flow
    def target(self) -> Tensor:
        """Wanted domains `(n,)`, any of all; where it is the own one, the image is to stay as it is."""
        return self.draws.integers(self.G.domains)

    @flow
    def fake(self) -> Tensor:
        """Real images, translated."""
        made: Tensor = self.G(self.a, self.target)
        return made

    @flow
    def real_seen(self) -> tuple[Tensor, Tensor]:
        """Scores and logits of real images."""
        return self.D.both(self.a)

    @flow
    def fake_seen(self) -> tuple[Tensor, Tensor]:
        """Scores and logits of translated ones."""
        return self.D.both(self.fake)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real patches."""
        return self.real_seen[0]

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made patches."""
        return self.fake_seen[0]


@recipe(
    "stargan",
    "Translates images between any two of several domains with one generator, which is told the wanted one.",
    StarganHp,
    sizes={"s": {}, "m": {"width": 32, "blocks": 6, "batch": 16}, "l": {"width": 64, "blocks": 6, "batch": 16}},
    references=(
        "Choi et al. 2018, StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image "
        "Translation, arXiv:1711.09020",
        "Choi et al. 2020, StarGAN v2: Diverse Image Synthesis for Multiple Domains, arXiv:1912.01865",
        "Pumarola et al. 2018, GANimation: Anatomically-aware Facial Animation from a Single Image, arXiv:1807.09251",
        "Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, arXiv:1801.04406",
    ),
    reads=("image", "label"),
    tasks=("domains",),
    kind="translation",
)
def stargan(spec: Spec, hp: StarganHp) -> Game:
    """Build the game."""
    image, domains = image_field(spec), len(spec["label"].names)
    if domains < 2:
        raise InputError("the images are all of one domain: stargan translates between two or more")
    nets: dict[str, nn.Module] = {
        "G": DomainTranslator(image.shape[0], domains, hp.width, hp.blocks, hp.mask, image.head),
        "D": DomainDiscriminator(image.shape, domains, hp.width),
    }
    d = {
        "adv": Term(lambda s: nonsaturating_d(s.d_real, s.d_fake)),
        "domain": Term(lambda s: category_loss(s.real_seen[1], s.label)),
        "r1": Term(lambda s: zero_centred(s.d_real.mean((1, 2, 3)), s.a), hp.gamma, hp.penalty_every, ("a",)),
    }
    g = {
        "adv": Term(lambda s: nonsaturating_g(s.d_fake)),
        "domain": Term(lambda s: category_loss(s.fake_seen[1], s.target), hp.domain),
        "cycle": Term(lambda s: absolute(s.G(s.fake, s.label), s.a), hp.cycle),
    }
    return Game(
        nets,
        posing(Domains, mirror=hp.mirror),
        players={"G": mover(("G",), hp.lr_g, hp), "D": mover(("D",), hp.lr_d, hp)},
        stages=(Stage((Turn("G", g), Turn("D", d)), carry={"G": ("a", "target", "fake")}),),
        ema=averages(hp, "G"),
        draw=draw_to(spec),
        contest=contest,
    )


def draw_to(spec: Spec) -> Draw:
    """Sampling by translating a `source` to the domain `label`; posed from an image and any domain but its own."""
    domains = len(spec["label"].names)

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        image: Tensor = nets["G"](batch["source"], batch["label"].long())
        return {"image": image}

    def pose(batch: Batch, draws: Draws) -> Batch:
        further = 1 + draws.integers(domains - 1)
        return {"source": batch["image"], "label": torch.remainder(batch["label"] + further, domains)}

    return Draw(make, given={"source": image_field(spec), "label": spec["label"]}, pose=pose)
