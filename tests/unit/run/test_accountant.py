"""The accountant against other tools and closed forms."""

from __future__ import annotations

import builtins
import math
from statistics import NormalDist

import pytest

from gansmith.errors import InputError
from gansmith.run.accountant import Cost, noise_for, noise_of_counts

pytest.importorskip("dp_accounting", reason="needs the extra gansmith[private]")

PHI = NormalDist().cdf


def delta_of_gauss(noise: float, epsilon: float) -> float:
    """Balle & Wang 2018, Improving the Gaussian Mechanism, theorem 8."""
    return PHI(0.5 / noise - epsilon * noise) - math.exp(epsilon) * PHI(-0.5 / noise - epsilon * noise)


def test_sampled_steps_cost_what_two_other_accountants_say():
    """Opacus 1.6: sigma 1.1, rate 64/5000, 1000 steps, delta 1e-5 cost 2.213 by Rényi, 1.996 by its PRV accountant."""
    cost = Cost(None, 1.1, 64 / 5000, 1000)
    assert cost.epsilon_by_renyi(1e-5) == pytest.approx(2.213, abs=1e-3)
    assert cost.epsilon(1e-5) == pytest.approx(1.996, rel=0.01)


@pytest.mark.parametrize("noise", [0.7, 3.0, 12.0])
def test_counts_cost_what_the_closed_form_says(noise):
    epsilon = Cost(noise, 1.0, 0.0, 0).epsilon(1e-6)
    assert delta_of_gauss(noise, epsilon) <= 1e-6 * 1.001
    assert delta_of_gauss(noise, epsilon * 0.99) > 1e-6


def test_full_batches_are_one_gaussian_mechanism_of_more_information():
    """Without sampling, k steps of noise s are one of noise s / sqrt(k), and counts go in by squares too."""
    epsilon = Cost(8.0, 10.0, 1.0, 20).epsilon(1e-5)
    alone = 1 / math.sqrt(20 / 10.0**2 + 1 / 8.0**2)
    assert delta_of_gauss(alone, epsilon) <= 1e-5 * 1.001
    assert delta_of_gauss(alone, epsilon * 0.99) > 1e-5


def test_noise_is_the_least_that_keeps_the_promise():
    noise = noise_for(2.0, 1e-5, 10.0, 0.02, 300)
    assert Cost(10.0, noise, 0.02, 300).epsilon(1e-5) <= 2.0
    assert Cost(10.0, noise * 0.995, 0.02, 300).epsilon(1e-5) > 2.0
    counts = noise_of_counts(0.5, 1e-6)
    assert delta_of_gauss(counts, 0.5) <= 1e-6 < delta_of_gauss(counts * 0.99, 0.5)


def test_a_promise_that_counts_break_alone_is_refused():
    with pytest.raises(InputError, match=r"epsilon=1 can't be kept over 10 steps"):
        noise_for(1.0, 1e-6, 0.5, 0.01, 10)


def test_the_missing_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("dp_accounting"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"gansmith\[private\]"):
        Cost(None, 1.0, 0.1, 1).epsilon(1e-5)
