"""The benchmarks live beside the package, in the root."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = str(Path(__file__).resolve().parents[3])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks.cells import Choice  # noqa: E402
from benchmarks.tables import contest, data, ours, stages, wide  # noqa: E402

ROWS = 300
"""Of the small table."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Choice:
    """A small table with a category, a flag, numbers and gaps, and a cache of its own."""
    rng = np.random.default_rng(0)
    size, colour = rng.normal(50, 10, ROWS), rng.integers(0, 3, ROWS)
    paid = rng.random(ROWS) < 1 / (1 + np.exp(-(size - 50) / 5))
    lines = ["size,colour,weight,paid"]
    for i in range(ROWS):
        weight = "" if i % 29 == 0 else f"{size[i] / 3 + colour[i]:.2f}"
        lines.append(f"{size[i]:.1f},{['red', 'green', '?'][colour[i]]},{weight},{'yes' if paid[i] else 'no'}")
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(lines) + "\n")
    sets = (data.Dataset("shop", ROWS, ("paid", "size")), data.Dataset("absent", ROWS, ("x",)))
    monkeypatch.setattr(data, "DATASETS", sets)
    for module in (data, contest, stages, ours, wide):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    return Choice(data={"shop": path})
