"""HiFi-GAN's nets: the paper's sizes, exact parts, and mel bands that mean what they say."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gansmith.features.sound import mel_filters
from gansmith.nets.vocoder import MelLevels, Vocoder
from gansmith.nets.vocoder_judges import SoundJudges


def weights(net):
    """Parameters without those that weight normalisation adds."""
    layers = [m for m in net.modules() if isinstance(m, nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d)]
    return sum(w.numel() for layer in layers for w in (layer.weight, layer.bias))


@pytest.mark.parametrize(
    ("width", "blocks", "millions"), [(512, "full", 13.92), (128, "full", 0.92), (256, "light", 1.46)]
)
def test_generators_are_as_large_as_the_papers(width, blocks, millions):
    """V1, V2 and V3 of table 1 (Kong, Kim & Bae 2020), at 80 bands and 256 samples a frame."""
    assert weights(Vocoder(80, 256, width, blocks)) / 1e6 == pytest.approx(millions, abs=0.01)


def test_discriminators_are_as_large_as_the_papers():
    judges = SoundJudges(32)
    assert sum(map(weights, judges.judges)) / 1e6 == pytest.approx(70.7, abs=0.05)


@pytest.mark.parametrize(
    ("hop", "blocks"), [(8, "light"), (64, "full"), (128, "light"), (512, "full"), (1024, "light")]
)
def test_a_frame_becomes_a_hop_of_samples(hop, blocks):
    net = Vocoder(4, hop, 64, blocks)
    assert math.prod(net.rates) == hop
    assert net(torch.zeros(2, 4, 3)).shape == (2, 1, 3 * hop)


@pytest.mark.parametrize("blocks", ["light", "full"])
def test_a_frame_is_heard_no_further_than_its_reach(blocks):
    torch.manual_seed(0)
    net = Vocoder(4, 16, 16, blocks).double()
    mel = torch.randn(1, 4, 61, dtype=torch.float64, requires_grad=True)
    net(mel)[0, 0, 30 * 16 : 31 * 16].square().sum().backward()
    touched = mel.grad[0].abs().sum(0).nonzero().flatten()
    assert 30 - net.reach <= int(touched.min())
    assert int(touched.max()) <= 30 + net.reach
    assert int(touched.max()) - 30 >= net.reach - 2, "and it is no wild guess"


@settings(max_examples=20, deadline=None)
@given(length=st.integers(1, 2000), rate=st.sampled_from([4_000, 16_000, 22_050]))
def test_there_is_a_frame_for_every_hop(length, rate):
    ear = MelLevels(rate, 8)
    assert ear(torch.randn(2, length)).shape == (2, 8, ear.frames(length))


def test_levels_are_logarithms_of_mel_magnitudes():
    ear = MelLevels(8_000, 10)
    torch.manual_seed(0)
    sound = torch.randn(1, 1024) * 0.1
    frame = 7
    around = torch.cat([torch.zeros((ear.window - ear.hop) // 2), sound[0], torch.zeros(ear.window)])
    part = around[frame * ear.hop : frame * ear.hop + ear.window] * torch.hann_window(ear.window)
    magnitude = torch.fft.rfft(part).abs() * 4 / ear.window
    expected = (mel_filters(8_000, ear.window, 10) @ magnitude).log()
    torch.testing.assert_close(ear(sound)[0, :, frame], expected, atol=1e-4, rtol=1e-4)
    assert float(ear(torch.zeros(1, 512)).max()) == pytest.approx(math.log(1e-5), abs=0.01)


@pytest.mark.parametrize("length", [1, 2, 7, 500])
def test_judges_hear_sounds_of_any_length(length):
    maps = SoundJudges(4)(torch.randn(3, 1, 64 + length))
    assert len(maps) == 8
    assert [len(judge) for judge in maps] == [6] * 5 + [8] * 3
    assert all(judge[-1].ndim == 2 and len(judge[-1]) == 3 for judge in maps)


def test_a_period_sees_its_own_rows_only():
    """Samples of one column never meet those of another."""
    torch.manual_seed(0)
    judge = SoundJudges(4).judges[1]
    sound = torch.randn(1, 1, 90, requires_grad=True)
    scores = judge(sound)[-1].reshape(-1, 3)  # (rows, period 3)
    scores[:, 1].sum().backward()
    touched = sound.grad[0, 0].nonzero().flatten() % 3
    assert set(touched.tolist()) == {1}
