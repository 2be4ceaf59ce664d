"""A loss of one's own: least squares that forgives small errors.

gansmith train my_images/ --recipe examples/my_loss.py
gansmith train my_images/ --recipe examples/my_loss.py slack=0.0       (plain least squares)
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith import EMA, Draw, Game, ImageHp, Player, Scene, Spec, Stage, Term, Turn, flow, recipe
from gansmith.core import ramped_half_life
from gansmith.nets.light import LightDiscriminator, LightGenerator
from gansmith.objectives.penalties import zero_centred


def lenient(score: Tensor, target: float, slack: float) -> Tensor:
    """Half the squared distance of scores to a target, counted from `slack` on: nearly right is right."""
    return F.relu((score - target).abs() - slack).square().mean() / 2


class MyHp(ImageHp):
    """Hyper-parameters: `batch`, `flip`, `shift` and `z_dim` come from `ImageHp`, the rest is ours."""

    slack: float = Setting(0.2, ge=0, lt=1, description="how far a score may be from its target at no cost")
    gamma: float = Setting(0.1, ge=0, description="weight of the gradient penalty on real images (R1)")
    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution")
    lr: float = Setting(1e-3, gt=0, le=1, description="Adam's learning rate")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")


class Seen(Scene):
    """What a turn can look at: two nets, the fields of the batch, and what follows from them."""

    G: LightGenerator
    D: nn.Module
    image: Tensor
    label: Tensor | None = None

    @flow
    def fake(self) -> Tensor:
        """Made images, one for each real one and of its class."""
        made: Tensor = self.G(self.draws.normal(self.G.z_dim), self.label)
        return made

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images."""
        score: Tensor = self.D(self.image, self.label)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made images."""
        score: Tensor = self.D(self.fake, self.label)
        return score


@recipe("my-loss", "Least squares that forgives small errors.", MyHp, sizes={"m": {"width": 32}, "l": {"width": 64}})
def my_loss(spec: Spec, hp: MyHp) -> Game:
    """Build the game: the discriminator wants real at 1 and made at 0, the generator wants made at 1."""
    image, classes = spec["image"], len(spec["label"].names) if "label" in spec else 0
    nets = {
        "G": LightGenerator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": LightDiscriminator(image.shape, hp.width, classes),
    }
    discriminate = {
        "real": Term(lambda s: lenient(s.d_real, 1.0, hp.slack)),
        "made": Term(lambda s: lenient(s.d_fake, 0.0, hp.slack)),
        "r1": Term(lambda s: zero_centred(s.d_real, s.image), hp.gamma, leaves=("image",)),
    }
    generate = {"made": Term(lambda s: lenient(s.d_fake, 1.0, hp.slack))}
    adam = partial(torch.optim.Adam, lr=hp.lr, betas=(0.0, 0.99))
    return Game(
        nets,
        Seen,
        players={"D": Player(("D",), adam), "G": Player(("G",), adam)},
        stages=(Stage((Turn("D", discriminate), Turn("G", generate))),),
        ema={"G": EMA(ramped_half_life(hp.ema))},
        draw=Draw(
            lambda nets, batch: {"image": nets["G"](batch["z"], batch.get("label"))},
            noise={"z": (hp.z_dim,)},
            conditions=("label",) if classes else (),
        ),
        contest=lambda s: (s.d_real, s.d_fake),
    )
