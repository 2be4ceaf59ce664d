"""Adversarial losses: from the discriminator's raw scores (logits, any shape) to a scalar, the mean over samples.

Each pair `<name>_d(real, fake)` is minimised by the discriminator and `<name>_g(fake)` by the generator. The
relativistic pairing loss serves both with its arguments swapped. The relativistic average losses compare with a mean
over the batch: they are not means over samples, so a game that uses them is batch-coupled.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "hinge_d",
    "hinge_g",
    "least_squares_d",
    "least_squares_g",
    "matching",
    "minimax_d",
    "minimax_g",
    "nonsaturating_d",
    "nonsaturating_g",
    "relativistic",
    "relativistic_average_d",
    "relativistic_average_g",
    "relativistic_average_hinge_d",
    "relativistic_average_hinge_g",
    "wasserstein_d",
    "wasserstein_g",
]


def minimax_d(real: Tensor, fake: Tensor, target: float = 1.0) -> Tensor:
    """-log s(real) - log(1 - s(fake)): negated log-likelihood of telling them apart (Goodfellow et al. 2014, eq. 1).

    Args:
        real: Scores of real samples.
        fake: Scores of made samples.
        target: The probability of being real that is asked for on real samples. Below 1 it is one-sided label
            smoothing (Salimans et al. 2016, section 3.4): -t log s(real) - (1 - t) log(1 - s(real)).
    """
    on_real = F.softplus(-real) if target == 1 else target * F.softplus(-real) + (1 - target) * F.softplus(real)
    return on_real.mean() + F.softplus(fake).mean()


def minimax_g(fake: Tensor) -> Tensor:
    """The saturating generator loss log(1 - s(fake)) (Goodfellow et al. 2014, eq. 1).

    Its gradient vanishes where the discriminator is sure; kept to show that, and for the textbook game.
    """
    return -F.softplus(fake).mean()


nonsaturating_d = minimax_d


def nonsaturating_g(fake: Tensor) -> Tensor:
    """-log s(fake): same fixed point as minimax, strong gradient where the discriminator is sure (2014, section 3)."""
    return F.softplus(-fake).mean()


def least_squares_d(real: Tensor, fake: Tensor, target: float = 1.0) -> Tensor:
    """Half the squared distance to the targets 1 for real and 0 for made (Mao et al. 2017, eq. 9).

    Args:
        real: Scores of real samples.
        fake: Scores of made samples.
        target: Of real samples; below 1 it is one-sided label smoothing (Salimans et al. 2016, section 3.4).
    """
    return ((real - target).square().mean() + fake.square().mean()) / 2


def least_squares_g(fake: Tensor) -> Tensor:
    """Half the squared distance of made samples' scores to 1 (Mao et al. 2017, eq. 9)."""
    return (fake - 1).square().mean() / 2


def hinge_d(real: Tensor, fake: Tensor) -> Tensor:
    """max(0, 1 - real) + max(0, 1 + fake) (Lim & Ye 2017; Miyato et al. 2018, eq. 16)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_g(fake: Tensor) -> Tensor:
    """-fake (Miyato et al. 2018, eq. 17)."""
    return -fake.mean()


def wasserstein_d(real: Tensor, fake: Tensor) -> Tensor:
    """Made minus real: the negated critic estimate of the Wasserstein-1 distance (Arjovsky et al. 2017, eq. 2)."""
    return fake.mean() - real.mean()


def wasserstein_g(fake: Tensor) -> Tensor:
    """-fake (Arjovsky et al. 2017)."""
    return -fake.mean()


def relativistic(better: Tensor, worse: Tensor) -> Tensor:
    """softplus(worse - better), samples paired by their place in the batch (Huang et al. 2024, eq. 2).

    The discriminator minimises `relativistic(d_real, d_fake)`, the generator `relativistic(d_fake, d_real)`.

    Args:
        better: Scores that should be higher, `(n, ...)`.
        worse: Scores that should be lower, same shape.
    """
    return F.softplus(worse - better).mean()


def relativistic_average_d(real: Tensor, fake: Tensor) -> Tensor:
    """-log s(real - mean fake) - log(1 - s(fake - mean real)): RaSGAN (Jolicoeur-Martineau 2018, section 4.2)."""
    return F.softplus(fake.mean() - real).mean() + F.softplus(fake - real.mean()).mean()


def relativistic_average_g(real: Tensor, fake: Tensor) -> Tensor:
    """RaSGAN's generator: the discriminator's loss with real and made swapped (Jolicoeur-Martineau 2018, 4.2)."""
    return relativistic_average_d(fake, real)


def relativistic_average_hinge_d(real: Tensor, fake: Tensor) -> Tensor:
    """max(0, 1 - (real - mean fake)) + max(0, 1 + (fake - mean real)): RaHingeGAN (Jolicoeur-Martineau 2018)."""
    return F.relu(1 - real + fake.mean()).mean() + F.relu(1 + fake - real.mean()).mean()


def relativistic_average_hinge_g(real: Tensor, fake: Tensor) -> Tensor:
    """RaHingeGAN's generator: the discriminator's loss with real and made swapped (Jolicoeur-Martineau 2018)."""
    return relativistic_average_hinge_d(fake, real)


def matching(scores: Tensor, label: Tensor) -> Tensor:
    """How much the own class's score stays behind the other classes', softplus(other - own), mean over all others.

    The relativistic pairing loss between labels instead of images: the same image should score higher with its own
    label than with any wrong one. It pushes a conditional discriminator to look at the label early, which the pairing
    of images alone, always of one class, does not.

    Args:
        scores: Scores of each sample under every class, up to a term that the classes share, `(n, classes)`.
        label: Own classes `(n,)`.
    """
    own = scores.gather(1, label[:, None])
    behind = F.softplus(scores - own)
    others = 1 - F.one_hot(label, scores.shape[1]).to(behind.dtype)
    return (behind * others).sum(1).mean() / (scores.shape[1] - 1)
