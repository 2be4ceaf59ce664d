"""Rows of tokens: a network that says of any part of a row what the rest may be, and a critic of whole rows.

One sum of embeddings stands for what is known of a row, so a token that becomes known costs one addition, and the
rest of the network is small: that makes one pass a token affordable. Trained on parts in every order (Uria et al.
2014; Hoogeboom et al. 2022), the network answers any question about a row, whichever tokens are given.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gansmith.nets.full_precision import in_full
from gansmith.nets.smooth import Smooth, rising
from gansmith.types import Token

__all__ = ["Embedding", "Heads", "RowCritic", "RowGenerator"]

GIVEN = 0.75
"""Share of rows that are learnt from all that is usually given of them; the others from parts of any kind."""

MADE = 0.75
"""Share of rows that are learnt in the order in which rows are made; the others in any order, for what may be asked."""

SMOOTH = 2.0
"""Rounds of the waves that rising tokens begin with, in standard deviations: neighbours begin alike."""


class Embedding(nn.Module):
    """A row, or a part of one, as the sum of a vector for each known token.

    Args:
        tokens: What each token is.
        width: Length of the vectors.
        shared: Smooth functions that the rising choices of a token share, see `Smooth`; none for 0.
    """

    offsets: Tensor

    def __init__(self, tokens: Sequence[Token], width: int, shared: int = 0) -> None:
        super().__init__()
        sizes = [token.size for token in tokens]
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        self.sizes, self.total = sizes, sum(sizes)
        self.register_buffer("offsets", torch.tensor(starts), persistent=False)
        self.weight = nn.Parameter(torch.randn(self.total + 1, width))
        with torch.no_grad():
            for start, count in rising(tokens, starts).values():
                self.weight[start : start + count] = _waves(count, width)
            self.weight[-1] = 0.0
        self.smooth = Smooth(rising(tokens, starts), width, shared)

    def forward(self, tokens: Tensor, known: Tensor) -> Tensor:
        """From tokens int64 `(n, T)` and which are known, bool `(n, T)`, to sums `(n, width)`."""
        return F.embedding_bag(
            torch.where(known, tokens + self.offsets, self.total),
            self.smooth(self.weight),
            mode="sum",
            padding_idx=self.total,
        )

    def soft(self, rows: Tensor) -> Tensor:
        """The same of rows of shares `(n, total)`, a 1 where a token is known to be that, zeros where it is not."""
        return F.linear(rows, self.smooth(self.weight)[:-1].T)

    def hard(self, tokens: Tensor) -> Tensor:
        """Tokens int64 `(n, T)` as rows of zeros and ones `(n, total)`."""
        rows = torch.zeros(len(tokens), self.total, device=tokens.device, dtype=self.weight.dtype)
        return rows.scatter_(1, tokens + self.offsets, 1.0)

    def one(self, place: int, tokens: Tensor) -> Tensor:
        """Vectors `(n, width)` of the token at a place, `(n,)`."""
        return F.embedding(tokens, self.of(place))

    def of(self, place: int) -> Tensor:
        """Vectors of all choices of the token at a place, `(size, width)`."""
        start = int(self.offsets[place])
        return self.smooth.some(place, start, self.weight[start : start + self.sizes[place]])


def _waves(count: int, width: int) -> Tensor:
    """Vectors `(count, width)` of values at even distances: random waves, so that near values have like vectors."""
    position = torch.linspace(0, 1, count)[:, None]
    wave = 2 * math.pi * (SMOOTH * torch.randn(1, width) * position + torch.rand(1, width))
    return math.sqrt(2) * wave.cos()


class Heads(nn.Module):
    """Logits of every token. Tokens of like size share one matrix product, padded to a power of two.

    With smooth functions the choices' own vectors begin at zero: what few rows don't say stays unsaid. Many rows are
    learnt faster from random ones.

    Args:
        tokens: What each token is.
        width: Length of what is read.
        shared: Smooth functions that the rising choices of a token share, see `Smooth`; none for 0.
    """

    def __init__(self, tokens: Sequence[Token], width: int, shared: int = 0) -> None:
        super().__init__()
        sizes = [token.size for token in tokens]
        padded: dict[int, list[int]] = {}
        for place, size in enumerate(sizes):
            padded.setdefault(max(4, 1 << (size - 1).bit_length()), []).append(place)
        self.sizes, self.groups = list(sizes), sorted(padded.items())
        start = 0.0 if shared else 1 / math.sqrt(width)
        self.weight = nn.ParameterList(
            nn.Parameter(start * torch.randn(len(places) * size, width)) for size, places in self.groups
        )
        self.bias = nn.ParameterList(nn.Parameter(torch.zeros(len(places) * size)) for size, places in self.groups)
        self.smooth = nn.ModuleList()
        for size, places in self.groups:
            found = rising([tokens[place] for place in places], range(0, size * len(places), size))
            self.smooth.append(Smooth({places[i]: where for i, where in found.items()}, width, shared))
        self._at = {place: (g, i) for g, (_, places) in enumerate(self.groups) for i, place in enumerate(places)}

    def losses(self, x: Tensor, tokens: Tensor) -> Tensor:
        """Nats that each token costs, float32 `(n, T)`, from `x` `(n, width)` and the true tokens int64 `(n, T)`."""
        found: dict[int, Tensor] = {}
        for size, places, padded in self._padded(x):
            logits = padded.float()
            room = torch.tensor([self.sizes[place] for place in places], device=x.device)
            beyond = torch.arange(size, device=x.device) >= room[:, None]
            logits = logits.masked_fill(beyond, -torch.inf)
            true = tokens[:, places]
            nats = logits.logsumexp(2) - logits.gather(2, true[:, :, None])[:, :, 0]
            found |= {place: nats[:, i] for i, place in enumerate(places)}
        return torch.stack([found[place] for place in range(len(self.sizes))], 1)

    def all(self, x: Tensor) -> list[Tensor]:
        """Logits of every token, `(n, size)` each."""
        found: dict[int, Tensor] = {}
        for _, places, logits in self._padded(x):
            found |= {place: logits[:, i, : self.sizes[place]] for i, place in enumerate(places)}
        return [found[place] for place in range(len(self.sizes))]

    def _padded(self, x: Tensor) -> Iterator[tuple[int, list[int], Tensor]]:
        """Padded size, places, and logits `(n, places, size)` of each group."""
        for group, (size, places) in enumerate(self.groups):
            weight = self.smooth[group](self.weight[group])
            yield size, places, F.linear(x, weight, self.bias[group]).view(len(x), len(places), size)

    def one(self, x: Tensor, place: int) -> Tensor:
        """Logits `(n, size)` of one token."""
        group, i = self._at[place]
        start = i * self.groups[group][0]
        rows = slice(start, start + self.sizes[place])
        smooth = cast(Smooth, self.smooth[group])
        return F.linear(x, smooth.some(place, start, self.weight[group][rows]), self.bias[group][rows])


class RowGenerator(nn.Module):
    """Says of rows, given the tokens that are known, what the others may be; `completion` draws them by that.

    Args:
        tokens: What each token of a row is.
        width: Units.
        depth: Residual blocks.
        passes: Passes of `relaxed`.
        shared: Smooth functions that the rising choices of a token share, see `Smooth`; none for 0.
    """

    def __init__(
        self, tokens: Sequence[Token], width: int = 256, depth: int = 1, passes: int = 4, shared: int = 0
    ) -> None:
        super().__init__()
        self.passes = passes
        self.length = len(tokens)
        self.parts = [token.part for token in tokens]
        self.given = [token.given for token in tokens]
        self.embedding = Embedding(tokens, width, shared)
        self.start = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.heads = Heads(tokens, width, shared)
        self.scale = 1 / math.sqrt(self.length)

    def read(self, known: Tensor) -> Tensor:
        """From the sum of known tokens' vectors `(n, width)` to what the heads read, `(n, width)`."""
        return self.refine((known + self.start) * self.scale)

    def refine(self, x: Tensor) -> Tensor:
        """The same from the sum with the start, scaled."""
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.norm(x)
        return out

    def hidden(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """A part of each row to hide, out of uniform noise `(n, T + 1)`.

        Returns:
            When each token becomes known, int64 `(n, T)` from 0 up, and how many are known, `(n, 1)`, from none to all
            but one, every number as probable as any other. Three in four rows are in the order in which rows are made,
            of the others every order is as probable as any other; but of most rows all tokens that are usually given
            are known, and only the others hidden.
        """
        at = noise[:, -1:] * self.length
        known = at.long().clamp_max(self.length - 1)
        rest = at - known  # uniform as well
        as_made = rest < MADE
        noise = torch.where(as_made, self.as_made(noise), noise)
        if not any(self.given):
            return self.order(noise[:, :-1]), known
        rest = torch.where(as_made, rest / MADE, (rest - MADE) / (1 - MADE)) / GIVEN  # below 1 for so many rows
        rank, follows = self.following(torch.cat([noise[:, :-1], rest], 1))
        usual = rest < 1
        return torch.where(usual, rank, self.order(noise[:, :-1])), torch.where(usual, follows, known)

    @torch.no_grad()
    def turns(self) -> Tensor:
        """When each token of a row is drawn of which nothing is known, int64 `(T,)` from 0 up.

        Tokens that surprise least come first: rows that begin alike are computed once. Parts come right behind what
        they are parts of.
        """
        logits = self.heads.all(self.refine((self.start * self.scale)[None]))
        entropy = torch.stack([-(each.float().softmax(1) * each.float().log_softmax(1)).sum() for each in logits])
        whole = [place - part for place, part in enumerate(self.parts)]
        return entropy[whole].argsort(stable=True).argsort()

    def as_made(self, noise: Tensor) -> Tensor:
        """Noise `(n, T + 1)` whose order is that in which rows are made, and whose last number is as it was."""
        turns = (self.turns() / self.length).to(noise.dtype)
        return torch.cat([turns.expand(len(noise), -1), noise[:, -1:]], 1)

    def following(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """As `hidden`, of rows of which all that is usually given is known, and a part of the rest."""
        given = torch.tensor(self.given, device=noise.device)
        free = self.length - sum(self.given)
        known = sum(self.given) + (noise[:, -1:] * free).long().clamp(0, free - 1)
        return self.order(noise[:, :-1] - given.to(noise.dtype)), known

    def nats(self, tokens: Tensor, rank: Tensor, known: Tensor) -> Tensor:
        """What each row costs, `(n,)`: an estimate of minus the logarithm of its probability.

        Unbiased where all orders are as probable; in the order of `as_made` it is a cost to learn by.
        Every order of a row's tokens gives one chain of conditional probabilities. The mean over orders of its cost is
        the number of tokens times what the next token costs after a random number of known ones (Uria et al. 2014),
        and of all hidden tokens each is as probably the next; but where one that says which part of something is meant
        would come, what it is a part of comes in its place.

        Args:
            tokens: Rows int64 `(n, T)`.
            rank: As `hidden` gives them.
            known: As `hidden` gives them.
        """
        is_known = rank < known
        early = ~is_known & ~is_known.roll(1, 1) & torch.tensor(self.parts, device=tokens.device)
        share = (~is_known & ~early).float() + early.roll(-1, 1)
        found: Tensor = self(tokens, is_known)
        return (found * share).sum(1) * (self.length / (self.length - known[:, 0]))

    def forward(self, tokens: Tensor, known: Tensor) -> Tensor:
        """Nats that each token costs, given the known ones, `(n, T)`: meaningless where it is known itself."""
        return self.heads.losses(self.read(self.embedding(tokens, known)), tokens)

    def order(self, noise: Tensor) -> Tensor:
        """When each token of a row becomes known, int64 `(n, T)` from 0 up, out of uniform noise `(n, T)`.

        A token that says which part of something is meant comes behind the token that says of what.
        """
        noise = noise.clone()
        for place, part in enumerate(self.parts):
            if part:
                pair = noise[:, place - 1 : place + 1].sort(1).values
                noise[:, place - 1 : place + 1] = pair
        return noise.argsort(dim=1, stable=True).argsort(dim=1)

    def relaxed(self, rows: Tensor, rank: Tensor, noise: Tensor) -> Tensor:
        """Complete rows so that gradients flow: in few passes, tokens of one pass being drawn independently.

        A drawn token is exactly one choice forwards, and its probabilities backwards (straight-through Gumbel softmax,
        Jang et al. 2017).

        Args:
            rows: `(n, total)`: a 1 where a token is known to be that, zeros for tokens that are not known.
            rank: In which pass each token is drawn, int64 `(n, T)` from 0 to `passes - 1`; -1 where it is known.
            noise: Standard Gumbel numbers, `(n, total)`.

        Returns:
            Whole rows, `(n, total)`.
        """
        sizes = self.embedding.sizes
        gumbel = torch.split(noise, sizes, 1)
        for turn in range(self.passes):
            logits = self.heads.all(self.read(self.embedding.soft(rows)))
            drawn = [_straight_through(lg.float() + g) for lg, g in zip(logits, gumbel, strict=True)]
            now = [(rank[:, place : place + 1] == turn).to(rows.dtype) for place in range(self.length)]
            rows = rows + torch.cat([d * w for d, w in zip(drawn, now, strict=True)], 1)
        return rows


class RowCritic(nn.Module):
    """Scores whole rows.

    Args:
        tokens: What each token of a row is.
        width: Units.
        depth: Residual blocks.
    """

    def __init__(self, tokens: Sequence[Token], width: int = 256, depth: int = 1) -> None:
        super().__init__()
        self.embedding = Embedding(tokens, width)
        self.scale = 1 / math.sqrt(len(tokens))
        self.blocks = nn.ModuleList(_Block(width, norm=False) for _ in range(depth))
        self.last = nn.Linear(width, width)
        self.score = nn.Linear(width, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """From rows of shares `(n, total)` to scores `(n,)`."""
        x = self.embedding.soft(rows) * self.scale
        for block in self.blocks:
            x = block(x)
        return self._score(F.leaky_relu(self.last(x), 0.2))

    @in_full
    def _score(self, x: Tensor) -> Tensor:
        score: Tensor = self.score(x)
        return score[:, 0]


class _Block(nn.Module):
    """A residual block that begins as nothing."""

    def __init__(self, width: int, norm: bool = True) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if norm else nn.Identity()
        self.up = nn.Linear(width, width)
        self.down = nn.Linear(width, width)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.down(F.relu(self.up(self.norm(x))))
        return out


def _straight_through(logits: Tensor) -> Tensor:
    """One choice a row as zeros and a one, with the gradient of the softmax."""
    shares = logits.softmax(1)
    choice = torch.zeros_like(shares).scatter_(1, logits.argmax(1, keepdim=True), 1.0)
    return choice + shares - shares.detach()
