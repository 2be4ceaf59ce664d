"""What a doctor reads of a run in play: scores stand beside what real items reach."""

from __future__ import annotations

import pytest
import torch

from gansmith.health import diagnose
from gansmith.metrics import Settings
from gansmith.run.eye import Eye
from gansmith.run.history import history_of_events


def events(ceiling: dict[str, float], coverage: float = 0.06, told: float = 0.5, blocks: float = 0.0):
    """A run whose samples cover little of what validates."""
    yield {"event": "start", "total": 10_000}
    yield {"event": "data", "numbers": {"blocks": blocks}, "names": {}}
    for i in range(1, 11):
        samples = 1_000 * i
        yield {"event": "round", "round": 50 * i, "samples": samples, "values": {"contest": told}}
        scores = {"kernel": 0.1, "coverage": coverage, "recall": 0.7, "spread": 1.0}
        yield {"event": "evaluation", "samples": samples, "scores": scores, "modes": {}, "ceiling": ceiling}


def names(**more) -> set[str]:
    return {d.name for d in diagnose(history_of_events(events(**more)))}


def test_samples_that_cover_as_much_as_real_items_are_not_poor():
    assert "discriminator-too-weak" in names(ceiling={})
    assert "discriminator-too-weak" in names(ceiling={"coverage": 0.9})
    assert not names(ceiling={"coverage": 0.07}) & {"discriminator-too-weak", "stalled"}


def test_no_game_is_won_by_a_distance_that_real_items_have_too():
    assert "converged" in names(ceiling={"coverage": 0.9}, coverage=0.85, blocks=1.0)
    assert "converged" not in names(ceiling={"coverage": 0.2}, coverage=0.19, blocks=1.0)
    assert "converged" in names(ceiling={"coverage": 0.2}, coverage=0.19)


@pytest.mark.parametrize(
    ("nearer", "reached", "blocks", "said"),
    [(0.76, 0.9, 1.0, True), (0.76, 0.0, 1.0, False), (0.98, 0.0, 1.0, True), (0.76, 0.2, 0.0, True)],
)
def test_a_few_blocks_of_time_accuse_of_copies_only_for_sure(
    nearer: float, reached: float, blocks: float, said: bool
) -> None:
    results = [{"name": "train_closer", "value": nearer}, {"name": "coverage", "value": reached / 2}]
    metrics = {"results": results, "ceiling": [{"name": "coverage", "value": reached}]}
    found = {d.name for d in diagnose(history_of_events(events(ceiling={}, blocks=blocks), metrics))}
    assert ("memorisation" in found) is said


def test_a_score_of_which_real_items_reach_nothing_says_nothing():
    history = history_of_events(events(ceiling={"coverage": 0.0}))
    assert history.relative("coverage") is None and history.relative("recall") == pytest.approx(0.7)
    assert "discriminator-too-weak" not in {d.name for d in diagnose(history)}


def test_the_ceiling_of_a_finished_run_is_that_of_its_test():
    metrics = {"results": [{"name": "coverage", "value": 0.3}], "ceiling": [{"name": "coverage", "value": 0.6}]}
    assert history_of_events(events(ceiling={"coverage": 0.1}), metrics).relative("coverage") == pytest.approx(0.5)


def test_an_eye_knows_what_training_items_reach_of_blocks():
    def normal(n: int, seed: int, shift: float = 0.0) -> torch.Tensor:
        return torch.randn(n, 4, generator=torch.Generator().manual_seed(seed)) + shift

    def eye(shift: float, blocks: bool) -> Eye:
        train, val = ({"features": x} for x in (normal(2_000, 0), normal(300, 1, shift)))
        return Eye.of(lambda _, n: {"features": normal(n, 2)}, Settings(), val, train, (), (), blocks=blocks)

    near, far = eye(0.0, True), eye(3.0, True)
    assert near.ceiling["coverage"] > 0.7 > 0.1 > far.ceiling["coverage"]
    assert near.look(None).ceiling == near.ceiling and eye(3.0, False).look(None).ceiling == {}
    assert "train_closer" in eye(0.0, False).look(None).scores and "train_closer" not in near.look(None).scores
