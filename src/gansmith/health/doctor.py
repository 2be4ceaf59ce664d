"""From the history of a run to diagnoses."""

from __future__ import annotations

from collections.abc import Callable

from gansmith.health.balance import discriminator_overfit, discriminator_too_weak, vanishing_gradient
from gansmith.health.course import (
    average_behind,
    converged,
    divergence,
    healthy,
    numerical_failure,
    oscillation,
    runaway,
    stalled,
    undertrained,
    underway,
)
from gansmith.health.data import data_problem
from gansmith.health.diagnosis import Diagnosis
from gansmith.health.history import History
from gansmith.health.machine import loader_bound, memory_growth
from gansmith.health.simulation import peak_missed
from gansmith.health.tables import weak_relations
from gansmith.health.translation import hidden_information, meaning_lost
from gansmith.health.variety import condition_ignored, memorisation, mode_collapse, mode_dropping

__all__ = ["RULES", "diagnose"]

RULES: tuple[Callable[[History], Diagnosis | None], ...] = (
    data_problem,
    numerical_failure,
    runaway,
    discriminator_overfit,
    memorisation,
    divergence,
    vanishing_gradient,
    discriminator_too_weak,
    mode_collapse,
    mode_dropping,
    condition_ignored,
    hidden_information,
    meaning_lost,
    peak_missed,
    weak_relations,
    oscillation,
    loader_bound,
    memory_growth,
    average_behind,
    stalled,
    undertrained,
    converged,
)
"""In the order of causes: what stands first explains what stands behind it."""

SPOILT = ("numerical-failure", "divergence", "vanishing-gradient", "discriminator-too-weak", "mode-collapse")
"""Diagnoses of games in which nothing good is made."""

BEHIND = {
    "numerical-failure": ("data-problem",),
    "condition-ignored": ("data-problem",),
    "meaning-lost": ("numerical-failure", "divergence", "vanishing-gradient", "data-problem"),
    "peak-missed": (*SPOILT, "data-problem"),
    "weak-relations": (*SPOILT, "data-problem"),
    "mode-collapse": ("numerical-failure", "divergence", "vanishing-gradient", "discriminator-too-weak"),
    "discriminator-too-weak": ("divergence",),
    "memorisation": ("mode-collapse", "vanishing-gradient"),
    "mode-dropping": (*SPOILT, "condition-ignored", "data-problem"),
    "average-behind": SPOILT,
    "undertrained": (*SPOILT, "mode-dropping", "average-behind", "stalled", "oscillation", "data-problem"),
    "stalled": (*SPOILT, "mode-dropping", "average-behind"),
}
"""Diagnoses that others explain already."""

FEWEST_ROUNDS = 100
"""Rounds before which only the rules below are asked."""

AT_ONCE = (data_problem, runaway)
"""Rules that need no patience."""

LEVELS = ("sick", "watch", "well")


def diagnose(history: History) -> list[Diagnosis]:
    """All that is so, the most serious first, of equally serious ones the cause before the effect.

    `healthy` or `underway` where nothing is wrong.

    Args:
        history: The signals and scores of a run, finished or not.
    """
    rules = RULES if history.rounds >= FEWEST_ROUNDS or history.broke else AT_ONCE
    said: dict[str, Diagnosis] = {}
    for rule in rules:
        if (found_by := rule(history)) is not None:
            said.setdefault(found_by.name, found_by)  # divergence shows in two ways
    found = [d for d in said.values() if not said.keys() & set(BEHIND.get(d.name, ()))]
    if not found:
        judged = rules is RULES and (history.final or any(history.scores.values()))
        found = [healthy(history) if judged else underway(history)]
    return sorted(found, key=lambda d: LEVELS.index(d.level))
