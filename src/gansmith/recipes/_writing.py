"""What a turn sees of a transformer that writes music: what real windows cost it, and windows that it writes."""

from __future__ import annotations

from torch import Tensor, nn

from gansmith.core import flow
from gansmith.nets.voices_writer import VoicesWriter
from gansmith.recipes._conditions import Conditioned

__all__ = ["Criticised", "Written"]


class Written(Conditioned):
    """What real windows cost the transformer."""

    G: VoicesWriter
    signal: Tensor

    @flow
    def likelihood(self) -> Tensor:
        """Nats that a token of real music costs."""
        return self.G.nats(self.signal, self.condition).mean()


class Criticised(Written):
    """Windows that it writes beside that, and what a critic thinks of them."""

    D: nn.Module

    temperature = 1.0

    @flow
    def fake(self) -> Tensor:
        """Written windows, one for each real one and of its class."""
        noise = self.draws.normal(self.G.voices, self.G.steps, self.G.choices)
        written: Tensor = self.G(noise, self.condition, self.temperature)
        return written

    @flow
    def d_real(self) -> Tensor:
        """Scores of real windows."""
        score: Tensor = self.D(self.signal, self.condition)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of written windows."""
        score: Tensor = self.D(self.fake, self.condition)
        return score
