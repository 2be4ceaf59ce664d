"""A distance of rows with numbers, categories and missing values, and its exact nearest neighbours in bounded memory.

In the manner of Gower (1971, Biometrics 27): every column gives a difference, and the distance is the root of the mean
of their squares. A category differs by 0 or 1, missing being a category. A number is put on a scale by the training
rows: its distance from the median over the width of the middle 90 %; beyond one such width the scale is logarithmic, so
a single far value doesn't rule the distance. A missing number differs from another missing one by 0; from a value it
differs as from the median, with 1 more (in squares).

The squares are those of a Euclidean distance between vectors (one entry a number, one a category), so a matrix product
finds neighbours; columns of more than `WIDE` categories are compared code by code instead. The product is taken in
float32 and only proposes candidates; distances are recomputed from the rows in float64, and rows for which rounding
could hide a nearer one are searched again in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gansmith.metrics.functional import check_enough
from gansmith.metrics.table.columns import Columns, Numbers

__all__ = ["Mixed", "Rows"]

WIDE = 64
BLOCK = 16 * 2**20
"""Distances of one block; float32, so 64 MB."""
SPARE = 4
"""Candidates beyond those asked for."""


@dataclass(frozen=True)
class Rows:
    """Rows ready for distances.

    Attributes:
        points: `(N, D)` float64.
        codes: `(N, C)` int32 of the columns with many categories.
        columns: Columns of the table; what the mean is taken over.
    """

    points: Tensor
    codes: Tensor
    columns: int

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: Tensor) -> Rows:
        """Some of the rows, by number."""
        return Rows(self.points[rows], self.codes[rows], self.columns)


def _squares(x: Rows, y: Rows, dtype: torch.dtype) -> Tensor:
    """Summed squared differences `(N, M)` by a matrix product, rounding included."""
    centre = y.points.mean(0)
    a, b = (x.points - centre).to(dtype), (y.points - centre).to(dtype)
    found = torch.addmm(b.square().sum(1)[None, :], a, b.T, alpha=-2).add_(a.square().sum(1)[:, None])
    for column in range(x.codes.shape[1]):
        found += x.codes[:, column, None] != y.codes[None, :, column]
    return found


def _exact(x: Rows, y: Rows, found: Tensor) -> Tensor:
    """Summed squared differences of each row and its candidates `(N, K)`, from differences."""
    parts = []
    for k in range(found.shape[1]):
        other = y.take(found[:, k])
        parts.append((x.points - other.points).square().sum(1) + (x.codes != other.codes).sum(1))
    return torch.stack(parts, 1)


class Mixed:
    """The distance, with its scales from training rows.

    Args:
        train: Training rows: medians and widths come from them, and the categories from their alignment.
    """

    def __init__(self, train: Columns) -> None:
        self._scales: dict[str, tuple[float, float]] = {}
        for name in train.numbers:
            values = train[name][~train.missing(name)]
            if not len(values):
                self._scales[name] = 0.0, 1.0
                continue
            low, middle, high = (float(q) for q in np.quantile(values, [0.05, 0.5, 0.95]))
            width = high - low or float(values.max() - values.min()) or 1.0
            self._scales[name] = middle, width

    def rows(self, columns: Columns) -> Rows:
        """Rows of an aligned table, ready for distances."""
        parts: list[Numbers] = []
        codes = []
        for name in columns.names:
            gone = columns.missing(name)
            if name in columns.categories:
                size = len(columns.categories[name])
                code = np.where(gone, size, columns[name])
                if size > WIDE:
                    codes.append(code.astype(np.int32))
                else:
                    parts.append(np.eye(size + 1)[code] / np.sqrt(2))
            else:
                middle, width = self._scales[name]
                z = (np.where(gone, middle, columns[name]) - middle) / width
                far = np.maximum(np.abs(z), 1.0)
                parts.append(np.where(np.abs(z) > 1, np.sign(z) * (1 + np.log(far)), z)[:, None])
                parts.append(gone[:, None].astype(np.float64))
        points = np.concatenate(parts, 1) if parts else np.zeros((len(columns), 0))
        wide = np.stack(codes, 1) if codes else np.zeros((len(columns), 0), np.int32)
        return Rows(torch.from_numpy(points), torch.from_numpy(wide), len(columns.names))

    @staticmethod
    def nearest(x: Rows, y: Rows, k: int = 1) -> tuple[Tensor, Tensor]:
        """The k nearest rows of y for each row of x.

        Args:
            x: N rows.
            y: M rows.
            k: Neighbours.

        Returns:
            Distances `(N, k)` float64, ascending, and indices into y `(N, k)`; of equally near rows the first found.

        Raises:
            TooFew: y has fewer than k rows.
        """
        check_enough(f"a search for {k} neighbours", k, len(y))
        keep = min(len(y), k + SPARE)
        step = max(1, BLOCK // len(y))
        reach = float((y.points - y.points.mean(0)).square().sum(1).max()) + 1
        distances, places = [], []
        for start in range(0, len(x), step):
            part = x.take(torch.arange(start, min(start + step, len(x))))
            block = _squares(part, y, torch.float32)
            rough, found = block.topk(keep, dim=1, largest=False, sorted=True)
            exact = _exact(part, y, found)
            slack = 16 * torch.finfo(torch.float32).eps * (reach + part.points.square().sum(1))
            worst = exact.topk(k, largest=False).values[:, -1]
            # a row that was left out may be nearer if rounding hides it; nothing is nearer than 0
            doubt = ((rough[:, -1].double() - slack < worst) & (worst > 0)).nonzero()[:, 0]
            if keep < len(y) and len(doubt):
                again = _squares(part.take(doubt), y, torch.float64).topk(keep, dim=1, largest=False).indices
                found[doubt] = again
                exact[doubt] = _exact(part.take(doubt), y, again)
            exact, order = exact.sort(dim=1, stable=True)
            distances.append((exact[:, :k] / x.columns).sqrt())
            places.append(found.gather(1, order)[:, :k])
        empty = torch.zeros(0, k)
        return torch.cat(distances) if distances else empty.double(), torch.cat(places) if places else empty.long()
