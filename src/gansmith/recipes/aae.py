"""AAE: the adversarial auto-encoder, whose discriminator tells codes from the prior's."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Game, Stage, Term, Turn, flow, ramped_half_life
from gansmith.errors import InputError
from gansmith.nets.encoder import LightDecoder, LightEncoder, Posterior
from gansmith.nets.mlp import MLPDiscriminator
from gansmith.objectives import adversarial as adv
from gansmith.objectives.reconstruction import squared
from gansmith.recipes._conditions import classes_of, image_field, labels_of
from gansmith.recipes._encoders import Encoded, EncoderHp, draw_encoded, picked
from gansmith.recipes._families import ADVERSARIAL, contest, falling
from gansmith.recipes._recipe import recipe
from gansmith.types import Spec


class AaeHp(EncoderHp):
    """Hyper-parameters of `aae`."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    z_dim: int = Setting(8, ge=1, le=4096, description="length of the code")
    hidden: int = Setting(256, ge=1, le=16384, description="units of each hidden layer of the discriminators of codes")
    posterior: Literal["point", "gaussian"] = Setting(
        "point", description="the encoder gives one code, or a distribution of which codes are drawn"
    )
    labelled: float = Setting(
        1.0, gt=0, le=1, description="share of labels that training sees; below 1 the encoder learns to name the rest"
    )
    lr: float = Setting(2e-3, gt=0, le=1, description="encoder's and decoder's learning rate for rebuilding (Adam)")
    lr_e: float = Setting(1e-3, gt=0, le=1, description="the encoder's learning rate against the discriminators (Adam)")
    lr_d: float = Setting(1e-3, gt=0, le=1, description="the discriminators' learning rate (Adam)")


class Matched(Encoded):
    """The prior's codes and the images' codes, and their scores. The encoder is not shown the label: it is style."""

    D: nn.Module

    @flow
    def posterior(self) -> Posterior:
        """What the encoder says of real images."""
        found: Posterior = self.E(self.image)
        return found

    @flow
    def d_real(self) -> Tensor:
        """Scores of the prior's codes."""
        score: Tensor = self.D(self.noise)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of the images' codes."""
        score: Tensor = self.D(self.code)
        return score


class Named(Matched):
    """Some labels are unknown: the encoder names every image, and the decoder is shown those names."""

    C: nn.Module
    label: Tensor

    @flow
    def logits(self) -> Tensor:
        """Class logits of real images."""
        names = self.posterior.names
        assert names is not None  # the encoder of this game names images
        return names

    @flow
    def condition(self) -> Tensor:
        """Probabilities of the classes, `(n, classes)`."""
        return self.logits.softmax(1)

    @flow
    def c_real(self) -> Tensor:
        """Scores of classes drawn from the prior, all alike."""
        classes = self.logits.shape[1]
        score: Tensor = self.C(F.one_hot(self.draws.integers(classes), classes).to(self.logits.dtype))
        return score

    @flow
    def c_fake(self) -> Tensor:
        """Scores of the images' names."""
        score: Tensor = self.C(self.condition)
        return score

    def naming(self, share: float) -> Tensor:
        """Cross-entropy of the names on the share of images whose label is known; its mean over those, expected."""
        each = F.cross_entropy(self.logits, self.label, reduction="none")
        return (each * picked(self.image, share)).mean() / share


@recipe(
    "aae",
    "The adversarial auto-encoder: images are encoded and rebuilt; a discriminator shapes the codes like noise.",
    AaeHp,
    sizes={"s": {}, "m": {"width": 32, "batch": 64, "hidden": 512}, "l": {"width": 64, "batch": 128, "hidden": 1024}},
    references=("Makhzani et al. 2016, Adversarial Autoencoders, arXiv:1511.05644",),
)
def aae(spec: Spec, hp: AaeHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    partly = hp.labelled < 1
    if partly:
        _check_labels(spec, hp)
    nets: dict[str, nn.Module] = {
        "E": LightEncoder(image.shape, hp.z_dim, hp.width, posterior=hp.posterior, names=classes if partly else 0),
        "G": LightDecoder(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": MLPDiscriminator((hp.z_dim,), hp.hidden),
    }
    d, e = (dict(terms) for terms in ADVERSARIAL["nonsaturating"])
    players = {
        "rebuild": falling(("E", "G"), hp.lr, hp),
        "D": falling(("D", "C") if partly else ("D",), hp.lr_d, hp),
        "E": falling(("E",), hp.lr_e, hp),
    }
    turns = [Turn("rebuild", {"distance": Term(lambda s: squared(s.rebuilt, s.image))}), Turn("D", d), Turn("E", e)]
    if partly:
        nets["C"] = MLPDiscriminator((classes,), hp.hidden)
        d["names"] = Term(lambda s: adv.nonsaturating_d(s.c_real, s.c_fake))
        e["names"] = Term(lambda s: adv.nonsaturating_g(s.c_fake))
        players["name"] = falling(("E",), hp.lr, hp)
        turns.append(Turn("name", {"label": Term(lambda s: s.naming(hp.labelled))}))
    return Game(
        nets,
        Named if partly else Matched,
        players=players,
        stages=(Stage(tuple(turns)),),
        ema={name: EMA(ramped_half_life(hp.ema)) for name in ("E", "G")},
        draw=draw_encoded(hp.z_dim, classes, shown=False),
        contest=contest,
    )


def _check_labels(spec: Spec, hp: AaeHp) -> None:
    if not labels_of(spec):
        raise InputError(f"labelled={hp.labelled:g} needs images with classes, and nothing else to be conditional on")
    if hp.drop_condition:
        raise InputError(f"drop_condition={hp.drop_condition:g} and labelled={hp.labelled:g} do not go together")
    if hp.shift:
        raise InputError(f"labelled={hp.labelled:g} knows images by their content, which shift={hp.shift} changes")
