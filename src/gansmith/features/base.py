"""What a feature extractor is, and how many images go through one in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from gansmith.errors import InputError

__all__ = ["Extractor", "check_images", "extract", "file_hash", "state_hash"]


@runtime_checkable
class Extractor(Protocol):
    """A frozen function from images to features, with a name that tells it from every other.

    Attributes:
        id: Network, resolution and layer, e.g. `"efflite0-b14-96"`. Distances are named after it.
        hash: sha256 of its weights (hex); of an empty string where there are none.
        dim: Width of the features.
    """

    @property
    def id(self) -> str:
        """Network, resolution and layer."""

    @property
    def hash(self) -> str:
        """sha256 of the weights, hex."""

    @property
    def dim(self) -> int:
        """Width of the features."""

    def __call__(self, images: Tensor) -> Tensor:
        """Features `(N, dim)` float32 of images `(N, C, H, W)` in [-1, 1], C of 1 to 4; no gradient."""


def check_images(images: Tensor) -> None:
    """Raise `InputError` unless images are a floating `(N, C, H, W)` with 1 to 4 channels and finite."""
    if images.ndim != 4 or not 1 <= images.shape[1] <= 4 or 0 in images.shape:
        raise InputError(f"images must be (N, C, H, W) with 1 to 4 channels, got shape {tuple(images.shape)}")
    if not images.is_floating_point():
        raise InputError(f"images must be floating numbers in [-1, 1], got {images.dtype}")
    if not bool(torch.isfinite(images).all()):
        raise InputError("images hold NaN or infinity")


def extract(extractor: Extractor, images: Tensor | Iterable[Tensor], batch: int = 64) -> Tensor:
    """Features of many images, a batch at a time, so that memory doesn't grow with their number.

    Args:
        extractor: The frozen network.
        images: `(N, C, H, W)` in [-1, 1], or pieces of that form (a piece larger than a batch is cut).
        batch: Images that go through the network at once; 64 keeps a 96-pixel EfficientNet within about 0.5 GB.

    Returns:
        `(N, dim)` float32 on the CPU, in the order of the images.

    Raises:
        InputError: There are no images, they aren't images, or `batch` is below 1.
    """
    if batch < 1:
        raise InputError(f"batch must be at least 1, got {batch}")
    pieces = [images] if isinstance(images, Tensor) else images
    with torch.no_grad():
        found = [extractor(part).to("cpu", torch.float32) for piece in pieces for part in _cut(piece, batch)]
    if not found:
        raise InputError("there are no images to extract features from")
    return torch.cat(found)


def _cut(images: Tensor, batch: int) -> Iterator[Tensor]:
    check_images(images)
    for start in range(0, len(images), batch):
        yield images[start : start + batch]


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes, hex; raises `InputError` if it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"can't read the weights {path}: {error.strerror or error}") from error


def state_hash(state: Mapping[str, Tensor]) -> str:
    """sha256 over the names, types, shapes and bytes of tensors, in the order of their names; hex."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
