"""Can somebody who holds the made rows tell whether a record was trained on? Membership inference, two attacks.

- `distance`: a record is called a member if a made row lies near it.
- `density`: a record is called a member if made rows are denser around it than real rows that were never trained on
  (van Breugel et al. 2023, "Membership inference attacks against synthetic data through overfitting detection", with
  nearest-neighbour densities). It doesn't mistake common records for members.

Each is scored by the AUC between as many training records (members) and held-out ones; 0.5 is no leak. An AUC averages
over all records: a leak of a few of them can hide in it, so `caught` says how many members are found at 1 % of false
alarms, beside which 1 % is chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from gansmith.metrics.functional import check_enough
from gansmith.metrics.table.columns import Columns, Numbers
from gansmith.metrics.table.intervals import area, area_variance, effective, wilson
from gansmith.metrics.table.mixed import Mixed

__all__ = ["Membership", "membership"]

NEIGHBOURS = 5
FALSE_ALARMS = 0.01


@dataclass(frozen=True)
class Membership:
    """How well members are told from others.

    Attributes:
        auc: 0.5 is no leak, 1 is all members found; below 0.5 is chance.
        low: Lower end of its interval.
        high: Upper end.
        caught: Share of members found where 1 % of the others are taken for members; 0.01 is chance.
        attack: `"distance"` or `"density"`.
        records: Members, and as many others.
    """

    auc: float
    low: float
    high: float
    caught: float
    attack: str
    records: int


def _scored(attack: str, members: Numbers, others: Numbers, confidence: float) -> Membership:
    auc, variance, n = area(members, others), area_variance(members, others), len(members)
    low, high = wilson(auc, effective(auc, variance, n), confidence)
    bar = np.quantile(others, 1 - FALSE_ALARMS, method="higher")
    return Membership(auc, low, high, float((members > bar).mean()), attack, n)


def membership(
    made: Columns, train: Columns, held_out: Columns, *, most: int = 5_000, confidence: float = 0.95, seed: int = 0
) -> tuple[Membership, Membership]:
    """Attack training records with held-out records as the control.

    Args:
        made: Made rows, aligned with the others.
        train: Training records.
        held_out: Real rows that were not trained on: one half of them are the others, one half the reference of the
            density attack.
        most: Members at most.
        confidence: Of the intervals.
        seed: Of the draws.

    Returns:
        The attack by distance and the one by density. The intervals are of the drawn records, for these made rows.

    Raises:
        TooFew: Fewer than 20 held-out rows, fewer than 10 training records, or fewer than 5 made rows.
    """
    check_enough("membership inference (held-out records)", 20, len(held_out))
    check_enough("membership inference (training records)", 10, len(train))
    check_enough("membership inference (made rows)", NEIGHBOURS, len(made))
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(held_out))
    half = len(held_out) // 2
    size = min(half, len(train), most)
    mixed = Mixed(train)
    samples, reference = mixed.rows(made), mixed.rows(held_out.take(order[half:]))
    near, dense = [], []
    for side in (train.take(rng.permutation(len(train))[:size]), held_out.take(order[:half][:size])):
        rows = mixed.rows(side)
        to_made = Mixed.nearest(rows, samples, NEIGHBOURS)[0]
        to_real = Mixed.nearest(rows, reference, min(NEIGHBOURS, len(reference)))[0][:, -1]
        near.append((-to_made[:, 0]).numpy())
        tiny = torch.finfo(torch.float32).eps
        # the nearest made row against the usual distance of real ones: a copy shows where it would not be expected
        dense.append(((to_real + tiny).log() - (to_made[:, 0] + tiny).log()).numpy())
    return _scored("distance", near[0], near[1], confidence), _scored("density", dense[0], dense[1], confidence)
