"""pix2pix: a U-Net learns from pairs of images what the one looks like as the other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, Game, Stage, Term, Turn, flow
from gansmith.errors import InputError
from gansmith.nets.patches import PatchDiscriminator
from gansmith.nets.translate import UNetTranslator
from gansmith.objectives import adversarial as adv
from gansmith.objectives.translation import absolute, feature_matching
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._translation import Pairs, TranslateHp, averages, mover, pair_fields, posing
from gansmith.types import Batch, Spec


class Pix2pixHp(TranslateHp):
    """Hyper-parameters of `pix2pix`."""

    l1: float = Setting(100.0, ge=0, description="weight of the mean absolute difference to the pair's other image")
    matching: float = Setting(
        0.0, ge=0, description="weight of being alike in the discriminator's maps (pix2pixHD: 10)"
    )
    norm: Literal["instance", "batch"] = Setting(
        "instance", description="statistics of each image, or of the batch; public weights have batch"
    )
    upsample: Literal["repeat", "transposed"] = Setting(
        "repeat",
        description="how maps are doubled: transposed layers are those of public weights, and begin with grids",
    )
    dropout: bool = Setting(
        True, description="drop half of the innermost maps, in sampling too: the paper's only noise"
    )
    loss: Literal["nonsaturating", "least_squares"] = Setting("nonsaturating", description="the adversarial loss")


LOSSES: Mapping[str, tuple[Any, Any]] = {
    "nonsaturating": (adv.nonsaturating_d, adv.nonsaturating_g),
    "least_squares": (adv.least_squares_d, adv.least_squares_g),
}


class Translated(Pairs):
    """Pairs as they are, and with the other image made."""

    G: UNetTranslator
    D: PatchDiscriminator

    noisy = True  # a setting of the game

    @flow
    def fake(self) -> Tensor:
        """Sources, translated."""
        noise = self.draws.normal(self.G.noise_size(*self.a.shape[-2:])) if self.noisy else None
        made: Tensor = self.G(self.a, noise)
        return made

    @flow
    def real_maps(self) -> list[Tensor]:
        """The discriminator's maps of real pairs."""
        return self.D.features(torch.cat([self.a, self.b], 1))

    @flow
    def fake_maps(self) -> list[Tensor]:
        """The discriminator's maps of pairs with made images."""
        return self.D.features(torch.cat([self.a, self.fake], 1))

    @flow
    def d_real(self) -> Tensor:
        """Scores of real pairs' patches."""
        return self.D.score(self.real_maps[-1])

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made pairs' patches."""
        return self.D.score(self.fake_maps[-1])


@recipe(
    "pix2pix",
    "Translates images after pairs of examples: near to the pair's other image, and like a real one in every patch.",
    Pix2pixHp,
    sizes={"s": {}, "m": {"width": 32}, "l": {"width": 64, "batch": 1, "ema": 0.0}},
    references=(
        "Isola et al. 2017, Image-to-Image Translation with Conditional Adversarial Networks, arXiv:1611.07004",
        "Wang et al. 2018, High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs, "
        "arXiv:1711.11585",
    ),
    reads=("image", "source"),
    tasks=("pairs", "denoise", "colourise"),
    kind="translation",
)
def pix2pix(spec: Spec, hp: Pix2pixHp) -> Game:
    """Build the game."""
    source, image = pair_fields(spec)
    channels, made, (height, width) = source.shape[0], image.shape[0], image.shape[1:]
    halvings = min(8, int(math.log2(min(height, width))))
    if halvings < 3:
        raise InputError(f"pix2pix needs images of at least 8 pixels a side; these have {height}x{width}")
    generator = UNetTranslator(channels, made, hp.width, halvings, hp.norm, image.head, hp.upsample)
    judge = PatchDiscriminator((channels + made, height, width), hp.width, norm=hp.norm)
    lost_d, lost_g = LOSSES[hp.loss]
    # D's objective is halved: it learns slower than G (section 3.3)
    d = {"adv": Term(lambda s: lost_d(s.d_real, s.d_fake), 0.5)}
    g = {"adv": Term(lambda s: lost_g(s.d_fake)), "l1": Term(lambda s: absolute(s.fake, s.b), hp.l1)}
    if hp.matching:
        g["matching"] = Term(lambda s: feature_matching(s.fake_maps, s.real_maps), hp.matching)

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        translated: Tensor = nets["G"](batch["source"], batch.get("z"))
        return {"image": translated}

    noise = {"z": (generator.noise_size(height, width),)} if hp.dropout else {}
    return Game(
        {"G": generator, "D": judge},
        posing(Translated, mirror=hp.mirror, noisy=hp.dropout),
        players={"D": mover(("D",), hp.lr_d, hp), "G": mover(("G",), hp.lr_g, hp)},
        stages=(Stage((Turn("D", d), Turn("G", g)), carry={"G": ("a", "b", "fake")}),),
        ema=averages(hp, "G"),
        draw=Draw(make, noise, given={"source": source}),
        contest=contest,
    )
