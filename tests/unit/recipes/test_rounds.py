"""Ways of playing a round as settings of recipes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gansmith.core import Backend, GameError, OptimisticAdam, State, extragradient, play
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe
from gansmith.recipes._rounds import played
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import LABELLED

SMALL = {"width": 4, "z_dim": 8, "batch": 8}
WAYS = [{"rule": "simultaneous"}, {"rule": "extragradient"}, {"rule": "optimistic"}, {"unroll": 2}]


def state_of(recipe="dcgan", backend=None, **settings):
    found = find_recipe(recipe)
    torch.manual_seed(0)
    game = found.game(LABELLED, resolve(found, "s", {**SMALL, **settings}))
    return State(game, RandomSource(LABELLED, 8), 0, backend, 512)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_way_of_playing_acts_and_resumes_exactly(way):
    plain, whole = state_of(), state_of(**way)
    play(plain, 4)
    play(whole, 4)
    a, kept = plain.snapshot(), whole.snapshot()
    assert any(not torch.equal(v, kept.tensors[k]) for k, v in a.tensors.items())
    play(whole, 4)
    again = state_of(**way)
    again.restore(kept)
    play(again, 4)
    a, b = whole.snapshot(), again.snapshot()
    assert all(torch.equal(v, b.tensors[k]) for k, v in a.tensors.items()) and a.meta == b.meta


def test_settings_become_rules():
    assert state_of(rule="extragradient").game.rule is extragradient and state_of().game.rule is None
    assert all(isinstance(o, OptimisticAdam) for o in state_of(rule="optimistic").optims.values())
    assert "rule: extragradient" in state_of(rule="extragradient").game.describe()
    assert "rule: unrolling" in state_of(unroll=3).game.describe()


def test_looking_ahead_is_refused_in_pieces():
    with pytest.raises(GameError, match="micro-batches would change what G, D compute"):
        state_of(unroll=1, backend=Backend(micro=4))


@pytest.mark.parametrize(
    ("recipe", "settings", "says"),
    [
        ("dcgan", {"unroll": 2, "rule": "extragradient"}, "unroll=2: G can look ahead only with rule=alternate"),
        ("wgan-gp", {"rule": "extragradient"}, "rule=extragradient: every player has to move once a round"),
    ],
)
def test_settings_that_do_not_fit_are_refused(recipe, settings, says):
    with pytest.raises(InputError, match=says):
        state_of(recipe, **settings)


def test_other_optimisers_are_refused():
    game = state_of().game
    players = {k: replace(p, optim=lambda ps: torch.optim.RMSprop(ps)) for k, p in game.players.items()}
    for settings, says in (
        ({"rule": "optimistic"}, "rule=optimistic: only plain Adam"),
        ({"unroll": 1}, "unroll: only"),
    ):
        with pytest.raises(InputError, match=says):
            played(replace(game, players=players), resolve(find_recipe("dcgan"), "s", settings))
