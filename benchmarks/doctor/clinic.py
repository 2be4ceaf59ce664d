"""Plays one small game under the doctor's eyes, as a run does: signals at every tick, scores at every tenth."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from benchmarks.doctor.wards import Ward
from gansmith.core import Backend, Game, State, play
from gansmith.health import Diagnosis, History, diagnose
from gansmith.metrics.functional import kernel_distance, memorisation, prdc
from gansmith.run.history import history_of_events
from gansmith.run.vitals import Vitals

__all__ = ["Case", "Visit", "examine"]

TICKS, LOOKS = 100, 10
SAMPLES = 1_000


@dataclass
class Visit:
    """A game that is to be played.

    Attributes:
        game: What is played.
        source: Its batches.
        ward: Data that it is judged by.
        conditional: Whether it is shown classes.
        rounds: How long.
        seed: Of the play.
        between: Called before every tick with the state, for what goes wrong on the way.
    """

    game: Game
    source: Any
    ward: Ward
    conditional: bool
    rounds: int
    seed: int
    between: Callable[[State, int], None] = field(default=lambda state, tick: None)


@dataclass
class Case:
    """What became of it.

    Attributes:
        diagnoses: What the doctor says at the end.
        told: Names of what was serious at each look, with the samples.
        scores: Of the samples at the end; empty where a number broke.
        history: All that was measured.
        seconds: Wall time.
    """

    diagnoses: list[Diagnosis]
    told: list[tuple[int, list[str]]]
    scores: dict[str, float]
    history: History
    seconds: float


@torch.no_grad()
def drawn(state: State, visit: Visit, n: int = SAMPLES) -> dict[str, Tensor]:
    """Samples of the averaged generator, of the held-out rows' classes."""
    assert state.game.draw is not None
    generator = torch.Generator().manual_seed(0)
    batch = {k: torch.randn(n, *shape, generator=generator) for k, shape in state.game.draw.noise.items()}
    labels = visit.ward.held_labels[torch.arange(n) % len(visit.ward.held_labels)]
    if visit.conditional:
        batch["label"] = labels
    for net in state.best_nets.values():
        net.eval()
    return {"image": state.game.draw.make(state.best_nets, batch)["image"].reshape(n, -1).float(), "label": labels}


def score(samples: dict[str, Tensor], visit: Visit) -> dict[str, float]:
    """The scores of a run, in the data's own coordinates divided by their deviations."""
    ward = visit.ward
    scale = ward.train.std(0).clamp_min(1e-6)
    made, real, seen = (x / scale for x in (samples["image"], ward.held_out, ward.train))
    if not bool(torch.isfinite(made).all()):
        return {}
    found = prdc(real, made, k=5)
    scores = {
        "kernel": kernel_distance(real, made),
        "precision": found.precision,
        "recall": found.recall,
        "coverage": found.coverage,
        "train_closer": memorisation(made, seen, real).train_closer,
    }
    if visit.conditional:
        scores["accuracy"] = accuracy(samples, visit)
    return scores


def accuracy(samples: dict[str, Tensor], visit: Visit) -> float:
    """How often the nearest real row has the class that was asked for."""
    ward = visit.ward
    nearest = torch.cdist(samples["image"], ward.held_out).argmin(1)
    return float((ward.held_labels[nearest] == samples["label"]).double().mean())


def ceiling(visit: Visit) -> dict[str, float]:
    """The same of training rows in the place of samples."""
    rows = torch.randperm(len(visit.ward.train), generator=torch.Generator().manual_seed(0))[:SAMPLES]
    return score({"image": visit.ward.train[rows], "label": visit.ward.labels[rows]}, visit)


def examine(visit: Visit) -> Case:
    """Play, look, and ask the doctor as a run does."""
    begun = time.perf_counter()
    state = State(visit.game, visit.source, visit.seed, Backend(), 0)
    batch = len(next(iter(next(visit.source).values())))
    state.clock.total = visit.rounds * batch
    tick = visit.rounds // TICKS
    held_out, seen = (visit.ward.batch(visit.conditional, held_out=part) for part in (True, False))
    vitals = Vitals(tick * batch, held_out, seen)
    best = {"results": [], "ceiling": [{"name": k, "value": v} for k, v in ceiling(visit).items()]}
    start = {"total": state.clock.total, "data": {"classes": list(range(visit.ward.classes * visit.conditional))}}
    events: list[dict[str, Any]] = [{"event": "start", "samples": 0, **start}]
    told: list[tuple[int, list[str]]] = []
    scores: dict[str, float] = {}
    for at in range(TICKS):
        visit.between(state, at)
        play(state, tick, [lambda _, log: vitals.add(log)], Vitals.measure)
        values, steps = vitals.read(state)
        now = {"samples": state.clock.samples, "round": state.clock.round}
        events.append({"event": "round", **now, "values": values, "steps": steps})
        broken = [name for name, value in values.items() if not math.isfinite(value)]
        if not broken and (at + 1) % (TICKS // LOOKS) == 0:
            scores = score(drawn(state, visit), visit)
            events.append({"event": "evaluation", **now, "scores": scores})
            broken = [] if scores else ["a sample"]
        if broken:
            events.append({"event": "broke", **now, "what": broken[0]})
        if broken or (at + 1) % (TICKS // LOOKS) == 0:
            found = diagnose(history_of_events(events, best))
            told.append((state.clock.samples, [d.name for d in found if d.level == "sick"]))
        if broken:
            break
    history = history_of_events([*events, {"event": "done"}], best)
    return Case(diagnose(history), told, scores, history, time.perf_counter() - begun)


def summary(case: Case) -> Mapping[str, Any]:
    """What is kept of a case."""
    return {
        "diagnoses": [[d.name, d.level, round(d.confidence, 3)] for d in case.diagnoses],
        "told": case.told,
        "scores": {name: round(value, 5) for name, value in case.scores.items()},
        "signals": {name: _outline(series.values) for name, series in case.history.signals.items()},
        "courses": {name: [round(v, 4) for v in series.values] for name, series in case.history.scores.items()},
        "seconds": round(case.seconds, 2),
    }


def _outline(values: tuple[float, ...]) -> list[float]:
    """Means of fifths."""
    n = len(values)
    cuts = [values[i * n // 5 : (i + 1) * n // 5] for i in range(5)]
    return [float(f"{sum(c) / len(c):.4g}") for c in cuts if c]
