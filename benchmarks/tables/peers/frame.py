"""Tables in the peers' environment: gansmith is not there, so this file needs pandas only.

A request says what each column is: `{"age": {"kind": "number", "missing": []}, ...}`. Numbers with missing values are
shown to a peer as what users of SDV show it: the gaps filled with the median, and a category that says where they were.
Made numbers are rounded to the decimals of the real ones and kept within their range, as SDV does by default.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Frame", "answer", "timed"]

GAP = " is missing"
Kinds = Mapping[str, Mapping[str, Any]]


class Frame:
    """Real rows as a peer sees them, and the way back.

    Args:
        path: A CSV.
        columns: What each column is.
    """

    def __init__(self, path: str, columns: Kinds) -> None:
        text = pd.read_csv(path, dtype=str, keep_default_na=False)[list(columns)]
        self.columns = columns
        self.numbers = [name for name, column in columns.items() if column["kind"] == "number"]
        self.gaps = []
        self.facts: dict[str, tuple[float, float, int]] = {}
        for name in self.numbers:
            gone = text[name].isin(columns[name]["missing"])
            values = pd.to_numeric(text[name].where(~gone))
            digits = int(text[name][~gone].str.extract(r"\.(\d+)", expand=False).str.len().fillna(0).max())
            self.facts[name] = float(values.min()), float(values.max()), digits
            text[name] = values.fillna(values.median())
            if gone.any():
                text[name + GAP] = np.where(gone, "yes", "no")
                self.gaps.append(name)
        self.rows = text

    @property
    def discrete(self) -> list[str]:
        """The columns of categories."""
        return [name for name in self.rows.columns if name not in self.numbers]

    def write(self, made: pd.DataFrame, path: str) -> None:
        """Made rows as CSV, spelt as the real ones."""
        out = {}
        for name, column in self.columns.items():
            if name not in self.numbers:
                out[name] = made[name].astype(str)
                continue
            low, high, digits = self.facts[name]
            values = made[name].astype(float).clip(low, high).round(digits) + 0.0
            out[name] = values.map(lambda value, digits=digits: f"{value:.{digits}f}")
            if name in self.gaps:
                out[name] = out[name].where(made[name + GAP] != "yes", column["missing"][0])
        pd.DataFrame(out).to_csv(path, index=False)


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What work returns, its seconds on the wall, and its processor seconds with those of its processes."""
    before, begun = _processor(), time.perf_counter()
    made = work()
    return made, time.perf_counter() - begun, _processor() - before


def _processor() -> float:
    return sum(getrusage(who).ru_utime + getrusage(who).ru_stime for who in (RUSAGE_SELF, RUSAGE_CHILDREN))


def answer(work: Callable[[Mapping[str, Any]], Mapping[str, Any]], packages: tuple[str, ...]) -> None:
    """Read the request, work, and write what came of it with versions and the most memory: `script REQUEST ANSWER`."""
    request, place = (Path(word) for word in sys.argv[1:3])
    found = dict(work(json.loads(request.read_text(encoding="utf-8"))))
    found["peak"] = getrusage(RUSAGE_SELF).ru_maxrss * 1024
    found["versions"] = {name: version(name) for name in packages}
    place.write_text(json.dumps(found), encoding="utf-8")
