"""What could make a training step cheaper: one change at a time to the loop written by hand.

Every variant but those marked does the same arithmetic as the recipe; a variant that is clearly ahead on the machines
that matter is worth its lines in the recipe or the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.game import TOTAL, Cycle, batches, game, settings, spec
from benchmarks.measure import Times, side_by_side, turns_in
from benchmarks.plain import Plain
from benchmarks.record import Result
from benchmarks.table import Cell, Table
from gansmith.core import Backend
from gansmith.types import Spec

__all__ = ["VARIANTS", "run"]


class Apart(Plain):
    """The discriminator sees real and made images in two passes."""

    def scores(self, real: Tensor, fake: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features of real images, scores of real and of made ones."""
        h = self.D.features(real)
        return h, self.D.head(h, label), self.D(fake, label)


class Carried(Plain):
    """One generator pass a round: the discriminator sees the images that the generator then learns from."""

    def for_discriminator(self, label: Tensor) -> Tensor:
        """Made images without their graph, which is kept."""
        self.kept = self.made(1, label)
        return self.kept.detach()

    def for_generator(self, label: Tensor) -> Tensor:
        """The same images with their graph."""
        return self.kept


class Foreach(Plain):
    """Adam over lists of tensors."""

    def adam(self, params: list[torch.nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """The optimiser of one net."""
        return torch.optim.Adam(params, lr=lr, betas=(self.hp.beta1, self.hp.beta2), foreach=True)


class OneByOne(Plain):
    """Adam tensor by tensor."""

    def adam(self, params: list[torch.nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """The optimiser of one net."""
        return torch.optim.Adam(params, lr=lr, betas=(self.hp.beta1, self.hp.beta2), foreach=False)


class Zeroed(Plain):
    """Gradients set to zero and added to, instead of dropped."""

    def zero(self, optimiser: torch.optim.Optimizer) -> None:
        """Forget the gradients."""
        optimiser.zero_grad(set_to_none=False)


VARIANTS: dict[str, Callable[..., Plain]] = {
    "as the recipe does it": Plain,
    "two discriminator passes, real and made apart": Apart,
    "one generator pass a round (*)": Carried,
    "Adam foreach": Foreach,
    "Adam one by one": OneByOne,
    "gradients zeroed, not dropped": Zeroed,
}
BATCHES = (16, 32, 64)
BACKEND = Backend(channels_last=True)


def loop(variant: Callable[..., Plain], fields: Spec, hp: Any) -> Plain:
    """A variant ready to play."""
    nets = game(fields, hp)
    for net in nets.nets.values():
        BACKEND.place(net)
    return variant(nets, hp, Cycle([dict(BACKEND.put(b)) for b in batches(fields, hp.batch)]), TOTAL)


def compare(batch: int, repetitions: int, seconds: float) -> dict[str, Times]:
    """All variants, side by side, for one batch size."""
    fields, hp = spec(28), settings(batch=batch)
    loops = {name: loop(variant, fields, hp) for name, variant in VARIANTS.items()}
    rounds = turns_in(next(iter(loops.values())).round, seconds, hp.penalty_every)
    return side_by_side({n: partial(one.play, rounds) for n, one in loops.items()}, repetitions, rounds * batch)


def run(quick: bool) -> Result:
    """Time all variants for several batch sizes and thread counts."""
    repetitions, seconds = (3, 0.05) if quick else (9, 0.2)
    times: dict[str, Times] = {}
    kinds = [(batch, threads) for batch in BATCHES for threads in (1, 2)]
    found: dict[tuple[int, int], dict[str, Times]] = {}
    before = torch.get_num_threads()
    try:
        for batch, threads in kinds[:1] if quick else kinds:
            torch.set_num_threads(threads)
            found[batch, threads] = compare(batch, repetitions, seconds)
            times |= {f"batch {batch}, {threads} threads: {name}": t for name, t in found[batch, threads].items()}
    finally:
        torch.set_num_threads(before)
    base = next(iter(VARIANTS))
    heads = [f"batch {batch}, {threads} thr." for batch, threads in found]
    speed: list[list[Cell]] = [[name, *(1 / t[name].over(t[base]) for t in found.values())] for name in VARIANTS]
    rates: list[list[Cell]] = [[batch, threads, t[base].rate] for (batch, threads), t in found.items()]
    note = "1 is the recipe's own step; above 1 is faster. (*): not the same arithmetic, the moves share their noise."
    tables = [
        Table("Speed of variants of the step", ["variant", *heads], speed, note),
        Table("Images a second of the step by hand", ["batch", "threads", "images/s"], rates),
    ]
    return Result({"repetitions": repetitions, "seconds a repetition": seconds, "recipe": "r3gan"}, tables, times)
