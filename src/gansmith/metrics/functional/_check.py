"""What every metric asks of its tensors: feature rows of one width, finite, and enough of them."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.errors import InputError

__all__ = ["TooFew", "check_count", "check_enough", "row_pair", "rows"]


class TooFew(InputError):
    """There are too few samples for a metric to mean anything.

    Attributes:
        need: Samples needed of that kind.
        got: Samples given.
    """

    def __init__(self, what: str, need: int, got: int) -> None:
        self.need, self.got = need, got
        super().__init__(f"{what} needs at least {need} samples, got {got}")


def check_enough(what: str, need: int, got: int) -> None:
    """Raise `TooFew` if `got` is below `need`; `what` names the metric and the side, e.g. `"recall (fake)"`."""
    if got < need:
        raise TooFew(what, need, got)


def check_count(name: str, value: int) -> None:
    """Raise `InputError` unless a count such as `k` or `resamples` is at least 1."""
    if value < 1:
        raise InputError(f"{name} must be at least 1, got {value}")


def rows(x: Tensor, name: str = "features") -> Tensor:
    """Feature rows in double precision.

    Args:
        x: Features `(N, D)`, any floating dtype, at least one row and one column, all finite.
        name: How the error message calls them.

    Returns:
        The same rows, detached, as float64.

    Raises:
        InputError: The tensor has another number of axes, is empty, or holds NaN or infinity.
    """
    if x.ndim != 2 or 0 in x.shape:
        raise InputError(f"{name} must be a non-empty (samples, features) matrix, got shape {tuple(x.shape)}")
    x = x.detach().to(torch.float64)
    if not bool(torch.isfinite(x).all()):
        bad = int((~torch.isfinite(x)).any(1).sum())
        raise InputError(f"{name} hold NaN or infinity in {bad} of {len(x)} rows")
    return x


def row_pair(
    real: Tensor, fake: Tensor, names: tuple[str, str] = ("real features", "fake features")
) -> tuple[Tensor, Tensor]:
    """Both sides as float64 rows of the same width; raises `InputError` as `rows` does, or if the widths differ."""
    a, b = rows(real, names[0]), rows(fake, names[1])
    if a.shape[1] != b.shape[1]:
        raise InputError(
            f"{names[0]} have {a.shape[1]} columns and {names[1]} {b.shape[1]}: use one extractor for both"
        )
    return a, b
