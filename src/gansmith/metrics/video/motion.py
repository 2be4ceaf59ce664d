"""What can be said of a clip's motion in a number, and how far made clips are from real ones in it."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.metrics.functional._check import check_enough
from gansmith.metrics.functional.bootstrap import counts, interval

__all__ = ["appearance_drift", "autocorrelation", "gap", "motion_energy", "speed"]


def _check(clips: Tensor) -> Tensor:
    if clips.ndim != 5 or clips.shape[2] < 2:
        raise InputError(f"clips must be (N, C, T, H, W) of at least 2 frames, got shape {tuple(clips.shape)}")
    return clips.detach().double()


def motion_energy(clips: Tensor) -> Tensor:
    """How much changes from frame to frame: mean absolute difference of neighbouring frames, `(N,)`.

    Args:
        clips: `(N, C, T, H, W)`.

    Raises:
        InputError: They are no clips.
    """
    return _check(clips).diff(dim=2).abs().flatten(1).mean(1)


def speed(clips: Tensor) -> Tensor:
    """How fast things move across their own edges, in pixels a frame, `(N,)`.

    The one speed that explains the changes best where brightness is only carried along (Horn & Schunck 1981, eq. 1:
    `I_t = -v |grad I|` across an edge): `sum |I_t| |grad I| / sum |grad I|^2`, gradients by central differences of the
    mean of both frames. It is below the true speed where things move along their edges, or by more than their width.

    Args:
        clips: `(N, C, T, H, W)`, at least 3 pixels high and wide.

    Raises:
        InputError: They are no clips.
    """
    grey = _check(clips).mean(1)
    if min(grey.shape[2:]) < 3:
        raise InputError(f"speeds need frames of at least 3x3 pixels, got {tuple(grey.shape[2:])}")
    change = grey.diff(dim=1)[..., 1:-1, 1:-1].abs()
    middle = (grey[:, 1:] + grey[:, :-1]) / 2
    across = (middle[..., 1:-1, 2:] - middle[..., 1:-1, :-2]) / 2
    down = (middle[..., 2:, 1:-1] - middle[..., :-2, 1:-1]) / 2
    slope = torch.hypot(across, down)
    flat = slope.square().flatten(1).sum(1)
    return (change * slope).flatten(1).sum(1) / flat.clamp_min(1e-12)


def autocorrelation(clips: Tensor, lag: int = 1) -> Tensor:
    """Correlation of the pixels of a clip with those `lag` frames later, `(N,)` in [-1, 1].

    Pixels are taken relative to the clip's mean over all of them. A clip without contrast has 1.

    Args:
        clips: `(N, C, T, H, W)`.
        lag: Frames between, at least 1.

    Raises:
        InputError: They are no clips, or are not longer than the lag.
    """
    x = _check(clips)
    if not 1 <= lag < x.shape[2]:
        raise InputError(f"a lag of {lag} frames needs clips of more than that, got {x.shape[2]}")
    x = x - x.mean((1, 2, 3, 4), keepdim=True)
    a, b = x[:, :, :-lag].flatten(1), x[:, :, lag:].flatten(1)
    scale = a.norm(dim=1) * b.norm(dim=1)
    return torch.where(scale > 1e-12, (a * b).sum(1) / scale.clamp_min(1e-12), torch.ones_like(scale))


def appearance_drift(features: Tensor, scale: float | None = None) -> tuple[Tensor, float]:
    """How much the look of a clip changes over its frames, beside how much clips differ from one another.

    Args:
        features: Of frames, `(N, T, D)`, at least 2 clips.
        scale: What counts as 1: None for the root mean squared distance of these clips' mean features from their mean.

    Returns:
        The root mean squared distance of a clip's frames from their mean over the scale, `(N,)`, and the scale.

    Raises:
        InputError: The shape is another.
        TooFew: Fewer than 2 clips.
    """
    if features.ndim != 3:
        raise InputError(f"features of frames must be (N, T, D), got shape {tuple(features.shape)}")
    check_enough("a drift", 2, len(features))
    x = features.detach().double()
    centre = x.mean(1)
    if scale is None:
        scale = max(float((centre - centre.mean(0)).square().sum(1).mean().sqrt()), 1e-12)
    return (x - centre[:, None]).square().sum(2).mean(1).sqrt() / scale, scale


def gap(
    real: Tensor, made: Tensor, resamples: int = 200, confidence: float = 0.95, seed: int = 0
) -> tuple[float, tuple[float, float] | None]:
    """Distance of two sets of numbers: the 1-Wasserstein distance, in standard deviations of the real ones.

    A shift by one standard deviation is 1. Numbers that never vary are compared in their own size.

    Args:
        real: `(N,)`, at least 2.
        made: `(M,)`, at least 2.
        resamples: Bootstrap resamples of both sides; 0 for no interval.
        confidence: Of the interval.
        seed: Of the resamples.

    Returns:
        The value, >= 0, and the ends of its interval, whose resamples are laid around the value; None without any.

    Raises:
        TooFew: Fewer than 2 numbers on a side.
    """
    check_enough("a distance of numbers", 2, min(len(real), len(made)))
    real, made = real.detach().double().cpu(), made.detach().double().cpu()
    spread = float(real.std())
    scale = spread if spread > 1e-9 else max(float(real.abs().mean()), 1e-9)
    both, order = torch.cat([real, made]).sort()
    steps = both.diff()

    def distances(weights: Tensor) -> Tensor:
        return (weights[:, order].cumsum(1)[:, :-1].abs() * steps).sum(1) / scale

    n, m = len(real), len(made)
    share = torch.tensor([1 / n] * n + [-1 / m] * m, dtype=torch.float64)
    value = float(distances(share[None])[0])
    if resamples == 0:
        return value, None
    drawn = torch.cat([counts(n, resamples, seed) / n, -counts(m, resamples, seed + 1) / m], 1)
    low, high = interval(distances(drawn), confidence, around=value)
    return value, (max(0.0, low), high)
