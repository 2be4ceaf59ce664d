"""The rule on the data itself: what no change of training mends."""

from __future__ import annotations

from gansmith.health.diagnosis import Diagnosis, Evidence, Remedy
from gansmith.health.evidence import percent
from gansmith.health.history import History

__all__ = ["data_problem"]

REPEATED, COPIES = 0.1, 20
"""Share of repeated items, and copies of the commonest one, that together are a fault: a few doubles are common."""

LEAKING = 0.05
"""Share of held-out items with a near copy among the training items that is a fault."""

SKILL = 0.05
"""How far labels must be told from the data better than by guessing, on a scale from 0 to 1."""


def data_problem(history: History) -> Diagnosis | None:
    """Items that repeat or leak, classes without items, labels that say nothing, numbers that are none."""
    facts, names = history.facts, history.names
    found: list[tuple[Evidence, str]] = []
    if history.broke_by == "data":
        text = f"{history.broke} is infinite or not a number"
        found.append((Evidence("broke", 1.0, 0.0, text), "leave that row out, or fill its gaps"))
    repeated, copies = facts.get("repeated", 0.0), facts.get("most_copies", 1.0)
    if repeated > REPEATED and copies > COPIES:
        text = f"{percent(repeated)} of the training items repeat others: {names.get('repeated', '')}"
        found.append((Evidence("repeated", repeated, REPEATED, text), "keep each item once"))
    if facts.get("missing_classes", 0.0) > 0:
        text = f"no training item is of the class {names.get('missing_classes', '')}, though there are such items"
        found.append((Evidence("missing_classes", facts["missing_classes"], 0.0, text), "add items of that class"))
    leaking = facts.get("leaking", 0.0)
    if leaking > LEAKING:
        text = f"{percent(leaking)} of held-out items are nearly the same as training items: {names.get('leaking', '')}"
        mend = "keep copies of one item in one split: scores are worth nothing where what judges was trained on"
        found.append((Evidence("leaking", leaking, LEAKING, text), mend))
    skill = facts.get("label_skill", 1.0)
    if skill < SKILL:
        text = (
            f"labels can hardly be told from the items: {percent(max(skill, 0.0))} of the way from a guess to certain"
        )
        found.append((Evidence("label_skill", skill, SKILL, text), "check the labels: they may be shuffled or shifted"))
    if not found:
        return None
    return Diagnosis(
        "data-problem",
        "sick",
        1.0,
        None,
        "Something is wrong with the data itself. A generator learns what it is shown, mistakes included; no setting "
        "will mend this.",
        tuple(evidence for evidence, _ in found),
        tuple(Remedy("data", text) for _, text in found),
    )
