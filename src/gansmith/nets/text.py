"""Networks of token sequences: generators that write token after token, and discriminators that read them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.full_precision import in_full

__all__ = ["MemoryWriter", "RecurrentWriter", "TokenCritic", "Writer", "most_probable_first"]

START, UNKNOWN = 0, 1
"""What is read before the first token, the number that stands behind the last one; and what is never written: the
number of all that the vocabulary does not have."""


def most_probable_first(scores: Tensor, noise: Tensor) -> Tensor:
    """Tokens drawn by their probabilities `(n,)`, the same for the same noise.

    The tokens are laid out on [0, 1) from the most probable one on, and u = P(|Z| < |noise|) picks one: uniform for
    standard normal noise. Noise that was made smaller picks more probable tokens, and zeros the most probable one.

    Args:
        scores: Logits `(n, words)`.
        noise: Standard normal numbers `(n,)`.
    """
    shares, order = scores.double().softmax(1).sort(dim=1, descending=True, stable=True)
    u = torch.erf(noise.double().abs() / math.sqrt(2))
    place = (shares.cumsum(1) <= u[:, None]).sum(1).clamp_max(scores.shape[1] - 1)
    found: Tensor = order.gather(1, place[:, None])[:, 0]
    return found


class Writer(nn.Module):
    """A generator of token sequences: scores of the next token from those before it.

    Args:
        words: Different tokens.
        length: Tokens of a sequence.
        width: Numbers that stand for a token.
        classes: Number of classes; 0 for none.

    Attributes:
        noise_size: Numbers of noise that a sequence takes: one a token.
    """

    def __init__(self, words: int, length: int, width: int, classes: int = 0) -> None:
        super().__init__()
        self.words, self.length, self.classes, self.noise_size = words, length, classes, length
        self.embed = nn.Embedding(words, width)
        self.of_class = nn.Embedding(classes + 1, width) if classes else None
        nn.init.normal_(self.embed.weight, std=width**-0.5)

    def begin(self, n: int, device: torch.device) -> Tensor:
        """The state before the first token `(n, ...)`."""
        raise NotImplementedError

    def step(self, read: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of the next token `(n, words)` and the next state, from a read vector `(n, width)` and a state."""
        raise NotImplementedError

    def told(self, label: Tensor | None, like: Tensor) -> Tensor:
        """What is added to every read vector: the class's, or zeros; a class of -1 is that of no class."""
        if self.of_class is None or label is None:
            return torch.zeros_like(like)
        found: Tensor = self.of_class(torch.where(label < 0, self.classes, label))
        return found

    def forward(self, tokens: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores `(n, length, words)` of each token, from those before it (teacher forcing).

        Args:
            tokens: Token numbers `(n, length)`.
            label: Class ids `(n,)`.
        """
        before = F.pad(tokens[:, :-1], (1, 0), value=START)
        read = self.embed(before)
        read = read + self.told(label, read[:, 0])[:, None]
        state, found = self.begin(len(tokens), tokens.device), []
        for at in range(tokens.shape[1]):
            scores, state = self.step(read[:, at], state)
            found.append(scores)
        return torch.stack(found, 1)

    def write(
        self,
        noise: Tensor,
        label: Tensor | None = None,
        given: Tensor | None = None,
        known: int = 0,
        pick: Callable[[Tensor, Tensor], Tensor] = most_probable_first,
    ) -> Tensor:
        """Sequences `(n, length)`, token after token, none unknown; behind an end stands nothing but ends.

        Args:
            noise: Standard normal numbers `(n, length)`, one a token.
            label: Class ids `(n,)`.
            given: Token numbers `(n, length)` of which the first `known` are kept.
            known: How many.
            pick: From scores and noise to tokens.
        """
        token = torch.full((len(noise),), START, dtype=torch.long, device=noise.device)
        over = torch.zeros_like(token, dtype=torch.bool)
        state, found = self.begin(len(noise), noise.device), []
        told = self.told(label, self.embed(token))
        for at in range(self.length):
            scores, state = self.step(self.embed(token) + told, state)
            scores = scores.index_fill(1, torch.tensor(UNKNOWN, device=scores.device), -torch.inf)
            token = given[:, at] if given is not None and at < known else pick(scores, noise[:, at])
            token = torch.where(over, START, token)
            over = over | (token == START)
            found.append(token)
        return torch.stack(found, 1)

    def soft(self, noise: Tensor, sharpness: float, label: Tensor | None = None) -> Tensor:
        """Sequences `(n, length, words)` of shares of tokens that gradients go through (Gumbel-softmax).

        Jang et al. 2017; Nie et al. 2019, eq. 4: the share is softmax(sharpness (scores + Gumbel noise)), and what is
        read next is the mean of the embeddings by these shares. Behind an end stand ends, by the share of having ended.

        Args:
            noise: Uniform numbers `(n, length, words)`.
            sharpness: One over the temperature: large ones make one token take all.
            label: Class ids `(n,)`.
        """
        gumbel = -torch.log(-torch.log(noise.clamp(1e-6, 1 - 1e-6)))
        token = F.one_hot(torch.full((len(noise),), START, device=noise.device), self.words).to(noise.dtype)
        end, going = token, noise.new_ones(len(noise), 1)
        state, found = self.begin(len(noise), noise.device), []
        told = self.told(label, token @ self.embed.weight)
        for at in range(self.length):
            scores, state = self.step(token @ self.embed.weight + told, state)
            token = (sharpness * (scores.log_softmax(1) + gumbel[:, at])).softmax(1)
            token = going * token + (1 - going) * end
            going = going * (1 - token[:, START : START + 1])
            found.append(token)
        return torch.stack(found, 1)


class RecurrentWriter(Writer):
    """A gated recurrent unit over embedded tokens, as in Yu et al. 2017 (who take an LSTM).

    Args:
        words: Different tokens.
        length: Tokens of a sequence.
        width: Numbers that stand for a token; the state has twice as many.
        classes: Number of classes; 0 for none.
        dropout: Share of the state's numbers that the scores don't see in training.
    """

    def __init__(self, words: int, length: int, width: int = 64, classes: int = 0, dropout: float = 0.0) -> None:
        super().__init__(words, length, width, classes)
        self.cell = nn.GRUCell(width, 2 * width)
        self.drop = nn.Dropout(dropout)
        self.shrink = nn.Linear(2 * width, width)
        self.bias = nn.Parameter(torch.zeros(words))

    def begin(self, n: int, device: torch.device) -> Tensor:
        """Zeros `(n, 2 width)`."""
        return torch.zeros(n, self.cell.hidden_size, device=device)

    def step(self, read: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Scores are products with the embeddings (Press and Wolf 2017, tied weights)."""
        state = self.cell(read, state)
        h = self.shrink(self.drop(state))
        return h @ self.embed.weight.T * math.sqrt(h.shape[1]) + self.bias, state

    def forward(self, tokens: Tensor, label: Tensor | None = None) -> Tensor:
        """As `Writer.forward`, with all scores worked out at once."""
        read = self.embed(F.pad(tokens[:, :-1], (1, 0), value=START))
        read = read + self.told(label, read[:, 0])[:, None]
        state, states = self.begin(len(tokens), tokens.device), []
        for at in range(tokens.shape[1]):
            state = self.cell(read[:, at], state)
            states.append(state)
        h = self.shrink(self.drop(torch.stack(states, 1)))
        scores: Tensor = h @ self.embed.weight.T * math.sqrt(h.shape[-1]) + self.bias
        return scores


class MemoryWriter(Writer):
    """A relational memory: slots that attend to each other and to what is read (Santoro et al. 2018; Nie et al. 2019).

    Args:
        words: Different tokens.
        length: Tokens of a sequence.
        width: Numbers that stand for a token.
        classes: Number of classes; 0 for none.
        slots: Rows of the memory (1 in RelGAN's experiments).
        heads: Of the attention, each of `size` numbers.
        size: Numbers of a head; a slot has `heads * size`.
    """

    def __init__(
        self, words: int, length: int, width: int = 64, classes: int = 0, slots: int = 1, heads: int = 2, size: int = 64
    ) -> None:
        super().__init__(words, length, width, classes)
        self.slots, self.heads, row = slots, heads, heads * size
        self.row = row
        self.inward = nn.Linear(width, row)
        self.asked, self.offered = nn.Linear(row, row), nn.Linear(row, 2 * row)
        self.first, self.second = nn.LayerNorm(row), nn.LayerNorm(row)
        self.think = nn.Sequential(nn.Linear(row, row), nn.ReLU(), nn.Linear(row, row))
        self.gate_in, self.gate_memory = nn.Linear(row, 2 * row), nn.Linear(row, 2 * row, bias=False)
        self.out = nn.Linear(slots * row, words)

    def begin(self, n: int, device: torch.device) -> Tensor:
        """Rows of the unit matrix `(n, slots, row)`, as Santoro et al."""
        return torch.eye(self.slots, self.row, device=device).expand(n, -1, -1)

    def step(self, read: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The memory attends to itself and to the read vector, thinks, and is changed by gates."""
        x = self.inward(read)[:, None]
        keys, values = self._split(self.offered(torch.cat([state, x], 1))).chunk(2, -1)
        asked = self._split(self.asked(state))
        shares = (asked @ keys.transpose(-1, -2) / math.sqrt(asked.shape[-1])).softmax(-1)
        seen = (shares @ values).transpose(1, 2).flatten(2)
        memory = self.first(state + seen)
        memory = self.second(memory + self.think(memory))
        gates = self.gate_in(x) + self.gate_memory(state.tanh())
        taken, kept = gates.chunk(2, -1)
        state = torch.sigmoid(taken) * memory.tanh() + torch.sigmoid(kept + 1.0) * state
        return self.out(state.flatten(1)), state

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.heads, -1).transpose(1, 2)


class TokenCritic(nn.Module):
    """Windows of several lengths over embedded tokens, the strongest answer of each kept (Kim 2014; Yu et al. 2017).

    Several embeddings make as many scores, as RelGAN's discriminator has them (Nie et al. 2019, section 2.3).

    Args:
        words: Different tokens.
        length: Tokens of a sequence.
        width: Numbers that stand for a token, in each embedding.
        maps: Filters of each window.
        windows: Their lengths.
        views: How many embeddings.
        classes: Number of classes; 0 for none.
    """

    def __init__(
        self,
        words: int,
        length: int,
        width: int = 32,
        maps: int = 64,
        windows: tuple[int, ...] = (2, 3, 4, 5),
        views: int = 1,
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.views, self.width = views, width
        self.embed = nn.Linear(words, views * width, bias=False)
        nn.init.normal_(self.embed.weight, std=1.0)
        fitting = [window for window in windows if window <= length] or [1]
        self.windows = nn.ModuleList(nn.Conv1d(width, maps, window) for window in fitting)
        wide = maps * len(fitting)
        self.mix = nn.Linear(wide, wide)
        self.out = nn.Linear(wide, 1)
        self.of_class = nn.Embedding(classes, wide) if classes else None

    def forward(self, shares: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores `(n, views)` of sequences `(n, length, words)` of shares of tokens, or `(n, length)` of numbers."""
        read = F.embedding(shares, self.embed.weight.T) if shares.dtype == torch.long else self.embed(shares)
        x = read.view(*read.shape[:2], self.views, self.width).permute(0, 2, 3, 1).flatten(0, 1)
        seen = torch.cat([F.leaky_relu(window(x), 0.2).amax(-1) for window in self.windows], 1)
        seen = seen + F.leaky_relu(self.mix(seen), 0.2)
        score: Tensor = self._judged(seen.view(-1, self.views, seen.shape[1]), label)
        return score

    @in_full
    def _judged(self, seen: Tensor, label: Tensor | None) -> Tensor:
        scores: Tensor = self.out(seen)[..., 0]
        if self.of_class is None or label is None:
            return scores
        known = self.of_class(label.clamp_min(0)) * (label >= 0)[:, None]
        scores = scores + (seen * known[:, None]).sum(-1) / math.sqrt(seen.shape[-1])
        return scores
