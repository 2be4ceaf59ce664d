"""Measures of sounds: against scipy, closed forms, and what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from gansmith.errors import InputError
from gansmith.metrics import Settings
from gansmith.metrics.audio import AUDIO_MEASURES
from gansmith.metrics.audio.distances import durations, flux, levels, loudness, spread_distance, spread_interval
from gansmith.metrics.audio.scores import pair_scores, sound_scores

RATE = 8000


def noise(n, loud=0.1, seed=0, length=2048):
    return torch.randn(n, 1, length, generator=torch.Generator().manual_seed(seed)) * loud


@pytest.mark.parametrize("n", [50, 100, 400])
def test_the_distance_is_wassersteins(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=(n, 3)), rng.gamma(2, size=(n, 3))
    wanted = np.mean([wasserstein_distance(a[:, i], b[:, i]) for i in range(3)])
    assert float(spread_distance(torch.tensor(a), torch.tensor(b))) == pytest.approx(wanted, rel=0.05)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 80), st.integers(1, 80), st.floats(-30, 30))
def test_a_shift_is_its_own_distance_whatever_the_order(n, m, shift):
    a = torch.randn(n, 2, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
    assert float(spread_distance(a, a.flip(0) + shift)) == pytest.approx(abs(shift), abs=1e-9)
    b = torch.randn(m, 2, dtype=torch.float64)
    assert float(spread_distance(a, b)) == pytest.approx(float(spread_distance(b, a)))


def test_intervals_hold_the_value_and_shrink():
    a, b = noise(40)[:, 0, :3] * 10, noise(40, seed=1)[:, 0, :3] * 10 + 1
    few, value = spread_interval(a, b, 200), float(spread_distance(a, b))
    assert few[0] < value < few[1]
    many = spread_interval(a.repeat(10, 1), b.repeat(10, 1), 200)
    assert many[1] - many[0] < few[1] - few[0]
    assert few == spread_interval(a, b, 200)


def test_what_can_not_be_compared_is_refused():
    with pytest.raises(InputError, match="can't be compared"):
        spread_distance(torch.zeros(0, 2), torch.zeros(3, 2))
    with pytest.raises(InputError, match="resamples"):
        spread_interval(torch.zeros(2, 2), torch.zeros(2, 2), 0)


def test_loudness_of_a_sine_is_three_decibels_below_its_peak():
    sine = torch.sin(2 * math.pi * 400 * torch.arange(RATE) / RATE)[None, None]
    assert float(loudness(sine)) == pytest.approx(-3.01, abs=0.01)
    assert float(loudness(sine / 10)) == pytest.approx(-23.01, abs=0.01)
    assert float(loudness(sine * 0)) == -60


def test_durations_are_milliseconds_to_rest():
    sound = torch.zeros(3, 1, RATE)
    sound[0, 0, : RATE // 2] = 0.5
    sound[1, 0, :] = 0.5
    assert durations(sound, RATE).flatten().tolist() == [500, 1000, 0]


def test_ten_decibels_are_ten_decibels_in_every_window():
    quiet, loud = levels(noise(30), RATE), levels(noise(30, 0.1 * 10**0.5), RATE)
    assert float(spread_distance(quiet, loud)) == pytest.approx(10, abs=0.05)


def test_noise_moves_more_than_a_tone():
    tone = torch.sin(2 * math.pi * 500 * torch.arange(2048) / RATE)[None, None]
    assert float(flux(noise(1), RATE).mean()) > 1.2 * float(flux(tone, RATE).mean())


def test_a_sound_of_one_frame_does_not_change():
    found = flux(noise(2, length=20), 1000)
    assert torch.isfinite(found).all()
    assert float(found[:, -1].abs().max()) == 0, "the window of 64 ms has one frame"


def test_every_measure_is_taken_with_its_protocol():
    found = sound_scores(noise(30), noise(20, 0.2, 1), RATE, Settings(split="test", resamples=20))
    assert {r.name for r in found} == set(AUDIO_MEASURES) - {"band_error", "spectrum_error"}
    assert all(r.low <= r.value <= r.high and (r.n_real, r.n_fake) == (30, 20) for r in found)
    assert all(r.protocol["rate"] == RATE for r in found)
    bare = sound_scores(noise(30), noise(20), RATE, Settings(resamples=0))
    assert all(r.low is None for r in bare)


def test_sounds_made_again_are_measured_pair_by_pair():
    real = noise(30)
    same = {r.name: r for r in pair_scores(real, real, RATE, Settings(split="test", resamples=20))}
    assert set(same) == {"band_error", "spectrum_error"}
    assert all(r.value == r.low == r.high == 0 for r in same.values())
    softer = {r.name: r.value for r in pair_scores(real, real / 2, RATE, Settings(resamples=0))}
    assert softer["band_error"] == pytest.approx(20 * math.log10(2), abs=0.02), "every band is 6 dB quieter"
    assert softer["spectrum_error"] == pytest.approx(0.5 + math.log(2), abs=0.02)
    mixed = pair_scores(real, real.flip(0), RATE, Settings(resamples=20))
    assert all(r.low < r.value < r.high for r in mixed), "the order counts"
