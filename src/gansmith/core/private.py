"""Rounds after which nobody can tell whether one sample was there: DP-SGD (Abadi et al. 2016, algorithm 1).

Every sample's gradient is clipped on its own, the sum gets Gaussian noise in proportion to the bound, and is divided by
the number of samples that is expected, never by the number that was drawn: that number is a secret too.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.core.broken import NotFinite
from gansmith.core.clipped import Clipped
from gansmith.core.game import GameError, Stage, Turn
from gansmith.core.moves import Log, due, losses, only, scene_of, seed_nets, step
from gansmith.core.state import State
from gansmith.types import count_rows

__all__ = ["PrivateRounds", "secret_normal"]


@dataclass(frozen=True)
class PrivateRounds:
    """The rule of a game whose one player learns from samples in private.

    What is promised holds if the source takes each sample into a batch by a coin of its own (Poisson sampling, so
    batches differ in size and may be empty), if each sample's loss depends on that sample alone, and if `State.seed`
    is a secret: sampling, noise and all other chance come from it.

    Attributes:
        rows: Samples that a batch is expected to have; the clock counts these.
        clip: Largest norm of a sample's gradient.
        noise: Standard deviation of the noise on the sum of gradients, in units of `clip`.
    """

    rows: int
    clip: float
    noise: float

    def __call__(self, state: State, stage: Stage, measure: bool = False) -> tuple[Log, int]:
        """Play a round.

        Raises:
            GameError: Several turns, processes or micro-batches: what they would do to the promise is not known.
            NotFinite: The loss is infinite or no number; nothing was stepped.
        """
        turn = self._turn(state, stage)
        batch = state.backend.put(next(state.source))
        n, log = count_rows(batch), Log()
        with only(state, turn.player) as params:
            state.optims[turn.player].zero_grad(set_to_none=True)
            sums = [torch.zeros_like(p) for p in params]
            if n:
                seed_nets(state, 0)
                # in full precision, whatever the backend would like: a bound that rounding breaks is none
                with Clipped(params) as noted:
                    values, loss = losses(due(state, turn), scene_of(state, batch, slice(0, n), n, "0"))
                sums, norms = noted.sums(loss * n, n, self.clip)
                if not bool(norms.isfinite().all()):
                    raise NotFinite(f"the loss of {turn.player}")
                log |= {f"{turn.player}/{name}": value.detach() for name, value in values.items()}
                log[f"{turn.player}/clipped"] = (norms > self.clip).float().mean()
            for place, (param, found) in enumerate(zip(params, sums, strict=True)):
                drawn = secret_normal(found.shape, state.seed, state.clock.round, turn.player, place)
                param.grad = (found + (self.noise * self.clip * drawn).to(found)) / self.rows
            log |= step(state, turn.player, params, measure)
        return log, self.rows

    @staticmethod
    def _turn(state: State, stage: Stage) -> Turn:
        turn, backend = stage.turns[0], state.backend
        plain = len(stage.turns) == 1 and turn.repeat == turn.every == 1 and turn.gate is None and not stage.carry
        if not plain or backend.world > 1 or backend.micro is not None:
            raise GameError("private rounds have one turn in one process, without micro-batches")
        return turn


def secret_normal(shape: torch.Size, *secret: int | str) -> Tensor:
    """Standard normal numbers, float64, that nobody can guess who does not know the secret.

    Torch's generator on the CPU has only 2^32 beginnings. These numbers come of SHAKE-256 by Box and Muller's
    transform with 53-bit uniform numbers.
    """
    count = math.prod(shape)
    pairs = (count + 1) // 2
    stream = bytearray(hashlib.shake_256("/".join(map(str, secret)).encode()).digest(16 * max(pairs, 1)))
    bits = torch.frombuffer(stream, dtype=torch.int64).bitwise_and(2**53 - 1).double()
    u, v = (bits[: 2 * pairs].view(2, -1) + 0.5) * 2.0**-53
    radius = (-2 * u.log()).sqrt()
    angle = 2 * math.pi * v
    return torch.cat([radius * angle.cos(), radius * angle.sin()])[:count].view(shape)
