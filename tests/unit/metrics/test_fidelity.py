"""PSNR and SSIM against their definitions, written down once more with SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.errors import InputError
from gansmith.metrics.functional import psnr, ssim

ndimage = pytest.importorskip("scipy.ndimage")


def images(n=2, c=3, h=20, w=17, seed=0):
    return torch.rand(n, c, h, w, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def wanted_ssim(x, y, span):
    """Wang et al. 2004, equation 13, for one plane: SciPy's Gaussian window of 11 pixels, borders left out."""

    def mean(z):
        return ndimage.gaussian_filter(z, 1.5, radius=5, mode="constant")[5:-5, 5:-5]

    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    return (((2 * mx * my + c1) * (2 * vxy + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


@pytest.mark.parametrize("span", [2.0, 1.0])
def test_ssim_is_that_of_the_paper(span):
    a, b = images(), images(seed=1) * 0.3 + images() * 0.7
    wanted = [
        np.mean([wanted_ssim(x.numpy(), y.numpy(), span) for x, y in zip(i, j, strict=True)])
        for i, j in zip(a, b, strict=True)
    ]
    assert ssim(a, b, span).tolist() == pytest.approx(wanted, rel=1e-10)


def test_equal_images_are_alike_and_noise_is_not():
    a, small = images(), images(1, 1, 4, 4)
    assert ssim(a, a).tolist() == pytest.approx([1, 1]) and psnr(a, a).tolist() == [100, 100]
    assert ssim(small, small).item() == pytest.approx(1)  # the window shrinks
    assert ssim(a, images(seed=2)).abs().max() < 0.3


def test_psnr_in_closed_form():
    a = torch.zeros(2, 1, 8, 8)
    b = a.clone()
    b[0] += 0.2  # squared error 0.04 of a range of 2: 10 log10(4 / 0.04) = 20
    b[1, :, :, :4] += 0.02
    assert psnr(a, b).tolist() == pytest.approx([20, 10 * np.log10(4 / 0.0002)])
    assert psnr(a * 127.5, b * 127.5, span=255).tolist() == pytest.approx(psnr(a, b).tolist())


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="of one shape"):
        psnr(images(), images(h=19))
