"""An audit of private training: whoever looks for a canary in the weights must not see more than epsilon allows.

The attack has all that the promise grants: it knows all other rows, every setting and the first weights. The canary's
gradient is as long as the bound lets it be, and nobody else's points its way (Nasr et al. 2021, Adversary
Instantiation, the strongest of theirs), so that the attack comes near to what is promised.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gansmith.core import Game, Player, PrivateRounds, Scene, Stage, State, Term, Turn, play
from gansmith.data.table.poisson_source import PoissonSource
from gansmith.run.accountant import noise_for

pytest.importorskip("dp_accounting", reason="needs the extra gansmith[private]")
beta = pytest.importorskip("scipy.stats").beta

ROWS, BATCH, STEPS, EPSILON, DELTA = 16, 8, 4, 1.0, 1e-3
MODELS = 1000
"""Models with the canary, and as many without it; half of them choose the threshold for the other half."""

FEW = 200
"""Enough where the promise is badly broken."""

SURE = 0.999


class Along(Scene):
    """A net whose gradient is the row itself."""

    G: nn.Linear
    x: Tensor

    def loss(self) -> Tensor:
        return self.G(self.x).mean()


def found_in(canary: bool, noise: float, clip: float, secret: int) -> float:
    """How far a trained model has gone the canary's way."""
    x = torch.tensor([[0.0, 0.5]]).repeat(ROWS, 1)
    rows = {"x": torch.cat([x, torch.tensor([[100.0, 0.0]])]) if canary else x}
    net = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(net.weight)
    game = Game(
        {"G": net},
        Along,
        {"G": Player(("G",), lambda p: torch.optim.SGD(p, lr=1.0))},
        (Stage((Turn("G", {"loss": Term(lambda s: s.loss())}),)),),
        rule=PrivateRounds(BATCH, clip, noise),
    )
    source = PoissonSource(rows, BATCH, secret)
    source.rate = BATCH / ROWS  # one row more changes nothing of the others
    play(State(game, source, secret), STEPS)
    return -float(net.weight[0, 0].detach())


def least_epsilon(noise: float, models: int) -> float:
    """The epsilon below which the truth can't lie, but once in a thousand: from the attack's true and false positives.

    With (epsilon, delta), of every attack: true positives <= e^epsilon * false positives + delta, and the same of
    negatives (Kairouz et al. 2015, theorem 2.1). Both rates are replaced by the ends of their Clopper-Pearson
    intervals that are kindest to the promise; the threshold comes from other models than the rates.
    """
    seen = np.array([[found_in(c, noise, 1.0, 2 * i + c + 10**6) for i in range(models)] for c in (False, True)])
    chosen, counted = seen[:, ::2], seen[:, 1::2]
    n = counted.shape[1]
    limits = np.quantile(chosen, np.linspace(0.02, 0.98, 49))
    promising = [max(_implied(*pair, n, 0.5) for pair in _both_ways(chosen, limit)) for limit in limits]
    limit = float(limits[int(np.argmax(promising))])
    return max(_implied(*pair, n, (1 - SURE) / 4) for pair in _both_ways(counted, limit))


def _both_ways(seen: np.ndarray, limit: float) -> list[tuple[int, int]]:
    """How often one event happened with the canary and without, and its opposite without and with."""
    without, with_it = (int((part > limit).sum()) for part in seen)
    n = seen.shape[1]
    return [(with_it, without), (n - without, n - with_it)]


def _implied(more: int, less: int, n: int, tail: float) -> float:
    """The least epsilon by which an event can have happened `more` times of n in one world, `less` in the other."""
    low = float(beta.ppf(tail, more, n - more + 1)) if more else 0.0
    high = float(beta.ppf(1 - tail, less + 1, n - less)) if less < n else 1.0
    return math.log(max(low - DELTA, 1e-12) / high)


@pytest.fixture(scope="module")
def noise() -> float:
    return noise_for(EPSILON, DELTA, None, BATCH / ROWS, STEPS)


@pytest.mark.slow
def test_an_attack_sees_no_more_than_epsilon_allows(noise):
    assert least_epsilon(noise, MODELS) <= EPSILON


@pytest.mark.slow
def test_the_same_attack_sees_through_a_third_of_the_noise(noise):
    assert least_epsilon(noise / 3, MODELS) > EPSILON


@pytest.mark.slow
def test_the_same_attack_sees_through_training_without_noise():
    assert least_epsilon(0.0, FEW) > 2 * EPSILON


@pytest.mark.slow
def test_the_same_attack_sees_through_noise_without_clipping(noise, monkeypatch):
    """Noise for a bound that gradients don't keep, as in tools that forget to clip."""
    from gansmith.core.clipped import Clipped

    bound = Clipped.sums
    monkeypatch.setattr(Clipped, "sums", lambda self, loss, n, clip: bound(self, loss, n, 1e6))
    assert least_epsilon(noise, FEW) > 2 * EPSILON
