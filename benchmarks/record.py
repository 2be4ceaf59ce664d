"""Result files: what was measured, when, of which commit, on what."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import Times
from benchmarks.table import Table

__all__ = [
    "FIGURES",
    "FORMAT",
    "RESULTS",
    "ROOT",
    "Result",
    "check",
    "commit",
    "figure_folder",
    "machine",
    "read",
    "write",
]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
FIGURES = ROOT / "docs/images/evidence"
FORMAT = 1


@dataclass(frozen=True)
class Result:
    """What a benchmark found.

    Attributes:
        settings: What was run.
        tables: What is shown.
        cases: All repetitions by case.
        numbers: Other raw numbers (bytes, scores, differences of weights).
    """

    settings: Mapping[str, Any]
    tables: Sequence[Table]
    cases: Mapping[str, Times] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)


def figure_folder(quick: bool) -> Path:
    """Where figures go: into the documentation, but those of a smoke run beside its other files."""
    return ROOT / "runs/benchmarks/figures" if quick else FIGURES


def commit() -> dict[str, Any]:
    """The commit, and whether tracked files differ from it; unknown outside a checkout."""

    def git(*words: str) -> str | None:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "benchmarks/*.py")
        return {"id": git("rev-parse", "HEAD"), "dirty": None if changed is None else bool(changed)}
    except FileNotFoundError:
        return {"id": None, "dirty": None}


def machine() -> dict[str, Any]:
    """Processor, cores, threads and versions."""
    import torch

    from gansmith.run.hardware import cores

    return {
        "cpu": _cpu(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "wait policy": os.environ.get("OMP_WAIT_POLICY", ""),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _cpu() -> str:
    """The processor's name, with what tells apart those that share a name."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return platform.processor() or platform.machine()
    lines = [line.split(":", 1) for line in info.read_text().splitlines() if ":" in line]
    fields = {key.strip(): value.strip() for key, value in lines}
    name = fields.get("model name", platform.machine())
    return f"{name} (family {fields['cpu family']}, model {fields['model']})" if "cpu family" in fields else name


def document(name: str, title: str, quick: bool, result: Result) -> dict[str, Any]:
    """The content of a result file."""
    return {
        "format": FORMAT,
        "benchmark": name,
        "title": title,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "quick": quick,
        "settings": dict(result.settings),
        "cases": {case: times.to_json() for case, times in result.cases.items()},
        "numbers": dict(result.numbers),
        "tables": [table.to_json() for table in result.tables],
    }


SHAPE: Mapping[str, type | tuple[type, ...]] = {
    "format": int,
    "benchmark": str,
    "title": str,
    "date": str,
    "commit": dict,
    "machine": dict,
    "quick": bool,
    "settings": dict,
    "cases": dict,
    "numbers": dict,
    "tables": list,
}


def check(data: Mapping[str, Any]) -> None:
    """Raise `ValueError` with every problem unless this is the content of a result file."""
    problems = [f"{key} is missing" for key in SHAPE if key not in data]
    problems += [f"{key} is unknown" for key in data if key not in SHAPE]
    problems += [f"{k} is no {SHAPE[k]}" for k in SHAPE if k in data and not isinstance(data[k], SHAPE[k])]
    if not problems:
        if data["format"] != FORMAT:
            problems.append(f"format {data['format']}; this is {FORMAT}")
        for name, case in data["cases"].items():
            lengths = {len(case.get(key, ())) for key in ("wall", "cpu")}
            if len(lengths) != 1 or 0 in lengths or not {"amount", "median", "spread"} <= set(case):
                problems.append(f"case {name!r} lacks repetitions, or what was made of them")
        for table in data["tables"]:
            Table.from_json(table)
    if problems:
        raise ValueError("; ".join(problems))


def write(folder: Path, data: Mapping[str, Any]) -> Path:
    """Write a result file, at once or not at all."""
    check(data)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{data['benchmark']}.json"
    temporary = path.with_suffix(".json.tmp")
    temporary.write_text(_text(data), encoding="utf-8")
    temporary.replace(path)
    return path


def _text(data: Mapping[str, Any]) -> str:
    """JSON with each list of plain values on one line."""

    def lines(value: Any, indent: int) -> str:
        inner, outer = " " * (indent + 1), " " * indent
        if isinstance(value, dict) and value:
            items = [f"{inner}{json.dumps(k)}: {lines(v, indent + 1)}" for k, v in value.items()]
            return "{\n" + ",\n".join(items) + f"\n{outer}}}"
        if isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
            return "[\n" + ",\n".join(inner + lines(v, indent + 1) for v in value) + f"\n{outer}]"
        return json.dumps(value, allow_nan=False)

    return lines(data, 0) + "\n"


def read(path: Path) -> dict[str, Any]:
    """Read a result file and check it."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    check(data)
    return data
