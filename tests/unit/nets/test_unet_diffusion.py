"""The denoiser: EDM's preconditioning in closed form, any image size, conditions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.nets.unet_diffusion import Denoiser, preconditioning
from gansmith.testing import check_net


def test_preconditioning_is_table_1():
    sigma, data = np.array([0.002, 0.1, 0.5, 3.0, 80.0]), 0.5
    found = preconditioning(torch.tensor(sigma), data)
    want = (
        data**2 / (sigma**2 + data**2),
        sigma * data / np.sqrt(sigma**2 + data**2),
        1 / np.sqrt(data**2 + sigma**2),
        np.log(sigma) / 4,
    )
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-12)


def test_inputs_and_targets_of_the_network_have_unit_variance():
    """Why the factors are what they are (appendix B.6): drawn, not derived."""
    g = torch.Generator().manual_seed(0)
    for sigma in (0.05, 0.5, 5.0):
        clean = 0.5 * torch.randn(200_000, generator=g, dtype=torch.float64)
        noisy = clean + sigma * torch.randn(200_000, generator=g, dtype=torch.float64)
        skip, out, inner, _ = preconditioning(torch.tensor([sigma], dtype=torch.float64), 0.5)
        assert (inner * noisy).std().item() == pytest.approx(1, abs=0.01)
        assert ((clean - skip * noisy) / out).std().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize(("shape", "patch"), [((1, 28, 28), 2), ((3, 17, 24), 2), ((3, 64, 64), 4), ((1, 5, 7), 1)])
def test_fits_any_shape(shape, patch, classes):
    label = [torch.arange(4) % classes] if classes else []
    inputs = [torch.randn(4, *shape), torch.rand(4) + 0.1, *label]
    check_net(lambda: Denoiser(shape, 8, classes, patch), inputs, shape)


def test_begins_as_the_best_guess_without_a_look():
    """The last layer begins at zero, so D(x) = skip x: the linear denoiser of white data."""
    net, x = Denoiser((1, 8, 8), 8), torch.randn(2, 1, 8, 8)
    sigma = torch.tensor([0.1, 2.0])
    want = x * (0.25 / (sigma**2 + 0.25))[:, None, None, None]
    assert torch.allclose(net(x, sigma), want, atol=1e-6)


def test_noise_level_and_label_matter():
    torch.manual_seed(0)
    net = Denoiser((1, 8, 8), 8, classes=2)
    for p in net.parameters():
        if not p.any():
            torch.nn.init.normal_(p, std=0.1)
    x, sigma, label = torch.randn(2, 1, 8, 8), torch.ones(2), torch.tensor([0, 1])
    out = net.net(x.reshape(2, 1, 4, 2, 4, 2).permute(0, 1, 3, 5, 2, 4).reshape(2, 4, 4, 4), sigma.log() / 4, label)
    assert not torch.allclose(net(x, sigma, label), net(x, sigma, label.flip(0)))
    other = net.net(torch.nn.functional.pixel_unshuffle(x, 2), (2 * sigma).log() / 4, label)
    assert not torch.allclose(out, other), "the noise level is not heard"
    with pytest.raises(ValueError, match="labels are missing"):
        net(x, sigma)
