"""A time budget in samples, stage by stage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.core import Backend, State
from gansmith.recipes._registry import find_recipe
from gansmith.run import pace
from gansmith.run.pace import StageSpeed, measure_speeds, samples_in
from gansmith.run.settings import resolve
from gansmith.testing.recipes import data_for
from gansmith.testing.source import RandomSource

BATCH = 8
LENGTHS = st.lists(st.tuples(st.integers(1, 1000), st.floats(1e-3, 10.0), st.integers(1, 500)), min_size=1, max_size=4)


@given(lengths=LENGTHS, share=st.floats(0, 3))
def test_samples_of_a_time_are_those_of_its_stages(lengths: list[tuple[int, float, int]], share: float) -> None:
    speeds = [StageSpeed(str(i), rounds, each, seen) for i, (rounds, each, seen) in enumerate(lengths)]
    speeds[-1] = StageSpeed("last", None, *lengths[-1][1:])
    whole = sum(rounds * each for rounds, each, _ in lengths)
    left, samples = whole * share, 0.0
    for rounds, each, seen in lengths[:-1]:  # one round after the other
        played = min(rounds, left / each)
        left -= played * each
        samples += played * seen
    samples += left / lengths[-1][1] * lengths[-1][2]
    assert samples_in(whole * share, speeds) == pytest.approx(samples, abs=1, rel=1e-9)


def test_a_slow_last_stage_takes_its_share_of_the_time() -> None:
    fast, slow = StageSpeed("likelihood", 100, 0.01, 64), StageSpeed("game", None, 1.0, 64)
    assert samples_in(61, [fast, slow]) == 100 * 64 + 60 * 64
    assert samples_in(0.5, [fast, slow]) == 50 * 64


def test_every_stage_is_measured_in_its_own_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SECONDS", 0.01)
    monkeypatch.setattr(pace, "ROUNDS", (2, 3))
    recipe = find_recipe("timegan")
    hp = resolve(recipe, "s", {"batch": BATCH, "hidden": 4, "embedding": 2, "supervising": 1})
    spec = data_for(recipe)
    speeds = measure_speeds(lambda: State(recipe.game(spec, hp), RandomSource(spec, BATCH), 0, Backend(), 0))
    assert [(s.name, s.rounds) for s in speeds] == [("autoencoder", 2), ("supervisor", 1), ("joint", None)]
    # two moves of the generator and two of the autoencoder, each on a batch of its own; D sees the last
    assert [s.samples for s in speeds] == [BATCH, BATCH, 4 * BATCH]
    assert all(s.seconds > 0 for s in speeds)
