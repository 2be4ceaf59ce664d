"""How a round is played, as options of a recipe: `played` changes a finished game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
from pydantic import BaseModel
from pydantic import Field as Setting
from torch import nn

from gansmith.core import Game, GameError, extragradient, optimistic, simultaneous, unrolled
from gansmith.core.game import RoundRule
from gansmith.errors import InputError

__all__ = ["RoundHp", "played"]

RULES: Mapping[str, RoundRule] = {"simultaneous": simultaneous, "extragradient": extragradient}
"""Other rules than one move after the other; optimistic moves are such moves by another optimiser."""


class RoundHp(BaseModel):
    """Hyper-parameters of recipes that leave it open how a round is played."""

    rule: Literal["alternate", "simultaneous", "extragradient", "optimistic"] = Setting(
        "alternate",
        description="how a round is played: one move after the other; all at once; from where all look a step ahead "
        "(two batches a round); one after the other by optimistic Adam",
    )
    unroll: int = Setting(
        0,
        ge=0,
        le=100,
        description="steps of D that G looks ahead, which helps where lr_d is about a tenth of lr_g; each costs D a "
        "pass forward and two back",
    )


def played(game: Game, hp: Any) -> Game:
    """The game with rounds as the settings say.

    Args:
        game: A finished game of a player `D` and others.
        hp: Hyper-parameters; those without `RoundHp` leave the game as it is.

    Raises:
        InputError: The settings do not fit each other or the game.
    """
    if not isinstance(hp, RoundHp):
        return game
    if hp.unroll and hp.rule != "alternate":
        raise InputError(f"unroll={hp.unroll}: G can look ahead only with rule=alternate, not {hp.rule}")
    several = any(turn.repeat > 1 for stage in game.stages for turn in stage.turns)
    if hp.rule in RULES and several:
        raise InputError(f"rule={hp.rule}: every player has to move once a round, and one moves several times here")
    try:
        if hp.unroll:
            return unrolled(game, "D", hp.unroll, keep=("fake", "condition"))
        if hp.rule == "optimistic":
            players = {k: replace(p, optim=optimistic(p.optim)) for k, p in game.players.items()}
            for player in players.values():  # refuse other optimisers than Adam now
                player.optim([nn.Parameter(torch.zeros(1))])
            return replace(game, players=players)
    except GameError as error:
        raise InputError(f"{'unroll' if hp.unroll else 'rule=optimistic'}: {error}") from None
    return replace(game, rule=RULES.get(hp.rule))
