"""The end of a run: scores on test images, the diagnosis, `metrics.json` and the report."""

from __future__ import annotations

from typing import Any

from gansmith.health import diagnose
from gansmith.run.events import read_events
from gansmith.run.files import write_json
from gansmith.run.folder import RunFolder
from gansmith.run.history import history_of_events
from gansmith.run.load import load
from gansmith.run.log import Log
from gansmith.run.modality import RunJudge
from gansmith.run.plan import Plan
from gansmith.run.report import write_report

__all__ = ["finish"]


def finish(plan: Plan, folder: RunFolder, record: dict[str, Any], judge: RunJudge, log: Log) -> dict[str, Any]:
    """Measure the best model, say how the run went, write the report; returns the finished record."""
    file = plan.request.recipe if (plan.request.recipe or "").endswith(".py") else None
    model = load(folder.model, recipe=file)
    evaluation = judge.full(model)
    caution = {"caution": judge.caution} if judge.caution else {}
    metrics = {**caution, **evaluation.to_json(), "judge": dict(judge.info)}
    diagnoses = [d.to_json() for d in diagnose(history_of_events(read_events(folder.events), metrics))]
    write_json(folder.metrics, metrics)
    if not caution:
        write_json(folder.model / "metrics.json", metrics)
    shown = [picture._asdict() for picture in judge.show(model, folder)]
    record = {**record, "result": {"diagnoses": diagnoses}, "shown": shown, "method": judge.method(evaluation)}
    log.event(
        "done",
        scores={r.name: [r.value, r.low, r.high] for r in evaluation.results},
        diagnoses=diagnoses,
    )
    write_json(folder.record, record)
    write_report(folder)
    record["finished"] = True
    write_json(folder.record, record)
    return record
