"""Rules on the two players: who is too strong, and who learns by heart."""

from __future__ import annotations

from gansmith.health.diagnosis import Diagnosis, Evidence, Remedy
from gansmith.health.evidence import beyond, percent, telling
from gansmith.health.history import CERTAIN, EMPTY, LAST, History

__all__ = ["discriminator_overfit", "discriminator_too_weak", "vanishing_gradient"]

GUESSING, BY_HEART = 0.6, 0.65
POOR, GOOD = 0.5, 0.8
"""Coverage, as a share of the real data's: below, samples are poor; above, good."""

HOPELESS = 0.1
"""Coverage, as a share of the real data's, below which nobody needs to wait for a trend, but after a treatment."""

SAME = 0.01
"""Distance of two samples, as a share of that of two real items, at which all of them are one: that is collapse."""

ONE = 0.3
"""The same distance at which samples are of so few kinds that nobody could tell them apart for long."""

STILL = 1e-4
"""Size of the discriminator's steps, as a share of its weights' size, at which it learns nothing."""

FEWEST = 10
"""Values of a signal that a judgement needs."""


def _poor(history: History) -> tuple[float, float] | None:
    """How often the discriminator is right of late, and what samples cover; None where they aren't poor, or unknown."""
    told, covered = history.signal("told_apart"), history.relative("coverage")
    if len(told) < FEWEST or covered is None or covered >= POOR:
        return None
    return told.after(LAST).mean, covered


def vanishing_gradient(history: History) -> Diagnosis | None:
    """The discriminator is certain, and samples are poor and no longer improve."""
    poor = _poor(history)
    if poor is None:
        return None
    share, covered = poor
    improves = history.score("kernel").improving()
    between = history.now("spread")
    if between is not None and between < SAME:
        return None
    patient = covered > HOPELESS or history.begun > 0
    if share < CERTAIN or improves or (improves is None and patient):
        return None
    return Diagnosis(
        "vanishing-gradient",
        "sick",
        beyond(share, CERTAIN, 1.0),
        history.signal("told_apart").since(lambda v: v > CERTAIN),
        "The discriminator is so sure that it tells the generator nothing about which way is better. The generator "
        "stands still, however long it trains.",
        (
            Evidence(
                "told_apart", share, CERTAIN, f"the discriminator tells real from made {percent(share)} of the time"
            ),
            Evidence(
                "coverage",
                covered,
                POOR,
                f"samples cover {percent(covered)} of what real data covers, and no longer improve",
            ),
        ),
        (
            Remedy("setting", "train with --recipe r3gan, or another with a gradient penalty (wgan-gp, dragan)"),
            Remedy("setting", "slow the discriminator down: halve lr_d, or blur what it sees with instance_noise=0.1"),
            Remedy("setting", "never loss=minimax: its gradient vanishes where the discriminator is right"),
        ),
    )


def discriminator_too_weak(history: History) -> Diagnosis | None:
    """The discriminator guesses although samples are poor."""
    poor = _poor(history)
    if poor is None:
        return None
    share, covered = poor
    moves = history.of_players("update_ratio").get("D", EMPTY)
    still = len(moves) >= FEWEST and moves.after(0.5).mean < STILL
    between = history.now("spread")
    one = between is not None and between < ONE and not still  # the few that it makes are chased from place to place
    if share > GUESSING or one or (not still and (history.early or history.improving)):
        return None
    return Diagnosis(
        "discriminator-too-weak",
        "sick",
        beyond(-share, -GUESSING, -0.5),
        history.signal("told_apart").since(lambda v: v < GUESSING),
        "The discriminator hardly tells real from made although anyone else could. It has nothing to teach the "
        "generator.",
        (
            telling(share, GUESSING),
            Evidence("coverage", covered, POOR, f"yet samples cover only {percent(covered)} of what real data covers"),
        ),
        (
            Remedy("setting", "speed the discriminator up: double lr_d, or halve lr_g"),
            Remedy(
                "setting",
                "weaken what holds it back: a smaller penalty (gamma, gp, r1), less instance_noise, less augmentation",
            ),
            Remedy("setting", "a larger one: width, or --size m"),
        ),
    )


def discriminator_overfit(history: History) -> Diagnosis | None:
    """The discriminator scores training data above unseen real data."""
    gap = history.signal("overfit")
    if len(gap) < FEWEST:
        return None
    share = gap.after(LAST).mean
    if share < BY_HEART:
        return None
    covered = history.relative("coverage")
    return Diagnosis(
        "discriminator-overfit",
        "watch" if covered is not None and covered > GOOD else "sick",
        beyond(share, BY_HEART, 0.9),
        gap.since(lambda v: v > BY_HEART),
        "The discriminator has learnt the training data by heart: it likes them better than real data that it has not "
        "seen. From then on it teaches the generator to copy, or nothing.",
        (
            Evidence(
                "overfit",
                share,
                BY_HEART,
                f"it scores training data above unseen real data {percent(share)} of the time (50% without)",
            ),
        ),
        (
            Remedy(
                "setting",
                "let it see varied data: augment=ada (it adapts by itself), flip=true or shift=2 where they do no harm",
            ),
            Remedy("setting", "a firmer penalty (gamma, r1), or lecam=0.1"),
            Remedy("data", "more data, or a smaller discriminator (width)"),
        ),
    )
