"""The report: one HTML file that needs nothing else, made from the files of a run folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gansmith.errors import InputError
from gansmith.metrics import Evaluation, Result, measure_of
from gansmith.run.charts import line_chart
from gansmith.run.diagnosed import diagnoses
from gansmith.run.events import curves, read_events
from gansmith.run.files import read_json, write_text
from gansmith.run.folder import RunFolder
from gansmith.run.history import history_of_events
from gansmith.run.html import PLAYED, bars, charts, figure, passage, player, table, text
from gansmith.run.private_words import protected_words, told
from gansmith.run.recognised import recognised
from gansmith.run.report_style import PAGE

__all__ = ["write_report"]

CONTESTS = (
    (
        "contest",
        "How often the discriminator scores a held-out real image above a made one",
        "50%: it can't tell",
    ),
    (
        "overfit",
        "How often the discriminator scores a training image above a held-out one",
        "50%: it has learnt nothing by heart",
    ),
)
"""Values of a round that are shares of a contest: name, title, and what one half means."""

FILM = 6
"""Pictures of the generator's progress in the report."""


def write_report(folder: RunFolder) -> Path:
    """Write `report.html` from what the run folder holds; works for unfinished runs too.

    Raises:
        InputError: The folder has no run, or nothing has been logged yet.
    """
    record = folder.read()
    events = list(read_events(folder.events))
    if not any(e["event"] in ("start", "resume") for e in events):
        raise InputError(f"{folder.root} has logged nothing yet: train first")
    metrics = read_json(folder.metrics) if folder.metrics.is_file() else None
    evaluation = None if metrics is None else Evaluation.from_json(_only(metrics))
    history = history_of_events(events, metrics)
    sections = [
        _head(record, events),
        diagnoses(history, over=metrics is not None or bool(history.broke)),
        _promise(record),
        _pictures(folder, record),
        _scores(evaluation, record["data"]["classes"], record.get("method", ""), (metrics or {}).get("caution", "")),
        _recognised(evaluation, (metrics or {}).get("caution", "")),
        _curves(events),
        _film(folder, events),
        _settings(record, events),
    ]
    title = f"{record['identity']['recipe']} on {record['data']['name']}"
    write_text(folder.report, PAGE.format(title=text(title), body="\n".join(filter(None, sections))))
    return folder.report


def _only(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {key: metrics.get(key, {} if key == "skipped" else []) for key in ("results", "ceiling", "skipped")}


def _head(record: Mapping[str, Any], events: list[dict[str, Any]]) -> str:
    rounds = [e for e in events if e["event"] == "round"]
    samples = rounds[-1]["samples"] if rounds else 0
    data = record["data"]
    splits = data["splits"]
    rate = sorted(e["rate"] for e in rounds)[len(rounds) // 2] if rounds else 0
    facts = [
        f"{samples:,} of {record['pace']['total']:,} samples",
        f"{rate:,.0f} samples a second ({record['machine']['device']}, {record['machine']['threads']} threads)",
        f"{data['items']:,} {data['of']} ({splits['train']:,} train, {splits['val']:,} validation, "
        f"{splits['test']:,} test)",
        data["form"],
    ]
    name = f"<h1>{text(record['identity']['recipe'])} on {text(data['name'])}</h1>"
    return f"<header>{name}<p>{' · '.join(map(text, facts))}</p></header>"


def _promise(record: Mapping[str, Any]) -> str:
    promise, protected = record.get("promise"), record["data"].get("protected")
    said = [protected_words(protected["rows"])] if protected else []
    said += told(promise) if promise else []
    if not said:
        return ""
    lines = "".join(f"<p>{text(line)}</p>" for line in said)
    return f"<section><h2>Privacy</h2>{lines}</section>"


def _pictures(folder: RunFolder, record: Mapping[str, Any]) -> str:
    figures = [
        _figure(folder.samples / shown["name"], shown["alt"], shown["caption"])
        for shown in record.get("shown", [])
        if (folder.samples / shown["name"]).is_file()
    ]
    return f'<section><h2>Samples</h2><div class="pair">{"".join(figures)}</div></section>' if figures else ""


def _figure(path: Path, alt: str, caption: str, film: bool = False) -> str:
    kind = path.suffix.lower().removeprefix(".")
    if kind in PLAYED:
        return player(path.read_bytes(), alt, caption, PLAYED[kind])
    if kind == "txt":
        return passage(path.read_text(encoding="utf-8"), caption)
    drawing = kind == "svg"  # lines and words, which take more room than pixels to be read
    return figure(path.read_bytes(), alt, caption, kind, wide=drawing and not film)


def _scores(evaluation: Evaluation | None, names: list[str], method: str, caution: str) -> str:
    if evaluation is None:
        return ""
    ceilings = {r.name: r for r in evaluation.ceiling}
    rows = [_score_row(r, ceilings.get(r.name)) for r in evaluation.results]
    skipped = "".join(f"<li>{text(name)}: {text(why)}</li>" for name, why in evaluation.skipped.items())
    how = (f"<p><b>{text(caution)}</b></p>" if caution else "") + (f"<p>{text(method)}</p>" if method else "")
    scores = table(["score", "value", "95% interval", "ceiling", "meaning"], rows)
    tail = f"<p>Not measured:</p><ul>{skipped}</ul>" if skipped else ""
    return f"<section><h2>Scores</h2>{how}{scores}{tail}{_per_class(evaluation, names)}</section>"


def _recognised(evaluation: Evaluation | None, caution: str) -> str:
    said = [] if evaluation is None else recognised(evaluation, caution)
    lines = "".join(f"<p>{text(line)}</p>" for line in said)
    return f"<section><h2>Who could be recognised</h2>{lines}</section>" if said else ""


def _score_row(result: Result, ceiling: Result | None) -> list[str]:
    measure = measure_of(result)
    interval = "" if result.low is None else f"{measure.show(result.low)} to {measure.show(result.high)}"
    arrow = {"higher": "↑", "lower": "↓"}[result.better]
    return [
        f"{text(result.title)} {arrow}",
        f"<b>{measure.show(result.value)}</b>",
        interval,
        "" if ceiling is None else measure.show(ceiling.value),
        text(measure.about),
    ]


def _per_class(evaluation: Evaluation, names: list[str]) -> str:
    found = next((r for r in evaluation.results if r.name == "accuracy"), None)
    shares: Any = found.detail.get("per_class") if found else None
    if not shares or len(shares) != len(names):
        return ""
    drawn = bars(dict(zip(names, shares, strict=True)), names)
    return f"<details><summary>Accuracy by class</summary>{drawn}</details>"


def _curves(events: list[dict[str, Any]]) -> str:
    rounds = [e for e in events if e["event"] == "round"]
    evaluations = [e for e in events if e["event"] == "evaluation"]
    drawn = []
    for name, title, mark in CONTESTS:
        told = {"discriminator": curves(rounds, "values", [name]).get(name, [])}
        drawn.append((title, line_chart(told, "samples", (0.5, mark), (0.0, 1.0), percent=True)))
    shares = curves(evaluations, "scores", ["precision", "recall", "coverage", "accuracy"])
    drawn.append(("Scores on validation data", line_chart(shares, "samples", y_range=(0.0, 1.0), percent=True)))
    drawn.append(
        (
            "Kernel distance on validation data",
            line_chart(curves(evaluations, "scores", ["kernel", "raw_kernel"]), "samples"),
        )
    )
    for name, title in (
        ("psnr", "Likeness of pixels to wanted validation images (PSNR, dB)"),
        ("likeness", "How different made and wanted validation images look"),
    ):
        drawn.append((title, line_chart(curves(evaluations, "scores", [name]), "samples")))
    nats = curves(evaluations, "scores", ["nats"])
    drawn.append(("Nats that validation data cost (lower is more probable)", line_chart(nats, "samples")))
    names = list(dict.fromkeys(name for e in rounds for name in e["values"] if "/" in name))
    players = list(dict.fromkeys(name.split("/")[0] for name in names))
    for name in players:
        own = [term for term in names if term.startswith(f"{name}/")]
        drawn.append((f"Loss terms of {name}", line_chart(curves(rounds, "values", own), "samples")))
    cards = charts(drawn)
    return f"<section><h2>Training</h2>{cards}</section>" if cards else ""


def _film(folder: RunFolder, events: list[dict[str, Any]]) -> str:
    pictures = [e for e in events if e["event"] == "picture" and (folder.root / e["path"]).is_file()]
    if not pictures:
        return ""
    last = len(pictures) - 1
    chosen = sorted({round(i * last / (FILM - 1)) for i in range(FILM)})
    figures = "".join(
        _figure(folder.root / pictures[i]["path"], "samples", f"{pictures[i]['samples']:,} samples", film=True)
        for i in chosen
    )
    return f'<section><h2>Progress</h2><p>The same noise, over time.</p><div class="film">{figures}</div></section>'


def _settings(record: Mapping[str, Any], events: list[dict[str, Any]]) -> str:
    start = next(e for e in events if e["event"] in ("start", "resume"))
    notes = [e["text"] for e in events if e["event"] == "note"] + record["data"]["warnings"]
    parts = [
        f"<h3>Game</h3><pre>{text(start['game'])}</pre>",
        f"<h3>Settings</h3><pre>{text(json.dumps(record['identity']['settings'], indent=2))}</pre>",
        f"<h3>Versions</h3><pre>{text(json.dumps(record['versions'] | record['machine'], indent=2))}</pre>",
        f"<h3>Again</h3><pre>{text(record['command'])}</pre>",
    ]
    if notes:
        parts.insert(0, "<h3>Notes</h3><ul>" + "".join(f"<li>{text(n)}</li>" for n in notes) + "</ul>")
    return f"<section><h2>How it was made</h2>{''.join(parts)}</section>"
