"""Moving pixels by affine maps so that gradients flow through, twice: what geometric augmentation is made of.

The image goes on beyond its edges by reflection about its outermost pixels. `snap` moves whole pixels to whole pixels
and changes no value. `warp` follows the three steps of Karras et al. 2020 (Training Generative Adversarial Networks
with Limited Data, appendix B): double the resolution, sample bilinearly at double resolution, filter and halve. They
use a wavelet's filter (sym6) and pad by what the batch needs; here both filters are Lanczos kernels of three lobes,
whose symmetry lets the image be reflected where it is sampled, so nothing is padded and no size depends on the numbers
drawn. Price: turned by 0.3 rad, content at 0.1 / 0.2 / 0.3 / 0.4 cycles a pixel keeps 99 / 99 / 95 / 76 % of its
amplitude with an error below 2 % (plain bilinear sampling: 97 / 88 / 74 / 58 %, error up to 11 %).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["rotation", "scaling", "snap", "translation", "warp"]

LOBES = 3
REACH = 2 * LOBES - 1
"""Half-pixels that the halving filter reaches to each side."""

BILINEAR, NEAREST, REFLECT = 0, 1, 2
"""What torch calls them inside."""


def warp(image: Tensor, inverse: Tensor) -> Tensor:
    """Images seen through affine maps, filtered against aliasing.

    Args:
        image: `(n, channels, height, width)`, real numbers.
        inverse: From output to input positions, `(n, 3, 3)`, in pixels from the centre, x (to the right) before y.
    """
    height, width = image.shape[-2:]
    up_y, up_x = (_doubling(side).to(image) for side in (height, width))
    double = up_y @ image @ up_x.T
    grid = _positions(inverse, _half_pixels(height), _half_pixels(width), height, width)
    found: Tensor = _Sample.apply(double, grid, BILINEAR)  # type: ignore[no-untyped-call]
    down_y, down_x = (_halving(side).to(image) for side in (height, width))
    return down_y @ found @ down_x.T


def snap(image: Tensor, inverse: Tensor) -> Tensor:
    """Images seen through maps that take whole pixels to whole pixels (mirroring, quarter turns, whole shifts).

    Args:
        image: `(n, channels, height, width)`, real numbers.
        inverse: As in `warp`.
    """
    height, width = image.shape[-2:]
    grid = _positions(inverse, torch.arange(height), torch.arange(width), height, width)
    found: Tensor = _Sample.apply(image, grid, NEAREST)  # type: ignore[no-untyped-call]
    return found


def scaling(x: Tensor, y: Tensor) -> Tensor:
    """Maps `(n, 3, 3)` that stretch by `x` and `y`, each `(n,)`."""
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return _stacked((x, zero, zero), (zero, y, zero), (zero, zero, one))


def rotation(angle: Tensor) -> Tensor:
    """Maps `(n, 3, 3)` that turn by `angle` `(n,)`, in radians, from x towards y."""
    zero, one, cos, sin = torch.zeros_like(angle), torch.ones_like(angle), angle.cos(), angle.sin()
    return _stacked((cos, -sin, zero), (sin, cos, zero), (zero, zero, one))


def translation(x: Tensor, y: Tensor) -> Tensor:
    """Maps `(n, 3, 3)` that shift by `x` and `y` pixels, each `(n,)`."""
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return _stacked((one, zero, x), (zero, one, y), (zero, zero, one))


def _stacked(*rows: tuple[Tensor, ...]) -> Tensor:
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _positions(inverse: Tensor, ys: Tensor, xs: Tensor, height: int, width: int) -> Tensor:
    """Where output pixels `ys` x `xs` look, as `grid_sample` counts: -1 and 1 are the outermost pixels' centres."""
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    share = inverse.new_tensor([max(middle_x, 0.5), max(middle_y, 0.5)])
    a, b, c = (inverse[:, :2] / share[:, None]).unbind(2)
    x, y = xs.to(inverse) - middle_x, ys.to(inverse) - middle_y
    by_row = b[:, None] * y[:, None] + c[:, None]
    by_column = a[:, None] * x[:, None]
    return by_row[:, :, None] + by_column[:, None, :]


def _half_pixels(side: int) -> Tensor:
    """Positions at double resolution, with the margin that the halving filter reads."""
    return torch.arange(-REACH, 2 * (side - 1) + REACH + 1, dtype=torch.float64) / 2


def _lanczos(t: Tensor) -> Tensor:
    return torch.where(t.abs() < LOBES, torch.sinc(t) * torch.sinc(t / LOBES), 0.0)


@lru_cache(maxsize=32)
def _doubling(side: int) -> Tensor:
    """Matrix `(2 side - 1, side)`: pixels stay, a value between each two is interpolated."""
    at = torch.arange(2 * side - 1, dtype=torch.float64) / 2
    around = torch.arange(-LOBES, side + LOBES)
    weight = _lanczos(at[:, None] - around)
    weight /= weight.sum(1, keepdim=True)
    return torch.zeros(2 * side - 1, side, dtype=torch.float64).index_add_(1, _reflected(around, side), weight)


@lru_cache(maxsize=32)
def _halving(side: int) -> Tensor:
    """Matrix `(side, 2 side - 1 + 2 REACH)`: a half-band filter around every second position."""
    taps = _lanczos(torch.arange(-REACH, REACH + 1, dtype=torch.float64) / 2)
    out = torch.zeros(side, 2 * side - 1 + 2 * REACH, dtype=torch.float64)
    for i in range(side):
        out[i, 2 * i : 2 * i + len(taps)] = taps / taps.sum()
    return out


def _reflected(index: Tensor, side: int) -> Tensor:
    """Indices beyond an edge, mirrored about the outermost pixel."""
    period = max(2 * (side - 1), 1)
    index = index.remainder(period)
    return torch.where(index < side, index, period - index)


class _Sample(torch.autograd.Function):
    """`grid_sample`, differentiable in the image as often as is asked for: torch's own is so only once.

    It is linear in the image, so its derivative is its transpose, whose derivative is itself.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, grid: Tensor, mode: int) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.mode, ctx.size = mode, image.shape
        return F.grid_sample(image, grid, ("bilinear", "nearest")[mode], "reflection", align_corners=True)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = ctx.saved_tensors
        return _Spread.apply(slope, grid, ctx.mode, ctx.size), None, None  # type: ignore[no-untyped-call]


class _Spread(torch.autograd.Function):
    """The transpose of `_Sample`."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, grid: Tensor, mode: int, size: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.mode = mode
        like = slope.new_zeros(1).expand(size)  # only its shape is read
        back = torch.ops.aten.grid_sampler_2d_backward
        spread: Tensor = back(slope.contiguous(), like, grid, mode, REFLECT, True, [True, False])[0]
        return spread

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None, None]:
        (grid,) = ctx.saved_tensors
        return _Sample.apply(slope, grid, ctx.mode), None, None, None  # type: ignore[no-untyped-call]
