"""Discriminative and predictive scores: what recurrent networks learn of made series (Yoon et al. 2019, section 5).

The protocol is the paper's but for what it leaves to chance: real series that are asked about were never learnt from,
and how long is learnt is written into the result. The authors' program and others of its kind differ by a factor
in both scores with the same data, so numbers of papers are no yardstick of these.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.metrics.functional.bootstrap import counts, interval
from gansmith.metrics.series.statistics import Distance
from gansmith.metrics.settings import Settings

__all__ = ["PUBLISHED", "QUICK", "Learning", "discriminative", "predictive"]


@dataclass(frozen=True)
class Learning:
    """How the networks learn.

    Attributes:
        steps: Updates.
        rate: Adam's learning rate.
        batch: Series of an update, of each side.
        layers: Of gated recurrent units.
        least: Units of a layer; half the channels where those are more.
    """

    steps: int = 500
    rate: float = 5e-3
    batch: int = 64
    layers: int = 2
    least: int = 12

    def units(self, channels: int) -> int:
        """Units of a layer."""
        return max(self.least, channels // 2)


QUICK = Learning()
"""What runs are judged by: some seconds instead of minutes, four times a judgement.

Fewer steps at a higher rate come out alike: on 2,000 made windows of daily prices, two seeds of two models,
discriminative 0.16, 0.23 and 0.35, 0.34, with `PUBLISHED` 0.18, 0.16 and 0.39, 0.33; predictive 0.049 and 0.049,
after the paper's 5,000 steps 0.048 and 0.056.
"""

PUBLISHED = Learning(steps=2000, rate=1e-3, batch=128)
"""As long as the paper's discriminator learns; to be given as `learning` by who compares with figures so taken."""


class _Reader(nn.Module):
    def __init__(self, inputs: int, learning: Learning) -> None:
        super().__init__()
        units = learning.units(inputs)
        self.units = nn.GRU(inputs, units, learning.layers, batch_first=True)
        self.out = nn.Linear(units, 1)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, steps, inputs)` to `(n, steps)`."""
        read: Tensor = self.out(self.units(x)[0])
        return read.squeeze(2)


def discriminative(
    real: Tensor, made: Tensor, train: Tensor, settings: Settings, learning: Learning = QUICK
) -> Distance:
    """How far from 1/2 the accuracy of a classifier is that tells held-out made series from real ones.

    It learns from `train` and one half of `made`; it is asked about `real` and the other half, both alike in weight.

    Args:
        real: Test series `(n, channels, steps)`; masks may be further channels.
        made: `(m, channels, steps)`.
        train: Real series to learn from.
        settings: Seed, and how the interval is made: over the series asked about.
        learning: How long is learnt.
    """
    half = len(made) // 2
    sides = [x.transpose(1, 2) for x in (train, made[:half])]
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(settings.seed)
        net = _Reader(real.shape[1], learning)
        adam = torch.optim.Adam(net.parameters(), lr=learning.rate)
        for _ in range(learning.steps):
            scores = [net(x[torch.randint(len(x), (learning.batch,))])[:, -1] for x in sides]
            loss = F.softplus(-scores[0]).mean() + F.softplus(scores[1]).mean()
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
    with torch.no_grad():
        right = [
            (net(real.transpose(1, 2))[:, -1] > 0).double(),
            (net(made[half:].transpose(1, 2))[:, -1] <= 0).double(),
        ]

    def of(means: list[Tensor]) -> Tensor:
        return ((means[0] + means[1]) / 2 - 0.5).abs()

    value = float(of([x.mean() for x in right]))
    if settings.resamples < 1:
        return value, (value, value)
    drawn = [counts(len(x), settings.resamples, settings.seed + i) @ x / len(x) for i, x in enumerate(right)]
    low, high = interval(of(drawn), settings.confidence)
    return value, (max(0.0, min(low, value)), min(0.5, max(high, value)))


def predictive(real: Tensor, made: Tensor, train: Tensor, settings: Settings, learning: Learning = QUICK) -> Distance:
    """Mean absolute error, on real series, of foreseeing the last channel's next value after learning from made ones.

    The other channels up to now are what is known; with a single channel that one. Errors are shares of the range that
    channel has in `train`.

    Args:
        real: Test series `(n, channels, steps)`.
        made: `(m, channels, steps)`.
        train: Real series, whose range is the unit.
        settings: Seed, and how the interval is made: over the series foreseen.
        learning: How long is learnt.
    """
    low, high = train.amin((0, 2), keepdim=True), train.amax((0, 2), keepdim=True)
    scaled = [((x - low) / (high - low).clamp_min(1e-6)).transpose(1, 2) for x in (real, made)]
    inputs = max(1, real.shape[1] - 1)
    known = [x[:, :-1, :inputs] for x in scaled]
    coming = [x[:, 1:, -1] for x in scaled]
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(settings.seed)
        net = _Reader(inputs, learning)
        adam = torch.optim.Adam(net.parameters(), lr=learning.rate)
        for _ in range(learning.steps):
            rows = torch.randint(len(made), (learning.batch,))
            loss = (net(known[1][rows]).sigmoid() - coming[1][rows]).abs().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
    with torch.no_grad():
        errors = (net(known[0]).sigmoid() - coming[0]).abs().mean(1).double()
    value = float(errors.mean())
    if settings.resamples < 1:
        return value, (value, value)
    return value, interval(
        counts(len(errors), settings.resamples, settings.seed) @ errors / len(errors), settings.confidence
    )
