"""What recipes of texts share: settings, likelihood of the next token, and sampling token after token."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
import torch.nn.functional as F
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Draw, Player, flow, ramped_half_life
from gansmith.core.schedules import cosine
from gansmith.nets.text import TokenCritic, Writer
from gansmith.recipes._conditions import Conditioned, classes_of
from gansmith.recipes._recipe import ConditionHp
from gansmith.types import Batch, Spec

__all__ = [
    "Judged",
    "TextHp",
    "Texts",
    "averaged",
    "critic_of",
    "draw_texts",
    "likelihood",
    "policy",
    "sizes_of",
    "writer_of",
]

Nets = Mapping[str, nn.Module]


class TextHp(ConditionHp):
    """Hyper-parameters of every recipe that writes texts."""

    width: int = Setting(64, ge=2, le=4096, description="numbers that stand for a token")
    lr: float = Setting(2e-3, gt=0, le=1, description="the writer's rate (Adam) while it learns the next token")
    lr_end: float = Setting(0.05, gt=0, le=1, description="what is left of that rate at the end, along a cosine")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged writer, in samples")


def likelihood(scores: Tensor, tokens: Tensor) -> Tensor:
    """Nats that a text costs, its end included, divided by the places of a text; a mean over texts.

    Args:
        scores: Logits `(n, length, words)`.
        tokens: Numbers `(n, length)`; 0 from the end on.
    """
    counted = F.pad((tokens != 0).cummin(1).values[:, :-1], (1, 0), value=True)
    losses = F.cross_entropy(scores.flatten(0, 1).float(), tokens.flatten(), reduction="none").view_as(tokens)
    return (losses * counted).mean()


def policy(scores: Tensor, tokens: Tensor, worth: Tensor) -> Tensor:
    """Mean of -log p times worth over places up to the end: its gradient is that of the expected worth, downwards.

    Args:
        scores: Logits `(n, length, words)`.
        tokens: Numbers that were drawn by them `(n, length)`.
        worth: Of each `(n, length)`; no gradient goes through it.
    """
    counted = F.pad((tokens != 0).cummin(1).values[:, :-1], (1, 0), value=True)
    losses = F.cross_entropy(scores.flatten(0, 1).float(), tokens.flatten(), reduction="none").view_as(tokens)
    return (losses * worth.detach() * counted).mean()


class Texts(Conditioned):
    """Texts as tokens, and what the writer expects of each token."""

    G: Writer
    tokens: Tensor

    @flow
    def nats(self) -> Tensor:
        """What the texts cost."""
        return likelihood(self.G(self.tokens, self.condition), self.tokens)


class Judged(Texts):
    """The same with a critic of written texts."""

    D: TokenCritic

    @flow
    def written(self) -> Tensor:
        """Texts of the writer, one for each real one and of its class."""
        with torch.no_grad():
            return self.G.write(self.draws.normal(self.G.noise_size), self.condition)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real texts."""
        score: Tensor = self.D(self.tokens, self.condition)
        return score


def sizes_of(spec: Spec) -> tuple[int, int, int]:
    """Different tokens, tokens of a text, and classes."""
    field = spec["tokens"]
    return max(token.size for token in field.tokens), field.shape[0], classes_of(spec)


def writer_of(hp: TextHp, rate: float | None = None) -> Player:
    """The player who writes: by Adam at a rate that falls along a cosine."""
    lr = hp.lr if rate is None else rate
    adam = partial(torch.optim.Adam, lr=lr, betas=(0.9, 0.999))
    return Player(("G",), adam, schedule={"lr": cosine(lr, lr * hp.lr_end)}, clip=1.0)


def critic_of(rate: float) -> Player:
    """The player who judges: by Adam at a constant rate."""
    return Player(("D",), partial(torch.optim.Adam, lr=rate), clip=10.0)


def averaged(hp: TextHp) -> dict[str, EMA]:
    """The average of the writer."""
    return {"G": EMA(ramped_half_life(hp.ema))} if hp.ema else {}


def draw_texts(length: int, classes: int) -> Draw:
    """Sampling token after token, each by one number of the noise `z`; smaller noise takes likelier tokens."""

    def make(nets: Nets, batch: Batch) -> Batch:
        writer: Writer = nets["G"]  # type: ignore[assignment]
        return {"tokens": writer.write(batch["z"], batch.get("label"))}

    return Draw(make, {"z": (length,)}, ("label",) if classes else ())
