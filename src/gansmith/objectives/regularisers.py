"""Regularisers of the discriminator's scores: near the other side's average, and steady under small changes."""

from __future__ import annotations

from torch import Tensor

__all__ = ["consistency", "lecam"]


def lecam(real: Tensor, fake: Tensor, mean_real: Tensor | float, mean_fake: Tensor | float) -> Tensor:
    """Mean squared distance of scores to the other side's running average (Tseng et al. 2021, eq. 6).

    E (D(x) - a_F)^2 + E (D(G(z)) - a_R)^2. It keeps scores of real and made samples from drifting apart, which they do
    where data are few.

    Args:
        real: Scores of real samples.
        fake: Scores of made samples.
        mean_real: Running average of real samples' scores, a_R.
        mean_fake: Running average of made samples' scores, a_F.
    """
    return (real - mean_fake).square().mean() + (fake - mean_real).square().mean()


def consistency(score: Tensor, moved: Tensor) -> Tensor:
    """Mean squared difference of the scores of samples and of the same samples slightly changed.

    Zhang et al. 2020 (CR-GAN, eq. 3) for real samples; Zhao et al. 2021 (bCR, algorithm 1) for real and made ones.

    Args:
        score: Scores of samples.
        moved: Scores of the changed samples, same shape.
    """
    return (score - moved).square().mean()
