"""Distances of distributions by samples, against independent computations."""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import wasserstein_distance

from gansmith.objectives.distributions import sliced_wasserstein


def test_sliced_wasserstein_is_the_mean_of_its_directions():
    rng = np.random.default_rng(0)
    real, made, directions = rng.normal(size=(64, 3)), rng.normal(1, 2, size=(64, 3)), rng.normal(size=(5, 3))
    wanted = np.mean([wasserstein_distance(real @ d, made @ d) for d in directions])
    found = sliced_wasserstein(*map(torch.from_numpy, (real, made, directions)))
    assert np.isclose(float(found), wanted, rtol=1e-12)


def test_it_is_the_shift_along_each_direction():
    x = torch.randn(100, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    shift = torch.tensor([3.0, -4.0], dtype=torch.float64)
    assert torch.isclose(
        sliced_wasserstein(x, x + shift, torch.eye(2, dtype=torch.float64)), torch.tensor(3.5).double()
    )
