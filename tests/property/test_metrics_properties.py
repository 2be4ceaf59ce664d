"""What holds for every metric and any data: order and pieces don't matter, worse is worse, equal is perfect."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.metrics import MEASURES, FrechetStream, Settings, metric
from gansmith.metrics import functional as F

QUICK = Settings(extractor="x", k=3, resamples=20, subsets=5, subset_size=20, rank_deficient=True)
few = settings(max_examples=15, deadline=None)


def normal(n, d, seed, scale=1.0, shift=0.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) * scale + shift


def data(n, m, d, seed, wrong=0.0):
    """Sides of an evaluation, with fakes that get worse with `wrong`."""
    labels = torch.arange(m) % 3
    logits = 3 * torch.nn.functional.one_hot(labels, 3) + normal(m, 3, seed) * wrong
    train = normal(2 * n, d, seed + 3)
    fake = normal(m, d, seed + 2, 1 + wrong, wrong)
    distance = normal(m, 1, seed + 4).squeeze(1).abs()
    looks = {"pair_distance": distance, "class_pair_distance": distance / 2, "path_step": distance.square()}
    paired = ("psnr", "ssim", "likeness", "cycle_psnr", "cycle_rough", "hidden", "label_kept", "label_reached")
    looks |= {name: distance for name in paired}
    return {
        "real": {"features": normal(n, d, seed + 1)},
        "fake": {"features": fake, "labels": labels, "logits": logits, **looks},
        "train": {"features": train},
    }


def stream(name, sides, cuts=(), order=None):
    made = FrechetStream(QUICK) if name == "frechet moments" else metric(name, QUICK)
    edges = [0, *sorted(cuts), 10**9]
    for start, stop in pairwise(edges):
        for side, fields in sides.items():
            part = {
                key: value[start:stop] if order is None else value[order[side]][start:stop]
                for key, value in fields.items()
            }
            if len(next(iter(part.values()))):
                made.update(**{side: part})
    return made


def same(a, b):
    assert a.protocol == b.protocol
    for left, right in ((a.value, b.value), (a.low, b.low), (a.high, b.high)):
        assert right == (None if left is None else pytest.approx(left, rel=1e-9, abs=1e-9))


@pytest.mark.parametrize("name", [*MEASURES, "frechet moments"])
@few
@given(n=st.integers(20, 40), m=st.integers(20, 60), d=st.integers(1, 6), seed=st.integers(0, 99), cut=st.data())
def test_pieces_merges_and_order_do_not_matter(name, n, m, d, seed, cut):
    sides = data(n, m, d, seed, 0.3)
    whole = stream(name, sides).compute()
    cuts = cut.draw(st.lists(st.integers(1, 40), max_size=4))
    same(stream(name, sides, cuts).compute(), whole)

    generator = torch.Generator().manual_seed(seed)
    order = {side: torch.randperm(len(fields["features"]), generator=generator) for side, fields in sides.items()}
    same(stream(name, sides, cuts, order).compute(), whole)

    first = {side: {key: value[:11] for key, value in fields.items()} for side, fields in sides.items()}
    rest = {side: {key: value[11:] for key, value in fields.items()} for side, fields in sides.items()}
    merged = stream(name, rest)
    merged.merge(stream(name, first))
    same(merged.compute(), whole)


@pytest.mark.parametrize(
    "name", ["frechet", "kernel", "kernel_subsets", "precision", "density", "coverage", "accuracy"]
)
@few
@given(d=st.integers(2, 6), seed=st.integers(0, 99))
def test_worse_samples_score_worse(name, d, seed):
    good, bad = (stream(name, data(80, 80, d, seed, wrong)).compute() for wrong in (0.0, 4.0))
    assert bad.value > good.value if good.better == "lower" else bad.value < good.value


@pytest.mark.parametrize("name", ["recall", "coverage"])
@few
@given(d=st.integers(2, 6), seed=st.integers(0, 99))
def test_less_variety_scores_worse(name, d, seed):
    sides = data(80, 80, d, seed)
    good = stream(name, sides).compute()
    sides["fake"]["features"] = sides["fake"]["features"] * 0.05
    assert stream(name, sides).compute().value < good.value
    assert good.better == "higher"


@few
@given(n=st.integers(8, 40), seed=st.integers(0, 99))
def test_copied_training_items_are_noticed(n, seed):
    sides = data(n, 50, 3, seed)
    sides["fake"]["features"] = sides["train"]["features"][torch.arange(50) % n]
    sides["train"]["features"] = sides["train"]["features"][:n]
    for name in ("train_closer", "duplicates"):
        got = stream(name, sides).compute()
        assert (got.value, got.better) == (1.0, "lower")


@few
@given(n=st.integers(7, 50), d=st.integers(1, 30), seed=st.integers(0, 99), offset=st.sampled_from([0.0, 1e3]))
def test_a_set_is_at_no_distance_from_itself(n, d, seed, offset):
    x = normal(n, d, seed, shift=offset)
    y = x[torch.randperm(n, generator=torch.Generator().manual_seed(seed))]
    assert F.frechet_from_features(x, y) == pytest.approx(0, abs=1e-9 * (1 + offset))
    got = F.prdc(x, y, 5)
    assert (got.precision, got.recall, got.density, got.coverage) == pytest.approx((1, 1, 1, 1), abs=1e-12)


@few
@given(n=st.integers(8, 60), m=st.integers(8, 60), d=st.integers(1, 12), seed=st.integers(0, 99))
def test_symmetry_ranges_and_invariances(n, m, d, seed):
    x, y = normal(n, d, seed).double(), normal(m, d, seed + 1, 1.4, 0.3).double()
    assert F.frechet_from_features(x, y) == pytest.approx(F.frechet_from_features(y, x), rel=1e-9, abs=1e-12)
    assert F.kernel_distance(x, y) == pytest.approx(F.kernel_distance(y, x), rel=1e-9, abs=1e-12)
    got, swapped = F.prdc(x, y, 4), F.prdc(y, x, 4)
    assert (got.precision, got.recall) == (swapped.recall, swapped.precision)
    assert all(0 <= value <= 1 for value in (got.precision, got.recall, got.coverage))
    assert got.density >= 0
    turn = torch.linalg.qr(normal(d, d, seed + 2).double()).Q
    assert F.frechet_from_features(x @ turn, y @ turn) == pytest.approx(
        F.frechet_from_features(x, y), rel=1e-7, abs=1e-9
    )
    assert F.kernel_distance(x @ turn, y @ turn) == pytest.approx(F.kernel_distance(x, y), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", ["recall", "coverage"])
def test_intervals_hold_what_other_samples_of_both_sides_would_score(name):
    """Nominally 95 % around the mean of many draws; a binomial of 100 trials at 95 % falls below 87 once in 1,000."""
    chosen = Settings(extractor="x", resamples=100)
    found = []
    for seed in range(100):
        stream = metric(name, chosen)
        stream.update(real=normal(100, 4, 2 * seed), fake=normal(200, 4, 2 * seed + 1, 0.8, 0.5))
        found.append(stream.compute())
    middle = sum(result.value for result in found) / len(found)
    held = sum(result.low <= middle <= result.high for result in found)
    assert held >= 87, f"{held} of 100 intervals hold {middle:.3f}"
    assert all(0 <= result.low <= result.value <= result.high <= 1 and result.low < result.high for result in found)
