"""Precision, recall, density, coverage: how good the samples are, and how much of the real variety they reach.

Precision and recall are those of Kynkaanniemi et al. 2019 (arXiv:1904.06991), density and coverage those of Naeem et
al. 2020 (arXiv:2002.09797).

Around each point of a set lies a ball whose radius is the distance to its k-th nearest neighbour in the same set; the
balls together stand for the set's manifold.

| value | question | range |
|---|---|---|
| precision | share of fakes inside at least one real ball | 0..1 |
| recall | share of reals inside at least one fake ball | 0..1 |
| density | real balls that hold a fake, on average, over k | 0.., 1 expected for a perfect generator |
| coverage | share of real balls that hold at least one fake | 0..1 |

Membership is strict (`distance < radius`), as in the authors' code. Unlike precision, density isn't fooled by one
outlier with a huge ball; unlike recall, coverage doesn't rise when the fakes scatter.

**The numbers of samples matter.** Balls shrink as their set grows. Precision and density measure fakes against real
balls, so the number of reals moves their expectation and the number of fakes only their noise. Recall measures reals
against fake balls, so there it is the number of fakes. Coverage asks whether any fake came by: it depends on both, and
rises with more fakes (`expected_coverage`). Compare values at equal numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.metrics.functional._check import check_count, check_enough, row_pair
from gansmith.metrics.functional.distances import nearest, within

__all__ = ["Prdc", "balls_of", "expected_coverage", "prdc"]


@dataclass(frozen=True)
class Prdc:
    """The four values and what they are means of, point by point (for intervals and for pictures).

    Attributes:
        precision: Mean of `fake_inside`.
        recall: Mean of `real_inside`.
        density: Mean of `fake_density`.
        coverage: Mean of `real_covered`.
        fake_inside: `(M,)` 0/1, this fake lies in some real ball.
        fake_density: `(M,)`, real balls around this fake over k.
        real_inside: `(N,)` 0/1, this real lies in some fake ball.
        real_covered: `(N,)` 0/1, some fake lies in this real's ball.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    fake_inside: Tensor
    fake_density: Tensor
    real_inside: Tensor
    real_covered: Tensor


def prdc(real: Tensor, fake: Tensor, k: int = 5) -> Prdc:
    """Precision, recall, density and coverage of fake features against real ones.

    Args:
        real: `(N, D)`.
        fake: `(M, D)`. N and M may differ; see the module's text for what that does.
        k: Which neighbour sets a ball's radius, not counting the point itself. 5 is the choice of Naeem et al.
            (Kynkaanniemi et al. use 3).

    Returns:
        The four values, each with its point-wise parts in float64.

    Raises:
        InputError: Rows that aren't finite or not of one width, or `k` below 1.
        TooFew: A side has no more than k rows.
    """
    real, fake, real_radius, fake_radius = balls_of(real, fake, k)
    balls = torch.zeros(len(fake), dtype=torch.float64, device=fake.device)
    covered = torch.zeros(len(real), dtype=torch.float64, device=real.device)
    for part, inside in within(real, fake, real_radius):
        balls += inside.sum(0)
        covered[part] = inside.any(1).to(torch.float64)
    reached = torch.zeros(len(real), dtype=torch.bool, device=real.device)
    for _, inside in within(fake, real, fake_radius):
        reached |= inside.any(0)

    fake_inside, real_inside = (balls > 0).to(torch.float64), reached.to(torch.float64)
    return Prdc(
        precision=float(fake_inside.mean()),
        recall=float(real_inside.mean()),
        density=float(balls.mean()) / k,
        coverage=float(covered.mean()),
        fake_inside=fake_inside,
        fake_density=balls / k,
        real_inside=real_inside,
        real_covered=covered,
    )


def balls_of(real: Tensor, fake: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Both sides as float64 rows, and the radii of their balls `(N,)` and `(M,)`; errors as `prdc`."""
    check_count("k", k)
    real, fake = row_pair(real, fake)
    check_enough("precision/recall/density/coverage: the real side", k + 1, len(real))
    check_enough("precision/recall/density/coverage: the fake side", k + 1, len(fake))
    radii = [nearest(side, side, k, itself=False)[0][:, -1] for side in (real, fake)]
    return real, fake, radii[0], radii[1]


def expected_coverage(n_real: int, n_fake: int, k: int = 5) -> float:
    """Coverage to be expected of a perfect generator: both sets from one distribution, whatever it is.

    `1 - prod_{j=1..k} (N - j) / (N + M - j)` (Naeem et al. 2020); about `1 - 2^-k` for N = M, 0.97 for k = 5.

    Args:
        n_real: N, reals; more than k.
        n_fake: M, fakes; at least 1.
        k: As in `prdc`.

    Returns:
        A share, 0..1.

    Raises:
        TooFew: `n_real` is not above k, or `n_fake` is 0.
    """
    check_enough("coverage: the real side", k + 1, n_real)
    check_enough("coverage: the fake side", 1, n_fake)
    missed = 1.0
    for j in range(1, k + 1):
        missed *= (n_real - j) / (n_real + n_fake - j)
    return 1 - missed
