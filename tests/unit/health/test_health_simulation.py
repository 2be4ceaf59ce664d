"""What the doctor says of peaks."""

from __future__ import annotations

import math

import pytest

from gansmith.health.doctor import diagnose
from gansmith.health.history import History, Series


def said(ceiling: dict[str, float] | None = None, **final: float) -> dict[str, str]:
    history = History(final=final, ceiling=ceiling or {}, rounds=500, finished=True)
    return {d.name: " ".join(e.text for e in d.evidence) for d in diagnose(history)}


def test_a_peak_that_is_too_broad_is_told_in_words() -> None:
    found = said({"peak_width": 0.0}, peak_width=math.log(1.9), peak=0.1)
    assert found["peak-missed"] == "peaks of derived quantities are 1.9 times as wide as real ones, or as narrow"


def test_a_peak_at_another_place_is_told_in_words() -> None:
    assert "lie 0.8 real widths beside" in said({"peak": 0.1}, peak=0.9, peak_width=0.1)["peak-missed"]


@pytest.mark.parametrize(
    ("scores", "ceiling"),
    [({"peak_width": 0.2, "peak": 0.2}, {}), ({"peak_width": 0.5}, {"peak_width": 0.4}), ({"coverage": 0.9}, {})],
)
def test_nothing_is_said_of_peaks_that_are_as_good_as_real_ones(scores, ceiling) -> None:
    assert "peak-missed" not in said(ceiling, **scores)


def test_nothing_is_said_of_peaks_while_it_is_early() -> None:
    looks = {name: Series((10, 20), (1.0, 1.0)) for name in ("peak_width", "coverage")}
    history = History(total=1000, scores=looks, rounds=500)
    assert "peak-missed" not in {d.name for d in diagnose(history)}
