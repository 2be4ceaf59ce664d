"""An audit of private training: whoever looks for a canary in the weights must not see more than epsilon allows.

The attack has all that the promise grants: it knows all other rows, every setting and the first weights. It looks at
the whole trained model and asks by how much it finds the canary more probable than an untrained one does.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import beta

from gansmith.core import State, play
from gansmith.data.table.poisson_source import PoissonSource
from gansmith.recipes.private_rows import private_rows
from gansmith.run.accountant import Cost, noise_for
from gansmith.types import Batch, Field, Spec, Token

pytest.importorskip("dp_accounting", reason="needs the extra gansmith[private]")

TOKENS = (Token(4), Token(4), Token(8, rising=0))
SPEC: Spec = {"tokens": Field((3,), "token", names=("a", "b", "c"), tokens=TOKENS)}
ROWS, BATCH, STEPS, DELTA = 40, 8, 25, 1e-3
MODELS = 150
"""Models with the canary, and as many without it; each half of them chooses the threshold for the other half."""

SURE = 0.999


def rows(canary: bool) -> Batch:
    """Rows that are all alike in what the canary is not."""
    plain = torch.stack([torch.arange(ROWS) % 2, torch.arange(ROWS) % 2, torch.arange(ROWS) % 3], 1)
    return {"tokens": torch.cat([plain, torch.tensor([[3, 3, 7]])]) if canary else plain}


def finds(canary: bool, noise: float, clip: float, secret: int) -> float:
    """How probable a trained model finds the canary, in nats; the attack's statistic."""
    torch.manual_seed(0)
    hp = private_rows.hp(batch=BATCH, width=8, lr=2e-2, clip=clip)
    game = private_rows.game(SPEC, hp)
    rule = replace(game.rule, noise=noise)
    source = PoissonSource(rows(canary), BATCH, secret)
    source.rate = BATCH / ROWS  # the canary is one row more: it changes nothing of the others
    state = State(replace(game, rule=rule), source, secret, total=STEPS * BATCH)
    play(state, STEPS)
    target = torch.tensor([[3, 3, 7]])
    noise_of = torch.rand(32, 4, generator=torch.Generator().manual_seed(1))
    net = state.game.nets["G"].eval()
    with torch.no_grad():
        return -float(net.nats(target.expand(32, 3), *net.hidden(noise_of)).mean())


def least_epsilon(noise: float, clip: float) -> float:
    """The epsilon below which the promise can't lie, with confidence: from the attack's true and false positives.

    With (epsilon, delta), of every attack: true positives <= e^epsilon * false positives + delta, and the same of
    negatives (Kairouz et al. 2015, theorem 2.1). Both rates are replaced by the ends of their Clopper-Pearson
    intervals that are kindest to the promise; the threshold comes from other models than the rates.
    """
    found = np.array([[finds(c, noise, clip, 2 * i + c + 10**6) for i in range(MODELS)] for c in (False, True)])
    least = 0.0
    for chooses, counts in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        without, with_it = found[0, chooses], found[1, chooses]
        limits = np.unique(found[:, chooses])
        gap = [np.mean(with_it > limit) - np.mean(without > limit) for limit in limits]
        limit = limits[int(np.argmax(gap))]
        positives = [int((found[c, counts] > limit).sum()) for c in (0, 1)]
        least = max(least, *(_implied(*pair) for pair in _both_ways(positives, MODELS // 2)))
    return least


def _both_ways(positives: list[int], n: int) -> list[tuple[int, int, int]]:
    false, true = positives
    return [(true, false, n), (n - false, n - true, n)]


def _implied(more: int, less: int, n: int) -> float:
    """The least epsilon by which one event can have happened `more` times of n in one world, `less` in the other."""
    tail = (1 - SURE) / 4  # two rates, two halves
    low = float(beta.ppf(tail, more, n - more + 1)) if more else 0.0
    high = float(beta.ppf(1 - tail, less + 1, n - less)) if less < n else 1.0
    return math.log(max(low - DELTA, 1e-12) / high)


@pytest.mark.slow
def test_an_attack_sees_no_more_than_epsilon_allows():
    noise = noise_for(1.0, DELTA, None, BATCH / ROWS, STEPS)
    assert least_epsilon(noise, 1.0) <= Cost(None, noise, BATCH / ROWS, STEPS).epsilon(DELTA) <= 1.0


@pytest.mark.slow
def test_the_same_attack_sees_through_training_without_noise():
    assert least_epsilon(0.0, 1e6) > 1.5


@pytest.mark.slow
def test_the_same_attack_sees_through_noise_without_clipping(monkeypatch):
    """Noise for a bound that gradients don't keep, as in tools that forget to clip."""
    from gansmith.core.clipped import Clipped

    bound = Clipped.sums
    monkeypatch.setattr(Clipped, "sums", lambda self, loss, n, clip: bound(self, loss, n, 1e6))
    noise = noise_for(1.0, DELTA, None, BATCH / ROWS, STEPS)
    assert least_epsilon(noise, 0.02) > 1.0
