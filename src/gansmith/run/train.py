"""Training a run: plan, judge, play, save, measure; the same request resumes where it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from gansmith.core import Backend, GameError, NotFinite, State, play
from gansmith.errors import GansmithError, InputError, RunError
from gansmith.metrics import Evaluation
from gansmith.run.checkpoint import Checkpoint, load_latest
from gansmith.run.events import Events
from gansmith.run.files import read_json, recover, tidy, write_json
from gansmith.run.finish import finish
from gansmith.run.folder import RunFolder, alone
from gansmith.run.hardware import backend as make_backend
from gansmith.run.hardware import out_of_memory, set_threads
from gansmith.run.interrupt import Interrupted, StopFlag, stop_on_signals
from gansmith.run.kinds._model import KindModel
from gansmith.run.load import load
from gansmith.run.log import Listener, Log
from gansmith.run.modality import RunJudge, Trained
from gansmith.run.model import Model
from gansmith.run.pace import OVERHEAD, Pace, measure_speeds, samples_in
from gansmith.run.plan import Plan, check_same_run, make_plan, versions, where
from gansmith.run.processes import Place, joined
from gansmith.run.recorder import Recorder
from gansmith.run.related_model import RelatedModel
from gansmith.run.report import write_report
from gansmith.run.request import Request
from gansmith.run.table_model import TableModel
from gansmith.run.translation_model import TranslationModel
from gansmith.run.vitals import Vitals
from gansmith.run.watched import Watched

__all__ = ["Run", "rehearse", "train"]

HELD_OUT = 512
"""Items of a split that the discriminator is asked about in turn."""

ADVICE = "try a smaller learning rate (lr=...), a larger penalty, or --precision fp32"


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        folder: Its files.
        record: What `run.json` says, with the scores under `result`.
        resumed: Whether it went on from a checkpoint.
        already: Whether it had been finished before.
    """

    folder: RunFolder
    record: Mapping[str, Any]
    resumed: bool = False
    already: bool = False

    @property
    def model(self) -> Model | TableModel | TranslationModel | KindModel[Any]:
        """The best model."""
        file = (self.record["identity"].get("recipe file") and self.record.get("recipe_path")) or None
        found = load(self.folder.model, recipe=file)
        assert not isinstance(found, RelatedModel)  # made of several runs
        return found

    @property
    def evaluation(self) -> Evaluation:
        """The scores of the best model on data that it never saw."""
        found = read_json(self.folder.metrics)
        return Evaluation.from_json({key: found[key] for key in ("results", "ceiling", "skipped")})


def train(request: Request, listener: Listener | None = None) -> Run:
    """Train what is asked for, or go on with it, or find it finished.

    Args:
        request: What is asked for.
        listener: Told every event.

    Raises:
        InputError: Something asked for can't be; nothing was written.
        RunError: The run broke; the last good checkpoint is whole.
        Interrupted: A signal stopped it; a checkpoint was saved.
    """
    threads = set_threads(request.threads)
    with joined() as place:
        log = Log(listener if place.writes else None)
        backend = make_backend(request.device, request.precision, request.micro, place.rank, place.world)
        plan = make_plan(request, lambda what, done, total: log.progress(what, done / max(total, 1)))
        if plan.hp.batch % place.world:
            raise InputError(f"batch={plan.hp.batch} can't be shared by {place.world} processes: choose a multiple")
        folder, record = RunFolder(plan.folder), check_same_run(plan)
        place.wait()
        if record is not None and record.get("finished"):
            return Run(folder, record, already=True)
        with stop_on_signals() as stop, alone(plan.folder) if place.writes else nullcontext():
            try:
                return _Session(plan, folder, backend, place, log, stop, threads).run(record)
            except KeyboardInterrupt:  # while nothing plays, or a second signal
                raise Interrupted(f"stopped; go on with: {plan.command()}") from None


def rehearse(request: Request, listener: Listener | None = None) -> tuple[Plan, str]:
    """Check everything that can be checked without writing or training.

    Returns:
        The plan, and in a few words what `train` would do.

    Raises:
        InputError: As `train` would raise.
    """
    threads = set_threads(request.threads)
    log = Log(listener)
    backend = make_backend(request.device, request.precision, request.micro)
    plan = make_plan(request, lambda what, done, total: log.progress(what, done / max(total, 1)))
    folder, record = RunFolder(plan.folder), check_same_run(plan)
    _Session(plan, folder, backend, Place(), log, StopFlag(), threads).close()
    if record is None:
        return plan, "a new run"
    return plan, "nothing: it is finished" if record.get("finished") else "go on with an unfinished run"


class _Session:
    """One process's part in one run."""

    def __init__(
        self, plan: Plan, folder: RunFolder, backend: Backend, place: Place, log: Log, stop: StopFlag, threads: int
    ) -> None:
        self.plan, self.folder, self.backend, self.place = plan, folder, backend, place
        self.log, self.stop, self.threads = log, stop, threads

    def run(self, record: dict[str, Any] | None) -> Run:
        """Play from the last checkpoint, or from the start, to the end; measure; report."""
        checkpoint, damaged = load_latest(self.folder.checkpoints) if record else (None, [])
        record, new = record or self._begin(), record is None
        pace = Pace(**record["pace"])
        state = self._state(pace.total)
        try:
            notes = damaged + self._first_weights(state, checkpoint)
            if self.place.writes:
                self._open(record if new else None, state.clock.samples if checkpoint else -1)
            self._check_threads(record)
            for line in notes:
                self.log.note(line)
            self._announce(record, state, checkpoint is not None)
            plan = self.plan
            judge = plan.modality.judge(plan.data, self.folder, self.log) if self.place.writes else None
            if judge is not None and checkpoint is None:
                self.log.event("data", **vars(judge.facts()))
            self._play(state, pace, judge, checkpoint.extra if checkpoint else None)
            if judge is not None:
                record = finish(plan, self.folder, record, judge, self.log)
        finally:
            state.source.close()  # type: ignore[attr-defined]
            if self.log.events is not None:
                self.log.events.close()
        self.place.wait()
        return Run(self.folder, record, resumed=checkpoint is not None)

    def _first_weights(self, state: State, checkpoint: Checkpoint | None) -> list[str]:
        """Those of the checkpoint, else of the run that this one begins with, else new ones; what there is to say."""
        if checkpoint is not None:
            state.restore(checkpoint.snapshot)
        elif self.plan.origin is not None:
            return [self.plan.origin.begin(state)]
        return []

    def close(self) -> None:
        """Make the state of the first round and let it go: what can't be played is refused here."""
        state = self._state(0)
        state.source.close()  # type: ignore[attr-defined]
        self._first_weights(state, None)

    def _open(self, new: dict[str, Any] | None, samples: int) -> None:
        """Write the record of a new run, which from here on exists, or clear up after an interruption; open the log."""
        if new is not None:
            write_json(self.folder.record, new)
        recover(self.folder.model)
        recover(self.folder.judge)
        tidy(self.folder.root)
        self.log.events = Events(self.folder.events, upto=samples)

    def _begin(self) -> dict[str, Any]:
        """Decide the number of samples and everything else that `run.json` says."""
        budget, batch = self.plan.budget, self.plan.hp.batch
        measured = None
        total = budget.samples
        if budget.seconds is not None:
            self.log.progress("measuring the speed", 0.0)
            speeds = measure_speeds(lambda: self._state(0))
            total = samples_in(budget.seconds * OVERHEAD, speeds)
            measured = [vars(speed) for speed in speeds]
        pace = Pace.of(max(total or 0, batch), batch)
        return self.plan.record() | {
            "pace": vars(pace),
            "measured": measured,
            "machine": {
                "device": str(self.backend.device),
                "precision": self.plan.request.precision,
                "threads": self.threads,
                "processes": self.place.world,
            },
            "recipe_path": self.plan.request.recipe,
            "promise": self.plan.modality.promise(self.plan, pace.total),
            "finished": False,
        }

    def _check_threads(self, record: Mapping[str, Any]) -> None:
        was, now = record["machine"]["threads"], self.threads
        if was != now:
            self.log.note(
                f"the run began with {was} threads and goes on with {now}: its last bits may differ from those of an "
                f"uninterrupted run (--threads {was} keeps them)"
            )

    def _announce(self, record: Mapping[str, Any], state: State, resumed: bool) -> None:
        self.log.event(
            "resume" if resumed else "start",
            samples=state.clock.samples,
            total=state.clock.total,
            folder=str(self.folder.root),
            recipe=self.plan.recipe.id,
            size=self.plan.size,
            budget=str(self.plan.budget),
            command=record["command"],
            data=record["data"],
            game=state.game.describe(),
            machine=record["machine"],
        )

    def _state(self, total: int) -> State:
        plan = self.plan
        torch.manual_seed(plan.request.seed)
        game, seed = plan.modality.game(plan, total), plan.modality.seed(plan, total)
        source = plan.data.source(plan.hp, seed, self.place.rank, self.place.world)
        try:
            return State(game, Watched(source), seed, self.backend, total)
        except Exception as error:
            if out_of_memory(error):
                raise
            raise InputError(f"recipe {plan.recipe.id} can't be played so: {where(error)}") from error

    def _play(self, state: State, pace: Pace, judge: RunJudge | None, extra: Mapping[str, Any] | None) -> None:
        recorder = None
        data = self.plan.data
        if judge is not None:
            recorder = Recorder(
                self.folder,
                pace,
                self.log,
                self._model_of,
                judge.draw,
                judge.eye,
                *data.asked(HELD_OUT),
                extra,
                self.plan.request.autopilot and self.place.world == 1,
            )
            if extra is None:
                recorder.start(state)
        try:
            with self.stop.between_rounds():
                self._rounds(state, pace.total, recorder)
        except NotFinite as error:
            raise self._broke(error) from error
        except GansmithError:
            raise
        except (GameError, RuntimeError, TypeError, ValueError, AttributeError, LookupError) as error:
            if out_of_memory(error):
                raise
            raise RunError(f"recipe {self.plan.recipe.id} failed: {where(error)}") from error

    def _rounds(self, state: State, total: int, recorder: Recorder | None) -> None:
        hooks = [recorder] if recorder else []
        while state.clock.samples < total and not (recorder and recorder.stopped):
            try:
                play(state, 1, hooks, Vitals.measure)
            except NotFinite as error:
                if not (recorder and recorder.rescue(state, error)):
                    raise
            self.log.progress("training", state.clock.samples / total, samples=state.clock.samples)
            if self.stop.agreed(self.backend):
                if recorder:
                    recorder.save(state)
                raise Interrupted(f"stopped at {state.clock.samples:,} samples; go on with: {self.plan.command()}")
        if recorder:
            stages, at = state.game.stages, state.clock.stage
            if at + 1 < len(stages) and not recorder.stopped:
                ended, never = stages[at].name, stages[-1].name
                self.log.note(
                    f"the budget ended in the stage {ended!r}; {never!r} never began: a longer --budget reaches it"
                )
            self.log.event("trained", samples=state.clock.samples, training_seconds=round(recorder.seconds, 1))

    def _broke(self, error: NotFinite) -> RunError:
        checkpoint, _ = load_latest(self.folder.checkpoints)
        kept = f"the last good checkpoint is {checkpoint.path}" if checkpoint else "no checkpoint had been saved yet"
        if not error.told:
            self.log.event("broke", what=str(error), by=error.by)
        write_report(self.folder)
        return RunError(f"{error} stopped being a number: {ADVICE}, in a new --out ({kept})")

    def _model_of(self, state: State, nets: Mapping[str, nn.Module]) -> Trained:
        plan = self.plan
        provenance = {
            "data": {"name": plan.name, "train_fingerprint": plan.data.train_fingerprint},
            "samples": state.clock.samples,
            "command": plan.command(),
            "versions": versions(),
            "parents": [] if plan.origin is None else [plan.origin.digest],
            "intended_use": plan.modality.intended_use,
        }
        return plan.modality.model(plan, state, nets, provenance)
