"""Puts the tables and figures of the result files into marked sections of the documentation's pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import BENCHMARKS
from benchmarks.record import FIGURES, ROOT, read
from benchmarks.table import Table

__all__ = ["PAGE", "PAGES", "filled", "page_of", "section", "sections", "write_pages"]

PAGE = ROOT / "docs/benchmarks.md"
EVIDENCE = ROOT / "docs/evidence"
PAGES: Mapping[str, Path] = {
    **{name: EVIDENCE / f"{name}.md" for name in ("modes", "quality", "peers", "growth", "doctor", "tables", "kinds")},
    "translate": EVIDENCE / "translation.md",
    "failures": ROOT / "docs/guide/why-gans-fail.md",
    "convergence": EVIDENCE / "metrics.md",
}
"""Benchmarks with a page of their own; all others share `PAGE`."""

BEGIN, END = "<!-- begin {} -->", "<!-- end {} -->"


def page_of(name: str) -> Path:
    """The page that shows a benchmark."""
    return PAGES.get(name, PAGE)


def section(data: dict[str, Any]) -> str:
    """The tables of one result file, its figures, and where they come from."""
    machine, commit = data["machine"], data["commit"]
    made = f"{(commit['id'] or 'unknown')[:10]}{' with changes' if commit['dirty'] else ''}"
    source = (
        f"{data['date'][:10]}, commit {made}; {machine['cpu']}, {machine['cores']} cores, {machine['capability']}, "
        f"torch {machine['torch']}, Python {machine['python']}{_load(machine)}"
        f"{'; a smoke run (`--quick`)' if data['quick'] else ''}."
    )
    tables = [Table.from_json(table).markdown() for table in data["tables"]]
    return "\n\n".join([*tables, *_figures(data["numbers"].get("figures", [])), f"*{source}*"])


def _figures(named: list[list[str]]) -> list[str]:
    """Figures that are there, each above its caption."""
    return [f"![{text}](../images/evidence/{name})\n\n{text}" for name, text in named if (FIGURES / name).is_file()]


def _load(machine: dict[str, Any]) -> str:
    """How busy the machine was, where it was busier than the benchmark alone makes it."""
    return f"; other work ran beside it (load {machine['load']})" if (machine["load"] or 0) > machine["cores"] else ""


def filled(page: str, sections: dict[str, str]) -> str:
    """The page with its marked sections replaced; raises `ValueError` where a section has no marks."""
    for name, text in sections.items():
        begin, end = BEGIN.format(name), END.format(name)
        found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", page, re.DOTALL)
        if found is None:
            raise ValueError(f"the page has no section between {begin} and {end}")
        page = f"{page[: found.start()]}{begin}\n\n{text}\n\n{end}{page[found.end() :]}"
    return page


def sections(folder: Path, page: Path = PAGE) -> dict[str, str]:
    """The text of every section of a page; that of a benchmark without a result file says so.

    A result may bring further sections of its page as text, `numbers["blocks"]`: block `x` of benchmark `b` is `b/x`.
    """
    results = {data["benchmark"]: data for data in map(read, sorted(folder.glob("*.json")))}
    made = {}
    for name in (name for name in BENCHMARKS if page_of(name) == page):
        data = results.get(name)
        made[name] = section(data) if data else f"*Not measured yet: `python3 run.py bench {name}`.*"
        blocks = data["numbers"].get("blocks", {}) if data else {}
        made |= {f"{name}/{block}": text for block, text in blocks.items()}
    return made


def write_pages(folder: Path, pages: Mapping[Path, Path] | None = None) -> list[str]:
    """Fill the pages from the result files in a folder; returns the files' names.

    Args:
        folder: Of the result files.
        pages: Where to read and write each page instead, by its path in the project.
    """
    for page in dict.fromkeys(map(page_of, BENCHMARKS)):
        path = (pages or {}).get(page, page)
        if pages is None or page in pages:
            path.write_text(filled(path.read_text(encoding="utf-8"), sections(folder, page)), encoding="utf-8")
    return [path.stem for path in sorted(folder.glob("*.json"))]
