"""Small pictures, files and folders for the tests of the data layer."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Save = Callable[..., Path]


def random_pixels(seed: int, height: int = 8, width: int = 8, channels: int = 3) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def encode(pixels: Pixels, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels).save(
        stream, format=kind, **options
    )
    return stream.getvalue()


@pytest.fixture
def pixels() -> Callable[..., Pixels]:
    return random_pixels


@pytest.fixture
def encoded() -> Callable[..., bytes]:
    return encode


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, bytes | Pixels | str]], Path]:
    """Writes files by relative path: pictures as PNG, text and bytes as they are."""

    def write(files: dict[str, bytes | Pixels | str]) -> Path:
        root = tmp_path / "data"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_as_bytes(content))
        return root

    return write


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[[dict[str, bytes | Pixels | str]], Path]:
    """Writes the same into an archive."""

    def write(files: dict[str, bytes | Pixels | str]) -> Path:
        path = tmp_path / "data.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, _as_bytes(content))
        return path

    return write


def _as_bytes(content: bytes | Pixels | str) -> bytes:
    if isinstance(content, bytes):
        return content
    return content.encode() if isinstance(content, str) else encode(content)
