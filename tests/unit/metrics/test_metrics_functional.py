"""The pure metrics against scipy, scikit-learn and plain transcriptions of their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.linalg
import torch
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import NearestNeighbors

from gansmith.errors import InputError
from gansmith.metrics import functional as F
from gansmith.metrics.functional import distances


def normal(n, d, seed=0, scale=1.0, shift=0.0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator, dtype=torch.float64) * scale + shift


# --- Frechet


def by_sqrtm(real, fake):
    a, b = np.cov(real.numpy(), rowvar=False), np.cov(fake.numpy(), rowvar=False)
    gap = (real.mean(0) - fake.mean(0)).square().sum()
    return float(gap) + np.trace(a) + np.trace(b) - 2 * np.trace(scipy.linalg.sqrtm(a @ b)).real


@pytest.mark.parametrize(("n", "m", "d"), [(500, 400, 3), (300, 900, 48), (200, 150, 96)])
def test_frechet_equals_scipys_matrix_root(n, m, d):
    mix = normal(d, d, 9)
    real, fake = normal(n, d, 1) @ mix, normal(m, d, 2, 1.2, 0.1) @ mix
    assert F.frechet_from_features(real, fake) == pytest.approx(by_sqrtm(real, fake), rel=1e-10)


def test_frechet_of_known_gaussians_and_of_singular_ones():
    mean, zero = torch.tensor([1.0, 2.0]), torch.zeros(2)
    assert F.frechet_distance(mean, torch.diag(torch.tensor([4.0, 9.0])), zero, torch.eye(2)) == pytest.approx(
        5 + 1 + 4
    )
    assert F.frechet_distance(zero, torch.zeros(2, 2), mean, torch.zeros(2, 2)) == pytest.approx(5)
    flat = torch.diag(torch.tensor([1.0, 0.0]))
    assert F.frechet_distance(zero, flat, zero, torch.eye(2)) == pytest.approx(1, abs=1e-12)
    few = normal(20, 64)  # 20 rows: rank 19 of 64
    assert F.frechet_from_features(few, few) == pytest.approx(0, abs=1e-10)


def test_frechet_keeps_its_digits_far_from_the_origin_and_over_many_decades():
    real, fake = normal(400, 6, 1), normal(400, 6, 2, 1.3)
    assert F.frechet_from_features(real + 1e5, fake + 1e5) == pytest.approx(
        F.frechet_from_features(real, fake), rel=1e-8
    )
    wide = torch.logspace(-6, 3, 8, dtype=torch.float64)
    a, b = torch.diag(wide), torch.diag(wide.flip(0))
    exact = float((wide.sqrt() - wide.flip(0).sqrt()).square().sum())
    assert F.frechet_distance(torch.zeros(8), a, torch.zeros(8), b) == pytest.approx(exact, rel=1e-12)


def test_moments_merge_to_the_whole():
    rows = normal(101, 7, shift=100)
    parts = [F.Moments.of(part) for part in rows.split([1, 40, 60])]
    merged, whole = parts[2].merged(parts[0]).merged(parts[1]), F.Moments.of(rows)
    assert merged.count == 101
    torch.testing.assert_close(merged.mean, whole.mean)
    torch.testing.assert_close(merged.covariance(), torch.cov(rows.T))
    with pytest.raises(InputError, match="width 7 and 3"):
        whole.merged(F.Moments.of(normal(4, 3)))


def test_the_stated_frechet_bias_is_what_sample_size_does():
    spread = torch.linspace(0.2, 3, 10, dtype=torch.float64)
    got = [F.frechet_from_features(normal(150, 10, s) * spread, normal(250, 10, s + 999) * spread) for s in range(60)]
    assert np.mean(got) == pytest.approx(F.frechet_bias(torch.diag(spread.square()), 150, 250), rel=0.06)


def test_frechet_replicates_are_distances_of_the_drawn_rows():
    real, fake = normal(60, 4, 1), normal(80, 4, 2, 1.5)
    w, v = F.counts(60, 3, 0), F.counts(80, 3, 1)
    got = F.frechet_replicates(real, fake, w, v)
    for i in range(3):
        drawn = real.repeat_interleave(w[i].long(), 0), fake.repeat_interleave(v[i].long(), 0)
        assert float(got[i]) == pytest.approx(F.frechet_from_features(*drawn), rel=1e-9)
    dead = torch.cat([real, torch.zeros(60, 1)], 1), torch.cat([fake, torch.zeros(80, 1)], 1)
    torch.testing.assert_close(F.frechet_replicates(*dead, w, v), got)  # a singular covariance changes nothing


# --- kernel


def test_kernel_distance_equals_the_double_sum():
    real, fake = normal(7, 3, 1), normal(9, 3, 2, 2.0)

    def k(x, y):
        return (float(x @ y) / 3 + 1) ** 3

    xx = np.mean([k(real[i], real[j]) for i in range(7) for j in range(7) if i != j])
    yy = np.mean([k(fake[i], fake[j]) for i in range(9) for j in range(9) if i != j])
    xy = np.mean([k(a, b) for a in real for b in fake])
    assert F.kernel_distance(real, fake) == pytest.approx(xx + yy - 2 * xy, rel=1e-12)


def test_kernel_replicates_leave_pairs_of_one_row_out(monkeypatch):
    real, fake = normal(20, 3, 1), normal(30, 3, 2, 1.4)
    w, v = F.counts(20, 4, 0), F.counts(30, 4, 1)
    whole = F.kernel_replicates(real, fake, w, v)
    kxx, kyy, kxy = ((a @ b.T / 3 + 1) ** 3 for a, b in ((real, real), (fake, fake), (real, fake)))
    for i in range(4):
        ww, vv = torch.outer(w[i], w[i]).fill_diagonal_(0), torch.outer(v[i], v[i]).fill_diagonal_(0)
        want = (
            (ww * kxx).sum() / ww.sum() + (vv * kyy).sum() / vv.sum() - 2 * (torch.outer(w[i], v[i]) * kxy).sum() / 600
        )
        assert float(whole[i]) == pytest.approx(float(want), rel=1e-10)
    monkeypatch.setattr("gansmith.metrics.functional.kernel.BLOCK_BYTES", 7 * 8 * 30)
    torch.testing.assert_close(F.kernel_replicates(real, fake, w, v), whole, rtol=1e-12, atol=1e-12)


def test_kernel_distance_is_unbiased_where_frechet_is_not():
    got = [F.kernel_distance(normal(30, 8, s), normal(40, 8, s + 999)) for s in range(200)]
    assert abs(np.mean(got)) < 3 * np.std(got) / 200**0.5
    assert min(got) < 0 < max(got)


def test_kernel_subsets_agree_with_the_whole_and_repeat():
    real, fake = normal(300, 6, 1), normal(400, 6, 2, 1.3)
    got = F.kernel_subsets(real, fake, subsets=60, size=100, seed=3)
    assert got.mean == pytest.approx(F.kernel_distance(real, fake), abs=4 * got.stderr)
    assert got.stderr == pytest.approx(got.std / 59**0.5)
    assert F.kernel_subsets(real, fake, 60, 100, 3).mean == got.mean != F.kernel_subsets(real, fake, 60, 100, 4).mean


# --- neighbours


@pytest.mark.parametrize("block", [1, 8 * 57 * 3, 2**26])
def test_nearest_equals_scikit_learn_whatever_the_block(block, monkeypatch):
    monkeypatch.setattr(distances, "BLOCK_BYTES", block)
    x, y = normal(40, 5, 1), normal(57, 5, 2)
    want, index = NearestNeighbors(n_neighbors=4).fit(y.numpy()).kneighbors(x.numpy())
    got, found = distances.nearest(x, y, 4)
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-12)
    assert (found.numpy() == index).all()
    own, _ = NearestNeighbors(n_neighbors=3).fit(x.numpy()).kneighbors()
    np.testing.assert_allclose(distances.nearest(x, x, 3, itself=False)[0].numpy(), own, rtol=1e-12)


def test_duplicates_are_at_distance_zero_even_far_from_the_origin():
    x = normal(30, 9).mul(2**10).round() / 2**10 + 2.0**30  # exact numbers, though their squares lose all digits
    got, found = distances.nearest(x, x.flip(0))
    assert got.max() == 0
    assert found.squeeze(1).tolist() == list(range(29, -1, -1))


@pytest.mark.parametrize("block", [1, 2**26])
def test_prdc_equals_its_definition_at_ties_and_duplicates(block, monkeypatch):
    monkeypatch.setattr(distances, "BLOCK_BYTES", block)
    generator = torch.Generator().manual_seed(0)
    real, fake = (torch.randint(0, 4, (n, 2), generator=generator).double() for n in (40, 50))
    fake[:10] = real[:10]
    k = 3
    across = (real[:, None] - fake[None]).square().sum(-1).sqrt()
    radius_r = (real[:, None] - real[None]).square().sum(-1).sqrt().sort(1).values[:, k]
    radius_f = (fake[:, None] - fake[None]).square().sum(-1).sqrt().sort(1).values[:, k]
    inside = across < radius_r[:, None]
    got = F.prdc(real, fake, k)
    assert got.precision == pytest.approx(float(inside.any(0).double().mean()), abs=1e-15)
    assert got.density == pytest.approx(float(inside.double().sum(0).mean()) / k, abs=1e-15)
    assert got.coverage == pytest.approx(float((across.amin(1) < radius_r).double().mean()), abs=1e-15)
    assert got.recall == pytest.approx(float((across < radius_f[None]).any(1).double().mean()), abs=1e-15)


def test_prdc_tells_low_quality_from_low_variety():
    real = normal(400, 4, 1)
    narrow, wild = F.prdc(real, normal(400, 4, 2, 0.3)), F.prdc(real, normal(400, 4, 2, 4.0))
    assert narrow.precision > 0.95 > 0.5 > narrow.recall
    assert wild.recall > 0.9 > 0.5 > wild.precision
    assert narrow.density > 1 > wild.density


def test_expected_coverage_is_what_a_perfect_generator_gets():
    got = [F.prdc(normal(80, 3, s), normal(120, 3, s + 999), 2).coverage for s in range(60)]
    assert np.mean(got) == pytest.approx(F.expected_coverage(80, 120, 2), abs=0.01)
    assert F.expected_coverage(10**7, 10**7) == pytest.approx(1 - 2**-5, abs=1e-6)


# --- memorisation


def test_memorisation_is_even_for_fresh_samples_and_total_for_copies():
    train, held, fresh = normal(900, 5, 1), normal(200, 5, 2), normal(400, 5, 3)
    fair = F.memorisation(fresh, train, held)
    assert fair.train_closer == pytest.approx(0.5, abs=0.06)
    assert (fair.parts, fair.reference, fair.duplicates) == (4, 200, 0.0)
    copies = F.memorisation(train[:100], train, held)
    assert copies.duplicates == 1.0
    assert copies.train_index.tolist() == list(range(100))
    assert copies.train_closer == pytest.approx(0.6, abs=0.15)  # a copy's original lies in one part of four
    assert F.memorisation(train[:100], train[:200], held).train_closer == 1.0
    assert F.memorisation(held[:50], train, held).train_closer == 0.0


def test_memorisation_of_what_drifts_is_asked_where_items_are_held_out():
    """A walk without noise: the block in the middle is held out, and samples lie anywhere on it."""
    walk = torch.linspace(0, 10, 1001, dtype=torch.float64)[:, None]
    block = torch.arange(1001).sub(500).abs() < 50
    train, held = walk[~block], walk[block]
    fresh = torch.rand(2000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 10
    assert F.memorisation(fresh, train, held).train_closer > 0.8
    about = (train[:, 0] - 5).abs() < 1.0
    got = F.memorisation(fresh, train, held, beside=about)
    assert got.train_closer == pytest.approx(0.5, abs=0.06) and 300 < len(got.closer) < 500
    assert F.memorisation(train, train, held, beside=about).train_closer == 1.0
    elsewhere = F.memorisation(fresh[fresh[:, 0] < 3], train, held, beside=about)
    assert math.isnan(elsewhere.train_closer) and elsewhere.duplicates < 0.1


def test_memorisation_distances_are_the_nearest_ones():
    train, held, fresh = normal(70, 5, 1), normal(30, 5, 2), normal(20, 5, 3)
    got = F.memorisation(fresh, train, held)
    want, index = NearestNeighbors(n_neighbors=1).fit(train.numpy()).kneighbors(fresh.numpy())
    np.testing.assert_allclose(got.train_distance.numpy(), want[:, 0], rtol=1e-12)
    assert got.train_index.tolist() == index[:, 0].tolist()
    distance, found = F.nearest_items(fresh, train, 3)
    assert distance.shape == found.shape == (20, 3)
    assert torch.equal(distance[:, 0], got.train_distance)


def test_memorisation_counts_ties_half_and_near_copies_as_duplicates():
    items = normal(50, 4, 1)
    assert F.memorisation(normal(30, 4, 2), items, items).train_closer == pytest.approx(0.5)
    rounded = (items * (1 + 1e-7)).float()
    assert F.memorisation(rounded, items, normal(50, 4, 3)).duplicates == 1.0
    assert F.memorisation(items + 0.01, items, normal(50, 4, 3)).duplicates == 0.0


# --- accuracy


def test_accuracy_by_class_and_confusion():
    logits = normal(200, 5, 1)
    labels = torch.arange(200) % 4  # class 4 has no samples
    table = F.confusion(logits, labels)
    assert table.tolist() == confusion_matrix(labels, logits.argmax(1), labels=range(5)).tolist()
    assert F.accuracy(logits, labels) == pytest.approx(int(table.diagonal().sum()) / 200)
    per_class = F.per_class(logits, labels).tolist()
    assert per_class[2] == pytest.approx(float(table[2, 2]) / 50)
    assert math.isnan(per_class[4])


# --- bootstrap


def test_counts_are_draws_with_replacement_and_seeded():
    got = F.counts(30, 500, seed=1)
    assert (got.sum(1) == 30).all()
    assert float(got.var()) == pytest.approx(1 - 1 / 30, rel=0.05)
    assert torch.equal(got, F.counts(30, 500, seed=1))
    assert not torch.equal(got, F.counts(30, 500, seed=2))


def test_the_interval_of_a_mean_covers_it_as_often_as_promised():
    hits = 0
    for seed in range(200):
        values = (normal(60, 1, seed).squeeze(1) > 0.5).double()
        low, high = F.bootstrap_mean(values, 200, 0.9, seed)
        hits += low <= 0.3085 <= high
    assert 165 <= hits <= 195


def test_the_interval_of_a_mean_does_not_depend_on_order():
    values = normal(50, 1).squeeze(1)
    assert F.bootstrap_mean(values, 50) == F.bootstrap_mean(values.flip(0), 50)


def test_an_interval_can_be_laid_around_a_value():
    replicates = torch.arange(101).double()
    assert F.interval(replicates, 0.9) == pytest.approx((5, 95))
    assert F.interval(replicates, 0.9, around=10.0) == pytest.approx((-35, 55))


# --- mistakes


def test_mistakes_are_named():
    good, bad = normal(10, 3), normal(10, 3)
    bad[2, 1] = math.nan
    for call, words in (
        (lambda: F.frechet_from_features(good, bad), "NaN or infinity in 1 of 10"),
        (lambda: F.prdc(good, normal(10, 4)), "3 columns and fake features 4"),
        (lambda: F.kernel_distance(good, good[:, 0]), "matrix"),
        (lambda: F.prdc(good, good, 0), "k must be at least 1"),
        (lambda: F.prdc(good, good[:5], 5), "fake side needs at least 6 samples, got 5"),
        (lambda: F.kernel_distance(good, good[:1]), "at least 2 samples, got 1"),
        (lambda: F.kernel_subsets(good, good, size=11), "at least 11 samples, got 10"),
        (lambda: F.frechet_from_features(good[:1], good), "at least 2 samples"),
        (lambda: F.memorisation(good, good, good[:1]), "held-out"),
        (lambda: F.accuracy(good, torch.full((10,), 3)), "from 0 to 2"),
        (lambda: F.accuracy(good, torch.zeros(9, dtype=torch.long)), "logits"),
        (lambda: F.counts(4, 0), "resamples"),
        (lambda: F.interval(torch.ones(3), 1.0), "confidence"),
        (lambda: F.frechet_distance(torch.zeros(2), torch.eye(3), torch.zeros(2), torch.eye(2)), "needs"),
    ):
        with pytest.raises(InputError, match=words):
            call()
    with pytest.raises(F.TooFew) as caught:
        F.prdc(good[:2], good, 5)
    assert (caught.value.need, caught.value.got) == (6, 2)
