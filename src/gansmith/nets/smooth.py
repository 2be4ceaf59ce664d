"""What the vectors of neighbouring choices share, so that few rows are enough to learn what a number means."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from gansmith.types import Token

__all__ = ["Smooth", "rising"]

FEWEST = 5
"""Rising choices from which on smooth functions make sense."""


def rising(tokens: Sequence[Token], starts: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Of each token with enough rising choices, by its place: the row of the first of them, and how many they are.

    Args:
        tokens: What each token is.
        starts: The row of each token's first choice.
    """
    return {
        place: (start + token.rising, token.size - token.rising)
        for place, (token, start) in enumerate(zip(tokens, starts, strict=True))
        if token.rising is not None and token.size - token.rising >= FEWEST
    }


class Smooth(nn.Module):
    """A vector for each rising choice that changes smoothly from one choice to the next, added to its own vector.

    The vector is a sum of few functions of the choice's place, each with a vector to be learnt: first its normal score
    and the square of that, then cosines, ever faster and ever smaller. Choices are intervals of equally many rows, so
    logits that are linear in the first two are a normal distribution of normal scores, and a network that only adds
    up scores is a Gaussian copula: little is left to learn where little is there to learn from, and the choices' own
    vectors say what is not smooth.

    Args:
        places: By token, the row of its first rising choice, and how many there are.
        width: Length of the vectors.
        functions: How many functions; for 0 nothing is added, and there is nothing to learn.
    """

    basis: Tensor
    chosen: Tensor
    rows: Tensor
    factors: nn.Parameter

    def __init__(self, places: Mapping[int, tuple[int, int]], width: int, functions: int) -> None:
        super().__init__()
        self._places = {place: (i, *where) for i, (place, where) in enumerate(places.items())} if functions else {}
        counts = [count for _, _, count in self._places.values()]
        basis = torch.zeros(len(counts), max(counts, default=0), functions)
        for i, count in enumerate(counts):
            basis[i, :count] = _functions(count, functions)
        chosen = torch.arange(basis.shape[1]) < torch.tensor(counts, dtype=torch.long)[:, None]
        rows = [torch.arange(start, start + count) for _, start, count in self._places.values()]
        self.register_buffer("basis", basis, persistent=False)
        self.register_buffer("chosen", chosen.flatten().nonzero()[:, 0], persistent=False)
        self.register_buffer("rows", torch.cat([torch.zeros(0, dtype=torch.long), *rows]), persistent=False)
        self.register_parameter("factors", nn.Parameter(torch.zeros(len(counts), functions, width)) if counts else None)

    def forward(self, weight: Tensor) -> Tensor:
        """Vectors of all choices `(rows, width)`, with what is smooth added."""
        if not self._places:
            return weight
        added = torch.bmm(self.basis, self.factors).flatten(0, 1)[self.chosen]
        return weight.index_add(0, self.rows, added.to(weight.dtype))

    def some(self, place: int, start: int, weight: Tensor) -> Tensor:
        """The same of the choices of one token.

        Args:
            place: Which token.
            start: The row of its first choice.
            weight: The choices' own vectors, `(size, width)`.
        """
        if place not in self._places:
            return weight
        i, first, count = self._places[place]
        added = self.basis[i, :count] @ self.factors[i]
        return torch.cat([weight[: first - start], weight[first - start :] + added])


def _functions(count: int, functions: int) -> Tensor:
    """Values `(count, functions)` at the middles of equal shares of a distribution, about 1 in size at first."""
    share = (torch.arange(count) + 0.5) / count
    score = math.sqrt(2) * torch.erfinv(2 * share - 1)
    waves = [math.sqrt(2) / k * (math.pi * k * share).cos() for k in range(3, functions + 1)]
    return torch.stack([score, (score.square() - 1) / math.sqrt(2), *waves][:functions], 1)
