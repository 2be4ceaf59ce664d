"""What commands print of several tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gansmith.cli.results import show_evaluation
from gansmith.cli.show import print_json, print_table, screen
from gansmith.data.related.database import open_database
from gansmith.data.related.find import find_relations
from gansmith.data.related.relations import Relations
from gansmith.data.table.options import TableOptions
from gansmith.metrics import Evaluation
from gansmith.run.files import read_json
from gansmith.run.related_train import RelatedRun

__all__ = ["inspect_tables", "show_evaluations", "show_related_plan", "show_related_run"]


def inspect_tables(data: str, options: TableOptions, schema: str | None, as_json: bool) -> int:
    """Print how keys join the tables of a folder, write the relations if that is wanted; exit code 0.

    A file of relations that is there already is what the user says: it is checked against the tables, and shown.
    """
    given = schema is not None and Path(schema).exists()
    with screen(quiet=as_json) as listener:

        def progress(what: str, done: int, total: int) -> None:
            listener({"event": "progress", "task": what, "share": done / max(total, 1)})

        notes: tuple[str, ...] = ()
        if given:
            relations = Relations.load(Path(str(schema)))
        else:
            relations, notes = find_relations(data, options, progress)
        database = open_database(data, relations, options, progress)
    if schema is not None and not given:
        database.relations.save(Path(schema))
    notes = (*notes, *database.warnings)
    rows = {name: len(member.table) for name, member in database.members.items()}
    if as_json:
        print_json({"source": data, "rows": rows, "relations": database.relations.to_json(), "warnings": list(notes)})
        return 0
    print(f"{data}: {len(rows)} tables")
    print()
    counts = {name: database.counts(name) for name in database.relations.names[1:]}
    listed = []
    for about in database.relations.tables:
        many = counts.get(about.name)
        each = "" if many is None else f"{many.min():,} to {many.max():,} each, {many.mean():.1f} on average"
        belongs = "" if about.parent is None else f"{about.parent} by {about.foreign_key}"
        listed.append([about.name, f"{rows[about.name]:,}", about.key or "", belongs, each, about.sequence])
    print_table(["table", "rows", "key", "belongs to", "rows of one parent", "in sequence by"], listed)
    if notes:
        print()
    for note in notes:
        print(f"note: {note}")
    print("columns: gansmith inspect FILE shows those of one table")
    if given:
        print(f"schema: the tables are joined as {schema} says; delete it to find that anew")
    elif schema is not None:
        print(f"schema: written to {schema}; correct it there, and inspect again with the same command")
    return 0


def show_related_plan(record: Mapping[str, Any], as_json: bool) -> None:
    """What a run would be."""
    if as_json:
        print_json(dict(record))
        return
    _joins(record)
    print(f"command: {record['command']}")


def show_related_run(run: RelatedRun, as_json: bool) -> None:
    """Where a run's results are, what they say."""
    if as_json:
        state = {"folder": str(run.folder.root), "finished": True, "already": run.already}
        print_json({**state, **read_json(run.folder.metrics)})
        return
    if run.already:
        print(f"{run.folder.root} is finished already; a larger budget or another --seed is a new run")
    show_evaluations(run.evaluations)
    print(f"report:  {run.folder.report}")
    print(f"samples: {run.folder.samples / 'tables'}")
    print(f"model:   {run.folder.model}")


def show_evaluations(found: Mapping[str, Evaluation]) -> None:
    """The scores of each table."""
    for name, evaluation in found.items():
        print(f"{name}:")
        show_evaluation(evaluation)
        print()


def _joins(record: Mapping[str, Any]) -> None:
    rows = []
    for about in record["data"]["tables"]:
        belongs = "" if about["parent"] is None else f"{about['parent']} by {about['foreign_key']}"
        rows.append([about["name"], f"{about['rows']:,}", belongs, about["order"] or ""])
    print_table(["table", "rows", "belongs to", "in sequence by"], rows)
    for warning in record["data"]["warnings"]:
        print(f"note:    {warning}")
