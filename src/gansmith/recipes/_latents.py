"""What TimeGAN's turns can see: series in the latent space of an autoencoder, and what is foreseen there."""

from __future__ import annotations

from torch import Tensor, nn

from gansmith.core import flow
from gansmith.objectives.course import root_mean_square
from gansmith.recipes._conditions import Conditioned
from gansmith.recipes._series import hardened, joined

__all__ = ["Latents"]


class Latents(Conditioned):
    """Real series in the latent space, made ones from noise, and scores of both."""

    E: nn.Module
    R: nn.Module
    G: nn.Module
    S: nn.Module
    D: nn.Module
    signal: Tensor
    mask: Tensor | None = None

    z_dim = 0  # not annotated: a setting of the game, not a field of the batch

    @flow
    def real(self) -> Tensor:
        """Real series `(n, steps, channels)`, with their mask."""
        return joined(self.signal, self.mask).transpose(1, 2)

    @flow
    def latent(self) -> Tensor:
        """Their latent courses `(n, steps, hidden)`."""
        course: Tensor = self.E(self.real)
        return course

    @flow
    def foreseen(self) -> Tensor:
        """What the supervisor foresees, less the latent step that comes next: `(n, steps - 1, hidden)`."""
        ahead: Tensor = self.S(self.latent)[:, :-1] - self.latent[:, 1:]
        return ahead

    @flow
    def rebuilding(self) -> Tensor:
        """Root mean square of what the autoencoder loses."""
        return root_mean_square(self.R(self.latent) - self.real)

    @flow
    def direct(self) -> Tensor:
        """Latent courses of noise, before the supervisor."""
        course: Tensor = self.G(self.draws.normal(self.signal.shape[2], self.z_dim), self.condition)
        return course

    @flow
    def guided(self) -> Tensor:
        """The same, each step as the supervisor foresees it."""
        course: Tensor = self.S(self.direct)
        return course

    @flow
    def fake(self) -> Tensor:
        """Made series `(n, steps, channels)`."""
        return hardened(self.R(self.guided).transpose(1, 2), self.mask is not None).transpose(1, 2)

    def scored(self, course: Tensor) -> Tensor:
        """A score for every step, `(n, steps)`."""
        score: Tensor = self.D(course, self.condition)
        return score.squeeze(2)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real steps."""
        return self.scored(self.latent)

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made steps."""
        return self.scored(self.guided)

    @flow
    def d_direct(self) -> Tensor:
        """Scores of made steps before the supervisor."""
        return self.scored(self.direct)
