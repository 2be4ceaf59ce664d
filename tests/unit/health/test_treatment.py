"""What the autopilot decides: mild steps first, bounded, with patience, and only for what it can change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.health import Diagnosis, History, Series
from gansmith.health.treatment import ALL, FIT, MOST, PATIENCE, Ability, Treatment, treat

TOTAL = 10_000
ABILITY = Ability(("D", "G"), ("D/adv", "D/penalty", "G/adv"), ("D/pairs", "D/slope_real", "D/slope_made", "G/pairs"))
CARED = (
    "numerical-failure",
    "divergence",
    "vanishing-gradient",
    "discriminator-too-weak",
    "mode-collapse",
    "mode-dropping",
    "discriminator-overfit",
    "memorisation",
    "data-problem",
)


def history(**steps: float) -> History:
    """A run whose players' steps have these sizes."""
    signals = {f"{who}/update_ratio": Series.of([(i, size) for i in range(100)]) for who, size in steps.items()}
    return History(TOTAL, signals, rounds=500)


def said(name: str, level: str = "sick") -> list[Diagnosis]:
    return [Diagnosis(name, level, 0.9, None, "Meaning.")]  # type: ignore[arg-type]


def test_steps_that_are_too_large_get_rates_that_fit_and_weights_go_back():
    able = replace(ABILITY, reach={"D": 0.03, "G": 2.0})
    found = treat(said("divergence"), history(D=0.004, G=0.4), able, {}, [], 1_000)
    assert found is not None and found.back and found.forget == ("D", "G") and not found.stop
    assert found.dials == {"lr/G": pytest.approx(FIT / 2.0)}, "the one whose steps are of a usual size keeps its rate"
    usual = treat(said("divergence"), history(D=0.1, G=0.1), replace(ABILITY, reach={"D": 0.03}), {}, [], 1_000)
    assert usual is not None and usual.dials["weight/D/pairs"] == 1.0, "rates are as they should be: it is the loss"
    again = treat(said("divergence"), history(D=0.004, G=0.01), able, found.dials, [found], 5_000)
    assert again is not None and again.dials["weight/D/pairs"] == 1.0 and "lr/G" not in again.dials
    dials = {**found.dials, **again.dials}
    last = treat(said("divergence"), history(D=0.004, G=0.01), able, dials, [found, again], 9_000)
    assert last is not None and last.back and last.dials["lr/G"] < found.dials["lr/G"]


@pytest.mark.parametrize("name", ["vanishing-gradient", "mode-collapse", "mode-dropping"])
def test_the_loss_in_reserve_takes_the_place_of_the_games_own(name):
    found = treat(said(name), history(D=0.01, G=0.01), ABILITY, {}, [], 1_000)
    assert found is not None
    off = {k for k, v in found.dials.items() if v == 0}
    on = {k for k, v in found.dials.items() if v == 1}
    assert off == {"weight/D/adv", "weight/G/adv"}, "the penalty stays"
    assert on == {f"weight/{term}" for term in ABILITY.reserve}
    assert not {"lr/D", "lr/G"} & found.dials.keys(), "rates are left alone where they are of a usual size, or unknown"
    able = replace(ABILITY, reach={"D": 0.04, "G": 1e-4})
    odd = treat(said(name), history(), able, {"lr/G": 2.0}, [], 1_000)
    assert odd is not None and odd.dials["lr/G"] == pytest.approx(FIT / 1e-4) and "lr/D" not in odd.dials
    assert ("weight/D/pairs" in odd.dials) == (name != "vanishing-gradient"), "there, rates that fit may be enough"
    without = treat(said(name), history(D=0.01, G=0.01), replace(ABILITY, reserve=()), {}, [], 1_000)
    assert without is not None and set(without.dials) <= {"lr/D", "lr/G"} and without.dials


def test_where_samples_cover_nothing_the_loss_in_reserve_takes_over_at_once_and_weights_go_back():
    for name in ("divergence", "vanishing-gradient", "discriminator-too-weak"):
        far = replace(ABILITY, reach={"D": 1e-7, "G": 2.0})
        for covered in (0.02, 0.3):
            looks = {"coverage": Series.of([(i, covered) for i in range(10)])}
            found = treat(said(name), replace(history(D=1e-7), scores=looks), far, {}, [], 1_000)
            assert found is not None and found.back and found.dials["lr/D" if name != "divergence" else "lr/G"] != 1.0
            assert ("weight/D/pairs" in found.dials) == (covered < 0.1), "nothing is lost with a loss that made nothing"
        without = replace(far, reserve=())
        none = treat(said(name), replace(history(D=1e-7), scores=looks), without, {}, [], 1_000)
        assert none is not None and not any(dial.startswith("weight/") for dial in none.dials)


def test_a_discriminator_that_stands_still_is_brought_to_usual_steps():
    able = replace(ABILITY, reach={"D": 1e-7, "G": 0.02})
    found = treat(said("discriminator-too-weak"), history(D=1e-7, G=0.01), able, {}, [], 1_000)
    assert found is not None and found.dials["lr/D"] == pytest.approx(FIT / 1e-7) and found.back
    slow = treat(said("discriminator-too-weak"), history(D=0.01, G=0.01), ABILITY, {"lr/D": 2.0}, [], 1_000)
    assert slow is not None and slow.dials["lr/D"] > 2.0 > 1.0 > slow.dials["lr/G"]


def test_what_learns_by_heart_is_treated_once_and_then_stopped():
    first = treat(said("memorisation"), history(), ABILITY, {}, [], 1_000)
    assert first is not None and not first.stop
    second = treat(said("memorisation"), history(), ABILITY, {}, [first], 9_000)
    assert second is not None and second.stop


def test_faulty_data_ends_the_run():
    found = treat(said("data-problem"), history(), ABILITY, {}, [], 100)
    assert found is not None and found.stop and not found.dials


def test_a_game_that_is_over_ends_once_nothing_changes_any_more():
    def looks(values):
        return replace(history(D=0.01), scores={"kernel": Series.of(list(enumerate(values)))})

    over = said("converged", "well")
    flat, falls = looks([1.0, 0.1, *[0.05] * 7]), looks([1 / (i + 1) for i in range(9)])
    found = treat(over, flat, ABILITY, {}, [], 9_000)
    assert found is not None and found.stop and found.of == "converged" and not found.dials
    assert treat(over, falls, ABILITY, {}, [], 9_000) is None
    assert treat(over, looks([0.1] * 7), ABILITY, {}, [], 7_000) is None, "seven looks are too few"
    assert treat(said("healthy", "well"), flat, ABILITY, {}, [], 9_000) is None


def test_nothing_is_done_where_nothing_is_serious_or_can_be_done():
    assert treat(said("stalled", "watch"), history(), ABILITY, {}, [], 1_000) is None
    assert treat(said("condition-ignored"), history(), ABILITY, {}, [], 1_000) is None
    assert treat([], history(), ABILITY, {}, [], 1_000) is None


def test_a_treatment_is_given_time_unless_a_number_broke():
    past = [Treatment("mode-collapse", 5_000)]
    soon = 5_000 + int(PATIENCE * TOTAL) - 1
    assert treat(said("divergence"), history(D=0.1, G=0.1), ABILITY, {}, past, soon) is None
    assert treat(said("divergence"), history(D=0.1, G=0.1), ABILITY, {}, past, soon + 2) is not None
    broke = replace(history(), broke="D/adv")
    assert treat(said("numerical-failure"), broke, ABILITY, {}, past, soon) is not None


@given(st.lists(st.sampled_from(CARED), min_size=1, max_size=60), st.floats(1e-9, 10), st.floats(1e-9, 10))
def test_no_run_is_treated_for_ever(names, d, g):
    """Whatever is said, at every look: it ends in a stop, and dials stay numbers above or at 0."""
    dials: dict[str, float] = {}
    past: list[Treatment] = []
    for i, name in enumerate(names * 4):
        found = treat(said(name), history(D=d, G=g), replace(ABILITY, reach={"D": g, "G": d}), dials, past, i * TOTAL)
        assert found is not None
        past.append(found)
        if found.stop:
            break
        dials |= found.dials
        assert all(v in (0, 1) or 1e-6 <= v <= 1e6 for v in dials.values())
    assert past[-1].stop and len(past) <= ALL + 1
    assert all(sum(t.of == name for t in past) <= MOST + 1 for name in names)
