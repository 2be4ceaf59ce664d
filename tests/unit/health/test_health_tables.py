"""What the doctor says of made rows whose columns have too little to do with each other."""

from __future__ import annotations

import pytest

from gansmith.health.doctor import diagnose
from gansmith.health.history import History


def said(history: History) -> dict[str, str]:
    return {d.name: " ".join(e.text for e in d.evidence) for d in diagnose(history)}


def finished(**final: float) -> History:
    return History(final=final, rounds=500, finished=True)


def test_weak_relations_are_told_with_their_share() -> None:
    found = said(finished(association_strength=0.644, quality=0.9))
    assert found == {"weak-relations": "columns belong together 64% as strongly as in real rows"}


@pytest.mark.parametrize("final", [{"association_strength": 0.8}, {"association_strength": 1.2}, {"quality": 0.5}])
def test_nothing_is_said_of_columns_that_belong_together(final: dict[str, float]) -> None:
    assert list(said(finished(**final))) == ["healthy"]


def test_a_game_that_fell_apart_is_told_as_that() -> None:
    history = History(final={"association_strength": 0.1}, rounds=500, broke="G/likelihood")
    assert list(said(history)) == ["numerical-failure"]


def test_less_is_more_certain() -> None:
    weak, weaker = (diagnose(finished(association_strength=share))[0].confidence for share in (0.79, 0.4))
    assert 0.5 < weak < weaker < 1.0
