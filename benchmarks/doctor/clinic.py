"""Plays one small game under the doctor's eyes, as a run does: signals at every tick, scores at every fifth."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.doctor.wards import Ward
from gansmith.core import Backend, Game, NotFinite, Snapshot, State, play
from gansmith.data.facts import Facts, facts_of
from gansmith.health import Diagnosis, diagnose
from gansmith.health.treatment import Treatment
from gansmith.metrics.functional import Modes, clusters, kernel_distance, memorisation, prdc, spread
from gansmith.run.autopilot import Autopilot
from gansmith.run.history import history_of_events
from gansmith.run.vitals import Vitals, broken_value
from gansmith.run.watched import Watched

__all__ = ["Case", "Visit", "drawn", "examine"]

TICKS, LOOKS = 100, 20
SAMPLES, RAW = 1_000, 256
MODES = 8


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
        after: Called after every tick with the state and the number of ticks so far, for what is to be seen of it.
    """

    game: Game
    source: Any
    ward: Ward
    conditional: bool
    rounds: int
    seed: int
    between: Callable[[State, int], None] = field(default=lambda state, tick: None)
    after: Callable[[State, int], None] = field(default=lambda state, ticks: None)


@dataclass
class Case:
    """What became of it.

    Attributes:
        diagnoses: What the doctor says at the end.
        told: Samples at each look, and names and levels of all that was said then.
        treated: What the autopilot did.
        scores: Of the samples at the end; empty where a number broke.
        events: All that was logged, in the documented format.
        real: What real rows score in the place of samples, as in `metrics.json`.
        seconds: Wall time.
    """

    diagnoses: list[Diagnosis]
    told: list[tuple[int, list[tuple[str, str]]]]
    treated: list[Treatment]
    scores: dict[str, float]
    events: list[dict[str, Any]]
    real: dict[str, Any]
    seconds: float

    @property
    def course(self) -> list[float]:
        """Coverage at each look."""
        return [
            event["scores"]["coverage"] for event in self.events if event["event"] == "evaluation" and event["scores"]
        ]


@torch.no_grad()
def drawn(state: State, nets: Mapping[str, nn.Module], visit: Visit, n: int = SAMPLES) -> dict[str, Tensor]:
    """Samples of a generator, of the held-out rows' classes."""
    assert state.game.draw is not None
    generator = torch.Generator().manual_seed(0)
    batch = {k: torch.randn(n, *shape, generator=generator) for k, shape in state.game.draw.noise.items()}
    labels = visit.ward.held_labels[torch.arange(n) % len(visit.ward.held_labels)]
    if visit.conditional:
        batch["label"] = labels
    for net in nets.values():
        net.eval()
    return {"image": state.game.draw.make(nets, batch)["image"].reshape(n, -1).float(), "label": labels}


def score(samples: dict[str, Tensor], visit: Visit) -> dict[str, float]:
    """The scores of a run, in the data's own coordinates divided by the ward's scale."""
    ward = visit.ward
    made, real, seen = (x / ward.scale for x in (samples["image"], ward.held_out, ward.train))
    if not bool(torch.isfinite(made).all()):
        return {}
    found = prdc(real, made, k=5)
    scores = {
        "kernel": kernel_distance(real, made),
        "precision": found.precision,
        "recall": found.recall,
        "coverage": found.coverage,
        "train_closer": memorisation(made, seen, real).train_closer,
        "spread": spread(made) / spread(real),
    }
    if visit.conditional:
        scores["accuracy"] = accuracy(samples, visit)
    return scores


def look(state: State, visit: Visit, modes: Modes) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Scores as a run's, and the shares of real rows and of samples in each mode."""
    samples, ward = drawn(state, state.best_nets, visit), visit.ward
    scores = score(samples, visit)
    if not scores:
        return {}, {}
    if state.ema:
        raw = drawn(state, state.game.nets, visit, RAW)["image"]
        if bool(torch.isfinite(raw).all()):
            scores["raw_kernel"] = kernel_distance(ward.held_out / ward.scale, raw / ward.scale)
    pairs = zip(*(modes.shares(x / ward.scale).tolist() for x in (ward.train, samples["image"])), strict=True)
    return scores, {f"cluster {i}": [real, made] for i, (real, made) in enumerate(pairs)}


def accuracy(samples: dict[str, Tensor], visit: Visit) -> float:
    """How often the nearest real row has the class that was asked for."""
    ward = visit.ward
    nearest = torch.cdist(samples["image"], ward.held_out).argmin(1)
    return float((ward.held_labels[nearest] == samples["label"]).double().mean())


def ceiling(visit: Visit) -> dict[str, float]:
    """The same of training rows in the place of samples."""
    rows = torch.randperm(len(visit.ward.train), generator=torch.Generator().manual_seed(0))[:SAMPLES]
    return score({"image": visit.ward.train[rows], "label": visit.ward.labels[rows]}, visit)


def facts(visit: Visit) -> Facts:
    """What is wrong with the training rows themselves."""
    ward, names = visit.ward, [f"class {i}" for i in range(visit.ward.classes)]
    rows = np.array([row.tobytes() for row in ward.train.numpy()])
    if not visit.conditional:
        return facts_of(rows)
    nearest = torch.cdist(ward.held_out, ward.train).topk(15, largest=False).indices
    guessed = ward.labels[nearest].mode(1).values
    right = float((guessed == ward.held_labels).double().mean())
    return facts_of(rows, (), ward.labels.numpy(), ward.held_labels.numpy(), names, right)


def examine(visit: Visit, treat: bool = False) -> Case:
    """Play, look, and ask the doctor as a run does; with `treat`, let the autopilot act."""
    begun = time.perf_counter()
    source = Watched(visit.source)
    state = State(visit.game, source, visit.seed, Backend(), 0)
    shown = visit.source.size * max(1, sum(turn.repeat for turn in visit.game.stages[0].turns if turn.fresh))
    state.clock.total = visit.rounds * shown
    tick = visit.rounds // TICKS
    held_out, seen = (visit.ward.batch(visit.conditional, held_out=part) for part in (True, False))
    vitals = Vitals(tick * shown, held_out, seen)
    real = {"results": [], "ceiling": [{"name": k, "value": v} for k, v in ceiling(visit).items()]}
    found = facts(visit)
    modes = clusters(visit.ward.train / visit.ward.scale, MODES)
    data = {"classes": list(range(visit.ward.classes * visit.conditional))}
    events: list[dict[str, Any]] = [
        {"event": "start", "samples": 0, "total": state.clock.total, "data": data},
        {"event": "data", "samples": 0, "numbers": found.numbers, "names": found.names},
    ]
    told: list[tuple[int, list[tuple[str, str]]]] = []
    treated: list[Treatment] = []
    scores: dict[str, float] = {}
    kept: list[Snapshot] = []
    pilot = Autopilot(kept.append, lambda: kept[-1]) if treat else None
    if pilot:
        pilot.begin(state)
    for at in range(TICKS):
        visit.between(state, at)
        broken, by = _play(state, tick, vitals, source, events)
        visit.after(state, at + 1)
        due = not broken and (at + 1) % (TICKS // LOOKS) == 0
        if due:
            scores, shares = look(state, visit, modes)
            events.append({"event": "evaluation", **_now(state), "scores": scores, "modes": shares})
            broken = "" if scores else "a sample"
        if broken:
            events.append({"event": "broke", **_now(state), "what": broken, "by": by})
        if not broken and not due:
            continue
        history = history_of_events(events, real)
        diagnoses = diagnose(history)
        told.append((state.clock.samples, [(d.name, d.level) for d in diagnoses]))
        done = pilot.consider(state, diagnoses, history) if pilot else None
        if done:
            treated.append(done)
            events.append({"event": "treatment", **_now(state), **done.to_json()})
        if (done and done.stop) or (broken and not done):
            break
    events.append({"event": "done"})
    diagnoses = diagnose(history_of_events(events, real))
    return Case(diagnoses, told, treated, scores, events, real, time.perf_counter() - begun)


def _now(state: State) -> dict[str, int]:
    return {"samples": state.clock.samples, "round": state.clock.round}


def _play(state: State, rounds: int, vitals: Vitals, source: Watched, events: list[dict[str, Any]]) -> tuple[str, str]:
    """Play to the next tick and log it; what broke, and whether it was the data."""
    try:
        play(state, rounds, [lambda _, log: vitals.add(log)], Vitals.measure)
    except NotFinite as error:
        return str(error), error.by
    values, steps = vitals.read(state)
    events.append({"event": "round", **_now(state), "waiting": source.waiting(), "values": values, "steps": steps})
    return broken_value(values), ""
