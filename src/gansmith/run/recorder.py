"""What a run writes down while it plays: log lines, pictures, scores of the model so far, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from gansmith.core import Log as RoundLog
from gansmith.core import NotFinite, Snapshot, State, broken_weight
from gansmith.health import diagnose
from gansmith.run.autopilot import Autopilot
from gansmith.run.checkpoint import load_latest, save_checkpoint
from gansmith.run.events import read_events
from gansmith.run.folder import RunFolder
from gansmith.run.hardware import memory_used
from gansmith.run.history import history_of_events
from gansmith.run.log import Log
from gansmith.run.modality import Observer, Trained
from gansmith.run.pace import Pace
from gansmith.run.vitals import Vitals, broken_value
from gansmith.run.watched import Watched
from gansmith.types import Batch, Json

__all__ = ["Recorder"]


class Recorder:
    """The hook of a run's writing process.

    Args:
        folder: Where to write.
        pace: When.
        log: Where events go.
        model_of: Makes a model of a state and its nets.
        draw: Draws what it makes into a file, given without its ending.
        eye: Looks at it; None where the data is too small to.
        held_out: Validation data to ask the discriminator about.
        seen: As much training data, for the same.
        extra: What an earlier process kept in the checkpoint that this run continues from.
        autopilot: Whether what goes wrong is put right in play.
    """

    def __init__(
        self,
        folder: RunFolder,
        pace: Pace,
        log: Log,
        model_of: Callable[[State, Mapping[str, nn.Module]], Trained],
        draw: Callable[[Any, Path], Path],
        eye: Observer | None,
        held_out: Batch,
        seen: Batch,
        extra: Mapping[str, Any] | None = None,
        autopilot: bool = False,
    ) -> None:
        self.folder, self.pace, self.log = folder, pace, log
        self._model_of, self._draw, self._eye = model_of, draw, eye
        kept = extra or {}
        self._vitals = Vitals(pace.tick, held_out, seen, kept.get("window"))
        self.best: float | None = kept.get("best")
        self.seconds: float = kept.get("seconds", 0.0)
        self._samples: int = kept.get("samples", 0)
        past, (best, sizes) = kept.get("treatments", ()), kept.get("well") or (None, None)
        self._pilot = Autopilot(self._keep, self._fetch, past, best, sizes) if autopilot else None
        self.stopped = False
        self._window = (time.perf_counter(), self._samples)
        self._since = time.perf_counter()

    def __call__(self, state: State, log: RoundLog) -> None:
        """After a round: keep its numbers; on a tick write them, and evaluate and save where that is due."""
        self._vitals.add(log)
        before, now = self._samples, state.clock.samples
        self._samples = now
        end = now >= self.pace.total
        if end or _crossed(before, now, self.pace.tick):
            self._tick(state)
            if end or _crossed(before, now, self.pace.evaluate):
                self._evaluate(state)
            if end or _crossed(before, now, self.pace.checkpoint):
                self.save(state)
            self._window = (time.perf_counter(), now)  # the rate is that of training alone
            _waiting(state)

    def start(self, state: State) -> None:
        """Before the first round: what the untrained generator makes, as the film's first picture."""
        self._picture(state, self._model_of(state, state.best_nets))
        if self._pilot is not None:
            self._pilot.begin(state)

    def rescue(self, state: State, error: NotFinite) -> bool:
        """After a number broke: put it right, if that can be done; whether it was."""
        if self._pilot is None:
            return False
        self.log.event("broke", samples=state.clock.samples, what=str(error), by=error.by)
        error.told = True
        self._vitals.forget()
        return self._examine(state) and not self.stopped

    def save(self, state: State) -> None:
        """Write a checkpoint, unless a weight has stopped being a number."""
        broken = broken_weight(state.game.nets)
        if broken:
            raise NotFinite(broken)
        self.seconds += time.perf_counter() - self._since
        self._since = time.perf_counter()
        extra: dict[str, Json] = {
            "best": self.best,
            "seconds": self.seconds,
            "samples": state.clock.samples,
            "window": self._vitals.kept(),
            "treatments": [t.to_json() for t in self._pilot.past] if self._pilot else [],
            "well": [self._pilot.best, dict(self._pilot.sizes)] if self._pilot else None,
        }
        save_checkpoint(self.folder.checkpoints, state.snapshot(), extra)

    def _tick(self, state: State) -> None:
        values, steps = self._vitals.read(state)
        broken = broken_value(values) or broken_weight(state.game.nets)
        started, before = self._window
        rate = (state.clock.samples - before) / max(time.perf_counter() - started, 1e-9)
        self.log.event(
            "round",
            round=state.clock.round,
            samples=state.clock.samples,
            stage=state.clock.stage,
            rate=round(rate, 1),
            waiting=_waiting(state),
            memory=memory_used(),
            values=values,
            steps=steps,
        )
        if broken:
            raise NotFinite(broken)

    def _evaluate(self, state: State) -> None:
        model = self._model_of(state, state.best_nets)
        self._picture(state, model)
        if self._eye is None:
            model.save(self.folder.model)
            return
        raw = self._model_of(state, state.game.nets) if state.ema else None
        seen = self._eye.look(model, raw)
        score = seen.scores.get(seen.decides, math.nan)
        better = self.best is None or score < self.best + seen.tie
        if math.isfinite(score):
            self.best = score if self.best is None else min(score, self.best)
        if better:
            model.save(self.folder.model)
        best = better and bool(seen.decides)  # where nothing decides, the last model is kept, not the best
        told = {"scores": seen.scores, "modes": seen.modes} | ({"ceiling": seen.ceiling} if seen.ceiling else {})
        self.log.event("evaluation", samples=state.clock.samples, best=best, **told)
        self._examine(state)

    def _examine(self, state: State) -> bool:
        """Tell what is wrong, when that has changed, and let the autopilot act; whether it did."""
        samples, events = state.clock.samples, list(read_events(self.folder.events))
        history = history_of_events(events)
        diagnoses = diagnose(history)
        found = [d for d in diagnoses if d.level == "sick"]
        told: list[str] = next((e["names"] for e in reversed(events) if e["event"] == "diagnosis"), [])
        names = [d.name for d in found]
        if names != told:
            self.log.event("diagnosis", samples=samples, names=names, meaning=[d.meaning for d in found])
        over = samples >= self.pace.total
        done = self._pilot.consider(state, diagnoses, history) if self._pilot and not over else None
        if done is None:
            return False
        self.log.event("treatment", **{"samples": samples, **done.to_json()})
        self.stopped = done.stop
        return True

    def _keep(self, snapshot: Snapshot) -> None:
        save_checkpoint(self.folder.well, snapshot, {})

    def _fetch(self) -> Snapshot | None:
        found, _ = load_latest(self.folder.well)
        return found.snapshot if found else None

    def _picture(self, state: State, model: Trained) -> None:
        path = self._draw(model, self.folder.samples / f"{state.clock.samples:012d}")
        self.log.event("picture", samples=state.clock.samples, path=str(path.relative_to(self.folder.root)))


def _waiting(state: State) -> float:
    """Share of the time since the last call that went into waiting for data."""
    return round(state.source.waiting(), 3) if isinstance(state.source, Watched) else 0.0


def _crossed(before: int, now: int, every: int) -> bool:
    return now // every > before // every
