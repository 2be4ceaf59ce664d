"""Scores of time series against closed forms and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from gansmith.features.series import SeriesFeatures
from gansmith.metrics.series import posthoc, statistics
from gansmith.metrics.settings import Settings

QUIET = Settings(resamples=0)
SHORT = posthoc.Learning(steps=120)


def noise(n=300, channels=2, steps=24, seed=0):
    return torch.randn(n, channels, steps, generator=torch.Generator().manual_seed(seed))


def smooth(x, share=0.9):
    """An autoregression of first order and unit variance."""
    out = x.clone()
    for t in range(1, x.shape[2]):
        out[:, :, t] = share * out[:, :, t - 1] + (1 - share**2) ** 0.5 * x[:, :, t]
    return out


def test_autocorrelation_of_an_autoregression_is_its_powers():
    value, _ = statistics.autocorrelation(smooth(noise(6000)), noise(6000, seed=1), QUIET)
    assert value == pytest.approx(np.mean(0.9 ** np.arange(1, 24)), abs=0.01)


def test_autocorrelation_as_a_plain_loop():
    real, made = noise(7, 1, 9).double(), smooth(noise(8, 1, 9, seed=1)).double()
    centre = real.mean()
    rho = []
    for x in (real, made):
        y = (x - centre)[:, 0].numpy()
        c = [np.mean([y[i, t] * y[i, t + k] for i in range(len(y)) for t in range(9 - k)]) for k in range(9)]
        rho.append(np.array(c) / c[0])
    value, _ = statistics.autocorrelation(real, made, QUIET)
    assert value == pytest.approx(np.abs(rho[0] - rho[1])[1:].mean(), rel=1e-9)


def test_spectrum_of_a_louder_series_is_so_many_decibels_away():
    real = noise()
    value, _ = statistics.spectrum(real, real * 10, QUIET)
    assert value == pytest.approx(20, abs=0.01)


def test_marginals_agree_with_scipy():
    real, made = noise(200, 1), noise(200, 1, seed=1) * 1.5 + 0.3
    (area, _), (largest, _) = statistics.marginals(real, made, (None, None), QUIET)
    a, b = real.flatten().numpy(), made.flatten().numpy()
    assert area == pytest.approx(stats.wasserstein_distance(a, b) / a.std(), rel=0.03)
    assert largest == pytest.approx(stats.ks_2samp(a, b).statistic, abs=0.01)


def test_marginals_do_not_look_at_missing_values():
    real = noise(100)
    there = (noise(100, seed=2) > 0).float()
    spoilt = torch.where(there > 0, real, torch.full_like(real, 50.0))
    (area, _), _ = statistics.marginals(real, spoilt, (there, there), QUIET)
    assert area == pytest.approx(0, abs=1e-9)


def test_cross_correlation_agrees_with_numpy():
    real, made = noise(100, 3), noise(100, 3, seed=1)
    made[:, 1] += made[:, 0]
    found = [np.corrcoef(x.transpose(0, 1).flatten(1).numpy())[np.triu_indices(3, 1)] for x in (real, made)]
    value, _ = statistics.cross_correlation(real, made, QUIET)
    assert value == pytest.approx(np.abs(found[0] - found[1]).mean(), rel=1e-4)


def test_missing_is_the_difference_of_shares():
    full, half = torch.ones(10, 1, 4), torch.ones(10, 1, 4)
    half[:5] = 0
    assert statistics.missing(full, half, QUIET)[0] == pytest.approx(0.5)


def test_intervals_hold_the_value_and_the_seed_decides_them():
    settings = Settings(resamples=50)
    for measure in (statistics.autocorrelation, statistics.spectrum, statistics.cross_correlation):
        value, (low, high) = measure(noise(), smooth(noise(seed=1)), settings)
        assert low < value < high
        assert measure(noise(), smooth(noise(seed=1)), settings) == (value, (low, high))
    value, (low, high) = statistics.autocorrelation(noise(), noise(), settings)
    assert value == low == 0 <= high


def test_a_classifier_tells_smooth_from_rough_and_not_rough_from_rough():
    real, train = noise(200), noise(400, seed=3)
    settings = Settings(resamples=50)
    far, ends = posthoc.discriminative(real, smooth(noise(400, seed=1)), train, settings, SHORT)
    assert far > 0.4
    assert ends[0] <= far <= ends[1] <= 0.5
    near, ends = posthoc.discriminative(real, noise(400, seed=1), train, settings, SHORT)
    assert near < 0.12
    assert ends[0] <= near <= ends[1]
    assert posthoc.discriminative(real, noise(400, seed=1), train, settings, SHORT)[0] == near


def test_what_is_learnt_of_the_right_course_foresees_better():
    real, train = smooth(noise(200, 1)), smooth(noise(400, 1, seed=3))
    good = posthoc.predictive(real, smooth(noise(400, 1, seed=1)), train, QUIET, SHORT)[0]
    bad = posthoc.predictive(real, smooth(noise(400, 1, seed=1), -0.9), train, QUIET, SHORT)[0]
    assert good < 0.7 * bad


def test_features_are_fixed_and_tell_series_apart():
    train = smooth(noise(300))
    kernels = SeriesFeatures(train)
    assert SeriesFeatures(train).hash == kernels.hash != SeriesFeatures(train * 2).hash
    found = kernels(train)
    assert found.shape[0] == 300
    assert bool(found.isfinite().all())
    assert torch.allclose(kernels(train[5:6]), found[5:6], atol=1e-5)
    rough = kernels(noise(300, seed=4))
    within = (found[:150].mean(0) - found[150:].mean(0)).norm()
    assert (found.mean(0) - rough.mean(0)).norm() > 4 * within
    assert SeriesFeatures(noise(20, 1, 2))(noise(20, 1, 2)).isfinite().all()
