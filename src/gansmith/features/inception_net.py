"""Inception-v3 as the Frechet inception distance uses it: Szegedy et al. 2016 (arXiv:1512.00567), figures 5 to 7.

The weights were trained in TensorFlow, whose average pooling leaves padded zeros out of the mean, and the exported
graph takes a maximum in the last block's pooling branch. Both are part of what a published FID measures. Layers carry
the names that the converted weights files use.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["InceptionV3"]

Conv = tuple[str, int, int | tuple[int, int], int, bool]
"""Name, outputs, kernel, stride, padded to keep the size."""


class _Unit(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int | tuple[int, int], stride: int, padded: bool) -> None:
        super().__init__()
        size = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (size[0] // 2, size[1] // 2) if padded else (0, 0)
        self.conv = nn.Conv2d(inputs, outputs, size, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, inputs, H, W)` to `(N, outputs, H', W')`."""
        return F.relu(self.bn(self.conv(x)))


def _same(name: str, outputs: int, kernel: int | tuple[int, int] = 1) -> Conv:
    return name, outputs, kernel, 1, True


def _down(name: str, outputs: int) -> Conv:
    return name, outputs, 3, 2, False


class _Mixed(nn.Module):
    """Parallel chains of units and a pooling branch, joined along the channels.

    Args:
        inputs: Channels that come in.
        chains: Units in sequence, for each branch. Where the last element is a pair, both of its units see the same
            input and their outputs are joined.
        pool: `"mean"` or `"max"` (3x3, same size, followed by the unit `branch_pool`), or `"down"` (a maximum with
            stride 2 and no unit).
        pool_outputs: Channels of `branch_pool`; 0 for none.
    """

    def __init__(
        self, inputs: int, chains: Sequence[Sequence[Conv | list[Conv]]], pool: str, pool_outputs: int
    ) -> None:
        super().__init__()
        self.pool = pool
        self.chains: list[list[list[str]]] = []
        for chain in chains:
            width, names = inputs, []
            for step in chain:
                forks = step if isinstance(step, list) else [step]
                for name, outputs, kernel, stride, padded in forks:
                    self.add_module(name, _Unit(width, outputs, kernel, stride, padded))
                width = sum(fork[1] for fork in forks)
                names.append([fork[0] for fork in forks])
            self.chains.append(names)
        if pool_outputs:
            self.branch_pool = _Unit(inputs, pool_outputs, 1, 1, False)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, inputs, H, W)` to `(N, sum of the branches, H', W')`."""
        branches = []
        for chain in self.chains:
            y = x
            for forks in chain:
                y = torch.cat([self.get_submodule(name)(y) for name in forks], 1)
            branches.append(y)
        return torch.cat([*branches, self._pooled(x)], 1)

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "down":
            return F.max_pool2d(x, 3, 2)
        pooled = F.max_pool2d(x, 3, 1, 1) if self.pool == "max" else F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        mixed: Tensor = self.branch_pool(pooled)
        return mixed


def _fig5(inputs: int, pool_outputs: int) -> _Mixed:
    double = [_same("branch3x3dbl_1", 64), _same("branch3x3dbl_2", 96, 3), _same("branch3x3dbl_3", 96, 3)]
    five = [_same("branch5x5_1", 48), _same("branch5x5_2", 64, 5)]
    return _Mixed(inputs, [[_same("branch1x1", 64)], five, double], "mean", pool_outputs)


def _shrink_to_17(inputs: int) -> _Mixed:
    double = [_same("branch3x3dbl_1", 64), _same("branch3x3dbl_2", 96, 3), _down("branch3x3dbl_3", 96)]
    return _Mixed(inputs, [[_down("branch3x3", 384)], double], "down", 0)


def _fig6(inputs: int, mid: int) -> _Mixed:
    row, column = (1, 7), (7, 1)
    seven = [_same("branch7x7_1", mid), _same("branch7x7_2", mid, row), _same("branch7x7_3", 192, column)]
    double = [_same("branch7x7dbl_1", mid), _same("branch7x7dbl_2", mid, column), _same("branch7x7dbl_3", mid, row)]
    double += [_same("branch7x7dbl_4", mid, column), _same("branch7x7dbl_5", 192, row)]
    return _Mixed(inputs, [[_same("branch1x1", 192)], seven, double], "mean", 192)


def _shrink_to_8(inputs: int) -> _Mixed:
    three = [_same("branch3x3_1", 192), _down("branch3x3_2", 320)]
    seven = [_same("branch7x7x3_1", 192), _same("branch7x7x3_2", 192, (1, 7)), _same("branch7x7x3_3", 192, (7, 1))]
    return _Mixed(inputs, [three, [*seven, _down("branch7x7x3_4", 192)]], "down", 0)


def _fig7(inputs: int, pool: str) -> _Mixed:
    def fork(name: str) -> list[Conv]:
        return [_same(f"{name}a", 384, (1, 3)), _same(f"{name}b", 384, (3, 1))]

    three: list[Conv | list[Conv]] = [_same("branch3x3_1", 384), fork("branch3x3_2")]
    double: list[Conv | list[Conv]] = [_same("branch3x3dbl_1", 448), _same("branch3x3dbl_2", 384, 3)]
    double.append(fork("branch3x3dbl_3"))
    return _Mixed(inputs, [[_same("branch1x1", 320)], three, double], pool, 192)


class InceptionV3(nn.Module):
    """The network up to its 2,048 features: images `(N, 3, 299, 299)`, `(level - 128) / 128`, to `(N, 2048)`."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Unit(3, 32, 3, 2, False)
        self.Conv2d_2a_3x3 = _Unit(32, 32, 3, 1, False)
        self.Conv2d_2b_3x3 = _Unit(32, 64, 3, 1, True)
        self.Conv2d_3b_1x1 = _Unit(64, 80, 1, 1, False)
        self.Conv2d_4a_3x3 = _Unit(80, 192, 3, 1, False)
        self.Mixed_5b = _fig5(192, 32)
        self.Mixed_5c = _fig5(256, 64)
        self.Mixed_5d = _fig5(288, 64)
        self.Mixed_6a = _shrink_to_17(288)
        self.Mixed_6b = _fig6(768, 128)
        self.Mixed_6c = _fig6(768, 160)
        self.Mixed_6d = _fig6(768, 160)
        self.Mixed_6e = _fig6(768, 192)
        self.Mixed_7a = _shrink_to_8(768)
        self.Mixed_7b = _fig7(1280, "mean")
        self.Mixed_7c = _fig7(2048, "max")

    def forward(self, x: Tensor) -> Tensor:
        """Features `(N, 2048)`: the spatial mean of the last block."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = F.max_pool2d(x, 3, 2)
        for name, block in self.named_children():
            if name.startswith("Mixed"):
                x = block(x)
        return x.mean((2, 3))
