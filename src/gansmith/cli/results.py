"""Results of commands on stdout."""

from __future__ import annotations

import os

from gansmith.cli.diagnoses import spoken
from gansmith.cli.show import print_json, print_table
from gansmith.health import diagnose
from gansmith.metrics import Evaluation, measure_of
from gansmith.run.files import read_json
from gansmith.run.history import history_of
from gansmith.run.plan import Plan
from gansmith.run.private_words import told
from gansmith.run.train import Run

__all__ = ["show_evaluation", "show_plan", "show_run"]


def show_evaluation(evaluation: Evaluation) -> None:
    """The scores as a table with intervals and the ceiling."""
    ceilings = {r.name: r for r in evaluation.ceiling}
    rows = []
    for r in evaluation.results:
        measure = measure_of(r)
        interval = "" if r.low is None else f"{measure.show(r.low)} .. {measure.show(r.high)}"
        best = measure.show(ceilings[r.name].value) if r.name in ceilings else ""
        rows.append([r.title, measure.show(r.value), interval, best, measure.about])
    print_table(["score", "value", "95% interval", "ceiling", "meaning"], rows)
    for name, why in evaluation.skipped.items():
        print(f"{name} was not measured: {why}")


def show_run(run: Run, as_json: bool = False) -> None:
    """Where a run's results are, what they say."""
    if os.environ.get("RANK", "0") != "0":
        return
    metrics = read_json(run.folder.metrics)
    if as_json:
        state = {"folder": str(run.folder.root), "finished": True, "already": run.already}
        print_json({**state, **metrics, **run.record["result"]})
        return
    if run.already:
        print(f"{run.folder.root} is finished already; a larger budget or another --seed is a new run")
    show_evaluation(Evaluation.from_json({k: metrics[k] for k in ("results", "ceiling", "skipped")}))
    print()
    for line in [metrics["caution"], *told(run.record["promise"])] if "caution" in metrics else []:
        print(line)
    for line in spoken(diagnose(history_of(run.folder)), brief=True):
        print(line)
    print()
    print(f"report:  {run.folder.report}")
    if run.record.get("shown"):
        print(f"samples: {run.folder.samples / run.record['shown'][0]['name']}")
    print(f"model:   {run.folder.model}")


def show_plan(plan: Plan, would: str, as_json: bool = False) -> None:
    """What a run would be, and what would be done."""
    record = {**plan.record(), "would": would}
    if as_json:
        print_json(record)
        return
    data = record["data"]
    game = plan.recipe.game(plan.codec.spec, plan.hp)
    splits = data["splits"]
    print(f"data:    {data['name']}: {data['items']:,} {data['of']}, {splits['train']:,} to train; {data['form']}")
    for warning in data["warnings"]:
        print(f"note:    {warning}")
    print(f"recipe:  {plan.recipe.id}, size {plan.size}: {plan.recipe.title}")
    print("settings: " + " ".join(f"{k}={v}" for k, v in plan.hp.model_dump().items()))
    print(f"budget:  {plan.budget}")
    print(f"folder:  {plan.folder} ({would})")
    print(f"command: {plan.command()}")
    print(game.describe())
