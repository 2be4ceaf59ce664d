"""The transformer with and without its critic."""

import pytest

from gansmith.core import State, play
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe
from gansmith.testing.recipes import FIELDS
from gansmith.testing.source import RandomSource

RECIPE = find_recipe("transformer-gan")
SMALL = {"width": 8, "depth": 1, "batch": 8}


def game(**settings):
    return RECIPE.game(FIELDS["music"], RECIPE.hp.model_validate({**SMALL, **settings}))


def test_without_a_critic_likelihood_alone_is_learnt():
    alone = game(adversarial=0)
    assert set(alone.nets) == {"G"}
    state = State(alone, RandomSource(FIELDS["music"], 8), 0, total=80)
    seen = []
    play(state, 4, [lambda state, log: seen.append(set(log))])
    assert all("G/likelihood" in names and "G/adv" not in names for names in seen)
    assert set(game().nets) == {"G", "D"}


@pytest.mark.parametrize("settings", [{"hears": False}, {"lr_d": 0.1}, {"every": 2}])
def test_what_acts_on_the_critic_is_refused_without_it(settings):
    with pytest.raises(InputError, match="acts on the critic, which adversarial=0 leaves out"):
        game(adversarial=0, **settings)
