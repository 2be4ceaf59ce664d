"""Scores of simulated events against closed forms and brute force."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.metrics import Settings
from gansmith.metrics.simulation.statistics import distances, peaks, rank_correlation, shorth, undefined

PLAIN = Settings(extractor="simulation", split="test", resamples=0)
DRAWN = Settings(extractor="simulation", split="test", resamples=100)


def normal(n, d=1, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30))
@settings(deadline=None)
def test_the_shortest_half_is_the_one_that_a_search_finds(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    lengths = [ordered[i + half] - ordered[i] for i in range(len(ordered) - half)]
    at = lengths.index(min(lengths))
    peak, width = shorth(torch.tensor(ordered, dtype=torch.float64))
    assert float(width) == min(lengths)
    assert float(peak) == pytest.approx(sum(ordered[at : at + half + 1]) / (half + 1), abs=1e-9)


def test_a_breit_wigner_peak_is_as_wide_as_its_gamma():
    uniform = torch.rand(200_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mass = 91.19 + 2.495 / 2 * torch.tan(math.pi * (uniform - 0.5))
    peak, width = shorth(mass.sort().values)
    assert float(peak) == pytest.approx(91.19, abs=0.05)
    assert float(width) == pytest.approx(2.495, rel=0.02)  # half of a Cauchy distribution lies within its full width


def test_shifted_and_stretched_peaks_are_measured_in_real_widths():
    real, made = normal(20_000), 1.0 + 2 * normal(20_000, seed=1)
    shift, ratio, found = peaks(real, made, DRAWN)
    wide = 2 * 0.6745
    assert shift[0] == pytest.approx(1 / wide, abs=0.08)
    assert ratio[0] == pytest.approx(math.log(2), abs=0.05)
    assert shift[1][0] <= shift[0] <= shift[1][1]
    assert ratio[1][0] < math.log(2) + 0.05
    assert ratio[1][1] > math.log(2) - 0.05
    assert found[0][2] == pytest.approx(wide, rel=0.05)
    assert peaks(real, real, PLAIN)[0][0] == 0


def test_distances_of_shifted_columns():
    real = normal(5000, 2)
    made = real + torch.tensor([0.5, 0.0])
    area, largest, alone = distances(real, made, DRAWN)
    assert alone[0][0] == pytest.approx(0.5, rel=0.03)  # Wasserstein-1 of a shift is the shift
    assert alone[0][1] == pytest.approx(math.erf(0.25 / math.sqrt(2)), abs=0.02)
    assert alone[1] == (0, 0)
    assert area[0] == pytest.approx((alone[0][0] + alone[1][0]) / 2)
    assert area[1][0] <= area[0] <= area[1][1]
    assert largest[0] == pytest.approx(alone[0][1] / 2)


def test_what_is_not_defined_is_left_out_and_counted():
    real = normal(1000)
    made = real.clone()
    made[:250] = torch.nan
    assert undefined(real, made, DRAWN)[0] == 0.25
    low, high = undefined(real, made, DRAWN)[1]
    assert low < 0.25 < high
    assert distances(real, made, PLAIN)[0][0] < 0.1
    assert math.isfinite(peaks(real, made, PLAIN)[1][0])


def test_rank_correlation_sees_a_lost_dependence_and_no_change_of_scale():
    first = normal(4000)
    real = torch.cat([first, 0.8 * first + 0.6 * normal(4000, seed=1)], 1)
    wanted = 6 / math.pi * math.asin(0.8 / 2)  # Spearman's of a normal pair
    assert rank_correlation(real, normal(4000, 2, 5), PLAIN)[0] == pytest.approx(wanted, abs=0.05)
    low, high = rank_correlation(real, normal(4000, 2, 5), DRAWN)[1]
    assert low < wanted < high
    assert rank_correlation(real, real.clone(), PLAIN)[0] == 0
