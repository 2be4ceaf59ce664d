"""Metrics that are computed only when asked for: closed forms, exact enumeration, scikit-learn, NumPy's percentiles."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from gansmith.errors import InputError
from gansmith.metrics import DEFAULT_METRICS, MEASURES, Settings, differences, evaluate_features
from gansmith.metrics import functional as F

OF_PAIRS = {
    "psnr",
    "ssim",
    "likeness",
    "cycle_psnr",
    "cycle_rough",
    "hidden",
    "label_kept",
    "label_reached",
}  # means of what `functional.fidelity` says of each image
ASKED = set(MEASURES) - set(DEFAULT_METRICS) - OF_PAIRS
SETTINGS = Settings(
    extractor="net", weights="a", perceptual="maps", perceptual_weights="b", resamples=40, subsets=3, subset_size=30
)


def normal(n, d=4, seed=0, scale=1.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


# --- the kernel distance's variance


@pytest.mark.parametrize("q", [0.7, 0.2], ids=["equal", "other"])
@pytest.mark.parametrize(("n", "m"), [(4, 4), (4, 6)])
def test_the_kernel_variance_is_unbiased_to_the_last_draw(q, n, m):
    """Over every possible draw of points with two places, the mean estimate is the variance of all distances."""
    places = torch.tensor([[0.3, -0.4], [1.1, 0.9]], dtype=torch.float64)
    mass, distances, variances = [], [], []
    for x in range(n + 1):  # how many points are at the second place: draws that differ in order only are alike
        for y in range(m + 1):
            real, fake = places[(torch.arange(n) < x).long()], places[(torch.arange(m) < y).long()]
            mass.append(math.comb(n, x) * 0.7**x * 0.3 ** (n - x) * math.comb(m, y) * q**y * (1 - q) ** (m - y))
            distances.append(F.kernel_distance(real, fake))
            variances.append(F.kernel_variance(real, fake))
    mean = np.dot(mass, distances)
    assert sum(mass) == pytest.approx(1)
    assert np.dot(mass, variances) == pytest.approx(np.dot(mass, np.square(np.array(distances) - mean)), rel=1e-10)


def test_the_kernel_variance_equals_sums_over_tuples_of_different_rows():
    """Its parts by their definition: four-fold loops over indices that all differ."""
    real, fake = normal(5, 2, 1), normal(4, 2, 2, 1.3)

    def k(a, b):
        return (float(a @ b) / 2 + 1) ** 3

    def mean(own, other, value):
        rows = [(*i, *j) for i in itertools.permutations(range(len(own)), 2) for j in other]
        return float(np.mean([value(*row) for row in rows]))

    def within(x):
        tuples = list(itertools.permutations(range(len(x)), 4))
        square = np.mean([k(x[a], x[b]) * k(x[c], x[d]) for a, b, c, d in tuples])
        line = np.mean([k(x[a], x[b]) * k(x[a], x[c]) for a, b, c, _ in tuples])
        return line - square, np.mean([k(x[a], x[b]) ** 2 for a, b, _, _ in tuples]) - square

    def covariance(x, y):
        tuples = list(itertools.permutations(range(len(x)), 3))
        joint = np.mean([k(x[a], x[b]) * k(x[a], z) for a, b, _ in tuples for z in y])
        return joint - np.mean([k(x[a], x[b]) * k(x[c], z) for a, b, c in tuples for z in y])

    n, m = 5, 4
    pairs = list(itertools.permutations(range(m), 2))
    square = mean(real, pairs, lambda a, b, c, d: k(real[a], fake[c]) * k(real[b], fake[d]))
    q_of_x = mean(real, pairs, lambda a, b, c, d: k(real[a], fake[c]) * k(real[a], fake[d])) - square
    p_of_y = mean(real, pairs, lambda a, b, c, d: k(real[a], fake[c]) * k(real[b], fake[c])) - square
    single = mean(real, pairs, lambda a, b, c, d: k(real[a], fake[c]) ** 2) - square
    want = 4 * ((m - 1) * q_of_x + (n - 1) * p_of_y + single) / (n * m)
    for x, y, size in ((real, fake, n), (fake, real, m)):
        first, second = within(x)
        want += (4 * (size - 2) * first + 2 * second) / (size * (size - 1)) - 8 / size * covariance(x, y)
    assert F.kernel_variance(real, fake) == pytest.approx(want, rel=1e-9)


def test_the_kernel_variance_depends_on_neither_sides_nor_blocks(monkeypatch):
    real, fake = normal(60, 5, 1) + 30, normal(80, 5, 2, 1.2) + 30  # far away, where the kernel's digits are few
    whole = F.kernel_variance(real, fake)
    assert F.kernel_variance(fake, real) == pytest.approx(whole, rel=1e-8)
    monkeypatch.setattr("gansmith.metrics.functional.kernel_error.BLOCK", 7 * 8 * 80)
    assert F.kernel_variance(real, fake) == pytest.approx(whole, rel=1e-8)
    with pytest.raises(F.TooFew, match="at least 4"):
        F.kernel_variance(real[:3], fake)


# --- authenticity


def test_authenticity_equals_its_definition_by_scikit_learn():
    train, samples = normal(120, 3, 1), normal(90, 3, 2, 0.8)
    found = NearestNeighbors(n_neighbors=1).fit(train.numpy())
    distance, index = (a[:, 0] for a in found.kneighbors(samples.numpy()))
    own = found.kneighbors()[0][:, 0][index]  # without points: each item's nearest other item
    got = F.authenticity(samples, train)
    assert got.index.tolist() == index.tolist()
    np.testing.assert_allclose(got.own_distance.numpy(), own, rtol=1e-12)
    assert got.authentic.tolist() == (distance > own).tolist()
    assert got.share == pytest.approx((distance > own).mean())
    assert 0 < got.share < 1


def test_copies_are_not_authentic_and_noise_is():
    train = normal(200, 4, 1)
    assert F.authenticity(train[:50], train).share == 0
    assert F.authenticity(train[:50] + 1e-6, train).share == 0
    assert F.authenticity(normal(50, 4, 2, 50.0), train).share == 1
    twice = torch.cat([train, train])  # every item has a duplicate: its own neighbour is at distance 0
    got = F.authenticity(torch.cat([train[:20], train[:20] + 1e-6]), twice)
    assert got.own_distance.max() == 0
    assert got.authentic.tolist() == [0] * 20 + [1] * 20
    with pytest.raises(F.TooFew, match="training items"):
        F.authenticity(train, train[:1])


# --- path length


@pytest.mark.parametrize("n", [1, 7, 100, 101, 350, 1000])
def test_outer_steps_are_left_out_by_numpys_percentiles(n):
    steps = normal(n, 1, n).squeeze(1).exp()
    low = np.percentile(steps.numpy(), 1, method="lower")
    high = np.percentile(steps.numpy(), 99, method="higher")
    kept = [s for s in steps.tolist() if low <= s <= high]
    got = F.path_length(steps)
    assert (got.low, got.high, len(got.kept)) == (low, high, len(kept))
    assert got.mean == pytest.approx(np.mean(kept), rel=1e-12)
    assert F.path_length(steps, 0).mean == pytest.approx(float(steps.mean()), rel=1e-12)


def test_wild_steps_do_not_move_a_path_length():
    steps = torch.ones(1000)
    steps[:5] = 1e9
    assert F.path_length(steps).mean == 1
    for bad in (-steps, steps / 0, steps[None]):
        with pytest.raises(InputError, match="finite numbers from 0 up"):
            F.path_length(bad)
    with pytest.raises(InputError, match="trim"):
        F.path_length(steps, 0.5)


# --- in a suite


def sides():
    distance = normal(80, 1, 5).squeeze(1).abs()
    within = torch.where(torch.arange(80) < 3, torch.nan, distance / 2)
    more = {"pair_distance": distance, "class_pair_distance": within}
    return {
        "real": {"features": normal(80, seed=1), **more},
        "fake": {"features": normal(80, seed=2, scale=1.2), **more, "path_step": distance.square()},
        "train": {"features": normal(160, seed=3)},
    }


def test_what_is_asked_for_comes_with_its_network_and_its_ceiling():
    found = evaluate_features(**sides(), metrics=sorted(ASKED), settings=SETTINGS, ceiling=True)
    assert set(found.names()) == ASKED
    looks = {"diversity", "class_diversity", "path_length"}
    for result in found.results:
        assert result.protocol["extractor"] == ("maps" if result.name in looks else "net")
        assert result.protocol["weights"] == ("b" if result.name in looks else "a")
        assert result.name == "kernel_subsets" or result.low <= result.value <= result.high
    assert found["class_diversity"].n_fake == 77  # three have no partner
    assert found["class_diversity"].value == pytest.approx(float(sides()["fake"]["pair_distance"][3:].mean()) / 2)
    assert {result.name for result in found.ceiling} == ASKED - {"path_length"}
    ceiling = {result.name: result for result in found.ceiling}
    assert not differences(found["diversity"], ceiling["diversity"])
    assert (ceiling["authenticity"].n_fake, ceiling["authenticity"].n_real) == (80, 160)


def test_authenticities_over_other_numbers_of_training_items_are_not_compared():
    data = sides()
    whole, half = (
        evaluate_features(
            data["real"], data["fake"], train=data["train"]["features"][:n], metrics=["authenticity"], settings=SETTINGS
        )["authenticity"]
        for n in (160, 80)
    )
    assert differences(whole, half) == ["authenticity: n_real differs: 160 and 80, and its value depends on it"]


def test_the_stated_error_of_the_kernel_distance_is_its_spread():
    draws = [(normal(150, 6, s), normal(100, 6, s + 999, 1.3)) for s in range(60)]
    found = [evaluate_features(*draw, metrics=["kernel_subsets"], settings=SETTINGS) for draw in draws[:20]]
    stated = np.mean([f["kernel_subsets"].detail["distance_stderr"] ** 2 for f in found]) ** 0.5
    assert stated == pytest.approx(np.std([F.kernel_distance(*draw) for draw in draws]), rel=0.25)
