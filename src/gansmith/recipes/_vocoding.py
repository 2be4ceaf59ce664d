"""What a turn of a vocoder's game sees: parts of sounds, and what is made of their mel bands."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.core import Scene, flow
from gansmith.nets.vocoder import MelLevels, Vocoder
from gansmith.nets.vocoder_judges import SoundJudges
from gansmith.objectives import adversarial as adv
from gansmith.objectives.translation import absolute, feature_matching

__all__ = ["Resounding"]


class Resounding(Scene):
    """Parts of sounds, their mel bands, and the sounds that are made of these."""

    G: Vocoder
    D: SoundJudges
    ear: MelLevels
    signal: Tensor
    segment: int

    @flow
    def real(self) -> Tensor:
        """A part of one channel of each sound, `(n, 1, segment)`."""
        n, channels, length = self.signal.shape
        channel, start = self.draws.integers(channels), self.draws.integers(length - self.segment + 1)
        places = start[:, None] + torch.arange(self.segment, device=start.device)
        one = self.signal[torch.arange(n, device=start.device), channel]
        return one.gather(1, places)[:, None]

    @flow
    def mel(self) -> Tensor:
        """Its mel bands."""
        levels: Tensor = self.ear(self.real[:, 0])
        return levels

    @flow
    def fake(self) -> Tensor:
        """The sound made of them."""
        made: Tensor = self.G(self.mel)
        return made

    @flow
    def differing(self) -> Tensor:
        """Mean absolute difference of mel bands, in nats, of real and made sounds (eq. 5)."""
        return absolute(self.ear(self.fake[:, 0]), self.mel)

    @flow
    def real_maps(self) -> list[list[Tensor]]:
        """Maps and scores of real sounds, by discriminator."""
        found: list[list[Tensor]] = self.D(self.real)
        return found

    @flow
    def fake_maps(self) -> list[list[Tensor]]:
        """Maps and scores of made sounds, by discriminator."""
        found: list[list[Tensor]] = self.D(self.fake)
        return found

    @flow
    def d_real(self) -> Tensor:
        """Mean scores of real sounds, `(n, discriminators)`."""
        return _scores(self.real_maps)

    @flow
    def d_fake(self) -> Tensor:
        """Mean scores of made sounds, `(n, discriminators)`."""
        return _scores(self.fake_maps)

    @flow
    def d_loss(self) -> Tensor:
        """How badly the discriminators tell real from made, summed over them (eq. 1)."""
        both = zip(self.real_maps, self.fake_maps, strict=True)
        return 2 * torch.stack([adv.least_squares_d(real[-1], made[-1]) for real, made in both]).sum()

    @flow
    def g_loss(self) -> Tensor:
        """How well they do on made sounds, summed over them (eq. 2)."""
        return 2 * torch.stack([adv.least_squares_g(maps[-1]) for maps in self.fake_maps]).sum()

    @flow
    def unlike(self) -> Tensor:
        """How far made and real sounds are apart in the hidden maps, summed over maps and discriminators (eq. 6)."""
        both = zip(self.fake_maps, self.real_maps, strict=True)
        return torch.stack([feature_matching(made[:-1], real[:-1]) * len(made[:-1]) for made, real in both]).sum()


def _scores(maps: list[list[Tensor]]) -> Tensor:
    return torch.stack([judge[-1].mean(1) for judge in maps], 1)
