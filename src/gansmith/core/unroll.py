"""Unrolled games: a player's opponents see where it will be after some more steps (Metz et al. 2017).

The steps are taken inside the opponents' loss and differentiated through, so that they feel how it will answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from gansmith.core.game import Game, GameError, RoundRule, Stage, Term, Turn
from gansmith.core.loop import alternate
from gansmith.core.moves import Log, move
from gansmith.core.scene import Scene
from gansmith.core.schedules import at
from gansmith.core.state import State
from gansmith.types import Batch

__all__ = ["unrolled"]

TINY = 1e-24
"""Least second moment under a root that is differentiated: the slope at 0 would be infinite."""

Values = Mapping[str, Tensor]


def unrolled(game: Game, learner: str, steps: int, keep: tuple[str, ...] = ()) -> Game:
    """The game in which the other players' terms look at the learner's nets some steps ahead.

    The steps are those of the learner's own optimiser, Adam from its present moments or plain gradient descent, on its
    terms that need no leaves and are played in every round; the scene is that of the opponent's move. Between
    processes each takes them on its own rows, and micro-batches are refused.

    Args:
        game: What is played; its players move one after the other.
        learner: The player that is looked ahead of.
        steps: How many steps.
        keep: Flows that do not depend on the learner: computed once, and shown to every step.

    Raises:
        GameError: The game has a rule of its own, or no such player, or its optimiser is another one.
    """
    if game.rule is not None:
        raise GameError("only a game whose players move one after the other can be unrolled")
    if learner not in game.players:
        raise GameError(f"there is no player {learner!r} to unroll; known: {', '.join(game.players)}")
    _descent(game.players[learner].optim([nn.Parameter(torch.zeros(1))]), {})  # refuse what it can't follow, now

    def ahead(turn: Turn) -> Turn:
        if turn.player == learner:
            return turn
        terms = {k: t if t.leaves else replace(t, fn=_looking_ahead(t.fn)) for k, t in turn.terms.items()}
        return replace(turn, terms=terms)

    stages = tuple(replace(stage, turns=tuple(map(ahead, stage.turns))) for stage in game.stages)
    coupled = (*game.batch_coupled, *game.players[learner].nets)
    return replace(
        game, stages=stages, batch_coupled=tuple(dict.fromkeys(coupled)), rule=_showing(learner, steps, keep)
    )


def _showing(learner: str, steps: int, keep: tuple[str, ...]) -> RoundRule:
    """Moves one after the other, in which the learner's opponents are shown what it takes to look ahead."""

    def unrolling(state: State, stage: Stage, measure: bool = False) -> tuple[Log, int]:
        shown = {"learner": _Learner.of(state, stage, learner, steps, keep)}

        def mover(state: State, turn: Turn, batch: Batch, given: Batch, slot: int, measure: bool) -> Log:
            return move(state, turn, batch, given if turn.player == learner else {**given, **shown}, slot, measure)

        return alternate(state, stage, measure, mover)

    return unrolling


def _looking_ahead(fn: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
    def term(scene: Any) -> Tensor:
        learner: _Learner = scene.learner
        if "ahead" not in scene.__dict__:  # all terms of a move look at the same point
            scene.__dict__["ahead"] = learner.ahead(scene), learner.again(scene)
        values, there = scene.ahead
        return learner.at(values, fn, there)

    return term


class _Held(nn.Module):
    """Nets under their names, so that a function of a scene can be called with other values of their parameters."""

    def __init__(self, nets: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, net in nets.items():
            self.add_module(name, net)

    def forward(self, fn: Callable[[Any], Tensor], scene: Scene) -> Tensor:
        """The function's value."""
        return fn(scene)


@dataclass(frozen=True)
class _Learner:
    """What it takes to play a player's steps without moving it."""

    held: _Held
    params: Mapping[str, nn.Parameter]
    optim: torch.optim.Optimizer
    terms: tuple[tuple[Callable[[Any], Tensor], float], ...]
    steps: int
    keep: tuple[str, ...]

    @classmethod
    def of(cls, state: State, stage: Stage, name: str, steps: int, keep: tuple[str, ...]) -> _Learner:
        due: list[tuple[str, Term]] = []
        for turn in stage.turns:
            if turn.player == name and turn.every == 1:
                due += [(k, t) for k, t in turn.terms.items() if t.every == 1 and not t.leaves]
        terms = tuple((t.fn, at(t.weight, state.clock) * state.dial(f"weight/{name}/{k}")) for k, t in due)
        if not terms:
            raise GameError(f"{name!r} has no term in every round that it could be unrolled by")
        nets = {net: state.game.nets[net] for net in state.game.players[name].nets}
        return cls(_Held(nets), state.params[name], state.optims[name], terms, steps, keep)

    def at(self, values: Values, fn: Callable[[Any], Tensor], scene: Scene) -> Tensor:
        """A function of a scene where the learner's parameters have these values."""
        found: Tensor = functional_call(self.held, dict(values), (fn, scene))
        return found

    def again(self, scene: Scene) -> Scene:
        """The scene without what depends on the learner."""
        return scene.afresh(*(name for name in self.keep if hasattr(type(scene), name)))

    def ahead(self, scene: Scene) -> Values:
        """The learner's parameters after its steps, as functions of the scene."""
        values: Values = {k: p.detach().clone().requires_grad_() for k, p in self.params.items()}
        step = _descent(self.optim, self.params)
        for _ in range(self.steps):
            there = self.again(scene)
            loss = self.at(values, self._loss, there)
            slopes = torch.autograd.grad(
                loss, list(values.values()), create_graph=True, allow_unused=True, materialize_grads=True
            )
            values = step(values, dict(zip(values, slopes, strict=True)))
        return values

    def _loss(self, scene: Scene) -> Tensor:
        return torch.stack([fn(scene) * weight for fn, weight in self.terms]).sum()


def _descent(optim: torch.optim.Optimizer, params: Mapping[str, nn.Parameter]) -> Callable[[Values, Values], Values]:
    """One differentiable step after the other of an optimiser, from its present state, which stays."""
    group = optim.param_groups[0]
    if type(optim) is torch.optim.SGD and not group["momentum"] and not group["weight_decay"]:
        return lambda values, slopes: {k: v - group["lr"] * slopes[k] for k, v in values.items()}
    if type(optim) is not torch.optim.Adam or group["amsgrad"] or group["weight_decay"]:
        raise GameError(f"only plain Adam and plain gradient descent can be unrolled, not {type(optim).__name__}")
    kept = {name: optim.state.get(p, {}) for name, p in params.items()}
    counts = {name: float(state.get("step", 0)) for name, state in kept.items()}
    first, second = (
        {name: state.get(slot, torch.zeros_like(params[name])) for name, state in kept.items()}
        for slot in ("exp_avg", "exp_avg_sq")
    )
    beta1, beta2 = group["betas"]

    def step(values: Values, slopes: Values) -> Values:
        moved = {}
        for name, value in values.items():
            counts[name] += 1
            first[name] = beta1 * first[name] + (1 - beta1) * slopes[name]
            second[name] = beta2 * second[name] + (1 - beta2) * slopes[name].square()
            root = (second[name] / (1 - beta2 ** counts[name])).clamp_min(TINY).sqrt() + group["eps"]
            moved[name] = value - group["lr"] * first[name] / (1 - beta1 ** counts[name]) / root
        return moved

    return step
