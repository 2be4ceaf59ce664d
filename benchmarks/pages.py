"""Puts the tables of the result files into marked sections of docs/benchmarks.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from benchmarks import BENCHMARKS
from benchmarks.record import ROOT, read
from benchmarks.table import Table

__all__ = ["PAGE", "filled", "section", "sections", "write_page"]

PAGE = ROOT / "docs/benchmarks.md"
BEGIN, END = "<!-- begin {} -->", "<!-- end {} -->"


def section(data: dict[str, Any]) -> str:
    """The tables of one result file, and where they come from."""
    machine, commit = data["machine"], data["commit"]
    made = f"{(commit['id'] or 'unknown')[:10]}{' with changes' if commit['dirty'] else ''}"
    source = (
        f"{data['date'][:10]}, commit {made}; {machine['cpu']}, {machine['cores']} cores, {machine['capability']}, "
        f"torch {machine['torch']}, Python {machine['python']}{_load(machine)}"
        f"{'; a smoke run (`--quick`)' if data['quick'] else ''}."
    )
    return "\n\n".join([*(Table.from_json(table).markdown() for table in data["tables"]), f"*{source}*"])


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


def sections(folder: Path) -> dict[str, str]:
    """The text of every section; that of a benchmark without a result file says so."""
    found = {data["benchmark"]: section(data) for data in map(read, sorted(folder.glob("*.json")))}
    return {name: found.get(name, f"*Not measured yet: `python3 run.py bench {name}`.*") for name in BENCHMARKS}


def write_page(folder: Path, page: Path = PAGE) -> list[str]:
    """Fill the page from the result files in a folder; returns their names."""
    page.write_text(filled(page.read_text(encoding="utf-8"), sections(folder)), encoding="utf-8")
    return [path.stem for path in sorted(folder.glob("*.json"))]
