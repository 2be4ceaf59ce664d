"""Small tables, and what there is to be found in a picture of them."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np

from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, NumberColumn, Schema, TimeColumn
from gansmith.data.table.time_format import TimeFormat

NS = "{http://www.w3.org/2000/svg}"
RNG = np.random.default_rng(7)
Table = dict[str, ParsedColumn]


def number(name="n", digits: int | None = 2, low=-5.0, high=5.0, **more) -> NumberColumn:
    style = "shortest" if digits is None else "fixed"
    kind = "integer" if digits == 0 else "decimal"
    return NumberColumn(
        name=name, kind=kind, format=NumberFormat(style=style, digits=digits), low=low, high=high, **more
    )


def category(name="c", values=("a", "b", "c"), **more) -> CategoryColumn:
    return CategoryColumn(name=name, kind="category", values=tuple(values), **more)


def time(name="t", kind="date", format="%Y-%m-%d", origin="2000-01-01", low="1990-01-01", high="2020-01-01"):
    origin = origin if kind in ("date", "datetime") else ""
    return TimeColumn(name=name, kind=kind, format=TimeFormat(format=format), origin=origin, low=low, high=high)


def numbers(values, special=None) -> ParsedColumn:
    values = np.asarray(values, np.float64)
    flags = np.zeros(len(values), np.uint8) if special is None else np.asarray(special, np.uint8)
    return ParsedColumn(values, np.isnan(values).astype(np.uint8), flags)


def codes(values) -> ParsedColumn:
    values = np.asarray(values, np.int32)
    return ParsedColumn(values, (values < 0).astype(np.uint8), np.zeros(len(values), np.uint8))


def schema(*columns: LearntColumn) -> Schema:
    return Schema(columns=columns)


def read(svg: str) -> ElementTree.Element:
    """The picture as XML, checked for what no picture may hold."""
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{NS}svg" and root.get("role") == "img" and root.get("aria-label")
    assert {e.tag.removeprefix(NS) for e in root.iter()} <= {"svg", "title", "style", "rect", "path", "g", "text"}
    assert not re.search(r"url\(|@import|href|\son\w+=|nan|inf\b|None", svg)
    wide, high = (float(v) for v in root.get("viewBox", "").split()[2:])
    for rect in root.iter(f"{NS}rect"):
        if rect.get("width") != "100%":
            assert 0 <= float(rect.get("width", -1)) <= wide and 0 <= float(rect.get("height", -1)) <= high
    return root


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if name in (e.get("class") or "").split()]


def panels(svg: str) -> list[ElementTree.Element]:
    return of_class(read(svg), "panel")


def names_of(svg: str) -> list[str]:
    return [of_class(p, "name")[0].text or "" for p in panels(svg)]


def said(root: ElementTree.Element) -> list[str]:
    return [e.text or "" for e in root.iter(f"{NS}text")]


def sizes(rects: list[ElementTree.Element], side: str) -> list[float]:
    return [float(r.get(side, "nan")) for r in rects]


def outline(path: ElementTree.Element) -> tuple[list[float], list[float]]:
    """Widths and heights of the bins of a made histogram."""
    start, base = (float(v) for v in re.match(r"M(\S+) (\S+?)V", path.get("d", "")).groups())
    steps = [(float(v), float(h)) for v, h in re.findall(r"V([\d.]+)H([\d.]+)", path.get("d", ""))]
    ends = [start, *(h for _, h in steps)]
    return [b - a for a, b in pairwise(ends)], [base - v for v, _ in steps]


def mixed(rows: int = 400, shift: float = 0.0) -> tuple[Schema, Table]:
    base = RNG.normal(0, 1, rows)
    found = schema(
        number("height", low=-9, high=9),
        number("weight", low=-9, high=9),
        category("size", values=("s", "m", "l")),
        BooleanColumn(name="ok", kind="boolean", values=("no", "yes")),
        time("born"),
        time("clock", "time", "%H:%M:%S", low="00:00:00", high="23:59:59"),
        time("lasting", "duration", "%D days %H:%M:%S", low="0 days 00:00:00", high="9 days 00:00:00"),
        category("town", values=[f"t{i}" for i in range(200)]),
    )
    return found, {
        "height": numbers((base + shift).round(2)),
        "weight": numbers((base * 0.8 + RNG.normal(0, 0.5, rows)).round(2)),
        "size": codes(np.digitize(base, [-0.5, 0.5])),
        "ok": codes(base + RNG.normal(0, 1, rows) > 0),
        "born": numbers(np.rint((base + RNG.normal(0, 0.7, rows)) * 1500)),
        "clock": numbers(np.rint(np.clip((base + RNG.normal(0, 0.7, rows)) * 9000 + 43200, 0, 86399))),
        "lasting": numbers(np.rint(np.abs(base + RNG.normal(0, 0.7, rows)) * 90000)),
        "town": codes(RNG.integers(0, 200, rows)),
    }
