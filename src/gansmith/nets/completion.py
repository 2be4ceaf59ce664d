"""Drawing rows: token by token, what is asked for first, rows that begin alike computed once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from gansmith.nets.tabular import RowGenerator

__all__ = ["BELOW", "CANDIDATES", "Begun", "choose", "complete"]

CANDIDATES = 16
"""Of each row that must be in several sets or ranges at once."""

CACHED = 1024
"""Rows computed at once: what they take fits into a core's cache."""

BELOW = 1 - 2**-24
"""The largest uniform number."""


@torch.no_grad()
def complete(
    net: RowGenerator, noise: Tensor, limits: Mapping[int, Tensor] | None = None, known: Tensor | None = None
) -> Tensor:
    """Rows int64 `(n, T)`.

    Tokens that are limited are drawn first, so that all others follow from them; the others by their entropy, the
    least first: rows that begin alike are computed once.

    Args:
        net: What says what tokens may be.
        noise: Uniform in [0, 1), `(n, T + 1)`: a number for each token, and one to choose among candidates.
        limits: What to add to the logits of a token, `(size,)`; `-inf` for what can't be. For a token that says
            which part is meant, `(size of the one before it, size)`.
        known: What each row begins with, int64 `(n, T)`: -1 in all rows where a token is to be drawn.
    """
    limits = limits or {}
    limited, free = _orders(net, set(limits))
    rows = Begun(net, len(noise))
    if known is not None:
        begun = {place for place, token in enumerate(known[:1].amax(0).tolist()) if token >= 0}
        for place in sorted(begun):
            rows.put(place, known[:, place])
        free = [place for place in free if place not in begun]
    if len([place for place in limited if _choices(limits[place]) > 1 and not net.parts[place]]) > 1:
        made = _candidates(net, noise, limited, limits)
        for place in limited:
            rows.put(place, made[:, place])
    else:
        for place in limited:
            rows.draw(place, noise[:, place], limits[place])
    for place in free:
        rows.draw(place, noise[:, place])
    return rows.made


def _orders(net: RowGenerator, limited: set[int]) -> tuple[list[int], list[int]]:
    """Limited and free tokens in the order of drawing; parts come right behind what they are parts of."""
    flat = net.turns().argsort().tolist()
    return [place for place in flat if place in limited], [place for place in flat if place not in limited]


def _candidates(net: RowGenerator, noise: Tensor, limited: Sequence[int], limits: Mapping[int, Tensor]) -> Tensor:
    """Limited tokens, drawn one after the other, would not know of the limits to come.

    So several candidates are drawn for each row, and one of them is chosen by how probable the limits to come made
    it (sampling-importance resampling, Rubin 1987): with more and more of them, exactly the model's distribution
    under all limits.
    """
    n = len(noise)
    turns = torch.arange(CANDIDATES, device=noise.device).repeat(n)[:, None]
    # each candidate's numbers are uniform, and those of one row are spread evenly (Kronecker's lattice)
    steps = torch.tensor([math.sqrt(p) % 1 for p in _primes(noise.shape[1])], device=noise.device)
    spread = (noise.repeat_interleave(CANDIDATES, 0) + turns * steps) % 1
    rows = Begun(net, n * CANDIDATES)
    for place in limited:
        rows.draw(place, spread[:, place].clamp_max(BELOW), limits[place])
    chosen = choose(rows.weight.view(n, CANDIDATES), noise[:, -1:])
    return rows.made[torch.arange(n, device=noise.device) * CANDIDATES + chosen]


class Begun:
    """Rows in the making; those that begin alike share what is computed of them.

    Args:
        net: What completes them.
        count: How many.

    Attributes:
        made: Tokens int64 `(n, T)`, -1 where they are not drawn yet.
        weight: The logarithm of how probable the limits were for each row, `(n,)`.
    """

    def __init__(self, net: RowGenerator, count: int) -> None:
        device = net.start.device
        self.net = net
        self.made = torch.full((count, net.length), -1, dtype=torch.long, device=device)
        self.weight = torch.zeros(count, device=device)
        self._known = (net.start * net.scale)[None]  # with the start and scaled: nothing but additions is left to do
        self._like: Tensor | None = torch.zeros(count, dtype=torch.long, device=device)

    def draw(self, place: int, noise: Tensor, limit: Tensor | None = None) -> None:
        """Draw a token of every row by its own number `(n,)`; with what to add to its logits."""
        logits = self._logits(self._known, place)
        if limit is not None:
            before = logits.logsumexp(1)
            logits = logits + (limit if limit.ndim == 1 else limit[self._before(place)])
            self.weight += self._spread(logits.logsumexp(1) - before)
        self.put(place, _drawn(self._spread(_sums(logits)), noise[:, None]))

    def _logits(self, known: Tensor, place: int) -> Tensor:
        """Logits `(n, size)`, computed in few different shapes: for a new one, kernels would be made anew."""
        found = []
        for part in torch.split(known, CACHED):
            room = 1 << (len(part) - 1).bit_length()
            filled = F.pad(part, (0, 0, 0, room - len(part)))
            found.append(self.net.heads.one(self.net.refine(filled), place)[: len(part)].float())
        return torch.cat(found)

    def put(self, place: int, tokens: Tensor) -> None:
        """Say what a token of every row is, int64 `(n,)`."""
        self.made[:, place] = tokens
        if self._like is None:
            self._known += self._vectors(place, tokens)
            return
        size = self.net.embedding.sizes[place]
        kinds, self._like = torch.unique(self._like * size + tokens, return_inverse=True)
        self._known = self._known[kinds // size] + self._vectors(place, kinds % size)
        if 2 * len(kinds) > len(tokens):
            self._known, self._like = self._known[self._like], None

    def _vectors(self, place: int, tokens: Tensor) -> Tensor:
        """What known tokens add, `(n, width)`."""
        return F.embedding(tokens, self.net.embedding.of(place) * self.net.scale)

    def _spread(self, values: Tensor) -> Tensor:
        """Values of kinds of rows as values of rows."""
        return values if self._like is None else values[self._like]

    def _before(self, place: int) -> Tensor:
        """The token before a place, of each kind of rows."""
        before = self.made[:, place - 1]
        if self._like is None:
            return before
        found = before.new_zeros(len(self._known))
        found[self._like] = before
        return found


def _choices(limit: Tensor) -> int:
    """How many choices a limit leaves."""
    return int(torch.isfinite(limit if limit.ndim == 1 else limit.amax(0)).sum())


def choose(logits: Tensor, noise: Tensor) -> Tensor:
    """Choices `(n,)` by their probability, from logits `(n, size)` and a uniform number a row `(n, 1)`."""
    return _drawn(_sums(logits), noise)


def _sums(logits: Tensor) -> Tensor:
    """Rising sums of shares, `(n, size)`."""
    return (logits - logits.amax(1, keepdim=True)).exp().cumsum(1)


def _drawn(shares: Tensor, noise: Tensor) -> Tensor:
    """Choices `(n,)` from rising sums of shares `(n, size)` and a uniform number a row `(n, 1)`."""
    total = shares[:, -1:]
    # strictly below the sum, and behind equal sums: a choice whose share is 0 is never met
    point = torch.minimum(noise * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(shares, point, right=True)[:, 0]


def _primes(count: int) -> list[int]:
    """The first primes."""
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found
