"""What R3GAN's turns can see: scores of real and made images from one pass, their slopes; and the term of labels."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from gansmith.core import Term, flow
from gansmith.errors import InputError
from gansmith.nets.light import LightDiscriminator
from gansmith.objectives.adversarial import matching
from gansmith.recipes._conditions import labels_of
from gansmith.recipes._families import Generated
from gansmith.types import Spec

__all__ = ["Paired", "label_term"]


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


class Paired(Generated):
    """Scores, projections on labels and slopes of real and made images."""

    D: LightDiscriminator

    @flow
    def features(self) -> tuple[Tensor, Tensor]:
        """What D's head reads of real and made images: one pass; two in G's turn, where only made ones have a graph."""
        real, fake = self.see(self.image), self.see(self.fake)
        if self.fake.grad_fn is not None:
            return self.D.features(real), self.D.features(fake)
        both = self.D.features(torch.cat([real, fake]))
        return both[: self.n], both[self.n :]

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images."""
        return cast(Tensor, self.D.head(self.features[0], self.condition))

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made images."""
        return cast(Tensor, self.D.head(self.features[1], self.condition))

    @flow
    def slopes(self) -> tuple[Tensor, ...]:
        """Gradients of the scores with respect to real and to made images, in one pass."""
        total = self.d_real.sum() + self.d_fake.sum()
        return torch.autograd.grad(total, (self.image, self.fake), create_graph=True)

    def steepness(self, which: int) -> Tensor:
        """Half the mean squared norm of real (0, R1) or made (1, R2) images' slopes (Huang et al. 2024, eq. 3)."""
        return self.slopes[which].square().flatten(1).sum(1).mean() / 2

    @flow
    def label_loss(self) -> Tensor:
        """How much the own label's score stays behind the others' on real images."""
        assert self.label is not None  # the term is there only where the data has classes
        return matching(self.D.head.projections(self.features[0]), self.label)
