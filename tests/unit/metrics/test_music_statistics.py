"""What musicians count: by hand on small windows, unmoved by what must not matter, and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from gansmith.errors import InputError
from gansmith.metrics import Settings
from gansmith.metrics.functional import TooFew
from gansmith.metrics.music import statistics as stats
from gansmith.metrics.music.distances import histogram_gap, number_gap
from gansmith.metrics.music.measures import MUSIC_MEASURES, music_scores
from gansmith.metrics.music.profile import Profile, profile
from gansmith.metrics.music.windows import Windows


def windows(*voices, again=(), quarter: int = 4) -> Windows:
    """One window of voices, each a list of pitches."""
    pitch = np.array(voices, np.int64).T[None]
    marks = np.zeros(pitch.shape, bool)
    for step, voice in again:
        marks[0, step, voice] = True
    return Windows(pitch, marks, quarter)


def some(n: int = 40, seed: int = 0, shape=(16, 3)) -> Windows:
    rng = np.random.default_rng(seed)
    pitch = rng.integers(55, 75, (n, *shape))
    pitch[rng.random(pitch.shape) < 0.1] = -1
    return Windows(pitch, np.zeros(pitch.shape, bool), 4)


def test_by_hand():
    duet = windows([72, 72, 74, 74, -1, 76, 76, 76], [60, 60, 62, 62, 62, 62, 62, 62], again=[(7, 0), (1, 1)])
    assert stats.polyphony(duet)[0] == 15 / 8
    # upper voice: 72, 74, 76 and 76 again; lower voice: 60, 60 again, 62
    assert stats.density(duet)[0] == 7 / 2
    assert stats.in_scale(duet)[0] == 1
    assert stats.pitch_classes(duet)[0, [0, 2, 4]].tolist() == pytest.approx([4 / 15, 8 / 15, 3 / 15])
    assert stats.parallels(duet)[0] == 1  # the only move together is a parallel octave
    assert stats.crossings(duet)[0] == 0
    assert stats.leaps(duet)[0] == 0
    found = stats.intervals(duet)[0]
    assert found[12] == pytest.approx(2 / 4) and found[14] == pytest.approx(2 / 4)
    lengths = stats.durations(duet)[0]
    assert lengths.tolist() == pytest.approx([2 / 7 + 1 / 7, 3 / 7, 0, 1 / 7, 0, 0])


def test_leaps_and_crossings_by_hand():
    crossed = windows([60, 70, 60, 60], [55, 65, 65, 55])
    assert stats.crossings(crossed)[0] == 1 / 4
    assert stats.leaps(crossed)[0] == 4 / 4
    assert stats.leaps(windows([60, 69, 60, 61]))[0] == 0


def test_fifths_are_faults_only_where_both_voices_move_the_same_way():
    assert stats.parallels(windows([67, 69], [60, 62]))[0] == 1
    assert stats.parallels(windows([67, 67], [60, 60]))[0] == 0
    assert stats.parallels(windows([79, 74], [60, 67]))[0] == 0
    assert stats.parallels(windows([67, 69], [60, 64]))[0] == 0


@pytest.mark.parametrize(
    ("chord", "known"),
    [
        ((60, 64, 67), 1),
        ((60, 63, 66, 69), 1),
        ((62, 65, 67, 71), 1),
        ((60, 61, 62), 0),
        ((60, 62, 64), 0),
        ((60, 72), 0),
    ],
)
def test_chords(chord, known):
    assert stats.chord_agreement(windows(*([p] for p in chord)))[0] == known


def test_tonal_distance_knows_consonance():
    same, third, second = (stats.tonal_distance(windows([60 + k] * 4, [60] * 4))[0] for k in (0, 4, 1))
    assert same == 0
    assert third < second
    angle = np.arange(2)[:, None] * 6 * np.array([7 * np.pi / 6, 3 * np.pi / 2, 2 * np.pi / 3])
    points = np.concatenate([np.sin(angle), np.cos(angle)], 1) * np.tile([1, 1, 0.5], 2)
    assert stats.tonal_distance(windows([66] * 4, [60] * 4))[0] == pytest.approx(np.linalg.norm(points[0] - points[1]))


UNMOVED = ["in_scale", "degrees", "chord_agreement", "tonal_distance", "parallels", "crossings", "leaps", "intervals"]


@given(st.integers(-11, 11), st.integers(0, 5))
def test_no_key_matters(by, seed):
    there = some(6, seed)
    moved = Windows(np.where(there.pitch < 0, -1, there.pitch + by), there.again, 4)
    for name in UNMOVED:
        if name == "degrees":  # two scales may fit equally well: the first found wins
            clear = (np.sort(there.scales, 1)[:, -1] - np.sort(there.scales, 1)[:, -2]) > 1e-9
            assert np.allclose(stats.degrees(there)[clear], stats.degrees(moved)[clear])
            continue
        assert np.allclose(getattr(stats, name)(there), getattr(stats, name)(moved)), name
    assert np.allclose(np.roll(there.classes, by, 1), moved.classes)


def test_silence_gives_zeros_and_finite_numbers():
    silent = Windows(np.full((2, 8, 2), -1), np.zeros((2, 8, 2), bool), 4)
    for name in stats.__all__:
        found = getattr(stats, name)(silent)
        assert np.isfinite(found).all()
        assert not found.any()
    assert np.isfinite(profile(silent)).all()


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.lists(st.floats(-5, 5), min_size=2, max_size=30))
def test_the_distance_of_numbers_is_scipys(a, b):
    gap = number_gap(np.array(a), np.array(b), resamples=2)
    assert gap.value == pytest.approx(wasserstein_distance(a, b), abs=1e-9)
    assert gap.low <= gap.value <= gap.high


def test_the_distance_of_histograms_and_empty_rows():
    real = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], float)
    made = np.array([[0, 0, 1], [0, 1, 0]], float)
    assert histogram_gap(real, made).value == pytest.approx(0.5)
    with pytest.raises(TooFew):
        histogram_gap(real[:1], made)
    with pytest.raises(InputError):
        number_gap(np.array([1.0, np.nan]), np.array([1.0, 2.0]))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = 0
    for i in range(100):
        gap = number_gap(rng.normal(0, 1, 150), rng.normal(2, 1, 150), seed=i)
        hits += gap.low <= 2 <= gap.high
    assert 88 <= hits <= 100


def test_scores_tell_music_from_its_parts_shuffled():
    rng = np.random.default_rng(1)
    from gansmith.data.music.chorales import chorale

    pitch = np.concatenate([chorale("major", s).pitch.reshape(4, 32, 4) for s in range(20)]).astype(np.int64)
    real, fresh = (Windows(p, np.zeros(p.shape, bool), 4) for p in (pitch[:40], pitch[40:]))
    mixed = np.stack([pitch[40:][rng.permutation(40)][:, :, v] for v in range(4)], 2)
    settings = Settings(extractor="music", split="test", resamples=50)
    good = {r.name: r for r in music_scores(real, fresh, settings)}
    bad = {r.name: r for r in music_scores(real, Windows(mixed, np.zeros(mixed.shape, bool), 4), settings)}
    assert set(good) == set(MUSIC_MEASURES)
    for name in ("in_scale", "chord_agreement", "tonal_distance", "parallels", "crossings", "scale_degrees"):
        assert bad[name].low > good[name].value, name
    assert bad["polyphony"].value == good["polyphony"].value
    assert bad["leaps"].value == good["leaps"].value == 0  # each voice by itself is as it was
    assert good["in_scale"].detail["real"][0] == pytest.approx(stats.in_scale(real).mean())
    assert good["in_scale"].protocol["quarter"] == 4


def test_profiles_are_fitted_to_real_music_and_bounded():
    there = some(60)
    fitted = Profile.fit(there, 12)
    rows = fitted(there)
    assert rows.shape == (60, 12)
    assert np.square(rows).sum(1).mean() == pytest.approx(12)
    assert np.allclose(rows.mean(0), 0)
    assert fitted.id == "music-profile-1-d12"
    assert Profile.fit(there, 12).hash == fitted.hash != Profile.fit(some(60, 1), 12).hash
    steady = Windows(np.full((5, 16, 2), 60), np.zeros((5, 16, 2), bool), 4)
    wild = Profile.fit(Windows(np.concatenate([steady.pitch, steady.pitch + 2]), np.zeros((10, 16, 2), bool), 4))
    assert np.abs(wild(Windows(some(4, shape=(16, 2)).pitch, np.zeros((4, 16, 2), bool), 4))).max() < 1e3
    with pytest.raises(InputError, match="at least 2"):
        Profile.fit(Windows(steady.pitch[:1], steady.again[:1], 4))


def test_what_are_no_windows_is_refused():
    with pytest.raises(InputError, match="windows are pitches"):
        Windows(np.zeros((2, 3)), np.zeros((2, 3), bool), 4)
