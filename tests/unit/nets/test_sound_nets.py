"""Networks of sound: waves, pictures of sound, and the way back from a picture."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.features.logmel import LogMel
from gansmith.features.sound import decibels, magnitudes, mel_filters, window_for
from gansmith.nets.spectrogram import MelPicture
from gansmith.nets.wave import WaveDiscriminator, WaveGenerator, shuffle_phase

RATE = 8000


def tone(hertz, seconds=0.5, loud=0.5):
    return loud * torch.sin(2 * math.pi * hertz * torch.arange(round(RATE * seconds)) / RATE)[None, None]


# --- waves


@settings(deadline=None, max_examples=12)
@given(st.integers(20, 5000), st.integers(1, 2))
def test_any_length_is_made_and_judged(length, channels):
    made = WaveGenerator((channels, length), 4, 1)(torch.randn(2, 4))
    assert made.shape == (2, channels, length)
    assert WaveDiscriminator((channels, length), 1)(made).shape == (2,)


def test_shifted_maps_are_those_of_the_paper():
    x = torch.arange(5.0)[None, None].expand(3, 2, 5)
    moved = shuffle_phase(x, torch.tensor([0, 2, -1]))
    assert moved[0].tolist() == [[0, 1, 2, 3, 4]] * 2
    assert moved[1].tolist() == [[2, 1, 0, 1, 2]] * 2  # two steps later, the beginning reflected
    assert moved[2].tolist() == [[1, 2, 3, 4, 3]] * 2


def test_phase_is_shuffled_in_training_only():
    torch.manual_seed(0)
    net, x = WaveDiscriminator((1, 1000), 2), torch.randn(4, 1, 1000)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))
    plain = WaveDiscriminator((1, 1000), 2, shuffle=0)
    assert torch.equal(plain(x), plain(x))


def test_penalties_reach_through_the_critic():
    net, x = WaveDiscriminator((1, 300), 1).double(), torch.randn(2, 1, 300, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert all(p.grad is not None for p in net.convs.parameters() if p.ndim > 1)


def test_the_first_sounds_are_neither_silent_nor_clipped():
    torch.manual_seed(0)
    made = WaveGenerator((1, 4096), 64, 8)(torch.randn(16, 64)).detach()
    assert 0.1 < float(made.std()) < 0.9


# --- spectra


def test_a_sine_at_full_scale_is_zero_decibels_in_its_bin():
    level = decibels(magnitudes(tone(1000, loud=1.0), 256, 64))[0, 0, :, 10]
    assert int(level.argmax()) == 32
    assert float(level.max()) == pytest.approx(0, abs=0.01)


def test_magnitudes_are_a_transcription_of_their_definition():
    x = torch.randn(1, 1, 200, dtype=torch.float64)
    window, hop, frame = 32, 8, 5
    shape = 0.5 - 0.5 * torch.cos(2 * math.pi * torch.arange(window, dtype=torch.float64) / window)
    part = torch.nn.functional.pad(x[0, 0], (16, 16))[frame * hop : frame * hop + window] * shape
    angle = 2 * math.pi * torch.outer(torch.arange(17.0), torch.arange(32.0)).double() / window
    wanted = torch.hypot(angle.cos() @ part, angle.sin() @ part) * 4 / window
    torch.testing.assert_close(magnitudes(x, window, hop)[0, 0, :, frame], wanted)


@settings(deadline=None, max_examples=40)
@given(st.integers(1000, 48000), st.integers(4, 100))
def test_mel_bands_are_weighted_means_in_order(rate, bands):
    window = window_for(rate)
    filters = mel_filters(rate, window, bands)
    torch.testing.assert_close(filters.sum(1), torch.ones(bands))
    centres = filters @ torch.arange(window // 2 + 1.0)
    assert bool((centres.diff() >= -1e-3).all())


def test_windows_last_about_32_ms():
    assert [window_for(rate) for rate in (8000, 16000, 22050, 44100)] == [256, 512, 512, 1024]


# --- pictures


@pytest.mark.parametrize("length", [4096, 4000, 1111])
def test_a_picture_has_a_sound_with_that_picture(length):
    ear = MelPicture(length, RATE)
    time = torch.arange(length) / RATE
    glide = 0.6 * torch.sin(2 * math.pi * (300 * time + 600 * time**2)) * torch.exp(-3 * time)
    picture = ear.picture(glide[None, None])
    assert picture.shape == (1, 1, 64, ear.frames) and float(picture.abs().max()) <= 1
    again = ear(picture)
    assert again.shape == (1, 1, length)
    assert float((ear.picture(again) - picture).abs().mean()) * 30 < 1.0  # decibels


def test_silence_stays_silent():
    ear = MelPicture(2048, RATE)
    assert bool((ear.picture(torch.zeros(1, 2, 2048)) == -1).all())
    assert float(ear(torch.full((1, 2, 64, ear.frames), -1.0)).abs().max()) < 1e-3


def test_a_pitch_is_kept():
    ear = MelPicture(4096, RATE)
    made = ear(ear.picture(tone(440, 0.512)))[0, 0]
    assert float(torch.fft.rfft(made).abs().argmax()) * RATE / 4096 == pytest.approx(440, abs=15)


def test_what_differs_in_the_last_bit_sounds_the_same():
    torch.manual_seed(0)
    ear = MelPicture(2048, RATE, 32)
    picture = (torch.randn(2, 1, 32, ear.frames) / 3).tanh() * 0.9
    steps = (picture * 128).round() / 128  # away from where rounding would turn
    assert torch.equal(ear(steps), ear(steps + 1e-7))


# --- log-mel statistics


def test_log_mel_statistics_see_pitch_place_and_motion():
    ear = LogMel(RATE)
    low, high = ear(tone(200)), ear(tone(2500))
    assert low.shape == (1, ear.dim) == (1, 128)
    assert int(low[0, : 16 * 6].reshape(16, 6).mean(1).argmax()) < int(
        high[0, : 16 * 6].reshape(16, 6).mean(1).argmax()
    )
    early = torch.cat([tone(500, 0.25), torch.zeros(1, 1, 2000)], 2)
    cells = ear(early)[0, : 16 * 6].reshape(16, 6).amax(0)
    assert float(cells[:2].min()) > 4 and float(cells[-2:].max()) == pytest.approx(0, abs=0.5)
    assert float(ear(early)[0, -16:].max()) > float(ear(tone(500))[0, -16:].max())
    assert ear.id == "logmel-16x6-8000"


def test_fitted_statistics_count_from_the_mean_in_deviations():
    sounds = torch.randn(60, 1, 2048) * torch.rand(60, 1, 1)
    plain = LogMel(RATE)
    features = plain(sounds)
    fitted = plain.fitted(features)
    wanted = (features - features.mean(0)) / (features.std(0, unbiased=False) + 0.1)
    torch.testing.assert_close(fitted(sounds), wanted, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(fitted.fitted(fitted(sounds))(sounds).mean(0), torch.zeros(128), rtol=0, atol=1e-4)
    assert fitted.hash != plain.hash == LogMel(RATE).hash


def test_log_mel_statistics_refuse_what_is_no_sound():
    from gansmith.errors import InputError

    for wrong, told in (
        (torch.zeros(2, 100), "must be floating"),
        (torch.full((1, 1, 500), float("nan")), "NaN"),
    ):
        with pytest.raises(InputError, match=told):
            LogMel(RATE)(wrong)
