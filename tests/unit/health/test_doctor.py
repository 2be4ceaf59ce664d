"""The doctor on histories made by hand: each failure by itself, its beginning, and what is said of healthy runs."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.health import History, Series, diagnose
from gansmith.health.doctor import FEWEST_ROUNDS

TOTAL, TICKS, LOOKS = 10_000, 100, 10


def even(values, total=TOTAL):
    """A series of values at equal distances up to `total`."""
    return Series.of([(round(total * (i + 1) / len(values)), v) for i, v in enumerate(values)])


def history(told=0.7, overfit=0.5, kernel=None, recall=0.8, coverage=0.9, accuracy=0.9, final=True, **more) -> History:
    """A run that went well, but for what is given: numbers, or lists over time."""

    def over(value, count):
        return even(value if isinstance(value, list) else [value] * count)

    scores = {
        "kernel": over(kernel or [1.0 / (i + 1) for i in range(LOOKS)], LOOKS),
        "recall": over(recall, LOOKS),
        "coverage": over(coverage, LOOKS),
        "accuracy": over(accuracy, LOOKS),
    }
    last = {name: series.values[-1] for name, series in scores.items()} | {"train_closer": 0.5, "duplicates": 0.0}
    made = History(
        total=TOTAL,
        signals={"told_apart": over(told, TICKS), "overfit": over(overfit, TICKS)},
        scores=scores,
        final=last if final else {},
        ceiling={"recall": 1.0, "coverage": 1.0, "accuracy": 0.95},
        classes=10,
        finished=final,
        rounds=1_000,
    )
    return replace(made, **more)


FLAT = [1.0] * LOOKS

LAGGING = history(coverage=0.4, recall=0.4)
LAGGING = replace(LAGGING, scores={**LAGGING.scores, "raw_kernel": even([0.3 / (i + 1) for i in range(LOOKS)])})


def with_memory(values) -> History:
    made = history()
    return replace(made, signals={**made.signals, "memory": even(values)})


@pytest.mark.parametrize(
    ("name", "sick"),
    [
        ("mode-collapse", history(recall=0.02, coverage=0.2)),
        ("vanishing-gradient", history(told=0.99, kernel=FLAT, coverage=0.4, recall=0.4)),
        ("discriminator-too-weak", history(told=0.52, kernel=FLAT, coverage=0.3, recall=0.4)),
        ("discriminator-overfit", history(overfit=[0.5] * 40 + [0.85] * 60, coverage=0.7)),
        (
            "divergence",
            history(kernel=[1, 0.5, 0.1, 0.05, 0.05, 0.2, 0.8, 1.0, 1.5, 2.0], coverage=[0.5] * 6 + [0.05] * 4),
        ),
        ("memorisation", replace(history(), final={**history().final, "train_closer": 0.9})),
        ("memorisation", replace(history(), final={**history().final, "duplicates": 0.2})),
        ("condition-ignored", history(accuracy=0.12)),
        ("numerical-failure", replace(history(), broke="the weight G.stem")),
        ("data-problem", history(facts={"leaking": 0.3}, names={"leaking": "a.jpg"})),
        (
            "mode-dropping",
            history(
                modes={"cat": even([0.49] * 10), "dog": even([0.51] * 10), "owl": even([0.0] * 10)},
                expected=dict.fromkeys(("cat", "dog", "owl"), 1 / 3),
            ),
        ),
    ],
)
def test_each_failure_is_named_first_with_what_it_means_and_what_helps(name, sick):
    found = diagnose(sick)
    assert (found[0].name, found[0].level) == (name, "sick")
    assert found[0].meaning.count(". ") >= 1 and found[0].remedies
    assert 0.5 <= found[0].confidence <= 1
    if name != "numerical-failure":
        assert found[0].evidence


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("oscillation", history(kernel=[0.1, 1.0] * 5, coverage=0.6)),
        ("stalled", history(kernel=FLAT, coverage=0.6)),
        ("condition-ignored", history(accuracy=0.45)),
        ("discriminator-overfit", history(overfit=0.8)),
        ("mode-dropping", history(modes={"owl": even([0.01] * 10)}, expected={"owl": 0.06})),
        ("undertrained", history(coverage=0.4, recall=0.4)),
        ("average-behind", LAGGING),
        ("memory-growth", with_memory([1_000 + 20 * i for i in range(TICKS)])),
    ],
)
def test_what_is_to_be_watched_is_no_illness(name, run):
    found = {d.name: d.level for d in diagnose(run)}
    assert found[name] == "watch" and "sick" not in found.values()


def test_what_is_missing_is_named_and_since_when():
    made = {"cat": even([0.5] * 10), "dog": even([0.3] * 10), "owl": even([0.25] * 5 + [0.01] * 5)}
    found, *_ = diagnose(history(modes=made, expected={"cat": 0.5, "dog": 0.25, "owl": 0.25}))
    assert (found.name, found.level, found.since) == ("mode-dropping", "sick", 6_000)
    assert "1 of 3 kinds are missing: owl (4% of what it should be)" in found.evidence[0].text


def test_modes_are_not_missed_early_nor_where_nothing_good_is_made():
    gone = {"modes": {"owl": even([0.0] * 10)}, "expected": {"owl": 0.3}}
    early = history(final=False, **gone)
    scores = {name: Series(s.samples[:2], s.values[:2]) for name, s in early.scores.items()}
    assert [d.name for d in diagnose(replace(early, scores=scores))] == ["healthy"]
    assert "mode-dropping" not in {d.name for d in diagnose(history(recall=0.02, coverage=0.2, **gone))}


def test_what_makes_one_kind_only_is_not_chased_by_a_weak_discriminator():
    weak = history(told=0.52, kernel=FLAT, coverage=0.01, recall=0.0)
    assert diagnose(weak)[0].name == "discriminator-too-weak"
    assert diagnose(replace(weak, scores={**weak.scores, "spread": even([0.1] * LOOKS)}))[0].name == "mode-collapse"


def test_large_steps_of_a_discriminator_that_wins_are_no_divergence():
    lost = history(told=0.99, kernel=FLAT, coverage=0.05, recall=0.05)

    def leaping(who):
        return replace(lost, signals={**lost.signals, f"{who}/update_ratio": even([0.3] * TICKS)})

    assert [d.name for d in diagnose(leaping("D"))] == ["vanishing-gradient"]
    assert diagnose(leaping("G"))[0].name == "divergence", "the cause before the effect"


def test_a_small_leap_is_chance_and_two_are_a_habit():
    lost = history(told=0.6, kernel=FLAT, coverage=0.05, recall=0.05)

    def leaping(*tenths, size=0.1):
        sizes = [size if i * 10 // TICKS in tenths else 0.01 for i in range(TICKS)]
        return {d.name for d in diagnose(replace(lost, signals={**lost.signals, "D/update_ratio": even(sizes)}))}

    assert "divergence" not in leaping(4)
    assert "divergence" in leaping(4, 7)
    assert "divergence" in leaping(0, size=0.5), "weights that were thrown far off once move little from then on"


def test_a_generator_that_makes_one_thing_has_collapsed_however_sure_the_discriminator_is():
    same = history(told=0.99, kernel=FLAT, coverage=0.01, recall=0.0)
    assert diagnose(same)[0].name == "vanishing-gradient"
    assert diagnose(replace(same, scores={**same.scores, "spread": even([0.0] * LOOKS)}))[0].name == "mode-collapse"


def test_a_spike_in_the_beginning_hides_no_oscillation():
    names = {d.name for d in diagnose(history(kernel=[1_000.0, *[0.1, 1.0] * 6], coverage=0.6))}
    assert "oscillation" in names


def test_memory_that_settles_is_no_leak():
    for values in (
        [1_000] * TICKS,
        [100 + 2 * i for i in range(TICKS)],
        [1_000 + 60 * min(i, 60) for i in range(TICKS)],
    ):
        assert [d.name for d in diagnose(with_memory(values))] == ["healthy"]


def test_an_average_that_follows_is_well():
    close = replace(LAGGING, scores={**LAGGING.scores, "raw_kernel": LAGGING.score("kernel")})
    assert "average-behind" not in {d.name for d in diagnose(close)}


def test_a_game_that_is_over_has_converged():
    (found,) = diagnose(history(told=0.52, kernel=[1.0, 0.2, *[0.1] * 8]))
    assert (found.name, found.level) == ("converged", "well")


def test_a_healthy_run_is_healthy_and_can_be_used():
    (found,) = diagnose(history())
    assert (found.name, found.level) == ("healthy", "well") and "can be used" in found.meaning


def test_before_there_is_anything_to_judge_nothing_is_said():
    assert [d.name for d in diagnose(History())] == ["underway"]
    early = history(recall=0.0, coverage=0.0, final=False, rounds=FEWEST_ROUNDS - 1)
    assert [d.name for d in diagnose(early)] == ["underway"]


def test_one_kind_of_samples_in_the_beginning_is_no_collapse():
    def looks(upto):
        scores = {name: Series(s.samples[:upto], s.values[:upto]) for name, s in collapsed.scores.items()}
        return {d.name for d in diagnose(replace(collapsed, scores=scores))}

    collapsed = history(recall=0.02, coverage=0.1, final=False)
    assert "mode-collapse" not in looks(4)
    assert "mode-collapse" in looks(5)
    one = replace(collapsed, scores={**collapsed.scores, "spread": even([0.0] * LOOKS)})
    early = {name: Series(s.samples[:3], s.values[:3]) for name, s in one.scores.items()}
    assert "mode-collapse" in {d.name for d in diagnose(replace(one, scores=early))}, "all samples are one: no doubt"
    rising = replace(collapsed, scores={**collapsed.scores, "coverage": even([0.02 * i for i in range(LOOKS)])})
    assert "mode-collapse" not in {d.name for d in diagnose(rising)}, "samples still cover more and more"


def test_an_illness_has_a_beginning():
    told = [0.7] * 50 + [0.99] * 50
    (found, *_) = diagnose(history(told=told, kernel=FLAT, coverage=0.4, recall=0.4))
    assert found.since == 5_100
    (found, *_) = diagnose(
        history(kernel=[1, 0.5, 0.1, 0.05, 0.05, 0.2, 0.8, 1.0, 1.5, 2.0], coverage=[0.5] * 6 + [0.05] * 4)
    )
    assert found.since == 4_000


def test_what_explains_stands_without_what_it_explains():
    names = [d.name for d in diagnose(history(told=0.99, kernel=FLAT, coverage=0.4, recall=0.4))]
    assert "stalled" not in names


def test_collapse_within_classes_is_said():
    (found, *_) = diagnose(history(recall=0.02, coverage=0.2, accuracy=0.9))
    assert "within each class" in found.meaning
    (found, *_) = diagnose(history(recall=0.02, coverage=0.2, accuracy=0.2))
    assert "within each class" not in found.meaning


numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(numbers, max_size=20), st.lists(numbers, max_size=20), st.lists(numbers, max_size=120), st.booleans())
def test_any_numbers_give_a_diagnosis_and_never_an_error(kernel, coverage, told, final):
    scores = {"kernel": even(kernel), "coverage": even(coverage), "recall": even(coverage), "accuracy": even(coverage)}
    last = {n: s.values[-1] for n, s in scores.items() if s} if final else {}
    found = diagnose(
        History(TOTAL, {"told_apart": even(told), "overfit": even(told)}, scores, last, classes=3, rounds=500)
    )
    assert found and all(0 <= d.confidence <= 1 and not math.isnan(d.confidence) for d in found)
    assert [d.to_json()["name"] for d in found] == [d.name for d in found]


def test_series_leave_out_what_is_no_number():
    series = Series.of([(1, 1.0), (2, math.nan), (3, 3.0)])
    assert (series.samples, series.values, series.mean, series.best) == ((1, 3), (1.0, 3.0), 2.0, 1.0)
    assert series.since(lambda v: v > 2) == 3 and series.since(lambda v: v < 2) is None
    assert math.isnan(Series().mean) and not Series()


def test_the_guide_lists_every_diagnosis_and_no_other():
    root = Path(__file__).parents[3]
    code = "".join(p.read_text(encoding="utf-8") for p in (root / "src/gansmith/health").glob("*.py"))
    named = set(re.findall(r'Diagnosis\(\s*"([a-z-]+)"', code))
    page = (root / "docs/guide/doctor.md").read_text(encoding="utf-8").split("## Diagnoses")[1]
    assert named == set(re.findall(r"^\| `([a-z-]+)`", page, re.MULTILINE)) and len(named) == 23


def test_a_healthy_run_of_samples_that_are_much_alike_says_so():
    """One picture a class can lie near much of the data: coverage is high where variety is not."""
    (found,) = diagnose(history(recall=0.06, coverage=0.78))
    assert (found.name, found.level) == ("healthy", "well")
    assert "much alike" in found.meaning and "can be used" not in found.meaning and found.remedies
    assert any(e.signal == "recall" and "6% of the variety" in e.text for e in found.evidence)
