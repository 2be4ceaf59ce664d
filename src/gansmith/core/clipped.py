"""The gradient of every sample on its own, clipped and summed, at about the cost of one ordinary gradient.

The gradient that one sample gives a layer is a product of what goes into the layer and of the loss's slope at what
comes out of it. So its norm is known without it (Goodfellow 2015, Efficient Per-Example Gradient Computations; Li et
al. 2022, Large Language Models Can Be Strong Differentially Private Learners, equation 4), and a weighted sum over
samples is one matrix product (Bu et al. 2023, Differentially Private Optimization on Large Model at Small Cost).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from gansmith.core.game import GameError

__all__ = ["Clipped"]

MARGIN = 1e-4
"""Share by which clipped gradients stay below the bound, so that rounding never lifts one above it."""

Sums = dict[nn.Parameter, Tensor]


@dataclass(frozen=True)
class _Use(ABC):
    """One use of parameters.

    Attributes:
        out: What came out, `(n * k, features)`: k rows in succession belong to one sample.
    """

    out: Tensor

    @abstractmethod
    def squares(self, slope: Tensor, n: int) -> Tensor:
        """Squared norms of the samples' gradients of all these parameters, float64 `(n,)`."""

    @abstractmethod
    def weighted(self, slope: Tensor) -> Sums:
        """Sums of gradients over all rows, whose slopes have their weights already."""


@dataclass(frozen=True)
class _Linear(_Use):
    into: Tensor
    matrix: nn.Parameter
    bias: nn.Parameter | None

    def squares(self, slope: Tensor, n: int) -> Tensor:
        slopes = _gram(slope, n)
        found = _gram(self.into, n) * slopes
        return (found if self.bias is None else found + slopes).sum((1, 2))

    def weighted(self, slope: Tensor) -> Sums:
        found = {self.matrix: slope.T @ self.into}
        return found if self.bias is None else found | {self.bias: slope.sum(0)}


@dataclass(frozen=True)
class _Bag(_Use):
    """Sums of a table's vectors: a linear layer of how often each vector is in the sum."""

    index: Tensor
    table: nn.Parameter
    padding: int | None

    def squares(self, slope: Tensor, n: int) -> Tensor:
        often = torch.zeros(len(self.index), len(self.table), device=slope.device)
        often.scatter_add_(1, self.index, torch.ones_like(self.index, dtype=often.dtype))
        if self.padding is not None:
            often[:, self.padding] = 0
        return (_gram(often, n) * _gram(slope, n)).sum((1, 2))

    def weighted(self, slope: Tensor) -> Sums:
        found = torch.zeros_like(self.table)
        for position in self.index.T:
            found.index_add_(0, position, slope)
        if self.padding is not None:
            found[self.padding] = 0
        return {self.table: found}


@dataclass(frozen=True)
class _Scale(_Use):
    """Numbers of which each has a factor (None for 1) and a summand, which all rows share."""

    into: Tensor | None
    factor: nn.Parameter | None
    summand: nn.Parameter | None

    def squares(self, slope: Tensor, n: int) -> Tensor:
        return sum((_by_sample(g, n).sum(1).square().sum(1) for g in self._rows(slope).values()), torch.zeros(()))

    def weighted(self, slope: Tensor) -> Sums:
        return {p: g.sum(0) for p, g in self._rows(slope).items()}

    def _rows(self, slope: Tensor) -> Sums:
        """Gradients of every row."""
        found = {} if self.summand is None else {self.summand: slope}
        if self.factor is not None and self.into is not None:
            found[self.factor] = slope * self.into
        return found


class Clipped(TorchFunctionMode):
    """Notes where parameters are used, and gives the sum of the samples' clipped gradients.

    Each sample's loss must depend on its own rows only, and rows of a sample follow each other. A use of a parameter
    that is not known here is refused, so that no gradient can be wrong in silence. Losses are computed inside
    `with Clipped(params) as noted`, and `noted.sums(loss.sum(), n, bound)` follows behind it.

    Args:
        params: The parameters.
    """

    def __init__(self, params: Iterable[nn.Parameter]) -> None:
        super().__init__()
        self._params = list(params)
        self._mine = {id(p) for p in self._params}
        self._uses: list[_Use] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Let a function of torch do its work, and note which parameters it used."""
        given = kwargs or {}
        out = func(*args, **given)
        used = [a for a in (*args, *given.values()) if id(a) in self._mine]
        if used and isinstance(out, Tensor) and out.requires_grad:
            note = _NOTES.get(func)
            use = note(out, *args, **given) if note is not None else None
            if use is None or out.ndim != 2:
                name = getattr(func, "__name__", str(func))
                raise GameError(f"the gradients of single samples are not known where {name} uses a parameter")
            self._uses.append(use)
        return out

    def sums(self, loss: Tensor, n: int, bound: float) -> tuple[list[Tensor], Tensor]:
        """The sum of the samples' gradients, each clipped to a norm.

        Args:
            loss: The sum of the samples' losses.
            n: Number of samples.
            bound: Largest Euclidean norm of a sample's whole gradient.

        Returns:
            One sum for each parameter, and the norms before clipping, `(n,)`.
        """
        slopes = torch.autograd.grad(loss, [use.out for use in self._uses], materialize_grads=True)
        with torch.no_grad():
            squares = [use.squares(slope, n) for use, slope in zip(self._uses, slopes, strict=True)]
            norms = torch.stack(squares).sum(0).clamp_min(0).sqrt()
            weights = (bound * (1 - MARGIN) / norms.clamp_min(1e-30)).clamp_max(1)
            found: Sums = {p: torch.zeros_like(p) for p in self._params}
            for use, slope in zip(self._uses, slopes, strict=True):
                weight = weights.to(slope.dtype).repeat_interleave(len(slope) // n)
                for param, part in use.weighted(slope * weight[:, None]).items():
                    found[param] += part
        return list(found.values()), norms


def _by_sample(rows: Tensor, n: int) -> Tensor:
    """Rows `(n * k, features)` as float64 `(n, k, features)`."""
    return rows.detach().double().view(n, -1, rows.shape[1])


def _gram(rows: Tensor, n: int) -> Tensor:
    """Products of the rows of each sample, float64 `(n, k, k)`."""
    own = _by_sample(rows, n)
    return own @ own.transpose(1, 2)


def _note_linear(out: Tensor, into: Tensor, weight: Any, bias: Any = None) -> _Use | None:
    return _Linear(out, into.detach(), weight, bias) if into.ndim == 2 else None


def _note_bag(
    out: Tensor, index: Tensor, table: Any, *args: Any, padding_idx: int | None = None, **how: Any
) -> _Use | None:
    odd = args or how.pop("mode", "mean") != "sum" or how.pop("norm_type", 2.0) != 2.0 or index.ndim != 2
    return None if odd or any(how.values()) else _Bag(out, index, table, padding_idx)


def _note_norm(
    out: Tensor, into: Tensor, shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> _Use | None:
    return _Scale(out, F.layer_norm(into.detach(), shape, eps=eps), weight, bias)


def _note_sum(out: Tensor, rows: Tensor, other: Any) -> _Use | None:
    return _Scale(out, None, None, other) if rows.ndim == 2 and other.shape == rows.shape[1:] else None


_NOTES: Mapping[Callable[..., Any], Callable[..., _Use | None]] = {
    F.linear: _note_linear,
    F.embedding_bag: _note_bag,
    F.layer_norm: _note_norm,
    Tensor.add: _note_sum,
}
