"""AdaIN: images in the style of any example, and such that they pass for images of the style set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, Draws, Game, Stage, Term, Turn, flow
from gansmith.errors import InputError
from gansmith.nets.adain import StyleTranslator
from gansmith.nets.patches import PatchDiscriminator
from gansmith.objectives.adversarial import nonsaturating_d, nonsaturating_g
from gansmith.objectives.penalties import zero_centred
from gansmith.objectives.translation import absolute, content_distance, style_distance
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._translation import Pairs, TranslateHp, averages, mover, pair_fields, posing
from gansmith.types import Batch, Field, Spec

DEEP = 2
"""Which of the maps holds the content; the first is the image."""

VIEW, MOST = 64, 128
"""The least and the largest side in pixels that the frozen network sees."""


class AdainHp(TranslateHp):
    """Hyper-parameters of `adain`."""

    blocks: int = Setting(2, ge=1, le=64, description="residual blocks behind the exchange of means and deviations")
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    maps: Literal["discriminator", "efficientnet"] = Setting(
        "discriminator", description="whose maps: the discriminator's, or a frozen network's (extra features)"
    )
    content: float = Setting(3.0, ge=0, description="weight of showing what the image shows")
    style: float = Setting(10.0, ge=0, description="weight of the style's means and deviations")
    same: float = Setting(10.0, ge=0, description="weight of giving an image back in its own style")
    adversarial: float = Setting(0.1, ge=0, description="weight of passing for an image of the style set")
    gamma: float = Setting(1.0, ge=0, description="weight of the slope of the scores at real images (R1)")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")


class Styled(Pairs):
    """Images, styles, and images in these styles with their maps and scores."""

    G: StyleTranslator
    D: PatchDiscriminator
    known: nn.Module | None = None

    paired = False

    @flow
    def fake(self) -> Tensor:
        """Images in the styles of others."""
        made: Tensor = self.G(self.a, self.b)
        return made

    def seen(self, image: Tensor) -> Sequence[Tensor]:
        """The image itself, which has a style too: its colours; and the maps of a network."""
        return [image, *(self.D.features(image) if self.known is None else self.known(image))]

    @flow
    def made_maps(self) -> Sequence[Tensor]:
        """Of made images."""
        return self.seen(self.fake)

    @flow
    def d_real(self) -> Tensor:
        """Scores of the style set's patches."""
        scores: Tensor = self.D(self.b)
        return scores

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made patches."""
        scores: Tensor = self.D(self.fake)
        return scores


@recipe(
    "adain",
    "Makes images in the style of an example: their maps get its means and deviations, and D must take them for real.",
    AdainHp,
    sizes={"s": {}, "m": {"width": 32, "blocks": 3, "batch": 8}, "l": {"width": 64, "blocks": 4, "batch": 8}},
    references=(
        "Huang & Belongie 2017, Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization, "
        "arXiv:1703.06868",
        "Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, arXiv:1801.04406",
    ),
    reads=("image", "source"),
    tasks=("style",),
    kind="translation",
)
def adain(spec: Spec, hp: AdainHp) -> Game:
    """Build the game."""
    source, image = pair_fields(spec)
    if source.shape != image.shape:
        raise InputError(f"pictures and styles have {source.shape[0]} and {image.shape[0]} channels: give --channels")
    if min(image.shape[1:]) < 16:
        raise InputError(f"styles are seen in at least 16 pixels a side; these images have {min(image.shape[1:])}")
    nets: dict[str, nn.Module] = {
        "G": StyleTranslator(source.shape[0], image.shape[0], hp.width, hp.blocks, image.head),
        "D": PatchDiscriminator(image.shape, hp.width, norm="none"),
    }
    pretrained = {}
    if hp.maps == "efficientnet":
        if image.shape[0] not in (1, 3):
            raise InputError(f"maps=efficientnet sees 1 or 3 channels; the data has {image.shape[0]}: --channels 3")
        from gansmith.nets.projected import BACKBONE_ID, Backbone

        nets["known"] = Backbone(min(MOST, max(VIEW, *image.shape[1:])))
        pretrained["known"] = BACKBONE_ID
    g = {
        "content": Term(lambda s: content_distance(s.made_maps[DEEP], s.seen(s.a)[DEEP]), hp.content),
        "style": Term(lambda s: style_distance(s.made_maps, s.seen(s.b)), hp.style),
        "same": Term(lambda s: absolute(s.G(s.a, s.a), s.a), hp.same),
        "adv": Term(lambda s: nonsaturating_g(s.d_fake), hp.adversarial),
    }
    d = {
        "adv": Term(lambda s: nonsaturating_d(s.d_real, s.d_fake)),
        "r1": Term(lambda s: zero_centred(s.d_real.mean((1, 2, 3)), s.b), hp.gamma, hp.penalty_every, ("b",)),
    }
    return Game(
        nets,
        posing(Styled, mirror=hp.mirror),
        players={"G": mover(("G",), hp.lr_g, hp), "D": mover(("D",), hp.lr_d, hp)},
        stages=(Stage((Turn("G", g), Turn("D", d)), carry={"G": ("a", "b", "fake")}),),
        ema=averages(hp, "G"),
        draw=draw_styled(source, image),
        contest=contest,
        pretrained=pretrained,
    )


def draw_styled(source: Field, image: Field) -> Draw:
    """Sampling by a `source` and a `style`, each of any size; posed with an image of the wanted domain as style."""

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        made: Tensor = nets["G"](batch["source"], batch["style"])
        return {"image": made}

    def pose(batch: Batch, draws: Draws) -> Batch:
        return {"source": batch["source"], "style": batch["image"]}

    return Draw(make, given={"source": source, "style": image}, pose=pose)
