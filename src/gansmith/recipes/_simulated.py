"""What a recipe of simulated events sees in a turn: events, quantities that follow from them, and their scores."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gansmith.core import flow
from gansmith.objectives.distributions import sliced_wasserstein
from gansmith.objectives.penalties import between
from gansmith.recipes._signals import Signals

__all__ = ["Derive", "Simulated", "shown"]

Derive = Callable[[Tensor], Tensor]
"""From signals `(n, m)` to derived quantities `(n, k)`."""


def _nothing(signal: Tensor) -> Tensor:
    return signal.new_zeros(len(signal), 0)


def shown(derive: Derive | None, features: int) -> int:
    """How many numbers the critic sees of an event of so many features."""
    return features + (0 if derive is None else derive(torch.zeros(2, features)).shape[1])


class Simulated(Signals):
    """Events, their scores, and quantities that follow from them; `showing` says which of those the critic sees."""

    derive = staticmethod(_nothing)

    @classmethod
    def showing(cls, derive: Derive | None) -> type[Simulated]:
        """The same with quantities `(n, k)` of signals shown to the critic."""
        return cls if derive is None else type("Aware", (cls,), {"derive": staticmethod(derive)})

    def _seen(self, signal: Tensor) -> Tensor:
        """Events as the critic sees them: slopes are taken for columns and quantities alike, each by itself."""
        return torch.cat([signal, self.derive(signal)], 1)

    @flow
    def real(self) -> Tensor:
        """Real events as the critic sees them."""
        return self._seen(self.signal)

    @flow
    def made(self) -> Tensor:
        """Made events as the critic sees them."""
        return self._seen(self.fake)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real events."""
        score: Tensor = self.D(self.real, self.condition)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made events."""
        score: Tensor = self.D(self.made, self.condition)
        return score

    @flow
    def middle(self) -> Tensor:
        """A random point between each real and made event."""
        return between(self.real, self.made, self.draws.uniform())

    @flow
    def d_middle(self) -> Tensor:
        """Its score."""
        score: Tensor = self.D(self.middle, self.condition)
        return score

    def mismatch(self, derive: Derive, slices: int) -> Tensor:
        """Distance of derived quantities, together with the conditions, of real and of made events."""
        real, made = derive(self.signal), derive(self.fake)
        own = made.shape[1]
        if self.condition is not None and self.condition.ndim == 2:
            real, made = (torch.cat([x, self.condition], 1) for x in (real, made))
        drawn = self.draws.shared(slices, made.shape[1]) * 2 - 1
        directions = torch.cat([torch.eye(own, made.shape[1]).to(drawn), drawn])
        return sliced_wasserstein(real, made, directions / directions.norm(dim=1, keepdim=True))
