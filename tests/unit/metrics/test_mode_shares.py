"""Modes of data: clusters against scikit-learn, shares against counting."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from gansmith.errors import InputError
from gansmith.metrics.functional import Modes, TooFew, clusters, spread


def blobs(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Three tight groups of unequal size."""
    generator = torch.Generator().manual_seed(seed)
    which = torch.multinomial(torch.tensor([0.6, 0.3, 0.1]), n, replacement=True, generator=generator)
    centres = torch.tensor([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    return centres[which] + 0.3 * torch.randn(n, 2, generator=generator), which


def test_clusters_are_those_of_scikit_learn():
    rows, _ = blobs(600)
    found = clusters(rows, 3)
    known = KMeans(3, n_init=10, random_state=0).fit(rows.double().numpy())
    ours, theirs = (sorted(map(tuple, c)) for c in (found.points.tolist(), known.cluster_centers_.tolist()))
    assert torch.allclose(torch.tensor(ours), torch.tensor(theirs), atol=1e-6)


def test_shares_are_counts():
    rows, which = blobs(900)
    by_class = Modes(rows[:600].double(), which[:600], 4)
    expected = torch.bincount(which[600:], minlength=4) / 300
    assert torch.allclose(by_class.shares(rows[600:]), expected.double()), "and a mode without points has no share"


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 5))
def test_all_samples_are_in_some_mode_whatever_the_data(n, k, seed):
    points = torch.randint(3, (n, 2), generator=torch.Generator().manual_seed(seed)).float()
    if n < k:
        with pytest.raises(TooFew):
            clusters(points, k)
        return
    found = clusters(points, k, seed)
    assert 1 <= len(found.points) <= k and len(found.points) <= len(torch.unique(points, dim=0))
    assert float(found.shares(points).sum()) == pytest.approx(1.0)
    assert torch.equal(found.points, clusters(points, k, seed).points)


def test_a_spread_is_the_mean_distance_of_two():
    assert spread(torch.tensor([[0.0], [1.0], [3.0]])) == pytest.approx(2.0)
    assert spread(torch.ones(5, 3)) == 0.0
    rows = torch.randn(4_000, 16, generator=torch.Generator().manual_seed(0))
    assert spread(rows) == pytest.approx((2 * 16) ** 0.5, rel=0.03)
    with pytest.raises(TooFew):
        spread(torch.ones(1, 3))


def test_bad_rows_are_refused():
    with pytest.raises(InputError, match="NaN"):
        clusters(torch.full((5, 2), torch.nan), 2)
    with pytest.raises(InputError, match="at least 1"):
        clusters(torch.ones(5, 2), 0)
