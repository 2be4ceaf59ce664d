"""Rules on the course of a run: numbers that break, quality that falls, swings or stands still, and the goal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from gansmith.health.balance import FEWEST, GOOD, POOR
from gansmith.health.diagnosis import Diagnosis, Evidence, Remedy
from gansmith.health.evidence import beyond, covering, percent, telling
from gansmith.health.history import History, Series

__all__ = [
    "average_behind",
    "converged",
    "divergence",
    "healthy",
    "numerical_failure",
    "oscillation",
    "stalled",
    "underway",
]

WORSE = 3.0
"""Times its best that the kernel distance ends at where a run has diverged."""

LEAP, GROWTH = 0.08, 12.0
"""Size of a step as a share of the weights' size, and growth of gradients over a run, that mean steps too large."""

ALONE = 3.0
"""Times that size which a step must have to tell by itself; smaller ones have to come again."""

SWING, LOOKS = 0.7, 6
"""Typical change of the kernel distance's logarithm from look to look that counts as swinging; looks that it needs."""

FLOOR = 0.03
"""Share of the usual kernel distance below which its changes are noise."""

FAIR = 0.7
"""Coverage, as a share of the real data's, above which changes from look to look are not worth a word."""

BEHIND = 2.0
"""Times the generator's own kernel distance that its average's is where the average is too slow."""

ALIKE = 0.25
"""Recall, as a share of what real data reaches, below which even a healthy run's samples are much alike."""

MIDDLE = 0.1
"""How far from a guess the discriminator may be at the end of a game that is over."""


def numerical_failure(history: History) -> Diagnosis | None:
    """A number stopped being one."""
    if not history.broke:
        return None
    return Diagnosis(
        "numerical-failure",
        "sick",
        1.0,
        None,
        f"{history.broke} stopped being a number. Everything computed from it is lost, and training can't go on.",
        (),
        (
            Remedy("setting", "smaller learning rates (lr_g, lr_d)"),
            Remedy("setting", "--precision fp32"),
            Remedy("setting", "a firmer penalty (gamma, gp, r1), or spectral normalisation (--recipe sngan)"),
        ),
    )


def runaway(history: History) -> Diagnosis | None:
    """Steps that are too large for the weights that take them, or gradients that grow without end."""
    covered = history.relative("coverage")
    if covered is None or covered >= POOR:
        return None
    steady = 2 if history.begun else 0  # an optimiser that begins anew leaps before it has found its scale
    sizes = history.of_players("update_ratio")
    leaps = {who: _leap(series.tenths[steady:]) for who, series in sizes.items()}
    grows = {who: series.growth for who, series in history.of_players("grad_norm").items()}
    if history.certain:
        leaps.pop("D", None)  # large steps that win are another trouble: the gradient vanishes
    who = max(leaps, key=lambda name: leaps[name], default="")
    evidence = []
    if leaps and leaps[who] > LEAP:
        text = f"a step of {who} moves its weights by {percent(leaps[who])} of their size (0.1% to 2% are usual)"
        evidence.append(Evidence(f"{who}/update_ratio", leaps[who], LEAP, text))
    if grows and min(grows.values()) > GROWTH:
        worst = max(grows, key=lambda name: grows[name])
        text = f"the gradients of all players grow without end, those of {worst} {grows[worst]:.0f} times"
        evidence.append(Evidence(f"{worst}/grad_norm", grows[worst], GROWTH, text))
    if not evidence:
        return None
    far = max(leaps.get(who, 0.0) / LEAP, min(grows.values(), default=0.0) / GROWTH)
    return Diagnosis(
        "divergence",
        "sick",
        beyond(far, 1.0, 3.0),
        None,
        "The players' steps are too large. What one of them has learnt is thrown over by its next step, so neither can "
        "follow the other.",
        (*evidence, covering(covered, POOR)),
        (
            Remedy("setting", f"a tenth of the learning rate of {who or 'both players'} (lr_g, lr_d)"),
            Remedy("setting", "a penalty on the discriminator's slope (--recipe r3gan, or penalty=10 with wgan-gp)"),
        ),
    )


def _leap(parts: Sequence[float]) -> float:
    """The largest of a player's steps; 0 where it is no more than chance: slightly too large, and only once."""
    first, second = sorted([0.0, 0.0, *parts])[:-3:-1]
    return first if second > LEAP or first > ALONE * LEAP else 0.0


def divergence(history: History) -> Diagnosis | None:
    """Quality was there and is lost."""
    kernel, coverage = history.score("kernel"), history.score("coverage")
    if len(kernel) < 4 or not coverage:
        return None
    now, best = kernel.after(0.8).mean, kernel.best
    held, most = coverage.after(0.8).mean, max(coverage.values)
    if now < WORSE * max(best, 1e-3) or held > 0.6 * most or most < 0.1:
        return None
    at = kernel.best_at
    return Diagnosis(
        "divergence",
        "sick",
        beyond(now / max(best, 1e-3), WORSE, 3 * WORSE),
        at,
        "Training went well and then fell apart. One player's steps have become too large for the other to follow.",
        (
            Evidence("kernel", now, WORSE * best, f"the distance to real data was {best:.3g} and is {now:.3g}"),
            Evidence("coverage", held, 0.6 * most, f"coverage was {percent(most)} and is {percent(held)}"),
        ),
        (
            Remedy("setting", "halve both learning rates (lr_g, lr_d)"),
            Remedy("setting", "a firmer penalty (gamma, gp, r1)"),
            Remedy(
                "time", f"the best model, from about {at:,} samples, is kept: it is the one in the run's model folder"
            ),
        ),
    )


def oscillation(history: History) -> Diagnosis | None:
    """Quality jumps from look to look, up as often as down."""
    raw, covered = history.score("kernel").after(0.3), history.relative("coverage")
    least = FLOOR * median(raw.values) if raw else 0.0
    if len(raw) < LOOKS or least <= 0 or (covered is not None and covered > FAIR):
        return None
    late = Series(raw.samples, tuple(max(value, least) for value in raw.values))
    steps = [math.log(b / a) for a, b in zip(late.values, late.values[1:], strict=False)]
    size, drift = sum(abs(s) for s in steps) / len(steps), abs(sum(steps)) / len(steps)
    if size < SWING or drift > size / 2:
        return None
    return Diagnosis(
        "oscillation",
        "watch",
        beyond(size, SWING, 2 * SWING),
        late.samples[0],
        "The players chase each other in circles: quality comes and goes instead of growing. Which model one gets is a "
        "matter of luck.",
        (
            Evidence(
                "kernel",
                size,
                SWING,
                f"the distance to real data changes by a factor of {math.exp(size):.1f} from look to look",
            ),
        ),
        (
            Remedy("setting", "smaller learning rates, or a rate that falls"),
            Remedy("setting", "a longer average of the generator (ema)"),
            Remedy("setting", "rule=optimistic or rule=extragradient"),
        ),
    )


def stalled(history: History) -> Diagnosis | None:
    """Samples are not good and no longer improve."""
    kernel, covered = history.score("kernel"), history.relative("coverage")
    if covered is None or covered >= GOOD or kernel.improving() is not False or history.covers_more:
        return None
    return Diagnosis(
        "stalled",
        "watch",
        beyond(-covered, -GOOD, 0.0),
        kernel.best_at,
        "Samples have stopped getting better before they were good. More of the same training will hardly help.",
        (
            Evidence(
                "kernel",
                kernel.after(2 / 3).best,
                kernel.between(1 / 3, 2 / 3).best,
                "the distance to real data no longer falls",
            ),
            covering(covered, GOOD),
        ),
        (
            Remedy("setting", "--recipe r3gan, where this is another one"),
            Remedy(
                "setting", "larger networks (--size m, width) if the data is rich; other learning rates if it is not"
            ),
        ),
    )


def average_behind(history: History) -> Diagnosis | None:
    """The averaged generator, which one gets, is worse than the one that is trained."""
    averaged, raw = history.score("kernel"), history.score("raw_kernel")
    covered = history.relative("coverage")
    if len(raw) < 4 or history.early or covered is None or covered >= POOR:
        return None
    now, own = averaged.after(0.7).mean, max(raw.after(0.7).mean, 1e-9)
    if now < BEHIND * own:
        return None
    return Diagnosis(
        "average-behind",
        "watch",
        beyond(now / own, BEHIND, 2 * BEHIND),
        None,
        "The model is an average of the generator over time, and that average lags behind. The generator itself is "
        "already better than what you would get.",
        (
            Evidence(
                "kernel", now, BEHIND * own, f"its distance to real data is {now:.3g}, that of the latest {own:.3g}"
            ),
        ),
        (
            Remedy("setting", "a shorter average: a smaller ema (its half-life in samples)"),
            Remedy("time", "train longer: the average follows"),
        ),
    )


def undertrained(history: History) -> Diagnosis | None:
    """The run ended with poor samples, and nothing shows that longer training would not have helped."""
    covered = history.relative("coverage")
    if not history.over or covered is None or covered >= POOR:
        return None
    return Diagnosis(
        "undertrained",
        "watch",
        beyond(-covered, -POOR, 0.0),
        None,
        "The run ended before samples were good. Nothing shows that the game had gone wrong.",
        (covering(covered, POOR),),
        (
            Remedy("time", "train longer: a larger --budget"),
            Remedy("setting", "larger learning rates (lr_g, lr_d), if samples changed slowly"),
        ),
    )


def converged(history: History) -> Diagnosis | None:
    """The game is over: the discriminator guesses, and samples are good and no longer improve.

    Not of a series that drifts: a distance that no longer falls then tells of the drift.
    """
    told, covered = history.signal("told_apart"), history.relative("coverage")
    if history.drifts:
        return None
    if len(told) < FEWEST or covered is None or covered < GOOD or history.score("kernel").improving(0.2) is not False:
        return None
    share = told.after(0.8).mean
    if abs(share - 0.5) > MIDDLE:
        return None
    return Diagnosis(
        "converged",
        "well",
        beyond(-abs(share - 0.5), -MIDDLE, 0.0),
        told.since(lambda v: abs(v - 0.5) <= MIDDLE),
        "The generator is so good that the discriminator can only guess. Longer training would change little.",
        (telling(share, 0.5 + MIDDLE),),
    )


def underway(history: History) -> Diagnosis:
    """Nothing can be said yet."""
    return Diagnosis(
        "underway", "well", 0.5, None, "The run has only begun: there is too little to judge it by. Ask again later."
    )


def healthy(history: History) -> Diagnosis:
    """Nothing is wrong."""
    told, covered = history.signal("told_apart"), history.relative("coverage")
    evidence = []
    if told:
        share = told.after(0.8).mean
        evidence.append(telling(share, 0.5))
    if covered is not None:
        evidence.append(covering(covered, 1.0))
    reached = history.relative("recall")
    alike = reached is not None and reached < ALIKE and not history.early
    if alike:
        text = f"samples reach {percent(reached or 0.0)} of the variety that real data has"
        evidence.append(Evidence("recall", reached or 0.0, ALIKE, text))
    more = not history.final or (covered or 0.0) < GOOD or alike
    outlook = "The model can be used." if not more else "Samples should go on getting better with more training."
    return Diagnosis(
        "healthy",
        "well",
        0.7,
        None,
        ("Both players learn from each other. " if told else "Nothing is wrong. ")
        + (
            "Samples look real but are much alike: look at several of a kind before you use them." if alike else outlook
        ),
        tuple(evidence),
        (Remedy("time", "for still better samples, go on with a larger --budget"),) if more else (),
    )
