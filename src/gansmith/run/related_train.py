"""Training on several tables: a run a table, one after the other; then one model, its scores and its report."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gansmith.data.related.database import Database, open_database
from gansmith.data.related.find import are_tables
from gansmith.data.related.relations import FORMAT as RELATED
from gansmith.data.related.relations import Relations
from gansmith.data.table.schema_reading import load_json
from gansmith.errors import InputError
from gansmith.metrics import Evaluation
from gansmith.run.budget import Budget
from gansmith.run.files import read_json, recover, write_json
from gansmith.run.folder import FORMAT, RunFolder
from gansmith.run.interrupt import Interrupted
from gansmith.run.log import Listener, Log
from gansmith.run.plan import data_name, make_plan, read_words, versions
from gansmith.run.related_data import check_request, relations_of, table_options
from gansmith.run.related_judging import judge_related, sides_of
from gansmith.run.related_model import RELATIONS, RelatedModel, published
from gansmith.run.related_report import draw_related, write_related_report
from gansmith.run.related_target import targets_of
from gansmith.run.request import Request
from gansmith.run.table_model import TableModel
from gansmith.run.train import train
from gansmith.run.write_related import write_related

__all__ = ["RelatedRun", "is_related", "rehearse_related", "train_related"]

SHOWN = 200
"""Families in the run's samples, for people to look at."""


@dataclass(frozen=True)
class RelatedRun:
    """A finished run on several tables.

    Attributes:
        folder: Its files: beside those of every run, `tables/NAME` holds the run of each table.
        record: What `run.json` says.
        already: Whether it had been finished before.
    """

    folder: RunFolder
    record: Mapping[str, Any]
    already: bool = False

    @property
    def model(self) -> RelatedModel:
        """The model of all tables."""
        return RelatedModel.load(self.folder.model)

    @property
    def evaluations(self) -> dict[str, Evaluation]:
        """The scores, by table."""
        found = read_json(self.folder.metrics)
        return {name: Evaluation.from_json(scores) for name, scores in found["tables"].items()}


def is_related(data: str | Path, schema: str | Path | None = None) -> bool:
    """Whether a path holds several related tables: a folder of them, or one with relations that are given."""
    if not Path(data).expanduser().is_dir():
        return False
    if schema is not None and Path(schema).is_file():
        found = load_json(Path(schema))
        return isinstance(found, dict) and found.get("format") == RELATED
    return are_tables(data)


def train_related(request: Request, listener: Listener | None = None) -> RelatedRun:
    """Train what is asked for, or go on with it, or find it finished.

    Args:
        request: What is asked for: `data` is a folder, `schema` a file of relations or None.
        listener: Told every event.

    Raises:
        InputError: Something asked for can't be; nothing was written.
        RunError: A run broke.
        Interrupted: A signal stopped it; a checkpoint was saved.
    """
    log = Log(listener)
    database, notes = _opened(request, log)
    relations, root = database.relations, _folder(request, database.relations)
    folder, identity = RunFolder(root), _identity(request, database)
    record = _record_there(folder, identity)
    if record is not None and record.get("finished"):
        return RelatedRun(folder, record, already=True)
    requests = {name: _of_table(request, name, root, relations) for name in relations.names}
    if record is None:
        _rehearse(requests, relations)
        root.mkdir(parents=True, exist_ok=True)
        relations.save(root / RELATIONS)
        record = _record(request, database, root, identity, notes)
        write_json(folder.record, record)
    try:
        for note in record["data"]["warnings"]:
            log.note(note)
        for number, (name, asked) in enumerate(requests.items(), start=1):
            log.note(f"table {number} of {len(requests)}: {name}")
            train(asked, listener)
        return RelatedRun(folder, _finished(folder, record, database, log))
    except (Interrupted, KeyboardInterrupt):
        raise Interrupted(f"stopped; go on with: {record['command']}") from None


def rehearse_related(request: Request, listener: Listener | None = None) -> dict[str, Any]:
    """Check everything that can be checked without writing or training; what `run.json` would say."""
    database, notes = _opened(request, Log(listener))
    root, identity = _folder(request, database.relations), _identity(request, database)
    _record_there(RunFolder(root), identity)
    names = database.relations.names
    _rehearse({name: _of_table(request, name, root, database.relations) for name in names}, database.relations)
    return _record(request, database, root, identity, notes)


def _opened(request: Request, log: Log) -> tuple[Database, tuple[str, ...]]:
    check_request(request)

    def progress(what: str, done: int, total: int) -> None:
        log.progress(what, done / max(total, 1))

    relations, notes = relations_of(request, progress)
    database = open_database(request.data, relations, table_options(request), progress)
    targets_of(database, request.target)
    return database, (*notes, *database.warnings)


def _identity(request: Request, database: Database) -> dict[str, Any]:
    """What makes a run this run."""
    return {
        "data": {name: member.table.fingerprint for name, member in database.members.items()},
        "relations": database.relations.to_json(),
        "recipe": request.recipe or "rowgan",
        "size": request.size,
        "settings": dict(request.settings),
        "seed": request.seed,
        "budget": request.budget,
        "target": request.target,
        "protect_outliers": request.protect_outliers,
    }


def _folder(request: Request, relations: Relations) -> Path:
    if request.out:
        return Path(request.out)
    asked = [relations.to_json(), request.recipe, request.size, dict(request.settings), request.seed, request.budget]
    asked += [value for value in (request.target, request.protect_outliers) if value is not None]
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]
    return Path("runs") / f"{data_name(request.data)}-tables-{digest}"


def _record_there(folder: RunFolder, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """The record of the run in a folder; None where there is none. Raises `InputError` where there is another."""
    if not folder.record.is_file():
        if folder.root.exists() and (folder.root.is_file() or any(folder.root.iterdir())):
            raise InputError(f"{folder.root} exists and is no run folder; choose another place with --out")
        return None
    record = read_json(folder.record)
    theirs = record.get("identity", {})
    different = [key for key in identity if theirs.get(key) != identity[key]]
    if different:
        raise InputError(
            f"{folder.root} holds a run with another {', '.join(different)}; choose another --out, or repeat its own "
            "settings"
        )
    return record


def _of_table(request: Request, name: str, root: Path, relations: Relations) -> Request:
    """The run of one table. A time is shared by all of them; a number of samples is meant of each."""
    budget = request.budget
    seconds = Budget.parse(budget).seconds if budget else None
    if seconds is not None:
        budget = f"{max(1.0, seconds / len(relations.tables)):g}s"
    place = root / "tables" / name
    return replace(request, table=name, schema=root / RELATIONS, out=place, budget=budget, target=None)


def _rehearse(requests: Mapping[str, Request], relations: Relations) -> None:
    """Find what can't be before anything is written."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as place:
        relations.save(Path(place) / RELATIONS)
        for request in requests.values():
            make_plan(replace(request, schema=Path(place) / RELATIONS))


def _command(request: Request, root: Path) -> str:
    """The command that makes this run again."""
    words = ["gansmith", "train", str(request.data), "--out", str(root), "--seed", str(request.seed)]
    words += ["--schema", str(request.schema)] if request.schema is not None else []
    for name in ("recipe", "size", "budget", "target", "device", "precision", "micro", "threads"):
        value = getattr(request, name)
        words += [] if value == getattr(Request(""), name) else [f"--{name}", str(value)]
    least = request.protect_outliers
    words += [] if least is None else ["--protect-outliers", str(least)]
    words += read_words(request)
    words += [] if request.autopilot else ["--autopilot", "off"]
    return shlex.join([*words, *(f"{name}={value}" for name, value in request.settings.items())])


def _record(
    request: Request, database: Database, root: Path, identity: Mapping[str, Any], notes: tuple[str, ...]
) -> dict[str, Any]:
    tables = [
        {
            "name": about.name,
            "rows": len(database.members[about.name].table),
            "parent": about.parent,
            "foreign_key": about.foreign_key,
            "order": about.sequence or None,
        }
        for about in database.relations.tables
    ]
    return {
        "format": FORMAT,
        "identity": dict(identity),
        "command": _command(request, root),
        "data": {
            "path": str(request.data),
            "name": data_name(request.data),
            "tables": tables,
            "targets": dict(targets_of(database, request.target)),
            "splits": database.members[database.relations.root.name].splits.to_json(),
            "warnings": list(notes),
        },
        "versions": versions(),
        "finished": False,
    }


def _finished(folder: RunFolder, record: dict[str, Any], database: Database, log: Log) -> dict[str, Any]:
    """Put the models together, measure what they make together, write the report."""
    recover(folder.model)
    names = database.relations.names
    models = {name: TableModel.load(folder.root / "tables" / name / "model") for name in names}
    data = {"name": record["data"]["name"], "tables": {n: m.provenance["data"] for n, m in models.items()}}
    provenance = {"data": data, "command": record["command"], "versions": record["versions"]}
    model = RelatedModel(published(database.relations, models), models, provenance)
    model.save(folder.model)
    sides = sides_of(model, database, log)
    print_of = hashlib.sha256(json.dumps(record["identity"]["data"], sort_keys=True).encode()).hexdigest()[:32]
    scores = judge_related(sides, database.relations, record["data"]["targets"], log, print_of)
    metrics = {"tables": {name: evaluation.to_json() for name, evaluation in scores.items()}}
    write_json(folder.metrics, metrics)
    write_json(folder.model / "metrics.json", metrics)
    draw_related(sides, database.relations, folder)
    if not (folder.samples / "tables").exists():
        write_related(model, min(SHOWN, len(sides.made[names[0]])), folder.samples / "tables")
    record = {**record, "finished": True}
    write_related_report(folder, record)
    write_json(folder.record, record)
    return record
