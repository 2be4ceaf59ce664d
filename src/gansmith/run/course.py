"""How a run went, in a few facts that can stand beside those of other runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gansmith.health import Diagnosis, diagnose
from gansmith.run.charts import Points
from gansmith.run.events import curves, read_events
from gansmith.run.files import read_json
from gansmith.run.folder import RunFolder
from gansmith.run.history import history_of_events

__all__ = ["Course"]

SHOWN = ("kernel", "coverage", "precision", "recall", "accuracy")


@dataclass(frozen=True)
class Course:
    """The course of a run.

    Attributes:
        recipe: Its variant.
        size: Size of the networks.
        seed: Of all its randomness.
        samples: Real samples seen.
        total: Real samples it was to see.
        seconds: Time spent in training, without measuring and saving.
        rate: Real samples a second, over that time.
        machine: Device, threads, precision.
        finished: Whether it is done.
        diagnoses: What the doctor says, the most serious first.
        curves: Scores on validation images, points (samples, score) by name, as the run's own judge gave them.
        judge: Hash of that judge's weights; curves of runs with another can't be laid over each other.
    """

    recipe: str
    size: str
    seed: int
    samples: int
    total: int
    seconds: float
    rate: float
    machine: str
    finished: bool
    diagnoses: tuple[Diagnosis, ...]
    curves: Mapping[str, Points]
    judge: str

    @classmethod
    def of(cls, folder: RunFolder) -> Course:
        """The course of a run, also of one that has not finished.

        Raises:
            InputError: `run.json` is missing or damaged.
        """
        record, events = folder.read(), list(read_events(folder.events))
        metrics = read_json(folder.metrics) if folder.metrics.is_file() else {}
        judge = read_json(folder.judge / "judge.json") if (folder.judge / "judge.json").is_file() else {}
        identity, machine = record["identity"], record["machine"]
        samples, seconds = _time([e for e in events if e.get("event") == "round"])
        return cls(
            recipe=str(identity.get("recipe")),
            size=str(identity.get("size")),
            seed=int(identity.get("seed", 0)),
            samples=samples,
            total=int(record["pace"].get("total", 0)),
            seconds=seconds,
            rate=samples / seconds if seconds else 0.0,
            machine=f"{machine.get('device')}, {machine.get('precision')}, threads: {machine.get('threads')}",
            finished=bool(record.get("finished")),
            diagnoses=tuple(diagnose(history_of_events(events, metrics))),
            curves=curves([e for e in events if e.get("event") == "evaluation"], "scores", SHOWN),
            judge=str(judge.get("sha256", "")),
        )

    def to_json(self) -> dict[str, Any]:
        """A dictionary for `json.dumps`."""
        return {
            **{name: value for name, value in vars(self).items() if name not in ("diagnoses", "curves")},
            "diagnoses": [d.to_json() for d in self.diagnoses],
            "curves": {name: [list(point) for point in points] for name, points in self.curves.items()},
        }


def _time(rounds: list[dict[str, Any]]) -> tuple[int, float]:
    """Samples seen, and the seconds that the logged rates make of them."""
    before, seconds = 0, 0.0
    for event in rounds:
        samples, rate = int(event.get("samples", 0)), event.get("rate")
        if isinstance(rate, int | float) and rate > 0:
            seconds += (samples - before) / rate
        before = samples
    return before, seconds
