"""What made rows are worth: fidelity, detection, usefulness and closeness, by the package's own measures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.tables.columns import kinds, read_columns
from benchmarks.tables.data import Prepared, dataset
from benchmarks.tables.environment import ask
from gansmith.errors import InputError, RunError
from gansmith.metrics.table import Columns, closeness, detection, quality, usefulness

__all__ = ["PROTOCOL", "ROUNDS", "judge"]

PROTOCOL = 1
"""Changes whenever scores are taken otherwise: stored cells are then scored again."""

ROUNDS = 500
"""Trees of CatBoost; its learning rate follows from them."""


def judge(path: Path, prepared: Prepared, seed: int, boosted: bool = True, ceiling: bool = False) -> dict[str, Any]:
    """Scores of a CSV of made rows beside real ones.

    Args:
        path: The CSV.
        prepared: The real rows.
        seed: Of what learners and tests draw.
        boosted: Whether CatBoost judges too, in the peers' environment.
        ceiling: Whether training rows themselves, each once, are told from unseen ones too.
    """
    begun = time.perf_counter()
    made, unreadable = read_columns(path, prepared.schema)
    found = quality(prepared.real, made)
    told = detection(prepared.unseen, made, seed=seed)
    near = closeness(made, prepared.real, prepared.unseen, seed=seed)
    scores = {
        "quality": found.score,
        "column shapes": found.shapes,
        "pair trends": found.trends,
        "detection": told.auc,
        "train closer": near.train_closer,
        "near copies": near.near_copies,
        "exact copies": float(near.copy.mean()),
        "closest distance": float(near.distance.median()),
        "unreadable": unreadable,
    }
    useful, real = usefulnesses(made, prepared, seed)
    if ceiling:
        real["detection AUC"] = detection(prepared.unseen, prepared.real, seed=seed).auc
    result: dict[str, Any] = {
        "scores": {k: v if v == v else None for k, v in (scores | useful).items()},
        "real": real,
        "detection interval": [told.low, told.high],
        "given away by": dict(list(told.columns.items())[:5]),
        "unseen rows": {
            "rows": len(prepared.unseen),
            "near copies": near.held_out_near_copies,
            "exact copies": float(near.held_out_copy.mean()),
            "closest distance": float(near.held_out_distance.median()),
        },
    }
    if boosted and prepared.classes:
        result["scores"] |= catboost(path, prepared, seed)
    return {**result, "protocol": PROTOCOL, "seconds of judging": time.perf_counter() - begun}


def usefulnesses(made: Columns, prepared: Prepared, seed: int) -> tuple[dict[str, float], dict[str, float]]:
    """Gradient boosting trained on made rows and on real ones, tested on unseen ones, by `score target`."""
    sides: tuple[dict[str, float], dict[str, float]] = {}, {}
    for target in dataset(prepared.name).targets:
        found = usefulness(prepared.real, prepared.unseen, made, target, learners=("boosting",), seed=seed)
        for side, learnt in zip(sides, (found.made, found.real), strict=True):
            names = ("auc", "f1") if found.classes else ("r2",)
            side.update({f"{name} {target}": learnt[0].scores[name] for name in names})
    return sides


def catboost(path: Path, prepared: Prepared, seed: int) -> dict[str, float | None]:
    """Macro F1 of CatBoost trained on made rows; without its environment there is none, and the cell stays missing."""
    request = {
        "made": str(path),
        "held": str(prepared.held_csv),
        "columns": kinds(prepared.schema),
        "targets": list(prepared.classes),
        "rounds": ROUNDS,
        "seed": seed,
    }
    try:
        answer = ask("boosted.py", request, threads=1)
    except RunError as error:
        raise InputError(str(error)) from None
    return {f"catboost f1 {target}": scores["f1"] for target, scores in answer["scores"].items()}
