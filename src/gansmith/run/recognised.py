"""Who could be recognised in a table: real rows that are alone with what others may know of them, in plain words."""

from __future__ import annotations

from typing import Any

from gansmith.metrics import Evaluation

__all__ = ["recognised"]


def recognised(evaluation: Evaluation, caution: str) -> list[str]:
    """Sentences on real rows that are alone with their combination of values; none where nothing was counted.

    Args:
        evaluation: Scores of a table; `rare_combinations` has the counts.
        caution: What must be said beside everything measured on real rows; empty for nothing.
    """
    found = next((r for r in evaluation.results if r.name == "rare_combinations"), None)
    groups: Any = found.detail.get("alone") if found else None
    if not groups:
        return []
    names = ", ".join(groups["columns"])
    smallest, alone, rows = groups["smallest"], groups["alone"], groups["rows"]
    size = "1 row" if smallest == 1 else f"{smallest:,} rows"
    lines = [
        f"What others may know of somebody (categories, whole numbers such as ages and years) tells most "
        f"apart by {names}. The smallest group of training rows that agree in all of it has {size}; "
        f"{alone:,} of {rows:,} training rows ({alone / rows:.1%}) are alone with their combination.",
    ]
    if alone:
        lines.append(
            f"{groups['hits']:.1%} of the made rows have such a combination of a single training row, and "
            f"{groups['control']:.1%} of real rows that the model never saw. {_verdict(groups)}"
        )
    private = (
        f"These counts are {caution}."
        if caution
        else ("These counts come from real rows: they are not private. They name nobody, but mind who reads them.")
    )
    return [*lines, private]


def _verdict(groups: dict[str, Any]) -> str:
    """Whether made rows hit more often than unseen rows do."""
    if groups["low"] > groups["control_high"]:
        return (
            "That is more than chance: the model gives combinations of single people away. Train for less long, with "
            "more rows, or with --epsilon."
        )
    return "So made rows hit single people no more often than strangers do."
