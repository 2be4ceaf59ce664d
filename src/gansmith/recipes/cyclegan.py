"""CycleGAN: two translators that undo each other, learnt from images of two domains that belong to no pairs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Game, Stage, Term, Turn, flow
from gansmith.errors import InputError
from gansmith.nets.patches import PatchDiscriminator
from gansmith.nets.translate import ResNetTranslator
from gansmith.objectives.adversarial import least_squares_d, least_squares_g
from gansmith.objectives.translation import absolute
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._translation import (
    Pairs,
    Pool,
    TranslateHp,
    averages,
    draw_translated,
    mover,
    pair_fields,
    posing,
)
from gansmith.types import Spec


class CycleganHp(TranslateHp):
    """Hyper-parameters of `cyclegan`."""

    blocks: int = Setting(3, ge=1, le=64, description="residual blocks of each generator (paper: 6, from 256 pixels 9)")
    mask: bool = Setting(
        True,
        description="keep of the image what a learnt mask says, where both domains have as many channels; "
        "false paints all of it (paper)",
    )
    cycle: float = Setting(10.0, ge=0, description="weight of coming back to the image after both translations")
    identity: float = Setting(
        0.5, ge=0, description="weight of leaving images of the wanted domain alone, in units of `cycle`"
    )
    upsample: Literal["repeat", "transposed"] = Setting(
        "repeat",
        description="how maps are doubled: transposed layers are those of public weights, and begin with grids",
    )
    pool: int = Setting(50, ge=0, le=10000, description="made images of earlier rounds that D is shown too; 0: none")


class Cycle(Pairs):
    """Both translations, there and back."""

    G: nn.Module
    back: nn.Module
    D: nn.Module
    D_source: nn.Module
    pool: Pool
    pool_source: Pool

    paired = False

    @flow
    def fake(self) -> Tensor:
        """Sources, translated."""
        made: Tensor = self.G(self.a)
        return made

    @flow
    def fake_source(self) -> Tensor:
        """Images of the wanted domain, translated back."""
        made: Tensor = self.back(self.b)
        return made

    @flow
    def d_real(self) -> Tensor:
        """Scores of the wanted domain's patches."""
        scores: Tensor = self.D(self.b)
        return scores

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made patches."""
        scores: Tensor = self.D(self.fake)
        return scores


@recipe(
    "cyclegan",
    "Translates images from one domain to another and back, without pairs: what comes back must be what went in.",
    CycleganHp,
    sizes={
        "s": {},
        "m": {"width": 32, "blocks": 6},
        "l": {"width": 64, "blocks": 9, "batch": 1, "ema": 0.0, "mask": False},
    },
    references=(
        "Zhu et al. 2017, Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks, "
        "arXiv:1703.10593",
        "Shrivastava et al. 2017, Learning from Simulated and Unsupervised Images through Adversarial Training, "
        "arXiv:1612.07828",
    ),
    reads=("image", "source"),
    tasks=("unpaired",),
    kind="translation",
)
def cyclegan(spec: Spec, hp: CycleganHp) -> Game:
    """Build the game."""
    source, image = pair_fields(spec)
    channels, made = source.shape[0], image.shape[0]
    if hp.identity and channels != made:
        raise InputError(
            f"identity={hp.identity:g} compares domains of {channels} and {made} channels: give identity=0"
        )
    form: Any = {"upsample": hp.upsample, "mask": hp.mask and channels == made}
    nets: dict[str, nn.Module] = {
        "G": ResNetTranslator(channels, made, hp.width, hp.blocks, head=image.head, **form),
        "back": ResNetTranslator(made, channels, hp.width, hp.blocks, head=source.head, **form),
        "D": PatchDiscriminator(image.shape, hp.width),
        "D_source": PatchDiscriminator(source.shape, hp.width),
        "pool": Pool(hp.pool, image.shape),
        "pool_source": Pool(hp.pool, source.shape),
    }
    g = {  # the paper's squared distance is not halved
        "adv": Term(lambda s: least_squares_g(s.d_fake), 2.0),
        "adv_back": Term(lambda s: least_squares_g(s.D_source(s.fake_source)), 2.0),
        "cycle": Term(lambda s: absolute(s.back(s.fake), s.a), hp.cycle),
        "cycle_back": Term(lambda s: absolute(s.G(s.fake_source), s.b), hp.cycle),
    }
    if hp.identity:
        g["identity"] = Term(lambda s: absolute(s.G(s.b), s.b), hp.cycle * hp.identity)
        g["identity_back"] = Term(lambda s: absolute(s.back(s.a), s.a), hp.cycle * hp.identity)
    d = {
        "adv": Term(lambda s: least_squares_d(s.d_real, s.D(s.pool(s.fake, s.draws)))),
        "adv_back": Term(lambda s: least_squares_d(s.D_source(s.a), s.D_source(s.pool_source(s.fake_source, s.draws)))),
    }
    carry = {"G": ("a", "b", "fake", "fake_source")}
    return Game(
        nets,
        posing(Cycle, mirror=hp.mirror),
        players={"G": mover(("G", "back"), hp.lr_g, hp), "D": mover(("D", "D_source"), hp.lr_d, hp)},
        stages=(Stage((Turn("G", g), Turn("D", d)), carry=carry),),
        ema=averages(hp, "G", "back"),
        draw=draw_translated(source, back="back"),
        contest=contest,
    )
