"""What R3GAN's turns can see: scores of real and made images from one pass, their slopes; and the term of labels."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from gansmith.core import Term, cosine, flow
from gansmith.errors import InputError
from gansmith.nets.light import LightDiscriminator
from gansmith.objectives.adversarial import matching
from gansmith.recipes._conditions import Conditioned, labels_of
from gansmith.recipes._families import Generated
from gansmith.types import Spec

__all__ = ["Compared", "Paired", "in_one_pass", "label_term", "slope_terms"]


def label_term(spec: Spec, hp: Any) -> dict[str, Term]:
    """The term `label` of a discriminator whose scene has the flow `label_loss`, where data and settings ask for it.

    Args:
        spec: Fields of the data.
        hp: Hyper-parameters with `match`, the term's weight.

    Raises:
        InputError: The weight was given, and the data has no classes that it could act on.
    """
    if labels_of(spec):
        return {"label": Term(lambda s: s.label_loss, hp.match)} if hp.match else {}
    if hp.match not in (0.0, type(hp).model_fields["match"].default):
        raise InputError(f"match={hp.match}: acts only on data with classes, shown without other conditions")
    return {}


def slope_terms(hp: Any, leaves: tuple[str, ...]) -> dict[str, Term]:
    """The two penalties of a discriminator whose scene is one of `Compared`: `r1` of real, `r2` of made samples.

    Args:
        hp: Hyper-parameters `gamma`, their weight, `gamma_end`, what is left of it at the end, and `penalty_every`.
        leaves: Names of what the slopes are taken for.
    """
    gamma = cosine(hp.gamma, hp.gamma * hp.gamma_end)
    return {
        "r1": Term(lambda s: s.steepness(0), gamma, hp.penalty_every, leaves),
        "r2": Term(lambda s: s.steepness(1), gamma, hp.penalty_every, leaves),
    }


def in_one_pass(net: Any, real: Tensor, fake: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """What a net makes of real and of made samples; one pass unless only the made ones have a graph.

    Args:
        net: The net.
        real: Real samples, as it sees them.
        fake: Made samples, as it sees them.
        made: Made samples as they came: in the generator's turn they have a graph.
    """
    if made.grad_fn is not None:
        return net(real), net(fake)
    both = net(torch.cat([real, fake]))
    return both[: len(real)], both[len(real) :]


class Compared(Conditioned):
    """Scores, projections on labels and slopes of real and made samples; D has `features` and a `head`."""

    D: Any

    @property
    def compared(self) -> tuple[Tensor, Tensor]:
        """Real and made samples: what slopes are taken for."""
        raise NotImplementedError

    @flow
    def features(self) -> tuple[Tensor, Tensor]:
        """What D's head reads of real and made samples, in one pass where that is possible."""
        real, fake = self.compared
        return in_one_pass(self.D.features, real, fake, fake)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real samples."""
        return cast(Tensor, self.D.head(self.features[0], self.condition))

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made samples."""
        return cast(Tensor, self.D.head(self.features[1], self.condition))

    @flow
    def slopes(self) -> tuple[Tensor, ...]:
        """Gradients of the scores with respect to real and to made samples, in one pass."""
        total = self.d_real.sum() + self.d_fake.sum()
        return torch.autograd.grad(total, self.compared, create_graph=True)

    def steepness(self, which: int) -> Tensor:
        """Half the mean squared norm of real (0, R1) or made (1, R2) samples' slopes (Huang et al. 2024, eq. 3)."""
        return self.slopes[which].square().flatten(1).sum(1).mean() / 2

    @flow
    def label_loss(self) -> Tensor:
        """How much the own label's score stays behind the others' on real samples."""
        assert self.label is not None  # the term is there only where the data has classes
        return matching(self.D.head.projections(self.features[0]), self.label)


class Paired(Compared, Generated):
    """The same of images, as the discriminator sees them through the game's lens."""

    D: LightDiscriminator

    @property
    def compared(self) -> tuple[Tensor, Tensor]:
        """Real and made images, before the lens."""
        return self.image, self.fake

    @flow
    def features(self) -> tuple[Tensor, Tensor]:
        """What D's head reads of real and made images as they are seen."""
        return in_one_pass(self.D.features, self.see(self.image), self.see(self.fake), self.fake)
