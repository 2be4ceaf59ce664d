"""RelGAN: a writer with a relational memory, whose soft tokens let gradients through to a critic of several views."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Game, Player, Stage, Term, Turn, flow
from gansmith.nets.text import MemoryWriter, TokenCritic
from gansmith.objectives import adversarial as adv
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._texts import Judged, TextHp, averaged, critic_of, draw_texts, sizes_of, writer_of
from gansmith.types import Spec


class RelganHp(TextHp):
    """Hyper-parameters of `relgan`."""

    warmup: int = Setting(600, ge=1, le=10_000_000, description="rounds of likelihood, before the game")
    lr_g: float = Setting(1e-4, gt=0, le=1, description="the writer's rate (Adam) in the game, where it is kept")
    lr_d: float = Setting(1e-4, gt=0, le=1, description="the critic's learning rate (Adam)")
    critic_moves: int = Setting(5, ge=1, le=100, description="moves of the critic a round, each on a batch of its own")
    sharpness: float = Setting(
        100.0, ge=1, le=10_000, description="one over the temperature at the end; 1 at the start, growing by a factor"
    )
    keep: float = Setting(0.5, ge=0, description="weight of the likelihood in the game (the paper: 0)")
    slots: int = Setting(1, ge=1, le=64, description="rows of the memory")
    heads: int = Setting(2, ge=1, le=64, description="of its attention")
    head_size: int = Setting(32, ge=1, le=4096, description="numbers of a head (the paper: 256)")
    filters: int = Setting(32, ge=1, le=4096, description="filters of each of the critic's windows (the paper: 300)")
    views: int = Setting(8, ge=1, le=256, description="embeddings of the critic, each with a score (the paper: 64)")


class Soft(Judged):
    """Texts as shares of tokens that gradients go through."""

    G: MemoryWriter

    sharpest = 100.0  # not annotated: a setting of the game

    @flow
    def sharpness(self) -> float:
        """Grows from 1 to `sharpest` over the run by the same factor a sample (Nie et al. 2019, section 2.2)."""
        done = min(1.0, self.clock.samples / self.clock.total) if self.clock.total else 1.0
        return float(self.sharpest**done)

    @flow
    def fake(self) -> Tensor:
        """Soft texts `(n, length, words)`."""
        noise = self.draws.uniform(self.G.length, self.G.words)
        return self.G.soft(noise, self.sharpness, self.condition)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real texts, one a view."""
        score: Tensor = self.D(F.one_hot(self.tokens, self.G.words).float(), self.condition)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of soft texts, one a view."""
        score: Tensor = self.D(self.fake, self.condition)
        return score


@recipe(
    "relgan",
    "A writer with a relational memory against a critic of several views; soft tokens carry gradients between them.",
    RelganHp,
    sizes={
        "s": {"width": 32},
        "m": {"width": 64, "head_size": 128, "filters": 128, "views": 32},
        "l": {"width": 128, "head_size": 256, "filters": 300, "views": 64},
    },
    references=(
        "Nie et al. 2019, RelGAN: Relational Generative Adversarial Networks for Text Generation, ICLR",
        "Santoro et al. 2018, Relational recurrent neural networks, arXiv:1806.01822",
    ),
    reads=("tokens",),
    kind="text",
)
def relgan(spec: Spec, hp: RelganHp) -> Game:
    """Build the game."""
    words, length, classes = sizes_of(spec)
    nets = {
        "G": MemoryWriter(words, length, hp.width, classes, hp.slots, hp.heads, hp.head_size),
        "D": TokenCritic(words, length, max(1, hp.width // 2), hp.filters, views=hp.views, classes=classes),
    }
    judging = Turn(
        "D",
        {"adv": Term(lambda s: adv.relativistic(s.d_real, s.d_fake))},
        repeat=hp.critic_moves,
        fresh=hp.critic_moves > 1,
    )
    game = {"adv": Term(lambda s: adv.relativistic(s.d_fake, s.d_real))}
    if hp.keep:
        game["nats"] = Term(lambda s: s.nats, hp.keep)
    return Game(
        nets,
        type("Soft", (Soft,), {"sharpest": hp.sharpness}),
        players={
            "W": writer_of(hp),
            "G": Player(("G",), lambda p: torch.optim.Adam(p, lr=hp.lr_g, betas=(0.9, 0.999)), clip=10.0),
            "D": critic_of(hp.lr_d),
        },
        stages=(
            Stage((Turn("W", {"nats": Term(lambda s: s.nats)}),), hp.warmup, name="likelihood"),
            Stage((judging, Turn("G", game)), name="game"),
        ),
        ema=averaged(hp),
        draw=draw_texts(length, classes),
        contest=contest,
    )
