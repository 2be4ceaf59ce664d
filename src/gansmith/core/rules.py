"""Other ways of playing a round than one move after the other, and an optimiser that looks back instead of ahead.

Where a player gains what the other loses, steps along the present gradients circle around the solution. Extragradient
takes the gradient where both players are about to be; optimistic steps guess it from the gradient before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from gansmith.core.game import GameError, Stage, Turn
from gansmith.core.loop import Mover, alternate
from gansmith.core.moves import Log, move, put
from gansmith.core.state import State
from gansmith.types import Batch

__all__ = ["OptimisticAdam", "extragradient", "optimistic", "simultaneous"]

Weights = dict[nn.Parameter, Tensor]


def simultaneous(state: State, stage: Stage, measure: bool = False) -> tuple[Log, int]:
    """All players move at once: every gradient is taken at the weights that the round began with.

    Raises:
        GameError: A player has several moves a round.
    """
    _one_move_each(stage)
    goal = _weights(state, stage)
    log, seen = alternate(state, stage, measure, _towards(goal))
    put(goal, goal.values())
    return log, seen


def extragradient(state: State, stage: Stage, measure: bool = False) -> tuple[Log, int]:
    """All players look a step ahead, and step from where they stand by the gradients found there.

    Gidel et al. 2019 (A Variational Inequality Perspective on Generative Adversarial Networks), algorithm 2; with
    Adam, algorithm 4 (ExtraAdam): the look-ahead is a step of the optimiser too, so its moments see both gradients and
    its step count rises by two. Each half has a batch of its own. Buffers follow both halves.

    Raises:
        GameError: A player has several moves a round.
    """
    _one_move_each(stage)
    start = _weights(state, stage)
    ahead = dict(start)
    _, first = alternate(state, stage, mover=_towards(ahead))
    put(ahead, ahead.values())
    log, second = alternate(state, stage, measure, _towards(start), len(stage.turns))
    put(start, start.values())
    return log, first + second


def _one_move_each(stage: Stage) -> None:
    several = [turn.player for turn in stage.turns if turn.repeat > 1]
    if several:
        raise GameError(f"players that move at once move once a round: {', '.join(several)} moves several times")


def _weights(state: State, stage: Stage) -> Weights:
    movers = dict.fromkeys(turn.player for turn in stage.turns)
    return {p: p.detach().clone() for name in movers for p in state.params[name].values()}


def _towards(goal: Weights) -> Mover:
    """Moves that step from `goal`, and end there; the weights stay, for the others to take their gradients at."""

    def mover(state: State, turn: Turn, batch: Batch, given: Batch, slot: int, measure: bool) -> Log:
        params = list(state.params[turn.player].values())
        here = [p.detach().clone() for p in params]
        log = move(state, turn, batch, given, slot, measure, [goal[p] for p in params])
        if log:  # else no term was due, and nothing has moved
            goal.update({p: p.detach().clone() for p in params})
            put(params, here)
        return log

    return mover


class OptimisticAdam(torch.optim.Optimizer):
    """Adam that steps by twice its present direction less the one before (Daskalakis et al. 2018, algorithm 1).

    Args:
        params: What is moved.
        lr: The paper's eta.
        betas: Decay rates of the moments.
        eps: Added to the root of the second moment.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # the loop never hands in a closure
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            (beta1, beta2), lr, eps = group["betas"], group["lr"], group["eps"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = torch.zeros(())
                    state |= {name: torch.zeros_like(p) for name in ("exp_avg", "exp_avg_sq", "before")}
                state["step"] += 1
                t = float(state["step"])
                state["exp_avg"].lerp_(p.grad, 1 - beta1)
                state["exp_avg_sq"].lerp_(p.grad.square(), 1 - beta2)
                root = (state["exp_avg_sq"] / (1 - beta2**t)).sqrt_().add_(eps)
                now = (state["exp_avg"] / (1 - beta1**t)).div_(root)
                p.sub_(2 * now - state["before"], alpha=lr)
                state["before"].copy_(now)


def optimistic(
    optim: Callable[[list[nn.Parameter]], torch.optim.Optimizer],
) -> Callable[[list[nn.Parameter]], OptimisticAdam]:
    """The optimistic Adam with the settings of a factory of Adam.

    Raises:
        GameError: When it is called: the optimiser is not Adam, or decays weights.
    """

    def make(params: list[nn.Parameter]) -> OptimisticAdam:
        plain = optim(params)
        group = plain.param_groups[0]
        if type(plain) is not torch.optim.Adam or group["weight_decay"] or group["amsgrad"]:
            raise GameError(f"only plain Adam can be made optimistic, not {type(plain).__name__} as it is set")
        return OptimisticAdam(params, group["lr"], group["betas"], group["eps"])

    return make
