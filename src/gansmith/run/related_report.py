"""The report of a run on several tables: how they are joined, their scores and columns, and where more is said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gansmith.data.related.relations import Relations
from gansmith.metrics import Evaluation, measure_of
from gansmith.metrics.table import autocorrelations, step_scores
from gansmith.run.files import read_json, write_json, write_text
from gansmith.run.folder import RunFolder
from gansmith.run.html import figure, table, text
from gansmith.run.private_words import protected_words
from gansmith.run.related_judging import RelatedSides
from gansmith.run.report_style import PAGE
from gansmith.run.table_charts import column_panels

__all__ = ["draw_related", "write_related_report"]

STEPS = "steps.json"


def draw_related(sides: RelatedSides, relations: Relations, folder: RunFolder) -> None:
    """Draw the columns of every made table beside unseen real rows, and note how rows follow each other."""
    steps: dict[str, Any] = {}
    for about in relations.tables:
        name = about.name
        if len(sides.made[name]) and len(sides.test[name]):
            drawn = column_panels(sides.schemas[name], sides.test[name].facts, sides.made[name].facts)
            write_text(folder.samples / f"{name}.svg", drawn)
        if about.order is None or about.parent is None:
            continue
        real, made = (sides.family(side, name, about.parent, None) for side in (sides.train, sides.made))
        ours, theirs, likeness = autocorrelations(real), autocorrelations(made), step_scores(real, made)
        steps[name] = {c: [_known(likeness[c]), _known(ours.get(c)), _known(theirs.get(c))] for c in likeness}
    write_json(folder.samples / STEPS, steps)


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else round(value, 4)


def write_related_report(folder: RunFolder, record: Mapping[str, Any]) -> Path:
    """Write `report.html` from what the run folder holds."""
    metrics = read_json(folder.metrics)["tables"] if folder.metrics.is_file() else {}
    steps = read_json(folder.samples / STEPS) if (folder.samples / STEPS).is_file() else {}
    data = record["data"]
    splits = data["splits"]
    root = data["tables"][0]
    head = (
        f"<header><h1>Tables like {text(data['name'])}</h1><p>{len(data['tables'])} tables · {root['rows']:,} rows "
        f"of {text(root['name'])} ({splits['train']:,} train, {splits['val']:,} validation, {splits['test']:,} test), "
        "each with all that belongs to it</p></header>"
    )
    sections = [head, _joins(data["tables"])]
    for about in data["tables"]:
        name = about["name"]
        scores = Evaluation.from_json(metrics[name]) if name in metrics else None
        sections.append(_table(folder, about, scores, steps.get(name, {})))
    sections.append(_made(record))
    write_text(folder.report, PAGE.format(title=text(f"Tables like {data['name']}"), body="\n".join(sections)))
    return folder.report


def _joins(tables: list[dict[str, Any]]) -> str:
    rows = [
        [
            f"<b>{text(about['name'])}</b>",
            f"{about['rows']:,}",
            "" if about["parent"] is None else text(f"rows of {about['parent']} by {about['foreign_key']}"),
            "" if about["order"] is None else text(f"in sequence by {about['order']}"),
            f'<a href="tables/{text(about["name"])}/report.html">its training</a>',
        ]
        for about in tables
    ]
    return f"<section><h2>Tables</h2>{table(['table', 'rows', 'belongs to', 'order', ''], rows)}</section>"


def _table(
    folder: RunFolder, about: Mapping[str, Any], scores: Evaluation | None, steps: Mapping[str, list[float | None]]
) -> str:
    name = about["name"]
    parts = []
    if scores is not None:
        ceilings = {r.name: r for r in scores.ceiling}
        rows = []
        for r in scores.results:
            measure, best = measure_of(r), ceilings.get(r.name)
            rows.append(
                [
                    f"{text(r.title)} {'↑' if r.better == 'higher' else '↓'}",
                    f"<b>{measure.show(r.value)}</b>",
                    "" if r.low is None else f"{measure.show(r.low)} to {measure.show(r.high)}",
                    "" if best is None else measure.show(best.value),
                    text(measure.about),
                ]
            )
        parts.append(table(["score", "value", "95% interval", "ceiling", "meaning"], rows))
        missed = "".join(f"<li>{text(n)}: {text(why)}</li>" for n, why in scores.skipped.items())
        parts.append(f"<p>Not measured:</p><ul>{missed}</ul>" if missed else "")
    if steps:
        show = lambda value: "" if value is None else f"{value:.3f}"  # noqa: E731
        told = [[text(column), *map(show, found)] for column, found in steps.items()]
        header = ["column", "steps from row to row (1 is alike)", "real correlation with the row before", "made"]
        parts.append(f"<h3>From row to row</h3>{table(header, told)}")
    picture = folder.samples / f"{name}.svg"
    if picture.is_file():
        caption = "Each column: real unseen rows filled, made ones outlined"
        parts.append(figure(picture.read_bytes(), f"columns of {name}", caption, "svg", wide=True))
    return f"<section><h2>{text(name)}</h2>{''.join(parts)}</section>"


def _made(record: Mapping[str, Any]) -> str:
    root = record["data"]["tables"][0]["name"]
    notes = "".join(f"<li>{text(note)}</li>" for note in record["data"]["warnings"])
    least = record["identity"].get("protect_outliers")
    protected = f"<p>{text(protected_words(least, f'rows of {root}'))}</p>" if least else ""
    targets = [f"{name}.{column}" for name, column in record["data"].get("targets", {}).items()]
    useful = f" Usefulness: learners of {text(', '.join(targets))}." if targets else ""
    how = (
        "<p>Whole families are in training, validation or test, by the key of the row that all else belongs to. "
        "Scores of families and quality compare with training rows, detection and privacy with unseen ones. The "
        "ceiling is real unseen families in the place of made ones. Privacy is measured of rows apart from their "
        f"families.{useful}</p>"
    )
    again = f"<h3>Again</h3><pre>{text(record['command'])}</pre>"
    return f"<section><h2>How it was made</h2>{how}{protected}{f'<ul>{notes}</ul>' if notes else ''}{again}</section>"
