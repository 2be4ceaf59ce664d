"""Make the embedded image set: a stratified part of Fashion-MNIST, as `src/gansmith/data/embedded/fashion.npz`.

Reads the four original files (Debian: `apt-get install dataset-fashion-mnist`). The choice is a fixed function of the
file order: the first images of every class, so that anyone makes the same file. Training and validation images come
from the original training part, test images from the original test part.

    python scripts/make_fashion.py [/usr/share/datasets/fashion-mnist]
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np

NAMES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
PER_CLASS = {"train": 350, "val": 30, "test": 100}
OUT = Path(__file__).parents[1] / "src/gansmith/data/embedded/fashion.npz"


def read_idx(path: Path) -> np.ndarray:
    """Read one IDX file of unsigned bytes: magic number, sizes (big endian), then the data."""
    raw = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(raw, ">u4", raw[3], 4).astype(int)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def pick(labels: np.ndarray, skip: int, count: int) -> np.ndarray:
    """Indices of `count` images of each class after the first `skip` of it, in file order."""
    return np.sort(np.concatenate([np.flatnonzero(labels == c)[skip : skip + count] for c in range(len(NAMES))]))


def main(folder: Path) -> None:
    """Write the embedded set."""
    parts = {}
    for split, file, skip in (("train", "train", 0), ("val", "train", PER_CLASS["train"]), ("test", "t10k", 0)):
        images, labels = (read_idx(folder / f"{file}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))
        rows = pick(labels, skip, PER_CLASS[split])
        parts |= {f"{split}_images": images[rows], f"{split}_labels": labels[rows]}
    np.savez_compressed(OUT, names=np.array(NAMES), **parts)
    print(f"{OUT}: {OUT.stat().st_size:,} bytes;", ", ".join(f"{k} {v.shape}" for k, v in parts.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist"))
