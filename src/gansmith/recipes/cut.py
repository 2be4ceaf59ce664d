"""CUT: unpaired translation where each made patch must be recognised from the source's patch at the same place."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Game, Stage, Term, Turn, flow
from gansmith.errors import InputError
from gansmith.nets.patch_heads import PatchHeads
from gansmith.nets.patches import PatchDiscriminator
from gansmith.nets.translate import ResNetTranslator
from gansmith.objectives.adversarial import least_squares_d, least_squares_g
from gansmith.objectives.translation import patch_nce
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._translation import (
    Pairs,
    TranslateHp,
    averages,
    draw_translated,
    mirrored,
    mover,
    pair_fields,
    posing,
)
from gansmith.types import Spec


class CutHp(TranslateHp):
    """Hyper-parameters of `cut`."""

    blocks: int = Setting(3, ge=1, le=64, description="residual blocks of the generator (paper: 9)")
    upsample: Literal["repeat", "transposed"] = Setting(
        "repeat",
        description="how maps are doubled: transposed layers are those of public weights, and begin with grids",
    )
    mask: bool = Setting(True, description="keep of the image what a learnt mask says; false paints all of it (paper)")
    nce: float = Setting(1.0, ge=0, description="weight of recognising patches")
    identity: float = Setting(
        1.0, ge=0, description="weight of recognising patches of translated images of the wanted domain; 0 without"
    )
    equivariant: bool = Setting(False, description="translate half of the sources mirrored, patches going along")
    patches: int = Setting(64, ge=2, le=65536, description="places of each map that are compared (paper: 256)")
    temperature: float = Setting(0.07, gt=0, le=10, description="small ones look at the most similar patches only")
    features: int = Setting(64, ge=1, le=4096, description="length of a patch's vector (paper: 256)")


class Recognised(Pairs):
    """Translations, and vectors of patches of both sides."""

    G: ResNetTranslator
    heads: PatchHeads
    D: nn.Module

    paired = False
    equivariant = False  # these are settings of the game
    patches, temperature = 64, 0.07

    @flow
    def flips(self) -> Tensor:
        """Uniform numbers `(n,)` that decide which sources are translated mirrored."""
        return self.draws.uniform()

    @flow
    def fake(self) -> Tensor:
        """Sources, translated; with `equivariant` some of them mirrored before."""
        made: Tensor = self.G(mirrored(self.a, self.flips) if self.equivariant else self.a)
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

    def recognised(self, source: Tensor, made: Tensor, turn_back: bool = False) -> Tensor:
        """The mean over maps of how hard patches are to recognise (eq. 4)."""
        with torch.no_grad():  # the answers are fixed
            answers = self.G.features(source)
        asked = self.G.features(made)
        if turn_back:
            asked = [mirrored(level, self.flips) for level in asked]
        counts = [level[0, 0].numel() for level in asked]
        places = [self.draws.shared(count).argsort()[: self.patches] for count in counts]
        pairs = zip(self.heads(asked, places), self.heads(answers, places), strict=True)
        return torch.stack([patch_nce(asks, answers, self.temperature) for asks, answers in pairs]).mean()


@recipe(
    "cut",
    "Unpaired translation in one direction: a made patch must be recognised from the source's patch of its place.",
    CutHp,
    sizes={
        "s": {},
        "m": {"width": 32, "blocks": 6, "patches": 256, "features": 256},
        "l": {"width": 64, "blocks": 9, "patches": 256, "features": 256, "batch": 1, "ema": 0.0, "mask": False},
    },
    references=(
        "Park et al. 2020, Contrastive Learning for Unpaired Image-to-Image Translation, arXiv:2007.15651",
        "van den Oord et al. 2018, Representation Learning with Contrastive Predictive Coding, arXiv:1807.03748",
    ),
    reads=("image", "source"),
    tasks=("unpaired",),
    kind="translation",
)
def cut(spec: Spec, hp: CutHp) -> Game:
    """Build the game."""
    source, image = pair_fields(spec)
    if source.shape != image.shape:
        raise InputError("cut sees both domains through one network: train with the same --channels for both")
    generator = ResNetTranslator(
        source.shape[0], image.shape[0], hp.width, hp.blocks, head=image.head, upsample=hp.upsample, mask=hp.mask
    )
    nets: dict[str, nn.Module] = {
        "G": generator,
        "heads": PatchHeads(generator.tapped, hp.features),
        "D": PatchDiscriminator(image.shape, hp.width),
    }
    # the squared distance is not halved in the authors' experiments, and both kinds of patches weigh half
    half = 0.5 if hp.identity else 1.0
    g = {
        "adv": Term(lambda s: least_squares_g(s.d_fake), 2.0),
        "nce": Term(lambda s: s.recognised(s.a, s.fake, s.equivariant), half * hp.nce),
    }
    if hp.identity:
        g["nce_identity"] = Term(lambda s: s.recognised(s.b, s.G(s.b)), half * hp.identity)
    d = {"adv": Term(lambda s: least_squares_d(s.d_real, s.d_fake))}
    settings = {"mirror": hp.mirror, "equivariant": hp.equivariant}
    return Game(
        nets,
        posing(Recognised, patches=hp.patches, temperature=hp.temperature, **settings),
        players={"D": mover(("D",), hp.lr_d, hp), "G": mover(("G", "heads"), hp.lr_g, hp)},
        stages=(Stage((Turn("D", d), Turn("G", g)), carry={"G": ("a", "b", "flips", "fake")}),),
        ema=averages(hp, "G"),
        draw=draw_translated(source),
        contest=contest,
    )
