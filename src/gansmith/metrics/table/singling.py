"""Can made rows be used to point at exactly one person? Singling out, as an attack with a control.

In the manner of anonymeter (Giomi et al. 2023, arXiv:2211.10459): the attacker builds predicates ("town is X, age at
least 61, pay missing") from made rows that are true of exactly one made row, and succeeds where exactly one training
record fits. The control counts the same predicates on held-out records. Whether one record fits depends on how many
there are, so both counts are taken over equally many records, drawn from the larger side. Equal rows count once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError
from gansmith.metrics.functional import check_enough
from gansmith.metrics.table.attacks import Attack, success_rate
from gansmith.metrics.table.columns import Columns

__all__ = ["Predicate", "fits", "singling_out"]


@dataclass(frozen=True)
class Predicate:
    """A condition on some columns, all of which must hold.

    Attributes:
        parts: `(column, sign, value)`: `"="` a category's code, `">"` at least, `"<"` at most, `"?"` missing.
    """

    parts: tuple[tuple[str, str, float], ...]


def fits(columns: Columns, predicate: Predicate) -> NDArray[np.bool_]:
    """Which rows a predicate is true of `(N,)`."""
    found = np.ones(len(columns), bool)
    for name, sign, value in predicate.parts:
        values = columns[name]
        if sign == "?":
            found &= columns.missing(name)
        elif sign == "=":
            found &= values == value
        else:
            found &= values >= value if sign == ">" else values <= value
    return found


def _distinct(columns: Columns) -> Columns:
    key = np.zeros(len(columns), np.int64)
    for name in columns.names:
        _, code = np.unique(columns[name], return_inverse=True, equal_nan=True)
        _, key = np.unique(key * (int(code.max()) + 1) + code, return_inverse=True)
    return columns.take(np.sort(np.unique(key, return_index=True)[1]))


def _predicate(made: Columns, middle: dict[str, float], width: int, rng: np.random.Generator) -> Predicate:
    row = int(rng.integers(len(made)))
    parts = []
    for name in rng.permutation(np.array(made.names, dtype=object))[:width]:
        value = float(made[name][row])
        if made.missing(name)[row]:
            parts.append((str(name), "?", 0.0))
        elif name in made.categories:
            parts.append((str(name), "=", value))
        else:
            parts.append((str(name), ">" if value > middle[name] else "<", value))
    return Predicate(tuple(sorted(parts)))


def _predicates(made: Columns, count: int, width: int, most: int, rng: np.random.Generator) -> list[Predicate]:
    """Different predicates that are true of exactly one made row, at most `count`, of at most `most` tried."""
    middle = {}
    for name in made.numbers:
        values = made[name][~made.missing(name)]
        middle[name] = float(np.median(values)) if len(values) else 0.0
    found: dict[Predicate, None] = {}
    for _ in range(most):
        if len(found) >= count:
            break
        predicate = _predicate(made, middle, width, rng)
        if predicate not in found and int(fits(made, predicate).sum()) == 1:
            found[predicate] = None
    return list(found)


def singling_out(
    made: Columns,
    train: Columns,
    held_out: Columns,
    *,
    width: int = 3,
    attacks: int = 500,
    tries: int = 50_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Attack:
    """Point at one training record by a predicate that is true of one made row only.

    Args:
        made: Made rows, aligned with the others.
        train: Training records.
        held_out: Real rows that were not trained on.
        width: Columns of a predicate (fewer if the table has fewer).
        attacks: Predicates wanted.
        tries: Predicates tried at most to find them.
        confidence: Of the intervals.
        seed: Of the draws.

    Returns:
        The rates on training and held-out records over the predicates found (`tries` of the rates).

    Raises:
        InputError: `width` or `attacks` below 1.
        TooFew: No predicate is true of one made row only.
    """
    if width < 1 or attacks < 1:
        raise InputError(f"width and attacks must be at least 1, got {width} and {attacks}")
    rng = np.random.default_rng(seed)
    sides = [_distinct(side) for side in (train, held_out)]
    size = min(len(side) for side in sides)
    sides = [side.take(rng.permutation(len(side))[:size]) for side in sides]
    found = _predicates(_distinct(made), attacks, width, tries, rng)
    check_enough("singling out (predicates true of one made row)", 1, len(found))
    rates = []
    for side in sides:
        hits = sum(int(fits(side, predicate).sum()) == 1 for predicate in found)
        rates.append(success_rate(hits, len(found), confidence))
    return Attack.of(*rates)
