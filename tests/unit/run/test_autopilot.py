"""The autopilot on a game in play: what it turns, where weights go, what it remembers."""

from __future__ import annotations

import pytest
import torch

from gansmith.core import Backend, State, play
from gansmith.health import Diagnosis, History, Series
from gansmith.health.treatment import FIT
from gansmith.recipes._registry import find_recipe
from gansmith.run.autopilot import Autopilot, ability_of
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.types import Field

SPEC = {"image": Field((1, 16, 16), head="tanh")}


def state_of(name: str = "gan", **settings) -> State:
    recipe = find_recipe(name)
    hp = resolve(recipe, "s", {"batch": 4, **settings})
    torch.manual_seed(0)
    return State(recipe.game(SPEC, hp), RandomSource(SPEC, 4), 0, Backend(), 4_000)


def shelf():
    kept = []
    return kept, lambda snapshot: kept.append(snapshot), lambda: kept[-1] if kept else None


def sick(name: str) -> list[Diagnosis]:
    return [Diagnosis(name, "sick", 1.0, None, "Meaning.")]


WELL = [Diagnosis("healthy", "well", 0.7, None, "Meaning.")]
LEAPS = History(4_000, {f"{p}/update_ratio": Series.of([(i, 0.5) for i in range(20)]) for p in ("D", "G")}, rounds=200)


def weights(state: State) -> list[torch.Tensor]:
    return [p.detach().clone() for net in state.game.nets.values() for p in net.parameters()]


def same(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_weights_go_back_and_time_goes_on():
    state = state_of(lr_g=0.2, lr_d=0.2)
    _, keep, fetch = shelf()
    pilot = Autopilot(keep, fetch)
    pilot.begin(state)
    before = weights(state)
    play(state, 3)
    assert not same(before, weights(state))
    done = pilot.consider(state, sick("divergence"), LEAPS)
    assert done is not None and done.back and same(before, weights(state))
    assert state.clock.round == 3 and state.clock.samples == 12
    assert not state.optims["G"].state and state.dials["lr/G"] < 1
    play(state, 1)
    assert not same(before, weights(state)), "the game goes on"


def test_a_run_that_has_only_begun_is_no_state_to_go_back_to():
    state = state_of()
    kept, keep, fetch = shelf()
    pilot = Autopilot(keep, fetch)
    pilot.begin(state)
    pilot.consider(state, [Diagnosis("underway", "well", 0.5, None, "Meaning.")], History())
    assert len(kept) == 1


def test_a_worse_state_does_not_take_the_place_of_a_better_one():
    def after(*kernel: float) -> History:
        return History(4_000, scores={"kernel": Series.of(list(enumerate(kernel)))}, rounds=200)

    state = state_of()
    kept, keep, fetch = shelf()
    pilot = Autopilot(keep, fetch)
    pilot.begin(state)
    for count, kernel in ((2, (0.5,)), (2, (0.5, 0.9)), (3, (0.5, 0.9, 0.2))):
        pilot.consider(state, WELL, after(*kernel))
        assert len(kept) == count
    again = Autopilot(keep, fetch, (), pilot.best, pilot.sizes)
    again.consider(state, WELL, after(0.4))
    assert len(kept) == 3 and again.best == 0.2


def test_rates_are_judged_by_the_weights_that_the_run_began_with():
    state = state_of()
    _, keep, fetch = shelf()
    pilot = Autopilot(keep, fetch)
    pilot.begin(state)
    weights = torch.cat([p.detach().flatten() for p in state.params["D"].values()]).abs()
    assert pilot.sizes["D"] == pytest.approx(float(weights[weights > 0].median()))
    with torch.no_grad():
        for p in state.params["G"].values():
            p.mul_(100)
    state.dials["lr/G"] = 1e3
    done = pilot.consider(state, sick("divergence"), LEAPS)
    assert done is not None and state.dials["lr/G"] == done.dials["lr/G"]
    assert done.dials["lr/G"] == pytest.approx(FIT / (2e-4 / pilot.sizes["G"]))


def test_what_too_large_steps_have_made_is_nothing_to_go_back_to():
    state = state_of()
    kept, keep, fetch = shelf()
    pilot = Autopilot(keep, fetch)
    pilot.begin(state)
    state.dials["lr/D"] = 1e4
    pilot.consider(state, WELL, History())
    assert len(kept) == 1
    state.dials["lr/D"] = 1.0
    pilot.consider(state, WELL, History())
    assert len(kept) == 2


def test_the_reserve_is_played_once_it_is_turned_up():
    state, log = state_of(), {}
    play(state, 1, [lambda _, found: log.update(found)])
    assert not any("pairs" in name or "slope" in name for name in log)
    _, keep, fetch = shelf()
    pilot = Autopilot(keep, fetch)
    assert ability_of(state, {}).reserve == ("D/pairs", "D/slope_real", "D/slope_made", "G/pairs")
    pilot.consider(state, sick("mode-collapse"), History(4_000, rounds=200))
    log.clear()
    play(state, 4, [lambda _, found: log.update(found)])
    assert {"D/pairs", "D/slope_real", "D/slope_made", "G/pairs"} <= log.keys()
    assert not {"D/adv", "G/adv"} & log.keys(), "what is turned down to nothing is not computed"


def test_every_game_of_a_discriminator_of_images_can_be_rescued():
    for name in ("dcgan", "wgan-gp", "dragan", "sngan", "acgan", "r3gan", "fastgan"):
        state = state_of(name)
        for term in ability_of(state, {}).reserve:
            state.dials[f"weight/{term}"] = 1.0
        assert ability_of(state, {}).reserve, name
        log: dict[str, torch.Tensor] = {}
        play(state, 4, [lambda _, found, log=log: log.update(found)])
        assert {f"D/{t}" for t in ("pairs", "slope_real", "slope_made")} <= log.keys(), name
        assert all(bool(torch.isfinite(v)) for v in log.values()), name
    assert not ability_of(state_of("vae"), {}).reserve


def test_what_was_done_survives_an_interruption():
    state = state_of()
    _, keep, fetch = shelf()
    pilot = Autopilot(keep, fetch)
    pilot.begin(state)
    pilot.consider(state, sick("divergence"), LEAPS)
    again = Autopilot(keep, fetch, [t.to_json() for t in pilot.past])
    assert again.past == pilot.past
    other = state_of()
    other.restore(state.snapshot())
    assert other.dials == state.dials
