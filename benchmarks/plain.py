"""The demo's training step as one writes it by hand for this one game: what the engine is measured against."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.core import Game
from gansmith.objectives.adversarial import matching

__all__ = ["Plain"]

Noise = Callable[[int, int, int], Tensor]
"""From round, slot (0: the discriminator's move, 1: the generator's) and rows to noise."""


class Plain:
    """Generator, discriminator, two Adams, an average, and a loop.

    Args:
        game: Where the nets come from; nothing else of it is used.
        hp: Hyper-parameters of `r3gan`.
        batches: Endless images and labels.
        total: Samples until the schedules end.
        noise: In place of the loop's own noise.
    """

    def __init__(
        self, game: Game, hp: Any, batches: Iterator[Mapping[str, Tensor]], total: int, noise: Noise | None = None
    ) -> None:
        self.G: Any = game.nets["G"]
        self.D: Any = game.nets["D"]
        self.hp, self.batches, self.total = hp, batches, total
        self.generator = torch.Generator().manual_seed(0)
        self.noise = noise or self.own_noise
        self.mean = copy.deepcopy(self.G).eval().requires_grad_(False)
        self.g, self.d, self.m = (list(net.parameters()) for net in (self.G, self.D, self.mean))
        self.opt_g, self.opt_d = self.adam(self.g, hp.lr_g), self.adam(self.d, hp.lr_d)
        self.rounds = self.samples = 0
        self.losses: dict[str, Tensor] = {}

    def own_noise(self, rounds: int, slot: int, rows: int) -> Tensor:
        """The usual noise, from one stream."""
        return torch.randn(rows, self.hp.z_dim, generator=self.generator)

    def adam(self, params: list[torch.nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """The optimiser of one net."""
        return torch.optim.Adam(params, lr=lr, betas=(self.hp.beta1, self.hp.beta2), fused=True)

    def zero(self, optimiser: torch.optim.Optimizer) -> None:
        """Forget the gradients."""
        optimiser.zero_grad()

    def scores(self, real: Tensor, fake: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features of real images, scores of real and of made ones: one pass over both."""
        h = self.D.features(torch.cat([real, fake]))
        own, other = h[: len(real)], h[len(real) :]
        return own, self.D.head(own, label), self.D.head(other, label)

    def made(self, slot: int, label: Tensor) -> Tensor:
        """Made images of given classes."""
        fake: Tensor = self.G(self.noise(self.rounds, slot, len(label)), label)
        return fake

    def for_discriminator(self, label: Tensor) -> Tensor:
        """Made images without their graph."""
        with torch.no_grad():
            return self.made(0, label)

    def for_generator(self, label: Tensor) -> Tensor:
        """Made images with their graph."""
        return self.made(1, label)

    def falling(self, start: float, share: float) -> float:
        """Half a cosine from `start` to a share of it."""
        end = start * share
        return end + (start - end) * (1 + math.cos(math.pi * min(1.0, self.samples / self.total))) / 2

    def play(self, rounds: int) -> None:
        """Play so many rounds."""
        for _ in range(rounds):
            self.round()

    def round(self) -> None:
        """A step of the discriminator, a step of the generator, the average."""
        hp = self.hp
        self.opt_d.param_groups[0]["lr"] = self.falling(hp.lr_d, hp.lr_end)
        self.opt_g.param_groups[0]["lr"] = self.falling(hp.lr_g, hp.lr_end)
        batch = next(self.batches)
        real, label = batch["image"], batch["label"]

        for p in self.d:
            p.requires_grad_(True)
        fake = self.for_discriminator(label)
        punish = self.rounds % hp.penalty_every == 0
        if punish:
            real, fake = real.detach().requires_grad_(), fake.requires_grad_()
        h, d_real, d_fake = self.scores(real, fake, label)
        loss = F.softplus(d_fake - d_real).mean()
        if punish:
            slopes = torch.autograd.grad(d_real.sum() + d_fake.sum(), (real, fake), create_graph=True)
            steepness = sum(slope.square().flatten(1).sum(1).mean() / 2 for slope in slopes)
            loss = loss + steepness * (self.falling(hp.gamma, hp.gamma_end) * hp.penalty_every)
        loss = loss + hp.match * matching(self.D.head.projections(h), label)
        self.zero(self.opt_d)
        loss.backward(inputs=self.d)
        self.opt_d.step()
        self.losses["D"] = loss.detach()

        for p in self.d:
            p.requires_grad_(False)
        fake = self.for_generator(label)
        with torch.no_grad():
            d_real = self.D(real, label)
        loss = F.softplus(d_real - self.D(fake, label)).mean()
        self.zero(self.opt_g)
        torch.autograd.backward(loss)
        self.opt_g.step()
        self.losses["G"] = loss.detach()

        half_life = max(min(hp.ema, 0.1 * self.samples), 1e-8)
        torch._foreach_lerp_(tuple(self.m), tuple(self.g), 1 - 0.5 ** (len(label) / half_life))
        self.rounds, self.samples = self.rounds + 1, self.samples + len(label)
