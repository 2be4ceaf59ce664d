"""SeqGAN: a writer is rewarded for texts that a critic takes for real, by policy gradients over rolled-out texts."""

from __future__ import annotations

import torch
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Game, Player, Stage, Term, Turn, flow
from gansmith.nets.text import RecurrentWriter, TokenCritic
from gansmith.objectives import adversarial as adv
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._texts import Judged, TextHp, averaged, critic_of, draw_texts, policy, sizes_of, writer_of
from gansmith.types import Spec


class SeqganHp(TextHp):
    """Hyper-parameters of `seqgan`."""

    warmup: int = Setting(600, ge=1, le=10_000_000, description="rounds of likelihood, before any game")
    critic_warmup: int = Setting(60, ge=1, le=10_000_000, description="rounds in which only the critic learns")
    lr_g: float = Setting(1e-4, gt=0, le=1, description="the writer's rate (Adam) in the game, where it is kept")
    lr_d: float = Setting(5e-4, gt=0, le=1, description="the critic's learning rate (Adam)")
    critic_moves: int = Setting(2, ge=1, le=100, description="moves of the critic a round, each on a batch of its own")
    rollouts: int = Setting(2, ge=1, le=64, description="texts that each begun text is finished to (the paper: 16)")
    points: int = Setting(4, ge=1, le=256, description="places of a text from which it is rolled out (the paper: all)")
    keep: float = Setting(0.5, ge=0, description="weight of the likelihood in the game, which holds the language")
    filters: int = Setting(48, ge=1, le=4096, description="filters of each of the critic's windows")


class Rewarded(Judged):
    """Written texts, what the critic says of them, and what each part of them is worth."""

    G: RecurrentWriter

    rollouts = 1  # not annotated: these two are settings of the game
    points = 1

    @flow
    def d_fake(self) -> Tensor:
        """Scores of written texts."""
        score: Tensor = self.D(self.written, self.condition)
        return score

    @flow
    @torch.no_grad()
    def worth(self) -> Tensor:
        """What the critic expects of each token `(n, length)`, by texts rolled out (Yu et al. 2017, eq. 4)."""
        written, length = self.written, self.written.shape[1]
        ends = [round(length * (i + 1) / self.points) for i in range(self.points)]
        found, start = torch.empty(written.shape, device=written.device), 0
        for end in dict.fromkeys(max(1, end) for end in ends):
            whole = end == length
            value = self._value(written) if whole else self._rolled(end)
            found[:, start:end] = value[:, None]
            start = end
        return found

    def _value(self, texts: Tensor) -> Tensor:
        score: Tensor = self.D(texts, self.condition)
        return score.mean(1).sigmoid()

    def _rolled(self, known: int) -> Tensor:
        values = []
        for _ in range(self.rollouts):
            noise = self.draws.normal(self.G.noise_size)
            values.append(self._value(self.G.write(noise, self.condition, self.written, known)))
        return torch.stack(values).mean(0)

    @flow
    def policy_loss(self) -> Tensor:
        """Tokens that are worth more than half become more probable (Williams 1992; Yu et al. 2017, eq. 6)."""
        return policy(self.G(self.written, self.condition), self.written, self.worth - 0.5)


@recipe(
    "seqgan",
    "A writer is rewarded for texts that a critic takes for real: policy gradients, after a likelihood stage.",
    SeqganHp,
    sizes={"s": {"width": 64}, "m": {"width": 192, "filters": 96}, "l": {"width": 512, "filters": 192, "rollouts": 16}},
    references=("Yu et al. 2017, SeqGAN: Sequence Generative Adversarial Nets with Policy Gradient, arXiv:1609.05473",),
    reads=("tokens",),
    kind="text",
)
def seqgan(spec: Spec, hp: SeqganHp) -> Game:
    """Build the game."""
    words, length, classes = sizes_of(spec)
    nets = {
        "G": RecurrentWriter(words, length, hp.width, classes),
        "D": TokenCritic(words, length, hp.width // 2, hp.filters, classes=classes),
    }
    judging = Turn(
        "D",
        {"adv": Term(lambda s: adv.nonsaturating_d(s.d_real, s.d_fake))},
        repeat=hp.critic_moves,
        fresh=hp.critic_moves > 1,
    )
    nats, reward = Term(lambda s: s.nats), Term(lambda s: s.policy_loss)
    game = {"reward": reward, **({"nats": Term(lambda s: s.nats, hp.keep)} if hp.keep else {})}
    scene = type("Rewarded", (Rewarded,), {"rollouts": hp.rollouts, "points": hp.points})
    return Game(
        nets,
        scene,
        players={
            "W": writer_of(hp),
            "G": Player(("G",), lambda p: torch.optim.Adam(p, lr=hp.lr_g), clip=1.0),
            "D": critic_of(hp.lr_d),
        },
        stages=(
            Stage((Turn("W", {"nats": nats}),), hp.warmup, name="likelihood"),
            Stage((judging,), hp.critic_warmup, name="critic"),
            Stage((judging, Turn("G", game)), name="game"),
        ),
        ema=averaged(hp),
        draw=draw_texts(length, classes),
        contest=contest,
    )
