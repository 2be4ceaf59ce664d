"""The page of a comparison: one HTML file that needs nothing else, and the same for machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from gansmith.errors import InputError
from gansmith.metrics import MEASURES, Comparison
from gansmith.run.charts import Points, line_chart
from gansmith.run.compare_cells import COURSE, course_cells, difference_cells, score_cells
from gansmith.run.files import write_json, write_text
from gansmith.run.html import charts, diagnosis_line, figure, table, text
from gansmith.run.matched import Matched
from gansmith.run.report_style import PAGE

__all__ = ["check_out", "write_comparison"]

SCORES = {"kernel": "Kernel distance", "coverage": "Coverage", "recall": "Recall", "accuracy": "Accuracy"}
"""Curves that are drawn, of those that runs log."""


def check_out(out: str | Path) -> Path:
    """Where a comparison goes: a page (`.html`), or a folder.

    Raises:
        InputError: It is another kind of file.
    """
    path = Path(out)
    if path.suffix == ".html":
        if path.is_dir():
            raise InputError(f"--out {out} is a folder: name a file, or a folder that does not end in .html")
    elif path.suffix or path.is_file():
        raise InputError(f"--out {out}: name a page (.html) or a folder")
    return path


def write_comparison(match: Matched, out: str | Path, seed: int = 0) -> Path:
    """Write the page; into a folder also `comparison.json` and the grids as PNG.

    Args:
        match: What to show.
        out: A file that ends in `.html`, or a folder.
        seed: Of the samples in the grids.

    Returns:
        The page.

    Raises:
        InputError: `out` is another kind of file, or can't be written.
    """
    path = check_out(out)
    page = path if path.suffix else path / "comparison.html"
    drawn = match.figures(seed)
    if not path.suffix:
        path.mkdir(parents=True, exist_ok=True)
        for picture in drawn:
            (path / picture.name).write_bytes(picture.data)
        write_json(path / "comparison.json", match.to_json())
    figures = []
    for picture in drawn:
        kind: Literal["png", "svg"] = "svg" if picture.name.endswith(".svg") else "png"
        figures.append(figure(picture.data, picture.alt, picture.caption, kind, wide=kind == "svg"))
    sections = [
        _head(match),
        _scores(match),
        _differences(match.comparison),
        f"<section><h2>Samples</h2><p>Not picked: the first of seed {seed}, from the same noise where models take the "
        f'same.</p><div class="pair">{"".join(figures)}</div></section>',
        _curves(match),
        _courses(match),
    ]
    title = " against ".join(match.comparison.names)
    write_text(page, PAGE.format(title=text(title), body="\n".join(filter(None, sections))))
    return page


def _head(match: Matched) -> str:
    verdicts = "".join(f"<p>{text(line)}</p>" for line in match.comparison.verdicts())
    name = f"<h1>{text(' against '.join(match.comparison.names))}</h1>"
    head = f"<header>{name}<p>on {text(match.data)}</p></header>"
    return f'{head}<section class="verdict"><h2>Verdict</h2>{verdicts}</section>'


def _scores(match: Matched) -> str:
    header, rows = score_cells(match.comparison)
    skipped = "".join(f"<li>{text(name)}: {text(why)}</li>" for name, why in match.comparison.skipped.items())
    notes = "".join(f"<li>{text(note)}</li>" for note in match.notes)
    return (
        f"<section><h2>Scores</h2>{table(header, [[text(cell) for cell in row] for row in rows])}"
        "<p>* is the best of a row, = can't be told from it. The ceiling is what real rows or images score.</p>"
        + (f"<p>Not compared:</p><ul>{skipped}</ul>" if skipped else "")
        + f"<h3>How it was measured</h3><p>{text(match.how)}</p><ul>{notes}</ul></section>"
    )


def _differences(comparison: Comparison) -> str:
    header, rows = difference_cells(comparison)
    what = "Differences" if len(comparison.names) == 2 else "Differences from the best"
    shown = table(header, [[text(cell) for cell in row] for row in rows])
    return f"<section><h2>{what}</h2>{shown}</section>"


def _curves(match: Matched) -> str:
    """A chart for each score, a line for each run."""
    drawn = []
    for name, title in SCORES.items():
        lines: dict[str, Points] = {run: c.curves[name] for run, c in match.courses.items() if name in c.curves}
        share = MEASURES[name].share
        drawn.append((title, line_chart(lines, "samples", y_range=(0.0, 1.0) if share else None, percent=share)))
    cards = charts(drawn)
    if not cards:
        return ""
    one = len({c.judge for c in match.courses.values()}) == 1
    judge = "of the judge that the runs share" if one else "of each run's own judge: compare shapes, not heights"
    return f"<section><h2>While they trained</h2><p>On validation images, in the features {judge}.</p>{cards}</section>"


def _courses(match: Matched) -> str:
    if not match.courses:
        return ""
    rows: list[list[Any]] = [[text(c) for c in course_cells(*pair)] for pair in match.courses.items()]
    said = "".join(
        f"<h3>{text(name)}</h3>{''.join(map(diagnosis_line, course.diagnoses))}"
        for name, course in match.courses.items()
    )
    return f'<section class="verdict"><h2>Runs</h2>{table(COURSE, rows)}{said}</section>'
