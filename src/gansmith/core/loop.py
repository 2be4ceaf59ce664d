"""The loop: plays any game, and knows nothing of generators, discriminators, images or noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor

from gansmith.core.average import average
from gansmith.core.game import RoundRule, Stage, Turn
from gansmith.core.moves import Log, forward, move
from gansmith.core.state import State
from gansmith.types import Batch, Clock, count_rows

__all__ = ["Hook", "Mover", "RoundRule", "alternate", "play"]

Hook = Callable[[State, Log], None]
"""Called after every round with the nets in eval mode: the one way out. May sample freely without changing the run."""

Mover = Callable[[State, Turn, Batch, Batch, int, bool], Log]
"""Makes one move, as `move` does."""


def play(
    state: State,
    rounds: int,
    hooks: Iterable[Hook] = (),
    measure: Callable[[Clock], bool] | None = None,
) -> None:
    """Play `rounds` rounds, walking through the game's stages.

    Args:
        state: What is played; it continues where it stands.
        rounds: How many rounds.
        hooks: Called in order after every round.
        measure: In which rounds gradient norms and update ratios are logged; default never.
    """
    hooks = tuple(hooks)
    for _ in range(rounds):
        game, clock = state.game, state.clock
        stage = game.stages[clock.stage]
        log, seen = (game.rule or alternate)(state, stage, measure is not None and measure(clock))
        average(state, seen)
        for control in game.controls:
            control(game.nets, log, clock)
        clock.round, clock.stage_round, clock.samples = clock.round + 1, clock.stage_round + 1, clock.samples + seen
        if clock.stage_round == stage.rounds and clock.stage + 1 < len(game.stages):
            clock.stage, clock.stage_round = clock.stage + 1, 0
        if hooks:
            for net in game.nets.values():
                net.eval()
        for hook in hooks:
            hook(state, log)


def alternate(
    state: State, stage: Stage, measure: bool = False, mover: Mover | None = None, slot: int = 0
) -> tuple[Log, int]:
    """The players move one after the other, each seeing the moves before.

    Args:
        state: The game in play.
        stage: Whose turns are played.
        measure: Also log gradient norms and update ratios.
        mover: What makes a move, in place of `move` (for other rules).
        slot: Number of the first move: moves of a round with the same number have the same noise.
    """
    log: Log = {}
    batch: dict[str, Tensor] | None = None
    carried: dict[str, dict[str, Tensor]] = {}
    seen = 0
    for turn in stage.turns:
        for _ in range(turn.repeat if state.clock.stage_round % turn.every == 0 else 0):
            if batch is None or turn.fresh:
                batch = state.backend.put(next(state.source))
                seen += count_rows(batch) * state.backend.world
                carried = {owner: forward(state, owner, batch, names) for owner, names in stage.carry.items()}
            given = {k: v if o == turn.player else v.detach() for o, vs in carried.items() for k, v in vs.items()}
            log |= (mover or move)(state, turn, batch, given, slot, measure)
            slot += 1
    return log, seen
