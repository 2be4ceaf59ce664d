"""A causal transformer that writes voices step after step, and within a step voice after voice, from the top."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import embedded
from gansmith.nets.full_precision import in_full

__all__ = ["VoicesWriter", "gumbel"]

Cache = list[tuple[Tensor, Tensor]]

ROTATIONS = 10_000.0

EVEN = 0.5
"""Spread of what tokens, places and labels begin with: about the same, so that none of them drowns the others."""


def gumbel(noise: Tensor) -> Tensor:
    """Standard Gumbel numbers out of standard normal ones: adding them to logits and taking the largest draws by them.

    Normal numbers that were scaled down give Gumbel numbers of less spread: likelier choices.
    """
    uniform: Tensor = torch.special.ndtr(noise.double()).clamp(1e-12, 1 - 1e-12)
    return -(-uniform.log()).log().to(noise.dtype)


class VoicesWriter(nn.Module):
    """Says what each voice may do next, given all steps before and the voices above; draws windows by that.

    A token is a rest, a pitch, or with `again` the pitch before struck once more; voices that hold a pitch have its
    token again.

    Args:
        shape: `(voices, steps, choices)` of the field.
        width: Units.
        depth: Blocks.
        heads: Of each attention; must divide `width`.
        classes: Number of classes; 0 for none.
        again: Whether the last entry of a step says that a note is struck again.
        dropout: Share of units left out in training.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 128,
        depth: int = 3,
        heads: int = 4,
        classes: int = 0,
        again: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.voices, self.steps, self.choices = shape
        self.again = again
        self.embed = nn.Linear(self.voices * self.choices, width)
        self.place = nn.Parameter(torch.randn(self.steps, width) * EVEN)
        self.label = nn.Embedding(classes, width) if classes else None
        for weight in (self.embed.weight, *([self.label.weight] if self.label else [])):
            nn.init.normal_(weight, std=EVEN)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(_Block(width, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, self.voices * width)
        self.above = nn.ModuleList(nn.Linear(v * self.choices, width, bias=False) for v in range(1, self.voices))
        self.out = nn.Parameter(torch.randn(self.voices, width, self.choices) / math.sqrt(width))
        self.bias = nn.Parameter(torch.zeros(self.voices, self.choices))

    def tokens(self, signal: Tensor) -> Tensor:
        """Tokens as zeros and ones, `(n, voices, steps, choices)`, of a field of the same shape."""
        pitches = self.choices - self.again
        choice = signal[..., :pitches].argmax(3)
        if self.again:
            held = torch.zeros_like(choice, dtype=torch.bool)
            held[:, :, 1:] = (choice[:, :, 1:] == choice[:, :, :-1]) & (choice[:, :, 1:] > 0)
            choice = torch.where(held & (signal[..., -1] > 0.5), pitches, choice)
        return F.one_hot(choice, self.choices).to(self.place.dtype)

    def nats(self, signal: Tensor, label: Tensor | None = None) -> Tensor:
        """What each token costs, `(n, steps, voices)`, given the steps before and the voices above.

        Args:
            signal: `(n, voices, steps, choices)`.
            label: A condition, where there are classes.
        """
        written = self.tokens(signal).transpose(1, 2)
        return -(self.logits(signal, label).log_softmax(3) * written).sum(3)

    def logits(self, signal: Tensor, label: Tensor | None = None) -> Tensor:
        """Logits of each token, `(n, steps, voices, choices)`, given the steps before and the voices above."""
        written = self.tokens(signal).transpose(1, 2)
        before = F.pad(written.flatten(2), (0, 0, 1, 0))[:, :-1]
        x = self._shown(before, label) + self.place
        for block in self.blocks:
            x, _ = block(self.drop(x))
        sounding = F.pad(signal[..., : self.choices - self.again], (0, 0, 1, 0))[:, :, :-1].transpose(1, 2)
        known = [written[:, :, :v].flatten(2) for v in range(self.voices)]
        return torch.stack([self.voice(x, v, known[v], sounding[:, :, v]) for v in range(self.voices)], 2)

    @in_full
    def voice(self, x: Tensor, number: int, above: Tensor, sounding: Tensor) -> Tensor:
        """Logits `(n, steps, choices)` of a voice.

        Args:
            x: What the blocks say, `(n, steps, width)`.
            number: Which voice.
            above: Tokens of the voices above in the same steps, `(n, steps, number * choices)`.
            sounding: Pitches of the voice in the step before, `(n, steps, pitches)`; zeros before the first.
        """
        width = x.shape[2]
        rows = slice(number * width, (number + 1) * width)
        h = F.linear(self.norm(x), self.hidden.weight[rows], self.hidden.bias[rows])
        if number:
            h = h + self.above[number - 1](above.to(h.dtype))
        logits = F.gelu(h) @ self.out[number] + self.bias[number]
        if not self.again:
            return logits
        silent = sounding[..., 1:].sum(-1, keepdim=True) < 0.5
        return torch.cat([logits[..., :-1], logits[..., -1:].masked_fill(silent, -1e9)], -1)

    def forward(self, noise: Tensor, label: Tensor | None = None, temperature: float = 1.0) -> Tensor:
        """Windows `(n, voices, steps, choices)` out of standard normal noise of the same shape.

        Every token is exactly one choice forwards, and its probabilities at the temperature backwards (straight-through
        Gumbel softmax; Jang et al. 2017).
        """
        chance = gumbel(noise)
        n, pitches = len(noise), self.choices - self.again
        cache: list[Cache] = [[] for _ in self.blocks]
        before = noise.new_zeros(n, 1, self.voices * self.choices)
        sounding = noise.new_zeros(n, self.voices, pitches)
        made = []
        for t in range(self.steps):
            x = self._shown(before, label) + self.place[t]
            for block, kept in zip(self.blocks, cache, strict=True):
                x, pair = block(self.drop(x), kept)
                kept.append(pair)
            written: list[Tensor] = []
            for v in range(self.voices):
                above = torch.cat(written, 1)[:, None] if written else x[:, :, :0]
                logits = self.voice(x, v, above, sounding[:, v][:, None])[:, 0]
                written.append(_chosen((logits + chance[:, v, t]) / temperature))
            step = torch.stack(written, 1)
            before = step.flatten(1)[:, None]
            if self.again:
                sounding = step[..., :-1] + step[..., -1:] * sounding
                step = torch.cat([sounding, step[..., -1:]], 2)
            else:
                sounding = step
            made.append(step)
        return torch.stack(made, 2)

    def _shown(self, before: Tensor, label: Tensor | None) -> Tensor:
        x: Tensor = self.embed(before)
        if self.label is None:
            return x
        if label is None:
            raise ValueError("this network is conditional: labels are missing")
        return x + embedded(self.label, label)[:, None]


def _chosen(logits: Tensor) -> Tensor:
    soft = logits.softmax(1)
    hard = F.one_hot(soft.argmax(1), soft.shape[1]).to(soft.dtype)
    return hard - soft.detach() + soft


class _Block(nn.Module):
    """Causal attention with relative positions by rotation (Su et al. 2021), then a layer of four times the width."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask = nn.Linear(width, 3 * width)
        self.back = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(dropout)
        for layer in (self.back, self.narrow):
            nn.init.zeros_(layer.weight)

    def forward(self, x: Tensor, cache: Cache | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """From `(n, steps, width)` to the same, and the keys and values of these steps; `cache` has those before."""
        n, steps, width = x.shape
        asked = self.ask(self.first(x)).view(n, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        at = len(cache) if cache else 0
        query, key, value = _turned(asked[0], at), _turned(asked[1], at), asked[2]
        keys = torch.cat([*(k for k, _ in cache), key], 2) if cache else key
        values = torch.cat([*(v for _, v in cache), value], 2) if cache else value
        heard = F.scaled_dot_product_attention(query, keys, values, is_causal=cache is None)
        x = x + self.drop(self.back(heard.transpose(1, 2).reshape(n, steps, width)))
        x = x + self.drop(self.narrow(F.gelu(self.wide(self.second(x)))))
        return x, (key, value)


def _turned(x: Tensor, first: int) -> Tensor:
    """Pairs of numbers turned by an angle that grows with the step, `(n, heads, steps, size)`; `size` is even."""
    steps, half = x.shape[2], x.shape[3] // 2
    speed = ROTATIONS ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angle = torch.arange(first, first + steps, device=x.device, dtype=torch.float32)[:, None] * speed
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], 3)
