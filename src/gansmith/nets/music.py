"""Networks of voices on a grid: noise to a choice of pitch for every voice and step, and a critic that hears harmony.

The critic sees a window as MuseGAN's does (Dong et al. 2018), and beside it what musicians listen to: chroma and onsets
(Dong & Yang 2018, section 3.3), intervals between voices, and melodic intervals, which no transposition changes.
"""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import ConcatLabel
from gansmith.nets.full_precision import in_full
from gansmith.nets.initial import SLOPE
from gansmith.nets.r3gan import LinearProjection

__all__ = ["VoicesCritic", "VoicesGenerator"]

SHORTEST = 4
"""Steps of the shortest map: halving stops here, or at an odd number."""

WIDEST = 4
"""Times `width` is the widest map."""

OCTAVE = 12


class VoicesGenerator(nn.Module):
    """Noise to voices.

    A shared trunk plays the time from a few long steps to the grid's; then each voice has a branch of its own, which
    hears the trunk (the hybrid model of MuseGAN). In training and sampling the choice is the likeliest one; its
    gradient is that of the softmax (straight-through; Bengio et al. 2013, Jang et al. 2017 without their noise).

    Args:
        shape: `(voices, steps, choices)`; with `again`, the last choice is a bit of its own.
        z_dim: Length of the noise.
        width: Channels at the finest time step; they double at every halving, up to four times.
        classes: Number of classes; 0 for none.
        again: Whether the last entry of a step says that a note is struck again.
        temperature: Of the softmax whose gradient is used: higher passes more of it to the choices that weren't taken.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        z_dim: int,
        width: int,
        classes: int = 0,
        again: bool = False,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self.voices, self.steps, self.choices = shape
        self.z_dim, self.again, self.temperature = z_dim, again, temperature
        self.condition = ConcatLabel(z_dim, classes)
        lengths = _lengths(self.steps)[::-1]
        widths = _widths(width, len(lengths))[::-1]
        self.base = widths[0], lengths[0]
        self.stem = nn.Linear(self.condition.features, widths[0] * lengths[0])
        self.grow = nn.ModuleList(nn.Conv1d(a, b, 1) if a != b else nn.Identity() for a, b in pairwise(widths))
        self.blocks = nn.ModuleList(_Block(w) for w in widths)
        own = max(1, width // 2)
        self.split = nn.Conv1d(width, self.voices * own, 1)
        self.branch = _Block(self.voices * own, groups=self.voices)
        self.out = nn.Conv1d(self.voices * own, self.voices * self.choices, 1, groups=self.voices)
        for layer in (self.stem, *self.grow, self.split, self.out):
            if not isinstance(layer, nn.Identity):
                _scaled(layer)

    def logits(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and a condition to logits `(n, voices, steps, choices)`."""
        x = self.stem(self.condition(z, label)).reshape(len(z), *self.base)
        for level, block in enumerate(self.blocks):
            if level:
                x = self.grow[level - 1](F.interpolate(x, scale_factor=2.0))
            x = block(x)
        x = self.out(self.branch(F.leaky_relu(self.split(x), SLOPE)))
        shaped: Tensor = x.reshape(len(z), self.voices, self.choices, self.steps).transpose(2, 3)
        return shaped

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and a condition to zeros and ones `(n, voices, steps, choices)`."""
        return self.chosen(self.logits(z, label))

    @in_full
    def chosen(self, logits: Tensor) -> Tensor:
        """The choices of logits `(n, voices, steps, choices)`, with gradients."""
        pitches = logits[..., :-1] if self.again else logits
        soft = (pitches / self.temperature).softmax(3)
        hard = F.one_hot(soft.argmax(3), soft.shape[3]).to(soft.dtype)
        made = hard - soft.detach() + soft
        if not self.again:
            return made
        share = (logits[..., -1:] / self.temperature).sigmoid()
        return torch.cat([made, (share > 0.5).to(share.dtype) - share.detach() + share], 3)


class VoicesCritic(nn.Module):
    """Voices to features and a score.

    Args:
        shape: `(voices, steps, choices)`; the first choice is a rest.
        width: Channels at the finest time step; they double at every halving, up to four times.
        classes: Number of classes; 0 for none. Labels enter by projection.
        again: Whether the last entry of a step says that a note is struck again.
        hears: Whether it is shown chroma, onsets and intervals beside the pitches.
    """

    def __init__(
        self, shape: tuple[int, ...], width: int, classes: int = 0, again: bool = False, hears: bool = True
    ) -> None:
        super().__init__()
        self.voices, self.steps, self.choices = shape
        self.again, self.hears = again, hears
        pitches = self.choices - 1 - again
        self.reach = min(OCTAVE, pitches - 1)
        self.pairs = list(combinations(range(self.voices), 2))
        fold = F.one_hot(torch.arange(pitches) % OCTAVE, OCTAVE).float()
        self.register_buffer("fold", fold, persistent=False)
        lengths = _lengths(self.steps)
        widths = _widths(width, len(lengths))
        self.inp = nn.Conv1d(self.voices * self.choices, width, 1)
        own = self.voices * (OCTAVE + 1 + 2 * self.reach + 1) + OCTAVE * (1 + len(self.pairs))
        self.ear = nn.Conv1d(own, width, 1, bias=False) if hears else None
        self.place = nn.Parameter(torch.zeros(width, self.steps))
        self.blocks = nn.ModuleList(_Block(w) for w in widths)
        self.shrink = nn.ModuleList(nn.Conv1d(a, b, 1) if a != b else nn.Identity() for a, b in pairwise(widths))
        self.mix = nn.Linear(widths[-1] * lengths[-1], widths[-1])
        self.head = LinearProjection(widths[-1], classes)
        for layer in (self.inp, *([self.ear] if self.ear else []), *self.shrink, self.mix):
            if not isinstance(layer, nn.Identity):
                _scaled(layer)

    @in_full
    def heard(self, x: Tensor) -> Tensor:
        """Chroma, onsets and intervals `(n, channels, steps)` of voices `(n, voices, steps, choices)`."""
        notes = x[..., 1 : self.choices - self.again]
        chroma = notes @ self.get_buffer("fold").to(notes)
        before = F.pad(notes, (0, 0, 1, 0))[:, :, :-1]
        wide = F.pad(before, (self.reach, self.reach))
        size = notes.shape[3]
        moves = torch.stack([(notes * wide[..., k : k + size]).sum(3) for k in range(2 * self.reach + 1)], 3)
        held = (x[:, :, 1:] * x[:, :, :-1])[..., : self.choices - self.again].sum(3, keepdim=True)
        held = F.pad(held, (0, 0, 1, 0))
        turned = torch.stack([chroma.roll(-k, 3) for k in range(OCTAVE)], 4)
        apart = [(chroma[:, v, :, :, None] * turned[:, u]).sum(2) for u, v in self.pairs]
        voices = torch.cat([chroma, held, moves], 3).movedim(3, 2).flatten(1, 2)
        return torch.cat([voices, chroma.sum(1).transpose(1, 2), *(a.transpose(1, 2) for a in apart)], 1)

    def features(self, x: Tensor) -> Tensor:
        """From voices `(n, voices, steps, choices)` to what the head reads, `(n, features)`."""
        h = self.inp(x.transpose(2, 3).flatten(1, 2)) + self.place
        if self.ear is not None:
            h = h + self.ear(self.heard(x))
        h = self.blocks[0](F.leaky_relu(h, SLOPE))
        for shrink, block in zip(self.shrink, list(self.blocks)[1:], strict=True):
            h = block(shrink(F.avg_pool1d(h, 2)))
        return F.leaky_relu(self.mix(h.flatten(1)), SLOPE)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From voices and a condition to scores `(n,)`."""
        score: Tensor = self.head(self.features(x), label)
        return score


class _Block(nn.Module):
    """A residual block over time: two convolutions of three steps, the second beginning at zero."""

    def __init__(self, width: int, groups: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv1d(width, width, 3, padding=1, groups=groups)
        self.second = nn.Conv1d(width, width, 3, padding=1, groups=groups, bias=False)
        _scaled(self.first)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        h = self.second(F.leaky_relu(self.first(F.leaky_relu(x, SLOPE)), SLOPE))
        y: Tensor = x + h
        return y


def _lengths(steps: int) -> list[int]:
    """Lengths of the maps, from the grid's steps to the shortest."""
    lengths = [steps]
    while lengths[-1] % 2 == 0 and lengths[-1] // 2 >= SHORTEST:
        lengths.append(lengths[-1] // 2)
    return lengths


def _widths(width: int, levels: int) -> list[int]:
    return [min(width << level, WIDEST * width) for level in range(levels)]


def _scaled(layer: nn.Module) -> None:
    """Normal weights that keep the variance through LeakyReLU, bias zero."""
    weight = layer.get_parameter("weight")
    nn.init.normal_(weight, std=math.sqrt(2 / (1 + SLOPE**2) / weight[0].numel()))
    if getattr(layer, "bias", None) is not None:
        nn.init.zeros_(layer.get_parameter("bias"))
