"""Real data that comes with the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

__all__ = ["fashion_path", "penguins_path", "sonnets_path"]


def fashion_path() -> Path:
    """The embedded part of Fashion-MNIST: 28x28 grey, 10 classes, 3,500 to train, 300 to validate, 1,000 to test."""
    return Path(str(resources.files(__name__) / "fashion.npz"))


def penguins_path() -> Path:
    """The Palmer penguins: 344 rows of 8 columns, numbers and categories, with missing values."""
    return Path(str(resources.files(__name__) / "penguins.csv"))


def sonnets_path() -> Path:
    """Shakespeare's Sonnets: 154 poems, 2,156 lines."""
    return Path(str(resources.files(__name__) / "sonnets.txt"))
