"""What `gansmith inspect` prints of a table."""

from __future__ import annotations

from pathlib import Path

from gansmith.cli.show import print_json, print_table, screen
from gansmith.data.table.options import TableOptions
from gansmith.data.table.summary import TableSummary, say_values, summarise_table

__all__ = ["show_table"]


def show_table(data: str, options: TableOptions, schema: str | None, as_json: bool) -> int:
    """Print what is known about a table, write its schema if that is wanted; exit code 0.

    A schema file that is there already is what the user says of the columns: it is checked, and shown.
    """
    given = schema is not None and Path(schema).exists()
    with screen(quiet=as_json) as listener:

        def progress(what: str, done: int, total: int) -> None:
            listener({"event": "progress", "task": what, "share": 0.0})

        found = summarise_table(data, schema if given else None, options, progress)
    if schema is not None and not given:
        found.schema.save(Path(schema))
    if as_json:
        print_json(found.to_json())
        return 0
    _print(found)
    if given:
        print(f"schema: the columns are what {schema} says; delete it to find them anew")
    elif schema is not None:
        print(f"schema: written to {schema}; correct a kind there, and inspect again with the same command")
    return 0


def _print(found: TableSummary) -> None:
    columns = found.schema.columns
    print(f"{found.source}: {found.rows:,} rows, {len(columns)} columns, {len(found.schema.learnt)} of them learnt")
    print()
    rows = [
        [c.name, c.kind, f"{found.missing[c.name]:.1%}" if found.missing[c.name] else "", say_values(c), c.reason]
        for c in columns
    ]
    print_table(["column", "kind", "missing", "values", "reason"], rows)
    if found.rules:
        print()
        print_table(["rule", "real rows that keep it"], [[text, _share(rate)] for text, rate in found.rules.items()])
    if found.warnings:
        print()
    for warning in found.warnings:
        print(f"note: {warning}")


def _share(rate: float) -> str:
    """A share in percent that is 100 % only if nothing is missing."""
    return f"{rate:.1%}" if rate == 1 or rate < 0.9995 else "over 99.9%"
