"""EfficientNet-Lite0: MobileNet-like blocks without squeeze-and-excitation, ReLU6 throughout (Tan and Le 2019)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["BLOCK_WIDTHS", "EfficientNetLite0", "fold_norms", "rename"]

# (repeats, kernel, stride of the first, expansion, outputs): table 1 of arXiv:1905.11946 at width and depth 1.0;
# the "lite" variants keep the first and the last group unscaled, which for 0 makes no difference.
_GROUPS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
BLOCK_WIDTHS = tuple(outputs for repeats, _, _, _, outputs in _GROUPS for _ in range(repeats))
"""Channels after each of the 16 blocks."""

_EPS = 1e-3  # of the batch normalisations, as trained


class _Same(nn.Conv2d):
    """A convolution with TensorFlow's "SAME" padding: where a stride makes it uneven, the odd pixel goes last."""

    def forward(self, input: Tensor) -> Tensor:
        """Map `(N, C, H, W)` to `(N, outputs, ceil(H / stride), ceil(W / stride))`."""
        befores, afters = [], []
        for length, kernel, stride in zip(input.shape[2:], self.kernel_size, self.stride, strict=True):
            total = max(0, (-(-length // stride) - 1) * stride + kernel - length)
            befores.append(total // 2)
            afters.append(total - total // 2)
        if befores != afters:  # a copy, which the convolution's own padding does without
            (top, left), (bottom, right) = befores, afters
            input, befores = F.pad(input, [left, right, top, bottom]), [0, 0]
        return F.conv2d(input, self.weight, self.bias, self.stride, befores, self.dilation, self.groups)


def _unit(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, *, act: bool = True
) -> nn.Module:
    layers: list[nn.Module] = [
        _Same(inputs, outputs, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=_EPS),
    ]
    return nn.Sequential(*layers, *([nn.ReLU6()] if act else []))


class _Block(nn.Module):
    """Widen, filter each channel, narrow; a shortcut where shape allows."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = inputs * expansion
        self.expand = _unit(inputs, width) if expansion > 1 else nn.Identity()
        self.depthwise = _unit(width, width, kernel, stride, groups=width)
        self.project = _unit(width, outputs, act=False)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, inputs, H, W)` to `(N, outputs, H / stride, W / stride)`."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.shortcut else y


class EfficientNetLite0(nn.Module):
    """The whole network: 4.7 million weights, 1,000 ImageNet classes.

    Images are `(N, 3, H, W)`, `(level - 127) / 128` of the levels 0..255; trained at 224 pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _unit(3, 32, 3, 2)
        blocks: list[nn.Module] = []
        inputs = 32
        for repeats, kernel, stride, expansion, outputs in _GROUPS:
            for i in range(repeats):
                blocks.append(_Block(inputs, outputs, kernel, stride if i == 0 else 1, expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.top = _unit(inputs, 1280)
        self.classify = nn.Linear(1280, 1000)

    def after(self, x: Tensor, block: int) -> Tensor:
        """The map `(N, BLOCK_WIDTHS[block], h, w)` after a block, counted from 0."""
        x = self.stem(x)
        for layer in self.blocks[: block + 1]:
            x = layer(x)
        return x

    def stages(self, x: Tensor, block: int) -> list[Tensor]:
        """The last map before each halving, and the map after `block`: `(N, BLOCK_WIDTHS[i], h_i, w_i)` each."""
        x = self.stem(x)
        found: list[Tensor] = []
        for number, layer in enumerate(self.blocks[: block + 1]):
            y = layer(x)
            if number and y.shape[-1] < x.shape[-1]:
                found.append(x)
            x = y
        return [*found, x]

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, 1000)`."""
        logits: Tensor = self.classify(self.top(self.after(x, 15)).mean((2, 3)))
        return logits


_PARTS = (
    (r"^_conv_stem\.", "stem.0."),
    (r"^_bn0\.", "stem.1."),
    (r"^_conv_head\.", "top.0."),
    (r"^_bn1\.", "top.1."),
    (r"^_fc\.", "classify."),
    (r"^_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.0."),
    (r"^_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.1."),
    (r"^_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.depthwise.0."),
    (r"^_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.1."),
    (r"^_blocks\.(\d+)\._project_conv\.", r"blocks.\1.project.0."),
    (r"^_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.1."),
)


def rename(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published weights' names as this network's."""
    renamed: dict[str, Tensor] = {}
    for name, tensor in state.items():
        for pattern, ours in _PARTS:
            name, hits = re.subn(pattern, ours, name)
            if hits:
                break
        renamed[name] = tensor
    return renamed


def fold_norms(net: EfficientNetLite0) -> None:
    """Fold every batch normalisation into the convolution before it: the same function in eval, in fewer passes."""
    for module in net.modules():
        if isinstance(module, nn.Sequential) and len(module) >= 2 and isinstance(module[1], nn.BatchNorm2d):
            conv, norm = module[0], module[1]
            assert isinstance(conv, nn.Conv2d) and norm.running_mean is not None and norm.running_var is not None
            scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
            conv.weight = nn.Parameter(conv.weight.detach() * scale[:, None, None, None])
            conv.bias = nn.Parameter(norm.bias.detach() - norm.running_mean * scale)
            module[1] = nn.Identity()
