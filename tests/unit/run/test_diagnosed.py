"""The report's section on diagnoses: sentences, plots of what shows them, and what the autopilot did."""

from __future__ import annotations

from gansmith.health import History, Series
from gansmith.run.diagnosed import diagnoses


def over(values: list[float]) -> Series:
    return Series.of([(1_000 * (i + 1), v) for i, v in enumerate(values)])


def run(**more) -> History:
    scores = {"kernel": over([1.0] * 10), "coverage": over([0.3] * 10), "recall": over([0.9] * 10)}
    return History(10_000, {"told_apart": over([0.99] * 20)}, scores, finished=True, rounds=500, **more)


def test_what_shows_a_diagnosis_is_drawn_with_its_bound() -> None:
    page = diagnoses(run(), over=True)
    assert "<strong>vanishing-gradient</strong>" in page and "What helps" in page
    assert page.count("<svg") == 2 and 'aria-label="told_apart"' in page and 'class="marker"' in page
    assert "has not finished" not in page and "has not finished" in diagnoses(run(), over=False)


def test_modes_are_drawn_as_bars_least_first() -> None:
    modes = {"cat & dog": over([0.5] * 10), "<owl>": over([0.0] * 10)}
    well = {"kernel": over([1 / (i + 1) for i in range(10)]), "coverage": over([0.9] * 10)}
    history = History(10_000, {}, well, finished=True, rounds=500, modes=modes, expected=dict.fromkeys(modes, 0.5))
    page = diagnoses(history, over=True)
    assert "<strong>mode-dropping</strong>" in page and page.count('class="bars"') == 1
    assert page.index("&lt;owl&gt;</td>") < page.index("cat &amp; dog</td>") and "width:100%" in page


def test_healthy_runs_have_no_plots_and_treatments_are_listed() -> None:
    history = History(10_000, {}, {"kernel": over([0.1]), "coverage": over([0.9])}, rounds=500, treated=("a: b <c>",))
    page = diagnoses(history, over=False)
    assert "<svg" not in page and "<li>a: b &lt;c&gt;</li>" in page
    assert diagnoses(History(), over=False).count("underway") == 1
