"""Numbers of motion against closed forms, and against scipy where it has the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from gansmith.errors import InputError
from gansmith.metrics.functional._check import TooFew
from gansmith.metrics.known import measure_of
from gansmith.metrics.settings import Settings
from gansmith.metrics.video.measures import VIDEO_MEASURES
from gansmith.metrics.video.motion import appearance_drift, autocorrelation, gap, motion_energy, speed


def moving_wave(shift: float, t: int = 6, side: int = 24, angle: float = 0.0) -> torch.Tensor:
    """A long wave that goes `shift` pixels a frame across its own crests."""
    y, x = torch.meshgrid(torch.arange(side).double(), torch.arange(side).double(), indexing="ij")
    along = x * np.cos(angle) + y * np.sin(angle)
    return torch.stack([torch.sin((along - shift * k) * 2 * np.pi / 24) for k in range(t)])[None, None]


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("angle", [0.0, 0.6, 1.57])
def test_the_speed_of_a_wave_is_found(shift, angle):
    assert float(speed(moving_wave(shift, angle=angle))) == pytest.approx(shift, rel=0.05, abs=1e-9)


def test_energy_and_autocorrelation_of_known_clips():
    clips = torch.tensor([0.0, 1.0, 0.0, 1.0]).double()[None, None, :, None, None].expand(1, 1, 4, 3, 3)
    assert float(motion_energy(clips)) == 1.0
    assert float(autocorrelation(clips)) == pytest.approx(-1)
    assert float(autocorrelation(clips, 2)) == pytest.approx(1)
    still = torch.ones(1, 1, 4, 3, 3)
    assert float(motion_energy(still)) == 0 and float(autocorrelation(still)) == 1
    wave = float(autocorrelation(moving_wave(3.0)))
    assert wave == pytest.approx(np.cos(2 * np.pi / 8), abs=1e-6)


def test_drift_is_the_spread_within_clips_beside_that_between_them():
    features = torch.zeros(2, 2, 3)
    features[:, :, 0] = torch.tensor([[-1.0, 1.0], [3.0, 5.0]])  # means 0 and 4, frames 1 away from them
    drift, scale = appearance_drift(features)
    assert scale == pytest.approx(2) and drift.tolist() == pytest.approx([0.5, 0.5])
    assert appearance_drift(features, 1.0)[0].tolist() == pytest.approx([1, 1])


@pytest.mark.parametrize("seed", range(4))
def test_the_gap_is_scipys_distance_in_deviations(seed):
    rng = np.random.default_rng(seed)
    real, made = rng.normal(2, 3, 40), rng.normal(0, 1, 23)
    value, ends = gap(torch.tensor(real), torch.tensor(made))
    assert value == pytest.approx(wasserstein_distance(real, made) / real.std(ddof=1), rel=1e-9)
    assert ends is not None and ends[0] <= value <= ends[1]
    assert gap(torch.tensor(real), torch.tensor(real + 3 * real.std(ddof=1)), 0) == (pytest.approx(3), None)


def test_equal_numbers_have_no_gap_and_constant_ones_are_compared_in_their_size():
    x = torch.linspace(0, 1, 9)
    assert gap(x, x.flip(0), 0)[0] == pytest.approx(0, abs=1e-12)
    assert gap(torch.full((4,), 2.0), torch.full((5,), 3.0), 0)[0] == pytest.approx(0.5)


def test_what_is_no_clip_is_refused():
    for fn in (motion_energy, speed, autocorrelation):
        with pytest.raises(InputError, match="at least 2 frames"):
            fn(torch.zeros(2, 1, 1, 8, 8))
    with pytest.raises(InputError, match="a lag of 4 frames"):
        autocorrelation(torch.zeros(2, 1, 4, 8, 8), 4)
    with pytest.raises(InputError, match="3x3"):
        speed(torch.zeros(2, 1, 4, 2, 8))
    with pytest.raises(InputError, match="must be"):
        appearance_drift(torch.zeros(2, 3))
    with pytest.raises(TooFew):
        gap(torch.zeros(1), torch.zeros(5))


def test_measures_carry_their_protocol():
    for name, measure in VIDEO_MEASURES.items():
        result = measure.result(1.0, (0.5, 1.5), (10, 20), Settings(split="test"), {"features": "x"})
        assert measure_of(result) is measure
        assert (result.name, result.better, result.low) == (name, "lower", 0.5)
        assert result.protocol["features"] == "x"
