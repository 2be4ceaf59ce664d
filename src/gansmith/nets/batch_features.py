"""What one image can't show: how alike the images of a batch are. A collapsed generator's are too alike.

Three parts for a discriminator: the spread of features over a group of images (`MinibatchStd`), each image's closeness
to the others (`MinibatchDiscrimination`), and scores for packs of images instead of single ones (`Packed`). With any of
them a score depends on the other images of the batch: a game must declare the net in `batch_coupled`.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Across", "MinibatchDiscrimination", "MinibatchStd", "Packed", "across_batch"]

Across = Literal["none", "std", "discrimination"]

GROUP = 4
"""Images whose spread is measured together (Karras et al. 2020, StyleGAN2)."""


class MinibatchStd(nn.Module):
    """Appends one feature: the standard deviation within a group of samples, averaged over all features.

    Karras et al. 2018, section 3, in groups as in StyleGAN2. Sample i is in group i mod k of k groups, so that a batch
    that doesn't divide has groups whose sizes differ by one.

    Args:
        features: Features of a sample.
        group: Samples of a group at most; the whole batch is one group where it is smaller.
    """

    def __init__(self, features: int, group: int = GROUP) -> None:
        super().__init__()
        self.group = group
        self.features = features + 1

    def forward(self, h: Tensor) -> Tensor:
        """From `(n, features)` to `(n, features + 1)`."""
        n = len(h)
        groups = -(-n // self.group)
        of = torch.arange(n, device=h.device) % groups
        size = torch.bincount(of, minlength=groups).to(h.dtype)[:, None]
        zero = h.new_zeros(groups, h.shape[1])
        centred = h - (zero.index_add(0, of, h) / size)[of]
        variance = zero.index_add(0, of, centred.square()) / size
        spread = (variance + 1e-8).sqrt().mean(1, keepdim=True)  # the square root has no slope at zero
        return torch.cat([h, spread[of]], 1)


class MinibatchDiscrimination(nn.Module):
    """Appends each sample's closeness to the samples of the batch: o_b(i) = sum_j exp(-|M_ib - M_jb|_1), M = T h.

    Salimans et al. 2016, section 3.2; the sum includes the sample itself, as in the paper, and grows with the batch.

    Args:
        features: Features of a sample.
        kernels: Features appended (the paper's B).
        dim: Length of the vectors that are compared (the paper's C).
    """

    def __init__(self, features: int, kernels: int = 16, dim: int = 8) -> None:
        super().__init__()
        self.kernels = kernels
        self.features = features + kernels
        self.tensor = nn.Linear(features, kernels * dim, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """From `(n, features)` to `(n, features + kernels)`."""
        m = self.tensor(h).reshape(len(h), self.kernels, -1)
        apart = (m[:, None] - m[None]).abs().sum(3)
        return torch.cat([h, (-apart).exp().sum(1)], 1)


class _Alone(nn.Module):
    """Features as they are."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features

    def forward(self, h: Tensor) -> Tensor:
        return h


def across_batch(kind: Across, features: int, group: int = GROUP) -> MinibatchStd | MinibatchDiscrimination | _Alone:
    """The part that a discriminator puts behind its features; its `features` says how many there are then.

    Args:
        kind: `none`, `std` or `discrimination`.
        features: Features of a sample.
        group: Samples of a group of `std`.
    """
    if kind == "std":
        return MinibatchStd(features, group)
    return MinibatchDiscrimination(features) if kind == "discrimination" else _Alone(features)


class Packed(nn.Module):
    """Scores packs of samples, stacked over channels (PacGAN, Lin et al. 2018, section 3).

    A pack is consecutive samples of the batch. With conditions, a sample is the pair of image and condition: the net is
    shown the conditions of a pack one behind the other, so it knows which belongs to which image, and packs need not be
    of one class.

    Args:
        net: A discriminator made for `pack` times the channels and `pack` times the classes.
        pack: Samples of a pack. What is left over of a batch is not scored; in eval mode, fewer samples than a pack are
            repeated to fill one.
        classes: Number of classes, or length of the condition vector; 0 for none.
    """

    def __init__(self, net: nn.Module, pack: int, classes: int = 0) -> None:
        super().__init__()
        self.net, self.pack, self.classes = net, pack, classes

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From samples `(n, channels, ...)` and their conditions to scores `(n // pack,)`, at least one."""
        n, packs = len(x), len(x) // self.pack
        if packs == 0:
            if self.training:
                raise ValueError(f"a pack needs {self.pack} samples; there are {n}")
            packs, again = 1, torch.arange(self.pack, device=x.device) % n  # only looked at: fill the pack up
            x, label = x[again], None if label is None else label[again]
        x = x[: packs * self.pack].reshape(packs, -1, *x.shape[2:])
        if self.classes and label is not None:
            shown = _vectors(label, self.classes).to(x.dtype) if label.dtype == torch.long else label
            label = shown[: packs * self.pack].reshape(packs, -1)
        score: Tensor = self.net(x, label)
        return score


def _vectors(label: Tensor, classes: int) -> Tensor:
    """One-hot vectors of class ids; zeros for the id -1, which is no condition."""
    return F.one_hot(label.clamp_min(0), classes) * (label >= 0).unsqueeze(1)
