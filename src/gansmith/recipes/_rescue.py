"""What every duel has in reserve: the modern baseline's loss and penalties, for a doctor to turn up in play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gansmith.core import Game, Term, Turn
from gansmith.objectives.adversarial import relativistic
from gansmith.objectives.penalties import zero_centred

__all__ = ["rescued"]

EVERY = 4
"""Rounds between two penalties, as in `r3gan`."""


def rescued(game: Game) -> Game:
    """The game with R3GAN's terms in reserve, where a discriminator scores real and made images of its scene.

    Huang et al. 2024: pairs of real and made samples are compared, and the slope is kept small at both, which has a
    stable equilibrium where other losses circle or vanish. Nothing is computed until a dial turns a term up.
    """
    if game.contest is None or not {"image", "fake"} <= game.visible or not {"D", "G"} <= game.players.keys():
        return game
    scores = game.contest
    reserve: Mapping[str, Mapping[str, Term]] = {
        "D": {
            "pairs": Term(lambda s: relativistic(*scores(s))),
            "slope_real": Term(lambda s: zero_centred(scores(s)[0], s.image), every=EVERY, leaves=("image",)),
            "slope_made": Term(lambda s: zero_centred(scores(s)[1], s.fake), every=EVERY, leaves=("fake",)),
        },
        "G": {"pairs": Term(lambda s: relativistic(*reversed(scores(s))))},
    }
    stages = tuple(replace(stage, turns=tuple(_with(turn, reserve) for turn in stage.turns)) for stage in game.stages)
    return replace(game, stages=stages)


def _with(turn: Turn, reserve: Mapping[str, Mapping[str, Term]]) -> Turn:
    """The turn with the reserve of its player, in a turn that plays the adversarial term."""
    return replace(turn, reserve=reserve[turn.player]) if turn.player in reserve and "adv" in turn.terms else turn
