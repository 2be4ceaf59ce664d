"""Pictures of tables: what is drawn of which columns, and that nothing in a name can do harm."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from table_pictures import (
    NS,
    RNG,
    Table,
    category,
    codes,
    mixed,
    names_of,
    number,
    numbers,
    of_class,
    panels,
    read,
    said,
    schema,
)

from gansmith.data.table.schema import Schema, Special, TextColumn
from gansmith.errors import InputError
from gansmith.run.folder import RunFolder
from gansmith.run.html import figure
from gansmith.run.report import write_report
from gansmith.run.table_charts import column_panels, film_columns, progress_panels
from gansmith.run.table_maps import association_maps
from gansmith.run.table_sides import strengths

# --- all columns


def test_every_column_has_a_panel_with_its_kind_and_score() -> None:
    found, real = mixed()
    _, made = mixed(300, shift=1)
    scores = {"height": 0.5, "weight": 1.0, "size": math.nan}
    svg = column_panels(found, real, made, scores)
    assert names_of(svg) == list(real)
    assert [of_class(p, "score")[0].text for p in panels(svg)] == ["0.50", "1.00"] + ["\u2013"] * 6
    kinds = [said(p)[2] for p in panels(svg)]
    assert kinds == ["decimal"] * 2 + [
        "category, 3 values",
        "boolean",
        "date",
        "time",
        "duration",
        "category, 200 values",
    ]
    assert {"real (400 rows)", "made (300 rows)"} <= set(said(read(svg))) and not of_class(read(svg), "left")
    assert any(re.fullmatch(r"(19|20)\d\d", w) for w in said(panels(svg)[4]))
    assert any(re.fullmatch(r"\d\d:\d\d", w) for w in said(panels(svg)[5]))
    assert any(re.fullmatch(r"[\d.]+ [dh]", w) for w in said(panels(svg)[6]))
    assert all(not of_class(p, "score") for p in panels(column_panels(found, real, made)))


def test_of_many_columns_the_worst_are_drawn_and_the_rest_is_counted() -> None:
    columns = [number(f"n{i:02d}") for i in range(100)]
    real = {c.name: numbers(RNG.normal(0, 1, 200).round(2)) for c in columns}
    made = dict(real) | {f"n{i:02d}": numbers(real["n00"].values + i) for i in (7, 50, 99)}
    svg = column_panels(schema(*columns), real, made, most=3)
    assert set(names_of(svg)) == {"n07", "n50", "n99"}
    assert (
        of_class(read(svg), "left")[0].text == "The 3 columns that differ most, the worst first; 97 more are left out."
    )
    scores = {c.name: 1.0 - i / 100 for i, c in enumerate(columns) if i != 40}
    assert names_of(column_panels(schema(*columns), real, made, scores, most=3)) == ["n40", "n99", "n98"]
    assert len(names_of(column_panels(schema(*columns), real, made))) == 24
    maps = read(association_maps(schema(*columns), real, made))
    assert len(of_class(maps, "row")) == 3 * 40 and any("60 columns" in w for w in said(maps))


@pytest.mark.parametrize("change", ["missing", "constant", "far"])
def test_made_rows_may_be_anything(change: str) -> None:
    found, real = mixed()
    made: Table = {}
    for column in found.learnt:
        coded = real[column.name].values.dtype.kind == "i"
        value = {"missing": -1 if coded else np.nan, "constant": 0, "far": 1 if coded else 1e300}[change]
        made[column.name] = codes([value] * 30) if coded else numbers([value] * 30)
    shown = panels(column_panels(found, real, made))
    assert len(shown) == 8
    for panel in shown:
        if change == "missing":  # one bar, and it says that it is all of the rows
            assert len(of_class(panel, "made")) == 1 and "missing" in said(panel) and "100%" in said(panel)
    maps = read(association_maps(found, real, made))
    assert len(of_class(of_class(maps, "map")[1], "void")) == 8 * 7 and "not defined" in maps.get("aria-label", "")
    read(progress_panels(found, film_columns(found, real), made))


NASTY = [
    '<script>alert("1")</script>',
    "a & 'b' \" >",
    "]]>",
    "名前 (°C)",
    "x\x00\x1b\ud800\ufffe\ny",
    "\u202eevil",
    "😀" * 40,
    "",
]


def test_names_are_text_whatever_is_in_them() -> None:
    columns = [number(name) for name in NASTY] + [category("v", values=[n or "empty" for n in NASTY])]
    real = {name: numbers(RNG.normal(0, 1, 50)) for name in NASTY} | {"v": codes(np.arange(50) % 8)}
    for svg in (
        column_panels(schema(*columns), real, real),
        association_maps(schema(*columns), real, real),
        progress_panels(schema(*columns), film_columns(schema(*columns), real), real),
    ):
        assert "<script" not in svg and "\u202e" not in svg and svg.encode()
        read(svg)
    names = names_of(column_panels(schema(*columns), real, real))
    assert (
        names[0].startswith("<script>alert") and names[3] == "名前 (°C)" and names[4] == "x\ufffd\ufffd\ufffd\ufffd y"
    )
    assert names[6].endswith("…") and names[6].startswith("😀")


def test_what_does_not_fit_the_schema_is_refused_at_once() -> None:
    found, real = mixed()
    made = {name: column for name, column in real.items() if name != "weight"}
    made["size"] = codes([0])
    with pytest.raises(InputError, match="made rows lack column 'weight'") as error:
        column_panels(found, real, made)
    assert "differ in length: 1, 400" in str(error.value)
    with pytest.raises(InputError, match="there are no made rows"):
        association_maps(found, real, {name: column.rows(slice(0, 0)) for name, column in real.items()})
    with pytest.raises(InputError, match="not 0"):
        column_panels(found, real, real, most=0)
    with pytest.raises(InputError, match="no column that is learnt"):
        film_columns(Schema(columns=(TextColumn(name="a", kind="text"),)), {})


# --- associations


def colour(cell: ElementTree.Element) -> int:
    return int((cell.get("class") or "").removeprefix("s"))


def cells(group: ElementTree.Element) -> list[ElementTree.Element]:
    return list(group.iter(f"{NS}rect"))


def test_maps_show_the_association_of_every_pair() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, 3000)
    found = schema(number("x"), number("y"), category("c", values="lh"))
    real = {"x": numbers(x), "y": numbers(-x + rng.normal(0, 1e-3, 3000)), "c": codes(x > 0)}
    made = {"x": numbers(x), "y": numbers(rng.normal(0, 1, 3000)), "c": codes(rng.integers(0, 2, 3000))}
    maps = of_class(read(association_maps(found, real, made)), "map")
    assert [len(cells(m)) for m in maps] == [6, 6, 6]
    # pairs xy, xc, yx, yc, cx, cy; the correlation ratio of a normal number and its sign is sqrt(2/pi) = 0.8
    assert [colour(c) for c in cells(maps[0])] == [-10, 8, -10, 8, 8, 8]
    assert all(abs(colour(c)) <= 1 for c in cells(maps[1]))
    assert [colour(c) for c in cells(maps[2])] == [10, -8, 10, -8, -8, -8]
    assert "\u22121" in said(maps[0]) and ".80" in said(maps[0])
    xs = [float(cells(m)[0].get("x", "")) for m in maps]
    assert xs[0] < xs[1] < xs[2]  # beside each other


def test_maps_of_more_columns_list_the_pairs_that_differ_most() -> None:
    base = RNG.normal(0, 1, (500, 1))
    columns = [number(f"n{i}") for i in range(20)]
    real = {c.name: numbers(v) for c, v in zip(columns, (base + RNG.normal(0, 2, (500, 20))).T, strict=True)}
    made = dict(real) | {"n3": numbers(real["n5"].values)}
    root = read(association_maps(schema(*columns), real, made))
    assert len(of_class(root, "pair")) == 14 and of_class(root, "pair")[0].text == "n3 and n5"
    assert [len(cells(m)) for m in of_class(root, "map")] == [380] * 3


def test_codes_are_no_quantities_and_one_column_has_no_map() -> None:
    x = RNG.normal(0, 1, 500)
    gone = x > 1
    specials = (Special(text="-9999"),)
    found = schema(number("x"), number("y", specials=specials))
    real = {"x": numbers(x), "y": numbers(np.where(gone, -9999, x), gone)}
    assert strengths(found, real)[1][0, 1] == pytest.approx(1)
    assert association_maps(schema(number("x")), real, real) == ""


def test_very_many_columns_are_compared_in_part() -> None:
    columns = [number(f"n{i}") for i in range(130)]
    real = {c.name: numbers(RNG.normal(0, 1, 20)) for c in columns}
    names, strength = strengths(schema(*columns), real)
    assert len(names) == 120 and strength.shape == (120, 120) and names[0] == "n0" and names[-1] == "n129"
    assert np.all(np.diag(strength) == 0) and strength.min() >= 0 and strength.max() <= 1


# --- the film


def test_a_film_is_of_columns_of_mixed_kinds_that_go_with_others() -> None:
    found, real = mixed(1000)
    real["twin"] = numbers(real["height"].values)
    found = Schema(columns=(*found.columns, number("twin"), number("noise")))
    real["noise"] = numbers(RNG.normal(0, 1, 1000))
    chosen = [d.column.name for d in film_columns(found, real)]
    assert len(chosen) == 6 and {"size", "ok"} <= set(chosen)
    assert len({"height", "twin"} & set(chosen)) == 1 and "town" not in chosen and "noise" not in chosen
    assert {found.column(n).kind for n in chosen} >= {"decimal", "category", "boolean"}
    assert [d.column.name for d in film_columns(schema(category(values="ab")), {"c": codes([0, 1])})] == ["c"]


def test_pictures_of_a_film_differ_in_made_rows_only() -> None:
    found, real = mixed()
    summary = film_columns(found, real)
    first, later = (progress_panels(found, summary, mixed(200, shift=s)[1]) for s in (3, 0))
    assert first != later and len(panels(first)) == 6
    assert read(first).get("viewBox") == read(later).get("viewBox")
    assert names_of(first) == names_of(later) == [d.column.name for d in summary]
    with pytest.raises(InputError, match="lack column"):
        progress_panels(found, summary, {"height": real["height"]})


# --- in the report


def test_a_drawing_is_held_as_a_picture() -> None:
    drawn = figure(b"<svg onload='x'/>", 'a "b"', "<c>", kind="svg", wide=True)
    assert 'src="data:image/svg+xml;base64,' in drawn and "<svg" not in drawn and "grid-column" in drawn
    assert 'alt="a &quot;b&quot;"' in drawn and "&lt;c&gt;" in drawn
    assert figure(b"x", "a", "b").startswith('<figure><img src="data:image/png;base64,')


def test_the_report_shows_drawings_among_samples_and_in_the_film(copied: Path) -> None:
    found, real = mixed()
    (copied / "samples" / "columns.svg").write_text(column_panels(found, real, real), encoding="utf-8")
    (copied / "samples" / "film.SVG").write_text(progress_panels(found, film_columns(found, real), real), "utf-8")
    record = json.loads((copied / "run.json").read_text())
    record["shown"] = [{"name": "columns.svg", "alt": "columns", "caption": "Columns"}, *record["shown"]]
    (copied / "run.json").write_text(json.dumps(record))
    with (copied / "events.jsonl").open("a") as file:
        file.write('{"event":"picture","samples":9999,"path":"samples/film.SVG"}\n')
    page = write_report(RunFolder(copied)).read_text(encoding="utf-8")
    assert page.count('src="data:image/svg+xml;base64,') == 2 and page.count("grid-column:1/-1") == 1
    assert 'alt="columns"' in page and "9,999 samples" in page and page.count("data:image/png;base64,") >= 4
