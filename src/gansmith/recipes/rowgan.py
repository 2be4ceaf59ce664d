"""RowGAN: a generator that completes rows of a table, trained by likelihood and against a critic of whole rows."""

from __future__ import annotations

from functools import partial

import torch
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import EMA, Game, Player, Scene, Stage, Term, Turn, cosine, flow, ramped_half_life
from gansmith.nets.tabular import RowCritic, RowGenerator
from gansmith.objectives.adversarial import relativistic
from gansmith.objectives.penalties import zero_centred
from gansmith.recipes._recipe import Hp, recipe
from gansmith.recipes._rows import completing
from gansmith.types import Spec

__all__ = ["rowgan"]


class RowganHp(Hp):
    """Hyper-parameters of `rowgan`."""

    batch: int = Setting(128, ge=1, le=65536, description="real rows a round, over all processes")
    width: int = Setting(256, ge=8, le=4096, description="units of both networks")
    depth: int = Setting(1, ge=1, le=16, description="residual blocks of both networks")
    lr_g: float = Setting(4e-4, gt=0, le=1, description="the generator's learning rate at the start (AdamW)")
    lr_d: float = Setting(1e-3, gt=0, le=1, description="the critic's learning rate at the start (AdamW)")
    lr_end: float = Setting(0.02, ge=0, le=1, description="what is left of both at the end, along a cosine")
    shared: int = Setting(8, ge=0, le=64, description="smooth functions that near numbers share; 0 for none")
    decay: float = Setting(3.0, ge=0, le=100, description="weight decay of the generator")
    adversarial: float = Setting(0.1, gt=0, le=100, description="weight of the critic's verdict beside the likelihood")
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties of the critic (R1 and R2)")
    every: int = Setting(32, ge=1, le=64, description="rounds between two moves of the critic, and two verdicts")
    passes: int = Setting(4, ge=1, le=64, description="passes in which rows are completed for the critic")
    ema: float = Setting(100_000.0, ge=0, description="half-life of the averaged generator, in rows")


class Completed(Scene):
    """Rows, of which a part is hidden: what the rest costs, and what the generator puts there."""

    G: RowGenerator
    D: RowCritic
    tokens: Tensor

    @flow
    def hidden(self) -> tuple[Tensor, Tensor]:
        """In which order the tokens of a row are drawn `(n, T)`, and how many of them are known `(n, 1)`."""
        return self.G.hidden(self.draws.uniform(self.G.length + 1))

    @flow
    def likelihood(self) -> Tensor:
        """Nats that a token costs, given those before it in an order (Hoogeboom et al. 2022, equation 5)."""
        nats: Tensor = self.G.nats(self.tokens, *self.hidden).mean() / self.G.length
        return nats

    @flow
    def row(self) -> Tensor:
        """Real rows as zeros and ones, `(n, total)`."""
        return self.D.embedding.hard(self.tokens)

    @flow
    def fake(self) -> Tensor:
        """Rows of which the generator made a part, `(n, total)`; of every second row it made all."""
        rank, known = self.hidden
        whole = torch.arange(self.n, device=rank.device)[:, None] % 2 == 0
        given = torch.where(whole, 0, known)
        step = torch.where(rank < given, -1, (rank - given) * self.G.passes // (self.G.length - given))
        shown = torch.repeat_interleave(step < 0, torch.tensor(self.G.embedding.sizes, device=step.device), 1)
        uniform = self.draws.uniform(self.G.embedding.total).clamp_min(1e-12)
        return self.G.relaxed(self.row * shown, step, -(-uniform.log()).log())

    @flow
    def d_real(self) -> Tensor:
        """Scores of real rows."""
        score: Tensor = self.D(self.row)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of completed rows."""
        score: Tensor = self.D(self.fake)
        return score


@recipe(
    "rowgan",
    "Rows of a table, completed token by token from any part that is known; a critic compares them with real rows.",
    RowganHp,
    sizes={
        "s": {},
        "m": {"batch": 512, "width": 288, "lr_g": 4e-3, "shared": 0, "decay": 0.3},
        "l": {"batch": 1024, "width": 512, "depth": 2, "lr_g": 4e-3, "shared": 0, "decay": 0.01},
    },
    references=(
        "Uria, Murray & Larochelle 2014, A Deep and Tractable Density Estimator, ICML",
        "Hoogeboom et al. 2022, Autoregressive Diffusion Models, ICLR",
        "Jang, Gu & Poole 2017, Categorical Reparameterization with Gumbel-Softmax, ICLR",
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
    ),
    reads=("tokens",),
    kind="table",
)
def rowgan(spec: Spec, hp: RowganHp) -> Game:
    """Build the game."""
    tokens = spec["tokens"].tokens
    nets = {
        "G": RowGenerator(tokens, hp.width, hp.depth, hp.passes, hp.shared),
        "D": RowCritic(tokens, hp.width, hp.depth),
    }
    d = {
        "adv": Term(lambda s: relativistic(s.d_real, s.d_fake)),
        "r1": Term(lambda s: zero_centred(s.d_real, s.row), hp.gamma, leaves=("row",)),
        "r2": Term(lambda s: zero_centred(s.d_fake, s.fake), hp.gamma, leaves=("fake",)),
    }
    g = {
        "likelihood": Term(lambda s: s.likelihood),
        "adv": Term(lambda s: relativistic(s.d_fake, s.d_real), hp.adversarial, hp.every),
    }
    return Game(
        nets,
        Completed,
        players={"D": _player("D", hp.lr_d, hp, 0.0, 0.0), "G": _player("G", hp.lr_g, hp, 0.9, hp.decay)},
        stages=(Stage((Turn("D", d, every=hp.every), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema))},
        draw=completing(len(tokens)),
    )


def _player(net: str, lr: float, hp: RowganHp, beta1: float, decay: float) -> Player:
    adam = partial(torch.optim.AdamW, lr=lr, betas=(beta1, 0.99), weight_decay=decay, fused=True)
    return Player((net,), adam, schedule={"lr": cosine(lr, lr * hp.lr_end)}, clip=1.0)
