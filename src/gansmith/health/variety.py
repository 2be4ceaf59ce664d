"""Rules on what samples are like: how many kinds there are, whether they are copies, whether they obey."""

from __future__ import annotations

from gansmith.health.balance import SAME
from gansmith.health.diagnosis import Diagnosis, Evidence, Remedy
from gansmith.health.evidence import beyond, percent
from gansmith.health.history import History

__all__ = ["condition_ignored", "memorisation", "mode_collapse", "mode_dropping"]

FEW_REACHED, FEW_COVERED = 0.25, 0.5
"""Recall and coverage, as shares of what real data reaches, that are both missed where modes have collapsed."""

DROPPED, LOST = 0.2, 0.25
"""Samples in a mode, as a share of what the data has there, below which it is dropped; share of the data in dropped
modes from which on that is serious.
"""

LOOKS = 3
"""Looks at which all samples are one: then nobody needs to wait for more."""

NARROW = 0.5
"""Mean distance of two samples, as a share of that of two real items, that is worth telling."""

COPIED, DUPLICATES = 0.65, 0.01

COPIED_FOR_SURE = 0.9
"""The same share of a series that drifts: a few blocks of time are by chance nearer to samples than what lies about
them, or less near, but copies are nearer to training nearly always.
"""

ALIKE = 0.04
"""Coverage below which samples are so much alike that all of them may be nearer to training data by chance."""

DISOBEYED = 0.5
"""Accuracy, from chance (0) to what real data reaches (1), below which a condition counts as ignored."""

ENOUGH = 0.3
"""Coverage, as a share of the real data's, above which samples are good enough to ask whether they obey."""


def mode_collapse(history: History) -> Diagnosis | None:
    """Few kinds of samples: recall and coverage are both far below what real data reaches."""
    recall, coverage, between = history.relative("recall"), history.relative("coverage"), history.now("spread")
    few = FEW_REACHED * history.ceiling.get("recall", 1.0)
    one = between is not None and between < SAME and len(history.score("spread")) >= LOOKS
    if recall is None or coverage is None or (not one and (history.early or history.improving)):
        return None
    if recall >= FEW_REACHED or coverage >= FEW_COVERED:
        return None
    evidence = [
        Evidence("recall", recall, FEW_REACHED, f"samples reach {percent(recall)} of the variety that real data has"),
        Evidence("coverage", coverage, FEW_COVERED, f"they lie near {percent(coverage)} of what real samples lie near"),
    ]
    if between is not None and between < NARROW:
        text = f"two samples differ by {percent(between)} of what two real items do"
        evidence.append(Evidence("spread", between, NARROW, text))
    obeys = history.relative("accuracy")
    per_class = history.classes > 1 and obeys is not None and obeys > 0.7
    if per_class:
        evidence.append(
            Evidence("accuracy", obeys or 0.0, 0.7, "classes are told apart: it is within each that few kinds are made")
        )
    where = "within each class " if per_class else ""
    return Diagnosis(
        "mode-collapse",
        "sick",
        beyond(-recall, -FEW_REACHED, 0.0),
        history.score("recall").since(lambda v: v < few),
        f"The generator has found a few samples that fool the discriminator and makes {where}nothing else. Other noise "
        "gives almost the same picture, so most of what the data shows is never made.",
        tuple(evidence),
        (
            Remedy("setting", "train with --recipe r3gan: its pairing loss and penalties keep both players in balance"),
            Remedy("setting", "let the discriminator see several samples at once: pack=2, or batch_features=std"),
            Remedy("setting", "halve both learning rates (lr_g, lr_d)"),
        ),
    )


def mode_dropping(history: History) -> Diagnosis | None:
    """Whole classes or clusters of the data are hardly made, though the rest is."""
    if history.early or history.improving:
        return None
    made = {name: series.after(0.8).mean / history.expected[name] for name, series in history.modes.items()}
    dropped = sorted((name for name in made if made[name] < DROPPED), key=lambda name: made[name])
    if not dropped:
        return None
    lost = sum(history.expected[name] for name in dropped)
    first = dropped[0]
    bound = DROPPED * history.expected[first]
    told = ", ".join(f"{name} ({percent(made[name])} of what it should be)" for name in dropped[:5])
    more = f" and {len(dropped) - 5} more" if len(dropped) > 5 else ""
    return Diagnosis(
        "mode-dropping",
        "sick" if lost >= LOST else "watch",
        beyond(-made[first], -DROPPED, 0.0),
        history.modes[first].since(lambda v: v < bound),
        "Some kinds of what the data shows are hardly ever made. The generator found that it fools the discriminator "
        "without them.",
        (
            Evidence("modes", lost, LOST, f"{len(dropped)} of {len(made)} kinds are missing: {told}{more}"),
            Evidence("modes", lost, LOST, f"{percent(lost)} of the data is of these kinds"),
        ),
        (
            Remedy("setting", "train with --recipe r3gan: its pairing loss makes every real item count"),
            Remedy("setting", "let the discriminator see several samples at once: pack=2, or batch_features=std"),
            Remedy("data", "if these kinds are rare in the data, add items of them"),
        ),
    )


def memorisation(history: History) -> Diagnosis | None:
    """Copies: samples are nearer to training data than to unseen data of the same size."""
    nearer, copies = history.now("train_closer"), history.now("duplicates")
    covered = history.relative("coverage")
    few = history.early or (covered is not None and covered < ALIKE)
    bound = COPIED_FOR_SURE if history.drifts else COPIED
    copied = nearer is not None and nearer > bound and not few
    doubled = copies is not None and copies > DUPLICATES
    if not copied and not doubled:
        return None
    evidence = []
    if nearer is not None:
        text = f"{percent(nearer)} of samples lie nearer to training than to unseen data (50% without copying)"
        evidence.append(Evidence("train_closer", nearer, bound, text))
    if copies is not None:
        evidence.append(
            Evidence("duplicates", copies, DUPLICATES, f"{percent(copies)} of samples equal a training sample")
        )
    return Diagnosis(
        "memorisation",
        "sick",
        1.0 if doubled else beyond(nearer or 0.0, bound, 1.0 if bound > COPIED else 0.9),
        None,
        "The generator repeats training data instead of making new samples. What it makes can give away whose data it "
        "was trained on.",
        tuple(evidence),
        (
            Remedy("data", "train with more data"),
            Remedy(
                "setting",
                "let the discriminator see varied data: augment=ada, flip=true or shift=2 where they do no harm",
            ),
            Remedy("time", "stop earlier: a smaller --budget"),
        ),
    )


def condition_ignored(history: History) -> Diagnosis | None:
    """Samples that don't show the class that was asked for, though they are good otherwise."""
    right, reach, covered = history.now("accuracy"), history.ceiling.get("accuracy", 1.0), history.relative("coverage")
    if history.classes < 2 or right is None or covered is None or covered < ENOUGH or history.early:
        return None
    chance = 1 / history.classes
    obeyed = (right - chance) / max(reach - chance, 1e-9)
    if obeyed >= DISOBEYED:
        return None
    return Diagnosis(
        "condition-ignored",
        "sick" if obeyed < DISOBEYED / 2 else "watch",
        beyond(-obeyed, -DISOBEYED, 0.0),
        None,
        "Samples don't show the class that was asked for. The discriminator does not look at the label enough, so the "
        "generator has no reason to.",
        (
            Evidence(
                "accuracy",
                right,
                chance + DISOBEYED * (reach - chance),
                f"the judge sees the class asked for in {percent(right)} of samples (chance {percent(chance)}, in real "
                f"data {percent(reach)})",
            ),
        ),
        (
            Remedy(
                "setting",
                "train with --recipe r3gan (its term `label`: raise match=) or --recipe acgan (raise read_g=)",
            ),
            Remedy("data", "check the labels: are they right, and can one see them in the data?"),
            Remedy("time", "train longer: labels are often learnt late"),
        ),
    )
