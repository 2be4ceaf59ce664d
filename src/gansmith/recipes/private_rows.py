"""Private rows: the generator of `rowgan`, trained so that nobody can tell whether any one row was there."""

from __future__ import annotations

from functools import partial

import torch
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import EMA, Game, Player, PrivateRounds, Scene, Stage, Term, Turn, cosine, ramped_half_life
from gansmith.nets.tabular import RowGenerator
from gansmith.recipes._recipe import Hp, recipe
from gansmith.recipes._rows import completing
from gansmith.types import Spec

__all__ = ["private_rows"]


class PrivateRowsHp(Hp):
    """Hyper-parameters of `private-rows`."""

    batch: int = Setting(1024, ge=1, le=65536, description="real rows that a round is expected to see")
    masks: int = Setting(1, ge=1, le=64, description="ways in which a part of each row is hidden at once")
    width: int = Setting(128, ge=8, le=4096, description="units of the network")
    depth: int = Setting(1, ge=1, le=16, description="residual blocks of the network")
    lr: float = Setting(8e-3, gt=0, le=1, description="learning rate at the start (Adam)")
    lr_end: float = Setting(0.02, ge=0, le=1, description="what is left of it at the end, along a cosine")
    clip: float = Setting(0.3, gt=0, description="largest norm of the gradient of one row")
    ema: float = Setting(100_000.0, ge=0, description="half-life of the averaged generator, in rows")


class Hidden(Scene):
    """Rows, of which parts are hidden in several ways, and what the rest costs."""

    G: RowGenerator
    tokens: Tensor

    def likelihood(self, masks: int) -> Tensor:
        """Nats that a token costs, given those before it in an order: of every row the mean over its masks."""
        noise = self.draws.uniform(masks, self.G.length + 1).flatten(0, 1)
        tokens = self.tokens.repeat_interleave(masks, 0)
        nats: Tensor = self.G.nats(tokens, *self.G.hidden(noise)).mean() / self.G.length
        return nats


@recipe(
    "private-rows",
    "Rows of a table, completed token by token, learnt with differential privacy: no row shows in the model.",
    PrivateRowsHp,
    sizes={"s": {}, "m": {"width": 192}, "l": {"width": 256, "depth": 2}},
    references=(
        "Abadi et al. 2016, Deep Learning with Differential Privacy, CCS",
        "De et al. 2022, Unlocking High-Accuracy Differentially Private Image Classification through Scale, "
        "arXiv:2204.13650",
        "Bu et al. 2023, Differentially Private Optimization on Large Model at Small Cost, ICML",
        "Hoogeboom et al. 2022, Autoregressive Diffusion Models, ICLR",
    ),
    reads=("tokens",),
    kind="table",
)
def private_rows(spec: Spec, hp: PrivateRowsHp) -> Game:
    """Build the game. Its noise is that of the bound itself; a run sets what its promise needs."""
    tokens = spec["tokens"].tokens
    adam = partial(torch.optim.Adam, lr=hp.lr, betas=(0.9, 0.99), fused=True)
    return Game(
        {"G": RowGenerator(tokens, hp.width, hp.depth)},
        Hidden,
        players={"G": Player(("G",), adam, schedule={"lr": cosine(hp.lr, hp.lr * hp.lr_end)})},
        stages=(Stage((Turn("G", {"likelihood": Term(lambda s: s.likelihood(hp.masks))}),)),),
        ema={"G": EMA(ramped_half_life(hp.ema))},
        draw=completing(len(tokens)),
        rule=PrivateRounds(hp.batch, hp.clip, 1.0),
    )
