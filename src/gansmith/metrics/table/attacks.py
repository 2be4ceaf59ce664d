"""The risks that European data protection names, as attacks: inference of a secret, and linking of two sources.

In the manner of anonymeter (Giomi et al. 2023, PoPETs 2023(2), arXiv:2211.10459): an attacker holds the made rows and
knows something of each target. The rate of success on training records stands beside the rate of the same attack on
held-out records, which measures what the data's own rules give away about anybody; the *risk* is what goes beyond it,
(attack - control) / (1 - control). Rates are Wilson's estimates, as there. Distances are Gower's: the mean difference
of the known columns, numbers over the range of both tables, categories 0 or 1; two missing values are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError
from gansmith.metrics.functional import check_enough
from gansmith.metrics.table.columns import Columns, Numbers, check_names
from gansmith.metrics.table.intervals import wilson_middle

__all__ = [
    "Attack",
    "Rate",
    "attribute_inference",
    "attribute_risks",
    "correct_guesses",
    "gower_nearest",
    "linkability",
    "success_rate",
]

TOLERANCE = 0.05
PIECE = 4 * 2**20


@dataclass(frozen=True)
class Rate:
    """How often an attack succeeds.

    Attributes:
        tries: Attacks.
        successes: Those that succeeded.
        value: Wilson's estimate, the middle of the interval: between `successes / tries` and 0.5.
        error: Half the interval's width.
    """

    tries: int
    successes: int
    value: float
    error: float


@dataclass(frozen=True)
class Attack:
    """An attack on training records, and the same on held-out records.

    Attributes:
        attack: Rate on training records.
        control: Rate on held-out records.
        risk: (attack - control) / (1 - control), cut to 0..1; 0 where the control always succeeds.
        low: Lower end of its interval, by propagating both errors.
        high: Upper end.
    """

    attack: Rate
    control: Rate
    risk: float
    low: float
    high: float

    @classmethod
    def of(cls, attack: Rate, control: Rate) -> Attack:
        """The risk of two rates."""
        left = 1 - control.value
        if left <= 0:
            return cls(attack, control, 0.0, 0.0, 1.0)
        risk = (attack.value - control.value) / left
        error = float(np.hypot(attack.error / left, control.error * (1 - attack.value) / left**2))
        ends = (float(np.clip(end, 0, 1)) for end in (risk, risk - error, risk + error))
        return cls(attack, control, *ends)


def success_rate(successes: int, tries: int, confidence: float = 0.95) -> Rate:
    """Wilson's estimate of a rate, with half the width of its interval; raises `TooFew` without tries."""
    check_enough("an attack", 1, tries)
    return Rate(tries, successes, *wilson_middle(successes / tries, tries, confidence))


def _scale(targets: Columns, made: Columns, name: str) -> float:
    both = np.concatenate([targets[name], made[name]])
    both = both[~np.isnan(both)]
    return (float(both.max() - both.min()) if len(both) else 0.0) or 1.0


def _differences(targets: Columns, made: Columns, name: str, part: slice, scale: float) -> Numbers:
    """Gower's differences of one column `(len(part), M)`."""
    a, b = targets[name][part, None], made[name][None, :]
    found: Numbers
    if name in made.categories:
        found = (a != b).astype(np.float64)
        return found
    gone, gone_made = np.isnan(a), np.isnan(b)
    found = np.abs(np.where(gone, 0.0, a) - np.where(gone_made, 0.0, b)) / scale
    if gone.any() or gone_made.any():
        found = np.where(gone | gone_made, (gone != gone_made).astype(np.float64), found)
    return found


def _first(distance: Numbers, k: int) -> NDArray[Any]:
    """The k smallest of each row, in order; of equal ones the first."""
    found: NDArray[Any]
    if k == 1:
        found = distance.argmin(1)[:, None]
        return found
    found = np.argsort(distance, axis=1, kind="stable")[:, :k]
    return found


def gower_nearest(targets: Columns, made: Columns, names: Sequence[str], k: int = 1) -> NDArray[Any]:
    """The k made rows nearest to each target in the named columns `(N, k)`, by Gower's distance.

    Args:
        targets: N rows, aligned with `made`.
        made: M rows.
        names: Columns.
        k: Neighbours, at most M.

    Returns:
        Indices, nearest first; of equally near rows the first.
    """
    check_enough(f"a search for {k} neighbours", k, len(made))
    scale = {name: 1.0 if name in made.categories else _scale(targets, made, name) for name in names}
    step, found = max(1, PIECE // len(made)), []
    for start in range(0, len(targets), step):
        part = slice(start, min(start + step, len(targets)))
        distance = np.zeros((part.stop - start, len(made)))
        for name in names:
            distance += _differences(targets, made, name, part, scale[name])
        found.append(_first(distance, k))
    return np.concatenate(found)


def correct_guesses(guess: NDArray[Any], truth: NDArray[Any], category: bool) -> NDArray[np.bool_]:
    """Which guesses are right `(N,)`: the same category, or a number within 5 % of the guess; both missing is right."""
    right: NDArray[np.bool_]
    if category:
        right = guess == truth
    else:
        right = (np.abs(guess - truth) <= TOLERANCE * np.abs(guess)) | (np.isnan(guess) & np.isnan(truth))
    return right


def _targets(columns: Columns, most: int, rng: np.random.Generator) -> Columns:
    return columns.take(rng.permutation(len(columns))[:most])


def _attacked(
    succeeds: Callable[[Columns], NDArray[np.bool_]],
    sides: tuple[Columns, Columns],
    most: int,
    confidence: float,
    seed: int,
) -> Attack:
    """An attack on some training records and, as its control, on some held-out ones."""
    rng = np.random.default_rng(seed)
    found = [succeeds(_targets(side, most, rng)) for side in sides]
    return Attack.of(*(success_rate(int(hits.sum()), len(hits), confidence) for hits in found))


def _check(made: Columns, columns: Sequence[str], most: int) -> None:
    check_names(columns, made)
    if not columns:
        raise InputError("an attack needs at least one known column")
    if most < 1:
        raise InputError(f"attacks must be at least 1, got {most}")


def attribute_inference(
    made: Columns,
    train: Columns,
    held_out: Columns,
    secret: str,
    known: Sequence[str] | None = None,
    *,
    attacks: int = 500,
    confidence: float = 0.95,
    seed: int = 0,
) -> Attack:
    """Guess a secret column of a record from the made row that is nearest in the known ones.

    Args:
        made: Made rows, aligned with the others.
        train: Training records.
        held_out: Real rows that were not trained on.
        secret: The column to guess.
        known: What the attacker knows; None for all other columns.
        attacks: Targets on each side at most.
        confidence: Of the intervals.
        seed: Of the choice of targets.

    Raises:
        InputError: An unknown column, the secret among the known ones, or none known.
    """
    names = [name for name in made.names if name != secret] if known is None else list(known)
    _check(made, [secret], attacks)
    _check(made, names, attacks)
    if secret in names:
        raise InputError(f"the secret {secret!r} is among the known columns")

    def right(targets: Columns) -> NDArray[np.bool_]:
        guess = made[secret][gower_nearest(targets, made, names)[:, 0]]
        return correct_guesses(guess, targets[secret], secret in made.categories)

    return _attacked(right, (train, held_out), attacks, confidence, seed)


def attribute_risks(
    made: Columns, train: Columns, held_out: Columns, *, attacks: int = 500, confidence: float = 0.95, seed: int = 0
) -> dict[str, Attack]:
    """`attribute_inference` of each column in turn, all others known, on the same targets; arguments as there."""
    _check(made, made.names[1:], attacks)
    rng = np.random.default_rng(seed)
    right: dict[str, list[Rate]] = {name: [] for name in made.names}
    for side in (train, held_out):
        targets = _targets(side, attacks, rng)
        scale = {name: _scale(targets, made, name) for name in made.numbers}
        step, hits = max(1, PIECE // (len(made) * len(made.names))), dict.fromkeys(made.names, 0)
        for start in range(0, len(targets), step):
            part = slice(start, min(start + step, len(targets)))
            own = [_differences(targets, made, name, part, scale.get(name, 1.0)) for name in made.names]
            total = np.sum(own, axis=0)
            for name, difference in zip(made.names, own, strict=True):
                guess = made[name][(total - difference).argmin(1)]
                hits[name] += int(correct_guesses(guess, targets[name][part], name in made.categories).sum())
        for name, count in hits.items():
            right[name].append(success_rate(count, len(targets), confidence))
    return {name: Attack.of(*rates) for name, rates in right.items()}


def linkability(
    made: Columns,
    train: Columns,
    held_out: Columns,
    first: Sequence[str],
    second: Sequence[str],
    *,
    neighbours: int = 1,
    attacks: int = 500,
    confidence: float = 0.95,
    seed: int = 0,
) -> Attack:
    """Find out that two halves of a record belong together, because the same made row is nearest to both.

    Args:
        made: Made rows, aligned with the others.
        train: Training records.
        held_out: Real rows that were not trained on.
        first: Columns that one source knows.
        second: Columns that another source knows.
        neighbours: Made rows nearest to each half among which one in common is a success.
        attacks: Targets on each side at most.
        confidence: Of the intervals.
        seed: Of the choice of targets.

    Raises:
        InputError: Unknown columns, none, or one on both sides.
    """
    _check(made, first, attacks)
    _check(made, second, attacks)
    if shared := sorted(set(first) & set(second)):
        raise InputError(f"columns on both sides of a link: {', '.join(shared)}")

    def linked(targets: Columns) -> NDArray[np.bool_]:
        a, b = (gower_nearest(targets, made, names, neighbours) for names in (first, second))
        found: NDArray[np.bool_] = (a[:, :, None] == b[:, None, :]).any((1, 2))
        return found

    return _attacked(linked, (train, held_out), attacks, confidence, seed)
