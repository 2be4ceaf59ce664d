"""What a recipe's page shows of the quality benchmark: read from the committed cells, nothing is computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.record import RESULTS
from benchmarks.table import number
from benchmarks.verdicts import CIRCULAR, HEADS, curve, row

__all__ = ["Measured", "measured"]

CELLS = RESULTS / "quality"
SHOWN: Mapping[str, Any] = {"data": "fashion", "minutes": 2, "seed": 0}
"""The cells of the screen: every recipe has one, so that pages can be compared."""


@dataclass(frozen=True)
class Measured:
    """A recipe's part of the screen.

    Attributes:
        about: What was done, where, with which commit.
        heads: Headings of the numbers.
        values: The numbers, as text.
        note: What has to be known to read them.
        grid: The sample grid as PNG; empty where there is none.
        curve: The curve as SVG; empty where there is none.
    """

    about: str
    heads: tuple[str, ...]
    values: tuple[str, ...]
    note: str
    grid: bytes
    curve: bytes


def measured(recipe: str, folder: Path = CELLS) -> Measured | None:
    """What is known of a recipe; None before the benchmark was run."""
    for path in _cells(folder).get(recipe, ()):
        return _of(path, recipe)
    return None


@cache
def _cells(folder: Path) -> Mapping[str, list[Path]]:
    """Files of the screen by recipe."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        cell = data["cell"]
        if "broke" not in data and all(cell.get(name) == value for name, value in SHOWN.items()):
            found.setdefault(cell["recipe"], []).append(path)
    return found


def _of(path: Path, recipe: str) -> Measured:
    data = json.loads(path.read_text(encoding="utf-8"))
    machine, trained = data["rate"]["machine"], data["trained"]
    about = (
        f"Trained on what {machine['cores']} cores do in {SHOWN['minutes']} minutes ({trained['samples']:,} samples; "
        f"{machine['cpu']}, torch {machine['torch']}) with the defaults of size s on the embedded Fashion-MNIST, "
        f"seed 0, {data['date'][:10]}, commit {(data['commit']['id'] or 'unknown')[:10]}."
    )
    cells = row(recipe, [data])
    kept = [i for i, head in enumerate(HEADS) if head not in ("recipe", "seeds") and cells[i] is not None]
    note = "(..)*: it trains on these features, so the number says nothing about it." if recipe in CIRCULAR else ""
    picture = path.with_suffix(".png")
    return Measured(
        about,
        tuple(HEADS[i] for i in kept),
        tuple(number(cells[i]) for i in kept),
        note,
        picture.read_bytes() if picture.is_file() else b"",
        curve(data).encode(),
    )
