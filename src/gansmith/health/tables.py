"""Rules on made rows: columns that look right one by one may have little to do with each other."""

from __future__ import annotations

from gansmith.health.diagnosis import Diagnosis, Evidence, Remedy
from gansmith.health.evidence import beyond, percent
from gansmith.health.history import History

__all__ = ["weak_relations"]

STRENGTH, NONE = 0.8, 0.3
"""How strongly columns belong together, as a share of real rows: too weakly below the one, surely at the other."""


def weak_relations(history: History) -> Diagnosis | None:
    """Columns of the finished model's rows that belong together more weakly than those of real rows."""
    strength = history.final.get("association_strength")
    if strength is None or strength >= STRENGTH:
        return None
    text = f"columns belong together {percent(strength)} as strongly as in real rows"
    return Diagnosis(
        "weak-relations",
        "watch",
        beyond(-strength, -STRENGTH, -NONE),
        None,
        "Each column may look right, but what depends on another column in real rows depends on it less in made ones: "
        "groups overlap, and what is learnt from made rows is worth less. From few rows little more can be learnt "
        "without learning the rows themselves.",
        (Evidence("association_strength", strength, STRENGTH, text),),
        (
            Remedy("data", "train with more rows, or leave out columns that nobody needs: each takes rows to learn"),
            Remedy(
                "setting",
                "of a few hundred rows, decay=0.3 in place of 3 ties columns more closely, and comes nearer to single "
                "rows: compare near_copies then",
            ),
            Remedy("time", "train longer: a larger --budget; how columns depend on each other is learnt last"),
        ),
    )
